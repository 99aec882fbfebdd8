package revocation

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// seenCRL is a CRL with copies of its entries.
type seenCRL struct {
	*CRL
	entries []CRLEntry
}

func readAll(t testing.TB, r io.Reader) seenCRL {
	t.Helper()
	var entries []CRLEntry
	crl, err := ReadCRL(r, func(e *CRLEntry) {
		c := *e
		c.Serial, c.Extensions = bytes.Clone(e.Serial), bytes.Clone(e.Extensions)
		c.RevocationDate.Raw = bytes.Clone(e.RevocationDate.Raw)
		entries = append(entries, c)
	})
	if err != nil {
		t.Fatal(err)
	}
	return seenCRL{crl, entries}
}

// agrees compares with the standard library's reading of the same octets.
func (s seenCRL) agrees(t testing.TB, want *x509.RevocationList) {
	t.Helper()
	switch {
	case s.Broken != nil:
		t.Fatalf("broken: %v", s.Broken)
	case !bytes.Equal(s.Issuer, want.RawIssuer):
		t.Errorf("issuer %x, want %x", s.Issuer, want.RawIssuer)
	case !s.ThisUpdate.Equal(want.ThisUpdate) || !s.NextUpdate.Equal(want.NextUpdate):
		t.Errorf("times %v %v, want %v %v", s.ThisUpdate, s.NextUpdate, want.ThisUpdate, want.NextUpdate)
	case len(s.Extensions) != len(want.Extensions):
		t.Errorf("%d extensions, want %d", len(s.Extensions), len(want.Extensions))
	case want.Number != nil && s.Number.Big().Cmp(want.Number) != 0:
		t.Errorf("number %s, want %x", s.Number, want.Number)
	case len(want.AuthorityKeyId) > 0 && (s.AuthorityKey == nil || !bytes.Equal(s.AuthorityKey.KeyID, want.AuthorityKeyId)):
		t.Errorf("authority key %v, want %x", s.AuthorityKey, want.AuthorityKeyId)
	case !bytes.Equal(s.Signature, want.Signature):
		t.Errorf("signature %x, want %x", s.Signature, want.Signature)
	case len(s.entries) != len(want.RevokedCertificateEntries) || s.Entries != len(s.entries):
		t.Fatalf("%d entries, count %d, want %d", len(s.entries), s.Entries, len(want.RevokedCertificateEntries))
	}
	for i, w := range want.RevokedCertificateEntries {
		g := s.entries[i]
		if g.Index != i || g.Serial.Big().Cmp(w.SerialNumber) != 0 || !g.RevocationDate.Equal(w.RevocationTime) {
			t.Fatalf("entry %d is %+v, want %v", i, g, w)
		}
		if int(g.Reason) != w.ReasonCode {
			t.Fatalf("entry %d: reason %d, want %d", i, g.Reason, w.ReasonCode)
		}
		if extensions := g.ReadExtensions(); len(extensions) != len(w.Extensions) {
			t.Fatalf("entry %d: %d extensions, want %d", i, len(extensions), len(w.Extensions))
		}
		if g.OnlyReason && (len(w.Extensions) != 1 || w.Extensions[0].Critical) {
			t.Fatalf("entry %d: has more than a reason: %v", i, w.Extensions)
		}
		if at := int(g.Offset); !bytes.HasPrefix(want.Raw[at:], w.Raw) {
			t.Fatalf("entry %d: not at octet %d", i, at)
		}
	}
}

func TestReadCRLAgreesWithStandardLibrary(t *testing.T) {
	for _, kind := range []keyKind{ecdsaKey, ecdsa384Key, rsaKey, ed25519Key} {
		ca, other := newCRLAuthority(t, kind), newCRLAuthority(t, kind)
		for _, n := range []int{0, 1, 3, 5000} {
			t.Run(fmt.Sprintf("key %d, %d entries", kind, n), func(t *testing.T) {
				entries := someEntries(n)
				if n > 1 {
					entries[1].ExtraExtensions = []pkix.Extension{{Id: dotted(t, OIDInvalidityDate), Value: encoded(tagGeneralizedTime, []byte("20260101000000Z"))}}
				}
				der := ca.crl(t, entries)
				want, err := x509.ParseRevocationList(der)
				if err != nil {
					t.Fatal(err)
				}
				got := readAll(t, bytes.NewReader(der))
				got.agrees(t, want)
				if len(got.Deviations) != 0 || got.Length != int64(len(der)) || got.HasRevoked != (n > 0) || !got.HasVersion || got.Version != 1 {
					t.Errorf("got %+v", got.CRL)
				}
				if s := got.Verify(ca.certificate); s.State != SignatureValid {
					t.Errorf("own key: %+v", s)
				}
				if s := got.Verify(other.certificate); s.State != SignatureInvalid {
					t.Errorf("other key: %+v", s)
				}
				der[bytes.Index(der, []byte("260301120000Z"))+11]++
				if s := readAll(t, bytes.NewReader(der)).Verify(ca.certificate); s.State != SignatureInvalid {
					t.Errorf("changed: %+v", s)
				}
			})
		}
	}
}

