package conformance

import (
	"slices"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// Limits of BR 4.9.7 and 7.2. They do not count the last second as BR 4.9.9 does.
const (
	maxCRLValidity  = 10 * day
	crlUpdate       = 7 * day
	crlUpdateNoOCSP = 4 * day
)

func crlTimeRules() []*Rule {
	return []*Rule{
		{
			ID:    "crl-nextupdate-present",
			Cites: []Citation{RFC5280("5.1.2.5", Must), BR("7.2", Must)},
			Says:  "A CRL must have a nextUpdate.",
			Needs: evidence.FetchCRL,
			CRL: func(s CRLSubject) Verdict {
				switch {
				case s.CRL.Broken != nil:
					return skip()
				case !s.CRL.NextUpdate.Present():
					return fail("nextUpdate", "none").in("tbsCertList.nextUpdate")
				}
				return pass()
			},
			Bad:  []fixtures.Case{when("absent", func(r *fake) { r.CRL.NoNextUpdate = true })},
			Good: []fixtures.Case{when("present", func(*fake) {})},
		},
		{
			ID:    "crl-time-order",
			Cites: []Citation{RFC5280("5.1.2.4", Must), RFC5280("5.1.2.5", Must)},
			Says:  "thisUpdate must lie before nextUpdate.",
			Needs: evidence.FetchCRL,
			CRL: func(s CRLSubject) Verdict {
				this, next := s.CRL.ThisUpdate, s.CRL.NextUpdate
				switch {
				case this.IsZero() || next.IsZero():
					return skip()
				case !this.Before(next.Time):
					return fail("nextUpdate after thisUpdate", "thisUpdate %s, nextUpdate %s", stamp(this.Time), stamp(next.Time)).
						in("tbsCertList.nextUpdate").at(next.Offset)
				}
				return pass()
			},
			Bad:  []fixtures.Case{when("the same second", func(r *fake) { crlValid(r, r.Now, r.Now) })},
			Good: []fixtures.Case{when("a second apart", func(r *fake) { crlValid(r, r.Now, r.Now.Add(time.Second)) })},
		},
		{
			ID:     "crl-not-from-future",
			Clock:  true,
			Cites:  []Citation{RFC5280("5.1.2.4", Observed)},
			Says:   "thisUpdate must not lie in the future.",
			Needs:  evidence.FetchCRL,
			Marked: Error,
			CRL: func(s CRLSubject) Verdict {
				this := s.CRL.ThisUpdate
				switch {
				case this.IsZero():
					return skip()
				case this.Sub(s.At) > skewError:
					return fail("not after "+stamp(s.At), "%s, %s ahead", stamp(this.Time), span(this.Sub(s.At))).in("tbsCertList.thisUpdate").at(this.Offset)
				}
				return pass()
			},
			Bad:  []fixtures.Case{when("five minutes and a second", func(r *fake) { crlStartsAt(r, r.Now.Add(skewError+time.Second)) })},
			Good: []fixtures.Case{when("five minutes", func(r *fake) { crlStartsAt(r, r.Now.Add(skewError)) })},
		},
		{
			ID:     "crl-not-expired",
			Clock:  true,
			Cites:  []Citation{BR("4.9.7", Must), RFC5280("5.1.2.5", Must), MRSP("6", Must)},
			Says:   "A CRL must not be served after its nextUpdate.",
			Needs:  evidence.FetchCRL,
			Marked: Critical,
			CRL: func(s CRLSubject) Verdict {
				next := s.CRL.NextUpdate
				switch {
				case next.IsZero():
					return skip()
				case s.At.After(next.Time):
					return fail("nextUpdate not before "+stamp(s.At), "nextUpdate %s, %s ago", stamp(next.Time), span(s.At.Sub(next.Time))).
						in("tbsCertList.nextUpdate").at(next.Offset)
				}
				return pass()
			},
			Bad:  []fixtures.Case{when("a second ago", func(r *fake) { crlValid(r, r.Now.Add(-2*day), r.Now.Add(-time.Second)) })},
			Good: []fixtures.Case{when("this second", func(r *fake) { crlValid(r, r.Now.Add(-2*day), r.Now) })},
		},
		{
			ID:    "crl-validity-ee",
			Cites: []Citation{BR("7.2", Must).Since("2024-03-15"), MRSP("6", Must)},
			Says:  "A CRL that covers Subscriber certificates must have its nextUpdate at most 10 days after thisUpdate.",
			Needs: evidence.FetchCRL,
			Scope: evidence.ScopeEE,
			CRL: func(s CRLSubject) Verdict {
				return crlValidity(s, s.CRL.ThisUpdate.Add(maxCRLValidity), "10 days")
			},
			Bad: []fixtures.Case{when("10 days and a second", func(r *fake) {
				crlValid(r, r.Now.Add(-time.Hour), r.Now.Add(-time.Hour+maxCRLValidity+time.Second))
			})},
			Good: []fixtures.Case{when("10 days", func(r *fake) {
				crlValid(r, r.Now.Add(-time.Hour), r.Now.Add(-time.Hour+maxCRLValidity))
			})},
		},
		{
			ID:    "crl-validity-ca",
			Cites: []Citation{BR("7.2", Must).Since("2024-03-15")},
			Says:  "Any other CRL must have its nextUpdate at most 12 months after thisUpdate.",
			Needs: evidence.FetchCRL,
			Scope: evidence.ScopeCA,
			CRL: func(s CRLSubject) Verdict {
				return crlValidity(s, addMonths(s.CRL.ThisUpdate.Time, 12), "12 months")
			},
			Bad: []fixtures.Case{
				when("12 months and a second", func(r *fake) {
					crlForCAs(r, r.Now.Add(-time.Hour), addMonths(r.Now.Add(-time.Hour), 12).Add(time.Second))
				}),
			},
			Good: []fixtures.Case{
				when("12 months", func(r *fake) { crlForCAs(r, r.Now.Add(-time.Hour), addMonths(r.Now.Add(-time.Hour), 12)) }),
			},
			Also: []string{"crl-scope-covers-cert"},
		},
		{
			ID:    "crl-update-ee",
			Clock: true,
			Cites: []Citation{BR("4.9.7", Must).Since("2024-03-15"), MRSP("6", Must)},
			Says:  "A CRL that covers Subscriber certificates must be replaced every 7 days, every 4 where a certificate names no OCSP responder.",
			Needs: evidence.FetchCRL,
			Scope: evidence.ScopeEE,
			CRL: func(s CRLSubject) Verdict {
				this := s.CRL.ThisUpdate
				limit, why := crlUpdate, "7 days"
				if s.Subject != nil && len(s.Subject.OCSPServer) == 0 {
					limit, why = crlUpdateNoOCSP, "4 days, since "+nameOf(s.Subject)+" names no OCSP responder"
				}
				switch {
				case this.IsZero() || s.Exchange.AtAssumed:
					return skip() // nobody knows when a file was served
				case !s.CRL.NextUpdate.IsZero() && s.At.After(s.CRL.NextUpdate.Time):
					return skip() // crl-not-expired says worse of it
				case s.At.Sub(this.Time) > limit:
					v := fail("a newer CRL within "+why, "thisUpdate %s is still served after %s", stamp(this.Time), span(s.At.Sub(this.Time))).
						in("tbsCertList.thisUpdate").at(this.Offset)
					if s.At.Sub(this.Time) <= crlUpdate {
						return v.under(BRDoc) // Mozilla allows 7 days always
					}
					return v
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("7 days and a second", func(r *fake) { crlValid(r, r.Now.Add(-crlUpdate-time.Second), r.Now.Add(2*day)) }),
				when("7 days and a second, in the last one of its life", func(r *fake) { crlValid(r, r.Now.Add(-crlUpdate-time.Second), r.Now) }),
				when("7 days and a second, without nextUpdate", func(r *fake) {
					crlValid(r, r.Now.Add(-crlUpdate-time.Second), time.Time{})
					r.CRL.NoNextUpdate = true
				}),
				when("4 days and a second without OCSP", func(r *fake) {
					r.Leaf = withoutOCSP
					crlValid(r, r.Now.Add(-crlUpdateNoOCSP-time.Second), r.Now.Add(2*day))
				}),
			},
			Good: []fixtures.Case{
				when("7 days", func(r *fake) { crlValid(r, r.Now.Add(-crlUpdate), r.Now.Add(2*day)) }),
				when("8 days, and expired", func(r *fake) { crlValid(r, r.Now.Add(-8*day), r.Now.Add(-time.Second)) }),
				when("4 days without OCSP", func(r *fake) {
					r.Leaf = withoutOCSP
					crlValid(r, r.Now.Add(-crlUpdateNoOCSP), r.Now.Add(2*day))
				}),
			},
			Also: []string{"crl-nextupdate-present"},
		},
		{
			ID:    "crl-update-ca",
			Clock: true,
			Cites: []Citation{BR("4.9.7", Must)},
			Says:  "A CRL that covers CA certificates must be replaced every 12 months.",
			Needs: evidence.FetchCRL,
			Scope: evidence.ScopeCA,
			CRL: func(s CRLSubject) Verdict {
				this := s.CRL.ThisUpdate
				switch limit := addMonths(this.Time, 12); {
				case this.IsZero() || s.Exchange.AtAssumed:
					return skip() // nobody knows when a file was served
				case !s.CRL.NextUpdate.IsZero() && s.At.After(s.CRL.NextUpdate.Time):
					return skip() // crl-not-expired says worse of it
				case s.At.After(limit):
					return fail("a newer CRL by "+stamp(limit), "thisUpdate %s is still served after %s", stamp(this.Time), span(s.At.Sub(this.Time))).
						in("tbsCertList.thisUpdate").at(this.Offset)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("12 months and a second", func(r *fake) { crlForCAs(r, addMonths(r.Now, -12).Add(-time.Second), r.Now.Add(day)) }),
				when("12 months and a second, in the last one of its life", func(r *fake) { crlForCAs(r, addMonths(r.Now, -12).Add(-time.Second), r.Now) }),
				when("12 months and a second, without nextUpdate", func(r *fake) {
					crlForCAs(r, addMonths(r.Now, -12).Add(-time.Second), time.Time{})
					r.CRL.NoNextUpdate = true
				}),
			},
			Good: []fixtures.Case{
				when("12 months", func(r *fake) { crlForCAs(r, addMonths(r.Now, -12), r.Now.Add(day)) }),
				when("13 months, and expired", func(r *fake) { crlForCAs(r, addMonths(r.Now, -13), r.Now.Add(-time.Second)) }),
			},
			Also: []string{"crl-validity-ca", "crl-scope-covers-cert", "crl-nextupdate-present"},
		},
	}
}

func crlValidity(s CRLSubject, limit time.Time, words string) Verdict {
	this, next := s.CRL.ThisUpdate, s.CRL.NextUpdate
	switch {
	case this.IsZero() || next.IsZero():
		return skip()
	case next.After(limit):
		return fail("nextUpdate at most "+words+" after thisUpdate, "+stamp(limit), "nextUpdate %s, %s after thisUpdate",
			stamp(next.Time), span(next.Sub(this.Time))).in("tbsCertList.nextUpdate").at(next.Offset)
	}
	return pass()
}

// addMonths adds calendar months and stays in the month it should reach: a year after
// 29 February is 28 February.
func addMonths(t time.Time, months int) time.Time {
	sum := t.AddDate(0, months, 0)
	if sum.Day() != t.Day() {
		return sum.AddDate(0, 0, -sum.Day())
	}
	return sum
}

func crlValid(r *fake, this, next time.Time) { r.CRL.ThisUpdate, r.CRL.NextUpdate = this, next }

func crlStartsAt(r *fake, this time.Time) { crlValid(r, this, this.Add(4*day)) }

// crlForCAs makes the fake's CRL one that its issuingDistributionPoint limits to CA
// certificates.
func crlForCAs(r *fake, this, next time.Time) {
	crlValid(r, this, next)
	r.CRL.Extensions = append(slices.Clone(r.CRL.Extensions),
		revocation.Extension{ID: revocation.OIDIssuingDP, Critical: true, Value: []byte{0x30, 3, 0x82, 1, 0xff}})
}
