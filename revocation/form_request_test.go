package revocation

import (
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"testing"
)

// A certificate request has the shape of a signed document, but is none of ours.
func TestCertificateRequestIsNotRecognised(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(nil, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "www.example.com"}}, key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
	for name, octets := range map[string][]byte{"DER": der, "PEM": text} {
		if form := Recognise(octets, int64(len(octets))); form.Kind != KindUnrecognised {
			t.Errorf("%s: taken for a %s", name, form.Kind)
		}
	}
}
