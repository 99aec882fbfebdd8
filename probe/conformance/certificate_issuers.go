package conformance

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"slices"
	"strconv"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/revocation"
)

// issuerRules are those about how a certificate names its issuer, and what a CA's
// certificate lets it do.
func issuerRules() []*Rule {
	return []*Rule{
		{
			ID:     "cert-issuer-name-bytes",
			Public: true,
			Cites:  []Citation{BR("7.1.2", Must).Since(profilesSince), RFC5280("7.1", Practice)},
			Says:   "A certificate's issuer must be the CA's subject octet for octet: OCSP asks by a hash of it.",
			Needs:  pointed,
			Cert: func(s CertSubject) Verdict {
				switch {
				case s.Role == RoleDelegate || s.Issuer == nil:
					return skip() // cert-ocsp-subject speaks of delegates
				case bytes.Equal(s.Certificate.RawIssuer, s.Issuer.RawSubject):
					return pass()
				}
				at, want, got := differing(s.Issuer.RawSubject, s.Certificate.RawIssuer)
				return fail(fmt.Sprintf("the CA's subject: %s from octet %d on", want, at), "%s", got).in("issuer")
			},
			Bad:  []fixtures.Case{when("another kind of string", func(r *fake) { r.LeafIssuer = inUTF8(conformingIssuer(r).RawSubject) })},
			Good: []fixtures.Case{when("the same octets", func(r *fake) { r.LeafIssuer = conformingIssuer(r).RawSubject })},
		},
		{
			ID:    "cert-aki",
			Cites: []Citation{BR("7.1.2.11.1", Must).Since(profilesSince), RFC5280("4.2.1.1", Must)},
			Says:  "A certificate's authorityKeyIdentifier must be its issuer's subjectKeyIdentifier, and nothing besides.",
			Needs: pointed,
			Cert: func(s CertSubject) Verdict {
				if s.Role == RoleDelegate || selfSigned(s.Certificate) {
					return skip() // cert-ocsp-aki-ski speaks of delegates
				}
				v := authorityKey(s)
				if s.Private && v.only == BRDoc {
					return pass()
				}
				return v
			},
			Bad: []fixtures.Case{
				when("absent", leafWith(func(c *x509.Certificate) { c.AuthorityKeyId = nil })),
				when("another key's", leafWith(func(c *x509.Certificate) { c.AuthorityKeyId = []byte{1, 2, 3, 4} })),
				when("an octet too much", leafWith(func(c *x509.Certificate) {
					value := fixtures.Sequence(&fixtures.Node{Tag: 0x80, Content: c.AuthorityKeyId}).Encode()
					c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{2, 5, 29, 35}, Value: append(value, 0)})
				})),
				when("a serial number too", leafWith(func(c *x509.Certificate) {
					value := fixtures.Sequence(&fixtures.Node{Tag: 0x80, Content: c.AuthorityKeyId}, &fixtures.Node{Tag: 0x82, Content: []byte{7}})
					c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{2, 5, 29, 35}, Value: value.Encode()})
				})),
			},
			Good: []fixtures.Case{
				when("the issuer's", func(*fake) {}),
				when("that of one of two certificates of the issuer's key", func(r *fake) {
					r.CrossCertificate = func(c *x509.Certificate) { c.SubjectKeyId = []byte{4, 3, 2, 1} }
				}),
			},
		},
		{
			ID:     "cert-ca-ku",
			Public: true,
			Cites: []Citation{BR("7.1.2.10.7", Must).Since(profilesSince), BR("6.1.7", Must).Since(profilesSince),
				MSTRP("3.1.6", Must)},
			Says:  "A CA's keyUsage must be critical and assert keyCertSign and cRLSign, and nothing but digitalSignature besides.",
			Needs: pointed,
			Cert: func(s CertSubject) Verdict {
				const field = "keyUsage"
				x := revocation.CertificateExtension(s.Certificate, revocation.OIDKeyUsage)
				switch c := s.Certificate; {
				case s.Role != RoleCA || !servesTLS(c):
					return skip()
				case x == nil:
					return fail("keyUsage", "none").in(field)
				case !x.Critical:
					return fail("a critical extension", "a non-critical one").in(field)
				case c.KeyUsage&authorityUsages != authorityUsages:
					return fail("keyCertSign and cRLSign", "%s", usages(c)).in(field)
				case c.KeyUsage&^(authorityUsages|x509.KeyUsageDigitalSignature) != 0:
					return fail("no more than keyCertSign, cRLSign and digitalSignature", "%s", usages(c)).in(field).under(BRDoc)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("without cRLSign", issuerWith(func(c *x509.Certificate) { c.KeyUsage &^= x509.KeyUsageCRLSign })),
				when("keyEncipherment too", issuerWith(func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageKeyEncipherment })),
				when("not critical", issuerWith(func(c *x509.Certificate) {
					c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{2, 5, 29, 15}, Value: []byte{3, 2, 1, 0x86}})
				})),
			},
			Good: []fixtures.Case{when("digitalSignature too", issuerWith(func(c *x509.Certificate) {
				c.KeyUsage = authorityUsages | x509.KeyUsageDigitalSignature
			}))},
			Also: []string{"crl-issuer-crlsign"},
		},
		{
			ID:     "cert-sigalg-sha1",
			Public: true,
			Cites:  []Citation{MRSP("5.1.3", Must).Since("2023-07-01"), BR("7.1.3.2.1", Must).Since("2026-09-15")},
			Says:   "A certificate must not be signed with SHA-1.",
			Needs:  pointed,
			Cert: func(s CertSubject) Verdict {
				if s.Role == RoleDelegate || selfSigned(s.Certificate) {
					return skip() // cert-ocsp-sha1 speaks of delegates; nobody relies on a root's signature
				}
				if signature := revocation.CertificateSignature(s.Certificate, nil); signature.SHA1 {
					return fail("SHA-256 or better", "%s", signature.Algorithm).in("signatureAlgorithm")
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("a leaf", leafWith(func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 })),
				when("a CA", issuerWith(func(c *x509.Certificate) {
					c.NotBefore, c.SignatureAlgorithm = mustDay("2026-09-15"), x509.ECDSAWithSHA1
				})),
			},
			Good: []fixtures.Case{when("SHA-256", leafWith(func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA256 }))},
		},
	}
}

