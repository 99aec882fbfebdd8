// Command headtohead puts six signed OCSP responses, each with one fault, before revprobe
// lint and before other implementations: x/crypto/ocsp, and zlint, GnuTLS's ocsptool and
// openssl ocsp where they are installed. Run it from within the repository:
//
//	go run ./scripts/headtohead
//
// The responses and their CA are made anew by package fixtures, for the hour in which it
// runs, since some of the programs know no other time than the machine's: within that hour
// they are the same to the octet. Two more have no fault, and show that a program that
// objects does so because of the fault.
//
// Exit codes: 0 when lint names each fault by the right rule and objects to no other
// response, 1 when it does not, 2 when something could not be run.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const (
	exitCaught  = 0
	exitMissed  = 1
	exitTrouble = 2
)

func main() {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, "usage: go run ./scripts/headtohead")
		os.Exit(exitTrouble)
	}
	code, err := run(os.Stdout, time.Now())
	if err != nil {
		fmt.Fprintf(os.Stderr, "headtohead: %v\n", err)
	}
	os.Exit(code)
}

// run judges the responses of the hour of now and prints the table.
func run(out io.Writer, now time.Time) (int, error) {
	dir, err := os.MkdirTemp("", "revprobe-headtohead-")
	if err != nil {
		return exitTrouble, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "revprobe")
	if text, err := exec.Command("go", "build", "-o", program, "github.com/revprobe/revprobe/cmd/revprobe").CombinedOutput(); err != nil {
		return exitTrouble, fmt.Errorf("building revprobe: %w\n%s", err, text)
	}
	var trials []trial
	for i, f := range faults() {
		t := newTrial(f, now.Truncate(time.Hour))
		if err := t.write(filepath.Join(dir, fmt.Sprint(i))); err != nil {
			return exitTrouble, err
		}
		trials = append(trials, t)
	}
	s, err := judged(executeProgram, installed, trials, append([]judge{ours(program)}, peers()...))
	if err != nil {
		return exitTrouble, err
	}
	if err := s.write(out); err != nil {
		return exitTrouble, err
	}
	return s.exit(), nil
}

func installed(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// judged puts every trial before every judge that is there.
func judged(run execute, there func(program string) bool, trials []trial, judges []judge) (score, error) {
	s := score{trials: trials, judges: judges, opinions: map[string][]opinion{}}
	for _, j := range judges {
		if j.program != "" && !there(j.program) {
			continue
		}
		for _, t := range trials {
			said, err := j.judge(run, t)
			if err != nil {
				return s, fmt.Errorf("judging the response with the fault %q: %w", t.name, err)
			}
			s.opinions[j.name] = append(s.opinions[j.name], said)
		}
	}
	return s, nil
}
