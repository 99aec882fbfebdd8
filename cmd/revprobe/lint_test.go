package main

import (
	"bytes"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// files are what a CA left in a folder.
type files struct{ ca, leaf, crl, response string }

func filesOf(t *testing.T, change func(*fixtures.Responder)) files {
	t.Helper()
	r := conforming(exampleTime, change)
	response := r.Respond(r.Question(evidence.AssignedPOST)).Body
	return files{write(t, "ca.pem", armoured(r.IssuerCertificate())), write(t, "leaf.pem", armoured(r.LeafCertificate())),
		write(t, "ca.crl", r.CRLBody()), write(t, "response.der", response)}
}

func neverRenewed(r *fixtures.Responder) { r.CRL.NoNextUpdate = true }

// lintAt lints as of a time after the example's.
func lintAt(t *testing.T, after time.Duration, args ...string) outcome {
	t.Helper()
	return revprobe(t, append([]string{"lint", "--at", exampleTime.Add(after).Format(time.RFC3339)}, args...)...)
}

func TestLintOfGoodFiles(t *testing.T) {
	t.Parallel()
	f := filesOf(t, nil)
	o := lintAt(t, 0, "--issuer", f.ca, "--cert", f.leaf, f.crl, f.response, f.leaf)
	o.want(t, exitClean, f.crl+": crl, der", f.response+": ocsp-response, der", f.leaf+": certificate, pem", "signature valid", "certificate good", "no findings", "exit 0")
	o = lintAt(t, 0, "--quiet", "--issuer", f.ca, f.crl)
	if o.want(t, exitClean); o.stdout != "" {
		t.Errorf("--quiet says %q", o.stdout)
	}
}

func TestLintOfBadFiles(t *testing.T) {
	t.Parallel()
	good, bad := filesOf(t, nil), filesOf(t, neverRenewed)
	lintAt(t, 0, "--issuer", bad.ca, bad.crl).want(t, exitFindings, "error     crl-nextupdate-present", "exit 1")
	lintAt(t, 0, "--fail-on", "critical", "--issuer", bad.ca, bad.crl).want(t, exitClean, "crl-nextupdate-present")
	lintAt(t, 0, "--rules", "crl-not-expired", "--issuer", bad.ca, bad.crl).want(t, exitClean, "no findings")
	// The worst of several files decides.
	lintAt(t, 0, "--issuer", good.ca, good.crl, bad.crl, good.response).want(t, exitFindings, "crl-nextupdate-present")
}

// A file is judged as of --at, and without it as of now.
func TestLintAt(t *testing.T) {
	t.Parallel()
	f := filesOf(t, nil)
	const month = 30 * 24 * time.Hour
	lintAt(t, month, "--issuer", f.ca, f.crl, f.response).want(t, exitFindings, "crl-not-expired", "ocsp-not-expired")
	later := world{now: func() time.Time { return exampleTime.Add(month) }}
	if o := later.run(t.Context(), "lint", "--format", "json", "--issuer", f.ca, f.crl); !strings.Contains(o.stdout, "2026-12-20T12:00:00") {
		t.Errorf("judged as of another time than now:\n%s", o.stdout)
	}
}

func TestLintOfWhatIsNoUse(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	missing := filepath.Join(folder, "missing")
	empty, page := write(t, "empty", nil), write(t, "ca.crl", []byte("<!DOCTYPE html><html>parked</html>"))
	good := filesOf(t, nil)
	for name, want := range map[string]string{
		missing: "reading " + missing + ": no such file or directory", folder: "reading " + folder + ": it is a directory",
		empty: "reading " + empty + ": it is empty", page: "reading " + page + ": it is no OCSP response",
	} {
		revprobe(t, "lint", name).wantUsage(t, want)
		// The others are judged all the same.
		o := lintAt(t, 0, "--issuer", good.ca, name, good.crl)
		if o.code != exitUsage || strings.Count(o.stderr, "\n") != 1 || !strings.Contains(o.stderr, want) || !strings.Contains(o.stdout, good.crl+": crl, der") {
			t.Errorf("%s beside a CRL: exit %d, stderr %q, stdout\n%s", name, o.code, o.stderr, o.stdout)
		}
	}
}

// What stands behind the first block is not passed over in silence.
func TestLintOfSeveralPEMBlocks(t *testing.T) {
	t.Parallel()
	f := filesOf(t, nil)
	der, err := os.ReadFile(f.crl)
	if err != nil {
		t.Fatal(err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})
	one, two := write(t, "one.pem", append([]byte("issued today\n"), block...)), write(t, "two.pem", slices.Concat(block, block))
	if o := lintAt(t, 0, "--quiet", "--issuer", f.ca, one); o.stderr != "" {
		t.Errorf("one block: %s", o.stderr)
	}
	o := lintAt(t, 0, "--quiet", "--issuer", f.ca, two)
	want := "revprobe: reading " + two + ": only the first of its PEM blocks was judged: write the others to files of their own\n"
	if o.code != exitUsage || o.stderr != want {
		t.Errorf("exit %d, stderr %q, stdout\n%s", o.code, o.stderr, o.stdout)
	}
	if o := lintAt(t, 0, "--issuer", f.ca, two); !strings.Contains(o.stdout, two+": crl, pem") {
		t.Errorf("the first block is not shown:\n%s", o.stdout)
	}
}

func TestLintFromStandardInput(t *testing.T) {
	t.Parallel()
	f := filesOf(t, neverRenewed)
	crl, err := os.ReadFile(f.crl)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"lint", "--at", exampleTime.Format(time.RFC3339), "--issuer", f.ca, "-"}
	world{stdin: strings.NewReader(string(crl))}.run(t.Context(), args...).want(t, exitFindings, "standard input: crl, der", "crl-nextupdate-present")
	broken := world{stdin: iotest.ErrReader(errors.New("the line is dead"))}
	broken.run(t.Context(), args...).wantUsage(t, "reading standard input: the line is dead")
	// What cannot be read to its end was not seen whole, and is not judged as if it were short.
	long := conforming(exampleTime, func(r *fixtures.Responder) {
		for i := range 1000 {
			r.CRL.Entries = append(r.CRL.Entries, fixtures.CRLEntry{Serial: fixtures.UnassignedSerial(i), Reason: revocation.ReasonSuperseded})
		}
	}).CRLBody()
	cut := world{stdin: io.MultiReader(bytes.NewReader(long[:2*revocation.HeadSize]), iotest.ErrReader(errors.New("the line is dead")))}
	cut.run(t.Context(), args...).wantUsage(t, "reading standard input: the line is dead")
}

