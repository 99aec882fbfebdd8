package target_test

import (
	"bytes"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/target"
	"github.com/revprobe/revprobe/revocation"
)

// knownFrom reads one file of known serials.
func knownFrom(t *testing.T, content []byte) (*probe.Known, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "known")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	var k probe.Known
	return &k, target.ReadKnown([]string{name}, &k)
}

func armour(label string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
}

func TestReadKnown(t *testing.T) {
	t.Parallel()
	r := fixtures.Conforming(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), fixtures.NewAuthority(fixtures.Kind{}))
	leaf, ca, crl := r.LeafCertificate().Raw, r.IssuerCertificate().Raw, r.CRLBody()
	listed := 0
	if _, err := revocation.ReadCRL(bytes.NewReader(crl), func(*revocation.CRLEntry) { listed++ }); err != nil || listed == 0 {
		t.Fatal(err, listed)
	}
	for name, c := range map[string]struct {
		content []byte
		want    int
	}{
		"a certificate":           {leaf, 1},
		"a bundle":                {slices.Concat([]byte("some text\n"), armour("CERTIFICATE", leaf), armour("CERTIFICATE", ca)), 2},
		"a CRL":                   {crl, listed},
		"a PEM CRL":               {armour("X509 CRL", crl), listed},
		"a bundle with both":      {slices.Concat(armour("X509 CRL", crl), armour("EC PRIVATE KEY", []byte("x")), armour("CERTIFICATE", leaf)), listed + 1},
		"the same twice":          {slices.Concat(armour("CERTIFICATE", leaf), armour("CERTIFICATE", leaf)), 1},
		"Windows line ends":       {bytes.ReplaceAll(armour("CERTIFICATE", leaf), []byte("\n"), []byte("\r\n")), 1},
		"text":                    {[]byte("# ours\n0a:1B:2c\n\n0x0a1b2d # the next\n 123456 \n"), 3},
		"the same number written": {[]byte("0a1b\na1b\n0A:1B\ndec:2587\n0x0a1b\n00a1b\n"), 1},
		"decimal":                 {[]byte("dec:12345678901234567890123456789012345678901234\n"), 1},
		"hexadecimal with 0d":     {[]byte("0d1234\n"), 1},
		"no line end":             {[]byte("0a1b"), 1},
		"a byte order mark":       {[]byte("\xef\xbb\xbf0a1b\n"), 1},
	} {
		k, err := knownFrom(t, c.content)
		if err != nil || k.Len() != c.want {
			t.Errorf("%s: %d serials, %v; want %d", name, k.Len(), err, c.want)
		}
	}
}

func TestKnownSerialsAreTheNumbersInTheFile(t *testing.T) {
	t.Parallel()
	r := fixtures.Conforming(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), fixtures.NewAuthority(fixtures.Kind{}))
	k, err := knownFrom(t, []byte("0d12:34\ndec:300\nff\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []revocation.Serial{{0x0d, 0x12, 0x34}, {0x01, 0x2c}, {0, 0xff}} {
		if !k.Has(r.IssuerCertificate().RawSubject, s) {
			t.Errorf("%s is not known", s)
		}
	}
}

func TestKnownThatCannotBeRead(t *testing.T) {
	t.Parallel()
	r := fixtures.Conforming(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), fixtures.NewAuthority(fixtures.Kind{}))
	leaf, crl := r.LeafCertificate().Raw, r.CRLBody()
	block := armour("X509 CRL", crl)
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"nothing":           {nil, "it is empty"},
		"only comments":     {[]byte("# nothing\n"), "no serial"},
		"a word":            {[]byte("0a1b\n# ok\nserial\n"), `line 3: "serial"`},
		"a negative number": {[]byte("-1\n"), "line 1"},
		"two on a line":     {[]byte("0a 1b\n"), "line 1"},
		"decimal letters":   {[]byte("dec:12a\n"), "line 1"},
		"too long":          {[]byte(strings.Repeat("ab", 65) + "\n"), "line 1"},
		"an endless line":   {[]byte("0a\n" + strings.Repeat("ab", 70_000)), "line 2"},
		"octets":            {[]byte("\x00\x01\x02\x03"), "line 1"},
		"a cut CRL":         {crl[:len(crl)-20], "cannot be read to its end"},
		"a cut PEM CRL":     {block[:len(block)-60], "PEM block 1 (X509 CRL)"},
		"a damaged PEM":     {bytes.Replace(armour("CERTIFICATE", leaf), []byte("MII"), []byte("M!I"), 1), "PEM block 1 (CERTIFICATE)"},
		"a key":             {armour("EC PRIVATE KEY", []byte("x")), "no PEM certificate"},
		"an OCSP response":  {r.OCSPResponse(r.Question(evidence.AssignedPOST)), "names no serials"},
		"a cut certificate": {leaf[:len(leaf)-9], "reading known serials from"},
	} {
		_, err := knownFrom(t, c.content)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if err := target.ReadKnown([]string{filepath.Join(t.TempDir(), "none")}, &probe.Known{}); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a file that is not there: %v", err)
	}
}
