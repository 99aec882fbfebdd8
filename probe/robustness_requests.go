package probe

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// Identifiers that mean nothing to anybody, 2.25.1 and 2.25.2 (of the UUIDs 1 and 2), and
// SHA3-256, 2.16.840.1.101.3.4.2.8, which no OCSP profile names.
const (
	unknownOID revocation.OID = "\x69\x01"
	privateOID revocation.OID = "\x69\x02"
	sha3OID    revocation.OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x08"
)

var null = []byte{asn1.TagNull, 0}

// element encodes one element of DER with the contents joined.
func element(tag byte, contents ...[]byte) []byte {
	der, err := asn1.Marshal(asn1.RawValue{Class: int(tag >> 6), Tag: int(tag & 0x1f), IsCompound: tag&0x20 != 0, Bytes: bytes.Join(contents, nil)})
	if err != nil {
		panic(err) // no such value is refused
	}
	return der
}

func sequence(contents ...[]byte) []byte { return element(0x30, contents...) }

func oid(id revocation.OID) []byte { return element(asn1.TagOID, []byte(id)) }

// nonceLengths is in octets. Where a length is not allowed, the longest comes last: it is
// the oddest.
var nonceLengths = []int{16, 32, 1, 8, 15, 33, 64, 128, 0, 129, 4096}

// nonces asks with nonces of every length that RFC 9654 §2.1 tells apart, and in forms that
// it does not allow. The question without one comes between two that have one.
func (o *prober) nonces() {
	post := func(variant string, t revocation.RequestTemplate) {
		o.add(variant, evidence.Question{Ask: evidence.NoncePOST, Method: http.MethodPost, Request: revocation.BuildOCSPRequest(t)})
	}
	for i, length := range nonceLengths {
		t := o.template()
		t.Nonce = o.nonce(length)
		post("nonce-"+strconv.Itoa(length), t)
		if i == 0 {
			post("nonce-none", o.template())
		}
	}
	t := o.template()
	t.Extensions = []revocation.Extension{{ID: revocation.OIDNonce, Critical: true, Value: element(asn1.TagOctetString, o.nonce(17))}}
	post("nonce-critical", t)
	raw := o.nonce(18)
	raw[0] = 0x5a // no tag of an OCTET STRING
	t = o.template()
	t.Extensions = []revocation.Extension{{ID: revocation.OIDNonce, Value: raw}}
	post("nonce-raw", t)
}

// nonce is octets of our own, another sequence for each length.
func (o *prober) nonce(length int) []byte {
	nonce := []byte{}
	for i := 0; len(nonce) < length; i++ {
		nonce = append(nonce, o.random("nonce-"+strconv.Itoa(length), i)...)
	}
	return nonce[:length]
}

// extensions asks with extensions that a responder may not know, and with those that it may
// ignore.
func (o *prober) extensions() {
	unknown := revocation.Extension{ID: unknownOID, Value: null}
	critical := revocation.Extension{ID: unknownOID, Value: null, Critical: true}
	with := func(variant string, list ...revocation.Extension) {
		t := o.template()
		t.Extensions = list
		o.post(variant, t)
	}
	with("ext-unknown", unknown)
	t := o.template()
	t.SingleExtensions = []revocation.Extension{unknown}
	o.post("ext-unknown-single", t)
	with("ext-critical", critical)
	with("ext-dup", unknown, unknown)
	with("acceptable-basic", revocation.Extension{ID: revocation.OIDAcceptable, Value: sequence(oid(revocation.OIDBasicResponse))})
	with("acceptable-unknown", revocation.Extension{ID: revocation.OIDAcceptable, Value: sequence(oid(unknownOID))})
	preferred := func(id revocation.OID) []byte { return sequence(sequence(oid(id))) }
	with("prefsig", revocation.Extension{ID: revocation.OIDPrefSigAlgs,
		Value: sequence(preferred(unknownOID), preferred(revocation.OIDECDSAWithSHA256), preferred(revocation.OIDSHA256WithRSA))})
	t = o.template()
	t.SingleExtensions = []revocation.Extension{{ID: revocation.OIDServiceLocator, Value: sequence(o.target.Issuer.RawSubject)}}
	o.post("servicelocator", t)
	t = o.template()
	t.RequestorName = requestor("revprobe")
	o.post("reqname", t)
}

// requestor is a directoryName with that common name.
func requestor(name string) []byte {
	attribute := sequence(oid("\x55\x04\x03"), element(asn1.TagUTF8String, []byte(name)))
	return element(0xa4, sequence(element(0x31, attribute)))
}

// signatures asks with the signature of a key that nobody knows, and with octets in place
// of it.
func (o *prober) signatures() {
	t := o.template()
	t.RequestorName = requestor("revprobe")
	der := revocation.BuildOCSPRequest(t)
	key := o.throwAwayKey()
	certificate, err := x509.CreateCertificate(nil, throwAwayTemplate(), throwAwayTemplate(), key.Public(), key)
	if err != nil {
		return // no such template or key is refused
	}
	tbs := content(der)
	sum := sha256.Sum256(tbs)
	signature, err := key.Sign(nil, sum[:], crypto.SHA256) // deterministic (RFC 6979)
	if err != nil {
		return
	}
	signed := func(variant string, signature []byte) {
		optional := sequence(sequence(oid(revocation.OIDECDSAWithSHA256)), element(asn1.TagBitString, []byte{0}, signature),
			element(0xa0, sequence(certificate)))
		o.add(variant, evidence.Question{Method: http.MethodPost, Request: sequence(tbs, element(0xa0, optional))})
	}
	signed("optsig-valid", signature)
	signed("optsig-bogus", bytes.Repeat([]byte{0x5a}, len(signature)))
}

