package conformance

import (
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
// (BR 4.9.9), so an older answer is believed until that is due.
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
				var list []Verdict
				for _, a := range s.answers(evidence.ListedPOST) {
					for _, c := range s.heeded() {
						if entry := c.listing(a.single.CertID.Serial); entry != nil {
							list = append(list, revokedKnown(a, c, entry))
						}
					}
				}
				return together(list)
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
			},
			Also: []string{"ocsp-br-update-long", "ocsp-mozilla-update-4d", "ocsp-ms-update-half"},
		},
	}
}

// revokedKnown judges an answer about a certificate that the CRL lists.
func revokedKnown(a revocationAnswer, c *CRLSubject, entry *revocation.CRLEntry) Verdict {
	both := func(v Verdict) Verdict { return v.about(a.Exchange.ID, c.Exchange.ID) }
	switch {
	case a.single.Status == revocation.StatusRevoked:
		return pass()
	case a.lags(c):
		return pass()
	case a.single.Status == revocation.StatusGood:
		return both(fail("revoked", "good for serial %s, by OCSP of %s; revoked %s by the CRL of %s", entry.Serial,
			stamp(a.single.ThisUpdate.Time), stamp(entry.RevocationDate.Time), stamp(c.CRL.ThisUpdate.Time)).in(singleField(0, "certStatus")))
	}
	return both(unable("%s for serial %s, which the CRL lists: its certificate may have expired", statusWord(a.single), entry.Serial))
}

// lags reports whether an answer may honestly be from before the CRL was made: it is no
// newer, and not yet due for renewal.
func (a revocationAnswer) lags(c *CRLSubject) bool {
	return a.single.ThisUpdate.Before(c.CRL.ThisUpdate.Add(setBack)) && !a.At.After(renewalDue(a.single))
}

// renewalDue is when BR 4.9.9 has a response renewed: halfway, where its validity interval
// is below 16 hours, else 8 hours before the end and 4 days after the beginning.
func renewalDue(s *revocation.SingleResponse) time.Time {
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
