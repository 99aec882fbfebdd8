package conformance_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// form is something else than a CRL in DER, and what has to be said of it: by which rule
// where it is served, by which where it is a file ("" where lint cannot take it for a
// document at all), and in which words.
type form struct {
	body         func(crl []byte) []byte
	served, file string
	words        []string
}

func fixed(text string) func([]byte) []byte { return func([]byte) []byte { return []byte(text) } }

func before(text string) func([]byte) []byte {
	return func(crl []byte) []byte { return append([]byte(text), crl...) }
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Bytes()
}

// wideText is UTF-16 with a byte order mark, as some Windows tools write PEM.
func wideText(text []byte) []byte {
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(string(text))) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

func armoured(crl []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: crl}) }

func forms(other *fixtures.Responder) map[string]form {
	return map[string]form{
		"PEM":       {armoured, "crl-not-pem", "crl-not-pem", []string{"PEM", "-----BEGIN X509 CRL-----"}},
		"base64":    {func(crl []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(crl)) }, "crl-not-pem", "crl-not-pem", []string{"base64", "MII"}},
		"UTF-16":    {func(crl []byte) []byte { return wideText(armoured(crl)) }, "http-body-magic", "crl-der-strict", []string{"UTF-16", "fffe2d00"}},
		"a BOM":     {before("\xef\xbb\xbf"), "http-body-magic", "crl-der-strict", []string{"byte order mark", "efbbbf30"}},
		"a newline": {before("\r\n"), "http-body-magic", "crl-der-strict", []string{"white space", "0d0a30"}},
		"gzip":      {zipped, "http-body-magic", "crl-der-strict", []string{"gzip", "1f8b08"}},
		"PKCS#7": {fixed("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x00"), "http-body-magic", "",
			[]string{"PKCS#7", "300d06092a864886f70d010702"}},
		"HTML":              {fixed("<!DOCTYPE html><title>Parked</title>"), "http-body-magic", "", []string{"html", "<!DOCTYPE html>"}},
		"JSON":              {fixed(`{"error":"not found"}`), "http-body-magic", "", []string{"json", `{"error"`}},
		"XML":               {fixed(`<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>`), "http-body-magic", "", []string{"xml", "<?xml version"}},
		"nothing":           {fixed(""), "http-body-magic", "", []string{"empty"}},
		"zeros":             {fixed("\x00\x00\x00\x00"), "http-body-magic", "", []string{"zeros", "00000000"}},
		"an OCSP response":  {fixed("\x30\x03\x0a\x01\x06"), "http-body-magic", "ocsp-", []string{"ocsp-response", "30030a0106"}},
		"a certificate":     {func([]byte) []byte { return other.IssuerCertificate().Raw }, "http-body-magic", "cert-", []string{"certificate", "3082"}},
		"another CA's CRL":  {func([]byte) []byte { return other.CRLBody() }, "crl-signature-valid", "crl-signature-valid", []string{"Another CA"}},
		"a trailing octet":  {func(crl []byte) []byte { return append(bytes.Clone(crl), 0) }, "crl-der-strict", "crl-der-strict", []string{"1 octet", "00"}},
		"a trailing CRL":    {func(crl []byte) []byte { return slices.Concat(crl, crl) }, "crl-der-strict", "crl-der-strict", []string{"octets after the CRL", "30 8"}},
		"a missing half":    {func(crl []byte) []byte { return crl[:len(crl)/2] }, "crl-der-strict", "crl-der-strict", []string{"unreadable at octet"}},
		"octets before DER": {before("\x00\x01\x02"), "http-body-magic", "", []string{"binary", "00010230"}},
	}
}

// What is served in place of a CRL in DER is named, with its first octets.
func TestNamesForWhatIsServedInsteadOfDER(t *testing.T) {
	t.Parallel()
	other := anotherCA()
	for name, f := range forms(other) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) { r.CRL.Tamper = f.body }})
			named(t, judge(t, ask(t, fake, zoo.Memory{Responder: fake}, evidence.FetchCRL)), f.served, f.words)
		})
	}
}

// The same as files.
func TestNamesForFilesThatAreNoDER(t *testing.T) {
	t.Parallel()
	other := anotherCA()
	for name, f := range forms(other) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := faked(fixtures.Kind{}, fixtures.Case{Change: nothing})
			report := lintCRL(t, fake, f.body(fake.CRLBody()), fake.IssuerCertificate())
			switch {
			case strings.HasPrefix(f.file, "crl-"):
				named(t, report, f.file, f.words)
			case f.file == "":
				for _, word := range f.words[min(1, len(f.words)-1):] { // the kind, or the first octets
					if d := report.Documents[0]; !strings.Contains(d.Problem, word) {
						t.Errorf("%q is not in the problem: %+v", word, d)
					}
				}
			default:
				if d := report.Documents[0]; string(d.Kind) != f.words[0] {
					t.Errorf("taken for %+v", d)
				}
			}
		})
	}
}

func anotherCA() *fixtures.Responder {
	return faked(fixtures.Kind{RSA: true}, fixtures.Case{Change: func(r *fixtures.Responder) {
		r.CRL.Issuer = []byte("\x30\x15\x31\x13\x30\x11\x06\x03\x55\x04\x03\x0c\x0aAnother CA")
	}})
}

func named(t *testing.T, report *conformance.Report, rule string, words []string) {
	t.Helper()
	for _, f := range report.Findings {
		if f.Rule.ID != rule || f.Outcome != conformance.Failed {
			continue
		}
		for _, word := range words {
			if !strings.Contains(f.Got, word) {
				t.Errorf("%q is not in what %s got: %s", word, rule, f.Got)
			}
		}
		return
	}
	t.Errorf("%s does not fire%s", rule, describe(report))
}

// A CRL that was wrapped is judged inside all the same.
func TestAWrappedCRLIsJudgedInside(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func([]byte) []byte{"PEM": armoured, "gzip": zipped, "UTF-16": func(crl []byte) []byte { return wideText(armoured(crl)) }} {
		fake := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) {
			r.CRL.Tamper, r.CRL.NoNumber = wrap, true
		}})
		report := judge(t, ask(t, fake, zoo.Memory{Responder: fake}, evidence.FetchCRL))
		if !slices.Contains(fired(report), "crl-number-present") {
			t.Errorf("%s: fires %v", name, fired(report))
		}
	}
}
