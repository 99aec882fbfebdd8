package conformance

import (
	"crypto/x509"
	"slices"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func ocspStatusRules() []*Rule {
	return []*Rule{
		{
			ID:     "ocsp-assigned-not-hold",
			Cites:  []Citation{BR("4.9.13", Must).Since("2020-09-30"), BR("7.3", Must).Since("2020-09-30"), RFC6960("2.2", Practice)},
			Says:   "An assigned serial must not be revoked with certificateHold, nor as of 1970-01-01, which stand for serials never issued.",
			Needs:  evidence.Assigned,
			Marked: Critical,
			OCSP: func(s OCSPSubject) Verdict {
				const want = "good, or revoked for a lasting reason at a time of its own"
				switch {
				case !s.assigned() || s.Single.Status != revocation.StatusRevoked:
					return skip()
				case s.Single.HasReason && s.Single.Reason == revocation.ReasonCertificateHold:
					return fail(want, "revoked with certificateHold at %s", stamp(s.Single.RevocationTime.Time)).in(s.field("certStatus.revocationReason"))
				case s.revokedAtEpoch():
					return fail(want, "revoked at %s", stamp(s.Single.RevocationTime.Time)).
						in(s.field("certStatus.revocationTime")).at(s.Single.RevocationTime.Offset)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("as if never issued", func(r *fake) { r.OCSP.Assigned = fixtures.ExtendedRevoked }),
				when("certificateHold", func(r *fake) { revoked(r, revocation.ReasonCertificateHold) }),
				when("1970-01-01", func(r *fake) {
					revoked(r, revocation.ReasonKeyCompromise)
					r.OCSP.RevocationTime = epoch
				}),
			},
			Good: []fixtures.Case{
				when("a second after 1970-01-01", func(r *fake) {
					revoked(r, revocation.ReasonKeyCompromise)
					r.OCSP.RevocationTime = epoch.Add(time.Second)
				}),
				when("a serial never issued", func(r *fake) { r.OCSP.Unassigned = fixtures.ExtendedRevoked }),
			},
		},
		{
			ID:     "ocsp-extended-revoke-consistency",
			Cites:  []Citation{RFC6960("4.4.8", Observed)},
			Says:   "A responder that sends extended-revoke says that it answers \"revoked\" for serials never issued, and should not answer \"good\".",
			Needs:  evidence.Assigned | evidence.Unassigned,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				sent, goods := s.extendedRevoke(), s.unassigned("good")
				switch {
				case sent == "":
					return skip()
				case len(goods) > 0:
					return fail("revoked, as extended-revoke says", "good for the unassigned serial %s", goods[0].Serial).
						in("responses[0].certStatus").about(sent, goods[0].Exchange)
				case !s.authoritative(evidence.Unassigned):
					return unable("no OCSP response to a question about an unassigned serial")
				}
				return pass()
			},
			Bad: []fixtures.Case{when("good", func(r *fake) {
				r.OCSP.Unassigned = fixtures.Good
				r.OCSP.Extensions = []revocation.Extension{{ID: revocation.OIDExtendedRevoke, Value: []byte{5, 0}}}
			})},
			Good: []fixtures.Case{
				when("unknown, which is tolerable", func(r *fake) {
					r.OCSP.Extensions = []revocation.Extension{{ID: revocation.OIDExtendedRevoke, Value: []byte{5, 0}}}
				}),
				when("good, without having said otherwise", func(r *fake) { r.OCSP.Unassigned = fixtures.Good }),
			},
			Also: []string{"ocsp-unassigned-not-good"},
		},
		{
			ID:    "ocsp-unassigned-consistent",
			Cites: []Citation{RFC6960("2.2", Practice)},
			Says:  "Serials never assigned should all get the same kind of answer, whatever their length and shape.",
			Needs: evidence.Unassigned,
			Service: func(s ServiceSubject) Verdict {
				compared := false
				for _, method := range []evidence.Ask{evidence.UnassignedPOST, evidence.UnassignedGET} { // ocsp-get-post-equal holds these against each other
					denied := s.denied(method)
					if kinds := kindsOf(denied); len(kinds) > 1 {
						return fail("one kind of answer", "%s", s.denialsText(denied)).in("responses[0].certStatus").about(kinds[0].Exchange, kinds[1].Exchange)
					}
					compared = compared || len(denied) > 0
				}
				if !compared {
					return unable("no answer to a question about an unassigned serial says what it is")
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("unauthorized for short serials, unknown for others", func(r *fake) {
					r.OCSP.Strategies = map[string]fixtures.Status{"ser-random-8": fixtures.Unauthorized}
				}),
				when("unknown for those like the CA's, unauthorized for others", func(r *fake) {
					r.OCSP.Unassigned = fixtures.Unauthorized
					r.OCSP.Strategies = map[string]fixtures.Status{"ser-ca-shaped": fixtures.Unknown}
				}),
			},
			Good: []fixtures.Case{
				when("unauthorized for all", func(r *fake) { r.OCSP.Unassigned = fixtures.Unauthorized }),
				when("another one by GET", func(r *fake) {
					r.OCSP.ForGET = func(o *fixtures.OCSP) { o.Unassigned = fixtures.Unauthorized }
				}),
				when("tryLater for some, which is no answer", func(r *fake) {
					r.OCSP.Strategies = map[string]fixtures.Status{"ser-random-8": fixtures.TryLater}
				}),
			},
		},
		{
			ID:     "ocsp-revocationtime-sane",
			Cites:  []Citation{RFC6960("2.2", Observed), RFC6960("4.2.1", Observed), BR("7.2.2", Observed)},
			Says:   "revocationTime should not lie before the certificate's notBefore.",
			Needs:  evidence.Assigned,
			Marked: Warning,
			OCSP: func(s OCSPSubject) Verdict {
				at := s.Single.RevocationTime
				switch {
				case !s.assigned() || s.Subject == nil || s.Single.Status != revocation.StatusRevoked || at.IsZero():
					return skip()
				case s.revokedAtEpoch():
					return skip() // ocsp-assigned-not-hold says worse of it
				case at.Before(s.Subject.NotBefore):
					return fail("not before "+stamp(s.Subject.NotBefore), "%s, %s earlier", stamp(at.Time), span(s.Subject.NotBefore.Sub(at.Time))).
						in(s.field("certStatus.revocationTime")).at(at.Offset)
				}
				return pass() // not after thisUpdate is ocsp-time-order's
			},
			Bad:  []fixtures.Case{when("a second before notBefore", revokedAfterIssuance(-time.Second))},
			Good: []fixtures.Case{when("at notBefore", revokedAfterIssuance(0))},
		},
		{
			ID:    "ocsp-ca-reason-present",
			Cites: []Citation{BR("7.3", Must).Since("2020-09-30")},
			Says:  "\"revoked\" for a CA certificate must come with a revocationReason.",
			Needs: evidence.Assigned,
			Scope: evidence.ScopeCA,
			OCSP: func(s OCSPSubject) Verdict {
				switch {
				case !s.concerned() || s.Single.Status != revocation.StatusRevoked:
					return skip()
				case !s.Single.HasReason:
					return fail("a revocationReason", "none").in(s.field("certStatus.revocationReason"))
				}
				return pass()
			},
			Bad: []fixtures.Case{when("none", aboutSubordinate(func(r *fake) {
				r.OCSP.Assigned, r.OCSP.NoReason = fixtures.Revoked, true
			}))},
			Good: []fixtures.Case{
				when("cessationOfOperation", aboutSubordinate(func(r *fake) { revoked(r, revocation.ReasonCessationOfOperation) })),
				when("none for a Subscriber certificate", func(r *fake) { r.OCSP.Assigned, r.OCSP.NoReason = fixtures.Revoked, true }),
			},
		},
		{
			ID:    "ocsp-reason-allowed",
			Cites: []Citation{BR("7.3", Must).Since("2020-09-30"), BR("7.2.2", Must).Since("2020-09-30")},
			Says:  "revocationReason, where there is one, must be keyCompromise, affiliationChanged, superseded, cessationOfOperation or privilegeWithdrawn.",
			Needs: evidence.Assigned,
			OCSP: func(s OCSPSubject) Verdict {
				reason, subscriber := s.Single.Reason, s.Scope == evidence.ScopeEE
				switch {
				case !s.concerned() || s.Single.Status != revocation.StatusRevoked || !s.Single.HasReason:
					return skip()
				case reason == revocation.ReasonCertificateHold && (s.assigned() || isExtendedRevoke(s.ResponseSubject, s.Single)):
					return skip() // ocsp-assigned-not-hold says worse of it, or it is right
				case slices.Contains(subscriberReasons, reason):
					return pass()
				case subscriber && s.signed().Before(subscriberReasonsSince):
					return skip()
				}
				v := fail("1, 3, 4, 5, 9 or none", "%s (%d)", reason, int(reason)).in(s.field("certStatus.revocationReason"))
				if subscriber || reason == revocation.ReasonCACompromise || reason == revocation.ReasonUnspecified {
					return v.atMost(Warning) // BR 7.3 can be read as of CA certificates alone, and RFC 5280 allows these
				}
				return v
			},
			Bad: []fixtures.Case{
				when("cACompromise", func(r *fake) { revoked(r, revocation.ReasonCACompromise) }),
				when("7, which is not used", func(r *fake) { revoked(r, 7) }),
				when("removeFromCRL", func(r *fake) { revoked(r, revocation.ReasonRemoveFromCRL) }),
				when("aACompromise", func(r *fake) { revoked(r, revocation.ReasonAACompromise) }),
				when("0, which is said by leaving it out", func(r *fake) { r.OCSP.Assigned, r.OCSP.ExplicitUnspecified = fixtures.Revoked, true }),
				when("aACompromise for a CA certificate", aboutSubordinate(func(r *fake) { revoked(r, revocation.ReasonAACompromise) })),
			},
			Good: []fixtures.Case{
				when("affiliationChanged", func(r *fake) { revoked(r, revocation.ReasonAffiliationChanged) }),
				when("superseded", func(r *fake) { revoked(r, revocation.ReasonSuperseded) }),
				when("cessationOfOperation", func(r *fake) { revoked(r, revocation.ReasonCessationOfOperation) }),
				when("privilegeWithdrawn", func(r *fake) { revoked(r, revocation.ReasonPrivilegeWithdrawn) }),
				when("none", func(r *fake) { r.OCSP.Assigned, r.OCSP.NoReason = fixtures.Revoked, true }),
				when("cACompromise, a second before reasons bound", func(r *fake) {
					revoked(r, revocation.ReasonCACompromise)
					r.OCSP.ProducedAt = subscriberReasonsSince.Add(-time.Second)
				}),
			},
		},
		{
			ID:    "ocsp-revoked-all-after-compromise",
			Cites: []Citation{RFC6960("2.7", Practice)},
			Says:  "A responder that answers \"revoked\" about every serial should speak for a CA whose compromise was declared.",
			Needs: evidence.Assigned | evidence.Unassigned,
			Service: func(s ServiceSubject) Verdict {
				issued, made := s.allRevoked(evidence.Assigned), s.allRevoked(evidence.Unassigned)
				if len(issued) == 0 || len(made) == 0 {
					return skipUnless(s.authoritative(evidence.Assigned) && s.authoritative(evidence.Unassigned))
				}
				return fail("other answers too, unless the CA's compromise was declared", "revoked in each of %d answers",
					len(issued)+len(made)).in("responses[0].certStatus").about(slices.Concat(issued, made)...).atMost(Info)
			},
			Bad: []fixtures.Case{
				when("keyCompromise", func(r *fake) { r.OCSP.Assigned, r.OCSP.Unassigned = fixtures.Revoked, fixtures.Revoked }),
				when("cACompromise", func(r *fake) {
					revoked(r, revocation.ReasonCACompromise)
					r.OCSP.Unassigned = fixtures.Revoked
				}),
			},
			Good: []fixtures.Case{
				when("one of them is good", func(r *fake) { r.OCSP.Unassigned = fixtures.Revoked }),
				when("those never issued as RFC 6960 has it", func(r *fake) {
					r.OCSP.Assigned, r.OCSP.Unassigned = fixtures.Revoked, fixtures.ExtendedRevoked
				}),
				when("one strategy is answered otherwise", func(r *fake) {
					r.OCSP.Assigned, r.OCSP.Unassigned = fixtures.Revoked, fixtures.Revoked
					r.OCSP.Strategies = map[string]fixtures.Status{"ser-random-8": fixtures.Unknown}
				}),
			},
			Also: []string{"ocsp-unassigned-revoked-form", "ocsp-reason-allowed"},
		},
		{
			ID:    "ocsp-expired-cert",
			Cites: []Citation{RFC6960("4.4.4", Practice), BR("4.10.1", Practice)},
			Says:  "\"good\" for an expired certificate should come with an archive cutoff that reaches back to it: without, it may have been revoked.",
			Needs: evidence.Assigned,
			OCSP: func(s OCSPSubject) Verdict {
				switch {
				case !s.assigned() || s.Subject == nil || s.Single.Status != revocation.StatusGood || !s.At.After(s.Subject.NotAfter):
					return skip()
				case s.Single.ArchiveCutoff().IsZero():
					return fail("an archive cutoff by "+stamp(s.Subject.NotAfter), "good without one, %s after notAfter",
						span(s.At.Sub(s.Subject.NotAfter))).in(s.field("certStatus")).atMost(Info)
				case s.Single.ArchiveCutoff().After(s.Subject.NotAfter):
					return fail("an archive cutoff by "+stamp(s.Subject.NotAfter), "good with one of %s",
						stamp(s.Single.ArchiveCutoff().Time)).in(s.field("singleExtensions")).atMost(Info)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("expired a second ago", leafUntil(-time.Second)),
				when("with a cutoff a second too late", func(r *fake) {
					leafUntil(-day)(r)
					singleExtension(cutoffAgo(day - time.Second))(r)
				}),
			},
			Good: []fixtures.Case{
				when("in its last second", leafUntil(0)),
				when("with a cutoff at its last second", func(r *fake) {
					leafUntil(-day)(r)
					singleExtension(cutoffAgo(day))(r)
				}),
			},
		},
	}
}

// epoch is the revocationTime that RFC 6960 §2.2 gives certificates that were never issued.
var epoch = time.Unix(0, 0).UTC()

func (s OCSPSubject) revokedAtEpoch() bool {
	return s.Single.RevocationTime.Present() && s.Single.RevocationTime.Equal(epoch)
}

// concerned reports whether the single is, as far as is known, about a certificate asked about.
func (s OCSPSubject) concerned() bool { return !s.asks() || s.names(s.Single) }

// assigned reports whether the single is about a certificate that is known to exist: one that
// was asked about as such, or that was given.
func (s OCSPSubject) assigned() bool {
	return aboutAs(s.Exchange).Has(evidence.Assigned) && s.names(s.Single)
}

// extendedRevoke returns the exchange of an answer that carries extended-revoke, or nothing.
func (s ServiceSubject) extendedRevoke() string {
	for _, a := range s.Answers {
		if a.Ask.Has(evidence.Assigned|evidence.Unassigned) && a.Response != nil && a.Response.Response.Basic != nil &&
			a.Response.Response.Basic.ExtendedRevoke() {
			return a.Exchange
		}
	}
	return ""
}

// allRevoked returns the exchanges in which questions of those kinds were answered "revoked";
// none where one of them had another answer. Silence is none.
func (s ServiceSubject) allRevoked(kinds evidence.Ask) []string {
	var list []string
	for _, a := range s.Answers {
		switch {
		case !a.Ask.Has(kinds) || a.Response == nil:
		case a.Answer.Answer == "revoked":
			list = append(list, a.Exchange)
		default:
			return nil
		}
	}
	return list
}

// revoked has the certificate asked about be revoked for that reason.
func revoked(r *fake, reason revocation.ReasonCode) {
	r.OCSP.Assigned, r.OCSP.Reason = fixtures.Revoked, reason
}

// revokedAfterIssuance has the certificate asked about be revoked that long after its notBefore.
func revokedAfterIssuance(after time.Duration) func(*fake) {
	return func(r *fake) {
		notBefore := r.Now.Add(-5 * day)
		revoked(r, revocation.ReasonKeyCompromise)
		r.Leaf, r.OCSP.RevocationTime = issuedAt(notBefore), notBefore.Add(after)
	}
}

// leafUntil has the certificate asked about expire that long from now.
func leafUntil(notAfter time.Duration) func(*fake) {
	return func(r *fake) {
		r.Leaf = func(c *x509.Certificate) { c.NotAfter = r.Now.Add(notAfter) }
	}
}