const authorityUsages = x509.KeyUsageCertSign | x509.KeyUsageCRLSign

// purposeRules are those about purposes that make somebody a delegate, or a signer of
// precertificates, who was not meant to be one.
func purposeRules() []*Rule {
	return []*Rule{
		{
			ID:     "cert-ca-eku-no-ocspsigning",
			Public: true,
			// Before the profiles, what could sign OCSP responses had to carry id-pkix-ocsp-nocheck.
			Cites: []Citation{BR("7.1.2.10.6", Must).Since(profilesSince), BR("4.9.9", Must).Until(profilesSince),
				RFC6960("4.2.2.2", Practice)},
			Says:   "A CA's certificate must not carry id-kp-OCSPSigning, which makes it a delegated responder of the CA above it.",
			Needs:  pointed,
			Marked: Critical,
			Cert: func(s CertSubject) Verdict {
				c := s.Certificate
				switch {
				case s.Role != RoleCA:
					return skip()
				case speaksForIssuer(c) && selfSigned(c):
					return fail("no extKeyUsage", "%s", purposes(c)).in("extKeyUsage").atMost(Error) // nobody is above it
				case speaksForIssuer(c) && c.NotBefore.Before(mustDay(profilesSince)) && revocation.CertificateExtension(c, revocation.OIDNoCheck) != nil:
					return fail("no id-kp-OCSPSigning", "%s", purposes(c)).in("extKeyUsage").under(RFC6960Doc)
				case speaksForIssuer(c):
					return fail("no id-kp-OCSPSigning", "%s", purposes(c)).in("extKeyUsage")
				case slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny):
					// BR 7.1.2.2.5 lets cross-certificates of the same operator have it.
					return fail("serverAuth, or no extKeyUsage", "%s", purposes(c)).in("extKeyUsage").atMost(Notice)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("before the profile", issuerWith(func(c *x509.Certificate) {
					c.NotBefore, c.ExtKeyUsage = mustDay("2020-07-01"), append(c.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning)
				})),
				when("since", issuerWith(func(c *x509.Certificate) { c.ExtKeyUsage = append(c.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) })),
				when("before the profile, with what had to go with it", issuerWith(func(c *x509.Certificate) {
					c.NotBefore, c.ExtKeyUsage = mustDay("2020-07-01"), append(c.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning)
					c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: noCheckID(), Value: []byte{5, 0}})
				})),
				when("a root's", rootWith(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning} })),
				when("any purpose", issuerWith(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} })),
			},
			Good: []fixtures.Case{
				when("none", issuerWith(func(c *x509.Certificate) { c.ExtKeyUsage = nil })),
				when("clientAuth too", issuerWith(func(c *x509.Certificate) { c.ExtKeyUsage = append(c.ExtKeyUsage, x509.ExtKeyUsageClientAuth) })),
			},
		},
		{
			ID:     "cert-ee-eku-no-ocspsigning",
			Public: true,
			// Mozilla asks it of roots added after 2025-03-15, which no certificate tells.
			Cites:  []Citation{BR("7.1.2.7.10", Must).Since(profilesSince), MRSP("7.5.1", Practice).Since("2025-03-15")},
			Says:   "A TLS server's certificate must not carry id-kp-OCSPSigning, which makes its holder a delegated responder of the CA.",
			Needs:  pointed,
			Marked: Critical,
			Cert: func(s CertSubject) Verdict {
				switch c := s.Certificate; {
				case s.Role == RoleCA || !namesServer(c):
					return skip()
				case speaksForIssuer(c):
					return fail("no id-kp-OCSPSigning", "%s for %s", purposes(c), serverOf(c)).in("extKeyUsage")
				}
				return pass()
			},
			Bad:  []fixtures.Case{when("beside serverAuth", leafWith(func(c *x509.Certificate) { c.ExtKeyUsage = append(c.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) }))},
			Good: []fixtures.Case{when("serverAuth alone", func(*fake) {})},
		},
		{
			ID:     "cert-precert-signing-ca",
			Public: true,
			Cites:  []Citation{BR("7.1.2.4", Must).Since("2026-03-15")},
			Says:   "No CA must be issued for signing precertificates.",
			Needs:  pointed,
			Cert: func(s CertSubject) Verdict {
				for _, purpose := range s.Certificate.UnknownExtKeyUsage {
					if s.Role == RoleCA && purpose.String() == revocation.OIDPrecertSigning.String() {
						return fail("no Precertificate Signing CA", "the purpose %s", purpose).in("extKeyUsage")
					}
				}
				return skipUnless(s.Role == RoleCA)
			},
			Bad:  []fixtures.Case{when("on the day", issuerWith(precertSigner("2026-03-15")))},
			Good: []fixtures.Case{when("the day before", issuerWith(precertSigner("2026-03-14"))), when("another CA", func(*fake) {})},
		},
	}
}

