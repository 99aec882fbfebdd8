package conformance

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func unassignedRules() []*Rule {
	return []*Rule{
		{
			ID:     "ocsp-unassigned-not-good",
			Cites:  []Citation{BR("4.9.9", Must).Since("2013-08-01"), RFC6960("2.2", Practice)},
			Says:   "A serial number that was never assigned must not be answered \"good\".",
			Needs:  evidence.Unassigned,
			Marked: Critical,
			Service: func(s ServiceSubject) Verdict {
				goods := s.unassigned("good")
				switch {
				case len(goods) == 0 && !s.authoritative(evidence.Unassigned):
					return unable("no OCSP response to a question about an unassigned serial")
				case len(goods) == 0:
					return pass()
				case technicallyConstrained(s.Issuer):
					return goodVerdict(s, goods, "the CA is technically constrained (BR 7.1.2.3, 7.1.2.5): SHOULD NOT").atMost(Warning)
				}
				doubt := doubtAbout(goods)
				v := goodVerdict(s, goods, doubt)
				if doubt != "" {
					return v.atMost(Warning)
				}
				return v
			},
			Bad: []fixtures.Case{
				when("good for every serial", func(r *fake) { r.OCSP.Unassigned = fixtures.Good }),
				when("good for the neighbour of a known serial", func(r *fake) {
					r.OCSP.Strategies = map[string]fixtures.Status{"ser-neighbour": fixtures.Good}
				}),
				when("good once and not again", func(r *fake) {
					r.OCSP.Strategies = map[string]fixtures.Status{"ser-random-20": fixtures.Good}
					r.OCSP.Repeat = fixtures.Unknown
				}),
			},
			Good: []fixtures.Case{
				when("unauthorized", func(r *fake) { r.OCSP.Unassigned = fixtures.Unauthorized }),
				when("RFC 6960 extended-revoked", func(r *fake) { r.OCSP.Unassigned = fixtures.ExtendedRevoked }),
			},
		},
		{
			ID:    "ocsp-unassigned-revoked-form",
			Cites: []Citation{RFC6960("2.2", Must), RFC6960("4.4.8", Must), BR("4.9.9", Must)},
			Says:  "\"revoked\" for a never-issued serial must be certificateHold since 1970-01-01 with the extended-revoke extension.",
			Needs: evidence.Unassigned,
			OCSP: func(s OCSPSubject) Verdict {
				if s.Single.Status != revocation.StatusRevoked || !s.names(s.Single) {
					return skip()
				}
				if s.Single.HasReason && s.Single.Reason == revocation.ReasonCACompromise {
					return skip() // RFC 6960 §2.7: a compromised CA's certificates may all be revoked
				}
				wrong := revokedFormFaults(s)
				if len(wrong) == 0 {
					return pass()
				}
				v := fail("certificateHold, 19700101000000Z, extended-revoke, no CrlID and no CRL entry extension",
					"revoked with %s", strings.Join(wrong, ", ")).in(s.field("certStatus"))
				if !RandomStrategy(s.Exchange.Strategy) {
					return v.atMost(Warning) // a CA with sequential serials may have assigned it, and revoked it
				}
				return v
			},
			Bad: []fixtures.Case{
				when("a second after 1970", func(r *fake) {
					r.OCSP.Unassigned, r.OCSP.RevocationTime = fixtures.ExtendedRevoked, time.Unix(1, 0).UTC()
				}),
				when("another reason", func(r *fake) {
					r.OCSP.Unassigned, r.OCSP.Reason = fixtures.ExtendedRevoked, revocation.ReasonSuperseded
				}),
				when("without extended-revoke", func(r *fake) {
					r.OCSP.Unassigned, r.OCSP.NoExtendedRevoke = fixtures.ExtendedRevoked, true
				}),
				when("as a real revocation", func(r *fake) { r.OCSP.Unassigned = fixtures.Revoked }),
			},
			Good: []fixtures.Case{when("the exact form", func(r *fake) { r.OCSP.Unassigned = fixtures.ExtendedRevoked })},
		},
		{
			ID:     "ocsp-extended-revoke-form",
			Cites:  []Citation{RFC6960("4.4.8", Must)},
			Says:   "The extended-revoke extension must be NULL, not critical, and among the responseExtensions.",
			Needs:  evidence.OCSP,
			Marked: Warning,
			Response: func(s ResponseSubject) Verdict {
				if s.Response.Basic == nil {
					return skip()
				}
				return extendedRevokeForm(s.Response.Basic)
			},
			Bad: []fixtures.Case{
				when("critical", extendedRevokeAs(revocation.Extension{ID: revocation.OIDExtendedRevoke, Critical: true, Value: []byte{5, 0}})),
				when("an empty value", extendedRevokeAs(revocation.Extension{ID: revocation.OIDExtendedRevoke, Value: []byte{}})),
				when("in singleExtensions", func(r *fake) {
					r.OCSP.SingleExtensions = []revocation.Extension{{ID: revocation.OIDExtendedRevoke, Value: []byte{5, 0}}}
				}),
			},
			Good: []fixtures.Case{when("NULL, not critical",
				extendedRevokeAs(revocation.Extension{ID: revocation.OIDExtendedRevoke, Value: []byte{5, 0}}))},
			Also: []string{"ocsp-stock-client"},
		},
		{
			ID:    "ocsp-unknown-issuer",
			Cites: []Citation{RFC6960("2.2", Must), RFC9919("3.2.3", Practice)},
			Says:  "A question about an issuer that the responder does not serve must not be answered \"good\".",
			Needs: evidence.ForeignPOST,
			Response: func(s ResponseSubject) Verdict {
				if s.Response.Status != revocation.Successful {
					return pass()
				}
				if s.Response.Basic == nil {
					return skip()
				}
				for i := range s.Response.Basic.Singles {
					if single := &s.Response.Basic.Singles[i]; single.Status == revocation.StatusGood {
						about := "of the made-up issuer"
						if !s.names(single) {
							about = "of another CertID than was asked about"
						}
						return fail("unauthorized or unknown", "good for serial %s %s", single.CertID.Serial, about).in(singleField(i, "certStatus"))
					}
				}
				return pass()
			},
			Bad:  []fixtures.Case{when("good", func(r *fake) { r.OCSP.Foreign = fixtures.Good })},
			Good: []fixtures.Case{when("unknown", func(r *fake) { r.OCSP.Foreign = fixtures.Unknown })},
		},
	}
}

