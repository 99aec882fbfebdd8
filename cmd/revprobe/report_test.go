package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/revprobe/revprobe/probe/evidence"
)

// What report prints of an archive is what check printed, to the octet.
func TestReportPrintsWhatCheckPrinted(t *testing.T) {
	t.Parallel()
	s := serve(t, servesPEM, nil)
	for _, format := range formatNames() {
		for _, ending := range []string{"", ".zst"} {
			name := filepath.Join(t.TempDir(), "run"+ending)
			judged := []string{"--format", format, "--profile", "mozilla", "--fail-on", "warning"}
			checked := s.check(t, append(judged, "--archive", name, "--vantage", "a test", "--scope", "ee")...)
			reported := revprobe(t, append([]string{"report", name}, judged...)...)
			if checked.code == exitClean || reported != checked {
				t.Errorf("%s of run%s: exit %d, of the check %d, stderr %q\n%s\nof the check\n%s", format, ending, reported.code, checked.code,
					reported.stderr, reported.stdout, checked.stdout)
			}
		}
	}
}

func TestReportOfARunWithHistory(t *testing.T) {
	t.Parallel()
	s := serve(t, saysGood, nil)
	name, state := filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "state")
	s.check(t, "--state", state)
	checked := s.check(t, "--state", state, "--archive", name, "--format", "json")
	if reported := revprobe(t, "report", name, "--format", "json"); reported != checked {
		t.Errorf("exit %d, stderr %q\n%s\nof the check\n%s", reported.code, reported.stderr, reported.stdout, checked.stdout)
	}
}

// A compressed archive that is cut anywhere is read up to the cut, and says so.
func TestReportOfACompressedArchiveThatWasCut(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, nil)
	name := filepath.Join(t.TempDir(), "run.zst")
	s.check(t, "--archive", name).want(t, exitClean)
	whole, err := os.ReadFile(name)
	if err != nil || !isCompressed(whole) {
		t.Fatalf("%x %v", whole[:min(len(whole), 8)], err)
	}
	complete, err := readRun(bytes.NewReader(whole), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	before := 0
	for cut := len(whole) / 2; cut < len(whole); cut += 97 {
		run, err := readRun(bytes.NewReader(whole[:cut]), "run", nil)
		if err != nil || !run.Interrupted || len(run.Exchanges) < before {
			t.Fatalf("cut at %d of %d: %+v, %v", cut, len(whole), run, err)
		}
		before = len(run.Exchanges)
	}
	if before < len(complete.Exchanges)*3/4 {
		t.Errorf("%d exchanges of %d are left of what was cut just before its end", before, len(complete.Exchanges))
	}
	cut := write(t, "cut", whole[:len(whole)-1])
	revprobe(t, "report", cut).want(t, exitInconclusive, "cut off")
	revprobe(t, "lint", name).want(t, exitClean, "no findings")
	revprobe(t, "report", write(t, "cut", whole[:20])).wantUsage(t, "reading the archive")
}

// Whatever kills the program, what had been answered can be read from the partial file.
func TestPartialArchive(t *testing.T) {
	t.Parallel()
	for _, ending := range []string{"", ".zst"} {
		name := filepath.Join(t.TempDir(), "run"+ending)
		var mutex sync.Mutex
		var kept []byte // the partial file when the last question comes
		s := serve(t, nil, func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mutex.Lock()
				defer mutex.Unlock()
				if files, _ := filepath.Glob(name + ".*.partial"); len(files) == 1 {
					kept, _ = os.ReadFile(files[0])
				}
				next.ServeHTTP(w, r)
			})
		})
		s.check(t, "--archive", name).want(t, exitClean)
		mutex.Lock()
		defer mutex.Unlock()
		run, err := readRun(bytes.NewReader(kept), "partial", nil)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		complete, err := readRun(bytes.NewReader(whole), "whole", nil)
		if err != nil || len(run.Exchanges) < len(complete.Exchanges)-2 || !run.Interrupted || complete.Interrupted {
			t.Errorf("%d exchanges of %d, %v", len(run.Exchanges), len(complete.Exchanges), err)
		}
		revprobe(t, "report", write(t, "partial", kept)).want(t, exitInconclusive, "cut off: revprobe ended before everything had been asked")
		if left, _ := filepath.Glob(name + ".*"); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// What was answered stays in the partial file where the archive cannot take its name.
func TestArchiveThatCannotTakeItsName(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "run")
	a, err := openArchive(name)
	if err != nil {
		t.Fatal(err)
	}
	run := &evidence.Run{Exchanges: []evidence.Exchange{{ID: "1", Question: evidence.Question{Ask: evidence.FetchCRL}}}}
	a.begin(run)
	if err := os.Mkdir(name, 0o700); err != nil {
		t.Fatal(err)
	}
	err = a.write(run)
	a.discard()
	left, _ := filepath.Glob(name + ".*.partial")
	if err == nil || len(left) != 1 {
		t.Fatalf("%v, left %v", err, left)
	}
	revprobe(t, "report", left[0]).want(t, exitInconclusive)
}

func TestReportOfAnInterruptedRun(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, nil, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r)
			if r.Method == http.MethodPost {
				cancel()
			}
		})
	})
	name := filepath.Join(t.TempDir(), "run")
	checked := world{}.run(ctx, "check", s.leaf, "--issuer", s.ca, "--allow-private", "--archive", name)
	if reported := revprobe(t, "report", name); reported.stdout != checked.stdout || reported.code != checked.code {
		t.Errorf("exit %d, of the check %d\n%s\nof the check\n%s", reported.code, checked.code, reported.stdout, checked.stdout)
	}
}

func TestReportOfWhatIsNoArchive(t *testing.T) {
	t.Parallel()
	f := filesOf(t, nil)
	revprobe(t, "report").wantUsage(t, "0 archives")
	revprobe(t, "report", f.crl, f.crl).wantUsage(t, "2 archives")
	revprobe(t, "report", filepath.Join(t.TempDir(), "missing")).wantUsage(t, "no such file")
	revprobe(t, "report", f.crl).wantUsage(t, "reading "+f.crl, "hint: report takes what check --archive wrote")
	revprobe(t, "report", write(t, "empty", nil)).wantUsage(t, "reading the archive")
	var packed bytes.Buffer
	w, err := zstd.NewWriter(&packed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, strings.NewReader("no archive\n")); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	revprobe(t, "report", write(t, "other.zst", packed.Bytes())).wantUsage(t, "first line")
}
