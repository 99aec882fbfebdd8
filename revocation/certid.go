package revocation

import (
	"bytes"
	"crypto"
	_ "crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"fmt"
)

// CertID names one certificate by its issuer and serial number (RFC 6960 §4.1.1).
type CertID struct {
	Raw            []byte // the whole SEQUENCE, when it was decoded
	HashAlgorithm  AlgorithmIdentifier
	IssuerNameHash []byte
	IssuerKeyHash  []byte
	Serial         Serial
	Offset         int64
}

// NewCertID names the certificate of that serial number which issuer issued, by hashes of
// h: MD5, SHA-1, SHA-224, SHA-256, SHA-384 or SHA-512; any other is an error. The
// parameters of the algorithm are NULL for MD5 and SHA-1, as every client sends them, and
// absent for SHA-2 (RFC 5754 §2).
func NewCertID(h crypto.Hash, issuer *x509.Certificate, serial Serial) (CertID, error) {
	id := hashID(h)
	if id == "" {
		return CertID{}, fmt.Errorf("naming a certificate by %s: no identifier for that hash function", h)
	}
	name, key, ok := issuerHashes(h, issuer)
	if !ok {
		return CertID{}, fmt.Errorf("naming a certificate of %s: its SubjectPublicKeyInfo cannot be read", issuer.Subject)
	}
	alg := AlgorithmIdentifier{Algorithm: id}
	if weakHash(h) {
		alg.Parameters = encodeDER(tagNull)
	}
	alg.Raw = alg.marshal()
	c := CertID{HashAlgorithm: alg, IssuerNameHash: name, IssuerKeyHash: key, Serial: serial}
	c.Raw = c.Marshal()
	return c, nil
}

// Hash returns the hash function the CertID names, or 0 for one we do not know.
func (c CertID) Hash() crypto.Hash { return hashOf(c.HashAlgorithm.Algorithm) }

// KnownHash reports whether the CertID names a hash function that we can compute, so that
// NamesIssuer can tell.
func (c CertID) KnownHash() bool { return c.Hash() != 0 }

// NamesIssuer reports whether both hashes are those of issuer, recomputed with the hash
// function the CertID names. It is false for one we do not know.
func (c CertID) NamesIssuer(issuer *x509.Certificate) bool {
	if !c.KnownHash() {
		return false
	}
	name, key, ok := issuerHashes(c.Hash(), issuer)
	return ok && bytes.Equal(c.IssuerNameHash, name) && bytes.Equal(c.IssuerKeyHash, key)
}

// Equal reports whether both name the same certificate by the same hashes. The
// parameters of the algorithm are not compared: NULL and absent mean the same
// (RFC 5754 §2).
func (c CertID) Equal(d CertID) bool { return c.SameIssuer(d) && c.Serial.Equal(d.Serial) }

// SameIssuer reports whether both name the same issuer by the same hashes.
func (c CertID) SameIssuer(d CertID) bool {
	return c.HashAlgorithm.Algorithm == d.HashAlgorithm.Algorithm &&
		bytes.Equal(c.IssuerNameHash, d.IssuerNameHash) && bytes.Equal(c.IssuerKeyHash, d.IssuerKeyHash)
}

// Marshal encodes the CertID from its fields, not from Raw: an altered copy of a decoded
// one is encoded as altered.
func (c CertID) Marshal() []byte {
	return encodeDER(tagSequence, c.HashAlgorithm.marshal(), encodeDER(tagOctetString, c.IssuerNameHash),
		encodeDER(tagOctetString, c.IssuerKeyHash), encodeDER(tagInteger, c.Serial))
}

func (a AlgorithmIdentifier) marshal() []byte {
	return encodeDER(tagSequence, encodeDER(tagOID, []byte(a.Algorithm)), a.Parameters)
}

// issuerHashes hashes the issuer's name and the value of its key's BIT STRING (RFC 6960
// §4.1.1).
func issuerHashes(h crypto.Hash, issuer *x509.Certificate) (name, key []byte, ok bool) {
	bits, ok := publicKeyBits(issuer)
	if !ok {
		return nil, nil, false
	}
	return sum(h, issuer.RawSubject), sum(h, bits), true
}

// publicKeyInfo takes the algorithm and the BIT STRING's value out of the certificate's
// SubjectPublicKeyInfo.
func publicKeyInfo(cert *x509.Certificate) (alg AlgorithmIdentifier, bits []byte, ok bool) {
	var n notes
	c := n.cursor(cert.RawSubjectPublicKeyInfo, 0, root(""))
	seq, ok := c.expect(tagSequence, "subjectPublicKeyInfo")
	if !ok {
		return alg, nil, false
	}
	in := c.inside(seq, root(""))
	if alg, ok = in.algorithm("algorithm"); !ok {
		return alg, nil, false
	}
	key, ok := in.expect(tagBitString, "subjectPublicKey")
	if !ok {
		return alg, nil, false
	}
	bits = in.bitString(key, in.path)
	return alg, bits, n.broken == nil
}

// publicKeyBits takes the BIT STRING's value out of the certificate's SubjectPublicKeyInfo,
// which is DER where crypto/x509 has read it.
func publicKeyBits(cert *x509.Certificate) (bits []byte, ok bool) {
	outer := cursor{rest: cert.RawSubjectPublicKeyInfo}
	info, isInfo := outer.plain(tagSequence)
	in := cursor{rest: info.content}
	_, hasAlgorithm := in.plain(tagSequence)
	key, hasKey := in.plain(tagBitString)
	if !isInfo || !hasAlgorithm || !hasKey || len(key.content) == 0 {
		return nil, false
	}
	return key.content[1:], true
}

func sum(h crypto.Hash, data []byte) []byte {
	switch h { // the usual ones, without a hash.Hash
	case crypto.SHA1:
		digest := sha1.Sum(data)
		return digest[:]
	case crypto.SHA256:
		digest := sha256.Sum256(data)
		return digest[:]
	}
	state := h.New()
	state.Write(data)
	return state.Sum(nil)
}

func hashOf(id OID) crypto.Hash {
	switch id {
	case OIDMD5:
		return crypto.MD5
	case OIDSHA1:
		return crypto.SHA1
	case OIDSHA224:
		return crypto.SHA224
	case OIDSHA256:
		return crypto.SHA256
	case OIDSHA384:
		return crypto.SHA384
	case OIDSHA512:
		return crypto.SHA512
	}
	return 0
}

// hashID is the reverse of hashOf, empty for a hash function without an identifier here.
func hashID(h crypto.Hash) OID {
	for _, id := range []OID{OIDMD5, OIDSHA1, OIDSHA224, OIDSHA256, OIDSHA384, OIDSHA512} {
		if hashOf(id) == h {
			return id
		}
	}
	return ""
}