// throwAwayKey derives from the seed, like everything that is sent.
func (o *prober) throwAwayKey() *ecdsa.PrivateKey {
	for i := 0; ; i++ {
		if key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), o.random("requestor", i)); err == nil {
			return key
		}
	}
}

func throwAwayTemplate() *x509.Certificate {
	return &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "revprobe"},
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2049, 12, 31, 0, 0, 0, 0, time.UTC)}
}

// content takes off the outermost element.
func content(der []byte) []byte {
	var outer asn1.RawValue
	if _, err := asn1.Unmarshal(der, &outer); err != nil {
		panic(err) // we encoded it
	}
	return outer.Bytes
}

// certIDs asks with several CertIDs and with such as name the issuer in another way or
// wrongly.
func (o *prober) certIDs() {
	with := func(variant string, ids ...revocation.CertID) {
		o.post(variant, revocation.RequestTemplate{CertIDs: ids})
	}
	changed := func(variant string, change func(*revocation.CertID)) {
		id := o.id
		change(&id)
		with(variant, id)
	}
	for _, hash := range []struct {
		variant string
		hash    crypto.Hash
	}{{"hash-sha256", crypto.SHA256}, {"hash-sha384", crypto.SHA384}, {"hash-sha512", crypto.SHA512}, {"hash-md5", crypto.MD5}} {
		id, err := revocation.NewCertID(hash.hash, o.target.Issuer, o.id.Serial)
		if err != nil {
			continue // the issuer's key can be read, or there were no SHA-1 CertID
		}
		with(hash.variant, id)
		if hash.hash == crypto.SHA256 {
			id.HashAlgorithm.Parameters = null
			with("params-sha256-null", id)
		}
	}
	changed("params-sha1-absent", func(c *revocation.CertID) { c.HashAlgorithm.Parameters = nil })
	changed("hash-sha3", func(c *revocation.CertID) {
		name, key := sha3.Sum256(o.target.Issuer.RawSubject), sha3.Sum256(keyBits(o.target.Issuer))
		c.HashAlgorithm = revocation.AlgorithmIdentifier{Algorithm: sha3OID}
		c.IssuerNameHash, c.IssuerKeyHash = name[:], key[:]
	})
	changed("hash-private", func(c *revocation.CertID) {
		c.HashAlgorithm = revocation.AlgorithmIdentifier{Algorithm: privateOID}
		c.IssuerNameHash, c.IssuerKeyHash = o.random("hash", 0)[:20], o.random("hash", 1)[:20]
	})
	changed("mismatch-key", func(c *revocation.CertID) { c.IssuerKeyHash = o.random("hash", 2)[:20] })
	changed("mismatch-name", func(c *revocation.CertID) { c.IssuerNameHash = o.random("hash", 3)[:20] })
	changed("hash-length-32", func(c *revocation.CertID) {
		c.IssuerNameHash, c.IssuerKeyHash = o.random("hash", 4), o.random("hash", 5)
	})
	changed("hash-length-0", func(c *revocation.CertID) { c.IssuerNameHash, c.IssuerKeyHash = nil, nil })
	with("dup", o.id, o.id)
	with("multi-2", o.id, o.unassigned(0))
	twenty := []revocation.CertID{o.id}
	for i := range 19 {
		twenty = append(twenty, o.unassigned(i))
	}
	with("multi-20", twenty...)
	foreign := o.id
	foreign.IssuerNameHash, foreign.IssuerKeyHash = o.random("hash", 6)[:20], o.random("hash", 7)[:20]
	with("multi-issuer", o.id, foreign)
}

// keyBits is the value of the key's BIT STRING, of which a CertID has the hash.
func keyBits(c *x509.Certificate) []byte {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(c.RawSubjectPublicKeyInfo, &info); err != nil {
		return nil // such an issuer has no SHA-1 CertID either
	}
	return info.Key.Bytes
}

// malformed asks with what is no OCSPRequest, or is not in DER. A responder that ends at
// that has answered everything else by then.
func (o *prober) malformed() {
	raw := func(variant string, octets []byte) {
		o.add(variant, evidence.Question{Method: http.MethodPost, Request: octets})
	}
	der := revocation.BuildOCSPRequest(o.template())
	t := o.template()
	t.ExplicitVersion = true
	o.post("ber-version", t)
	inside := content(der)
	raw("ber-length", slices.Concat([]byte{0x30, 0x82, byte(len(inside) >> 8), byte(len(inside))}, inside))
	raw("ber-indefinite", slices.Concat([]byte{0x30, 0x80}, inside, []byte{0, 0}))
	raw("trailing", append(slices.Clone(der), 0))
	o.post("empty-list", revocation.RequestTemplate{})
	raw("truncated", der[:len(der)-1])
	garbage := o.random("garbage", 0)
	garbage[0] = 0xff // no tag that anything begins with
	raw("garbage", garbage)
	raw("post-empty", nil)
}

// huge asks with an extension of many octets. The answer may be there before all of them
// are sent.
func (o *prober) huge() {
	for _, size := range []struct {
		variant string
		octets  int
	}{{"huge-64k", 64 << 10}, {"huge-1m", 1 << 20}} {
		t := o.template()
		t.Extensions = []revocation.Extension{{ID: unknownOID, Value: element(asn1.TagOctetString, make([]byte, size.octets))}}
		o.add(size.variant, evidence.Question{Method: http.MethodPost, Request: revocation.BuildOCSPRequest(t), Wire: &evidence.Wire{}})
	}
}
