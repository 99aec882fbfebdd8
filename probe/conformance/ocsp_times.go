package conformance

import (
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// Limits of BR 4.9.9. A validity interval includes its last second, so that V is the
// difference of the two times and one second more.
const (
	day              = 24 * time.Hour
	minValidity      = 8 * time.Hour
	maxValidity      = 10 * day
	longValidity     = 16 * time.Hour
	updateBeforeEnd  = 8 * time.Hour
	updateAfterStart = 4 * day
)

// Clock skew under which nobody is accused of signing in the future.
const (
	skewWarning = time.Minute
	skewError   = 5 * time.Minute
)

func ocspTimeRules() []*Rule {
	return []*Rule{
		{
			ID:    "ocsp-time-format",
			Cites: []Citation{RFC6960("4.2.2.1", Must), RFC9919("3.2.4", Practice)},
			Says:  "Times must be GeneralizedTime in the form YYYYMMDDHHMMSSZ.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				if s.Response.Basic == nil {
					return skip()
				}
				for _, t := range ocspTimes(s.Response.Basic) {
					if t.Present() && (!t.Generalized() || !t.WellFormed()) {
						return fail("GeneralizedTime YYYYMMDDHHMMSSZ", "%s %q", timeType(t.Time), t.Raw).in(t.field()).at(t.Offset)
					}
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("a fraction of a second", rewriteTime("responses[0].thisUpdate", 0x18, "20060102150405.5Z")),
				when("UTCTime", rewriteTime("producedAt", 0x17, "060102150405Z")),
				when("an offset", rewriteTime("responses[0].nextUpdate", 0x18, "20060102150405+0000")),
				when("no seconds", rewriteTime("responses[0].thisUpdate", 0x18, "200601021504Z")),
			},
			Good: []fixtures.Case{when("the exact form", func(*fake) {})},
			Also: []string{"ocsp-der-strict"},
		},
		{
			ID:    "ocsp-nextupdate-present",
			Cites: []Citation{MRSP("6", Must), BR("4.9.9", Must).Since("2020-09-30"), RFC9919("3.2.4", Practice)},
			Says:  "Every SingleResponse must have a nextUpdate.",
			Needs: evidence.OCSP,
			OCSP: func(s OCSPSubject) Verdict {
				switch {
				case s.Single.NextUpdate.Present():
					return pass()
				case !s.readable():
					return skip() // it may stand behind the place where reading ended
				case s.Scope == evidence.ScopeCA:
					return fail("nextUpdate", "none").in(s.field("nextUpdate")).atMost(Warning)
				}
				return fail("nextUpdate", "none").in(s.field("nextUpdate"))
			},
			Bad:  []fixtures.Case{when("absent", func(r *fake) { r.OCSP.NoNextUpdate = true })},
			Good: []fixtures.Case{when("present", func(*fake) {})},
		},
		{
			ID:    "ocsp-time-order",
			Cites: []Citation{RFC6960("2.4", Must), RFC6960("4.2.2.1", Must)},
			Says:  "thisUpdate must lie before nextUpdate, and revocationTime, thisUpdate and producedAt should follow each other.",
			Needs: evidence.OCSP,
			OCSP: func(s OCSPSubject) Verdict {
				this, next, produced, revoked := s.Single.ThisUpdate, s.Single.NextUpdate, s.Response.Basic.ProducedAt, s.Single.RevocationTime
				switch {
				case this.IsZero():
					return skip() // ocsp-time-format and ocsp-der-strict speak of it
				case !next.IsZero() && !this.Before(next.Time):
					return fail("thisUpdate before nextUpdate", "thisUpdate %s, nextUpdate %s", stamp(this.Time), stamp(next.Time)).
						in(s.field("nextUpdate")).at(next.Offset)
				case !revoked.IsZero() && revoked.After(this.Time):
					return fail("revocationTime not after thisUpdate", "revocationTime %s, thisUpdate %s", stamp(revoked.Time), stamp(this.Time)).
						in(s.field("certStatus.revocationTime")).at(revoked.Offset).atMost(Warning)
				case !produced.IsZero() && produced.Before(this.Time):
					return fail("producedAt not before thisUpdate", "producedAt %s, thisUpdate %s", stamp(produced.Time), stamp(this.Time)).
						in("producedAt").at(produced.Offset).atMost(Warning)
				case !produced.IsZero() && !next.IsZero() && produced.After(next.Time):
					return fail("producedAt not after nextUpdate", "producedAt %s, nextUpdate %s", stamp(produced.Time), stamp(next.Time)).
						in("producedAt").at(produced.Offset).atMost(Warning)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("nextUpdate is thisUpdate", func(r *fake) { valid(r, r.Now, r.Now) }),
				when("produced a second before thisUpdate", func(r *fake) {
					r.OCSP.ProducedAt, r.OCSP.ThisUpdate = r.Now.Add(-time.Hour-time.Second), r.Now.Add(-time.Hour)
				}),
				when("produced a second after nextUpdate", func(r *fake) {
					valid(r, r.Now.Add(-2*day), r.Now.Add(-time.Second))
					r.OCSP.ProducedAt = r.Now
				}),
				when("revoked a second after thisUpdate", func(r *fake) {
					r.OCSP.Assigned, r.OCSP.ThisUpdate, r.OCSP.RevocationTime = fixtures.Revoked, r.Now.Add(-time.Hour), r.Now.Add(-time.Hour+time.Second)
				}),
			},
			Good: []fixtures.Case{
				when("produced at nextUpdate", func(r *fake) {
					valid(r, r.Now.Add(-2*day), r.Now)
					r.OCSP.ProducedAt = r.Now
				}),
				when("produced without nextUpdate", func(r *fake) { r.OCSP.NoNextUpdate = true }),
				when("nextUpdate a second after thisUpdate", func(r *fake) { valid(r, r.Now, r.Now.Add(time.Second)) }),
				when("revoked at thisUpdate", func(r *fake) {
					r.OCSP.Assigned, r.OCSP.ThisUpdate, r.OCSP.RevocationTime = fixtures.Revoked, r.Now.Add(-time.Hour), r.Now.Add(-time.Hour)
				}),
			},
			Also: []string{"ocsp-not-expired"},
		},
		{
			ID:     "ocsp-not-from-future",
			Clock:  true,
			Cites:  []Citation{RFC6960("4.2.2.1", Should), RFC9919("5", Practice)},
			Says:   "producedAt and thisUpdate must not lie in the future.",
			Needs:  evidence.OCSP,
			Marked: Error,
			OCSP: func(s OCSPSubject) Verdict {
				for _, t := range []ocspTime{{s.Single.ThisUpdate, "thisUpdate", s.Index}, {s.Response.Basic.ProducedAt, "producedAt", -1}} {
					ahead := t.Sub(s.At)
					switch {
					case ahead > skewError:
						return fail("not after "+stamp(s.At), "%s, %s ahead", stamp(t.Time.Time), span(ahead)).in(t.field()).at(t.Offset)
					case ahead > skewWarning:
						return fail("not after "+stamp(s.At), "%s, %s ahead", stamp(t.Time.Time), span(ahead)).in(t.field()).at(t.Offset).atMost(Warning)
					}
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("a second more than a clock may be wrong", func(r *fake) { startsAt(r, r.Now.Add(skewWarning+time.Second)) }),
				when("five minutes and a second", func(r *fake) { startsAt(r, r.Now.Add(skewError+time.Second)) }),
			},
			Good: []fixtures.Case{when("as far as a clock may be wrong", func(r *fake) { startsAt(r, r.Now.Add(skewWarning)) })},
		},
		{
			ID:     "ocsp-not-expired",
			Clock:  true,
			Cites:  []Citation{BR("4.9.9", Must), RFC6960("4.2.2.1", Must)},
			Says:   "A response must not be served after its nextUpdate.",
			Needs:  evidence.OCSP,
			Marked: Critical,
			OCSP: func(s OCSPSubject) Verdict {
				next := s.Single.NextUpdate
				switch {
				case next.IsZero():
					return skip()
				case s.At.After(next.Time):
					v := fail("nextUpdate not before "+stamp(s.At), "nextUpdate %s, %s ago", stamp(next.Time), span(s.At.Sub(next.Time))).
						in(s.field("nextUpdate")).at(next.Offset)
					if s.Exchange.Ask == evidence.Handshake {
						return v.atMost(Warning) // the TLS server kept it too long, not the responder
					}
					return v
				}
				return pass()
			},
			Bad:  []fixtures.Case{when("a second ago", func(r *fake) { valid(r, r.Now.Add(-2*day), r.Now.Add(-time.Second)) })},
			Good: []fixtures.Case{when("this second", func(r *fake) { valid(r, r.Now.Add(-2*day), r.Now) })},
		},
		{
			ID:    "ocsp-br-validity-min",
			Cites: []Citation{BR("4.9.9", Must).Since("2020-09-30")},
			Says:  "The validity interval of a response about a Subscriber certificate must be at least 8 hours, its last second included.",
			Needs: evidence.OCSP,
			Scope: evidence.ScopeEE,
			OCSP: func(s OCSPSubject) Verdict {
				length, ok := validity(s.Single)
				if !ok || length >= minValidity {
					return skipUnless(ok)
				}
				v := fail("at least 8h", "%s", span(length)).in(s.field("nextUpdate")).at(s.Single.NextUpdate.Offset)
				if s.Exchange.Ask.Has(evidence.Unassigned | evidence.ForeignPOST) {
					return v.atMost(Warning) // no Subscriber certificate is spoken of, and it may soon be assigned
				}
				return v
			},
			Bad: []fixtures.Case{when("a second less than 8 hours", func(r *fake) {
				valid(r, r.Now.Add(-time.Hour), r.Now.Add(-time.Hour+minValidity-2*time.Second))
			})},
			Good: []fixtures.Case{when("8 hours with the last second", func(r *fake) {
				valid(r, r.Now.Add(-time.Hour), r.Now.Add(-time.Hour+minValidity-time.Second))
			})},
			Also: []string{"ocsp-ms-validity"},
		},
		{
			ID:    "ocsp-br-validity-max",
			Cites: []Citation{BR("4.9.9", Must).Since("2020-09-30")},
			Says:  "The validity interval of a response about a Subscriber certificate must be at most 10 days, its last second included.",
			Needs: evidence.OCSP,
			Scope: evidence.ScopeEE,
			OCSP: func(s OCSPSubject) Verdict {
				v, ok := validity(s.Single)
				switch {
				case !ok:
					return skip()
				case v > maxValidity:
					return fail("at most 10d, the last second included", "%s", span(v)).in(s.field("nextUpdate")).at(s.Single.NextUpdate.Offset)
				}
				return pass()
			},
			Bad: []fixtures.Case{when("10 days and the second after", func(r *fake) {
				valid(r, r.Now.Add(-time.Hour), r.Now.Add(-time.Hour+maxValidity))
			})},
			Good: []fixtures.Case{when("10 days with the last second", func(r *fake) {
				valid(r, r.Now.Add(-time.Hour), r.Now.Add(-time.Hour+maxValidity-time.Second))
			})},
			Also: []string{"ocsp-ms-validity"},
		},
		{
			ID:    "ocsp-br-update-long",
			Clock: true,
			Cites: []Citation{BR("4.9.9", Must).Since("2020-09-30")},
			Says:  "Where the validity interval is 16 hours or more, a newer response must be out 8 hours before nextUpdate and 4 days after thisUpdate.",
			Needs: evidence.OCSP,
			Scope: evidence.ScopeEE,
			OCSP: func(s OCSPSubject) Verdict {
				v, ok := validity(s.Single)
				if !ok || v < longValidity || s.expired() || !s.served() {
					return skip()
				}
				deadline, why := s.Single.ThisUpdate.Add(updateAfterStart), "4 days after thisUpdate"
				if early := s.Single.NextUpdate.Add(-updateBeforeEnd); early.Before(deadline) {
					deadline, why = early, "8 hours before nextUpdate"
				}
				if s.At.After(deadline) {
					return fail("a newer response by "+stamp(deadline)+", "+why, "thisUpdate %s is still served %s later",
						stamp(s.Single.ThisUpdate.Time), span(s.At.Sub(deadline))).in(s.field("thisUpdate")).at(s.Single.ThisUpdate.Offset)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("4 days and a second old", func(r *fake) {
					valid(r, r.Now.Add(-updateAfterStart-time.Second), r.Now.Add(5*day))
				}),
				when("a second less than 8 hours left of 16", func(r *fake) {
					valid(r, r.Now.Add(minValidity-longValidity), r.Now.Add(updateBeforeEnd-time.Second))
				}),
			},
			Good: []fixtures.Case{
				when("4 days old", func(r *fake) { valid(r, r.Now.Add(-updateAfterStart), r.Now.Add(5*day)) }),
				when("8 hours left of 16", func(r *fake) {
					valid(r, r.Now.Add(updateBeforeEnd-longValidity+time.Second), r.Now.Add(updateBeforeEnd))
				}),
				when("a second short of 16 hours", func(r *fake) {
					valid(r, r.Now.Add(time.Hour-longValidity+2*time.Second), r.Now.Add(time.Hour))
				}),
			},
			Also: []string{"ocsp-mozilla-update-4d", "ocsp-ms-validity", "ocsp-ms-update-half"},
		},
	}
}

// validity returns the validity interval of BR 4.9.9, the last second included; false
// where a time is missing or the times are in the wrong order, which other rules name.
func validity(s *revocation.SingleResponse) (time.Duration, bool) {
	if s.ThisUpdate.IsZero() || s.NextUpdate.IsZero() || !s.ThisUpdate.Before(s.NextUpdate.Time) {
		return 0, false
	}
	return s.NextUpdate.Sub(s.ThisUpdate.Time) + time.Second, true
}

// valid makes the fake's responses valid from one time to another.
func valid(r *fake, this, next time.Time) {
	r.OCSP.ProducedAt, r.OCSP.ThisUpdate, r.OCSP.NextUpdate = this, this, next
}

func startsAt(r *fake, this time.Time) { valid(r, this, this.Add(4*day-time.Second)) }

// ocspTime is one time of a response with its field.
type ocspTime struct {
	revocation.Time
	name   string
	single int // of which it is; -1: of the response
}

func (t ocspTime) field() string {
	if t.single < 0 {
		return t.name
	}
	return singleField(t.single, t.name)
}

func ocspTimes(b *revocation.BasicResponse) []ocspTime {
	list := make([]ocspTime, 1, 1+3*len(b.Singles))
	list[0] = ocspTime{b.ProducedAt, "producedAt", -1}
	for i := range b.Singles {
		s := &b.Singles[i]
		list = append(list, ocspTime{s.ThisUpdate, "thisUpdate", i}, ocspTime{s.NextUpdate, "nextUpdate", i},
			ocspTime{s.RevocationTime, "certStatus.revocationTime", i})
	}
	return list
}

func timeType(t revocation.Time) string {
	if t.Generalized() {
		return "GeneralizedTime"
	}
	return "UTCTime"
}
