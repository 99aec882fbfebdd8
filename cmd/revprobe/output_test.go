package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/report"
)

func content(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSeveralFormatsFromOneRun(t *testing.T) {
	t.Parallel()
	s := serve(t, saysGood, nil)
	folder := t.TempDir()
	args := []string{"--quiet"}
	for _, f := range report.Formats() {
		args = append(args, "--output", f.Name+"="+filepath.Join(folder, f.Name))
	}
	before := s.connections.Load()
	out := s.check(t, args...)
	out.want(t, exitFindings, "ocsp-unassigned-not-good")
	asked := s.connections.Load() - before
	for _, f := range report.Formats() {
		if text := content(t, filepath.Join(folder, f.Name)); !strings.Contains(text, "ocsp-unassigned-not-good") {
			t.Errorf("%s does not name the rule:\n%s", f.Name, text)
		}
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != len(report.Formats()) {
		t.Errorf("the folder holds %v, %v", left, err)
	}
	before = s.connections.Load()
	s.check(t)
	if once := s.connections.Load() - before; asked != once {
		t.Errorf("%d connections with %d outputs, %d without", asked, len(report.Formats()), once)
	}
}

func TestNagiosAnswersWithItsOwnExitCodes(t *testing.T) {
	t.Parallel()
	good, bad := serve(t, nil, nil), serve(t, saysGood, nil)
	for _, c := range []struct {
		name string
		out  outcome
		code int
		text string
	}{
		{"conforming", good.check(t, "--format", "nagios", "--quiet"), 0, "REVPROBE OK - no findings"},
		{"critical", bad.check(t, "--format=nagios"), 2, "REVPROBE CRITICAL - critical ocsp-unassigned-not-good"},
		{"a wrong flag", revprobe(t, "check", "--format", "nagios", "--nonsense"), 3, "REVPROBE UNKNOWN - unknown flag: --nonsense"},
		{"no such file", revprobe(t, "lint", "--format", "nagios", "/nowhere"), 3, "REVPROBE UNKNOWN"},
	} {
		if c.out.code != c.code || !strings.HasPrefix(c.out.stdout, c.text) || strings.Count(c.out.stdout, "\n") != 1 {
			t.Errorf("%s: exit %d, want %d; %q", c.name, c.out.code, c.code, c.out.stdout)
		}
	}
}

func TestOutputsThatCannotBe(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, nil)
	before := s.connections.Load()
	folder := t.TempDir()
	for value, want := range map[string]string{
		"junit":                         "--output junit=report.xml",
		"junit=":                        "--output junit=report.xml",
		"sarrif=" + folder + "/x":       "did you mean sarif?",
		"sarif=" + folder:               "is no file",
		"sarif=" + folder + "/no/where": "no such file",
	} {
		s.check(t, "--output", value).wantUsage(t, "--output", want)
	}
	if s.connections.Load() != before {
		t.Error("something was asked before the outputs were looked at")
	}
}

// A report that cannot be written any more is a failure of ours and leaves what was there;
// the other files come all the same.
func TestOutputThatCannotBeWrittenAnyMore(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	gone, kept := filepath.Join(folder, "gone"), filepath.Join(folder, "kept")
	if err := os.Mkdir(gone, 0o700); err != nil {
		t.Fatal(err)
	}
	outputs, err := outputFlags([]string{"json=" + filepath.Join(gone, "x"), "markdown=" + kept})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	settings := judging{profile: "web", failOn: "error", format: "text"}
	j, err := settings.check()
	if err != nil {
		t.Fatal(err)
	}
	j.outputs = outputs
	var late *ownFailure
	r := &conformance.Report{Run: &evidence.Run{}, Profile: j.options.Profile}
	if _, err := j.publish(&environment{stdout: io.Discard, stderr: io.Discard}, r, report.ByType, exitClean); !errors.As(err, &late) {
		t.Errorf("publishing gave %v", err)
	}
	if text := content(t, kept); !strings.Contains(text, "No findings.") {
		t.Errorf("the other file holds %q", text)
	}
}

func TestSuppressions(t *testing.T) {
	t.Parallel()
	s := serve(t, saysGood, nil)
	file := write(t, "known.toml", []byte("[[suppress]]\nrule = \"ocsp-unassigned-*\"\nreason = \"fixed with the release of June\"\nuntil = 2999-12-31\n"))
	out := s.check(t, "--suppress", file)
	out.want(t, exitClean, "1 suppressed", "fixed with the release of June")
	if strings.Contains(out.stdout, "critical") {
		t.Errorf("the finding is still shown:\n%s", out.stdout)
	}
	objects := typed(s.check(t, "--suppress", file, "--format", "json").objects(t), "finding")
	if got := texts(objects, "suppressed"); len(got) == 0 || got[0] != "fixed with the release of June" {
		t.Errorf("as JSON: %v", objects)
	}
	elsewhere := write(t, "elsewhere.toml", []byte("[[suppress]]\nrule = \"ocsp-*\"\nservice = \"http://elsewhere.example\"\nreason = \"x\"\nuntil = 2999-12-31\n"))
	s.check(t, "--suppress", elsewhere).want(t, exitFindings, "critical")
	ended := write(t, "ended.toml", []byte("[[suppress]]\nrule = \"ocsp-*\"\nreason = \"x\"\nuntil = 2020-01-01\n"))
	s.check(t, "--suppress", ended).want(t, exitFindings, "critical", "the suppression of ocsp-* (x) ended at 2020-01-02T00:00:00Z")
}

func TestSuppressionsThatCannotBe(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"suppress":              "line 1",
		"[[suppress]]\nrules=1": `there is no "suppress.rules"`,
		"[[suppress]]\nrule='crl-*'\nuntil=2030-01-01":                   "suppression 1 of crl-* has no reason",
		"[[suppress]]\nrule='crl-*'\nreason='x'":                         "suppression 1 of crl-* has no end",
		"[[suppress]]\nrule='clr-*'\nreason='x'\nuntil=2030-01-01":       `suppression 1 names no rule that exists: "clr-*"`,
		"[[suppress]]\nrule='crl-*'\nreason='x'\nuntil='next Tuesday'\n": "line 4",
	} {
		name := write(t, "known.toml", []byte(text))
		revprobe(t, "lint", "--suppress", name, name).wantUsage(t, want, "hint: a suppression is [[suppress]]")
	}
	revprobe(t, "lint", "--suppress", "/nowhere", "x").wantUsage(t, "reading /nowhere")
	folder, known := t.TempDir(), []byte("[[suppress]]\nrule = \"crl-*\"\nreason = \"x\"\nuntil = 2999-12-31\n")
	revprobe(t, "lint", "--suppress", folder, "x").wantUsage(t, "reading "+folder+": it is a directory", "hint: name the files in it")
	full := append(known, bytes.Repeat([]byte("#"), maxSuppressions-len(known))...)
	revprobe(t, "lint", "--suppress", write(t, "full.toml", full), "/nowhere").wantUsage(t, "reading /nowhere")
	revprobe(t, "lint", "--suppress", write(t, "huge.toml", append(full, '#')), "/nowhere").wantUsage(t, "huge.toml: it is larger than 1 MiB")
}