// extendedRevokeAs has unassigned serials answered in the extended-revoked form, with
// that extension in place of the right one.
func extendedRevokeAs(x revocation.Extension) func(*fake) {
	return func(r *fake) {
		r.OCSP.Unassigned, r.OCSP.NoExtendedRevoke = fixtures.ExtendedRevoked, true
		r.OCSP.Extensions = []revocation.Extension{x}
	}
}

func extendedRevokeForm(b *revocation.BasicResponse) Verdict {
	for i := range b.Singles {
		if x := revocation.FindExtension(b.Singles[i].Extensions, revocation.OIDExtendedRevoke); x != nil {
			return fail("extended-revoke among the responseExtensions", "extended-revoke in singleExtensions").
				in(singleField(i, "singleExtensions")).at(x.Offset)
		}
	}
	x := revocation.FindExtension(b.Extensions, revocation.OIDExtendedRevoke)
	switch {
	case x == nil:
		return skip()
	case x.Critical:
		return fail("not critical", "extended-revoke is critical").in("responseExtensions").at(x.Offset)
	case string(x.Value) != "\x05\x00":
		return fail("NULL (0500)", "value %x", x.Value).in("responseExtensions").at(x.Offset)
	}
	return pass()
}

// isExtendedRevoke reports whether a revoked single has the form that RFC 6960 §2.2
// reserves for certificates that were never issued.
func isExtendedRevoke(s *ResponseSubject, single *revocation.SingleResponse) bool {
	return len(revokedFormFaults(OCSPSubject{ResponseSubject: *s, Single: single})) == 0
}

func revokedFormFaults(s OCSPSubject) []string {
	var wrong []string
	switch {
	case !s.Single.HasReason:
		wrong = append(wrong, "no reason")
	case s.Single.Reason != revocation.ReasonCertificateHold:
		wrong = append(wrong, "reason "+s.Single.Reason.String())
	}
	if !s.Single.RevocationTime.Equal(time.Unix(0, 0)) {
		wrong = append(wrong, "revocationTime "+stamp(s.Single.RevocationTime.Time))
	}
	if revocation.FindExtension(s.Response.Basic.Extensions, revocation.OIDExtendedRevoke) == nil {
		wrong = append(wrong, "no extended-revoke extension")
	}
	for _, x := range s.Single.Extensions {
		switch x.ID {
		case revocation.OIDCrlID:
			wrong = append(wrong, "a CrlID extension")
		case revocation.OIDReasonCode, revocation.OIDInvalidityDate, revocation.OIDCertificateIssuer:
			wrong = append(wrong, "a CRL entry extension")
		}
	}
	return wrong
}

