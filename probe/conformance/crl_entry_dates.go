package conformance

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func crlDateRules() []*Rule {
	return []*Rule{
		{
			ID:    "crl-time-encoding",
			Cites: []Citation{RFC5280("5.1.2.4", Must), RFC5280("5.1.2.5", Must), RFC5280("5.1.2.6", Must)},
			Says:  "Times through 2049 must be UTCTime and later ones GeneralizedTime, with seconds, in Greenwich time.",
			Needs: evidence.FetchCRL,
			Entries: func(s *CRLSubject) EntryJudge {
				return &entryJudge{subject: s, want: "YYMMDDHHMMSSZ through 2049, YYYYMMDDHHMMSSZ from 2050", watch: revocation.MarkTimeForm,
					words:  func(e *revocation.CRLEntry) string { return "revocationDate is a " + timeText(e.RevocationDate) },
					settle: headerTimes}
			},
			Bad: []fixtures.Case{
				when("GeneralizedTime for thisUpdate", retimed("thisUpdate", 0x18, "20060102150405Z")),
				when("no seconds in nextUpdate", retimed("nextUpdate", 0x17, "0601021504Z")),
				when("an offset in revocationDate", retimed("revokedCertificates[0].revocationDate", 0x17, "060102150405+0000")),
				when("GeneralizedTime for revocationDate", retimed("revokedCertificates[1].revocationDate", 0x18, "20060102150405Z")),
				when("the last second of 2049 as GeneralizedTime", editCRL("nextUpdate", asTime(0x18, "20491231235959Z"))),
			},
			Good: []fixtures.Case{
				when("UTCTime", func(*fake) {}),
				when("the first second of 2050 as GeneralizedTime", editCRL("nextUpdate", asTime(0x18, "20500101000000Z"))),
			},
			Also: []string{"crl-validity-ee"},
		},
		{
			ID:    "crl-entry-date-not-future",
			Cites: []Citation{RFC5280("5.1.2.6", Must), RFC5280("5.3", Must)},
			Says:  "No certificate can be revoked after the CRL that lists it was issued.",
			Needs: evidence.FetchCRL,
			Entries: func(s *CRLSubject) EntryJudge {
				return &entryJudge{subject: s, watch: revocation.MarkLate, words: revokedText,
					settle: func(j *entryJudge, v Verdict) Verdict {
						v.Want = "not after thisUpdate, " + stamp(j.subject.CRL.ThisUpdate.Time)
						return v
					}}
			},
			Bad:  []fixtures.Case{when("a second after thisUpdate", revokedAt(func(r *fake) time.Time { return r.Now.Add(-time.Hour + time.Second) }))},
			Good: []fixtures.Case{when("at thisUpdate", revokedAt(func(r *fake) time.Time { return r.Now.Add(-time.Hour) }))},
		},
		{
			ID:     "crl-entry-date-sane",
			Cites:  []Citation{BR("7.2.2", Observed), RFC5280("5.1.2.6", Observed)},
			Says:   "No certificate can be revoked before it was issued, nor before 1999, when there were no such CRLs.",
			Needs:  evidence.FetchCRL,
			Marked: Warning,
			Entries: func(s *CRLSubject) EntryJudge {
				return &entryJudge{subject: s, want: "1999 or later", watch: revocation.MarkAncient, words: revokedText,
					settle: func(j *entryJudge, v Verdict) Verdict {
						listed, subject := j.subject.Listed, j.subject.Subject
						if listed == nil || listed.RevocationDate.IsZero() || !listed.RevocationDate.Before(subject.NotBefore) || !sameAuthority(*j.subject) {
							return v
						}
						return fail("not before notBefore of "+nameOf(subject)+", "+stamp(subject.NotBefore), "%s", revokedText(listed)).
							in(fmt.Sprintf("tbsCertList.revokedCertificates[%d]", listed.Index)).at(listed.Offset)
					}}
			},
			Bad: []fixtures.Case{
				when("a second before 1999", revokedAt(func(*fake) time.Time { return time.Date(1998, 12, 31, 23, 59, 59, 0, time.UTC) })),
				when("a second before the leaf's notBefore", leafRevokedAt(-10*day-time.Second)),
			},
			Good: []fixtures.Case{
				when("1999", revokedAt(func(*fake) time.Time { return time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC) })),
				when("the leaf's notBefore", leafRevokedAt(-10*day)),
				when("a second before the leaf's notBefore, by another key", func(r *fake) {
					leafRevokedAt(-10*day - time.Second)(r)
					r.CRL.ByOtherKey = true
				}),
				when("the leaf's at no time that can be read", func(r *fake) {
					leafRevokedAt(-10 * day)(r)
					editCRL("revokedCertificates[0].revocationDate", asTime(0x17, "yesterday"))(r)
				}),
			},
			Also: []string{"ocsp-revocationtime-sane"},
		},
		{
			ID:     "crl-stale-cleanup",
			Cites:  []Citation{BR("7.2", Should).Since("2024-03-15")},
			Says:   "An entry should go once it was on a CRL that was issued after its certificate had expired.",
			Needs:  evidence.FetchCRL,
			Marked: Info,
			CRL: func(s CRLSubject) Verdict {
				this, next := s.CRL.ThisUpdate, s.CRL.NextUpdate
				switch {
				case s.Listed == nil || !revokes(s.Listed) || !sameAuthority(s) || keepsExpired(s) || s.CRL.IsDelta() || this.IsZero() || next.IsZero():
					return skip()
				case this.After(s.Subject.NotAfter.Add(2 * next.Sub(this.Time))):
					return fail("no entry: the CRL before this one was issued after "+stamp(s.Subject.NotAfter)+" too", "serial %s, which expired %s before thisUpdate",
						revocation.SerialOf(s.Subject.SerialNumber), span(this.Sub(s.Subject.NotAfter))).in("tbsCertList.revokedCertificates").at(s.Listed.Offset)
				}
				return pass()
			},
			Bad: []fixtures.Case{when("a second more than two CRLs later", expiredAndListed(8*day+time.Second))},
			Good: []fixtures.Case{
				when("two CRLs later", expiredAndListed(8*day)),
				when("two CRLs later, and off it again", func(r *fake) {
					expiredAndListed(8*day + time.Second)(r)
					r.CRL.Entries[0].Reason = revocation.ReasonRemoveFromCRL
				}),
				when("on a CRL by another key", func(r *fake) {
					expiredAndListed(8*day + time.Second)(r)
					r.CRL.ByOtherKey = true
				}),
				when("on a CRL without nextUpdate", func(r *fake) {
					expiredAndListed(8*day + time.Second)(r)
					r.CRL.NoNextUpdate = true
				}),
				when("a certificate for mail, whose signatures may be looked at later", func(r *fake) {
					expiredAndListed(8*day + time.Second)(r)
					expired := r.Leaf
					r.Leaf = func(c *x509.Certificate) {
						expired(c)
						c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}
					}
				}),
				when("where expired certificates are kept", func(r *fake) {
					expiredAndListed(8*day + time.Second)(r)
					r.CRL.Extensions = []revocation.Extension{expiredCertsOnCRL}
				}),
				when("in a delta, which repeats it until its base has it", func(r *fake) {
					expiredAndListed(8*day + time.Second)(r)
					delta(true)(r)
				}),
			},
		},
	}
}

