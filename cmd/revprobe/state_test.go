package main

import (
	"bytes"
	"database/sql"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/revocation"
)

// acts serves one fake CA after the other at one address, as of now; the function it
// returns goes on to the next.
func acts(t *testing.T, changes ...func(*fixtures.Responder)) (first *service, next func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	first = &service{}
	var players []http.Handler
	now := time.Now()
	for _, change := range changes {
		fake := conforming(now, change)
		z, err := zoo.New(zoo.Options{Base: zoo.URL(l)}, []zoo.Enclosure{{Rule: "a-test", Case: "ca", Responder: fake}})
		if err != nil {
			t.Fatal(err)
		}
		if players = append(players, z); first.fake == nil {
			first.fake = fake
		}
	}
	server := &httptest.Server{Listener: &countingListener{l, &first.connections}, Config: &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { players[0].ServeHTTP(w, r) })}}
	server.Start()
	t.Cleanup(server.Close)
	first.leaf = write(t, "leaf.pem", armoured(first.fake.LeafCertificate()))
	first.ca = write(t, "ca.pem", armoured(first.fake.IssuerCertificate()))
	return first, func() { players = players[1:] }
}

// newCRL issues the CRL that follows the conforming one.
func newCRL(r *fixtures.Responder) {
	r.CRL.Number, r.CRL.ThisUpdate = 1001, r.Now.Add(-30*time.Minute)
}

func TestAnEntryThatIsGoneIsFoundInTheSecondRun(t *testing.T) {
	t.Parallel()
	revoked := func(r *fixtures.Responder) {
		r.CRL.Entries = []fixtures.CRLEntry{{Leaf: true, Reason: revocation.ReasonSuperseded}}
	}
	s, next := acts(t, revoked, func(r *fixtures.Responder) { newCRL(r); r.CRL.NoEntries = true })
	state := filepath.Join(t.TempDir(), "state.db")
	check := func() outcome {
		return s.check(t, "--rules", "crl-no-early-removal", "--state", state)
	}
	check().want(t, exitClean)
	check().want(t, exitClean)
	next()
	check().want(t, exitFindings, "crl-no-early-removal", s.fake.LeafSerial().String())
	check().want(t, exitClean) // it was told

	revprobe(t, "history", "--state", state).want(t, exitClean, s.fake.CRLURL(), "100 %", "CRL 0x03e9, 0 entries", "1 service;")
	revprobe(t, "history", "--state", state, s.fake.CRLURL()).want(t, exitClean, "asked    4 times", "0x03e8", "0x03e9", "-1", "median")
	lines := revprobe(t, "history", "--state", state, "--format", "json").objects(t)
	if crls, _ := lines[0]["crls"].([]any); len(lines) != 1 || len(crls) != 2 || lines[0]["asked"] != 4.0 {
		t.Errorf("the timeline is %v", lines)
	}
	o := revprobe(t, "history", "--state", state, "http://elsewhere.example/")
	o.wantUsage(t, "nothing is known", "hint: ")
}

// An archive keeps what came before its run, which says nothing of another time.
func TestArchiveWithItsPast(t *testing.T) {
	t.Parallel()
	listed := func(r *fixtures.Responder) {
		r.CRL.Entries = []fixtures.CRLEntry{{Leaf: true, Reason: revocation.ReasonSuperseded}}
	}
	s, next := acts(t, listed, func(r *fixtures.Responder) { newCRL(r); r.CRL.NoEntries = true })
	folder := t.TempDir()
	check := func() outcome {
		return s.check(t, "--rules", "crl-no-early-removal", "--state", filepath.Join(folder, "state.db"), "--archive", filepath.Join(folder, "archive"))
	}
	check().want(t, exitClean)
	next()
	check().want(t, exitFindings)
	revprobe(t, "report", "--rules", "crl-no-early-removal", filepath.Join(folder, "archive")).want(t, exitFindings, "crl-no-early-removal")
	at := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	revprobe(t, "lint", "--rules", "crl-no-early-removal", "--at", at, filepath.Join(folder, "archive")).want(t, exitClean)
}

