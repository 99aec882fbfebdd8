package main

import (
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/report"
)

// flags parses the arguments of one command. Its errors name the flag and are for people.
func flags(command string) *pflag.FlagSet {
	f := pflag.NewFlagSet(command, pflag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.SortFlags = false
	return f
}

// fileFlags are the flags that name one file. Who gives such a flag wants the file kept or read.
var fileFlags = []string{"archive", "state", "resume", "ccadb", "suppress", "cert"}

func parse(f *pflag.FlagSet, args []string) error {
	err := f.Parse(args)
	if err == nil {
		f.Visit(func(flag *pflag.Flag) {
			if flag.Value.String() == "" && slices.Contains(fileFlags, flag.Name) {
				err = hinted("--"+flag.Name+": no file was named", "perhaps it is a variable that is not set")
			}
		})
		return err
	}
	if errors.Is(err, pflag.ErrHelp) {
		return err
	}
	var known []string
	f.VisitAll(func(flag *pflag.Flag) { known = append(known, "--"+flag.Name) })
	hint := "revprobe help " + f.Name()
	if given, found := strings.CutPrefix(err.Error(), "unknown flag: "); found {
		if s := suggestion(given, known); strings.HasPrefix(s, "did") {
			hint = s
		}
	}
	return hinted(err.Error(), hint)
}

// judging is the flags that say how evidence is judged and reported.
type judging struct {
	profile, rules, failOn, format, scope, suppress string
	outputs                                         []string
	quiet                                           bool
}

func (j *judging) register(f *pflag.FlagSet) {
	f.StringVar(&j.profile, "profile", "web", "")
	f.StringVar(&j.rules, "rules", "", "")
	f.StringVar(&j.failOn, "fail-on", "error", "")
	f.StringVar(&j.format, "format", "text", "")
	f.StringVar(&j.scope, "scope", "", "")
	f.StringArrayVar(&j.outputs, "output", nil, "")
	f.StringVar(&j.suppress, "suppress", "", "")
	f.BoolVar(&j.quiet, "quiet", false, "")
}

// judge is what the judging flags say, checked.
type judge struct {
	options conformance.Options
	failOn  conformance.Severity
	format  report.Format
	outputs []output
	quiet   bool
	scope   evidence.Scope
}

func (j *judging) check() (judge, error) {
	var out judge
	profile, known := conformance.ProfileNamed(j.profile)
	if !known {
		return out, hinted("--profile: there is no profile "+quoted(j.profile), suggestion(j.profile, profileNames()))
	}
	rules, err := selectRules(j.rules)
	if err != nil {
		return out, err
	}
	silenced, err := readSuppressions(j.suppress)
	if err != nil {
		return out, err
	}
	out.options = conformance.Options{Profile: profile, Rules: rules, Suppressions: silenced}
	if out.failOn, known = conformance.SeverityNamed(j.failOn); !known {
		return out, hinted("--fail-on: there is no severity "+quoted(j.failOn), suggestion(j.failOn, severityNames()))
	}
	switch j.scope {
	case "", string(evidence.ScopeEE), string(evidence.ScopeCA):
		out.scope = evidence.Scope(j.scope)
	default:
		return out, hinted("--scope: there is no scope "+quoted(j.scope), "there are ee, ca")
	}
	if out.format, err = formatFlag("--format", j.format); err != nil {
		return out, err
	}
	out.quiet = j.quiet
	out.outputs, err = outputFlags(j.outputs)
	return out, err
}

func profileNames() []string {
	var list []string
	for _, p := range conformance.Profiles() {
		list = append(list, p.Name)
	}
	return list
}

func severityNames() []string {
	var list []string
	for _, s := range conformance.Severities() {
		list = append(list, s.String())
	}
	return list
}

// selectRules returns the rules whose ids match one of the patterns, or all when there are
// none. A pattern that matches nothing is an error.
func selectRules(list string) ([]*conformance.Rule, error) {
	all := conformance.Rules()
	if list == "" {
		return all, nil
	}
	wanted := map[string]bool{}
	for pattern := range strings.SplitSeq(list, ",") {
		pattern = strings.TrimSpace(pattern)
		matches := func(id string) bool { return id == pattern }
		if strings.ContainsAny(pattern, `*?[\`) {
			matches = func(id string) bool { ok, err := path.Match(pattern, id); return err == nil && ok }
		}
		found := false
		for _, r := range all {
			if matches(r.ID) {
				wanted[r.ID], found = true, true
			}
		}
		if !found {
			hint := suggestion(pattern, ruleIDs())
			if hint == "" {
				hint = "revprobe rules lists them"
			}
			return nil, hinted("no rule matches "+quoted(pattern), hint)
		}
	}
	return slices.DeleteFunc(all, func(r *conformance.Rule) bool { return !wanted[r.ID] }), nil
}

func ruleIDs() []string {
	var list []string
	for _, r := range conformance.Rules() {
		list = append(list, r.ID)
	}
	return list
}

// needs is the union of the questions that the rules need answered.
func needs(rules []*conformance.Rule) evidence.Ask {
	var asks evidence.Ask
	for _, r := range rules {
		asks |= r.Asks()
	}
	return asks
}

// publish writes a report in the chosen format and returns the exit code that it gives, or
// unread, that of input that could not be read, where some could not.
func (j judge) publish(env *environment, r *conformance.Report, layout report.Layout, unread int) (int, error) {
	code := exitCode(r, j.failOn)
	if unread != exitClean && code != exitBug {
		code = unread
	}
	for _, bug := range r.Bugs {
		fmt.Fprintf(env.stderr, "revprobe: %s\n", bug)
	}
	options := report.Options{Layout: layout, Text: report.TextOptions{Color: env.color, Width: min(env.width, 120), FailOn: j.failOn, Exit: code,
		Quiet: j.quiet}}
	var err error
	if !j.quiet || code != exitClean || j.format.Name == pluginFormat {
		err = j.format.Write(env.stdout, r, options)
	}
	options.Text.Color, options.Text.Quiet = false, false
	for _, o := range j.outputs { // one that cannot be written keeps the others from nothing
		err = errors.Join(err, o.write(r, options))
	}
	if err != nil {
		return 0, &ownFailure{err}
	}
	if j.format.Name == pluginFormat {
		return int(report.Plugin(r, code)), nil
	}
	return code, nil
}

// pluginFormat has exit codes of its own, those of monitoring plugins.
const pluginFormat = "nagios"

func exitCode(r *conformance.Report, failOn conformance.Severity) int {
	switch {
	case len(r.Bugs) > 0:
		return exitBug
	case r.Worst() >= failOn:
		return exitFindings
	case r.NothingAsked || r.Interrupted || len(r.Unheard) > 0:
		return exitInconclusive
	}
	return exitClean
}

// momentFlag reads a time of the command line.
func momentFlag(name, text string, standard time.Time) (time.Time, error) {
	if text == "" {
		return standard, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, hinted(fmt.Sprintf("--%s: %s is no time", name, quoted(text)), "write it as 2026-11-20T12:00:00Z")
	}
	return at.UTC(), nil
}
