package conformance

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"slices"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func signerKeyRules() []*Rule {
	return []*Rule{
		{
			ID:    "ocsp-signer-same-key",
			Cites: []Citation{RFC6960("4.2.2.2", Should), BR("7.1.2.8", Must).Since("2023-09-15")},
			Says:  "A delegate's certificate should be signed with the very key that signed the certificates it answers for.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				c := s.Signer.Certificate
				switch {
				case c == nil || s.Issuer == nil || s.Signer.IsIssuer || !s.Signer.HasEKU || s.Signer.Signature.State != revocation.SignatureValid:
					return skip()
				case !bytes.Equal(c.RawIssuer, s.Issuer.RawSubject):
					return skip() // cert-ocsp-issuer-same speaks of other CAs
				case s.Signer.Unverified != "":
					return skip() // ocsp-signer-authorized says why
				case !s.Signer.IssuedByCA:
					// After a rollover of the CA's key the RFC allows it, and BR can be read either way.
					return fail("a delegate signed with the key of "+nameOf(s.Issuer), "%s, which names that CA and was signed with another key", nameOf(c)).
						in("certs").atMost(Warning)
				}
				return pass()
			},
			Bad: []fixtures.Case{when("another key of the CA's name", func(r *fake) {
				r.OCSP.Signer, r.OCSP.DelegateByOtherCA = fixtures.Delegated, true
			})},
			Good: []fixtures.Case{when("the CA's key", func(r *fake) { r.OCSP.Signer = fixtures.Delegated })},
			Also: []string{"ocsp-signer-authorized"},
		},
		{
			ID:     "ocsp-signer-ca-ku-ds",
			Public: true,
			// The Microsoft clause speaks of roots alone.
			Cites: []Citation{BR("7.1.2.10.7", Must).Since("2023-09-15"), MSTRP("3.1.6", Practice)},
			Says:  "A CA must not sign responses itself unless its certificate's keyUsage asserts digitalSignature.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				switch {
				case !s.Signer.IsIssuer || s.Signer.Signature.State != revocation.SignatureValid:
					return skip()
				case maySign(s.Signer.Certificate):
					return pass()
				}
				v := fail("keyUsage with digitalSignature, or a delegate", "signed by %s, whose keyUsage does not assert digitalSignature", nameOf(s.Signer.Certificate)).
					in("keyUsage")
				if slices.ContainsFunc(s.Signer.Siblings, maySign) {
					return v.atMost(Warning) // the CA has another certificate, which lets it sign
				}
				return v
			},
			Bad: []fixtures.Case{
				when("without digitalSignature", func(r *fake) { r.Issuer = withoutDigitalSignature }),
				when("without digitalSignature in one of two certificates", func(r *fake) {
					r.Issuer = withoutDigitalSignature
					r.CrossCertificate = func(*x509.Certificate) {}
				}),
				when("without keyUsage", func(r *fake) { r.Issuer = func(c *x509.Certificate) { c.KeyUsage = 0 } }),
			},
			Good: []fixtures.Case{
				when("with digitalSignature", func(*fake) {}),
				when("without it, by a delegate", func(r *fake) { r.Issuer, r.OCSP.Signer = withoutDigitalSignature, fixtures.Delegated }),
			},
			Also: []string{"cert-ca-ku"},
		},
		{
			ID:    "ocsp-sigalg-key-match",
			Cites: []Citation{BR("7.1.3.2.2", Must), MRSP("5.1.2", Must)},
			Says:  "ECDSA signatures must use the hash of the curve: SHA-256 on P-256, SHA-384 on P-384, SHA-512 on P-521.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				if s.Response.Basic == nil || s.Signer.Signature.State != revocation.SignatureValid {
					return skip() // ocsp-signed speaks of those
				}
				v := curveAndHash(s.Response.Basic.SignatureAlgorithm, s.Signer.Certificate).in("signatureAlgorithm")
				if !s.Signer.IsIssuer {
					return v.atMost(Warning) // the clause speaks of CA keys, a delegate's is none
				}
				return v
			},
			Bad: []fixtures.Case{
				when("SHA-384 on P-256", func(r *fake) { r.OCSP.Algorithm = fixtures.ECDSAWithSHA384 }),
				when("SHA-256 on P-384", keyed(fixtures.P384, fixtures.ECDSAWithSHA256)),
				when("SHA-384 on P-521", keyed(fixtures.P521, fixtures.ECDSAWithSHA384)),
			},
			Good: []fixtures.Case{
				when("SHA-256 on P-256", func(*fake) {}),
				when("SHA-384 on P-384", keyed(fixtures.P384, fixtures.ECDSAWithSHA384)),
				when("SHA-512 on P-521", keyed(fixtures.P521, fixtures.ECDSAWithSHA512)),
				when("SHA-512 with RSA", func(r *fake) {
					r.Authority, r.OCSP.Algorithm = fixtures.NewAuthority(fixtures.Kind{RSA: true}), fixtures.SHA512WithRSA
				}),
			},
		},
		{
			ID:    "ocsp-signer-key-strength",
			Cites: []Citation{BR("6.1.5", Must), BR("7.1.3.1", Must), MRSP("5.1", Must)},
			Says:  "The signer's key must be RSA of at least 2048 bits, a multiple of 8, or on P-256, P-384 or P-521.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				if s.Signer.Certificate == nil || s.Signer.Signature.State == revocation.SignatureInvalid {
					return skip()
				}
				return keyStrength(s.Signer.Certificate)
			},
			Bad: []fixtures.Case{
				when("RSA of 1024 bits", func(r *fake) { r.OCSP.Signer = fixtures.DelegatedWeak }),
				when("RSA of 2040 bits", keyed(fixtures.RSA2040, "")),
				when("RSA of 2052 bits", keyed(fixtures.RSA2052, "")),
				when("RSA with the exponent 3", keyed(fixtures.RSAExponent3, "")),
				when("P-224", keyed(fixtures.P224, "")),
			},
			Good: []fixtures.Case{
				when("RSA of 2048 bits", func(r *fake) { r.Authority = fixtures.NewAuthority(fixtures.Kind{RSA: true}) }),
				when("P-521", keyed(fixtures.P521, fixtures.ECDSAWithSHA512)),
			},
			Also: []string{"cert-ocsp-serial-alg"},
		},
		{
			ID:    "ocsp-sig-mandatory-algs",
			Cites: []Citation{RFC6960("4.3", Should), RFC6960("4.4.7.2", Should)},
			Says:  "Unless clients prefer others, responses should be signed with SHA-256 and RSA, which all must support, or with a key like the CA's.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				switch {
				case s.Response.Basic == nil || s.Issuer == nil || s.Signer.Signature.State != revocation.SignatureValid:
					return skip()
				case s.Response.Basic.SignatureAlgorithm.Algorithm == revocation.OIDSHA256WithRSA:
					return pass()
				case s.Signer.Certificate.PublicKeyAlgorithm != s.Issuer.PublicKeyAlgorithm:
					return fail("SHA256-RSA, or a signature with "+keyKind(s.Issuer)+" as the CA's", "%s", s.Signer.Signature.Algorithm).
						in("signatureAlgorithm").atMost(Info)
				}
				return pass()
			},
			Bad: []fixtures.Case{when("ECDSA for an RSA CA", func(r *fake) {
				r.Authority = fixtures.NewAuthority(fixtures.Kind{RSA: true})
				keyed(fixtures.P384, fixtures.ECDSAWithSHA384)(r)
			})},
			Good: []fixtures.Case{
				when("ECDSA for an ECDSA CA", keyed(fixtures.P384, fixtures.ECDSAWithSHA384)),
				when("SHA-256 and RSA for an ECDSA CA", keyed(fixtures.RSAExponent3, fixtures.SHA256WithRSA)),
				when("SHA-512 and RSA for an RSA CA", func(r *fake) {
					r.Authority, r.OCSP.Algorithm = fixtures.NewAuthority(fixtures.Kind{RSA: true}), fixtures.SHA512WithRSA
				}),
			},
		},
	}
}