// What could not be kept is said in a line for each file, with what helps.
func TestEachFileThatCannotBeKeptIsNamed(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	code := complain(&environment{stderr: &said}, &ownFailure{errors.Join(hinted("the first", "do this"), errors.Join(errors.New("the second"), &ownFailure{errors.New("the third")}))})
	if want := "revprobe: the first\nhint: do this\nrevprobe: the second\nrevprobe: the third\n"; said.String() != want || code != exitBug {
		t.Errorf("said %q, exit %d; want %q", said.String(), code, want)
	}
}

// What is no file is left as it is: a file that took its place would take the device away.
func TestNoDeviceIsReplaced(t *testing.T) {
	t.Parallel()
	crl := write(t, "x.crl", []byte("x"))
	folder := t.TempDir()
	pipe, link, device := filepath.Join(folder, "pipe"), filepath.Join(folder, "link"), filepath.Join(folder, "device")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o600), os.Symlink("/proc/self/fd/1", link), os.Symlink(os.DevNull, device)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{pipe, link, device, folder, "-"} {
		before, _ := os.Lstat(name)
		revprobe(t, "check", "http://127.0.0.1:1/x.crl", "--archive", name).wantUsage(t, "keeping the archive "+name+": it is no file")
		revprobe(t, "lint", crl, "--output", "json="+name).wantUsage(t, "--output: "+name+" is no file", "hint: --format json prints to standard output")
		if after, _ := os.Lstat(name); before != nil && (after == nil || after.Mode() != before.Mode()) {
			t.Errorf("%s was replaced", name)
		}
	}
	revprobe(t, "check", "http://127.0.0.1:1/x.crl", "--state", "-").wantUsage(t, "--state: - is no file")
	if left, _ := filepath.Glob(filepath.Join(folder, "*.partial")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A variable that is not set must not have nothing kept in silence.
func TestFilesThatAreNotNamed(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--archive", "--state", "--ccadb", "--suppress", "--resume"} {
		revprobe(t, "check", "http://127.0.0.1:1/x.crl", flag, "").wantUsage(t, flag+": no file was named", "hint: perhaps it is a variable that is not set")
	}
	revprobe(t, "lint", "x", "--cert", "").wantUsage(t, "--cert: no file was named")
}

