package conformance

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func crlSignatureRules() []*Rule {
	return []*Rule{
		{
			ID:     "crl-signature-valid",
			Cites:  []Citation{RFC5280("5.1.1.3", Must), BR("7.2", Must)},
			Says:   "The signature over tbsCertList must verify with the issuing CA's key.",
			Needs:  evidence.FetchCRL,
			Marked: Critical,
			CRL: func(s CRLSubject) Verdict {
				switch {
				case s.CRL.Broken != nil:
					return skip()
				case s.Signature.State == revocation.SignatureInvalid:
					v := fail("a signature by "+nameOf(s.Issuer), "%s: %s", s.Signature.Algorithm, s.Signature.Problem).in("signatureValue")
					if !bytes.Equal(s.CRL.Issuer, s.Issuer.RawSubject) {
						v.Got += ", on a CRL of " + revocation.NameText(s.CRL.Issuer)
					}
					if key := s.CRL.AuthorityKey; key != nil && len(key.KeyID) > 0 && len(s.Issuer.SubjectKeyId) > 0 && !bytes.Equal(key.KeyID, s.Issuer.SubjectKeyId) {
						v.Got += fmt.Sprintf("; the CRL names the key %s, that CA's is %s", hexShort(key.KeyID), hexShort(s.Issuer.SubjectKeyId))
					}
					return v
				case s.Signature.State == revocation.SignatureUnchecked:
					return unable("%s", s.Signature.Problem).in("signatureValue")
				}
				return pass()
			},
			Bad:  []fixtures.Case{when("by another key", func(r *fake) { r.CRL.ByOtherKey = true })},
			Good: []fixtures.Case{when("by the CA", func(*fake) {})},
		},
		{
			ID:    "crl-sigalg-match",
			Cites: []Citation{RFC5280("5.1.1.2", Must), BR("7.2", Must).Since("2024-03-15")},
			Says:  "signatureAlgorithm must be the same octets as tbsCertList.signature.",
			Needs: evidence.FetchCRL,
			CRL: func(s CRLSubject) Verdict {
				inner, outer := s.CRL.TBSAlgorithm.Raw, s.CRL.SignatureAlgorithm.Raw
				switch {
				case inner == nil || outer == nil:
					return skip()
				case !bytes.Equal(inner, outer):
					return fail("tbsCertList.signature: "+hexShort(inner), "%x", outer).in("signatureAlgorithm")
				}
				return pass()
			},
			Bad:  []fixtures.Case{when("another hash outside", func(r *fake) { r.CRL.OuterAlgorithm = fixtures.ECDSAWithSHA384 })},
			Good: []fixtures.Case{when("the same", func(*fake) {})},
		},
		{
			ID:    "crl-sigalg-encoding",
			Cites: []Citation{BR("7.1.3.2", Must), MRSP("5.1.1", Must)},
			Says:  "The signature algorithm must be one of the AlgorithmIdentifiers of the Baseline Requirements, octet for octet.",
			Needs: evidence.FetchCRL,
			CRL: func(s CRLSubject) Verdict {
				if strings.Contains(s.Signature.Algorithm, "SHA1") {
					return skip() // crl-sigalg-sha1 speaks of those
				}
				return listedAlgorithm(s.CRL.TBSAlgorithm).in("tbsCertList.signature")
			},
			Bad:  []fixtures.Case{when("ECDSA with NULL parameters", func(r *fake) { r.CRL.AlgorithmParameters = []byte{5, 0} })},
			Good: []fixtures.Case{when("ECDSA with SHA-384", func(r *fake) { r.CRL.Algorithm = fixtures.ECDSAWithSHA384 })},
			Also: []string{"crl-der-strict"},
		},
		{
			ID:    "crl-sigalg-sha1",
			Cites: []Citation{BR("7.1.3.2.1", Must).Since("2026-09-15"), MRSP("5.1.3", Must).Since("2023-07-01")},
			Says:  "CRLs must not be signed with SHA-1.",
			Needs: evidence.FetchCRL,
			CRL: func(s CRLSubject) Verdict {
				if s.Signature.SHA1 {
					return fail("SHA-256 or better", "%s", s.Signature.Algorithm).in("signatureAlgorithm")
				}
				return skipUnless(s.Signature.Algorithm != "")
			},
			Bad:  []fixtures.Case{when("ECDSA with SHA-1", func(r *fake) { r.CRL.Algorithm = fixtures.ECDSAWithSHA1 })},
			Good: []fixtures.Case{when("ECDSA with SHA-256", func(*fake) {})},
		},
		{
			ID:    "crl-issuer-dn-bytes",
			Cites: []Citation{BR("7.2", Must).Since("2024-03-15"), RFC5280("5.1.2.3", Practice)},
			Says:  "The CRL's issuer must be the same octets as the issuing CA's subject.",
			Needs: evidence.FetchCRL,
			CRL: func(s CRLSubject) Verdict {
				switch {
				case s.CRL.Issuer == nil:
					return skip()
				case s.Issuer == nil:
					return unable("the issuer's certificate is not known").in("tbsCertList.issuer")
				case !bytes.Equal(s.CRL.Issuer, s.Issuer.RawSubject) && !slices.ContainsFunc(s.SameKey, func(c *x509.Certificate) bool {
					return bytes.Equal(s.CRL.Issuer, c.RawSubject)
				}):
					return fail("the subject of the issuing CA, "+nameOf(s.Issuer), "%s", revocation.NameText(s.CRL.Issuer)).in("tbsCertList.issuer")
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("another CA's name", func(r *fake) { r.CRL.Issuer = strangerName }),
				when("a third name, of a CA whose key has two", func(r *fake) {
					r.CrossCertificate = func(c *x509.Certificate) { c.Subject.CommonName = "Renamed" }
					r.CRL.Issuer = strangerName
				}),
			},
			Good: []fixtures.Case{
				when("the CA's name", func(*fake) {}),
				when("another name of the same key", func(r *fake) {
					r.CrossCertificate = func(c *x509.Certificate) { c.RawSubject = strangerName }
					r.CRL.Issuer = strangerName
				}),
			},
			Also: []string{"crl-scope-covers-cert"},
		},
	}
}
