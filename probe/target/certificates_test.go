package target_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/target"
)

// fake is a CA that conforms but for change.
func fake(change func(*fixtures.Responder)) *fixtures.Responder {
	r := fixtures.Conforming(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), fixtures.NewAuthority(fixtures.Kind{}))
	if change != nil {
		change(r)
	}
	return r
}

// armoured is PEM of that label.
func armoured(label string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
}

func pemOf(certificates ...*x509.Certificate) []byte {
	var text []byte
	for _, c := range certificates {
		text = append(text, armoured("CERTIFICATE", c.Raw)...)
	}
	return text
}

// der encodes one element; its content is less than 64 KiB.
func der(tag byte, parts ...[]byte) []byte {
	content := slices.Concat(parts...)
	head := []byte{tag, 0x82, byte(len(content) >> 8), byte(len(content))}
	switch {
	case len(content) < 0x80:
		head = []byte{tag, byte(len(content))}
	case len(content) < 0x100:
		head = []byte{tag, 0x81, byte(len(content))}
	}
	return append(head, content...)
}

// cms is a certs-only SignedData (RFC 5652 §5.1).
func cms(certificates ...*x509.Certificate) []byte {
	var set [][]byte
	for _, c := range certificates {
		set = append(set, c.Raw)
	}
	signedData := []byte("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02")
	data := []byte("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01")
	return der(0x30, signedData, der(0xa0, der(0x30, []byte{2, 1, 1}, der(0x31), der(0x30, data), der(0xa0, set...), der(0x31))))
}

func TestReadCertificates(t *testing.T) {
	r := fake(nil)
	leaf, issuer, root := r.LeafCertificate(), r.IssuerCertificate(), r.RootCertificate()
	key := armoured("PRIVATE KEY", []byte("no certificate"))
	for name, test := range map[string]struct {
		file []byte
		want []*x509.Certificate
	}{
		"DER":                    {leaf.Raw, []*x509.Certificate{leaf}},
		"PEM":                    {pemOf(leaf), []*x509.Certificate{leaf}},
		"a chain":                {pemOf(leaf, issuer, root), []*x509.Certificate{leaf, issuer, root}},
		"a key before the chain": {slices.Concat(key, pemOf(leaf, issuer)), []*x509.Certificate{leaf, issuer}},
		"a key in the chain":     {slices.Concat(pemOf(leaf), key, pemOf(issuer)), []*x509.Certificate{leaf, issuer}},
		"text around":            {slices.Concat([]byte("subject=CN=x\r\n"), pemOf(leaf), []byte("\nverify return:1\n")), []*x509.Certificate{leaf}},
		"a byte order mark":      {slices.Concat([]byte("\xef\xbb\xbf"), pemOf(leaf)), []*x509.Certificate{leaf}},
		"CRLF":                   {bytes.ReplaceAll(pemOf(leaf), []byte("\n"), []byte("\r\n")), []*x509.Certificate{leaf}},
		"old labels":             {slices.Concat(armoured("X509 CERTIFICATE", leaf.Raw), armoured("TRUSTED CERTIFICATE", issuer.Raw)), []*x509.Certificate{leaf, issuer}},
		"CMS":                    {cms(issuer, root), []*x509.Certificate{issuer, root}},
		"CMS in PEM":             {armoured("PKCS7", cms(issuer, root)), []*x509.Certificate{issuer, root}},
	} {
		got, err := target.ReadCertificates(bytes.NewReader(test.file), "a file")
		if err != nil || !slices.EqualFunc(got, test.want, (*x509.Certificate).Equal) {
			t.Errorf("%s: %d certificates, %v, want %d", name, len(got), err, len(test.want))
		}
	}
}

func TestReadCertificatesSaysWhyNot(t *testing.T) {
	r := fake(nil)
	leaf := r.LeafCertificate()
	for name, test := range map[string]struct {
		file []byte
		want string
	}{
		"empty":                      {nil, "it is empty"},
		"text":                       {[]byte("see attachment\n"), "it is text, not a certificate"},
		"HTML":                       {[]byte("<!DOCTYPE html><html></html>"), "it is html, not a certificate"},
		"noise":                      {[]byte{0xde, 0xad, 0xbe, 0xef}, "not a certificate"},
		"a CRL":                      {r.CRLBody(), "it is a CRL, not a certificate"},
		"an OCSP request":            {fixtures.OCSPRequest(r.ForeignCertID(r.LeafSerial())), "it is an OCSP request, not a certificate"},
		"a key alone":                {armoured("PRIVATE KEY", []byte{0x30, 0}), "it holds no PEM certificate"},
		"a certificate cut short":    {leaf.Raw[:len(leaf.Raw)-1], "malformed certificate"},
		"a certificate and an octet": {append(bytes.Clone(leaf.Raw), 0), "trailing data"},
		"PEM of nonsense":            {armoured("CERTIFICATE", []byte("nonsense")), "malformed certificate"},
		"one of two is nonsense":     {slices.Concat(pemOf(leaf), armoured("CERTIFICATE", []byte{0x30, 0})), "malformed"},
		"CMS of nothing":             {cms(), "it holds no certificate"},
		"CMS of nothing in PEM":      {armoured("PKCS7", cms()), "it holds no PEM certificate"},
		"base64 alone":               {[]byte(base64.StdEncoding.EncodeToString(leaf.Raw)), ""},
	} {
		list, err := target.ReadCertificates(bytes.NewReader(test.file), "a file")
		if err == nil || list != nil || !strings.HasPrefix(err.Error(), "reading certificates from a file: ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %d certificates, error %v, want %q", name, len(list), err, test.want)
		}
	}
	broken := errors.New("the disk is on fire")
	if _, err := target.ReadCertificates(iotest.ErrReader(broken), "a file"); !errors.Is(err, broken) {
		t.Errorf("a broken disk: %v", err)
	}
	if _, err := target.ReadCertificates(endless{}, "a file"); err == nil || !strings.Contains(err.Error(), "larger than 16 MB") {
		t.Errorf("an endless file: %v", err)
	}
}

// endless is a file without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
