package conformance

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// copyRules are about one CRL at several URLs, several CRLs of one name, and deltas.
func copyRules() []*Rule {
	return []*Rule{
		{
			ID:     "crl-urls-identical",
			Cites:  []Citation{CCADB("6.2", Must), RFC5280("4.2.1.13", Observed)},
			Says:   "Every URL at which a CA publishes its full CRL must give the same one.",
			Needs:  evidence.FetchCRL,
			Marked: Warning,
			Issuer: func(s IssuerSubject) Verdict {
				return identical(s.unpartitioned())
			},
			Bad: []fixtures.Case{when("the number after", func(r *fake) {
				r.Shards = []fixtures.Shard{{CRL: fixtures.CRL{Number: 1001}}}
			})},
			Good: []fixtures.Case{
				when("the same", func(r *fake) { r.Shards = []fixtures.Shard{{Copy: true}} }),
				when("parts", func(r *fake) { shards(r, ownPoint) }),
			},
		},
		{
			ID:    "cert-cdp-same-content",
			Cites: []Citation{RFC5280("4.2.1.13", Must), BR("7.2.2.1", Must).Since("2023-01-15")},
			Says:  "Every URL of one distribution point must give the same CRL.",
			Needs: evidence.FetchCRL,
			Issuer: func(s IssuerSubject) Verdict {
				var list []Verdict
				for _, cert := range s.Certificates {
					points, _ := revocation.CertificateCRLDP(cert)
					for _, p := range points {
						list = append(list, identical(s.at(p.URIs)))
					}
				}
				return together(list)
			},
			Bad: []fixtures.Case{when("the number after", func(r *fake) {
				r.Shards = []fixtures.Shard{{CRL: fixtures.CRL{Number: 1001}, Also: true}}
			})},
			Good: []fixtures.Case{
				when("the same", func(r *fake) { r.Shards = []fixtures.Shard{{Copy: true, Also: true}} }),
				when("the number after, at a URL that no certificate names", func(r *fake) {
					r.Shards = []fixtures.Shard{{CRL: fixtures.CRL{Number: 1001}}}
				}),
			},
			Also: []string{"crl-urls-identical"},
		},
		{
			ID:    "http-crl-get-equals-disclosed",
			Cites: []Citation{CCADB("6.2", Must)},
			Says:  "The URL that the CCADB shows for a CA's full CRL must give the same one as the URL in its certificates.",
			Needs: evidence.FetchCRL,
			Issuer: func(s IssuerSubject) Verdict {
				if len(s.Disclosed) != 1 {
					return skip()
				}
				var named []string
				for _, cert := range s.Certificates {
					named = append(named, pointsAt(cert)...)
				}
				list := slices.Concat(s.at(s.Disclosed), s.at(named))
				return identical(list)
			},
			Bad: []fixtures.Case{when("the number after", func(r *fake) {
				r.Shards = []fixtures.Shard{{CRL: fixtures.CRL{Number: 1001}}}
				r.Disclose = func(urls []string) []string { return urls[1:] }
			})},
			Good: []fixtures.Case{when("the same", func(r *fake) {
				r.Shards = []fixtures.Shard{{Copy: true}}
				r.Disclose = func(urls []string) []string { return urls[1:] }
			})},
			Also: []string{"crl-urls-identical"},
		},
		{
			ID:     "crl-no-delta",
			Cites:  []Citation{RFC5280("5.2.4", Observed)},
			Says:   "A distribution point must serve a complete CRL, not a delta; a delta's indicator is critical, and its base is no later than the complete CRL.",
			Needs:  evidence.FetchCRL,
			Marked: Error,
			Issuer: func(s IssuerSubject) Verdict {
				var list []Verdict
				for _, c := range s.CRLs {
					if x := revocation.FindExtension(c.CRL.Extensions, revocation.OIDDeltaCRL); x != nil {
						list = append(list, s.delta(c, x).in("tbsCertList.crlExtensions.deltaCRLIndicator").at(x.Offset).about(c.Exchange.ID))
					} else if c.CRL.Broken == nil {
						list = append(list, pass())
					}
				}
				return together(list)
			},
			Bad: []fixtures.Case{
				when("at a certificate's distribution point", delta(true)),
				when("not critical", func(r *fake) { r.Shards = []fixtures.Shard{{CRL: fixtures.CRL{Extensions: deltaOf(1000, false)}}} }),
				when("on the number after that of the complete CRL", func(r *fake) {
					r.Shards = []fixtures.Shard{{CRL: fixtures.CRL{Number: 1002, Extensions: deltaOf(1001, true)}}}
				}),
				when("on the number after its own", func(r *fake) {
					r.CRL.Number = 2000
					r.Shards = []fixtures.Shard{{CRL: fixtures.CRL{Number: 1001, Extensions: deltaOf(1002, true)}}}
				}),
			},
			Good: []fixtures.Case{
				when("a complete CRL", func(*fake) {}),
				when("beside the complete CRL that it builds on", func(r *fake) {
					r.Shards = []fixtures.Shard{{CRL: fixtures.CRL{Number: 1001, Extensions: deltaOf(1000, true)}}}
				}),
			},
			Also: []string{"crl-ext-allowed"},
		},
		{
			ID:     "crl-key-rollover",
			Cites:  []Citation{RFC5280("5.2.1", Observed)},
			Says:   "Where two CAs have one name, the CRL at a certificate's distribution point must be signed with the key that signed the certificate.",
			Needs:  evidence.FetchCRL,
			Marked: Warning,
			Issuer: func(s IssuerSubject) Verdict {
				return s.eachPoint(func(c *CRLSubject, cert *x509.Certificate) Verdict {
					if !c.ofNamesake(s.Issuer) {
						return skipUnless(c.Signature.State == revocation.SignatureValid)
					}
					return fail("a CRL signed with the key of subjectKeyIdentifier "+fmt.Sprintf("%x", s.Issuer.SubjectKeyId),
						"%s is signed with that of %x, by a CA of the same name", c.Exchange.URL, c.Issuer.SubjectKeyId)
				})
			},
			Bad:  []fixtures.Case{when("with the key of the other", func(r *fake) { r.Namesake, r.CRL.ByOtherKey = true, true })},
			Good: []fixtures.Case{when("with its own", func(r *fake) { r.Namesake = true })},
			Also: []string{"crl-trust-anchor", "crl-scope-covers-cert", "crl-aki-keyid"},
		},
		{
			ID:     "crl-trust-anchor",
			Cites:  []Citation{RFC5280("6.3.3", Must), RFC5280("8", Observed)},
			Says:   "The issuer of a CRL must chain to the same trust anchor as the certificate that it is for.",
			Needs:  evidence.FetchCRL,
			Marked: Error,
			Issuer: func(s IssuerSubject) Verdict {
				return s.eachPoint(func(c *CRLSubject, cert *x509.Certificate) Verdict {
					if !c.ofNamesake(s.Issuer) {
						return skipUnless(c.Signature.State == revocation.SignatureValid)
					}
					one, other := s.anchorOf(s.Issuer), s.anchorOf(c.Issuer)
					switch {
					case one == nil || other == nil:
						return unable("not every certificate up to the root is at hand")
					case !bytes.Equal(one.RawSubjectPublicKeyInfo, other.RawSubjectPublicKeyInfo):
						return fail(nameOf(one), "the signer of %s chains to %s", c.Exchange.URL, nameOf(other))
					}
					return pass()
				})
			},
			Bad:  []fixtures.Case{when("to a root of its own", func(r *fake) { r.Namesake, r.CRL.ByOtherKey = true, true })},
			Good: []fixtures.Case{when("to the same", func(r *fake) { r.Namesake = true })},
			Also: []string{"crl-key-rollover", "crl-scope-covers-cert", "crl-aki-keyid"},
		},
	}
}

