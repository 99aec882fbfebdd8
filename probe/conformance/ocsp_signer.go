package conformance

import (
	"crypto/x509"
	"encoding/hex"
	"slices"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func signerRules() []*Rule {
	return []*Rule{
		{
			ID:     "ocsp-signed",
			Cites:  []Citation{RFC6960("4.2.1", Must), BR("4.9.9", Must)},
			Says:   "The signature over the ResponseData must verify.",
			Needs:  evidence.OCSP,
			Marked: Critical,
			Response: func(s ResponseSubject) Verdict {
				switch {
				case s.Response.Basic == nil || s.Response.Broken != nil:
					return skip()
				case s.Signer.Signature.State == revocation.SignatureInvalid:
					return fail("a valid signature", "%s: %s", s.Signer.Signature.Algorithm, s.Signer.Signature.Problem).in("signature")
				case s.Signer.Signature.State == revocation.SignatureUnchecked:
					return unable("%s", s.Signer.Signature.Problem).in("signature")
				}
				return pass()
			},
			Bad:  []fixtures.Case{when("one bit wrong", func(r *fake) { r.OCSP.Tamper = spoilSignature })},
			Good: []fixtures.Case{when("by a delegate", func(r *fake) { r.OCSP.Signer = fixtures.Delegated })},
		},
		{
			ID:    "ocsp-signer-cert-included",
			Cites: []Citation{RFC6960("4.2.2.2", Must), RFC9919("3.2.2", Practice)},
			Says:  "The certificate of a delegated responder must be sent along.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				switch {
				case s.Response.Basic == nil || s.Response.Broken != nil || s.Issuer == nil || s.Signer.IsIssuer:
					return skip()
				case s.Signer.Certificate == nil:
					return fail("the signer's certificate in certs", "the signer is not the CA, and certs holds no certificate that the responderID names").in("certs")
				case !s.Signer.Embedded:
					return fail("the signer's certificate in certs", "signed by %s, whose certificate was not sent", nameOf(s.Signer.Certificate)).in("certs")
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("left out", func(r *fake) {
					r.OCSP.Signer = fixtures.Delegated
					withoutCertificates(r)
				}),
				when("left out, of one that is at hand", func(r *fake) {
					r.OCSP.Signer = fixtures.Ancestor
					withoutCertificates(r)
				}),
			},
			Good: []fixtures.Case{when("sent", func(r *fake) { r.OCSP.Signer = fixtures.Delegated })},
			Also: []string{"ocsp-signer-authorized"},
		},
		{
			ID:     "ocsp-signer-authorized",
			Cites:  []Citation{RFC6960("4.2.2.2", Must), BR("4.9.9", Must)},
			Says:   "The signer must be the issuing CA, or hold a certificate with id-kp-OCSPSigning issued directly by it.",
			Needs:  evidence.OCSP,
			Marked: Critical,
			Response: func(s ResponseSubject) Verdict {
				switch {
				case s.Response.Basic == nil || s.Signer.Signature.State == revocation.SignatureInvalid || s.Signer.Certificate == nil:
					return skip()
				case s.Issuer == nil:
					return unable("the issuer's certificate is not known").in("certs")
				case s.Signer.Authorized():
					return pass()
				case s.Signer.Unverified != "":
					return unable("whether that CA issued %s: %s", nameOf(s.Signer.Certificate), s.Signer.Unverified).in("certs")
				case !s.Signer.IssuedByCA:
					return fail("a signer authorized by "+nameOf(s.Issuer), "%s, which that CA did not issue", nameOf(s.Signer.Certificate)).in("certs")
				}
				return fail("a delegate with id-kp-OCSPSigning", "%s without id-kp-OCSPSigning", nameOf(s.Signer.Certificate)).in("certs")
			},
			Bad: []fixtures.Case{
				when("a stranger", func(r *fake) { r.OCSP.Signer = fixtures.AnyKey }),
				when("the root, which is not the issuer", func(r *fake) { r.OCSP.Signer = fixtures.Ancestor }),
				when("a delegate without id-kp-OCSPSigning", func(r *fake) {
					r.OCSP.Signer = fixtures.Delegated
					r.OCSP.Delegate = func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }
				}),
				when("a delegate of a CA of the same name", func(r *fake) {
					r.OCSP.Signer, r.OCSP.DelegateByOtherCA = fixtures.Delegated, true
				}),
			},
			Good: []fixtures.Case{when("a delegate", func(r *fake) { r.OCSP.Signer = fixtures.Delegated })},
			Also: []string{"ocsp-signer-same-key", "cert-ocsp-issuer-same", "ocsp-stock-client"},
		},
		{
			ID:     "ocsp-signer-valid-now",
			Clock:  true,
			Cites:  []Citation{RFC6960("4.2.2.2", Must), MRSP("6", Must)},
			Says:   "A delegate's certificate must be valid when the response was produced and when it is served.",
			Needs:  evidence.OCSP,
			Marked: Critical,
			Response: func(s ResponseSubject) Verdict {
				c := s.Signer.Certificate
				switch {
				case s.Response.Basic == nil || c == nil || s.Signer.IsIssuer || !s.Signer.Authorized():
					return skip()
				case s.At.After(c.NotAfter):
					v := fail("a delegate valid at "+stamp(s.At), "%s expired %s", nameOf(c), stamp(c.NotAfter)).in("certs")
					if s.Exchange.Ask == evidence.Handshake {
						return v.atMost(Warning) // the TLS server kept the response too long
					}
					return v
				case !s.Response.Basic.ProducedAt.IsZero() && s.Response.Basic.ProducedAt.Before(c.NotBefore):
					return fail("a delegate valid at producedAt "+stamp(s.Response.Basic.ProducedAt.Time), "%s valid from %s", nameOf(c), stamp(c.NotBefore)).
						in("certs").atMost(Error)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("expired a second ago", delegateValid(func(r *fake, c *x509.Certificate) { c.NotAfter = r.Now.Add(-time.Second) })),
				when("valid a second after producedAt", delegateValid(func(r *fake, c *x509.Certificate) { c.NotBefore = r.Now.Add(-time.Hour + time.Second) })),
			},
			Good: []fixtures.Case{
				when("in its last second", delegateValid(func(r *fake, c *x509.Certificate) { c.NotAfter = r.Now })),
				when("valid since producedAt", delegateValid(func(r *fake, c *x509.Certificate) { c.NotBefore = r.Now.Add(-time.Hour) })),
				when("a producedAt that is no time", func(r *fake) {
					r.OCSP.Signer = fixtures.Delegated
					noTime("producedAt")(r)
				}),
			},
			Also: []string{"ocsp-stock-client"},
		},
		{
			ID:    "ocsp-responderid-matches",
			Cites: []Citation{RFC6960("4.2.2.3", Must)},
			Says:  "The responderID must name the certificate whose key signed.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				switch {
				case s.Response.Basic == nil || s.Signer.Signature.State != revocation.SignatureValid:
					return skip()
				case !s.Signer.MatchesID && revocation.SameName(s.Response.Basic.ResponderID.ByName, s.Signer.Certificate.RawSubject):
					return fail("the same octets as the signer's subject", "its name in another encoding").in("responderID").atMost(Notice)
				case !s.Signer.MatchesID:
					return fail("the name or key hash of "+nameOf(s.Signer.Certificate), "%s", responderIDText(s.Response.Basic.ResponderID)).in("responderID")
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("another key's hash", func(r *fake) {
					r.OCSP.Edit = func(data *fixtures.Node) { data.MustFind("responderID").Children[0].Content[0] ^= 1 }
				}),
				when("the name in another kind of string", func(r *fake) {
					r.OCSP.ByName = true
					r.OCSP.Edit = func(data *fixtures.Node) {
						data.MustFind("responderID").Children[0] = fixtures.Verbatim(inUTF8(r.IssuerCertificate().RawSubject))
					}
				}),
			},
			Good: []fixtures.Case{when("byName", func(r *fake) { r.OCSP.ByName = true })},
		},
		{
			ID:    "ocsp-sigalg-sha1",
			Cites: []Citation{BR("7.1.3.2.1", Must).Since("2022-06-01"), MRSP("5.1.3", Must).Since("2023-07-01")},
			Says:  "Responses must not be signed with SHA-1.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				switch {
				case s.Response.Basic == nil:
					return skip()
				case s.Signer.Signature.SHA1:
					return fail("SHA-256 or better", "%s", s.Signer.Signature.Algorithm).in("signatureAlgorithm")
				}
				return pass()
			},
			Bad:  []fixtures.Case{when("ECDSA with SHA-1", func(r *fake) { r.OCSP.Algorithm = fixtures.ECDSAWithSHA1 })},
			Good: []fixtures.Case{when("ECDSA with SHA-256", func(*fake) {})},
		},
		{
			ID:    "ocsp-sigalg-encoding",
			Cites: []Citation{BR("7.1.3.2", Must), MRSP("5.1", Must)},
			Says:  "signatureAlgorithm must be one of the AlgorithmIdentifiers of the Baseline Requirements, octet for octet.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				if s.Response.Basic == nil || s.Signer.Signature.SHA1 {
					return skip() // ocsp-sigalg-sha1 speaks of those
				}
				v := listedAlgorithm(s.Response.Basic.SignatureAlgorithm).in("signatureAlgorithm")
				if !s.Signer.IsIssuer {
					return v.atMost(Warning) // the clause speaks of CA keys, a delegate's is none
				}
				return v
			},
			Bad:  []fixtures.Case{when("ECDSA with NULL parameters", func(r *fake) { r.OCSP.AlgorithmParameters = []byte{5, 0} })},
			Good: []fixtures.Case{when("ECDSA with SHA-384", func(r *fake) { r.OCSP.Algorithm = fixtures.ECDSAWithSHA384 })},
			Also: []string{"ocsp-der-strict"},
		},
	}
}