// unassigned returns the answers to questions about unassigned serials that say so.
func (s ServiceSubject) unassigned(word string) []ServiceAnswer {
	var list []ServiceAnswer
	for _, a := range s.Answers {
		if a.Ask.Has(evidence.Unassigned) && a.Answer.Answer == word {
			list = append(list, a)
		}
	}
	return list
}

// authoritative reports whether any answer of those kinds is one that decides something:
// tryLater, internalError, HTTP errors and silence are no evidence of conformance.
func (s ServiceSubject) authoritative(kinds evidence.Ask) bool {
	return slices.ContainsFunc(s.Answers, func(a ServiceAnswer) bool {
		if !a.Ask.Has(kinds) {
			return false
		}
		switch a.Answer.Answer {
		case "good", "unknown", "revoked", "extended-revoked", "unauthorized", "malformed-request":
			return true
		}
		return false
	})
}

func goodVerdict(s ServiceSubject, goods []ServiceAnswer, remark string) Verdict {
	var strategies, exchanges []string
	for _, a := range goods {
		if !slices.Contains(strategies, a.Strategy) {
			strategies = append(strategies, a.Strategy)
		}
		exchanges = append(exchanges, a.Exchange)
	}
	got := fmt.Sprintf("good for %d of %d questions about unassigned serials (%s), such as %s",
		len(goods), len(s.asked(evidence.Unassigned)), strings.Join(strategies, ", "), goods[0].Serial)
	if remark != "" {
		got += "; " + remark
	} else {
		got += "; confirmed by asking again and with fresh serials"
	}
	return fail("unknown, unauthorized, or revoked in the form of RFC 6960 2.2", "%s", got).
		in("responses[0].certStatus").about(exchanges...)
}

// doubtAbout says what keeps "good" answers from being proof, or nothing. A made-up serial
// can have been assigned by chance only with a probability that our own randomness bounds,
// whatever the CA does; serials close to a known one lack that bound.
func doubtAbout(goods []ServiceAnswer) string {
	serials := map[string]bool{}
	repeated := false
	for _, a := range goods {
		if !RandomStrategy(a.Strategy) || a.Signature != revocation.SignatureValid || !a.Response.Signer.Authorized() {
			continue
		}
		serials[a.Serial] = true
		repeated = repeated || a.Repeat
	}
	switch {
	case len(serials) == 0 && slices.ContainsFunc(goods, func(a ServiceAnswer) bool { return RandomStrategy(a.Strategy) }):
		return "none of these answers is validly signed by an authorized responder"
	case len(serials) == 0:
		return "only for serials made from a known one, which a CA with sequential serials may have assigned"
	case !repeated:
		return "not confirmed: asked again, the responder did not say good"
	case len(serials) < 3:
		return fmt.Sprintf("not confirmed: %d independent serial(s) answered good, 3 are proof", len(serials))
	}
	return ""
}

// RandomStrategy reports whether serials of a strategy are independent of any that the CA
// assigned, so that the chance of hitting one is bounded by our own randomness.
func RandomStrategy(strategy string) bool {
	return strings.HasPrefix(strategy, "ser-random-") || strategy == "ser-highbit"
}

// technicallyConstrained reports whether a CA certificate is one of the two kinds that BR
// 4.9.9 lets answer "good": a non-TLS CA (BR 7.1.2.3), or a TLS CA with name constraints
// (BR 7.1.2.5).
func technicallyConstrained(issuer *x509.Certificate) bool {
	if issuer == nil || len(issuer.ExtKeyUsage)+len(issuer.UnknownExtKeyUsage) == 0 {
		return false
	}
	if slices.Contains(issuer.ExtKeyUsage, x509.ExtKeyUsageAny) || slices.ContainsFunc(issuer.UnknownExtKeyUsage, precertificateSigning.Equal) {
		return false // BR 7.1.2.4 is not among the exemptions
	}
	if !slices.Contains(issuer.ExtKeyUsage, x509.ExtKeyUsageServerAuth) {
		return true
	}
	names := len(issuer.PermittedDNSDomains) > 0 || slices.Contains(issuer.ExcludedDNSDomains, "")
	return names && (len(issuer.PermittedIPRanges) > 0 || excludesAll(issuer.ExcludedIPRanges))
}

// precertificateSigning is the extended key usage of BR 7.1.2.4.
var precertificateSigning = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 4}

// excludesAll reports whether the ranges take out every address of IPv4 and of IPv6.
func excludesAll(ranges []*net.IPNet) bool {
	whole := map[int]bool{}
	for _, r := range ranges {
		ones, bits := r.Mask.Size()
		whole[bits] = whole[bits] || ones == 0
	}
	return whole[32] && whole[128]
}
