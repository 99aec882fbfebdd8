package history_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/history"
	"github.com/revprobe/revprobe/revocation"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// authority is shared: making its keys takes longer than all the rest.
var authority = fixtures.NewAuthority(fixtures.Kind{})

// asked is one run over a fake at a time: its CRL by GET and its leaf's status by POST.
func asked(at time.Time, change func(*fixtures.Responder)) *evidence.Run {
	fake := fixtures.Conforming(at, authority)
	if change != nil {
		change(fake)
	}
	run := &evidence.Run{Started: at}
	run.AddCertificate(fake.IssuerCertificate().Raw, "issuer")
	run.AddCertificate(fake.LeafCertificate().Raw, "leaf")
	for i, ask := range []evidence.Ask{evidence.FetchCRL, evidence.AssignedPOST, evidence.AssignedGET, evidence.UnassignedPOST} {
		x := fake.Respond(fake.Question(ask))
		x.ID = fmt.Sprintf("1.%d", i+1)
		run.Exchanges = append(run.Exchanges, x)
	}
	return run
}

func open(t *testing.T, name string) *history.Store {
	t.Helper()
	s, err := history.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func record(t *testing.T, s *history.Store, runs ...*evidence.Run) {
	t.Helper()
	for _, run := range runs {
		if err := s.Record(t.Context(), history.Observe(run)); err != nil {
			t.Fatal(err)
		}
	}
}

// past returns what is known of the service of the run's exchange with that number.
func past(t *testing.T, s *history.Store, run *evidence.Run, exchange int) *evidence.PastService {
	t.Helper()
	p, err := s.Past(t.Context(), history.Observe(run))
	if err != nil {
		t.Fatal(err)
	}
	x := run.Exchanges[exchange]
	return p.Service(x.URL, x.Issuer)
}

const (
	crl  = 0 // exchanges of asked
	ocsp = 1
)

func serial(n byte) revocation.Serial { return append(bytes.Repeat([]byte{0x5a}, 15), n) }

func TestTheFirstRunHasNoPast(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "state"))
	if p := past(t, s, asked(noon, nil), crl); p != nil {
		t.Errorf("the past of an empty file is %+v", p)
	}
}

func TestCRLsOfEarlierRuns(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "state"))
	hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	entries := func(list ...fixtures.CRLEntry) func(*fixtures.Responder) {
		return func(r *fixtures.Responder) {
			r.CRL.Number, r.CRL.Entries, r.CRL.ThisUpdate = 7, list, hour(-1)
			r.CRL.NextUpdate = hour(90)
		}
	}
	entry := func(n byte, revoked time.Time, reason revocation.ReasonCode) fixtures.CRLEntry {
		return fixtures.CRLEntry{Serial: serial(n), Revoked: revoked, Reason: reason, NoReason: reason == 0}
	}
	record(t, s, asked(noon, entries(entry(3, hour(-30), 1), entry(1, hour(-30), 4), entry(2, hour(-30), 0))))

	run := asked(hour(5), func(r *fixtures.Responder) {
		entries(entry(2, hour(-31), 1), entry(3, hour(-30), 1), entry(4, hour(-2), 9))(r)
		r.CRL.ThisUpdate = hour(3)
	})
	p := past(t, s, run, crl)
	if p == nil || p.CRL == nil || p.CRL.Differences == nil {
		t.Fatalf("the past is %+v", p)
	}
	want := &evidence.CRLDifferences{
		Removed:    one(serial(1), evidence.EntryFact{Revoked: hour(-30), Reason: 4}, evidence.EntryFact{}),
		Added:      one(serial(4), evidence.EntryFact{}, evidence.EntryFact{Revoked: hour(-2), Reason: 9}),
		Redated:    one(serial(2), evidence.EntryFact{Revoked: hour(-30), Reason: -1}, evidence.EntryFact{Revoked: hour(-31), Reason: 1}),
		Rereasoned: one(serial(2), evidence.EntryFact{Revoked: hour(-30), Reason: -1}, evidence.EntryFact{Revoked: hour(-31), Reason: 1}),
	}
	if !reflect.DeepEqual(p.CRL.Differences, want) {
		t.Errorf("differences\n%+v, want\n%+v", p.CRL.Differences, want)
	}
	if p.CRL.SameNumber == nil || !p.CRL.SameNumber.ThisUpdate.Equal(hour(-1)) || p.CRL.SameNumber.Entries != 3 {
		t.Errorf("the earlier CRL of the same number is %+v", p.CRL.SameNumber)
	}
	if !p.CRL.Latest.ThisUpdate.Equal(hour(-1)) || !p.CRL.Previous.ThisUpdate.Equal(hour(-1)) || p.CRL.Known {
		t.Errorf("the latest CRL is %+v", p.CRL)
	}

	// The same CRL again differs in nothing, and does not count as another of its number.
	record(t, s, run)
	again := asked(hour(6), func(r *fixtures.Responder) {
		entries(entry(2, hour(-31), 1), entry(3, hour(-30), 1), entry(4, hour(-2), 9))(r)
		r.CRL.ThisUpdate = hour(3)
	})
	p = past(t, s, again, crl)
	if p.CRL.Differences != nil || p.CRL.SameNumber == nil || !p.CRL.SameNumber.ThisUpdate.Equal(hour(-1)) {
		t.Errorf("after the same CRL: %+v", p.CRL)
	}

	// An older CRL that an edge still serves replaces nothing.
	record(t, s, again, asked(hour(7), entries(entry(3, hour(-30), 1), entry(1, hour(-30), 4), entry(2, hour(-30), 0))))
	if p = past(t, s, again, crl); p.CRL.Differences != nil || !p.CRL.Latest.ThisUpdate.Equal(hour(3)) {
		t.Errorf("after an older CRL: %+v", p.CRL)
	}
}