// ofNamesake reports whether a CA of the same name, with another key, signed the CRL.
func (c *CRLSubject) ofNamesake(ca *x509.Certificate) bool {
	return c.Signature.State == revocation.SignatureValid && c.byAnotherKey(ca)
}

// delta judges one delta CRL.
func (s *IssuerSubject) delta(c *CRLSubject, x *revocation.Extension) Verdict {
	base, number := c.CRL.DeltaBase, c.CRL.Number
	switch {
	case slices.ContainsFunc(s.Certificates, c.fetchedFor):
		return fail("a complete CRL", "%s gives a delta CRL", c.Exchange.URL)
	case !x.Critical:
		return fail("critical", "not critical")
	case base != nil && number != nil && base.Big().Cmp(number.Big()) > 0:
		return fail("BaseCRLNumber at most cRLNumber, "+number.Big().String(), "%s", base.Big())
	}
	for _, complete := range s.complete() {
		if have := complete.CRL.Number; base != nil && have != nil && samePoint(complete, c) && have.Big().Cmp(base.Big()) < 0 {
			return fail("BaseCRLNumber at most "+have.Big().String()+", that of the complete CRL at "+complete.Exchange.URL, "%s", base.Big())
		}
	}
	return pass()
}

// samePoint reports whether two CRLs have the same scope, as a delta and its base must (RFC
// 5280 §5.2.4).
func samePoint(a, b *CRLSubject) bool {
	one, other := a.CRL.IssuingDP, b.CRL.IssuingDP
	if one == nil || other == nil {
		return one == other
	}
	return slices.Equal(one.URIs, other.URIs) && one.OnlyUserCerts == other.OnlyUserCerts && one.OnlyCACerts == other.OnlyCACerts
}

// deltaOf is a deltaCRLIndicator.
func deltaOf(base int64, critical bool) []revocation.Extension {
	return []revocation.Extension{{ID: revocation.OIDDeltaCRL, Critical: critical, Value: fixtures.Integer(base).Encode()}}
}
