package conformance_test

import (
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe/conformance"
)

// What is counted place by place is what is counted in all, and what failed at a place is
// what was found there.
func TestJudgedAddsUp(t *testing.T) {
	t.Parallel()
	report := judgedUnder(t, "web", func(r *fixtures.Responder) {
		r.OCSP.Unassigned = fixtures.Good
		r.CRL.NextUpdate = r.Now.Add(-time.Second)
	}, nil)
	sum, failed := conformance.Counts{}, map[string]int{}
	for _, f := range report.Findings {
		if f.Outcome == conformance.Failed {
			place := f.Service
			if place == "" {
				place = f.Source
			}
			failed[f.Rule.ID+" "+place]++
		}
	}
	for _, j := range report.Judged {
		sum.Add(j.Outcomes)
		if got, want := j.Outcomes.Failed, failed[j.Rule.ID+" "+j.Place()]; got != want {
			t.Errorf("%s failed %d times at %s, %d findings are", j.Rule.ID, got, j.Place(), want)
		}
	}
	if sum != report.Outcomes || sum.Failed < 2 || sum.Passed < 20 {
		t.Errorf("place by place %v, in all %v", sum, report.Outcomes)
	}
}

// A suppression silences what it names where it names it, up to its last moment.
func TestSuppressionHoldsUntilItsEnd(t *testing.T) {
	t.Parallel()
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) { r.CRL.NextUpdate = r.Now.Add(-time.Second) }})
	for _, c := range []struct {
		name string
		s    conformance.Suppression
		want bool
	}{
		{"a moment before its end", conformance.Suppression{Reason: "known", Rules: "crl-*", Until: noon.Add(1)}, true},
		{"at its end", conformance.Suppression{Reason: "known", Rules: "crl-*", Until: noon}, false},
		{"at the service", conformance.Suppression{Reason: "known", Rules: "crl-not-expired", Service: fake.CRLURL(), Until: noon.Add(1)}, true},
		{"at another service", conformance.Suppression{Reason: "known", Rules: "crl-not-expired", Service: fake.OCSPURL(), Until: noon.Add(1)}, false},
		{"of another rule", conformance.Suppression{Reason: "known", Rules: "ocsp-*", Until: noon.Add(1)}, false},
	} {
		profile, _ := conformance.ProfileNamed("web")
		report := conformance.Examine(ask(t, fake, zoo.Memory{Responder: fake}, everything),
			conformance.Options{Profile: profile, Suppressions: []conformance.Suppression{c.s}})
		silenced := 0
		for _, f := range report.Findings {
			if f.Suppressed() {
				silenced++
			}
		}
		if (silenced > 0) != c.want || (report.Worst() == 0) != c.want {
			t.Errorf("%s: %d silenced, worst %s%s", c.name, silenced, report.Worst(), describe(report))
		}
	}
}
