package history_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/history"
	"github.com/revprobe/revprobe/revocation"
)

// scenarioBegin is when the 30 days of the scenario begin.
var scenarioBegin = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)

// scenarioStep is how often all are asked; while an outage is played, it is more often.
const scenarioStep = 8 * time.Hour

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
			if at == on(4, 8) {
				issued(r, at-on(1, 0))
			}
		}, []string{"4 crl-thisupdate-nonregress"}},
		{"older OCSP", func(at time.Duration, r *fixtures.Responder) {
			if at == on(5, 8) {
				r.OCSP.ThisUpdate = r.Now.Add(-25 * time.Hour)
			}
		}, []string{"5 ocsp-monotonic"}},
		{"number again", func(at time.Duration, r *fixtures.Responder) {
			if at == on(6, 8) {
				r.CRL.Number--
			}
		}, []string{"6 crl-number-distinct", "6 crl-number-monotonic"}},
		{"entry dropped", func(at time.Duration, r *fixtures.Responder) {
			if at >= on(7, 8) {
				r.CRL.Entries = r.CRL.Entries[:1]
			}
		}, []string{"7 crl-no-early-removal"}},
		{"reason downgraded", func(at time.Duration, r *fixtures.Responder) {
			if at >= on(8, 8) {
				r.CRL.Entries[0].Reason = revocation.ReasonSuperseded
			}
		}, []string{"8 crl-reason-not-downgraded"}},
		{"revocation reverted", func(at time.Duration, r *fixtures.Responder) {
			if at >= on(9, 8) {
				r.OCSP.Assigned = fixtures.Good
			}
		}, []string{"9 ocsp-revoked-not-reverted"}},
		{"flapping", func(at time.Duration, r *fixtures.Responder) {
			if day := at / on(1, 0); day >= 10 && day < 14 && at%on(1, 0) == on(0, 8) {
				r.CRLHTTP.Code = 503
			}
		}, []string{"13 http-24x7"}},
		{"lagging address", func(at time.Duration, r *fixtures.Responder) {
			daily(r, at)
			r.DNS.Addresses = []string{"192.0.43.8", "192.0.43.9", "2001:500:88:200::8"}
			r.Replicas = []func(*fixtures.Responder){nil, func(machine *fixtures.Responder) {
				if at == on(11, 8) {
					daily(machine, at-on(1, 0))
				}
			}, nil}
		}, []string{"11 crl-replication"}},
		{"CRL expired at night", func(at time.Duration, r *fixtures.Responder) {
			if between(at, on(18, 0), on(22, 12)) {
				issued(r, on(18, 0))
				r.CRL.NextUpdate = scenarioBegin.Add(on(22, 2.5))
			}
		}, []string{"22 crl-not-expired"}},
		{"OCSP expired at night", func(at time.Duration, r *fixtures.Responder) {
			if between(at, on(24, 16), on(25, 12)) {
				r.OCSP.ThisUpdate = scenarioBegin.Add(on(24, 15))
				r.OCSP.ProducedAt, r.OCSP.NextUpdate = r.OCSP.ThisUpdate, r.OCSP.ThisUpdate.Add(10*time.Hour-time.Second)
			}
		}, []string{"25 ocsp-br-update-short", "25 ocsp-not-expired"}},
		{"status not told", func(at time.Duration, r *fixtures.Responder) {
			r.CRL.Entries = r.CRL.Entries[:1]
			if r.OCSP.Assigned = fixtures.Good; at >= on(26, 8) {
				r.OCSP.Assigned = fixtures.Unauthorized
			}
		}, []string{"26 ocsp-served-until-expiry"}},
		{"older CRL for a day", func(at time.Duration, r *fixtures.Responder) {
			if between(at, on(27, 8), on(28, 0)) {
				issued(r, at-on(1, 0))
			}
		}, []string{"27 crl-thisupdate-nonregress"}},
		{"90 minutes", func(at time.Duration, r *fixtures.Responder) {
			r.DNS.Addresses = []string{"192.0.43.8", "192.0.43.9"}
			outage(on(15, 8), 90*time.Minute)(at, r)
		}, []string{"15 http-24x7", "15 http-24x7"}},
		{"5 hours", outage(on(17, 8), 5*time.Hour), []string{"17 http-24x7", "17 http-24x7", "17 http-crl-4h"}},
		{"28 hours", outage(on(19, 8), 28*time.Hour), []string{"19 http-24x7", "19 http-24x7", "19 http-crl-4h", "20 http-24x7", "20 http-24x7"}},
	}
}

// issued makes the CRL that was current at a time: one comes every step.
func issued(r *fixtures.Responder, at time.Duration) {
	n := at / scenarioStep
	r.CRL.Number = 1000 + int64(n)
	r.CRL.ThisUpdate = scenarioBegin.Add(n*scenarioStep - time.Hour)
	r.CRL.NextUpdate = r.CRL.ThisUpdate.Add(4 * 24 * time.Hour)
}

// daily is issued where a CRL comes at midnight alone.
func daily(r *fixtures.Responder, at time.Duration) { issued(r, at/on(1, 0)*on(1, 0)) }

// at is what an actor is at a time.
func (a actor) at(host string, at time.Duration) *fixtures.Responder {
	r := fixtures.Conforming(scenarioBegin.Add(at), authority)
	r.Base = "http://" + host
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
	r.DNS.Addresses = []string{"192.0.43.8"}
	issued(r, at)
	a.act(at, r)
	return r
}

