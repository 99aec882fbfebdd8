package revocation

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"golang.org/x/crypto/ocsp"
)

// specimens is one document of each kind.
func specimens(t testing.TB) map[Kind][]byte {
	t.Helper()
	ca := newCRLAuthority(t, ecdsaKey)
	request, err := ocsp.CreateRequest(ca.certificate, ca.certificate, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := ocsp.CreateResponse(ca.certificate, ca.certificate,
		ocsp.Response{SerialNumber: big.NewInt(5), ThisUpdate: crlTime, NextUpdate: crlTime.AddDate(0, 0, 1)}, ca.key)
	if err != nil {
		t.Fatal(err)
	}
	return map[Kind][]byte{
		KindOCSPRequest:  request,
		KindOCSPResponse: response,
		KindCRL:          ca.largeCRL(t, 300),
		KindCertificate:  ca.certificate.Raw,
		KindCMS:          certsOnly(ca.certificate.Raw),
	}
}

func TestRecogniseDER(t *testing.T) {
	for kind, der := range specimens(t) {
		// All of the beginnings that show enough; what is enough differs.
		for _, n := range []int{80, 200, 1000, len(der)} {
			f := Recognise(der[:min(n, len(der))], int64(len(der)))
			if f.Kind != kind || f.Encoding != EncodingDER || !bytes.Equal(f.First, der[:firstOctets]) {
				t.Errorf("%d octets of %s: %+v", n, kind, f)
			}
		}
	}
}

func TestRecogniseDamaged(t *testing.T) {
	ca := newCRLAuthority(t, ecdsaKey)
	request := specimens(t)[KindOCSPRequest]
	name := ca.certificate.RawSubject
	for what, c := range map[string]struct {
		body []byte
		want Kind
	}{
		"error response":         {[]byte{0x30, 3, 10, 1, 6}, KindOCSPResponse},
		"wrong length":           {[]byte{0x30, 9, 10, 1, 6}, KindOCSPResponse},
		"status an INTEGER":      {[]byte{0x30, 3, 2, 1, 6}, KindOCSPResponse},
		"indefinite response":    {[]byte{0x30, 0x80, 10, 1, 6, 0, 0}, KindOCSPResponse},
		"bare ResponseData":      {encoded(0x30, encoded(0x30, encoded(0xa2, make([]byte, 22)), encoded(24, []byte("x")))), KindOCSPResponse},
		"ResponseData by name":   {encoded(0x30, encoded(0x30, encoded(0xa1, name), encoded(24, []byte("x")))), KindOCSPResponse},
		"request with name":      {encoded(0x30, encoded(0x30, encoded(0xa1, name), request[4:])), KindOCSPRequest},
		"request with version":   {encoded(0x30, encoded(0x30, []byte{0xa0, 3, 2, 1, 0}, encoded(0x30, []byte{0x30, 0}))), KindOCSPRequest},
		"request for nothing":    {[]byte{0x30, 4, 0x30, 2, 0x30, 0}, KindOCSPRequest},
		"v1 CRL":                 {ca.sign(t, tbsFields{version: []byte{}}), KindCRL},
		"CRL without algorithm":  {ca.sign(t, tbsFields{algorithm: []byte{}}), KindCRL},
		"CRL, version a string":  {ca.sign(t, tbsFields{version: []byte{4, 1, 1}}), KindCRL},
		"v1 certificate":         {encoded(0x30, encoded(0x30, []byte{2, 1, 5}, ecdsaWithSHA256, name, encoded(0x30, encoded(23, []byte("x"))))), KindCertificate},
		"private key":            {encoded(0x30, []byte{2, 1, 0}, ecdsaWithSHA256, []byte{4, 1, 1}), KindUnrecognised},
		"long INTEGER, then [0]": {[]byte{0x30, 6, 2, 2, 1, 1, 0xa0, 0}, KindUnrecognised},
		"other content":          {encoded(0x30, encoded(6, []byte("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"))), KindUnrecognised},
		"empty SEQUENCE":         {[]byte{0x30, 0}, KindUnrecognised},
		"one octet":              {[]byte{0x30}, KindUnrecognised},
		"no SEQUENCE":            {[]byte{2, 1, 0}, KindUnrecognised},
	} {
		if f := Recognise(c.body, int64(len(c.body))); f.Kind != c.want {
			t.Errorf("%s: %s, want %s", what, f.Kind, c.want)
		}
	}
}

func TestRecogniseOtherThings(t *testing.T) {
	for body, want := range map[string]Form{
		"":                                       {Kind: KindUnrecognised, Encoding: EncodingEmpty},
		"<!DOCTYPE html><html>":                  {Kind: KindUnrecognised, Encoding: EncodingHTML},
		"\r\n <HTML>":                            {Kind: KindUnrecognised, Encoding: EncodingHTML},
		"{\"revprobe\":\"1\"}\n{}":               {Kind: KindArchive, Encoding: EncodingJSON},
		"{\"a\":[1],\"revprobe\":{\"x\":\"cut":   {Kind: KindArchive, Encoding: EncodingJSON},
		"{\"a\":\"revprobe\"}":                   {Kind: KindUnrecognised, Encoding: EncodingJSON},
		"{}\n{\"revprobe\":1}":                   {Kind: KindUnrecognised, Encoding: EncodingJSON},
		"HTTP/1.0 200 OK\r\n\r\n0\x03\n\x01\x06": {Kind: KindUnrecognised, Encoding: EncodingHTTP},
		"HTTP is a protocol":                     {Kind: KindUnrecognised, Encoding: EncodingText},
		"Service unavailable":                    {Kind: KindUnrecognised, Encoding: EncodingText},
		"0123 is what begins like a SEQUENCE":    {Kind: KindUnrecognised, Encoding: EncodingText},
		"invalid":                                {Kind: KindUnrecognised, Encoding: EncodingText},
		"\x00\x00\x00":                           {Kind: KindUnrecognised, Encoding: EncodingZeros},
		"\x02\x01\x00":                           {Kind: KindUnrecognised, Encoding: EncodingBinary},
		"\x1f\x8b\x08 no gzip":                   {Kind: KindUnrecognised, Encoding: EncodingGzip},
		"\xef\xbb\xbf":                           {Kind: KindUnrecognised, Encoding: EncodingBOM},
	} {
		got := Recognise([]byte(body), int64(len(body)))
		if got.Kind != want.Kind || got.Encoding != want.Encoding {
			t.Errorf("%q: %+v, want %+v", body, got, want)
		}
	}
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Bytes()
}

func utf16Of(text []byte, bigEndian bool) []byte {
	out := []byte{}
	for _, u := range append([]uint16{0xfeff}, utf16.Encode([]rune(string(text)))...) {
		if bigEndian {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return out
}

var pemLabels = map[Kind]string{KindOCSPRequest: "OCSP REQUEST", KindOCSPResponse: "OCSP RESPONSE",
	KindCRL: "X509 CRL", KindCertificate: "CERTIFICATE", KindCMS: "PKCS7"}

func TestUnwrap(t *testing.T) {
	for kind, der := range specimens(t) {
		armoured := pem.EncodeToMemory(&pem.Block{Type: pemLabels[kind], Bytes: der})
		plain := base64.StdEncoding.EncodeToString(der)
		for name, c := range map[string]struct {
			body []byte
			want Encoding
		}{
			"DER":              {der, EncodingDER},
			"PEM":              {armoured, EncodingPEM},
			"PEM, other label": {bytes.ReplaceAll(armoured, []byte(pemLabels[kind]), []byte("SOMETHING")), EncodingPEM},
			"PEM with headers": {pem.EncodeToMemory(&pem.Block{Type: "X", Headers: map[string]string{"Key": "Value"}, Bytes: der}), EncodingPEM},
			"PEM after text":   {append([]byte("Certificate Revocation List (CRL):\n    Version 2 (0x1)\n"), armoured...), EncodingPEM},
			"PEM, CRLF":        {bytes.ReplaceAll(armoured, []byte("\n"), []byte("\r\n")), EncodingPEM},
			"PEM without end":  {armoured[:bytes.LastIndex(armoured, []byte("-----END"))], EncodingPEM},
			"PEM on one line":  {[]byte("-----BEGIN X-----" + plain + "-----END X-----"), EncodingPEM},
			"base64":           {[]byte(plain), EncodingBase64},
			"base64 in lines":  {bytes.Join(bytes.Split(armoured, []byte("\n"))[1:3], []byte("\r\n")), EncodingBase64},
			"base64url":        {[]byte(base64.RawURLEncoding.EncodeToString(der)), EncodingBase64},
			"gzip":             {zipped(der), EncodingGzip},
			"gzip of PEM":      {zipped(armoured), EncodingGzip},
			"BOM, DER":         {append([]byte("\xef\xbb\xbf"), der...), EncodingBOM},
			"BOM, PEM":         {append([]byte("\xef\xbb\xbf"), armoured...), EncodingBOM},
			"UTF-16 BE":        {utf16Of(armoured, true), EncodingBOM},
			"UTF-16 LE":        {utf16Of(armoured, false), EncodingBOM},
			"white space":      {append([]byte("\r\n "), der...), EncodingSpace},
		} {
			f := Recognise(c.body, int64(len(c.body)))
			if f.Kind != kind || f.Encoding != c.want {
				t.Errorf("%s as %s: %+v", kind, name, f)
			}
			for _, source := range []io.Reader{bytes.NewReader(c.body), iotest.OneByteReader(bytes.NewReader(c.body))} {
				r, err := Unwrap(f, source)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(r)
				whole := !strings.Contains(name, "in lines")
				if err != nil || whole && !bytes.Equal(got, der) || !whole && (!bytes.HasPrefix(der, got) || len(got) < 48) {
					t.Errorf("%s as %s: %d octets of %d, %v", kind, name, len(got), len(der), err)
				}
			}
		}
	}
}

func TestUnwrapDamagedAndFailing(t *testing.T) {
	der := newCRLAuthority(t, ecdsaKey).largeCRL(t, 2000)
	cause := errors.New("the line is dead")
	bodies := map[string][]byte{
		"gzip": zipped(der),
		"PEM":  pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}),
	}
	for name, body := range bodies {
		f := Recognise(body, int64(len(body)))
		cut, err := Unwrap(f, bytes.NewReader(body[:len(body)/2]))
		if err != nil {
			t.Fatal(err)
		}
		crl, err := ReadCRL(cut)
		if err != nil || crl.Broken == nil || crl.Entries == 0 {
			t.Errorf("%s cut: %d entries, %v, %v", name, crl.Entries, crl.Broken, err)
		}
		dead, err := Unwrap(f, io.MultiReader(bytes.NewReader(body[:len(body)/2]), iotest.ErrReader(cause)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err = ReadCRL(dead); !errors.Is(err, cause) {
			t.Errorf("%s from a dead line: %v", name, err)
		}
		if _, err = Unwrap(f, iotest.ErrReader(cause)); !errors.Is(err, cause) {
			t.Errorf("%s, dead at once: %v", name, err)
		}
	}
}

func FuzzRecognise(f *testing.F) {
	for kind, der := range specimens(f) {
		f.Add(der)
		f.Add(pem.EncodeToMemory(&pem.Block{Type: pemLabels[kind], Bytes: der}))
		f.Add(zipped(der))
	}
	f.Add([]byte("{\"revprobe\":1}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		form := Recognise(body, int64(len(body)))
		if form.Kind == "" || form.Encoding == "" || !bytes.HasPrefix(body, form.First) {
			t.Errorf("%+v", form)
		}
		if (form.Encoding == EncodingEmpty) != (len(body) == 0) {
			t.Errorf("%s of %d octets", form.Encoding, len(body))
		}
		r, err := Unwrap(form, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		inner, err := io.ReadAll(io.LimitReader(r, 1<<20))
		if err != nil {
			t.Fatal(err)
		}
		if form.Encoding == EncodingDER && !bytes.Equal(inner, body[:min(len(body), 1<<20)]) {
			t.Error("DER was changed")
		}
	})
}
