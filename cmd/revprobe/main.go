// Command revprobe asks OCSP responders and CRL distribution points the questions that
// show whether they conform. This package turns arguments into wiring and the outcome into
// an exit code; it is the only one that knows flags, standard output and the real world.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/revprobe/revprobe/probe/history"
	"github.com/revprobe/revprobe/probe/report"
)

// version is what reports and the User-Agent say; a release build sets it.
var version = "0.1.0-dev"

// The exit codes, the same for every command and format.
const (
	exitClean        = 0 // nothing at or above --fail-on
	exitFindings     = 1
	exitUsage        = 2
	exitInconclusive = 3 // nothing could be asked because of our own network
	exitBug          = 4
)

// environment is the real world, as the commands see it.
type environment struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time
	random         io.Reader
	color          bool
	width          int  // of the terminal; 0 where there is none
	terminal       bool // standard error is one
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	endBySecond(ctx, stop)
	os.Exit(run(ctx, realWorld(), os.Args[1:]))
}

// oneSignal is how long a signal may take to come twice and be one all the same: timeout(1),
// and scripts that pass it on, send it to the program and to its process group.
const oneSignal = time.Second / 2

// endBySecond has a second signal end the program at once.
func endBySecond(ctx context.Context, stop func()) {
	context.AfterFunc(ctx, func() { time.AfterFunc(oneSignal, stop) })
}

func realWorld() *environment {
	env := &environment{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, now: time.Now, random: rand.Reader}
	env.terminal = term.IsTerminal(int(os.Stderr.Fd()))
	if width, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
		env.width, env.color = width, colorful(os.Getenv)
	}
	return env
}

// colorful reports whether a terminal is to be written to in colour (no-color.org).
func colorful(getenv func(string) string) bool {
	return getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}

// command is one subcommand. It returns the exit code, or an error that says what of the
// arguments or of our own doing was wrong.
type command func(ctx context.Context, env *environment, args []string) (int, error)

func commands() map[string]command {
	return map[string]command{"check": check, "demo": demo, "history": showHistory, "lint": lint, "report": reportArchive, "rules": rules, "zoo": serveZoo, "version": printVersion}
}

func run(ctx context.Context, env *environment, args []string) int {
	if len(args) == 0 {
		fmt.Fprint(env.stderr, usage)
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "--help":
		return help(env, args[1:])
	case "--version":
		args[0] = "version"
	}
	chosen, known := commands()[args[0]]
	if !known {
		return complain(env, hinted("there is no command "+quoted(args[0]), suggestion(args[0], names(commands()))))
	}
	code, err := chosen(ctx, env, args[1:])
	if errors.Is(err, pflag.ErrHelp) {
		return help(env, args[:1])
	}
	if err != nil {
		return asPlugin(env, args[1:], err, complain(env, err))
	}
	return code
}

// asPlugin answers a monitoring system, which reads standard output and knows no exit codes
// but its own, why nothing was checked; for others it leaves the exit code alone.
func asPlugin(env *environment, args []string, err error, code int) int {
	for i, arg := range args {
		if arg == "--format="+pluginFormat || arg == "--format" && i+1 < len(args) && args[i+1] == pluginFormat {
			var texts []string
			for _, problem := range problems(err) {
				texts = append(texts, problem.Error())
			}
			fmt.Fprintln(env.stdout, report.PluginText(report.PluginUnknown, strings.Join(texts, "; ")))
			return int(report.PluginUnknown)
		}
	}
	return code
}

// complain prints each of what went wrong, once, and its hint.
func complain(env *environment, err error) int {
	for _, problem := range problems(err) {
		warn(env, problem)
		var h *hintedError
		if errors.As(problem, &h) && h.hint != "" {
			fmt.Fprintf(env.stderr, "hint: %s\n", h.hint)
		}
	}
	return codeOf(err)
}

// codeOf is the exit code of an error.
func codeOf(err error) int {
	var own *ownFailure
	if errors.As(err, &own) || diskFails(err) {
		return exitBug
	}
	return exitUsage
}

// problems is the errors that errors.Join made one of, a line each, by themselves.
func problems(err error) []error {
	if own, ok := err.(*ownFailure); ok {
		err = own.error
	}
	joined, several := err.(interface{ Unwrap() []error })
	if !several || !strings.Contains(err.Error(), "\n") {
		return []error{err}
	}
	var list []error
	for _, part := range joined.Unwrap() {
		list = append(list, problems(part)...)
	}
	return list
}

// warn tells an error in one line, whatever file names and far ends have put into it.
func warn(env *environment, err error) {
	fmt.Fprintf(env.stderr, "revprobe: %s\n", report.Visible(err.Error()))
}

// hintedError is an error with a line that helps to mend it.
type hintedError struct {
	text, hint string
	cause      error // or nil
}

func (e *hintedError) Error() string { return e.text }

func (e *hintedError) Unwrap() error { return e.cause }

// ownFailure is a failure of ours, such as a report that cannot be written any more: nothing
// about the arguments was wrong.
type ownFailure struct{ error }

func (e *ownFailure) Unwrap() error { return e.error }

// diskFails reports whether an error is that a disk is full or fails, which is no fault of the
// arguments, whenever it shows.
func diskFails(err error) bool {
	for _, problem := range []error{history.ErrDisk, syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, problem) {
			return true
		}
	}
	return false
}

func hinted(text, hint string) error { return &hintedError{text: text, hint: hint} }

// helped is an error with a hint that is what it was otherwise.
func helped(err error, hint string) error { return &hintedError{err.Error(), hint, err} }

func printVersion(_ context.Context, env *environment, args []string) (int, error) {
	if len(args) > 0 {
		return 0, hinted("version takes no arguments", "")
	}
	fmt.Fprintln(env.stdout, "revprobe", version)
	return exitClean, nil
}