// maySign reports whether a CA certificate asserts digitalSignature.
func maySign(c *x509.Certificate) bool { return c.KeyUsage&x509.KeyUsageDigitalSignature != 0 }

func withoutDigitalSignature(c *x509.Certificate) { c.KeyUsage &^= x509.KeyUsageDigitalSignature }

// keyed has a delegate sign with that key and algorithm.
func keyed(key fixtures.DelegateKey, algorithm revocation.OID) func(*fake) {
	return func(r *fake) {
		r.OCSP.Signer, r.OCSP.DelegateKey, r.OCSP.Algorithm = fixtures.Delegated, key, algorithm
	}
}

// curveAndHash judges a signature by the pairs of BR 7.1.3.2.2. Other curves are the
// business of the rules about keys, and other hashes of those about encodings and SHA-1.
func curveAndHash(a revocation.AlgorithmIdentifier, signer *x509.Certificate) Verdict {
	hash, verified := revocation.DigestHash(a)
	key, ok := signer.PublicKey.(*ecdsa.PublicKey)
	if !verified || !ok {
		return skip()
	}
	fitting := map[int]crypto.Hash{256: crypto.SHA256, 384: crypto.SHA384, 521: crypto.SHA512}[key.Curve.Params().BitSize]
	if fitting == 0 || hash != crypto.SHA256 && hash != crypto.SHA384 && hash != crypto.SHA512 {
		return skip()
	}
	if hash != fitting {
		return fail(fitting.String()+" with a key on "+key.Curve.Params().Name, "%s with a key on %s", hash, key.Curve.Params().Name)
	}
	return pass()
}