func one(s revocation.Serial, before, after evidence.EntryFact) evidence.ChangedEntries {
	return evidence.ChangedEntries{Count: 1, First: []evidence.EntryChange{{Serial: s.String(), Before: before, After: after}}}
}

// Of many changes the first are named, and those whose certificates are known.
func TestChangesAreNamedUpToALimit(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "state"))
	var list []fixtures.CRLEntry
	for n := range 120 {
		list = append(list, fixtures.CRLEntry{Serial: serial(byte(n)), Reason: 1})
	}
	full := asked(noon, func(r *fixtures.Responder) {
		r.CRL.Entries = append(list, fixtures.CRLEntry{Serial: r.LeafSerial(), Reason: 1})
	})
	record(t, s, full)
	p := past(t, s, asked(noon.Add(2*time.Hour), func(r *fixtures.Responder) { r.CRL.NoEntries = true }), crl)
	removed := p.CRL.Differences.Removed
	if removed.Count != 121 || len(removed.First) != 51 {
		t.Fatalf("%d removed, %d named", removed.Count, len(removed.First))
	}
	leaf := fixtures.Conforming(noon, authority).LeafCertificate()
	if last := removed.First[50]; !last.NotAfter.Equal(leaf.NotAfter) || last.Serial != revocation.SerialOf(leaf.SerialNumber).String() {
		t.Errorf("the one that is known is %+v", last)
	}
}

// What another key signed is not the CA's CRL, and what ends too early is none.
func TestForeignAndBrokenCRLsAreNotKept(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "state"))
	record(t, s,
		asked(noon, func(r *fixtures.Responder) { r.CRL.ByOtherKey = true }),
		asked(noon.Add(time.Hour), func(r *fixtures.Responder) { r.CRL.Tamper = func(der []byte) []byte { return der[:len(der)-9] } }))
	if p := past(t, s, asked(noon.Add(2*time.Hour), nil), crl); p == nil || p.CRL != nil {
		t.Errorf("the past is %+v", p)
	}
}

