package revocation

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"math/big"
	"testing"

	"golang.org/x/crypto/ocsp"
)

func TestNewCertID(t *testing.T) {
	ca := ecAuthority(t)
	serial := SerialOf(big.NewInt(0x80))
	tests := map[crypto.Hash]string{ // what the AlgorithmIdentifier has to be
		crypto.MD5:    "300c06082a864886f70d02050500",
		crypto.SHA1:   "300906052b0e03021a0500",
		crypto.SHA224: "300b0609608648016503040204",
		crypto.SHA256: "300b0609608648016503040201",
		crypto.SHA384: "300b0609608648016503040202",
		crypto.SHA512: "300b0609608648016503040203",
	}
	for h, alg := range tests {
		id, err := NewCertID(h, ca.cert, serial)
		if err != nil {
			t.Fatalf("%s: %v", h, err)
		}
		if got := hex.EncodeToString(id.HashAlgorithm.Raw); got != alg {
			t.Errorf("%s: AlgorithmIdentifier %s, want %s", h, got, alg)
		}
		if id.Hash() != h || !id.KnownHash() || !id.NamesIssuer(ca.cert) || len(id.IssuerKeyHash) != h.Size() {
			t.Errorf("%s: %+v", h, id)
		}
		if !bytes.HasSuffix(id.Marshal(), []byte{2, 2, 0, 0x80}) || !bytes.Equal(id.Raw, id.Marshal()) {
			t.Errorf("%s: encoded as %x", h, id.Marshal())
		}
		other := newAuthority("Test CA", testKeys()["P-384"])
		if id.NamesIssuer(other.cert) {
			t.Errorf("%s: names a CA of the same name with another key", h)
		}
		renamed := newAuthority("Other CA", ca.key)
		if id.NamesIssuer(renamed.cert) {
			t.Errorf("%s: names a CA of another name with the same key", h)
		}
	}
	if _, err := NewCertID(crypto.SHA3_256, ca.cert, serial); err == nil {
		t.Error("SHA3-256: no error")
	}
	if _, err := NewCertID(0, ca.cert, serial); err == nil {
		t.Error("no hash: no error")
	}
	if _, err := NewCertID(crypto.SHA1, &x509.Certificate{}, serial); err == nil {
		t.Error("a certificate without a key: no error")
	}
}

// TestNewCertIDAsStock compares the hashes with those of x/crypto/ocsp.
func TestNewCertIDAsStock(t *testing.T) {
	ca := ecAuthority(t)
	leaf := ca.delegate("Leaf", testKeys()["P-384"])
	for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		stock := must(ocsp.ParseRequest(must(ocsp.CreateRequest(leaf.cert, ca.cert, &ocsp.RequestOptions{Hash: h}))))
		id := must(NewCertID(h, ca.cert, SerialOf(leaf.cert.SerialNumber)))
		if !bytes.Equal(id.IssuerNameHash, stock.IssuerNameHash) || !bytes.Equal(id.IssuerKeyHash, stock.IssuerKeyHash) {
			t.Errorf("%s: other hashes than x/crypto/ocsp", h)
		}
	}
}

func TestCertIDEqual(t *testing.T) {
	ca := ecAuthority(t)
	id := must(NewCertID(crypto.SHA256, ca.cert, Serial{5}))
	same := id
	same.HashAlgorithm.Parameters, same.Serial = []byte{5, 0}, Serial{0, 5}
	if !id.Equal(same) {
		t.Error("NULL parameters or a padded serial make another CertID")
	}
	other := id
	other.Serial = Serial{6}
	if id.Equal(other) || !id.SameIssuer(other) {
		t.Error("the serial does not tell CertIDs apart, or tells issuers apart")
	}
	sha1 := must(NewCertID(crypto.SHA1, ca.cert, Serial{5}))
	if id.Equal(sha1) || id.SameIssuer(sha1) {
		t.Error("CertIDs by other hashes are equal")
	}
	unknown := id
	unknown.HashAlgorithm.Algorithm = "\x2a\x03"
	if unknown.KnownHash() || unknown.NamesIssuer(ca.cert) {
		t.Error("an unknown hash function names the issuer")
	}
}