// keyKind names the algorithm of a certificate's key, by its OID where crypto/x509 does not
// know it.
func keyKind(c *x509.Certificate) string {
	if c.PublicKeyAlgorithm == x509.UnknownPublicKeyAlgorithm {
		return revocation.KeyAlgorithm(c).Algorithm.String()
	}
	return c.PublicKeyAlgorithm.String()
}

// listedKeys are the encodings of the algorithms of BR 7.1.3.1.1 and 7.1.3.1.2, in
// hexadecimal: RSA, P-256, P-384, P-521.
var listedKeys = []string{
	"300d06092a864886f70d0101010500",
	"301306072a8648ce3d020106082a8648ce3d030107", "301006072a8648ce3d020106052b81040022", "301006072a8648ce3d020106052b81040023",
}

// keyStrength judges a public key by BR 6.1.5, 6.1.6 and 7.1.3.1.
func keyStrength(c *x509.Certificate) Verdict {
	const field = "subjectPublicKeyInfo"
	if encoded := revocation.KeyAlgorithm(c).Raw; !amongHex(listedKeys, encoded) {
		return fail("RSA, P-256, P-384 or P-521 as BR 7.1.3.1 encodes them", "%x, that is %s", encoded, keyKind(c)).in(field)
	}
	key, ok := c.PublicKey.(*rsa.PublicKey)
	if !ok {
		return pass()
	}
	switch bits := key.N.BitLen(); {
	case bits < 2048:
		return fail("at least 2048 bits", "RSA of %d bits", bits).in(field)
	case bits%8 != 0:
		return fail("a multiple of 8 bits", "RSA of %d bits", bits).in(field)
	case key.E < 3 || key.E%2 == 0:
		return fail("an odd exponent of 3 or more", "the exponent %d", key.E).in(field)
	case key.E <= 1<<16:
		return fail("an exponent of 65537 or more", "the exponent %d", key.E).in(field).atMost(Warning) // SHOULD
	}
	return pass()
}
