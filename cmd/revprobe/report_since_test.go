package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/revocation"
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

// Of two checks of a list every certificate is held against itself.
func TestReportSinceOfLists(t *testing.T) {
	t.Parallel()
	var later atomic.Bool
	s := issuer(t, func(serial revocation.Serial) fixtures.Status {
		if later.Load() && serial[3]%4 == 0 {
			return fixtures.Unknown
		}
		return fixtures.Good
	}, nil)
	folder := t.TempDir()
	keep := func(name string, list []byte) string {
		name = filepath.Join(folder, name)
		if o := s.checkList(t, list, "--archive", name); o.stderr != "" {
			t.Fatal(o.stderr)
		}
		return name
	}
	before := keep("before.zst", s.list(0, 40, nil))
	later.Store(true)
	after := keep("after.zst", s.list(10, 40, nil)) // ten are new, and ten are not asked about again
	var changed []string
	for n := 10; n < 40; n++ {
		if c := s.fake.Issued(fmt.Sprint("issued ", n), nil); revocation.SerialOf(c.SerialNumber)[3]%4 == 0 {
			changed = append(changed, c.SerialNumber.Text(16))
		}
	}
	if len(changed) < 5 {
		t.Fatalf("%d certificates of 30 changed, which shows little", len(changed))
	}
	o := revprobe(t, "report", "--since", before, after).flat()
	o.want(t, exitFindings, "1 new", fmt.Sprintf("answers about the lists %s of %s: %d certificates unknown, before good: serial %s, %s, %s and %d more",
		s.fake.OCSPURL(), "CN=Revprobe Fixtures Issuing CA 1,O=Revprobe Fixtures,C=IS", len(changed), changed[0], changed[1], changed[2], len(changed)-3))
	lines := typed(revprobe(t, "report", "--format", "json", "--since", before, after).objects(t), "answer")
	if got := texts(lines, "serial"); !slices.Equal(got, changed) {
		t.Errorf("changed are %v, want %v", got, changed)
	}
	for _, line := range lines {
		if line["before"] != "good" || line["answer"] != "unknown" || line["responder"] != s.fake.OCSPURL() {
			t.Errorf("%v", line)
		}
	}
	same := revprobe(t, "report", "--since", after, after)
	same.want(t, exitClean, "0 new")
	if strings.Contains(same.stdout, "answers") {
		t.Errorf("nothing changed, and it says\n%s", same.stdout)
	}
}