// One document that is dated into the future is no measure of those that follow.
func TestDocumentsFromTheFuture(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "state"))
	hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	ahead := func(by time.Duration) func(*fixtures.Responder) {
		return func(r *fixtures.Responder) {
			r.CRL.Number, r.CRL.NoEntries = 2000, true
			r.CRL.ThisUpdate, r.CRL.NextUpdate = r.Now.Add(by), r.Now.Add(400*time.Hour)
			r.OCSP.ThisUpdate, r.OCSP.NextUpdate = r.Now.Add(by), r.Now.Add(400*time.Hour)
		}
	}
	record(t, s, asked(noon, nil), asked(hour(1), ahead(5*time.Minute+time.Second)))
	run := asked(hour(3), nil)
	p := past(t, s, run, crl)
	if p.CRL.Latest.Entries != 2 || p.CRL.Differences == nil || p.CRL.Differences.Added.Count != 0 || !p.CRL.Previous.ThisUpdate.After(hour(1)) {
		t.Errorf("the CRLs before are %+v", p.CRL)
	}
	if a := past(t, s, run, ocsp).Answers[0]; !a.ThisUpdate.Equal(hour(-1)) {
		t.Errorf("the answer before is %+v", a)
	}
	record(t, s, asked(hour(4), ahead(5*time.Minute)))
	if p := past(t, s, asked(hour(5), nil), crl); p.CRL.Latest.Entries != 0 || p.CRL.Differences == nil {
		t.Errorf("after one that is as early as clocks differ: %+v", p.CRL)
	}
}

// CRLs that do not all fit into memory from Past to Record are read again.
func TestEntriesThatAreReadAgain(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "state"))
	record(t, s, asked(noon, nil))
	run := history.Observe(asked(noon.Add(2*time.Hour), func(r *fixtures.Responder) { r.CRL.Entries = []fixtures.CRLEntry{{Serial: serial(1), Reason: 1}} }))
	history.LeaveNoRoom(run)
	if _, err := s.Past(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	if err := s.Record(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	p := past(t, s, asked(noon.Add(4*time.Hour), func(r *fixtures.Responder) { r.CRL.Entries = []fixtures.CRLEntry{{Serial: serial(2), Reason: 1}} }), crl)
	if d := p.CRL.Differences; d == nil || d.Removed.Count != 1 || d.Removed.First[0].Serial != serial(1).String() {
		t.Errorf("the differences are %+v", d)
	}
}

func TestAvailability(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "state"))
	down := func(r *fixtures.Responder) { r.CRLHTTP.Code = 503 }
	ours := asked(noon.Add(50*time.Hour), nil)
	for i := range ours.Exchanges {
		ours.Exchanges[i].Failure = evidence.NoRoute
	}
	record(t, s, asked(noon.Add(-40*24*time.Hour), down), asked(noon.Add(-39*24*time.Hour), nil), asked(noon, nil), asked(noon.Add(24*time.Hour), down), asked(noon.Add(25*time.Hour), down),
		asked(noon.Add(26*time.Hour), nil), ours)
	p := past(t, s, asked(noon.Add(50*time.Hour), down), crl)
	hours := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	wantChecks := []evidence.PastChecks{
		{Window: 24 * time.Hour, Since: hours(50), Asked: 1, Failed: 1}, // a check is in the window that ends with it, and not at its very start
		{Window: 7 * 24 * time.Hour, Since: noon, Asked: 5, Failed: 3},
		{Window: 30 * 24 * time.Hour, Since: noon, Asked: 5, Failed: 3},
	}
	wantOutages := []evidence.Outage{{Start: hours(24), End: hours(26), Cause: evidence.HTTPStatus, Checks: 2}, {Start: hours(50), Cause: evidence.HTTPStatus, Checks: 1}}
	if !reflect.DeepEqual(p.Checks, wantChecks) || !reflect.DeepEqual(p.Outages, wantOutages) {
		t.Errorf("checks %+v\noutages %+v", p.Checks, p.Outages)
	}
	if !p.LastAnswer.Equal(hours(26)) || !p.Last.Equal(hours(26)) {
		t.Errorf("last answer %s, last asked %s", p.LastAnswer, p.Last)
	}
}

