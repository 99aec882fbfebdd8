package history_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
)

func TestAnswersOfEarlierRuns(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "state"))
	hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	unknown := func(r *fixtures.Responder) { r.OCSP.Assigned = fixtures.Unknown }
	revoked := func(r *fixtures.Responder) { r.OCSP.Assigned = fixtures.Revoked }
	record(t, s, asked(noon, unknown), asked(hour(1), nil), asked(hour(2), revoked))
	p := past(t, s, asked(hour(3), nil), ocsp)
	if p == nil || len(p.Answers) != 1 {
		t.Fatalf("the past is %+v", p)
	}
	a := p.Answers[0]
	leaf := fixtures.Conforming(noon, authority).LeafCertificate()
	if a.Status != "revoked" || a.Reason != 1 || !a.ThisUpdate.Equal(hour(1)) || !a.FirstRevoked.Equal(hour(2)) || !a.FirstGood.Equal(hour(1)) ||
		!a.LastUnassigned.Equal(noon) || !a.NotAfter.Equal(leaf.NotAfter) || !a.Seen.Equal(hour(2)) {
		t.Errorf("the answer is %+v", a)
	}

	// A later answer of an earlier thisUpdate does not become the last one.
	record(t, s, asked(hour(4), func(r *fixtures.Responder) { r.OCSP.ThisUpdate, r.OCSP.NextUpdate = hour(-5), hour(50) }))
	if a := past(t, s, asked(hour(5), nil), ocsp).Answers[0]; a.Status != "revoked" || !a.ThisUpdate.Equal(hour(1)) {
		t.Errorf("after an older answer: %+v", a)
	}

	// The same answer from a cache is the same answer, seen for longer.
	kept := func(r *fixtures.Responder) {
		r.OCSP.Assigned, r.OCSP.RevocationTime = fixtures.Revoked, hour(0)
		r.OCSP.ThisUpdate, r.OCSP.NextUpdate = hour(6), hour(50)
	}
	record(t, s, asked(hour(7), kept), asked(hour(9), kept))
	if a := past(t, s, asked(hour(10), nil), ocsp).Answers[0]; !a.FirstSeen.Equal(hour(7)) || !a.Seen.Equal(hour(9)) || !a.FirstRevoked.Equal(hour(2)) {
		t.Errorf("after the same answer twice: %+v", a)
	}
}

// The run before is known as well as the newest answer, which may be older.
func TestTheLastAnswerIsKnown(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "state"))
	hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	record(t, s, asked(noon, func(r *fixtures.Responder) { r.OCSP.Assigned = fixtures.Revoked }),
		asked(hour(1), func(r *fixtures.Responder) { r.OCSP.ThisUpdate, r.OCSP.NextUpdate = hour(-5), hour(50) }))
	if a := past(t, s, asked(hour(2), nil), ocsp).Answers[0]; a.Status != "revoked" || a.LastStatus != "good" || !a.LastThisUpdate.Equal(hour(-5)) {
		t.Errorf("after an older answer: %+v", a)
	}
	record(t, s, asked(hour(2), func(r *fixtures.Responder) { r.OCSP.Assigned = fixtures.Unauthorized }))
	if a := past(t, s, asked(hour(3), nil), ocsp).Answers[0]; a.Status != "revoked" || a.LastStatus != "unauthorized" {
		t.Errorf("after unauthorized: %+v", a)
	}
	record(t, s, asked(hour(3), nil))
	if a := past(t, s, asked(hour(4), nil), ocsp).Answers[0]; a.Status != "good" || a.LastStatus != "good" || !a.FirstRevoked.IsZero() {
		t.Errorf("after a hold: %+v", a)
	}
}

// The form of what was never issued is no revocation.
func TestNeverIssuedIsNotRevoked(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "state"))
	record(t, s, asked(noon, func(r *fixtures.Responder) { r.OCSP.Assigned = fixtures.ExtendedRevoked }))
	a := past(t, s, asked(noon.Add(time.Hour), nil), ocsp).Answers[0]
	if a.Status != "extended-revoked" || !a.FirstRevoked.IsZero() || !a.LastUnassigned.Equal(noon) {
		t.Errorf("the answer is %+v", a)
	}
}

func TestForgedAnswersAreNotKept(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "state"))
	record(t, s, asked(noon, func(r *fixtures.Responder) { r.OCSP.Signer, r.OCSP.Assigned = fixtures.AnyKey, fixtures.Revoked }))
	if p := past(t, s, asked(noon.Add(time.Hour), nil), ocsp); p == nil || len(p.Answers) != 0 {
		t.Errorf("the past is %+v", p)
	}
}
