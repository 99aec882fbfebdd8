package target_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/revprobe/revprobe/probe/target"
)

// read reads a list and returns its certificates, the places where they stood, and what was
// wrong with the others.
func read(r io.Reader) (list []*x509.Certificate, places, problems []string, err error) {
	err = target.ReadList(r, "list", target.ListVisitor{
		Certificate: func(c *x509.Certificate, at target.Place) error {
			list, places = append(list, c), append(places, at.String())
			return nil
		},
		Problem: func(err error) { problems = append(problems, err.Error()) },
	})
	return list, places, problems, err
}

func TestReadList(t *testing.T) {
	r := fake(nil)
	leaf, ca := r.LeafCertificate(), r.IssuerCertificate()
	leafPEM, caPEM := string(pemOf(leaf)), string(pemOf(ca))
	leaf64, ca64 := base64.StdEncoding.EncodeToString(leaf.Raw), base64.StdEncoding.EncodeToString(ca.Raw)
	lines := strings.Count(leafPEM, "\n")
	for name, test := range map[string]struct {
		text   string
		places []string
	}{
		"PEM":                    {leafPEM + caPEM, []string{"list, line 1", fmt.Sprint("list, line ", lines+1)}},
		"PEM with other text":    {"Bag Attributes\n\n" + leafPEM + "subject=CN\n" + string(armoured("PRIVATE KEY", []byte{1, 2})) + caPEM, []string{"list, line 3", fmt.Sprint("list, line ", 2+lines+1+3+1)}},
		"PEM without a last end": {leafPEM + strings.TrimSuffix(caPEM, "\n"), []string{"list, line 1", fmt.Sprint("list, line ", lines+1)}},
		"PEM with CRLF":          {strings.ReplaceAll(leafPEM+caPEM, "\n", "\r\n"), []string{"list, line 1", fmt.Sprint("list, line ", lines+1)}},
		"PEM behind a mark":      {"\ufeff" + leafPEM + caPEM, []string{"list, line 1", fmt.Sprint("list, line ", lines+1)}},
		"PKCS7 in PEM":           {string(armoured("PKCS7", cms(leaf, ca))), []string{"list, line 1", "list, line 1"}},
		"CMS":                    {string(cms(leaf, ca)), []string{"list, octet 0", "list, octet 0"}},
		"DER":                    {string(leaf.Raw) + string(ca.Raw), []string{"list, octet 0", fmt.Sprint("list, octet ", len(leaf.Raw))}},
		"DER and a line end":     {string(leaf.Raw) + string(ca.Raw) + "\n", []string{"list, octet 0", fmt.Sprint("list, octet ", len(leaf.Raw))}},
		"CSV of the CCADB": {"\"CA Owner\",\"PEM Info\"\n\"A, B\",\"'" + strings.TrimSpace(leafPEM) + "'\"\n\"C\",\"'" + strings.TrimSpace(caPEM) + "'\"\n",
			[]string{"list, line 2", fmt.Sprint("list, line ", 2+lines)}},
		"CSV of base64":         {"id;cert;name\n1;" + leaf64 + ";a\n2;" + ca64 + ";b\n", []string{"list, line 2", "list, line 3"}},
		"CSV of hex":            {"id\tcert\n1\t\\x" + hex.EncodeToString(leaf.Raw) + "\n2\t\\x" + hex.EncodeToString(ca.Raw) + "\n", []string{"list, line 2", "list, line 3"}},
		"CSV without a header":  {"1," + leaf64 + "\n2," + ca64 + "\n", []string{"list, line 1", "list, line 2"}},
		"base64 alone":          {leaf64 + "\n" + ca64, []string{"list, line 1", "list, line 2"}},
		"base64 of URLs":        {"cert\n" + base64.RawURLEncoding.EncodeToString(leaf.Raw) + "\n" + base64.RawURLEncoding.EncodeToString(ca.Raw), []string{"list, line 2", "list, line 3"}},
		"CSV of PEM on a line":  {"a,b\n1," + strings.ReplaceAll(leafPEM, "\n", `\n`) + "\n2," + strings.ReplaceAll(caPEM, "\n", " "), []string{"list, line 2", "list, line 3"}},
		"CSV with CRLF":         {"a,b\r\n1," + leaf64 + "\r\n\r\n2," + ca64 + "\r\n", []string{"list, line 2", "list, line 4"}},
		"CSV, apostrophes only": {"a,b\n1,'" + leaf64 + "'\n2,'" + ca64 + "'\n", []string{"list, line 2", "list, line 3"}},
	} {
		for how, from := range map[string]io.Reader{"": strings.NewReader(test.text), ", octet by octet": iotest.OneByteReader(strings.NewReader(test.text))} {
			list, places, problems, err := read(from)
			if err != nil || len(problems) > 0 || len(list) != 2 || !list[0].Equal(leaf) || !list[1].Equal(ca) {
				t.Errorf("%s%s: %d certificates, problems %q, %v", name, how, len(list), problems, err)
			} else if !slices.Equal(places, test.places) {
				t.Errorf("%s%s: at %q, want %q", name, how, places, test.places)
			}
		}
	}
}