// A symbolic link stays one, and the file that it points to is replaced at once.
func TestFilesBehindLinks(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, nil)
	links, files := t.TempDir(), t.TempDir()
	there, relative := filepath.Join(links, "there"), filepath.Join(links, "relative")
	old := filepath.Join(files, "old")
	err := errors.Join(os.WriteFile(old, []byte("before"), 0o600), os.Symlink(old, there), os.Symlink("there", relative))
	up, _ := filepath.Rel(links, files)
	for _, name := range []string{"archive", "report"} {
		err = errors.Join(err, os.Symlink(filepath.Join(up, "new "+name), filepath.Join(links, name)))
	}
	before, problem := os.Open(old)
	if err = errors.Join(err, problem); err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	s.check(t, "--rules", "http-24x7", "--archive", filepath.Join(links, "archive"), "--output", "json="+relative, "--output", "text="+filepath.Join(links, "report"))
	for _, name := range []string{there, relative, filepath.Join(links, "archive"), filepath.Join(links, "report")} {
		if info, err := os.Lstat(name); err != nil || info.Mode().Type() != os.ModeSymlink {
			t.Errorf("%s is no link any more: %v, %v", name, info, err)
		}
	}
	if text := content(t, old); !strings.HasPrefix(text, `{"type":"run"`) || !strings.HasPrefix(content(t, filepath.Join(files, "new report")), "revprobe") {
		t.Errorf("the files hold %q and so on", text)
	}
	revprobe(t, "report", "--rules", "http-24x7", filepath.Join(files, "new archive")).want(t, exitClean)
	if text, err := io.ReadAll(before); err != nil || string(text) != "before" {
		t.Errorf("who had the old file open reads %q, %v", text, err)
	}
	if left, _ := filepath.Glob(filepath.Join(files, "*")); len(left) != 3 {
		t.Errorf("the folder holds %v", left)
	}
}

// What cannot be reached through a link is told before anything is asked.
func TestLinksThatLeadNowhere(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	loop, far := filepath.Join(folder, "loop"), filepath.Join(folder, "far")
	if err := errors.Join(os.Symlink("loop", loop), os.Symlink("no/such/folder", far)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{loop: "too many levels of symbolic links", far: "no such file or directory"} {
		revprobe(t, "check", "http://127.0.0.1:1/x.crl", "--archive", name).wantUsage(t, "keeping the archive "+name+": "+want)
		revprobe(t, "check", "http://127.0.0.1:1/x.crl", "--output", "json="+name).wantUsage(t, "--output: keeping "+name+": "+want)
	}
}
