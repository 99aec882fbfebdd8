package history_test

import (
	"crypto/x509"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/history"
	"github.com/revprobe/revprobe/revocation"
)

// scenarioBegin is when the 30 days of the scenario begin.
var scenarioBegin = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)

// scenarioStep is how often all are asked; while an outage is played, it is every 15 minutes.
const scenarioStep = 3 * time.Hour

// actor is one CA of the scenario: what it does at a time, counted from the beginning.
type actor struct {
	name string
	act  func(at time.Duration, r *fixtures.Responder)
	want []string // day and rule of each finding, once
}

func on(d int, hours float64) time.Duration {
	return time.Duration(d)*24*time.Hour + time.Duration(hours*float64(time.Hour))
}

func between(at, from, until time.Duration) bool { return from <= at && at < until }

// outage has both services down for a time.
func outage(from time.Duration, lasting time.Duration) func(time.Duration, *fixtures.Responder) {
	return func(at time.Duration, r *fixtures.Responder) {
		if between(at, from, from+lasting) {
			r.CRLHTTP.Code, r.OCSPHTTP.Code = 503, 503
		}
	}
}

// scenarioActors are the healthy one and those with one fault each. Entries are dated before
// the beginning, so that they stay as they are.
func scenarioActors() []actor {
	return []actor{
		{"healthy", func(time.Duration, *fixtures.Responder) {}, nil},
		{"older CRL", func(at time.Duration, r *fixtures.Responder) {
			if at == on(4, 3) {
				issued(r, at-on(1, 0))
			}
		}, []string{"4 crl-thisupdate-nonregress"}},
		{"older OCSP", func(at time.Duration, r *fixtures.Responder) {
			if at == on(5, 3) {
				r.OCSP.ThisUpdate = r.Now.Add(-25 * time.Hour)
			}
		}, []string{"5 ocsp-monotonic"}},
		{"number again", func(at time.Duration, r *fixtures.Responder) {
			if at == on(6, 3) {
				r.CRL.Number--
			}
		}, []string{"6 crl-number-distinct", "6 crl-number-monotonic"}},
		{"entry dropped", func(at time.Duration, r *fixtures.Responder) {
			if at >= on(7, 3) {
				r.CRL.Entries = r.CRL.Entries[:1]
			}
		}, []string{"7 crl-no-early-removal"}},
		{"reason downgraded", func(at time.Duration, r *fixtures.Responder) {
			if at >= on(8, 3) {
				r.CRL.Entries[0].Reason = revocation.ReasonSuperseded
			}
		}, []string{"8 crl-reason-not-downgraded"}},
		{"revocation reverted", func(at time.Duration, r *fixtures.Responder) {
			if at >= on(9, 3) {
				r.OCSP.Assigned = fixtures.Good
			}
		}, []string{"9 ocsp-revoked-not-reverted"}},
		{"flapping", func(at time.Duration, r *fixtures.Responder) {
			if day := at / on(1, 0); day >= 10 && day < 14 && at%on(1, 0) == on(0, 3) {
				r.CRLHTTP.Code = 503
			}
		}, []string{"13 http-24x7"}},
		{"90 minutes", outage(on(15, 3), 90*time.Minute), []string{"15 http-24x7", "15 http-24x7"}},
		{"5 hours", outage(on(17, 3), 5*time.Hour), []string{"17 http-24x7", "17 http-24x7", "17 http-crl-4h"}},
		{"26 hours", outage(on(19, 3), 26*time.Hour), []string{"19 http-24x7", "19 http-24x7", "19 http-crl-4h", "20 http-24x7", "20 http-24x7"}},
	}
}

// issued makes the CRL that was current at a time: one comes every step.
func issued(r *fixtures.Responder, at time.Duration) {
	n := at / scenarioStep
	r.CRL.Number = 1000 + int64(n)
	r.CRL.ThisUpdate = scenarioBegin.Add(n*scenarioStep - time.Hour)
	r.CRL.NextUpdate = r.CRL.ThisUpdate.Add(4 * 24 * time.Hour)
}