// listedAlgorithms are the encodings of BR 7.1.3.2.1 and 7.1.3.2.2, in hexadecimal, the
// SHA-1 one left out.
var listedAlgorithms = []string{
	"300d06092a864886f70d01010b0500", "300d06092a864886f70d01010c0500", "300d06092a864886f70d01010d0500",
	"300a06082a8648ce3d040302", "300a06082a8648ce3d040303", "300a06082a8648ce3d040304",
	"304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120",
	"304106092a864886f70d01010a3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130",
	"304106092a864886f70d01010a3034a00f300d06096086480165030402030500a11c301a06092a864886f70d010108300d06096086480165030402030500a203020140",
}

// listedAlgorithm judges an AlgorithmIdentifier against the list.
func listedAlgorithm(a revocation.AlgorithmIdentifier) Verdict {
	if a.Raw != nil && !amongHex(listedAlgorithms, a.Raw) {
		return fail("an encoding of BR 7.1.3.2", "%x, that is %s", a.Raw, a.Algorithm)
	}
	return skipUnless(a.Raw != nil)
}

// amongHex reports whether a list in hexadecimal, whose longest element has 67 octets, has
// the element.
func amongHex(list []string, element []byte) bool {
	var text [2 * 67]byte
	if hex.EncodedLen(len(element)) > len(text) {
		return false
	}
	written := text[:hex.Encode(text[:], element)]
	return slices.ContainsFunc(list, func(listed string) bool { return listed == string(written) })
}

// delegateValid has a delegate sign whose template is changed.
func delegateValid(change func(*fake, *x509.Certificate)) func(*fake) {
	return func(r *fake) {
		r.OCSP.Signer = fixtures.Delegated
		r.OCSP.Delegate = func(c *x509.Certificate) { change(r, c) }
	}
}

// spoilSignature flips the last bit of the signature.
func spoilSignature(der []byte) []byte {
	if b := revocation.ReadOCSPResponse(der).Basic; b != nil && len(b.Signature) > 0 {
		b.Signature[len(b.Signature)-1] ^= 1
	}
	return der
}

func responderIDText(id revocation.ResponderID) string {
	if id.ByKey != nil {
		return "byKey " + hex.EncodeToString(id.ByKey)
	}
	return "byName " + hexShort(id.ByName)
}

func hexShort(b []byte) string {
	if len(b) > 8 {
		return hex.EncodeToString(b[:8]) + "..."
	}
	return hex.EncodeToString(b)
}
