package conformance

import (
	"bytes"
	"crypto/x509"
	"slices"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func crlIssuerRules() []*Rule {
	return []*Rule{
		{
			ID:    "crl-issuer-crlsign",
			Cites: []Citation{RFC5280("4.2.1.3", Must), RFC5280("6.3.3", Must), BR("7.1.2.10.7", Must).Since("2023-09-15")},
			Says:  "The keyUsage of the CA that signs CRLs must assert cRLSign.",
			Needs: evidence.FetchCRL,
			CRL: func(s CRLSubject) Verdict {
				switch {
				case s.Issuer == nil:
					return unable("the issuer's certificate is not known")
				case s.Signature.State != revocation.SignatureValid:
					return skip() // this certificate's key may have signed nothing
				case !maySignCRLs(s.Issuer) && !slices.ContainsFunc(s.SameKey, maySignCRLs):
					return fail("cRLSign", "the keyUsage of %s does not assert it", nameOf(s.Issuer))
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("keyCertSign alone", func(r *fake) {
					r.Issuer = func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature }
				}),
				when("keyCertSign alone, in two certificates of the key", func(r *fake) {
					r.Issuer = func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature }
					r.CrossCertificate = r.Issuer
				}),
			},
			Good: []fixtures.Case{
				when("both", func(*fake) {}),
				when("keyCertSign alone, and both in another certificate of the key", func(r *fake) {
					r.Issuer = func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature }
					r.CrossCertificate = func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign }
				}),
				when("no keyUsage at all, as old roots", func(r *fake) { r.Issuer = func(c *x509.Certificate) { c.KeyUsage = 0 } }),
			},
			Also: []string{"cert-ca-ku"},
		},
		{
			ID:    "crl-issuer-nonempty",
			Cites: []Citation{RFC5280("5.1.2.3", Must)},
			Says:  "The CRL's issuer must be a name that is not empty.",
			Needs: evidence.FetchCRL,
			CRL: func(s CRLSubject) Verdict {
				switch {
				case s.CRL.Issuer == nil:
					return skip()
				case len(s.CRL.Issuer) <= len(emptyName):
					return fail("a distinguished name", "an empty one").in("tbsCertList.issuer")
				}
				return pass()
			},
			Bad:  []fixtures.Case{when("no attribute", func(r *fake) { r.CRL.Issuer = emptyName })},
			Good: []fixtures.Case{when("some", func(*fake) {})},
			Also: []string{"crl-issuer-dn-bytes"},
		},
		{
			ID:     "crl-no-indirect",
			Cites:  []Citation{BR("7.2", Must).Since("2024-03-15"), BR("7.2.2.1", Must).Since("2024-03-15")},
			Says:   "A CRL must not be indirect, which would list other CAs' certificates.",
			Needs:  evidence.FetchCRL,
			Public: true,
			CRL: func(s CRLSubject) Verdict {
				// crl-certificateissuer-absent looks at the entries, cert-cdp-format at the certificate.
				if idp := s.CRL.IssuingDP; idp != nil && idp.Indirect {
					return fail("indirectCRL FALSE (RFC 5280 5.2.5 allows it, BR 7.2 does not)", "indirectCRL is TRUE").in(idpField + ".indirectCRL")
				}
				return skipUnless(s.CRL.Broken == nil)
			},
			Bad:  []fixtures.Case{when("indirectCRL", shard(func(dp *revocation.IssuingDistributionPoint) { dp.Indirect = true }))},
			Good: []fixtures.Case{when("a shard", plainShard)},
		},
	}
}

var emptyName = []byte{0x30, 0}

// ofSameKey returns the CA certificates that are for the key of that one, which may be nil:
// one key can have several, as where one CA certifies another, and they may differ.
func ofSameKey(ca *x509.Certificate, known []*x509.Certificate) (same []*x509.Certificate) {
	for _, c := range known {
		if ca != nil && c.IsCA && bytes.Equal(c.RawSubjectPublicKeyInfo, ca.RawSubjectPublicKeyInfo) {
			same = append(same, c)
		}
	}
	return same
}

func maySignCRLs(c *x509.Certificate) bool {
	return c.KeyUsage == 0 || c.KeyUsage&x509.KeyUsageCRLSign != 0
}
