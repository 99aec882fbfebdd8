package revocation

import (
	"crypto/x509"
	"math/big"
	"testing"
)

func TestReadCertificateAsCryptoX509(t *testing.T) {
	want := certify(t, &x509.Certificate{DNSNames: []string{"a.example"}, OCSPServer: []string{"http://ocsp.example/"}})
	got, refused, err := ReadCertificate(want.Raw)
	if err != nil || refused != nil || !got.Equal(want) {
		t.Errorf("%v, %v", refused, err)
	}
}

// What was refused keeps its own octets, serial number and extensions.
func TestReadCertificateThatIsRefused(t *testing.T) {
	good := certify(t, &x509.Certificate{DNSNames: []string{"a.example"}, KeyUsage: x509.KeyUsageDigitalSignature})
	list := encoded(tagSequence, extensionOf(good, OIDKeyUsage), extensionOf(good, OIDKeyUsage), extensionOf(good, OIDSubjectAltName),
		encoded(tagSequence, encoded(tagOID, []byte(OIDAuthorityInfo)), []byte{1, 1, 0xff}, encoded(tagOctetString, encoded(tagSequence, []byte{0x30, 0}))))
	der := rebuiltWith(t, good, []byte{0x80, 1}, list)
	got, refused, err := ReadCertificate(der)
	if err != nil || refused == nil {
		t.Fatalf("%v, %v", refused, err)
	}
	switch {
	case string(got.Raw) != string(der):
		t.Error("other octets")
	case got.SerialNumber.Cmp(big.NewInt(-0x7fff)) != 0:
		t.Errorf("serial number %v", got.SerialNumber)
	case len(got.Extensions) != 4 || !got.Extensions[3].Critical:
		t.Errorf("extensions %v", got.Extensions)
	case got.KeyUsage != x509.KeyUsageDigitalSignature || len(got.DNSNames) != 1:
		t.Errorf("key usage %v, names %v", got.KeyUsage, got.DNSNames)
	case string(got.RawSubject) != string(good.RawSubject) || got.PublicKey == nil:
		t.Error("another subject or no key")
	}
	if algorithm := CertificateAlgorithm(got); algorithm.Algorithm != CertificateAlgorithm(good).Algorithm {
		t.Errorf("algorithm %v", algorithm)
	}
}

func TestReadCertificateThatCannotBeRead(t *testing.T) {
	good := certify(t, &x509.Certificate{}).Raw
	for name, der := range map[string][]byte{
		"nothing": nil, "an empty SEQUENCE": {0x30, 0}, "cut": good[:len(good)/2], "trailing": join(good, []byte{0}), "text": []byte("0this is none"),
	} {
		if c, refused, err := ReadCertificate(der); err == nil || refused == nil || c != nil {
			t.Errorf("%s: %v, %v, %v", name, c, refused, err)
		}
	}
	// Octets that are damaged anywhere are an error or a certificate, and never a crash.
	for i := range good {
		damaged := join(good)
		damaged[i] ^= 0x55
		if c, _, err := ReadCertificate(damaged); (c == nil) != (err != nil) {
			t.Fatalf("octet %d: %v, %v", i, c, err)
		}
	}
}

// extensionOf encodes an extension of a certificate anew.
func extensionOf(c *x509.Certificate, id OID) []byte {
	x := CertificateExtension(c, id)
	return encoded(tagSequence, encoded(tagOID, []byte(id)), encoded(tagOctetString, x.Value))
}

// rebuiltWith is the certificate with another serial number and other extensions.
func rebuiltWith(t *testing.T, c *x509.Certificate, serial, extensions []byte) []byte {
	t.Helper()
	p, err := readParts(c.Raw)
	if err != nil {
		t.Fatal(err)
	}
	parts := [][]byte{p.version, encoded(tagInteger, serial)}
	parts = append(parts, p.fields...)
	tbs := encoded(tagSequence, append(parts, encoded(0xa3, extensions))...)
	return encoded(tagSequence, tbs, p.fields[0], encoded(tagBitString, []byte{0}, p.signature))
}