// namesServer reports whether a certificate that is no CA's is a TLS server's: it says so
// and names one.
func namesServer(c *x509.Certificate) bool {
	return slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth) && len(c.DNSNames)+len(c.IPAddresses) > 0
}

func serverOf(c *x509.Certificate) string {
	if len(c.DNSNames) > 0 {
		return strconv.Quote(c.DNSNames[0])
	}
	return c.IPAddresses[0].String()
}

// precertSigner gives a CA the purpose of RFC 6962 §3.1 beside its own.
func precertSigner(day string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.NotBefore = mustDay(day)
		c.UnknownExtKeyUsage = append(c.UnknownExtKeyUsage, []int{1, 3, 6, 1, 4, 1, 11129, 2, 4, 4})
	}
}

// authorityKey judges authorityKeyIdentifier against the issuer's subjectKeyIdentifier.
func authorityKey(s CertSubject) Verdict {
	const field = "authorityKeyIdentifier"
	key, deviations := revocation.CertificateAKI(s.Certificate)
	switch {
	case len(deviations) > 0:
		return fail("a readable authorityKeyIdentifier", "%s", deviationText(deviations)).in(field)
	case key == nil || key.KeyID == nil:
		return fail("a keyIdentifier", "none").in(field)
	case key.HasIssuer || key.Serial != nil:
		return fail("a keyIdentifier alone", "authorityCertIssuer or authorityCertSerialNumber").in(field).under(BRDoc)
	case s.Issuer != nil && !identifies(key.KeyID, s.Issuer) && signedByIssuer(s) &&
		!slices.ContainsFunc(ofSameKey(s.Issuer, s.Known), func(c *x509.Certificate) bool { return identifies(key.KeyID, c) }):
		return fail("the CA's subjectKeyIdentifier "+hexShort(s.Issuer.SubjectKeyId), "%s", hexShort(key.KeyID)).in(field)
	}
	return pass()
}
