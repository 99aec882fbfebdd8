package revocation

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"reflect"
	"strings"
	"testing"
)

// certify issues a certificate of what the template says of revocation.
func certify(t testing.TB, template *x509.Certificate) *x509.Certificate {
	t.Helper()
	ca := newCRLAuthority(t, ecdsaKey)
	template.SerialNumber, template.NotBefore, template.NotAfter = big.NewInt(7), crlTime, crlTime.AddDate(0, 1, 0)
	der, err := x509.CreateCertificate(rand.Reader, template, ca.certificate, ca.key.Public(), ca.key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func TestCertificateExtensionsOfStandardLibrary(t *testing.T) {
	c := certify(t, &x509.Certificate{
		OCSPServer:            []string{"http://ocsp.example/"},
		IssuingCertificateURL: []string{"http://ca.example/ca.cer"},
		CRLDistributionPoints: []string{"http://crl.example/1.crl", "http://crl.example/2.crl"},
	})
	access, deviations := CertificateAIA(c)
	want := []AccessDescription{{OIDAccessOCSP, true, "http://ocsp.example/"}, {OIDAccessIssuers, true, "http://ca.example/ca.cer"}}
	if !reflect.DeepEqual(access, want) || deviations != nil {
		t.Errorf("%v %v", access, deviations)
	}
	points, deviations := CertificateCRLDP(c)
	if len(points) != 2 || deviations != nil || !reflect.DeepEqual(points[1], DistributionPoint{HasName: true, URIs: []string{"http://crl.example/2.crl"}}) {
		t.Errorf("%v %v", points, deviations)
	}
	bare := certify(t, &x509.Certificate{})
	if access, deviations := CertificateAIA(bare); access != nil || deviations != nil {
		t.Errorf("%v %v", access, deviations)
	}
	if points, deviations := CertificateCRLDP(bare); points != nil || deviations != nil {
		t.Errorf("%v %v", points, deviations)
	}
}

// crypto/x509 refuses a relative name, so this certificate is made by hand.
func TestCertificateExtensionsOtherwise(t *testing.T) {
	uri := encoded(0x86, []byte("ldap://x"))
	point := encoded(tagSequence,
		encoded(tagSequence, encoded(0xa0, encoded(0xa0, uri, encoded(0xa4, []byte{0x30, 0}))), []byte{0x81, 2, 1, 6}, encoded(0xa2, uri)),
		encoded(tagSequence, encoded(0xa0, encoded(0xa1, attribute("x")))),
	)
	access := encoded(tagSequence, encoded(tagSequence, encoded(tagOID, []byte(OIDAccessOCSP)), encoded(0xa4, []byte{0x30, 0})))
	c := &x509.Certificate{Extensions: []pkix.Extension{
		{Id: dotted(t, OIDCRLDP), Value: point},
		{Id: dotted(t, OIDAuthorityInfo), Value: access},
	}}
	points, deviations := CertificateCRLDP(c)
	want := []DistributionPoint{{HasName: true, URIs: []string{"ldap://x"}, OtherNames: 1, HasReasons: true, HasCRLIssuer: true}, {HasName: true, RelativeName: true}}
	if !reflect.DeepEqual(points, want) || deviations != nil {
		t.Errorf("%+v %v", points, deviations)
	}
	c.Extensions = append(c.Extensions, pkix.Extension{Id: dotted(t, OIDFreshestCRL), Value: point})
	if points, deviations = CertificateFreshestCRL(c); !reflect.DeepEqual(points, want) || deviations != nil {
		t.Errorf("freshestCRL %+v %v", points, deviations)
	}
	list, deviations := CertificateAIA(c)
	if !reflect.DeepEqual(list, []AccessDescription{{Method: OIDAccessOCSP}}) || deviations != nil {
		t.Errorf("%+v %v", list, deviations)
	}
}

// crypto/x509 refuses what these say wrongly, so the certificates are made by hand.
func TestCertificateExtensionsDeviations(t *testing.T) {
	uri := encoded(0x86, []byte("http://x"))
	good := encoded(tagSequence, encoded(tagOID, []byte(OIDAccessOCSP)), uri)
	for name, c := range map[string]struct {
		value []byte
		kind  string
		count int
	}{
		"empty":       {[]byte{0x30, 0}, DevEmpty, 0},
		"no SEQUENCE": {[]byte{4, 0}, DevUnreadable, 0},
		"no location": {encoded(tagSequence, good, encoded(tagSequence, encoded(tagOID, []byte(OIDAccessOCSP)))), DevUnreadable, 1},
		"no name":     {encoded(tagSequence, encoded(tagSequence, encoded(tagOID, []byte(OIDAccessOCSP)), []byte{4, 0})), DevUnreadable, 0},
		"trailing":    {append(encoded(tagSequence, good), 5, 0), DevTrailing, 1},
		"three parts": {encoded(tagSequence, encoded(tagSequence, encoded(tagOID, []byte(OIDAccessOCSP)), uri, []byte{5, 0})), DevTrailing, 1},
	} {
		raw := join(c.value, []byte(OIDAuthorityInfo), []byte{4, 0x7f}, c.value)
		certificate := &x509.Certificate{Raw: raw, Extensions: []pkix.Extension{{Id: dotted(t, OIDAuthorityInfo), Value: c.value}}}
		list, deviations := CertificateAIA(certificate)
		if len(list) != c.count || len(deviations) != 1 || deviations[0].Kind != c.kind {
			t.Errorf("%s: %v %v", name, list, deviations)
		}
		if at := int64(len(raw) - len(c.value)); len(deviations) == 1 && deviations[0].Offset < at {
			t.Errorf("%s: offset %d is before the extension's value at %d", name, deviations[0].Offset, at)
		}
	}
}

// certsOnly wraps certificates as `openssl crl2pkcs7 -nocrl` does.
func certsOnly(certificates ...[]byte) []byte {
	data := encoded(tagSequence, encoded(tagOID, []byte("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01")))
	signed := encoded(tagSequence, []byte{tagInteger, 1, 1}, []byte{tagSet, 0}, data, encoded(0xa0, certificates...), []byte{tagSet, 0})
	return encoded(tagSequence, encoded(tagOID, []byte(oidSignedData)), encoded(0xa0, signed))
}

func TestCertsFromCMS(t *testing.T) {
	a, b := certify(t, &x509.Certificate{}).Raw, newCRLAuthority(t, rsaKey).certificate.Raw
	good := certsOnly(a, encoded(0xa1, []byte{5, 0}), b)
	certs, err := CertsFromCMS(good)
	if err != nil || len(certs) != 2 || !reflect.DeepEqual(certs[0].Raw, a) || !reflect.DeepEqual(certs[1].Raw, b) {
		t.Errorf("%d certificates, %v", len(certs), err)
	}
	if certs, err = CertsFromCMS(certsOnly()); err != nil || len(certs) != 0 {
		t.Errorf("none: %v %v", certs, err)
	}
	for name, c := range map[string]struct {
		body  []byte
		count int
		want  string
	}{
		"cut":               {good[:len(good)-10], 0, "contentInfo"},
		"a certificate":     {a, 0, "contentType"},
		"empty":             {nil, 0, "missing"},
		"other content":     {encoded(tagSequence, encoded(tagOID, []byte{0x2a, 3})), 0, "not signedData"},
		"a bad certificate": {certsOnly(a, []byte{0x30, 0}, b), 1, "reading certificate 1"},
	} {
		certs, err := CertsFromCMS(c.body)
		if err == nil || len(certs) != c.count || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %d certificates, %v", name, len(certs), err)
		}
	}
}
