package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
)

// kept checks a fake CA and returns the name of the archive.
func kept(t *testing.T, s *service, args ...string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "run.zst")
	if o := s.check(t, append(args, "--archive", name)...); o.stderr != "" {
		t.Fatal(o.stderr)
	}
	return name
}

func TestReportSince(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, nil)
	before := kept(t, s)
	s.fake.OCSP.Unassigned = fixtures.Good
	after := kept(t, s)
	revprobe(t, "report", "--since", before, after).want(t, exitFindings, "new\n", "ocsp-unassigned-not-good", "good, before", "exit 1")
	revprobe(t, "report", "--since", after, after).want(t, exitClean, "0 new, 0 gone", "still there\n")
	revprobe(t, "report", "--since", after, before).want(t, exitClean, "0 new", "gone\n", "ocsp-unassigned-not-good at "+s.fake.OCSPURL())
	if o := revprobe(t, "report", "--quiet", "--since", after, before); o.code != exitClean || o.stdout != "" {
		t.Errorf("--quiet: exit %d, %q", o.code, o.stdout)
	}
	revprobe(t, "report", "--fail-on", "critical", "--rules", "crl-*", "--since", before, after).want(t, exitClean)

	o := revprobe(t, "report", "--format", "json", "--since", before, after)
	lines := o.objects(t)
	if o.code != exitFindings || lines[0]["type"] != "changes" || lines[0]["exit"] != float64(exitFindings) {
		t.Errorf("exit %d: %v", o.code, lines[0])
	}
	if changes := texts(typed(lines, "finding"), "change"); len(changes) == 0 || changes[0] != "new" {
		t.Errorf("%v", changes)
	}
	if answers := typed(lines, "answer"); len(answers) == 0 || answers[0]["answer"] != "good" || answers[0]["before"] == "good" {
		t.Errorf("%v", answers)
	}
}

// A finding is not gone where nobody answers any more.
func TestReportSinceOfWhatCouldNotBeJudgedAgain(t *testing.T) {
	t.Parallel()
	s := serve(t, saysGood, nil)
	before := kept(t, s)
	s.fake.OCSPHTTP.Code = 503
	o := revprobe(t, "report", "--since", before, kept(t, s))
	o.want(t, exitFindings, "0 gone", "not judged again, so perhaps still there\n")
	_, rest, _ := strings.Cut(o.stdout, "not judged again, so perhaps still there\n")
	if !strings.Contains(rest, "ocsp-unassigned-not-good") || !strings.Contains(o.stdout, "http-status-200") {
		t.Errorf("%s", o.stdout)
	}
}

func TestReportSinceOfBadArguments(t *testing.T) {
	t.Parallel()
	name := kept(t, serve(t, nil, nil))
	revprobe(t, "report", "--since", "", name).wantUsage(t, "--since: no archive was named")
	revprobe(t, "report", "--since", name).wantUsage(t, "0 archives")
	revprobe(t, "report", "--since", "-", "-").wantUsage(t, "cannot be both")
	revprobe(t, "report", "--since", name, "--format", "junit", name).wantUsage(t, "text or json alone")
	revprobe(t, "report", "--since", filepath.Join(t.TempDir(), "missing"), name).wantUsage(t, "no such file")
}
