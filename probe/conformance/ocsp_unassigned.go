package conformance

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
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
			Needs:  evidence.Unassigned | evidence.UnissuablePOST,
			Marked: Critical,
			Service: func(s ServiceSubject) Verdict {
				goods := s.unassigned("good")
				switch {
				case len(goods) == 0 && !s.authoritative(evidence.Unassigned):
					return unable("no OCSP response to a question about an unassigned serial")
				case len(goods) == 0:
					return pass()
				}
				if doubt := s.doubtAbout(goods); doubt != "" {
					return goodVerdict(s, goods, doubt).atMost(Warning)
				}
				return goodVerdict(s, goods, s.proof(goods))
			},
			Bad: []fixtures.Case{
				when("good for every serial", func(r *fake) { r.OCSP.Unassigned = fixtures.Good }),
				when("good for the neighbour of a known serial", func(r *fake) {
					r.OCSP.Strategies = map[string]fixtures.Status{"ser-neighbour": fixtures.Good}
				}),
				when("the lookup compares the low 8 octets", finding(func(r *fake, s revocation.Serial) bool {
					return bytes.Equal(low(s, 8), low(r.LeafSerial(), 8))
				})),
				when("the lookup compares the top 8 octets", finding(func(r *fake, s revocation.Serial) bool {
					return bytes.HasPrefix(s, r.LeafSerial()[:8])
				})),
				when("the lookup ignores the issuer", finding(func(r *fake, s revocation.Serial) bool {
					return s.Equal(revocation.SerialOf(r.RootCertificate().SerialNumber))
				})),
				when("nothing is looked up but what has the CA's prefix", finding(func(r *fake, s revocation.Serial) bool {
					return len(s) == 20 && s[0] == r.LeafSerial()[0]
				})),
				when("serials of up to 8 octets are not looked up", finding(func(_ *fake, s revocation.Serial) bool { return len(s) <= 8 && s[0] < 0x80 })),
				when("serials with a sign octet are not looked up", finding(func(_ *fake, s revocation.Serial) bool { return len(s) <= 20 && s[0] == 0 })),
				when("negative serials are not looked up", finding(func(_ *fake, s revocation.Serial) bool { return s[0] >= 0x80 })),
				when("nothing is looked up by GET", func(r *fake) {
					r.OCSP.ForGET = func(o *fixtures.OCSP) { o.Unassigned = fixtures.Good }
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
			Also: []string{"ocsp-get-post-equal"},
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
				if !drawn(s.Exchange.Strategy, s.Exchange.Serial) {
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
			Good: []fixtures.Case{
				when("the exact form", func(r *fake) { r.OCSP.Unassigned = fixtures.ExtendedRevoked }),
				when("the compromise of the CA", func(r *fake) { r.OCSP.Unassigned, r.OCSP.Reason = fixtures.Revoked, revocation.ReasonCACompromise }),
			},
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

// finding has the responder find serials that were never assigned.
func finding(found func(*fake, revocation.Serial) bool) func(*fake) {
	return func(r *fake) {
		r.OCSP.Lookup = func(s revocation.Serial) fixtures.Status {
			if found(r, s) {
				return fixtures.Good
			}
			return fixtures.Default
		}
	}
}

// low returns the last octets of a serial.
func low(s revocation.Serial, n int) []byte { return s[max(0, len(s)-n):] }

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
	return len(revokedFormFaults(OCSPSubject{ResponseSubject: s, Single: single})) == 0
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
