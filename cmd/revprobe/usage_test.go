package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

func TestBadArgumentsAreNamed(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing")
	for _, test := range []struct {
		line string
		want []string
	}{
		{"chek x", []string{`"chek"`, "hint: did you mean check?"}},
		{"x", []string{`"x"`, "hint: there are check, demo, history, lint, report, rules, version, zoo"}},
		{"help chek", []string{`"chek"`, "hint: did you mean check?"}},
		{"check --quite x", []string{"--quite", "hint: did you mean --quiet?"}},
		{"check --resolve x", []string{"--resolve", "hint: did you mean --resolver?"}},
		{"check --entirely-other x", []string{"--entirely-other", "hint: revprobe help check"}},
		{"check -x", []string{"-x", "hint: revprobe help check"}},
		{"lint --issuer", []string{"--issuer", "hint: revprobe help lint"}},
		{"check --rate often x", []string{"--rate", `"often"`}},
		{"check --timeout 5 x", []string{"--timeout", `"5"`}},
		{"check --timeout -5s http://127.0.0.1:1/x", []string{"--timeout: -5s", "hint: write it as --timeout"}},
		{"check --timeout 0 http://127.0.0.1:1/x", []string{"--timeout: 0s", "hint: "}},
		{"check --rate -1 http://127.0.0.1:1/x", []string{"--rate: -1", "hint: write it as --rate"}},
		{"check --rate 0 http://127.0.0.1:1/x", []string{"--rate: 0 ", "hint: "}},
		{"check --rate nan http://127.0.0.1:1/x", []string{"--rate: NaN", "hint: "}},
		{"check --resolver dns.example http://127.0.0.1:1/x", []string{"--resolver", `"dns.example"`, "hint: write it as --resolver"}},
		{"check --ocsp a.example --issuer x", []string{"--ocsp: asking a.example: not an http URL", "hint: write it as --ocsp http://"}},
		{"check --crl ldap://a.example/1 --issuer x", []string{"--crl: asking ldap://a.example/1: not an http URL", "hint: write it as --crl http://"}},
		{"check --contact jörg@example.com http://127.0.0.1:1/x", []string{"--contact", "ASCII", "hint: "}},
		{"check --output json=" + missing + "/x x", []string{"--output: keeping " + missing + "/x: no such file"}},
		{"check --archive " + missing + "/x http://127.0.0.1:1/x", []string{"the archive " + missing + "/x: no such file"}},
		{"check --seed 12 x", []string{"--seed", `"12"`, "hint: "}},
		{"check --seed nonsense-nonsense x", []string{"--seed", "hexadecimal"}},
		{"check --profile mozila x", []string{"--profile", `"mozila"`, "hint: did you mean mozilla?"}},
		{"lint --profile mozila x", []string{"--profile", `"mozila"`, "hint: did you mean mozilla?"}},
		{"rules --profile mozila", []string{"--profile", `"mozila"`, "hint: did you mean mozilla?"}},
		{"check --fail-on errors x", []string{"--fail-on", `"errors"`, "hint: did you mean error?"}},
		{"check --scope leaf x", []string{"--scope", `"leaf"`, "hint: there are ee, ca"}},
		{"check --format xml x", []string{"--format", `"xml"`, "hint: there are text, json"}},
		{"demo --format xml", []string{"--format", `"xml"`, "hint: there are text, json"}},
		{"rules --format xml", []string{"--format", `"xml"`, "hint: there are text, json, markdown"}},
		{"check --rules crl-not-pen x", []string{`"crl-not-pen"`, "hint: did you mean crl-not-pem?"}},
		{"check --rules crl-*,nothing-like-that x", []string{`"nothing-like-that"`, "hint: "}},
		{"check --rules [ x", []string{`"["`, "hint: "}},
		{"rules ocsp-not-expird", []string{`"ocsp-not-expird"`, "hint: did you mean ocsp-not-expired?"}},
		{"lint --at noon x", []string{"--at", `"noon"`, "hint: write it as 2026-11-20T12:00:00Z"}},
		{"lint", []string{"no file", "hint: revprobe help lint"}},
		{"check", []string{"nothing to check"}},
		{"check " + missing, []string{missing, "no such file"}},
		{"check --dry-run " + missing, []string{missing, "no such file"}},
		{"lint --issuer " + missing + " x", []string{"reading " + missing + ": no such file"}},
		{"lint --cert " + missing + " x", []string{"reading " + missing + ": no such file"}},
		{"lint " + missing, []string{"reading " + missing + ": no such file"}},
		{"history", []string{"no file of history", "hint: write it as --state FILE"}},
		{"history --state " + missing, []string{"--state", missing, "no such file", "hint: "}},
		{"history --state x --format xml", []string{`"xml"`, "hint: there are text, json"}},
		{"history --state x http://a.example http://b.example", []string{"one URL", "hint: "}},
		{"zoo everything", []string{`"everything"`, "hint: revprobe help zoo"}},
		{"zoo --listen nowhere", []string{"--listen nowhere", "hint: "}},
		{"demo quickly", []string{`"quickly"`, "hint: revprobe help demo"}},
		{"version please", []string{"no arguments"}},
	} {
		t.Run(test.line, func(t *testing.T) {
			t.Parallel()
			revprobe(t, strings.Fields(test.line)...).wantUsage(t, test.want...)
		})
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	if o := revprobe(t); o.code != exitUsage || o.stdout != "" || o.stderr != usage {
		t.Errorf("without a command: %+v", o)
	}
	for _, args := range [][]string{{"help"}, {"--help"}, {"-h"}} {
		revprobe(t, args...).want(t, exitClean, usage)
	}
	for name := range commands() {
		if !strings.Contains(usage, "\n  "+name+" ") {
			t.Errorf("usage does not name %s", name)
		}
		for _, args := range [][]string{{"help", name}, {name, "--help"}} {
			o := revprobe(t, args...)
			if name == "version" && args[0] == name { // it has no flags, not even that
				continue
			}
			o.want(t, exitClean, usages[name])
			if o.stdout == "" {
				t.Errorf("%v says nothing", args)
			}
		}
	}
	if n := strings.Count(usage, "\n"); n > 24 {
		t.Errorf("usage takes %d lines of a terminal's 24", n)
	}
	for _, args := range [][]string{{"version"}, {"--version"}} {
		revprobe(t, args...).want(t, exitClean, "revprobe "+version+"\n")
	}
}

// What help says of a flag, its command takes.
func TestHelpNamesFlagsThatAreThere(t *testing.T) {
	t.Parallel()
	named := 0
	for name, text := range usages {
		for line := range strings.Lines(text) {
			flag, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			if !strings.HasPrefix(flag, "--") {
				continue
			}
			named++
			if o := revprobe(t, name, flag+"=", "--no-such-flag"); o.code != exitUsage || strings.Contains(o.stderr, "unknown flag: "+flag+"\n") {
				t.Errorf("%s %s: exit %d, %s", name, flag, o.code, o.stderr)
			}
		}
	}
	if named < 30 {
		t.Errorf("help names %d flags", named)
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	failed := []conformance.Finding{{Outcome: conformance.Failed, Severity: conformance.Error}}
	document := []conformance.Document{{}}
	for name, test := range map[string]struct {
		report conformance.Report
		failOn conformance.Severity
		want   int
	}{
		"nothing found":          {conformance.Report{Documents: document}, conformance.Notice, exitClean},
		"below":                  {conformance.Report{Documents: document, Findings: failed}, conformance.Critical, exitClean},
		"at":                     {conformance.Report{Documents: document, Findings: failed}, conformance.Error, exitFindings},
		"above":                  {conformance.Report{Documents: document, Findings: failed}, conformance.Warning, exitFindings},
		"a bug beats findings":   {conformance.Report{Documents: document, Findings: failed, Bugs: []string{"bug in rule x"}}, conformance.Error, exitBug},
		"nothing could be asked": {conformance.Report{NothingAsked: true}, conformance.Error, exitInconclusive},
	} {
		test.report.Run = &evidence.Run{}
		if got := exitCode(&test.report, test.failOn); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	all := revprobe(t, "rules")
	all.want(t, exitClean)
	for _, r := range conformance.Rules() {
		if !strings.Contains(all.stdout, r.ID) {
			t.Errorf("%s is not listed", r.ID)
		}
	}
	revprobe(t, "rules", "crl-not-pem").want(t, exitClean, "crl-not-pem", conformance.RuleNamed("crl-not-pem").Says, "RFC 5280")
	some := revprobe(t, "rules", "crl-*", "ocsp-signed")
	some.want(t, exitClean, "crl-not-pem", "ocsp-signed")
	if strings.Contains(some.stdout, "ocsp-not-expired") {
		t.Errorf("rules that were not chosen are listed:\n%s", some.stdout)
	}
	objects := revprobe(t, "rules", "--format", "json").objects(t)
	if want := ruleIDs(); !slices.Equal(texts(objects, "id"), want) {
		t.Errorf("as JSON: %v, want %v", texts(objects, "id"), want)
	}
	revprobe(t, "rules", "--format", "markdown", "crl-not-pem").want(t, exitClean, "crl-not-pem", "-----BEGIN")
}

func TestColour(t *testing.T) {
	t.Parallel()
	crl := write(t, "ca.crl", conforming(exampleTime, servesPEM).CRLBody())
	args := []string{"lint", "--at", "2027-11-20T12:00:00Z", crl}
	if o := (world{}).run(t.Context(), args...); o.code != exitFindings || strings.Contains(o.stdout, "\x1b") {
		t.Errorf("exit %d, escapes where there is no terminal:\n%q", o.code, o.stdout)
	}
	if o := (world{color: true}).run(t.Context(), args...); !strings.Contains(o.stdout, "\x1b[") {
		t.Errorf("no colour on a terminal:\n%q", o.stdout)
	}
	for _, test := range []struct {
		noColor, term string
		want          bool
	}{{"", "xterm", true}, {"1", "xterm", false}, {"0", "xterm", false}, {"", "dumb", false}, {"", "", true}} {
		variables := map[string]string{"NO_COLOR": test.noColor, "TERM": test.term}
		if got := colorful(func(name string) string { return variables[name] }); got != test.want {
			t.Errorf("NO_COLOR=%s TERM=%s: %v", test.noColor, test.term, got)
		}
	}
}

// A seed that could not be drawn must not become one that everybody knows.
func TestNoRandomness(t *testing.T) {
	t.Parallel()
	for _, random := range []io.Reader{strings.NewReader("too short"), iotest.ErrReader(fmt.Errorf("no entropy"))} {
		o := world{random: random}.run(t.Context(), "check", "--dry-run", "http://127.0.0.1:1/ca.crl")
		o.wantUsage(t, "drawing a seed")
	}
}
