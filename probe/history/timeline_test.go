package history_test

import (
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/history"
	"github.com/revprobe/revprobe/revocation"
)

func TestTimelines(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "state"))
	hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	took := func(run *evidence.Run, d time.Duration) *evidence.Run {
		for i := range run.Exchanges {
			run.Exchanges[i].Timing.Total = d
		}
		return run
	}
	down := func(r *fixtures.Responder) { r.CRLHTTP.Code = 503 }
	record(t, s, took(asked(noon, nil), time.Second), took(asked(hour(1), nil), 3*time.Second), asked(hour(2), down), asked(hour(3), down),
		took(asked(hour(5), func(r *fixtures.Responder) { r.OCSP.Assigned = fixtures.Revoked }), 2*time.Second))

	run := asked(noon, nil)
	list, err := s.Timelines(t.Context(), run.Exchanges[crl].URL)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d timelines, %v", len(list), err)
	}
	point := list[0]
	if point.Responder || point.CA == "" || !point.First.Equal(noon) || !point.Last.Equal(hour(5)) || point.Asked != 5 || !point.LastAnswer.Equal(hour(5)) {
		t.Errorf("the distribution point is %+v", point)
	}
	if want := []evidence.Outage{{Start: hour(2), End: hour(5), Cause: evidence.HTTPStatus, Checks: 2}}; !reflect.DeepEqual(point.Outages, want) {
		t.Errorf("outages %+v", point.Outages)
	}
	if want := (evidence.Latency{Median: 2 * time.Second, Slowest: 3 * time.Second, SlowestAt: hour(1)}); point.Latency != want {
		t.Errorf("latency %+v", point.Latency)
	}
	if n := len(point.CRLs); n != 3 || !point.CRLs[2].ThisUpdate.Equal(hour(4)) || !point.CRLs[2].First.Equal(hour(5)) {
		t.Errorf("CRLs %+v", point.CRLs)
	}
	all, err := s.Timelines(t.Context(), "")
	if err != nil || len(all) != 2 {
		t.Fatalf("%d timelines, %v", len(all), err)
	}
	responder := all[1]
	if !responder.Responder || len(responder.Answers) != 1 || responder.Answers[0].Status != "revoked" || !responder.Answers[0].FirstRevoked.Equal(hour(5)) {
		t.Errorf("the responder is %+v", responder)
	}
}

// When OCSP was first seen to say revoked is known to the CRLs of the same CA.
func TestRevocationsThatOCSPToldFirst(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "state"))
	hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	told := func(r *fixtures.Responder) { r.OCSP.Assigned = fixtures.Revoked }
	record(t, s, asked(noon, told), asked(hour(26), told))
	run := asked(hour(27), func(r *fixtures.Responder) {
		r.CRL.Entries = []fixtures.CRLEntry{{Leaf: true, Reason: revocation.ReasonSuperseded}}
	})
	added := past(t, s, run, crl).CRL.Differences.Added
	if len(added.First) != 1 || !added.First[0].FirstRevoked.Equal(noon) {
		t.Errorf("the added entry is %+v", added)
	}
}

// A run in which every host was silent says nothing of any of them.
func TestOurOwnNetworkIsNoOutage(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "state"))
	record(t, s, asked(noon, nil))
	dark := asked(noon.Add(time.Hour), nil)
	for i, host := range []string{"http://a.example/", "http://b.example/", "http://c.example/", "http://d.example/"} {
		x := &dark.Exchanges[i]
		x.Failure, x.Addresses, x.Code, x.Body = evidence.ConnectTimeout, nil, 0, nil
		if i > 1 {
			x.URL = host
		}
	}
	dark.Exchanges[1].URL = "http://e.example/"
	record(t, s, dark)
	p := past(t, s, asked(noon.Add(2*time.Hour), nil), crl)
	if got := p.Checks[0]; got.Asked != 2 || got.Failed != 0 || len(p.Outages) != 0 {
		t.Errorf("checks %+v, outages %+v", got, p.Outages)
	}
}

func TestOlderSchemas(t *testing.T) {
	name := filepath.Join(t.TempDir(), "state")
	s := open(t, name)
	record(t, s, asked(noon, nil))
	restore := history.AddMigration("ALTER TABLE services ADD COLUMN note TEXT NOT NULL DEFAULT ''")
	migrated := open(t, name)
	if p := past(t, migrated, asked(noon.Add(time.Hour), nil), crl); p == nil || p.Checks[0].Asked != 2 {
		t.Errorf("after the migration the past is %+v", p)
	}
	restore()
	if _, err := history.Open(t.Context(), name); err == nil {
		t.Error("the file of the newer schema was opened")
	}

	other := filepath.Join(t.TempDir(), "state")
	record(t, open(t, other), asked(noon, nil))
	restore = history.AddMigration("ALTER TABLE services ADD COLUMN note TEXT; ALTER TABLE nothing ADD COLUMN note TEXT")
	if _, err := history.Open(t.Context(), other); err == nil {
		t.Error("a migration that fails was taken for done")
	}
	restore()
	if p := past(t, open(t, other), asked(noon.Add(time.Hour), nil), crl); p == nil || p.Checks[0].Asked != 2 {
		t.Errorf("after a migration that failed the past is %+v", p)
	}
}

// A file of the first version is brought up to date, and knows what it knew.
func TestTheFirstSchema(t *testing.T) {
	name := filepath.Join(t.TempDir(), "state")
	restore := history.AtVersion(1)
	s := open(t, name)
	run := asked(noon, nil)
	err := history.Execute(s, `INSERT INTO services VALUES (1, '`+run.Exchanges[ocsp].URL+`', x'`+history.CA(run)+`', 'the CA', 1);
		INSERT INTO checks VALUES (1, 1795000000000, '', 3);
		INSERT INTO answers VALUES (1, '`+run.Exchanges[ocsp].Serial+`', 'revoked', 1, 1794000000000, 1794900000000, 1795900000000, 1794900000000,
			1795000000000, 1795000000000, 0, 1795000000000, 0, '', 0)`)
	restore()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	p := past(t, open(t, name), run, ocsp)
	if p == nil || len(p.Answers) != 1 {
		t.Fatalf("the past is %+v", p)
	}
	if a := p.Answers[0]; a.Status != "revoked" || a.LastStatus != "revoked" || !a.LastThisUpdate.Equal(time.UnixMilli(1794900000000)) {
		t.Errorf("the answer is %+v", a)
	}
}
