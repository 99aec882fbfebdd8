package revocation

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"testing"
)

const benchmarkEntries = 100_000

// BenchmarkCRL shows reading a CRL with signature and exact duplicates beside what
// crypto/x509 takes to parse it and SHA-256 to hash it.
func BenchmarkCRL(b *testing.B) {
	ca := newCRLAuthority(b, ecdsaKey)
	der := ca.largeCRL(b, benchmarkEntries)
	b.Run("ReadCRL", func(b *testing.B) {
		b.SetBytes(int64(len(der)))
		b.ReportAllocs()
		for b.Loop() {
			var finder DuplicateFinder
			crl, err := ReadCRL(bytes.NewReader(der), finder.Visit)
			if err != nil || finder.Again() || crl.Verify(ca.certificate).State != SignatureValid {
				b.Fatal(err, crl.Broken)
			}
		}
	})
	b.Run("ReadCRLWithoutDuplicates", func(b *testing.B) {
		b.SetBytes(int64(len(der)))
		b.ReportAllocs()
		for b.Loop() {
			crl, err := ReadCRL(bytes.NewReader(der))
			if err != nil || crl.Verify(ca.certificate).State != SignatureValid {
				b.Fatal(err, crl.Broken)
			}
		}
	})
	b.Run("ParseRevocationList", func(b *testing.B) {
		b.SetBytes(int64(len(der)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := x509.ParseRevocationList(der); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("SHA256", func(b *testing.B) {
		b.SetBytes(int64(len(der)))
		for b.Loop() {
			_ = sha256.Sum256(der)
		}
	})
}
