package revocation

import (
	"bytes"
	"crypto/x509"
	"testing"
)

// A certificate's signature is judged apart from the names, and SHA-1 is told.
func TestCertificateSignature(t *testing.T) {
	keys := testKeys()
	ca, other := ecAuthority(t), newAuthority("Other CA", keys["P-384"])
	renamed := newAuthority("Test CA by another name", keys["P-256"])
	cert := ca.delegate("Responder", keys["P-256 other"]).cert
	oldCA := newAuthority("Old CA", keys["RSA"])
	old := resigned(oldCA, oldCA.delegate("Responder", keys["P-256"]).cert, algorithmOf(OIDSHA1WithRSA))
	for name, c := range map[string]struct {
		cert, issuer *x509.Certificate
		want         Signature
	}{
		"the CA":                     {cert, ca.cert, Signature{State: SignatureValid, Algorithm: "ECDSA-SHA256"}},
		"its key under another name": {cert, renamed.cert, Signature{State: SignatureValid, Algorithm: "ECDSA-SHA256"}},
		"another CA":                 {cert, other.cert, Signature{State: SignatureInvalid, Algorithm: "ECDSA-SHA256"}},
		"nobody":                     {cert, nil, Signature{State: SignatureUnchecked, Algorithm: "ECDSA-SHA256"}},
		"SHA-1, the CA":              {old, oldCA.cert, Signature{State: SignatureValid, Algorithm: "SHA1-RSA", SHA1: true}},
		"SHA-1, nobody":              {old, nil, Signature{State: SignatureUnchecked, Algorithm: "SHA1-RSA", SHA1: true}},
		"no certificate":             {&x509.Certificate{}, ca.cert, Signature{State: SignatureUnchecked, Algorithm: "none"}},
	} {
		got := CertificateSignature(c.cert, c.issuer)
		if (got.Problem == "") != (got.State == SignatureValid) {
			t.Errorf("%s: %s, problem %q", name, got.State, got.Problem)
		}
		if got.Problem = ""; got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if VerifyCertificate(cert, renamed.cert).State == SignatureValid {
		t.Error("a certificate that names another CA is taken for the CA's")
	}
}

func TestCertificateAlgorithms(t *testing.T) {
	ca := ecAuthority(t)
	cert := ca.delegate("Responder", testKeys()["P-384"]).cert
	if got := CertificateAlgorithm(cert); got.Algorithm != OIDECDSAWithSHA256 || len(got.Raw) != 12 || got.Parameters != nil {
		t.Errorf("signatureAlgorithm %+v", got)
	}
	if got := KeyAlgorithm(cert); got.Algorithm.String() != "1.2.840.10045.2.1" || !bytes.Equal(got.Parameters, []byte{6, 5, 0x2b, 0x81, 4, 0, 0x22}) {
		t.Errorf("key %+v", got)
	}
}

func TestHasUniqueIDs(t *testing.T) {
	field := func(tag byte, content ...byte) []byte { return encoded(tag, content) }
	usual := join(field(0xa0, 2, 1, 2), field(tagInteger, 7), field(tagSequence), field(tagSequence), field(tagSequence), field(tagSequence), field(tagSequence))
	for name, c := range map[string]struct {
		tbs  []byte
		want bool
	}{
		"neither":               {encoded(tagSequence, usual, field(0xa3, 0x30, 0)), false},
		"issuerUniqueID":        {encoded(tagSequence, usual, field(0x81, 0, 1)), true},
		"subjectUniqueID":       {encoded(tagSequence, usual, field(0x82, 0, 1), field(0xa3, 0x30, 0)), true},
		"in pieces":             {encoded(tagSequence, usual, field(0xa2, 3, 2, 0, 1)), true},
		"cut before it":         {encoded(tagSequence, usual, []byte{0x30, 9}), false},
		"no certificate at all": {nil, false},
	} {
		if got := HasUniqueIDs(&x509.Certificate{RawTBSCertificate: c.tbs}); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestCertificateAKI(t *testing.T) {
	ca := ecAuthority(t)
	cert := certify(t, &x509.Certificate{AuthorityKeyId: []byte{1, 2, 3}})
	if key, deviations := CertificateAKI(cert); key == nil || key.KeyID == nil || key.HasIssuer || key.Serial != nil || deviations != nil {
		t.Errorf("%+v %v", key, deviations)
	}
	if x := CertificateExtension(cert, OIDAuthorityKeyID); x == nil || x.Critical {
		t.Errorf("%+v", x)
	}
	if key, deviations := CertificateAKI(ca.cert); key != nil || deviations != nil || CertificateExtension(ca.cert, OIDAuthorityKeyID) != nil {
		t.Errorf("without one: %+v %v", key, deviations)
	}
}

// The other certificates of the signer's name and key are told, and no others.
func TestSiblings(t *testing.T) {
	keys := testKeys()
	ca := ecAuthority(t)
	again, sameName := newAuthority("Test CA", keys["P-256"]), newAuthority("Test CA", keys["P-384"])
	if bytes.Equal(again.cert.Raw, ca.cert.Raw) {
		t.Fatal("the second certificate of the CA is its first")
	}
	b := ReadOCSPResponse(answer{signer: ca, certs: embed(again.cert, sameName.cert)}.der()).Basic
	s := b.FindSigner(ca.cert, []*x509.Certificate{ca.cert})
	if s.Certificate != ca.cert || len(s.Siblings) != 1 || !bytes.Equal(s.Siblings[0].Raw, again.cert.Raw) {
		t.Errorf("%d siblings of %v", len(s.Siblings), s.Certificate.Subject)
	}
	if s := b.FindSigner(ca.cert, nil); len(s.Siblings) != 1 {
		t.Errorf("%d siblings, none given", len(s.Siblings))
	}
}