// keepsExpired reports whether a CRL is meant to list certificates that have expired: it says
// so, or lists others than those of TLS servers, whose signatures may be looked at later.
func keepsExpired(s CRLSubject) bool {
	return !namesServer(s.Subject) || slices.ContainsFunc(s.CRL.Extensions, func(x revocation.Extension) bool { return x.ID == revocation.OIDExpiredCerts })
}

// expiredAndListed has the leaf on the CRL that long after it expired.
func expiredAndListed(after time.Duration) func(*fake) {
	return func(r *fake) {
		end := r.Now.Add(-time.Hour - after)
		r.Leaf = func(c *x509.Certificate) { c.NotBefore, c.NotAfter = end.Add(-30*day), end }
		r.CRL.Entries = []fixtures.CRLEntry{{Leaf: true, Revoked: end.Add(-day), Reason: revocation.ReasonSuperseded}}
		r.OCSP.Assigned, r.OCSP.RevocationTime, r.OCSP.Reason = fixtures.Revoked, end.Add(-day), revocation.ReasonSuperseded
	}
}

// headerTimes has the times of the CRL itself go before those of its entries.
func headerTimes(j *entryJudge, v Verdict) Verdict {
	c := j.subject.CRL
	for _, t := range []struct {
		name string
		revocation.Time
	}{{"thisUpdate", c.ThisUpdate}, {"nextUpdate", c.NextUpdate}} {
		if !t.IsZero() && !t.PlainForm() {
			return fail(j.want, "a %s", timeText(t.Time)).in("tbsCertList." + t.name).at(t.Offset)
		}
	}
	return v
}

func timeText(t revocation.Time) string {
	name := "UTCTime"
	if t.Generalized() {
		name = "GeneralizedTime"
	}
	return fmt.Sprintf("%s %.32q", name, t.Raw)
}

func revokedText(e *revocation.CRLEntry) string { return "revoked " + stamp(e.RevocationDate.Time) }

// sameAuthority reports whether the CRL is signed by the CA that issued the certificate.
func sameAuthority(s CRLSubject) bool {
	return s.Signature.State == revocation.SignatureValid && bytes.Equal(s.Issuer.RawSubject, s.Subject.RawIssuer)
}

// leafRevokedAt revokes the leaf so long after the start of the fake's day.
func leafRevokedAt(after time.Duration) func(*fake) {
	return leafRevoked(func(r *fake) { r.CRL.Entries[0].Revoked = r.Now.Truncate(day).Add(after) })
}