func TestFilesThatAreNoHistory(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name string, statements ...string) string {
		path := filepath.Join(folder, name)
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for _, statement := range statements {
			if _, err := db.Exec(statement); err != nil {
				t.Fatal(err)
			}
		}
		return path
	}
	text := filepath.Join(folder, "text")
	if err := os.WriteFile(text, bytes.Repeat([]byte("this is no database\n"), 100), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		text:                                 "it is no history of revprobe, or it is damaged",
		folder:                               "it is no file",
		filepath.Join(folder, "no", "where"): "no such file or directory",
		write("foreign", "CREATE TABLE bookmarks (url)"): "it is a database of another program",
		write("newer", "PRAGMA user_version = 99"):       "it was written by a newer revprobe",
	} {
		if _, err := history.Open(t.Context(), name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	if _, err := history.Open(t.Context(), filepath.Join(folder, "newer")); !errors.Is(err, history.ErrNewer) {
		t.Errorf("a newer file: %v", err)
	}
}

// Several runs at once are recorded one after the other, and none is lost.
func TestRunsAtOnce(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "state")
	var wait sync.WaitGroup
	for n := range 8 {
		wait.Go(func() {
			s, err := history.Open(t.Context(), name)
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			if err := s.Record(t.Context(), history.Observe(asked(noon.Add(time.Duration(n)*time.Minute), nil))); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	p := past(t, open(t, name), asked(noon.Add(time.Hour), nil), crl)
	if got := p.Checks[0].Asked; got != 9 {
		t.Errorf("%d checks are known, want 9", got)
	}
	left, err := os.ReadDir(filepath.Dir(name))
	if err != nil || len(left) > 2 { // the journal of the handle that is still open may be there
		t.Errorf("the folder holds %v, %v", left, err)
	}
}

// A run that does not fit on the disk is not recorded, and what was there before is.
func TestAFullDisk(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "state")
	s := open(t, name)
	record(t, s, asked(noon, nil))
	if err := history.LimitPages(s); err != nil {
		t.Fatal(err)
	}
	large := asked(noon.Add(time.Hour), func(r *fixtures.Responder) {
		for n := range 3000 {
			r.CRL.Entries = append(r.CRL.Entries, fixtures.CRLEntry{Serial: append(serial(byte(n)), byte(n>>8)), Reason: 1})
		}
	})
	err := s.Record(t.Context(), history.Observe(large))
	if err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Fatalf("recording gave %v", err)
	}
	p := past(t, open(t, name), large, crl)
	if got := p.Checks[0].Asked; got != 2 || p.CRL.Latest.Entries != 2 {
		t.Errorf("after a full disk %d checks and a CRL of %d entries are known", got, p.CRL.Latest.Entries)
	}
}

// A process that is killed while it records leaves whole runs behind.
func TestKilledWhileRecording(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "state")
	if state := os.Getenv("REVPROBE_TEST_STATE"); state != "" {
		recordForEver(state)
	}
	known := 0
	for range 5 {
		child := exec.Command(os.Args[0], "-test.run", "^TestKilledWhileRecording$")
		child.Env = append(os.Environ(), "REVPROBE_TEST_STATE="+name, "TMPDIR="+filepath.Dir(name)) // a child that is killed leaves its folders
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		line := make([]byte, 1)
		for range 3 { // runs that are recorded for certain; the next one is under way
			if _, err := out.Read(line); err != nil {
				t.Fatal(err)
			}
		}
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait()
		s, err := history.Open(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		p := past(t, s, asked(noon.Add(time.Hour), nil), crl)
		if err := errors.Join(history.Check(s), s.Close()); err != nil {
			t.Fatal(err)
		}
		if now := p.Checks[0].Asked - 1; now < known+3 {
			t.Errorf("%d runs are known, %d were recorded before and 3 since", now, known)
		} else {
			known = now
		}
	}
}

// recordForEver records runs and writes an octet for each, until it is killed.
func recordForEver(state string) {
	for {
		s, err := history.Open(context.Background(), state)
		if err != nil {
			panic(err)
		}
		if err := s.Record(context.Background(), history.Observe(asked(noon.Add(-time.Duration(time.Now().UnixNano()%72000)*time.Second), nil))); err != nil {
			panic(err)
		}
		if err := s.Close(); err != nil {
			panic(err)
		}
		fmt.Print(".")
	}
}
