package revocation

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"sync"
	"testing"
	"time"
)

// noon is when everything in these tests happens.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// testKeys holds one key of each kind; RSA keys are slow to make.
var testKeys = sync.OnceValue(func() map[string]crypto.Signer {
	keys := map[string]crypto.Signer{}
	for name, curve := range map[string]elliptic.Curve{
		"P-224": elliptic.P224(), "P-256": elliptic.P256(), "P-256 other": elliptic.P256(),
		"P-384": elliptic.P384(), "P-521": elliptic.P521(),
	} {
		keys[name] = must(ecdsa.GenerateKey(curve, rand.Reader))
	}
	keys["RSA"] = must(rsa.GenerateKey(rand.Reader, 2048))
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	keys["Ed25519"] = must(ed, err)
	return keys
})

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// authority is a key with its certificate.
type authority struct {
	key  crypto.Signer
	cert *x509.Certificate
}

// newAuthority returns a self-signed CA.
func newAuthority(name string, key crypto.Signer) authority {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: noon.Add(-24 * time.Hour), NotAfter: noon.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	return authority{key, must(x509.ParseCertificate(der))}
}

// delegate returns a responder's certificate of that CA, changed as asked.
func (a authority) delegate(name string, key crypto.Signer, changes ...func(*x509.Certificate)) authority {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(77), Subject: pkix.Name{CommonName: name},
		NotBefore: noon.Add(-time.Hour), NotAfter: noon.AddDate(0, 1, 0),
		ExtKeyUsage:     []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}, Value: []byte{5, 0}}},
	}
	for _, change := range changes {
		change(template)
	}
	der := must(x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key))
	return authority{key, must(x509.ParseCertificate(der))}
}

// byKey returns the responderID that names a by its key.
func (a authority) byKey() []byte {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	must(asn1.Unmarshal(a.cert.RawSubjectPublicKeyInfo, &info))
	hash := sha1.Sum(info.Key.Bytes)
	return encodeDER(0xa2, encodeDER(tagOctetString, hash[:]))
}

func (a authority) byName() []byte { return encodeDER(0xa1, a.cert.RawSubject) }

// algorithm returns the AlgorithmIdentifier of that OID with the parameters that belong to it.
func algorithmOf(id OID) AlgorithmIdentifier {
	alg := AlgorithmIdentifier{Algorithm: id}
	if schemeOf(alg).kind == rsaPKCS1 {
		alg.Parameters = []byte{5, 0}
	}
	return alg
}

// usual is the algorithm a key is usually used with.
func usual(key crypto.Signer) AlgorithmIdentifier {
	switch key.(type) {
	case *rsa.PrivateKey:
		return algorithmOf(OIDSHA256WithRSA)
	case ed25519.PrivateKey:
		return algorithmOf(OIDEd25519)
	}
	return algorithmOf(OIDECDSAWithSHA256)
}

// sign signs message the way alg says.
func sign(alg AlgorithmIdentifier, key crypto.Signer, message []byte) []byte {
	s := schemeOf(alg)
	switch s.kind {
	case ed25519Pure:
		return must(key.Sign(nil, message, crypto.Hash(0)))
	case rsaPSS:
		return must(rsa.SignPSS(rand.Reader, key.(*rsa.PrivateKey), s.hash, sum(s.hash, message), &rsa.PSSOptions{SaltLength: s.pss.saltLength}))
	}
	return must(key.Sign(rand.Reader, sum(s.hash, message), s.hash))
}

// answer is an OCSPResponse in pieces; what is nil is as a conforming responder has it.
type answer struct {
	signer      authority
	issuer      authority // whom the CertID names
	status      []byte    // the ENUMERATED
	wrapper     []byte    // what follows responseStatus
	kind        []byte    // responseType
	afterBytes  []byte    // after response in ResponseBytes
	version     []byte
	responderID []byte
	producedAt  []byte
	singles     []byte // contents of responses
	single      single
	extensions  []byte // the whole [1]
	afterData   []byte // at the end of tbsResponseData
	algorithm   []byte
	signature   []byte // the whole BIT STRING
	certs       []byte // the whole [0]
	afterBasic  []byte // at the end of BasicOCSPResponse
	afterAll    []byte // after the OCSPResponse
}

// single is a SingleResponse in pieces.
type single struct {
	certID, status, thisUpdate, nextUpdate, extensions, after []byte
}

func generalized(at time.Time) []byte {
	return encodeDER(tagGeneralizedTime, []byte(at.Format("20060102150405Z")))
}

func or(given, usual []byte) []byte {
	if given != nil {
		return given
	}
	return usual
}

func (s single) der(issuer authority) []byte {
	id := must(NewCertID(crypto.SHA1, issuer.cert, SerialOf(big.NewInt(0xd00d))))
	return encodeDER(tagSequence, or(s.certID, id.Raw), or(s.status, []byte{0x80, 0}), or(s.thisUpdate, generalized(noon)),
		or(s.nextUpdate, encodeDER(0xa0, generalized(noon.AddDate(0, 0, 4)))), s.extensions, s.after)
}

// tbs is the ResponseData.
func (a answer) tbs() []byte {
	return encodeDER(tagSequence, a.version, or(a.responderID, a.signer.byKey()), or(a.producedAt, generalized(noon)),
		encodeDER(tagSequence, or(a.singles, a.single.der(a.issuer))), a.extensions, a.afterData)
}

func (a answer) der() []byte {
	if a.issuer.cert == nil {
		a.issuer = a.signer
	}
	alg, tbs := usual(a.signer.key), a.tbs()
	signature := a.signature
	if signature == nil {
		signature = encodeDER(tagBitString, []byte{0}, sign(alg, a.signer.key, tbs))
	}
	basic := encodeDER(tagSequence, tbs, or(a.algorithm, alg.marshal()), signature, a.certs, a.afterBasic)
	bytes := encodeDER(0xa0, encodeDER(tagSequence, or(a.kind, encodeDER(tagOID, []byte(OIDBasicResponse))),
		encodeDER(tagOctetString, basic), a.afterBytes))
	return slices.Concat(encodeDER(tagSequence, or(a.status, []byte{0x0a, 1, 0}), or(a.wrapper, bytes)), a.afterAll)
}

// embed encodes the certs field.
func embed(list ...*x509.Certificate) []byte {
	var all [][]byte
	for _, cert := range list {
		all = append(all, cert.Raw)
	}
	return encodeDER(0xa0, encodeDER(tagSequence, all...))
}

func ecAuthority(t testing.TB) authority {
	t.Helper()
	return newAuthority("Test CA", testKeys()["P-256"])
}
