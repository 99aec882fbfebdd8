package history_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
)

// triedAgain is a run whose CRL did not come, with what came a minute later.
func triedAgain(at time.Time, came bool) *evidence.Run {
	run := asked(at, func(r *fixtures.Responder) { r.CRLHTTP.Code = 503 })
	later := asked(at.Add(time.Minute), func(r *fixtures.Responder) {
		if !came {
			r.CRLHTTP.Code = 503
		}
	}).Exchanges[crl]
	later.ID, later.Try = "1.9", 2
	run.Exchanges = append(run.Exchanges, later)
	run.Confirm = &evidence.Confirmation{Failures: 2, Tries: 2}
	return run
}

// A failure that was answered when it was tried again is a failed check, and a short outage.
func TestAFailureThatIsNotConfirmedIsAShortOutage(t *testing.T) {
	t.Parallel()
	hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	for _, came := range []bool{true, false} {
		s := open(t, filepath.Join(t.TempDir(), "state"))
		record(t, s, asked(hour(0), nil))
		run := triedAgain(hour(1), came)
		p := past(t, s, run, crl)
		if n := len(p.Outages); n != 1 || p.Outages[0].End.IsZero() == came {
			t.Errorf("answered %v: in the run itself the outages are %+v", came, p.Outages)
		}
		record(t, s, run)
		p = past(t, s, asked(hour(2), nil), crl)
		end := hour(2)
		if came {
			end = hour(1).Add(time.Minute)
		}
		if n := len(p.Outages); n != 1 || !p.Outages[0].Start.Equal(hour(1)) || !p.Outages[0].End.Equal(end) || p.Outages[0].Cause != evidence.HTTPStatus {
			t.Errorf("answered %v: the outages are %+v", came, p.Outages)
		}
		asked := 3
		if came {
			asked = 4
		}
		if c := p.Checks[0]; c.Failed != 1 || c.Asked != asked {
			t.Errorf("answered %v: %d of %d checks failed", came, c.Failed, c.Asked)
		}
	}
}

// A service that was given up before its ten seconds were over has not failed.
func TestServiceGivenUpTooSoonHasNotFailed(t *testing.T) {
	t.Parallel()
	for took, outages := range map[time.Duration]int{2 * time.Second: 0, evidence.LateAfter: 0, evidence.LateAfter + time.Millisecond: 1} {
		s := open(t, filepath.Join(t.TempDir(), "state"))
		record(t, s, asked(noon, nil))
		silent := asked(noon.Add(time.Hour), nil)
		x := &silent.Exchanges[crl]
		x.Failure, x.Code, x.Header, x.Body, x.Timing = evidence.HTTPTimeout, 0, nil, nil, evidence.Timing{Total: took}
		record(t, s, silent)
		if p := past(t, s, asked(noon.Add(2*time.Hour), nil), crl); len(p.Outages) != outages || p.Checks[0].Failed != outages {
			t.Errorf("given up after %s: outages %+v, %d of %d checks failed", took, p.Outages, p.Checks[0].Failed, p.Checks[0].Asked)
		}
	}
}