// What is no certificate is named with its place, and the rest is read on.
func TestReadListGoesOn(t *testing.T) {
	r := fake(nil)
	leaf, ca := r.LeafCertificate(), r.IssuerCertificate()
	leafPEM, caPEM := string(pemOf(leaf)), string(pemOf(ca))
	lines := strings.Count(leafPEM, "\n")
	leaf64, ca64 := base64.StdEncoding.EncodeToString(leaf.Raw), base64.StdEncoding.EncodeToString(ca.Raw)
	after := fmt.Sprint("list, line ", lines+1, ": ")
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"a block of garbage":          {leafPEM + string(armoured("CERTIFICATE", []byte("garbage"))) + caPEM, []string{after}},
		"a block that is no base64":   {leafPEM + "-----BEGIN CERTIFICATE-----\n!!!!\nabcd\n-----END CERTIFICATE-----\n" + caPEM, []string{after + "a PEM block of CERTIFICATE that cannot be read: illegal base64"}},
		"a block that does not end":   {leafPEM + strings.Join(strings.SplitAfter(leafPEM, "\n")[:5], "") + caPEM, []string{after + "a PEM block of CERTIFICATE that cannot be read: the block does not end"}},
		"a last that does not end":    {leafPEM + caPEM + "-----BEGIN CERTIFICATE-----\nMII", []string{"does not end"}},
		"a block larger than allowed": {leafPEM + string(armoured("CERTIFICATE", make([]byte, 1<<20+1))) + caPEM, []string{after + "a PEM block of CERTIFICATE that is larger than 1 MiB"}},
		"a bag of garbage":            {leafPEM + string(armoured("PKCS7", []byte{0x30, 0})) + caPEM, []string{after + "reading CMS"}},
		"a field of garbage":          {"a,cert\n1," + leaf64 + "\n2,what is this\n3," + ca64, []string{"list, line 3: column 2 (\"cert\"): no certificate as PEM, base64 or hex"}},
		"a field of broken base64":    {"a,cert\n1," + leaf64 + "\n2,MII*\n3," + ca64, []string{"list, line 3: column 2 (\"cert\"): decoding a certificate"}},
		"a field of another document": {"a,cert\n1," + leaf64 + "\n2,MIIA\n3," + ca64, []string{"list, line 3: reading a certificate"}},
		"an empty field":              {"a,cert\n1," + leaf64 + "\n2,\n3," + ca64, []string{"list, line 3: no certificate in column 2 (\"cert\")"}},
		"a field less":                {"a,cert\n1," + leaf64 + "\n2\n3," + ca64, []string{"list, line 3: no certificate in column 2"}},
		"none in the first lines":     {"a,cert\n1,\n2,\n3," + leaf64 + "\n4," + ca64, []string{"list, line 2: no certificate in any column", "list, line 3: no certificate in any column"}},
	} {
		list, _, problems, err := read(strings.NewReader(test.text))
		if err != nil || len(list) != 2 || len(problems) != len(test.want) {
			t.Errorf("%s: %d certificates, problems %q, %v", name, len(list), problems, err)
			continue
		}
		for i, want := range test.want {
			if !strings.Contains(problems[i], want) || strings.Count(problems[i], "list") != 1 {
				t.Errorf("%s: %q does not say %q", name, problems[i], want)
			}
		}
	}
}

func TestReadListThatIsNone(t *testing.T) {
	r := fake(nil)
	leaf := r.LeafCertificate()
	crl := r.CRLBody()
	for name, test := range map[string]struct{ text, want string }{
		"empty":               {"", "it is empty"},
		"a mark alone":        {"\ufeff", "it is empty"},
		"a CRL":               {string(crl), "it is a CRL (der): a list is certificates in PEM, DER or CSV"},
		"PEM of keys":         {string(armoured("PRIVATE KEY", []byte{1})), "it holds no certificate"},
		"a picture":           {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "it is binary: a list is PEM, DER or CSV"},
		"a web page":          {"<!DOCTYPE html><html></html>", "it is html: a list is PEM, DER or CSV"},
		"JSON":                {`[{"cert":"x"}]`, "it is json: a list is PEM, DER or CSV"},
		"gzip":                {"\x1f\x8b\x08\x00\x00\x00\x00\x00", "it is gzip: a list is PEM, DER or CSV"},
		"UTF-16":              {"\xff\xfea\x00,\x00b\x00", "it is UTF-16: a list is UTF-8"},
		"CSV without any":     {"a,b\n1,2\n", "no column of it holds a certificate as PEM, base64 or hex"},
		"text":                {"hello\n", "no column of it holds a certificate as PEM, base64 or hex"},
		"DER that goes wrong": {string(leaf.Raw) + "garbage", fmt.Sprintf("no certificate begins at octet %d, and nothing after it was read", len(leaf.Raw))},
		"DER that is cut":     {string(leaf.Raw) + string(leaf.Raw[:100]), fmt.Sprintf("the certificate at octet %d ends after 100 of %d octets", len(leaf.Raw), len(leaf.Raw))},
	} {
		if _, _, _, err := read(strings.NewReader(test.text)); err == nil || err.Error() != "reading list: "+test.want {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	broken := errors.New("the disk is gone")
	if _, _, _, err := read(io.MultiReader(bytes.NewReader(pemOf(leaf)), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("a read error: %v", err)
	}
	if _, _, _, err := read(io.MultiReader(strings.NewReader("a,\""), unending{})); err == nil || !strings.Contains(err.Error(), "more than 16 MiB: a quote may not end") {
		t.Errorf("a quote that does not end: %v", err)
	}
	stop := errors.New("enough")
	err := target.ReadList(bytes.NewReader(pemOf(leaf, leaf)), "list", target.ListVisitor{Certificate: func(*x509.Certificate, target.Place) error { return stop }})
	if err != stop {
		t.Errorf("the visitor's error comes back as %v", err)
	}
}

// unending is text without an end.
type unending struct{}

func (unending) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}
