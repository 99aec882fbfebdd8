package conformance

import (
	"crypto/x509"
	"fmt"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// setBack is by how much a CA may put back the thisUpdate of one document against that of
// another: an hour is usual.
const setBack = time.Hour

// ocspAgainstCRLRules hold what OCSP says against what the CRL of the same CA says. The
// texts set no time by which OCSP has to follow a revocation but that of its next update
// (BR 4.9.9), so an older answer is believed until that is due. Each contradiction is one
// rule's: ocsp-revoked-known asks about serials of the CRL; of the certificates at hand,
// ocsp-crl-consistent has the answers newer than the CRL that lists them,
// crl-good-not-listed the older ones, and crl-revoked-appears those that no CRL lists.
func ocspAgainstCRLRules() []*Rule {
	return []*Rule{
		{
			ID:     "ocsp-revoked-known",
			Cites:  []Citation{BR("4.9.9", Must).Since("2024-03-15"), BR("4.10.1", Must), MRSP("6", Must), RFC6960("2.2", Observed)},
			Says:   "OCSP must call a certificate that the CRL lists revoked, once an answer from before the CRL is due for renewal.",
			Needs:  evidence.FetchCRL,
			And:    evidence.ListedPOST,
			Clock:  true,
			Marked: Error,
			Issuer: func(s IssuerSubject) Verdict {
				return s.compare(evidence.ListedPOST, func(p comparison) Verdict {
					switch {
					case p.entry == nil || s.names(p.single.CertID.Serial):
						return skip() // of certificates at hand the two rules after this speak
					case p.single.Status == revocation.StatusRevoked || p.lags() || p.released():
						return pass()
					case p.single.Status == revocation.StatusGood:
						return fail("revoked", "%s", p)
					}
					return unable("%s: the certificate may have expired", p)
				})
			},
			Bad: []fixtures.Case{
				when("good, in an answer an hour newer than the CRL", func(r *fake) {
					r.OCSP.Listed = fixtures.Good
					r.CRL.ThisUpdate = r.Now.Add(-time.Hour - setBack)
				}),
				when("good, in an answer a second overdue", func(r *fake) {
					r.OCSP.Listed = fixtures.Good
					valid(r, r.Now.Add(-updateAfterStart-time.Second), r.Now.Add(3*day-time.Second))
				}),
			},
			Good: []fixtures.Case{
				when("good, in an answer a second older than that", func(r *fake) {
					r.OCSP.Listed = fixtures.Good
					r.CRL.ThisUpdate = r.Now.Add(-time.Hour - setBack + time.Second)
				}),
				when("good, in an answer that is due now", func(r *fake) {
					r.OCSP.Listed = fixtures.Good
					valid(r, r.Now.Add(-updateAfterStart), r.Now.Add(3*day))
				}),
				when("unknown, as for a certificate that has expired", func(r *fake) { r.OCSP.Listed = fixtures.Unknown }),
				when("unknown, in an answer an hour newer than the CRL", func(r *fake) {
					r.OCSP.Listed = fixtures.Unknown
					r.CRL.ThisUpdate = r.Now.Add(-time.Hour - setBack)
				}),
				when("good after a hold, in an answer an hour newer than the CRL", func(r *fake) {
					r.OCSP.Listed = fixtures.Good
					r.CRL.ThisUpdate, r.CRL.Entries = r.Now.Add(-time.Hour-setBack), entries(1, revocation.ReasonCertificateHold)
				}),
			},
			Also: []string{"ocsp-br-update-long", "ocsp-mozilla-update-4d", "ocsp-ms-update-half"},
		},
		{
			ID:     "ocsp-crl-consistent",
			Cites:  []Citation{BR("4.10.1", Must), BR("4.9.7", Must), BR("4.9.9", Must), RFC6960("2.2", Observed)},
			Says:   "OCSP must not take back what an older CRL says of a certificate, nor give another time of revocation.",
			Needs:  evidence.FetchCRL,
			And:    evidence.Assigned | evidence.ListedPOST,
			Marked: Error,
			Issuer: func(s IssuerSubject) Verdict {
				return s.compare(evidence.Assigned|evidence.ListedPOST, func(p comparison) Verdict {
					switch {
					case p.entry == nil:
						return skip() // crl-revoked-appears speaks of those
					case p.single.Status == revocation.StatusRevoked:
						return p.times()
					case p.certificate == nil || p.expired():
						return skip() // ocsp-revoked-known speaks of the first; entries of the others may go
					case p.older() || p.released():
						return pass() // crl-good-not-listed speaks of the older once it is overdue
					}
					return fail("revoked", "%s", p)
				})
			},
			Bad: []fixtures.Case{
				when("good, in an answer an hour newer than the CRL", func(r *fake) { leafListed(r, fixtures.Good, setBack) }),
				when("unknown, in an answer an hour newer than the CRL", func(r *fake) { leafListed(r, fixtures.Unknown, setBack) }),
				when("revoked a second later by OCSP", func(r *fake) {
					leafListed(r, fixtures.Revoked, 0)
					r.OCSP.RevocationTime = r.Now.Add(-day + time.Second)
				}),
				when("revoked a second earlier by OCSP of the same time", func(r *fake) {
					leafListed(r, fixtures.Revoked, 0)
					r.OCSP.RevocationTime = r.Now.Add(-day - time.Second)
				}),
				when("revoked when the CRL was made, and a second later by OCSP", func(r *fake) {
					leafListed(r, fixtures.Revoked, setBack)
					r.CRL.Entries[1].Revoked = r.CRL.ThisUpdate
					r.OCSP.RevocationTime = r.CRL.ThisUpdate.Add(time.Second)
				}),
				when("revoked a second later by the CRL, which is newer", func(r *fake) {
					leafListed(r, fixtures.Revoked, -time.Minute)
					r.OCSP.RevocationTime = r.Now.Add(-day - time.Second)
				}),
				when("good, in the last second of the certificate", func(r *fake) {
					leafListed(r, fixtures.Good, setBack)
					r.Leaf = func(c *x509.Certificate) { c.NotAfter = r.Now }
				}),
				when("good, in an answer an hour newer than the delta alone that lists it", func(r *fake) { goodBeforeDelta(r, setBack) }),
			},
			Good: []fixtures.Case{
				when("good, in an answer a second older than that of the delta", func(r *fake) { goodBeforeDelta(r, setBack-time.Second) }),
				when("good, and released by the delta", leafReleased),
				when("good, in an answer a second older than that", func(r *fake) { leafListed(r, fixtures.Good, setBack-time.Second) }),
				when("on hold at another second, since it was released between", func(r *fake) {
					leafListed(r, fixtures.Revoked, 0)
					r.CRL.Entries[1].Reason, r.OCSP.Reason = revocation.ReasonCertificateHold, revocation.ReasonCertificateHold
					r.OCSP.RevocationTime = r.Now.Add(-day + time.Second)
				}),
				when("revoked at the same second", func(r *fake) { leafListed(r, fixtures.Revoked, setBack) }),
				when("revoked earlier by the newer of both, which may have set it back", func(r *fake) {
					leafListed(r, fixtures.Revoked, setBack)
					r.OCSP.RevocationTime = r.Now.Add(-day - time.Hour)
				}),
				when("revoked a second earlier by the CRL, which is newer", func(r *fake) {
					leafListed(r, fixtures.Revoked, -time.Minute)
					r.OCSP.RevocationTime = r.Now.Add(-day + time.Second)
				}),
				when("revoked on a day that the CRL does not tell", func(r *fake) {
					leafListed(r, fixtures.Revoked, 0)
					editCRL("revokedCertificates[1].revocationDate", asTime(0x17, "yesterday"))(r)
				}),
				when("good, a second after the certificate expired", func(r *fake) {
					leafListed(r, fixtures.Good, setBack)
					r.Leaf = func(c *x509.Certificate) { c.NotAfter = r.Now.Add(-time.Second) }
				}),
			},
			Also: []string{"ocsp-assigned-authoritative-15m", "crl-ext-allowed"},
		},
		{
			ID:     "ocsp-reason-equals-crl",
			Cites:  []Citation{MRSP("6.1.1", Observed), BR("7.2.2", Observed)},
			Says:   "OCSP should give the reason of a revocation that the CRL gives.",
			Needs:  evidence.FetchCRL,
			And:    evidence.Assigned | evidence.ListedPOST,
			Marked: Warning,
			Issuer: func(s IssuerSubject) Verdict {
				return s.compare(evidence.Assigned|evidence.ListedPOST, func(p comparison) Verdict {
					if p.entry == nil || p.single.Status != revocation.StatusRevoked {
						return skip()
					}
					return p.reasons()
				})
			},
			Bad: []fixtures.Case{
				when("two reasons", func(r *fake) {
					leafListed(r, fixtures.Revoked, 0)
					r.OCSP.Reason = revocation.ReasonCessationOfOperation
				}),
				when("two reasons, and the CRL is older", func(r *fake) {
					leafListed(r, fixtures.Revoked, setBack)
					r.OCSP.Reason = revocation.ReasonCessationOfOperation
				}),
				when("keyCompromise by OCSP of the same time", func(r *fake) {
					leafListed(r, fixtures.Revoked, 0)
					r.OCSP.Reason = revocation.ReasonKeyCompromise
				}),
				when("keyCompromise by the CRL, which is older", reasonListed(revocation.ReasonKeyCompromise, setBack)),
				when("cessationOfOperation by the CRL", reasonListed(revocation.ReasonCessationOfOperation, 0)),
				when("privilegeWithdrawn by the CRL", reasonListed(revocation.ReasonPrivilegeWithdrawn, 0)),
				when("no reason by OCSP", func(r *fake) {
					leafListed(r, fixtures.Revoked, 0)
					r.OCSP.NoReason = true
				}),
			},
			Good: []fixtures.Case{
				when("the same reason", func(r *fake) { leafListed(r, fixtures.Revoked, 0) }),
				when("keyCompromise by the CRL, which is newer", reasonListed(revocation.ReasonKeyCompromise, -time.Minute)),
				when("keyCompromise by the newer of both", func(r *fake) {
					leafListed(r, fixtures.Revoked, setBack)
					r.OCSP.Reason = revocation.ReasonKeyCompromise
				}),
			},
		},
	}
}

// leafListed puts the leaf on a CRL that is so much older than the answers, and has OCSP say
// something of it.
func leafListed(r *fake, status fixtures.Status, older time.Duration) {
	r.CRL.ThisUpdate = r.Now.Add(-time.Hour - older)
	r.CRL.Entries = append(entries(1, revocation.ReasonKeyCompromise), fixtures.CRLEntry{Leaf: true, Revoked: r.Now.Add(-day), Reason: revocation.ReasonSuperseded})
	r.OCSP.Assigned = status
}

// reasonListed has the CRL, so much older than the answers, give another reason than OCSP does.
func reasonListed(reason revocation.ReasonCode, older time.Duration) func(*fake) {
	return func(r *fake) {
		leafListed(r, fixtures.Revoked, older)
		r.CRL.Entries[1].Reason, r.OCSP.Reason = reason, revocation.ReasonSuperseded
	}
}

// comparison is what OCSP and a CRL that a client would heed say of one certificate.
type comparison struct {
	revocationAnswer
	crl         *CRLSubject          // that says so: of a complete one and its delta, the one that decides
	entry       *revocation.CRLEntry // nil where the CRL covers the certificate and does not list it
	certificate *x509.Certificate    // nil where only the serial is known
}

func (p comparison) String() string {
	word := statusWord(p.single)
	if p.single.Status == revocation.StatusRevoked {
		word += " " + stamp(p.single.RevocationTime.Time)
	}
	crl := "not on the CRL"
	switch delta := p.crl.CRL.IsDelta(); {
	case p.entry != nil && delta:
		crl = "revoked " + stamp(p.entry.RevocationDate.Time) + " by the delta CRL"
	case p.entry != nil:
		crl = "revoked " + stamp(p.entry.RevocationDate.Time) + " by the CRL"
	case delta:
		crl = "not on the CRL with the delta"
	}
	return fmt.Sprintf("serial %s: %s by OCSP of %s, %s of %s", p.single.CertID.Serial, word, stamp(p.single.ThisUpdate.Time),
		crl, stamp(p.crl.CRL.ThisUpdate.Time))
}

// compare puts a question to every answer with every CRL that says something of the same
// certificate.
func (s *IssuerSubject) compare(kinds evidence.Ask, judge func(comparison) Verdict) Verdict {
	var list []Verdict
	for _, a := range s.answers(kinds) {
		for _, c := range s.speaking() {
			entry, by := c.says(a.single.CertID.Serial)
			p := comparison{a, by, entry, a.Subject}
			if p.entry == nil {
				if p.certificate == nil {
					continue
				}
				if coverage, _ := c.covers(p.certificate, s.Issuer); coverage != Covered {
					continue
				}
			}
			about := []string{a.Exchange.ID, c.Exchange.ID}
			if by != c {
				about = append(about, by.Exchange.ID)
			}
			list = append(list, judge(p).about(about...))
		}
	}
	return together(list)
}

// older reports whether the answer may honestly be from before the CRL was made.
func (p comparison) older() bool {
	return p.single.ThisUpdate.Before(p.crl.CRL.ThisUpdate.Add(setBack))
}

// lags reports whether it is, and not yet due for renewal.
func (p comparison) lags() bool { return p.older() && !p.At.After(p.renewalDue()) }

// released reports whether the answer is newer than a CRL on which the certificate is on hold:
// the hold may have been lifted since (RFC 5280 §5.3.1). Where a hold is forbidden,
// crl-reason-no-hold says so.
func (p comparison) released() bool {
	return p.held() && p.single.Status == revocation.StatusGood && p.single.ThisUpdate.After(p.crl.CRL.ThisUpdate.Time)
}

func (p comparison) held() bool {
	return p.entry != nil && p.entry.HasReason && p.entry.Reason == revocation.ReasonCertificateHold
}

// expired reports whether the certificate is, so that its entry may go and OCSP fall silent.
func (p comparison) expired() bool {
	return p.certificate != nil && p.At.After(p.certificate.NotAfter)
}

// times holds the two times of a revocation against each other. The newer document may have
// set it back (BR 7.2.2).
func (p comparison) times() Verdict {
	ocsp, crl := p.single.RevocationTime, p.entry.RevocationDate
	newer, earlier := ocsp, crl
	if p.crl.CRL.ThisUpdate.After(p.single.ThisUpdate.Time) {
		newer, earlier = crl, ocsp
	}
	switch {
	case ocsp.IsZero() || crl.IsZero() || crl.After(p.crl.CRL.ThisUpdate.Time):
		return skip() // other rules speak of such times
	case p.held() || p.single.Reason == revocation.ReasonCertificateHold:
		return skip() // a hold that became a revocation, or another hold, at a time of its own
	case ocsp.Equal(crl.Time), newer.Before(earlier.Time) && !p.single.ThisUpdate.Equal(p.crl.CRL.ThisUpdate.Time):
		return pass()
	}
	return fail("one time of revocation", "%s", p).in(singleField(0, "certStatus.revocationTime")).atMost(Warning)
}

// reasons holds the two reasons of a revocation against each other. The newer document may
// have changed it to keyCompromise (BR 7.2.2), and what no CRL should give as a reason is
// the business of crl-reason-allowed.
func (p comparison) reasons() Verdict {
	ocsp, crl, newer := p.single.Reason, p.entry.Reason, p.single.Reason
	if p.crl.CRL.ThisUpdate.After(p.single.ThisUpdate.Time) {
		newer = crl
	}
	switch {
	case !allowedReason(crl):
		return skip()
	case ocsp == crl:
		return pass()
	case newer == revocation.ReasonKeyCompromise && !p.single.ThisUpdate.Equal(p.crl.CRL.ThisUpdate.Time):
		return pass()
	}
	v := fail("one reason", "serial %s: %s by OCSP, %s by the CRL", p.single.CertID.Serial, ocsp, crl).in(singleField(0, "certStatus.revocationReason"))
	if ocsp == revocation.ReasonUnspecified || crl == revocation.ReasonUnspecified {
		return v.atMost(Notice)
	}
	return v
}

// allowedReason reports whether BR 7.2.2 has that reason for Subscriber certificates, none
// included.
func allowedReason(r revocation.ReasonCode) bool {
	switch r {
	case revocation.ReasonUnspecified, revocation.ReasonKeyCompromise, revocation.ReasonAffiliationChanged, revocation.ReasonSuperseded,
		revocation.ReasonCessationOfOperation, revocation.ReasonPrivilegeWithdrawn:
		return true
	}
	return false
}

// renewalDue is when BR 4.9.9 has a response renewed: halfway, where its validity interval
// is below 16 hours, else 8 hours before the end and 4 days after the beginning. For CA
// certificates it has 12 months.
func (p comparison) renewalDue() time.Time {
	s := p.single
	if p.Scope == evidence.ScopeCA {
		return s.ThisUpdate.AddDate(1, 0, 0)
	}
	due := s.ThisUpdate.Add(updateAfterStart)
	length, ok := validity(s)
	switch {
	case !ok:
		return due
	case length < longValidity:
		return s.NextUpdate.Add(-length / 2)
	}
	if early := s.NextUpdate.Add(-updateBeforeEnd); early.Before(due) {
		return early
	}
	return due
}
