package conformance_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// Law 1: conforming is silent.
func TestConformingIsSilent(t *testing.T) {
	t.Parallel()
	times := []time.Time{noon, time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(2028, 2, 29, 0, 0, 0, 0, time.UTC)}
	for _, kind := range fixtures.Kinds() {
		for _, now := range times {
			conforming := fixtures.Conforming(now, fixtures.NewAuthority(kind))
			conforming.Replicas = make([]func(*fixtures.Responder), 2) // each address is asked
			report := playedTo(t, conforming, everything|evidence.Probes)
			if ids := fired(report); len(ids) > 0 {
				t.Errorf("%s at %s: the conforming responder fires %v%s", kind, now, ids, describe(report))
			}
			if report.Outcomes.Passed == 0 {
				t.Errorf("%s at %s: nothing was judged", kind, now)
			}
			for _, f := range report.Findings {
				if f.Outcome == conformance.Inconclusive {
					t.Errorf("%s at %s: %s is inconclusive: %s", kind, now, f.Rule.ID, f.Got)
				}
			}
		}
	}
}

// Law 2: bad fires exactly.
func TestBadFiresExactly(t *testing.T) {
	t.Parallel()
	for _, r := range conformance.Rules() {
		for _, c := range r.Bad {
			t.Run(r.ID+"/"+c.Name, func(t *testing.T) {
				t.Parallel()
				report := playedTo(t, faked(fixtures.Kind{}, c), asksFor(r))
				got := fired(report)
				if !slices.Contains(got, r.ID) {
					t.Errorf("does not fire; fired: %v%s", got, describe(report))
				}
				for _, id := range got {
					if id != r.ID && !slices.Contains(r.Also, id) {
						t.Errorf("fires %s too%s", id, describe(report))
					}
				}
			})
		}
	}
}

// Law 2, the other half: nothing stands in Also that no bad case fires.
func TestAlsoIsNeeded(t *testing.T) {
	t.Parallel()
	for _, r := range conformance.Rules() {
		if len(r.Also) > 3 {
			t.Errorf("%s: %d rules in Also, more than 3", r.ID, len(r.Also))
		}
		var all []string
		for _, c := range r.Bad {
			all = append(all, fired(playedTo(t, faked(fixtures.Kind{}, c), asksFor(r)))...)
		}
		for _, id := range r.Also {
			if !slices.Contains(all, id) {
				t.Errorf("%s: Also names %s, which no bad case fires", r.ID, id)
			}
		}
	}
}

// Law 3: good is silent for its rule, and the rule was put to it.
func TestGoodIsSilent(t *testing.T) {
	t.Parallel()
	for _, r := range conformance.Rules() {
		for _, c := range r.Good {
			t.Run(r.ID+"/"+c.Name, func(t *testing.T) {
				t.Parallel()
				fake := faked(fixtures.Kind{}, c)
				report := judge(t, ask(t, fake, zoo.Memory{Responder: fake}, asksFor(r)), r)
				if got := fired(report); len(got) > 0 {
					t.Errorf("fires%s", describe(report))
				}
				if report.Outcomes.Passed+report.Outcomes.NotApplicable+report.Outcomes.Inconclusive == 0 {
					t.Error("the rule was not put to anything")
				}
			})
		}
	}
}

// Law 4: well-formed.
func TestRulesAreWellFormed(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range conformance.Rules() {
		if seen[r.ID] {
			t.Errorf("%s: the id is used twice", r.ID)
		}
		seen[r.ID] = true
		functions := 0
		for _, set := range []bool{r.Exchange != nil, r.Response != nil, r.OCSP != nil, r.CRL != nil, r.Entries != nil, r.Cert != nil, r.Service != nil, r.Issuer != nil, r.History != nil} {
			if set {
				functions++
			}
		}
		switch {
		case functions != 1:
			t.Errorf("%s: %d judging functions", r.ID, functions)
		case len(r.Cites) == 0:
			t.Errorf("%s: no citation", r.ID)
		case !strings.HasSuffix(r.Says, "."):
			t.Errorf("%s: %q is no sentence", r.ID, r.Says)
		case r.Needs == 0:
			t.Errorf("%s: needs nothing, so no plan ever serves it", r.ID)
		case len(r.Bad) == 0:
			t.Errorf("%s: no bad case", r.ID)
		}
		names := map[string]bool{}
		for _, c := range slices.Concat(r.Bad, r.Good) {
			if c.Name == "" || names[c.Name] {
				t.Errorf("%s: case name %q is empty or used twice", r.ID, c.Name)
			}
			names[c.Name] = true
		}
		for _, id := range r.Also {
			if conformance.RuleNamed(id) == nil {
				t.Errorf("%s: Also names %s, which does not exist", r.ID, id)
			}
		}
	}
}

// withoutLimit are the rules that compare nothing: a bad case alone proves them.
var withoutLimit = []string{"ocsp-error-no-bytes", "ocsp-success-has-bytes", "ocsp-type-basic", "ocsp-certid-hashes-correct"}

// Law 4, for rules that compare: on the limit there is a good case.
func TestComparingRulesHaveAGoodCase(t *testing.T) {
	t.Parallel()
	for _, r := range conformance.Rules() {
		if len(r.Good) == 0 && !slices.Contains(withoutLimit, r.ID) {
			t.Errorf("%s: no good case", r.ID)
		}
	}
}

// Law 7: the kinds of questions that a rule needs suffice for its verdict.
func TestNeedsSuffice(t *testing.T) {
	t.Parallel()
	for _, r := range conformance.Rules() {
		for _, c := range slices.Concat(r.Bad, r.Good) {
			t.Run(r.ID+"/"+c.Name, func(t *testing.T) {
				t.Parallel()
				fake := faked(fixtures.Kind{}, c)
				all := judge(t, ask(t, fake, zoo.Memory{Responder: fake}, asksFor(r)), r)
				some := judge(t, ask(t, fake, zoo.Memory{Responder: fake}, r.Asks()), r)
				if !slices.Equal(fired(all), fired(some)) {
					t.Errorf("asked everything it fires %v, asked only %s it fires %v", fired(all), r.Asks(), fired(some))
				}
			})
		}
	}
}

// A rule that panics is one place's business and loses no other verdict.
func TestAPanickingRuleIsABugNotACrash(t *testing.T) {
	t.Parallel()
	fake := fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{}))
	bad := &conformance.Rule{ID: "panics", Cites: []conformance.Citation{conformance.RFC6960("2.2", conformance.Must)}, Needs: evidence.OCSP,
		OCSP: func(conformance.OCSPSubject) conformance.Verdict { panic("hostile bytes") }}
	profile, _ := conformance.ProfileNamed("rfc")
	report := conformance.Examine(ask(t, fake, zoo.Memory{Responder: fake}, everything),
		conformance.Options{Profile: profile, Rules: []*conformance.Rule{bad, conformance.RuleNamed("ocsp-signed")}})
	if len(report.Bugs) == 0 || !strings.Contains(report.Bugs[0], "hostile bytes") {
		t.Errorf("bugs: %q", report.Bugs)
	}
	if report.Outcomes.Passed == 0 || report.Outcomes.Inconclusive == 0 {
		t.Errorf("outcomes: %v", report.Outcomes)
	}
}