// scenarioTimes is every step of 30 days, and of the outages every quarter of an hour, half
// an hour or two hours.
func scenarioTimes() []time.Duration {
	var list []time.Duration
	for at := time.Duration(0); at < on(30, 0); at += 15 * time.Minute {
		if at%scenarioStep == 0 || between(at, on(15, 8), on(15, 10)) || at%(30*time.Minute) == 0 && between(at, on(17, 8), on(17, 14)) ||
			at%(2*time.Hour) == 0 && between(at, on(19, 8), on(20, 12)) {
			list = append(list, at)
		}
	}
	return list
}

// stage is who answers at each host.
type stage map[string]*fixtures.Responder

// Ask answers a moment later, as the fake does.
func (s stage) Ask(_ context.Context, q evidence.Question) evidence.Exchange {
	time.Sleep(10 * time.Millisecond)
	u, err := url.Parse(q.URL)
	if err != nil {
		panic(err)
	}
	x := s[u.Hostname()].Respond(q)
	x.At = time.Now().UTC()
	return x
}

// scenarioAsks are enough for every fault.
const scenarioAsks = evidence.Resolve | evidence.FetchCRL | evidence.AssignedPOST | evidence.UnassignedPOST

// asking checks all actors in one run, every address of each, and tries again what fails.
func asking(t *testing.T, actors []actor, at time.Duration) *evidence.Run {
	t.Helper()
	run := &evidence.Run{Started: time.Now().UTC()}
	playing, targets := stage{}, []probe.Target(nil)
	for i, a := range actors {
		r := a.at(fmt.Sprintf("ca-%d.example", i), at)
		playing[fmt.Sprintf("ca-%d.example", i)] = r
		targets = append(targets, probe.Target{Certificate: r.LeafCertificate(), Issuer: r.IssuerCertificate(),
			Responders: []string{r.OCSPURL()}, DistributionPoints: []string{r.CRLURL()}})
	}
	plan, err := probe.NewPlan(run, targets, probe.Options{Asks: scenarioAsks, Serials: probe.Serials{Seed: []byte("thirty days")},
		Replicas:     probe.Replicas{EveryAddress: true},
		Confirmation: probe.Confirmation{Confirmation: evidence.Confirmation{Failures: 2, Tries: 2}, Interval: 30 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	probe.Run(t.Context(), plan, playing, run)
	return run
}

// found returns the rules that failed, once for each service, by host.
func found(report *conformance.Report) map[string][]string {
	list, told := map[string][]string{}, map[string]bool{}
	for _, f := range report.Findings {
		if key := f.Rule.ID + " " + f.Service; f.Outcome == conformance.Failed && !told[key] {
			told[key] = true
			host, _, _ := strings.Cut(strings.TrimPrefix(f.Service, "http://"), "/")
			list[host] = append(list[host], f.Rule.ID)
		}
	}
	return list
}

// thirtyDays checks actors for 30 days, and returns the day and rule of each finding under a
// profile, by host.
func thirtyDays(t *testing.T, state string, actors []actor, rules []*conformance.Rule, under string) map[string][]string {
	time.Sleep(time.Until(scenarioBegin))
	s := open(t, state)
	profile, _ := conformance.ProfileNamed(under)
	days := map[string][]string{}
	for _, at := range scenarioTimes() {
		time.Sleep(time.Until(scenarioBegin.Add(at)))
		run := asking(t, actors, at)
		seen := history.Observe(run)
		past, err := s.Past(t.Context(), seen)
		if err != nil {
			t.Fatal(err)
		}
		run.Past = past
		for host, failed := range found(conformance.Examine(run, conformance.Options{Profile: profile, Rules: rules})) {
			for _, rule := range failed {
				days[host] = append(days[host], fmt.Sprintf("%d %s", at/on(1, 0), rule))
			}
		}
		if err := s.Record(t.Context(), seen); err != nil {
			t.Fatal(err)
		}
	}
	return days
}

// Thirty days: each fault is found once by its rule, on the day on which it happens. An
// outage is told once for each limit that it exceeds, of the responder and of the
// distribution point. Rules that tell in every run how things stand are put aside, but for
// those of faults that last for one run.
func TestThirtyDays(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state")
	rules := slices.DeleteFunc(conformance.Rules(), func(r *conformance.Rule) bool {
		return r.History == nil && !slices.Contains([]string{"crl-not-expired", "ocsp-not-expired", "crl-replication", "ocsp-ip-consistent"}, r.ID)
	})
	synctest.Test(t, func(t *testing.T) {
		actors := scenarioActors()
		days := thirtyDays(t, state, actors, rules, "web")
		for i, a := range actors {
			got := days[fmt.Sprintf("ca-%d.example", i)]
			slices.Sort(got)
			slices.Sort(a.want)
			if !slices.Equal(got, a.want) {
				t.Errorf("%s: found %q, want %q", a.name, got, a.want)
			}
		}
	})
}

// No rule at all has anything to say of the healthy one in thirty days.
func TestThirtyHealthyDays(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		if days := thirtyDays(t, state, scenarioActors()[:1], conformance.Rules(), "web"); len(days) > 0 {
			t.Errorf("found %q", days)
		}
	})
}