// Of a run at a wrong time nothing is kept.
func TestAWrongClockIsKeptOutOfHistory(t *testing.T) {
	t.Parallel()
	slow := func(r *fixtures.Responder) {
		date := http.Header{"Date": {time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)}}
		r.OCSPHTTP.Header, r.CRLHTTP.Header = date, date
	}
	now := time.Now()
	var fakes []*fixtures.Responder
	for _, address := range []string{"127.0.0.1:0", "127.0.0.2:0"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		fakes = append(fakes, conforming(now, slow))
		z, err := zoo.New(zoo.Options{Base: zoo.URL(l)}, []zoo.Enclosure{{Rule: "a-test", Case: "ca", Responder: fakes[len(fakes)-1]}})
		if err != nil {
			t.Fatal(err)
		}
		server := &httptest.Server{Listener: l, Config: &http.Server{Handler: z}}
		server.Start()
		t.Cleanup(server.Close)
	}
	ca := write(t, "ca.pem", armoured(fakes[0].IssuerCertificate()))
	state := filepath.Join(t.TempDir(), "state.db")
	o := revprobe(t, "check", "--issuer", ca, "--ocsp", fakes[0].OCSPURL(), "--crl", fakes[1].CRLURL(), "--rules", "http-24x7", "--state", state)
	if !strings.Contains(o.stdout, "our clock is 1h0m") {
		t.Errorf("exit %d, stderr %q, stdout\n%s", o.code, o.stderr, o.stdout)
	}
	revprobe(t, "history", "--state", state).want(t, exitClean, "no service was asked yet")
}

func TestHistoryThatCannotBeReadStopsEverything(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, nil)
	folder := t.TempDir()
	made := func(name, statement string) string {
		path := filepath.Join(folder, name)
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text := write(t, "text", []byte(strings.Repeat("this is no database\n", 100)))
	for name, want := range map[string]string{
		text: "no history of revprobe",
		made("foreign", "CREATE TABLE bookmarks (url)"): "a database of another program",
		made("newer", "PRAGMA user_version = 99"):       "written by a newer revprobe",
		folder: "it is no file",
	} {
		s.check(t, "--state", name).wantUsage(t, "--state", want, "hint: ")
		revprobe(t, "history", "--state", name).wantUsage(t, "--state", want, "hint: ")
	}
	if n := s.connections.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
	empty := write(t, "empty", nil)
	revprobe(t, "history", "--state", empty).wantUsage(t, "it is empty", "hint: ")
	s.check(t, "--rules", "http-24x7", "--state", empty).want(t, exitClean)
	revprobe(t, "history", "--state", empty).want(t, exitClean, "answers")
	if err := os.Chmod(empty, 0o400); err != nil {
		t.Fatal(err)
	}
	revprobe(t, "history", "--state", empty).want(t, exitClean, "answers")
}

// What is wrong only further on in the file is found after all has been asked: the report is
// there, and the file is left as it was.
func TestHistoryThatIsDamagedFurtherOn(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, nil)
	state := filepath.Join(t.TempDir(), "state.db")
	s.check(t, "--rules", "http-24x7", "--state", state).want(t, exitClean)
	content, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096 // the first one has the schema
	for i := page; i < len(content); i++ {
		content[i] = 0xee
	}
	if err := os.WriteFile(state, content, 0o600); err != nil {
		t.Fatal(err)
	}
	o := s.check(t, "--rules", "http-24x7", "--state", state)
	if o.code != exitBug || !strings.Contains(o.stdout, "profile web:") || !strings.Contains(o.stderr, state+": it is no history of revprobe, or it is damaged") ||
		strings.Count(o.stderr, "\n") != 1 {
		t.Errorf("exit %d, stderr %q, stdout\n%s", o.code, o.stderr, o.stdout)
	}
	if o := revprobe(t, "history", "--state", state); o.code != exitBug || !strings.Contains(o.stderr, "damaged") || strings.Count(o.stderr, "\n") != 1 {
		t.Errorf("exit %d, stderr %q", o.code, o.stderr)
	}
	if after, err := os.ReadFile(state); err != nil || !bytes.Equal(after, content) {
		t.Errorf("the file was changed, %v", err)
	}
}

func TestHistoryThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, nil)
	s.check(t, "--state", "/proc/revprobe-state.db").wantUsage(t, "--state", "/proc/revprobe-state.db", "hint: ")
	if n := s.connections.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}
