package revocation

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"math/big"
	"testing"
	"time"
)

// crlTime is when the CRLs of these tests were issued.
var crlTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type keyKind int

const (
	ecdsaKey keyKind = iota
	ecdsa384Key
	rsaKey
	ed25519Key
)

// crlAuthority issues CRLs.
type crlAuthority struct {
	key         crypto.Signer
	certificate *x509.Certificate
}

func newCRLAuthority(t testing.TB, kind keyKind) *crlAuthority {
	t.Helper()
	var key crypto.Signer
	var err error
	switch kind {
	case ecdsaKey:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case ecdsa384Key:
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case rsaKey:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case ed25519Key:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{Organization: []string{"Example"}, CommonName: "CRL CA"},
		NotBefore:             crlTime.AddDate(-1, 0, 0),
		NotAfter:              crlTime.AddDate(1, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCRLSign | x509.KeyUsageCertSign,
		SubjectKeyId:          []byte{1, 2, 3, 4, 5},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &crlAuthority{key, certificate}
}

// crl issues a CRL by the standard library.
func (ca *crlAuthority) crl(t testing.TB, entries []x509.RevocationListEntry, extra ...pkix.Extension) []byte {
	t.Helper()
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number:                    big.NewInt(0x1234),
		ThisUpdate:                crlTime,
		NextUpdate:                crlTime.AddDate(0, 0, 7),
		RevokedCertificateEntries: entries,
		ExtraExtensions:           extra,
	}, ca.certificate, ca.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// someEntries is n entries with serials of 16 octets in no order, a reason on every
// other one.
func someEntries(n int) []x509.RevocationListEntry {
	entries := make([]x509.RevocationListEntry, n)
	for i := range entries {
		entries[i] = x509.RevocationListEntry{
			SerialNumber:   new(big.Int).SetBytes(scatteredSerial(i)),
			RevocationTime: crlTime.Add(-time.Duration(i%5000) * time.Hour),
			ReasonCode:     i % 2 * 4,
		}
	}
	return entries
}

// scatteredSerial is 16 octets that are different for every i and positive.
func scatteredSerial(i int) []byte {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(i))
	sum := sha256.Sum256(counter[:])
	sum[0] = sum[0]&0x3f | 0x40
	return sum[:16]
}

// largeCRL is what crl makes of someEntries, without what that would cost.
func (ca *crlAuthority) largeCRL(t testing.TB, n int) []byte {
	t.Helper()
	return ca.sign(t, tbsFields{entries: encodedEntries(n)})
}

func encodedEntries(n int) []byte {
	entries := []byte{}
	for i := range n {
		when := crlTime.Add(-time.Duration(i%5000) * time.Hour).Format("060102150405Z")
		fields := join(encoded(tagInteger, scatteredSerial(i)), encoded(tagUTCTime, []byte(when)))
		if i%2 == 1 {
			fields = append(fields, plainReason+"\x04"...)
		}
		entries = append(entries, encoded(tagSequence, fields)...)
	}
	return entries
}

// encoded encodes one element in DER.
func encoded(tag byte, content ...[]byte) []byte {
	body := join(content...)
	out := []byte{tag}
	switch n := len(body); {
	case n < 0x80:
		out = append(out, byte(n))
	case n < 0x100:
		out = append(out, 0x81, byte(n))
	case n < 0x10000:
		out = append(out, 0x82, byte(n>>8), byte(n))
	case n < 0x1000000:
		out = append(out, 0x83, byte(n>>16), byte(n>>8), byte(n))
	default:
		out = append(out, 0x84, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(out, body...)
}

func join(parts ...[]byte) (all []byte) {
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

// tbsFields is what sign puts into tbsCertList: each nil field is the usual one, each
// empty one is left out.
type tbsFields struct {
	version, algorithm, issuer, thisUpdate, nextUpdate []byte
	entries                                            []byte // content of revokedCertificates; nil leaves it out
	extensions                                         []byte // the whole [0] element
	outerAlgorithm                                     []byte
	trailing                                           []byte // behind the last field
}

var ecdsaWithSHA256 = encoded(tagSequence, encoded(tagOID, []byte("\x2a\x86\x48\xce\x3d\x04\x03\x02")))

func orUsual(given, otherwise []byte) []byte {
	if given == nil {
		return otherwise
	}
	return given
}

// tbs encodes a tbsCertList.
func (ca *crlAuthority) tbs(f tbsFields) []byte {
	parts := [][]byte{
		orUsual(f.version, []byte{tagInteger, 1, 1}),
		orUsual(f.algorithm, ecdsaWithSHA256),
		orUsual(f.issuer, ca.certificate.RawSubject),
		orUsual(f.thisUpdate, encoded(tagUTCTime, []byte("260301120000Z"))),
		orUsual(f.nextUpdate, encoded(tagUTCTime, []byte("260308120000Z"))),
	}
	if f.entries != nil {
		parts = append(parts, encoded(tagSequence, f.entries))
	}
	parts = append(parts, orUsual(f.extensions, crlExtensions(
		extension(OIDAuthorityKeyID, false, encoded(tagSequence, encoded(0x80, []byte{1, 2, 3, 4, 5}))),
		extension(OIDCRLNumber, false, []byte{tagInteger, 2, 0x12, 0x34}),
	)), f.trailing)
	return encoded(tagSequence, parts...)
}

// sign makes a CRL that is signed with ECDSA and SHA-256, whatever it says.
func (ca *crlAuthority) sign(t testing.TB, f tbsFields) []byte {
	t.Helper()
	tbs := ca.tbs(f)
	return encoded(tagSequence, tbs, orUsual(f.outerAlgorithm, ecdsaWithSHA256), ca.signature(t, tbs))
}

// signature is a signatureValue.
func (ca *crlAuthority) signature(t testing.TB, tbs []byte) []byte {
	t.Helper()
	digest := sha256.Sum256(tbs)
	signature, err := ca.key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return encoded(tagBitString, []byte{0}, signature)
}

func crlExtensions(list ...[]byte) []byte {
	return encoded(0xa0, encoded(tagSequence, list...))
}

func extension(id OID, critical bool, value []byte) []byte {
	fields := encoded(tagOID, []byte(id))
	if critical {
		fields = append(fields, tagBoolean, 1, 0xff)
	}
	return encoded(tagSequence, fields, encoded(tagOctetString, value))
}

// dotted is the standard library's form of an OID.
func dotted(t testing.TB, id OID) (out asn1.ObjectIdentifier) {
	t.Helper()
	if _, err := asn1.Unmarshal(encoded(tagOID, []byte(id)), &out); err != nil {
		t.Fatal(err)
	}
	return out
}