// However the document arrives, the result is the same, deviations and all.
func TestReadCRLArrivesInPieces(t *testing.T) {
	ca := newCRLAuthority(t, ecdsaKey)
	good := ca.largeCRL(t, 4000)
	documents := map[string][]byte{
		"good":      good,
		"trailing":  append(bytes.Clone(good), "\r\nmore than eight octets"...),
		"cut":       good[:len(good)/2],
		"cut late":  good[:len(good)-3],
		"cut early": good[:7],
		"empty":     {},
		"bad entry": bytes.Replace(good, scatteredSerial(3000), bytes.Repeat([]byte{0}, 16), 1),
	}
	for name, der := range documents {
		want := readAll(t, bytes.NewReader(der))
		for _, reader := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
			got := readAll(t, reader(bytes.NewReader(der)))
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: in pieces %+v, whole %+v", name, got.CRL, want.CRL)
			}
			if name == "good" && got.Verify(ca.certificate).State != SignatureValid {
				t.Errorf("%s: %+v", name, got.Verify(ca.certificate))
			}
		}
	}
}

// endless gives as many octets of one value as are asked for, and counts them.
type endless struct {
	value byte
	given int
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.value
	}
	e.given += len(p)
	return len(p), nil
}

func TestReadCRLStopsReading(t *testing.T) {
	ca := newCRLAuthority(t, ecdsaKey)
	entries := encodedEntries(10)
	starts := map[string][]byte{
		"nothing of a CRL":     nil,
		"only a SEQUENCE":      {0x30, 0x84, 0x40, 0, 0, 0},
		"an element too large": {0x30, 0x84, 0x40, 0, 0, 0, 0x30, 0x84, 0x30, 0, 0, 0, tagInteger, 1, 1, 0x30, 0x84, 0x20, 0, 0, 0},
		"an entry too large": join([]byte{0x30, 0x84, 0x40, 0, 0, 0, 0x30, 0x84, 0x30, 0, 0, 0, tagInteger, 1, 1}, ecdsaWithSHA256,
			ca.certificate.RawSubject, encoded(tagUTCTime, []byte("260301120000Z")), []byte{0x30, 0x84, 0x20, 0, 0, 0}, entries, []byte{0x30, 0x84, 0x10, 0, 0, 0}),
		"no end in sight": {0x30, 0x80, 0x30, 0x80, 0x30, 0x80},
	}
	for name, start := range starts {
		for _, value := range []byte{0, 0x30, 0xff} {
			rest := &endless{value: value}
			crl, err := ReadCRL(io.MultiReader(bytes.NewReader(start), rest))
			if err != nil || crl.Broken == nil || rest.given > 2*MaxElement {
				t.Errorf("%s, then %02x: read %d octets more: %v %v", name, value, rest.given, crl.Broken, err)
			}
		}
	}
}

func TestReadCRLReportsTheReadersError(t *testing.T) {
	der := newCRLAuthority(t, ecdsaKey).largeCRL(t, 5000)
	cause := errors.New("the disk is gone")
	for _, n := range []int{0, 1, 100, len(der) / 2, len(der)} {
		crl, err := ReadCRL(io.MultiReader(bytes.NewReader(der[:n]), iotest.ErrReader(cause)))
		if !errors.Is(err, cause) || crl == nil {
			t.Errorf("after %d octets: %v", n, err)
		}
	}
	if _, err := ReadCRL(stalled{}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing: %v", err)
	}
}

type stalled struct{}

func (stalled) Read([]byte) (int, error) { return 0, nil }

func TestReadCRLAllocationsDoNotGrow(t *testing.T) {
	ca := newCRLAuthority(t, ecdsaKey)
	measure := func(n int) float64 {
		der := ca.largeCRL(t, n)
		reader := bytes.NewReader(der)
		return testing.AllocsPerRun(5, func() {
			reader.Reset(der)
			if crl, err := ReadCRL(reader, func(*CRLEntry) {}); err != nil || crl.Entries != n {
				t.Fatal(err, crl.Entries)
			}
		})
	}
	few, many := measure(10_000), measure(100_000)
	if few > 80 || many > few {
		t.Errorf("%v allocations at 10 000 entries, %v at 100 000", few, many)
	}
}

