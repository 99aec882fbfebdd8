package conformance

import (
	"crypto/x509"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// Limits of the root programs. They do not count the last second as BR 4.9.9 does.
const (
	mozillaMaxValidity   = 10 * day      // MRSP 6
	mozillaUpdate        = 4 * day       // MRSP 6
	microsoftMinValidity = 8 * time.Hour // MSTRP 3.2.2
	microsoftMaxValidity = 7 * day       // MSTRP 3.2.2
	microsoftBeforeEnd   = 8 * time.Hour // MSTRP 3.2.2, for up to twice as long
	caUpdateMonths       = 12            // BR 4.9.9
)

func programRules() []*Rule {
	return []*Rule{
		{
			ID:    "ocsp-mozilla-nextupdate-max",
			Cites: []Citation{MRSP("6", Must)},
			Says:  "The nextUpdate of a response about an end-entity certificate must be at most 10 days after thisUpdate.",
			Needs: evidence.OCSP,
			Scope: evidence.ScopeEE,
			OCSP: func(s OCSPSubject) Verdict {
				lasts, ok := difference(s.Single)
				switch {
				case !ok:
					return skip()
				case lasts > mozillaMaxValidity:
					return fail("at most 10d after thisUpdate", "%s", span(lasts)).in(s.field("nextUpdate")).at(s.Single.NextUpdate.Offset)
				}
				return pass()
			},
			Bad:  []fixtures.Case{when("10 days and a second", lasting(mozillaMaxValidity+time.Second))},
			Good: []fixtures.Case{when("10 days", lasting(mozillaMaxValidity))},
			Also: []string{"ocsp-br-validity-max", "ocsp-ms-validity"},
		},
		{
			ID:     "ocsp-ms-validity",
			Cites:  []Citation{MSTRP("3.2.2", Must).Since("2026-05-20")},
			Says:   "A response about an end-entity certificate must be valid for at least 8 hours and at most 7 days.",
			Needs:  evidence.OCSP,
			Scope:  evidence.ScopeEE,
			Marked: Warning,
			OCSP: func(s OCSPSubject) Verdict {
				lasts, ok := difference(s.Single)
				switch {
				case !ok:
					return skip()
				case lasts < microsoftMinValidity || lasts > microsoftMaxValidity:
					return fail("8h to 7d", "%s", span(lasts)).in(s.field("nextUpdate")).at(s.Single.NextUpdate.Offset)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("a second less than 8 hours", lasting(microsoftMinValidity-time.Second)),
				when("7 days and a second", lasting(microsoftMaxValidity+time.Second)),
			},
			Good: []fixtures.Case{
				when("8 hours", lasting(microsoftMinValidity)),
				when("7 days", lasting(microsoftMaxValidity)),
			},
		},
		{
			ID:    "ocsp-mozilla-update-4d",
			Clock: true,
			Cites: []Citation{MRSP("6", Must)},
			Says:  "A response about an end-entity certificate must be replaced at least every 4 days.",
			Needs: evidence.OCSP,
			Scope: evidence.ScopeEE,
			OCSP: func(s OCSPSubject) Verdict {
				this := s.Single.ThisUpdate // not producedAt: signing old data again is no update
				switch {
				case this.IsZero() || !s.served() || s.expired():
					return skip()
				case s.At.Sub(this.Time) > mozillaUpdate:
					return fail("a newer response within 4 days", "thisUpdate %s is still served after %s",
						stamp(this.Time), span(s.At.Sub(this.Time))).in(s.field("thisUpdate")).at(this.Offset)
				}
				return pass()
			},
			Bad:  []fixtures.Case{when("4 days and a second old", func(r *fake) { aged(mozillaUpdate+time.Second, 7*day)(r) })},
			Good: []fixtures.Case{when("4 days old", func(r *fake) { aged(mozillaUpdate, 7*day)(r) })},
			Also: []string{"ocsp-br-update-long", "ocsp-ms-update-half"},
		},
		{
			ID:     "ocsp-ms-update-half",
			Clock:  true,
			Cites:  []Citation{MSTRP("3.2.2", Must).Since("2026-05-20")},
			Says:   "A newer response about an end-entity certificate must be out 8 hours before nextUpdate and, where it lasts more than 16 hours, at half its time.",
			Needs:  evidence.OCSP,
			Scope:  evidence.ScopeEE,
			Marked: Warning,
			OCSP: func(s OCSPSubject) Verdict {
				lasts, ok := difference(s.Single)
				if !ok || lasts < microsoftMinValidity || !s.served() || s.expired() {
					return skip() // ocsp-ms-validity and ocsp-not-expired say worse of it
				}
				if deadline := microsoftDeadline(s.Single.ThisUpdate.Time, lasts); s.At.After(deadline) {
					return fail("a newer response by "+stamp(deadline), "thisUpdate %s, valid for %s, is still served %s later",
						stamp(s.Single.ThisUpdate.Time), span(lasts), span(s.At.Sub(deadline))).in(s.field("thisUpdate")).at(s.Single.ThisUpdate.Offset)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("a second past half of 6 days", aged(3*day+time.Second, 6*day)),
				when("a second less than 8 hours left of 12", aged(4*time.Hour+time.Second, 12*time.Hour)),
			},
			Good: []fixtures.Case{
				when("half of 6 days", aged(3*day, 6*day)),
				when("8 hours left of 12", aged(4*time.Hour, 12*time.Hour)),
				when("signed 5 minutes ago for 8 hours, newer than which there is nothing", aged(skewError, microsoftMinValidity)),
			},
		},
		{
			ID:    "ocsp-ca-update-12m",
			Clock: true,
			Cites: []Citation{BR("4.9.9", Must)},
			Says:  "A response about a Subordinate CA certificate must be replaced at least every 12 months.",
			Needs: evidence.Assigned,
			Scope: evidence.ScopeCA,
			OCSP: func(s OCSPSubject) Verdict {
				this := s.Single.ThisUpdate
				if this.IsZero() || !s.served() || s.expired() || s.Subject != nil && selfSigned(s.Subject) {
					return skip() // the clause leaves roots out
				}
				if deadline := addMonths(this.Time, caUpdateMonths); s.At.After(deadline) {
					return fail("a newer response by "+stamp(deadline), "thisUpdate %s is still served %s later",
						stamp(this.Time), span(s.At.Sub(deadline))).in(s.field("thisUpdate")).at(this.Offset)
				}
				return pass()
			},
			Bad: []fixtures.Case{when("12 months and a second old", aboutSubordinate(func(r *fake) {
				valid(r, addMonths(r.Now, -caUpdateMonths).Add(-time.Second), r.Now.Add(day))
			}))},
			Good: []fixtures.Case{when("12 months old", aboutSubordinate(func(r *fake) {
				valid(r, addMonths(r.Now, -caUpdateMonths), r.Now.Add(day))
			}))},
		},
		{
			ID:    "ocsp-nextupdate-signer-notafter",
			Cites: []Citation{MRSP("6", Must)},
			Says:  "nextUpdate must not lie after the notAfter of any certificate sent along or, where none is, of the issuing CA's.",
			Needs: evidence.OCSP,
			OCSP: func(s OCSPSubject) Verdict {
				next := s.Single.NextUpdate
				limits := s.limitingCertificates()
				switch {
				case next.IsZero() || s.expired():
					return skip()
				case len(limits) == 0:
					return unable("neither certs nor the issuing CA's certificate can be read").in(s.field("nextUpdate"))
				}
				for _, c := range limits {
					switch {
					case s.outlived(c):
						return skip()
					case next.After(c.NotAfter):
						return fail("nextUpdate not after "+stamp(c.NotAfter), "nextUpdate %s, %s after the last second of %s",
							stamp(next.Time), span(next.Sub(c.NotAfter)), nameOf(c)).in(s.field("nextUpdate")).at(next.Offset)
					}
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("a second after the delegate's certificate", delegateValid(func(r *fake, c *x509.Certificate) {
					c.NotAfter = r.Now.Add(2*day - time.Second)
					lasting(2*day + time.Hour)(r)
				})),
				when("a second after the CA's certificate", untilWith(2*day, 2*day-time.Second)),
			},
			Good: []fixtures.Case{
				when("with the CA's certificate", untilWith(2*day, 2*day)),
				when("after the CA's certificate, where a delegate's was sent", func(r *fake) {
					untilWith(2*day, day)(r)
					r.OCSP.Signer = fixtures.Delegated
				}),
				when("after the certificate asked about", func(r *fake) {
					r.Leaf = func(c *x509.Certificate) { c.NotAfter = r.Now.Add(day) }
				}),
			},
		},
	}
}

// expired reports whether the response was past its nextUpdate when it was seen, of which
// ocsp-not-expired speaks.
func (s OCSPSubject) expired() bool {
	return !s.Single.NextUpdate.IsZero() && s.At.After(s.Single.NextUpdate.Time)
}

// difference is from thisUpdate to nextUpdate, as root programs count; false where validity is.
func difference(s *revocation.SingleResponse) (time.Duration, bool) {
	v, ok := validity(s)
	return v - time.Second, ok
}

// microsoftDeadline is when a newer response has to be out. Of up to 16 hours, 8 hours before
// the end come before half the time, of more after it. What was signed on demand is the newest
// there is, whatever its end.
func microsoftDeadline(this time.Time, lasts time.Duration) time.Time {
	age := min(lasts/2, lasts-microsoftBeforeEnd)
	return this.Add(max(age, skewError))
}

// outlived reports whether a certificate is that of a delegate and already expired when the
// response was seen, of which ocsp-signer-valid-now speaks.
func (s ResponseSubject) outlived(c *x509.Certificate) bool {
	return s.At.After(c.NotAfter) && !s.Signer.IsIssuer && s.Signer.Authorized() && c.Equal(s.Signer.Certificate)
}

// limitingCertificates are those whose notAfter bounds nextUpdate: all that were sent along, or
// the issuing CA's.
func (s ResponseSubject) limitingCertificates() []*x509.Certificate {
	var list []*x509.Certificate
	for _, e := range s.Response.Basic.Certificates {
		if e.Certificate != nil {
			list = append(list, e.Certificate)
		}
	}
	if len(s.Response.Basic.Certificates) == 0 && s.Issuer != nil {
		list = append(list, s.Issuer)
	}
	return list
}

// lasting has responses of an hour ago end that long after their thisUpdate.
func lasting(lasts time.Duration) func(*fake) { return aged(time.Hour, lasts) }

// aged has responses of that age end that long after their thisUpdate.
func aged(age, lasts time.Duration) func(*fake) {
	return func(r *fake) { valid(r, r.Now.Add(-age), r.Now.Add(lasts-age)) }
}

// untilWith has the response end that long from now, and the CA's certificate as long.
func untilWith(next, notAfter time.Duration) func(*fake) {
	return func(r *fake) {
		lasting(next + time.Hour)(r)
		r.Issuer = func(c *x509.Certificate) { c.NotAfter = r.Now.Add(notAfter) }
	}
}

// aboutSubordinate makes the certificate asked about that of a CA.
func aboutSubordinate(change func(*fake)) func(*fake) {
	return func(r *fake) {
		r.Leaf = func(c *x509.Certificate) {
			c.IsCA, c.BasicConstraintsValid, c.MaxPathLenZero = true, true, true
			c.KeyUsage, c.DNSNames = x509.KeyUsageCertSign|x509.KeyUsageCRLSign, nil
		}
		change(r)
	}
}