func TestLintOfAnArchiveThatWasCut(t *testing.T) {
	t.Parallel()
	s := serve(t, servesPEM, nil)
	archive := filepath.Join(t.TempDir(), "run")
	s.check(t, "--archive", archive).want(t, exitFindings)
	whole, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	cut := write(t, "cut", whole[:len(whole)-10])
	o := revprobe(t, "lint", cut)
	if !strings.Contains(o.stdout, "crl-not-pem") || o.code != exitFindings {
		t.Errorf("exit %d, stderr %q, stdout\n%s", o.code, o.stderr, o.stdout)
	}
	if !strings.Contains(o.stdout+o.stderr, "cut off") {
		t.Errorf("nothing says that the archive is cut:\n%s", o.stdout)
	}
	broken := write(t, "broken", []byte(`{"revprobe":7}`+"\n"))
	revprobe(t, "lint", broken).wantUsage(t, broken, "format is 7")
}

func TestLintOfAnArchiveAsOfAnotherTime(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, nil)
	archive := filepath.Join(t.TempDir(), "run")
	s.check(t, "--archive", archive).want(t, exitClean)
	revprobe(t, "lint", archive).want(t, exitClean, "no findings")
	later := time.Now().Add(30 * 24 * time.Hour).UTC().Format(time.RFC3339)
	o := revprobe(t, "lint", "--at", later, archive)
	o.want(t, exitFindings, "crl-not-expired", "ocsp-not-expired")
	if strings.Contains(o.stdout, "http-date-skew") || strings.Contains(o.stdout, "our clock") {
		t.Errorf("the Date of the answers is held against --at:\n%s", o.stdout)
	}
	// As if the CRL came from another host: two Dates are the word of two against our clock.
	run, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	run = bytes.ReplaceAll(run, []byte(s.fake.CRLURL()), []byte(strings.Replace(s.fake.CRLURL(), "127.0.0.1", "127.0.0.2", 1)))
	revprobe(t, "lint", "--at", later, write(t, "two-hosts", run)).want(t, exitFindings, "crl-not-expired", "ocsp-not-expired")
}

// endless never stops.
type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A pipe that does not end must not fill the disk.
func TestLintOfAPipeWithoutEnd(t *testing.T) {
	t.Parallel()
	crl := conforming(exampleTime, nil).CRLBody()
	const most = 1 << 20
	l := &linter{env: &environment{stdin: endless{}}, at: exampleTime, run: &evidence.Run{}, maxPiped: most}
	if _, err := l.file("-"); err == nil || err.Error() != "reading standard input: it goes on for more than 1 MiB: what is longer is read from a file only" {
		t.Errorf("an endless pipe: %v", err)
	}
	l.env.stdin = io.MultiReader(bytes.NewReader(crl), io.LimitReader(endless{}, most-int64(len(crl))))
	if r, err := l.file("-"); err != nil || len(r.Documents) != 1 || r.Documents[0].Kind != revocation.KindCRL {
		t.Errorf("a pipe that is as long as may be: %v, %v", r, err)
	}
}