// playing is what an actor is at a time.
func playing(a actor, host string, at time.Duration) *fixtures.Responder {
	r := fixtures.Conforming(scenarioBegin.Add(at), authority)
	r.Base = "http://" + host + ".example"
	revoked := scenarioBegin.Add(-72 * time.Hour)
	r.Issuer = func(c *x509.Certificate) {
		c.Subject.CommonName = a.name
		c.NotBefore, c.NotAfter = scenarioBegin.AddDate(-1, 0, 0), scenarioBegin.AddDate(3, 0, 0)
	}
	r.Leaf = func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = scenarioBegin.AddDate(0, 0, -10), scenarioBegin.AddDate(0, 0, 60)
	}
	r.CRL.Entries = []fixtures.CRLEntry{{Serial: revocation.Serial{0x41, 1, 2, 3, 4, 5, 6, 7, 8}, Revoked: revoked, Reason: revocation.ReasonKeyCompromise},
		{Leaf: true, Revoked: revoked, Reason: revocation.ReasonSuperseded}}
	r.OCSP.Assigned, r.OCSP.RevocationTime, r.OCSP.Reason = fixtures.Revoked, revoked, revocation.ReasonSuperseded
	issued(r, at)
	a.act(at, r)
	return r
}

// scenarioTimes is every step of 30 days, and every quarter of an hour of the outages.
func scenarioTimes() []time.Duration {
	var list []time.Duration
	for at := time.Duration(0); at < on(30, 0); at += 15 * time.Minute {
		if at%scenarioStep == 0 || between(at, on(15, 3), on(15, 6)) || between(at, on(17, 3), on(17, 9)) ||
			at%time.Hour == 0 && between(at, on(19, 3), on(20, 9)) {
			list = append(list, at)
		}
	}
	return list
}

// Thirty days: each fault is found once by its rule, on the day on which it happens, and the
// healthy one is silent. An outage is told once for each limit that it exceeds, of the
// responder and of the distribution point.
func TestThirtyDays(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "state"))
	rules := slices.DeleteFunc(conformance.Rules(), func(r *conformance.Rule) bool { return r.History == nil })
	profile, _ := conformance.ProfileNamed("web")
	found := map[string][]string{}
	actors := scenarioActors()
	for _, at := range scenarioTimes() {
		run := &evidence.Run{Started: scenarioBegin.Add(at)}
		names := map[string]string{} // by exchange
		for i, a := range actors {
			r := playing(a, fmt.Sprintf("ca-%d", i), at)
			run.AddCertificate(r.IssuerCertificate().Raw, "issuer")
			run.AddCertificate(r.LeafCertificate().Raw, "leaf")
			for n, ask := range []evidence.Ask{evidence.FetchCRL, evidence.AssignedPOST} {
				x := r.Respond(r.Question(ask))
				x.ID = fmt.Sprintf("%d.%d", i+1, n+1)
				names[x.ID] = a.name
				run.Exchanges = append(run.Exchanges, x)
			}
		}
		past, err := s.Past(t.Context(), history.Observe(run))
		if err != nil {
			t.Fatal(err)
		}
		run.Past = past
		for _, f := range conformance.Examine(run, conformance.Options{Profile: profile, Rules: rules}).Findings {
			if f.Outcome == conformance.Failed {
				name := names[f.Exchanges[0]]
				found[name] = append(found[name], fmt.Sprintf("%d %s", at/on(1, 0), f.Rule.ID))
			}
		}
		record(t, s, run)
	}
	for _, a := range actors {
		slices.Sort(found[a.name])
		slices.Sort(a.want)
		if !reflect.DeepEqual(found[a.name], a.want) {
			t.Errorf("%s: found %q, want %q", a.name, found[a.name], a.want)
		}
	}
}
