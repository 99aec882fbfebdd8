package main

import (
	"bytes"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
)

// serveLarge plays a conforming CA but for its CRL, which has many entries.
func serveLarge(t *testing.T, l fixtures.LargeCRL) *service {
	t.Helper()
	var s *service
	s = serve(t, nil, func(z http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(s.fake.CRLURL(), r.URL.Path) {
				z.ServeHTTP(w, r)
				return
			}
			small := httptest.NewRecorder()
			z.ServeHTTP(small, r)
			maps.Copy(w.Header(), small.Header())
			w.Header().Del("Content-Length")
			_ = s.fake.WriteLargeCRL(w, l) // it fails where nobody listens any more
		})
	})
	return s
}

// A CRL that is too large for memory is kept, judged and archived like any other.
func TestCheckOfALargeCRL(t *testing.T) {
	t.Parallel()
	s := serveLarge(t, fixtures.LargeCRL{Entries: 30_000, Duplicates: 2})
	name := filepath.Join(t.TempDir(), "run.archive")
	live := s.check(t, "--archive", name, "--rules", "crl-*")
	live.want(t, exitFindings, "crl-entry-serial-unique", "already entry 0 at entry 29998", "already entry 1 at entry 29999", "1 error")
	text, err := os.ReadFile(name)
	if err != nil || bytes.Count(text, []byte(`{"part_of":`)) != 5 {
		t.Errorf("%v, %d parts", err, bytes.Count(text, []byte(`{"part_of":`)))
	}
	for _, args := range [][]string{{name}, {"-"}} {
		again := world{stdin: bytes.NewReader(text)}.run(t.Context(), append([]string{"lint", "--rules", "crl-*"}, args...)...)
		again.want(t, exitFindings, "crl-entry-serial-unique", "already entry 0 at entry 29998", "1 error")
	}
	lines := s.check(t, "--format", "json", "--rules", "crl-*").objects(t)
	for _, x := range typed(lines, "exchange") {
		if x["ask"] == "fetch-crl" && (x["body_length"].(float64) < 1e6 || len(x["body_sha256"].(string)) != 64) {
			t.Errorf("%v", x)
		}
	}
}

// The same CRL as a file and from a pipe gives the same report.
func TestLintOfALargeCRL(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	fake := conforming(at, nil)
	for duplicates, code := range map[int]int{0: exitClean, 1: exitFindings} {
		var crl bytes.Buffer
		if err := fake.WriteLargeCRL(&crl, fixtures.LargeCRL{Entries: 20_000, Duplicates: duplicates}); err != nil {
			t.Fatal(err)
		}
		ca := write(t, "ca.pem", armoured(fake.IssuerCertificate()))
		name := write(t, "large.crl", crl.Bytes())
		args := []string{"lint", "--scope", "ee", "--at", at.Format(time.RFC3339), "--issuer", ca}
		file := revprobe(t, append(args, name)...)
		file.want(t, code, "signature valid")
		pipe := world{stdin: &crl}.run(t.Context(), append(args, "-")...)
		pipe.want(t, code, "signature valid")
		if strings.ReplaceAll(file.stdout, name, "standard input") != pipe.stdout {
			t.Errorf("from a file\n%sfrom a pipe\n%s", file.stdout, pipe.stdout)
		}
	}
}

// Where nothing can be written, that is said once, and everything else is judged.
func TestCheckOnAFullDisk(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "absent"))
	s := serveLarge(t, fixtures.LargeCRL{Entries: 30_000})
	o := s.check(t, "--format", "json")
	if o.code != exitBug || strings.Count(o.stderr, "keeping a body") != 1 || !strings.Contains(o.stderr, "hint: TMPDIR") {
		t.Errorf("exit %d, %q", o.code, o.stderr)
	}
	lines := o.objects(t)
	unkept := 0
	for _, x := range typed(lines, "exchange") {
		if x["failure"] == "not-kept" {
			unkept++
		}
	}
	failed := 0
	for _, f := range typed(lines, "finding") {
		if f["outcome"] == "failed" {
			failed++
		}
	}
	if unkept != 1 || failed > 0 || len(typed(lines, "answer")) < 5 {
		t.Errorf("%d exchanges are not kept, %d findings, %d answers\n%s", unkept, failed, len(typed(lines, "answer")), o.stdout)
	}
	o = world{stdin: bytes.NewReader(make([]byte, 1<<20))}.run(t.Context(), "lint", "-")
	o.wantUsage(t, "reading standard input", "temporary file")
}
