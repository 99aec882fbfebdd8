package conformance

import (
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
)

// What an outage may last (BR 4.10.2, CCADB 6.2), and how often a service may fail.
const (
	shortOutage = time.Hour
	longOutage  = 24 * time.Hour
	crlOutage   = 4 * time.Hour
	failuresIn  = 1000 // one check in so many may fail
	manyOutages = 4    // as few as make sure that a share of failures is no chance
	fewChecks   = 3    // that failed one after the other may have been outages of their own where they are fewer
)

func availabilityHistoryRules() []*Rule {
	return []*Rule{
		{
			ID:     "http-24x7",
			Cites:  []Citation{BR("4.10.2", Must), MRSP("6", Must), RFC6960("A.1", Observed), RFC5280("4.2.1.13", Observed)},
			Says:   "The service must be there at all times: no outage of more than an hour, and 99.9 % of 30 days.",
			Needs:  evidence.HTTP,
			Marked: Error,
			History: func(s HistorySubject) Verdict {
				switch outage, ok := s.outage(); {
				case s.Blackout:
					return unable(blackoutText)
				case ok && s.crossed(outage, longOutage, fewChecks):
					return s.down(outage).atLeast(Critical)
				case ok && s.crossed(outage, shortOutage, fewChecks):
					return s.down(outage)
				}
				return s.share()
			},
			Bad: []fixtures.Case{
				when("down for an hour and a second", func(r *fake) { downSince(r, shortOutage+time.Second, fewChecks) }),
				when("down for longer, as the third check shows", func(r *fake) {
					downSince(r, 3*time.Hour, fewChecks)
					r.Past[0].Last = r.Now.Add(-time.Hour)
				}),
				when("down for two hours, for one at the check before", func(r *fake) {
					downSince(r, 2*shortOutage, fewChecks+1)
					r.Past[0].Last = r.Now.Add(-shortOutage)
				}),
				when("down for a day and a second", func(r *fake) { downSince(r, longOutage+time.Second, 25) }),
				when("the fourth outage, with four of 3999 checks", func(r *fake) { failedChecks(r, manyOutages, 4, 3999) }),
			},
			Good: []fixtures.Case{
				when("down for an hour", func(r *fake) { downSince(r, shortOutage, fewChecks) }),
				when("at two checks a day and more apart", func(r *fake) { downSince(r, longOutage+time.Second, fewChecks-1) }),
				when("down for longer, as was told before", func(r *fake) {
					downSince(r, 3*time.Hour, 4)
					r.Past[0].Last = r.Now.Add(-time.Hour)
				}),
				when("the fourth outage, with four of 4000 checks", func(r *fake) { failedChecks(r, manyOutages, 4, 4000) }),
				when("the third outage", func(r *fake) { failedChecks(r, manyOutages-1, 3, 240) }),
				when("the fifth outage, as was told of the fourth", func(r *fake) { failedChecks(r, manyOutages+1, 5, 240) }),
			},
			Also: []string{"http-status-200"},
		},
		{
			ID:    "http-crl-4h",
			Cites: []Citation{CCADB("6.2", Must).Since("2026-03-20"), Apple("2.1.1", Must).Since("2026-08-01"), RFC5280("4.2.1.13", Observed)},
			Says:  "A current CRL must be retrievable in every 4 hours.",
			Needs: evidence.FetchCRL,
			History: func(s HistorySubject) Verdict {
				outage, ok := s.outage()
				switch {
				case s.Blackout:
					return unable(blackoutText)
				case ok && s.crossed(outage, crlOutage, 1+int(crlOutage/time.Hour)):
					return s.down(outage)
				}
				return pass()
			},
			Bad: []fixtures.Case{when("4 hours and a second", func(r *fake) { downSince(r, crlOutage+time.Second, 5) })},
			Good: []fixtures.Case{
				when("4 hours", func(r *fake) { downSince(r, crlOutage, 5) }),
				when("asked too seldom to tell", func(r *fake) { downSince(r, crlOutage+time.Second, 4) }),
			},
			Also: []string{"http-status-200"},
		},
	}
}

// outage returns the outage that goes on in this run.
func (s HistorySubject) outage() (evidence.Outage, bool) {
	if n := len(s.Past.Outages); n > 0 && s.Past.Outages[n-1].End.IsZero() {
		return s.Past.Outages[n-1], true
	}
	return evidence.Outage{}, false
}

// crossed reports whether an outage has come, since the run before, to last longer than a limit
// and to have failed that many checks: what was true then has been told then.
func (s HistorySubject) crossed(o evidence.Outage, limit time.Duration, checks int) bool {
	return s.At.Sub(o.Start) > limit && o.Checks >= checks && (s.Past.Last.Sub(o.Start) <= limit || o.Checks-1 < checks)
}

func (s HistorySubject) down(o evidence.Outage) Verdict {
	answered := "never before"
	if !s.Past.LastAnswer.IsZero() {
		answered = "the last time at " + stamp(s.Past.LastAnswer)
	}
	return fail("an answer", "none in %s since %s (%d checks), answered %s; the first failure was %s", span(s.At.Sub(o.Start)), stamp(o.Start), o.Checks, answered, o.Cause)
}

// share holds the checks of 30 days against what a service may fail, in the run in which one
// outage makes many of them. Fewer failures than that may be chance, and ours.
func (s HistorySubject) share() Verdict {
	outage, down := s.outage()
	if !down || outage.Checks != 1 || len(s.Past.Outages) != manyOutages {
		return pass()
	}
	for _, c := range s.Past.Checks {
		if c.Window == 30*day && c.Failed*failuresIn > c.Asked {
			return fail("99.9 % of the checks answered", "%d of %d checks since %s failed, in %d outages (%.2f %% answered)", c.Failed, c.Asked, stamp(c.Since),
				len(s.Past.Outages), 100*float64(c.Asked-c.Failed)/float64(c.Asked))
		}
	}
	return pass()
}

// downSince has the distribution point down for so long and so many checks.
func downSince(r *fake, lasting time.Duration, checks int) {
	r.CRLHTTP.Code = 503
	past := pastOf(r, r.CRLURL())
	start := r.Now.Add(-lasting)
	past.LastAnswer, past.Last = start.Add(-time.Hour), r.Now.Add(-time.Minute)
	past.Outages = []evidence.Outage{{Start: start, Cause: evidence.HTTPStatus, Checks: checks}}
	past.Checks = nil
	r.Past = append(r.Past, past)
}

// failedChecks has the distribution point go down once more, with so many outages in 30 days
// and so many failed checks of so many.
func failedChecks(r *fake, outages, failed, asked int) {
	downSince(r, 0, 1)
	past := &r.Past[0]
	now := past.Outages[0]
	for n := outages - 1; n > 0; n-- {
		start := r.Now.Add(-time.Duration(n) * day)
		past.Outages = append(past.Outages, evidence.Outage{Start: start, End: start.Add(time.Hour), Cause: now.Cause, Checks: 1})
	}
	past.Outages = append(past.Outages[1:], now)
	past.Checks = []evidence.PastChecks{{Window: 30 * day, Since: r.Now.Add(-29 * day), Asked: asked, Failed: failed}}
}