func TestVerifyUnchecked(t *testing.T) {
	ca := newCRLAuthority(t, ecdsaKey)
	sha384 := encoded(tagSequence, encoded(tagOID, []byte("\x2a\x86\x48\xce\x3d\x04\x03\x03")))
	ed25519 := encoded(tagSequence, encoded(tagOID, []byte("\x2b\x65\x70")))
	unknown := encoded(tagSequence, encoded(tagOID, []byte("\x2a\x03\x04")))
	good := ca.sign(t, tbsFields{})
	for name, c := range map[string]struct {
		der    []byte
		issuer *x509.Certificate
		want   string
	}{
		"no issuer":     {good, nil, "no issuer certificate"},
		"no signature":  {good[:len(good)-80], ca.certificate, "could not be read as far"},
		"other hash":    {ca.sign(t, tbsFields{outerAlgorithm: sha384}), ca.certificate, "signatureAlgorithm is 1.2.840.10045.4.3.3"},
		"outer Ed25519": {ca.sign(t, tbsFields{outerAlgorithm: ed25519}), ca.certificate, "tbsCertList.signature"},
		"inner Ed25519": {ca.sign(t, tbsFields{algorithm: ed25519}), ca.certificate, "tbsCertList.signature"},
		"inner unknown": {ca.sign(t, tbsFields{algorithm: unknown}), ca.certificate, "tbsCertList.signature"},
		"outer unknown": {ca.sign(t, tbsFields{outerAlgorithm: unknown}), ca.certificate, ""},
	} {
		s := readAll(t, bytes.NewReader(c.der)).Verify(c.issuer)
		if s.State != SignatureUnchecked || !strings.Contains(s.Problem, c.want) || s.Problem == "" {
			t.Errorf("%s: %+v", name, s)
		}
	}
	long := newCRLAuthority(t, ed25519Key).crl(t, nil)
	crl := readAll(t, bytes.NewReader(long)).CRL
	crl.tbs, crl.tbsTooLong = nil, true
	if s := crl.Verify(ca.certificate); s.State != SignatureUnchecked || !strings.Contains(s.Problem, "longer than") {
		t.Errorf("too long for Ed25519: %+v", s)
	}
}

func TestKeeperKeepsNothingPastItsLimit(t *testing.T) {
	k := &keeper{limit: 4}
	for _, part := range []string{"ab", "cd"} {
		_, _ = k.Write([]byte(part))
	}
	if string(k.octets) != "abcd" || k.over {
		t.Errorf("kept %q, over %v", k.octets, k.over)
	}
	_, _ = k.Write([]byte("e"))
	_, _ = k.Write(nil)
	if k.octets != nil || !k.over {
		t.Errorf("kept %q, over %v", k.octets, k.over)
	}
}

// FuzzCRL has the standard library as its oracle: whatever it accepts reads the same,
// unless it ends before all of it was decoded, as that library lets it.
func FuzzCRL(f *testing.F) {
	ca := newCRLAuthority(f, ecdsaKey)
	f.Add(ca.crl(f, someEntries(3)))
	f.Add(ca.sign(f, tbsFields{entries: encodedEntries(2), trailing: []byte{5, 0}}))
	f.Add(append(ca.sign(f, tbsFields{}), '\n'))
	f.Fuzz(func(t *testing.T, der []byte) {
		got := readAll(t, bytes.NewReader(der))
		pieces := readAll(t, iotest.OneByteReader(bytes.NewReader(der)))
		if !reflect.DeepEqual(got, pieces) {
			t.Errorf("in pieces %+v, whole %+v", pieces.CRL, got.CRL)
		}
		_ = got.Verify(ca.certificate)
		want, err := x509.ParseRevocationList(der)
		if err != nil {
			return
		}
		if b := got.Broken; b != nil {
			// What that library passes over: fields of no known kind, and the inside of
			// what it does not decode.
			if !strings.Contains(b.Problem, "of no field") && !strings.HasPrefix(b.Field, "signature") {
				t.Errorf("broken: %v", b)
			}
			return
		}
		for _, d := range got.Deviations {
			if d.Kind == DevUnreadable || d.Kind == DevTrailing || d.Kind == DevTag {
				return
			}
		}
		got.agrees(t, want)
		if got.hash.String() == "SHA-256" && !bytes.Equal(got.digest, sum256(want.RawTBSRevocationList)) {
			t.Errorf("digest %x", got.digest)
		}
	})
}

func sum256(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}
