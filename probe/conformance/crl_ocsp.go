package conformance

import (
	"crypto/x509"
	"slices"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// listedWithin is how long after a revocation was recorded the CRL may lack it (BR 4.9.7).
const listedWithin = 24 * time.Hour

// toldWithin is how long after the revocation of a CA's certificate OCSP may still call it
// good (BR 4.9.9).
const toldWithin = 24 * time.Hour

// crlAgainstOCSPRules hold a CRL against what OCSP says of the same CA's certificates.
func crlAgainstOCSPRules() []*Rule {
	return []*Rule{
		{
			ID:     "crl-revoked-appears",
			Cites:  []Citation{BR("4.9.7", Must).Since("2024-03-15"), BR("4.10.1", Must), RFC5280("5.1.2.6", Observed)},
			Says:   "A certificate that OCSP calls revoked must be on the CRL that covers it, 24 hours after it was revoked.",
			Needs:  evidence.FetchCRL,
			And:    evidence.Assigned,
			Marked: Error,
			Issuer: revokedListed(false),
			Bad: []fixtures.Case{
				when("a second later than 24 hours", func(r *fake) { revokedBefore(r, listedWithin+time.Second) }),
				when("a key that was compromised, in an answer 24 hours and a second older than the CRL", func(r *fake) {
					revokedBefore(r, 2*listedWithin)
					r.OCSP.Reason = revocation.ReasonKeyCompromise
					startsAt(r, r.Now.Add(-time.Hour-listedWithin-time.Second))
				}),
				when("a second later than 24 hours, on the delta neither", func(r *fake) {
					revokedBefore(r, listedWithin+time.Second-deltaAge)
					deltaBeside(r, nil)
				}),
				when("a certificate that expired with the CRL's thisUpdate", func(r *fake) {
					revokedBefore(r, 2*listedWithin)
					r.Leaf = func(c *x509.Certificate) { c.NotAfter = r.Now.Add(-time.Hour) }
				}),
			},
			Good: []fixtures.Case{
				when("48 hours after, on it", func(r *fake) {
					revokedBefore(r, 2*listedWithin)
					r.CRL.Entries = []fixtures.CRLEntry{{Leaf: true, Revoked: r.OCSP.RevocationTime, Reason: r.OCSP.Reason}}
				}),
				when("48 hours after, on a CRL that is cut short", func(r *fake) {
					revokedBefore(r, 2*listedWithin)
					r.CRL.Tamper = func(der []byte) []byte { return der[:len(der)-1] }
				}),
				when("48 hours after, on a CRL of nobody knows when", func(r *fake) {
					revokedBefore(r, 2*listedWithin)
					editCRL("thisUpdate", asTime(0x17, "yesterday"))(r)
				}),
				when("48 hours after, on a CRL of another key", func(r *fake) {
					revokedBefore(r, 2*listedWithin)
					r.CRL.ByOtherKey = true
					keyNamed(strangersKey)(r)
				}),
				when("48 hours after, in an answer that is badly signed", func(r *fake) {
					revokedBefore(r, 2*listedWithin)
					r.OCSP.Tamper = spoilSignature
				}),
				when("48 hours after, in an answer that a stranger signed", func(r *fake) {
					revokedBefore(r, 2*listedWithin)
					r.OCSP.Signer = fixtures.AnyKey
				}),
				when("48 hours after, in an answer of nobody knows when", func(r *fake) {
					revokedBefore(r, 2*listedWithin)
					noTime("responses[0].thisUpdate")(r)
				}),
				when("at a time that cannot be read", func(r *fake) {
					revokedBefore(r, 2*listedWithin)
					noTime("responses[0].certStatus.revocationTime")(r)
				}),
				when("24 hours after", func(r *fake) { revokedBefore(r, listedWithin) }),
				when("24 hours after, on the delta neither", func(r *fake) {
					revokedBefore(r, listedWithin-deltaAge)
					deltaBeside(r, nil)
				}),
				when("on the later of two deltas alone", func(r *fake) {
					revokedBefore(r, 2*listedWithin)
					leafOnDelta(r)
					r.Shards[0].CRL.Number = 1002
					r.Shards = append(r.Shards, earlierDelta(r))
				}),
				when("on the later of two deltas alone, which comes second", func(r *fake) {
					revokedBefore(r, 2*listedWithin)
					leafOnDelta(r)
					r.Shards[0].CRL.Number = 1002
					r.Shards = append([]fixtures.Shard{earlierDelta(r)}, r.Shards...)
				}),
				when("on the delta alone", func(r *fake) {
					revokedBefore(r, 2*listedWithin)
					leafOnDelta(r)
				}),
				when("on hold in an older answer, and released by the delta", func(r *fake) {
					leafReleased(r)
					r.OCSP.Assigned, r.OCSP.Reason, r.OCSP.RevocationTime = fixtures.Revoked, revocation.ReasonCertificateHold, r.CRL.Entries[0].Revoked
				}),
				when("a key that was compromised, in an answer 24 hours older than the CRL", func(r *fake) {
					revokedBefore(r, 2*listedWithin)
					r.OCSP.Reason = revocation.ReasonKeyCompromise
					startsAt(r, r.Now.Add(-time.Hour-listedWithin))
				}),
				when("a certificate that expired a second before the CRL", func(r *fake) {
					revokedBefore(r, 2*listedWithin)
					r.Leaf = func(c *x509.Certificate) { c.NotAfter = r.Now.Add(-time.Hour - time.Second) }
				}),
			},
			Also: []string{"crl-ext-allowed"},
		},
		{
			ID:     "crl-precert-listed",
			Cites:  []Citation{BR("4.9.7", Must).Since("2025-01-15"), MRSP("5.4", Must).Since("2025-01-15")},
			Says:   "A precertificate that OCSP calls revoked must be on the CRL like a certificate, whether or not that was ever issued.",
			Needs:  evidence.FetchCRL,
			And:    evidence.Assigned,
			Marked: Error,
			Issuer: revokedListed(true),
			Bad: []fixtures.Case{when("a second later than 24 hours", func(r *fake) {
				revokedBefore(r, listedWithin+time.Second)
				r.Leaf = poisonedAt(r.Now.Add(-10 * day))
			})},
			Good: []fixtures.Case{
				when("24 hours after", func(r *fake) {
					revokedBefore(r, listedWithin)
					r.Leaf = poisonedAt(r.Now.Add(-10 * day))
				}),
				when("on it", func(r *fake) {
					leafListed(r, fixtures.Revoked, 0)
					r.Leaf = poisonedAt(r.Now.Add(-10 * day))
				}),
			},
		},
		{
			ID:     "crl-good-not-listed",
			Cites:  []Citation{BR("4.9.9", Must), BR("4.10.1", Must), RFC6960("2.2", Observed)},
			Says:   "A certificate that the CRL lists must not be called good by OCSP once the answer is due for renewal.",
			Needs:  evidence.FetchCRL,
			And:    evidence.Assigned,
			Clock:  true,
			Marked: Error,
			Issuer: func(s IssuerSubject) Verdict {
				return s.compare(evidence.Assigned, func(p comparison) Verdict {
					switch {
					case p.single.Status != revocation.StatusGood || p.expired():
						return skip()
					case p.entry == nil || !p.older() || p.lags(): // of a newer answer ocsp-crl-consistent speaks
						return pass()
					}
					return fail("revoked, or an answer renewed by "+stamp(p.renewalDue()), "%s", p)
				})
			},
			Bad: []fixtures.Case{when("in an answer a second overdue", func(r *fake) {
				leafListed(r, fixtures.Good, 0)
				valid(r, r.Now.Add(-updateAfterStart-time.Second), r.Now.Add(3*day-time.Second))
			})},
			Good: []fixtures.Case{
				when("in an answer that is due now", func(r *fake) {
					leafListed(r, fixtures.Good, 0)
					valid(r, r.Now.Add(-updateAfterStart), r.Now.Add(3*day))
				}),
				when("revoked in an answer a second overdue", func(r *fake) {
					leafListed(r, fixtures.Revoked, 0)
					valid(r, r.Now.Add(-updateAfterStart-time.Second), r.Now.Add(3*day-time.Second))
				}),
				when("in an answer a second overdue, of a certificate that expired a second ago", func(r *fake) {
					leafListed(r, fixtures.Good, 0)
					valid(r, r.Now.Add(-updateAfterStart-time.Second), r.Now.Add(3*day-time.Second))
					r.Leaf = func(c *x509.Certificate) { c.NotAfter = r.Now.Add(-time.Second) }
				}),
			},
			Also: []string{"ocsp-br-update-long", "ocsp-mozilla-update-4d", "ocsp-ms-update-half"},
		},
		{
			ID:    "ocsp-ca-revoked-24h",
			Cites: []Citation{BR("4.9.9", Must).Since("2020-09-30")},
			Says:  "OCSP must call the certificate of a Subordinate CA revoked within 24 hours of its revocation.",
			Needs: evidence.FetchCRL,
			And:   evidence.Assigned,
			Clock: true,
			Issuer: func(s IssuerSubject) Verdict {
				return s.compare(evidence.Assigned, func(p comparison) Verdict {
					due := p.crl.CRL.ThisUpdate.Add(toldWithin) // by when it was revoked at the latest
					switch {
					case p.entry == nil || p.certificate == nil || !p.certificate.IsCA || p.expired() || p.released():
						return skip()
					case p.single.Status == revocation.StatusGood && given(p.Exchange).After(due):
						return fail("revoked since "+stamp(due), "%s", p)
					}
					return pass()
				})
			},
			Bad: []fixtures.Case{when("good a second later", func(r *fake) { caListed(r, fixtures.Good, toldWithin+time.Second) })},
			Good: []fixtures.Case{
				when("good 24 hours after the CRL", func(r *fake) { caListed(r, fixtures.Good, toldWithin) }),
				when("good that a cache was given 24 hours after the CRL", func(r *fake) {
					caListed(r, fixtures.Good, toldWithin+time.Second)
					r.OCSPHTTP.Header = map[string][]string{"Age": {"1"}}
				}),
				when("revoked", func(r *fake) { caListed(r, fixtures.Revoked, toldWithin+time.Second) }),
				when("good, and not on the CRL", func(r *fake) {
					caListed(r, fixtures.Good, toldWithin+time.Second)
					r.CRL.Entries = nil
				}),
				when("good, of a certificate that expired a second ago", func(r *fake) {
					caListed(r, fixtures.Good, toldWithin+time.Second)
					listed := r.Leaf
					r.Leaf = func(c *x509.Certificate) {
						listed(c)
						c.NotAfter = r.Now.Add(-time.Second)
					}
				}),
				when("good after a hold", func(r *fake) {
					caListed(r, fixtures.Good, toldWithin+time.Second)
					r.CRL.Entries[0].Reason = revocation.ReasonCertificateHold
				}),
				when("a certificate of no CA", func(r *fake) { leafListed(r, fixtures.Good, toldWithin) }),
			},
			Also: []string{"ocsp-crl-consistent"},
		},
		{
			ID:     "ocsp-signer-revoked",
			Cites:  []Citation{RFC6960("4.2.2.2.1", Observed)},
			Says:   "The certificate of a delegate must not be on the CRL of the CA that it speaks for.",
			Needs:  evidence.FetchCRL,
			And:    evidence.OCSP,
			Marked: Error,
			Issuer: func(s IssuerSubject) Verdict {
				var list []Verdict
				var seen []*x509.Certificate
				for _, a := range s.Responses {
					delegate := a.Signer.Certificate
					if !a.Signer.IssuedByCA || slices.ContainsFunc(seen, delegate.Equal) {
						continue
					}
					seen = append(seen, delegate)
					for _, c := range s.speaking() {
						list = append(list, delegateListed(a, c))
					}
				}
				return together(list)
			},
			Bad: []fixtures.Case{when("it is", func(r *fake) {
				r.OCSP.Signer = fixtures.Delegated
				r.CRL.Entries = []fixtures.CRLEntry{{Delegate: true, Reason: revocation.ReasonSuperseded}}
			})},
			Good: []fixtures.Case{
				when("it is not", func(r *fake) { r.OCSP.Signer = fixtures.Delegated }),
				when("it was on hold, and the delta released it", func(r *fake) {
					r.OCSP.Signer = fixtures.Delegated
					r.CRL.Entries = []fixtures.CRLEntry{{Delegate: true, Reason: revocation.ReasonCertificateHold}}
					deltaBeside(r, func(d *fixtures.CRL) {
						d.Entries = []fixtures.CRLEntry{{Delegate: true, Reason: revocation.ReasonRemoveFromCRL}}
					})
				}),
				when("that of a delegate of another CA is, with the serial number", func(r *fake) {
					r.OCSP.Signer, r.OCSP.DelegateByOtherCA = fixtures.Delegated, true
					r.CRL.Entries = []fixtures.CRLEntry{{Delegate: true, Reason: revocation.ReasonSuperseded}}
				}),
				when("that of the CA is, with the serial number", func(r *fake) {
					r.CRL.Entries = []fixtures.CRLEntry{{Serial: revocation.SerialOf(r.IssuerCertificate().SerialNumber), Reason: revocation.ReasonSuperseded}}
				}),
				when("it is, and does not sign", func(r *fake) {
					r.CRL.Entries = []fixtures.CRLEntry{{Delegate: true, Reason: revocation.ReasonSuperseded}}
				}),
			},
		},
	}
}

// revokedListed judges whether what OCSP calls revoked is on the CRL: precertificates, or all
// other certificates.
func revokedListed(precertificates bool) func(IssuerSubject) Verdict {
	return func(s IssuerSubject) Verdict {
		return s.compare(evidence.Assigned, func(p comparison) Verdict {
			revoked, signed := p.single.RevocationTime, p.crl.CRL.ThisUpdate
			switch {
			case p.certificate == nil || revocation.IsPrecertificate(p.certificate) != precertificates:
				return skip()
			case p.single.Status != revocation.StatusRevoked || revoked.IsZero() || revoked.Unix() == 0:
				return skip() // ocsp-assigned-not-hold speaks of 1970
			case signed.After(p.certificate.NotAfter):
				return skip()
			case p.entry == nil && p.single.Reason == revocation.ReasonCertificateHold && p.older():
				return skip() // released since (RFC 5280 §5.3.1)
			case p.entry != nil || !signed.After(revoked.Add(listedWithin)):
				return pass()
			case p.single.Reason == revocation.ReasonKeyCompromise && !signed.After(p.single.ThisUpdate.Add(listedWithin)):
				return unable("%s: the time of a key's compromise may lie before that of the revocation", p)
			}
			return fail("an entry on every CRL from "+stamp(revoked.Add(listedWithin))+" on", "%s", p)
		})
	}
}

func delegateListed(a *ResponseSubject, c *CRLSubject) Verdict {
	entry, by := c.says(revocation.SerialOf(a.Signer.Certificate.SerialNumber))
	if entry == nil {
		return pass().about(a.Exchange.ID, by.Exchange.ID)
	}
	return fail("a delegate whose certificate is not revoked", "%s, serial %s: revoked %s by the CRL of %s", nameOf(a.Signer.Certificate),
		entry.Serial, stamp(entry.RevocationDate.Time), stamp(by.CRL.ThisUpdate.Time)).about(a.Exchange.ID, by.Exchange.ID)
}

// revokedBefore has OCSP alone call the leaf revoked, so long before the CRL was made.
func revokedBefore(r *fake, d time.Duration) {
	r.OCSP.Assigned, r.OCSP.Reason = fixtures.Revoked, revocation.ReasonSuperseded
	r.OCSP.RevocationTime = r.Now.Add(-time.Hour - d)
}

// earlierDelta is a delta before that of deltaBeside, without entries.
func earlierDelta(r *fake) fixtures.Shard {
	return fixtures.Shard{CRL: fixtures.CRL{Number: 1001, ThisUpdate: r.Now.Add(-deltaAge - 10*time.Minute), Extensions: deltaOf(1000, true)}, FreshestOfCRL: true}
}

// caListed lets the certificate asked about be a CA's that is on a CRL issued so long ago.
func caListed(r *fake, status fixtures.Status, ago time.Duration) {
	leafListed(r, status, ago-time.Hour)
	r.CRL.Entries = r.CRL.Entries[1:]
	r.CRL.Entries[0].Revoked = r.CRL.ThisUpdate.Add(-time.Hour)
	r.OCSP.RevocationTime, r.OCSP.Reason = r.CRL.Entries[0].Revoked, revocation.ReasonSuperseded
	r.Leaf = func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage, c.DNSNames = true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign, nil
	}
}
