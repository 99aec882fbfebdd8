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

// copyRules are about one CRL at several URLs, and several CRLs of one name.
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
			Bad: []fixtures.Case{
				when("the number after", func(r *fake) {
					r.Shards = []fixtures.Shard{{CRL: fixtures.CRL{Number: 1001}}}
				}),
				when("one renewed 4 hours and a second ago", renewedElsewhere(replicatedWithin+time.Second, 1001)),
				when("one renewed 4 hours ago under the same number", renewedElsewhere(replicatedWithin, 1000)),
			},
			Good: []fixtures.Case{
				when("the same", func(r *fake) { r.Shards = []fixtures.Shard{{Copy: true}} }),
				when("parts", func(r *fake) { shards(r, ownPoint) }),
				when("one renewed 4 hours ago", renewedElsewhere(replicatedWithin, 1001)),
				when("one renewed 4 hours ago, and without a number since", func(r *fake) {
					renewedElsewhere(replicatedWithin, 1001)(r)
					r.Shards[0].CRL.NoNumber = true
				}),
				when("one renewed 4 hours ago, and without a number before", func(r *fake) {
					renewedElsewhere(replicatedWithin, 1001)(r)
					r.CRL.NoNumber = true
				}),
				when("one not renewed at the other URL, for 4 hours", func(r *fake) {
					r.CRL.ThisUpdate = r.Now.Add(-replicatedWithin)
					r.Shards = []fixtures.Shard{{CRL: fixtures.CRL{Number: 999, ThisUpdate: r.Now.Add(-day)}}}
				}),
				when("parts of two certificates, which do not say so", func(r *fake) {
					shards(r, ownPoint)
					r.CRL.IssuingDP, r.Shards[0].CRL.IssuingDP, r.Shards[0].Leaf = nil, nil, true
				}),
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

// renewedElsewhere has a CRL of yesterday replaced at another URL, so long ago and under that
// number.
func renewedElsewhere(ago time.Duration, number int64) func(*fake) {
	return func(r *fake) {
		r.CRL.ThisUpdate = r.Now.Add(-day)
		r.Shards = []fixtures.Shard{{CRL: fixtures.CRL{Number: number, ThisUpdate: r.Now.Add(-ago)}}}
	}
}

// ofNamesake reports whether a CA of the same name, with another key, signed the CRL.
func (c *CRLSubject) ofNamesake(ca *x509.Certificate) bool {
	return c.Signature.State == revocation.SignatureValid && c.byAnotherKey(ca)
}
