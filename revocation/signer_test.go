package revocation

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// facts is a Signer without its certificate and texts.
type facts struct {
	state                                                  SignatureState
	isIssuer, byCA, eku, named, embedded, nocheck, allowed bool
}

func factsOf(s Signer) facts {
	return facts{s.Signature.State, s.IsIssuer, s.IssuedByCA, s.HasEKU, s.MatchesID, s.Embedded, s.NoCheck, s.Authorized()}
}

func TestFindSigner(t *testing.T) {
	keys := testKeys()
	ca := ecAuthority(t)
	responder := ca.delegate("Responder", keys["P-256 other"])
	noEKU := ca.delegate("Responder", keys["P-256 other"], func(c *x509.Certificate) { c.ExtKeyUsage, c.ExtraExtensions = nil, nil })
	anyEKU := ca.delegate("Responder", keys["P-256 other"], func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} })
	stranger := newAuthority("Stranger", keys["P-384"])
	sameName := newAuthority("Test CA", keys["P-384"])
	byOther := sameName.delegate("Responder", keys["P-256 other"])
	again := newAuthority("Test CA", keys["P-256"])

	tests := map[string]struct {
		answer answer
		issuer *x509.Certificate
		given  []*x509.Certificate
		want   facts
		cert   *x509.Certificate
	}{
		"the issuer itself": {answer{signer: ca}, ca.cert, nil,
			facts{state: SignatureValid, isIssuer: true, named: true, allowed: true}, ca.cert},
		"the issuer, embedded": {answer{signer: ca, certs: embed(ca.cert)}, ca.cert, nil,
			facts{state: SignatureValid, isIssuer: true, named: true, embedded: true, allowed: true}, ca.cert},
		"another certificate of the issuer": {answer{signer: again, certs: embed(again.cert)}, ca.cert, nil,
			facts{state: SignatureValid, isIssuer: true, named: true, allowed: true}, ca.cert},
		"byName": {answer{signer: ca, responderID: ca.byName()}, ca.cert, nil,
			facts{state: SignatureValid, isIssuer: true, named: true, allowed: true}, ca.cert},
		"the responderID names another": {answer{signer: ca, responderID: stranger.byName()}, ca.cert, nil,
			facts{state: SignatureValid, isIssuer: true, allowed: true}, ca.cert},
		"a delegate": {answer{signer: responder, issuer: ca, certs: embed(responder.cert)}, ca.cert, nil,
			facts{state: SignatureValid, byCA: true, eku: true, named: true, embedded: true, nocheck: true, allowed: true}, responder.cert},
		"a delegate that comes second": {answer{signer: responder, issuer: ca, certs: embed(stranger.cert, responder.cert)}, ca.cert, nil,
			facts{state: SignatureValid, byCA: true, eku: true, named: true, embedded: true, nocheck: true, allowed: true}, responder.cert},
		"a delegate that was given": {answer{signer: responder, issuer: ca}, ca.cert, []*x509.Certificate{nil, responder.cert},
			facts{state: SignatureValid, byCA: true, eku: true, named: true, nocheck: true, allowed: true}, responder.cert},
		"a delegate without EKU": {answer{signer: noEKU, issuer: ca, certs: embed(noEKU.cert)}, ca.cert, nil,
			facts{state: SignatureValid, byCA: true, named: true, embedded: true}, noEKU.cert},
		"a delegate with anyExtendedKeyUsage": {answer{signer: anyEKU, issuer: ca, certs: embed(anyEKU.cert)}, ca.cert, nil,
			facts{state: SignatureValid, byCA: true, named: true, embedded: true, nocheck: true}, anyEKU.cert},
		"the better of two with one key": {answer{signer: noEKU, issuer: ca, certs: embed(noEKU.cert, responder.cert)}, ca.cert, nil,
			facts{state: SignatureValid, byCA: true, eku: true, named: true, embedded: true, nocheck: true, allowed: true}, responder.cert},
		"a delegate of a CA of the same name": {answer{signer: byOther, issuer: ca, certs: embed(byOther.cert)}, ca.cert, nil,
			facts{state: SignatureValid, eku: true, named: true, embedded: true, nocheck: true}, byOther.cert},
		"a key nobody authorised": {answer{signer: stranger, issuer: ca, certs: embed(stranger.cert)}, ca.cert, nil,
			facts{state: SignatureValid, named: true, embedded: true}, stranger.cert},
		"no issuer known": {answer{signer: responder, issuer: ca, certs: embed(responder.cert)}, nil, nil,
			facts{state: SignatureValid, eku: true, named: true, embedded: true, nocheck: true}, responder.cert},
		"wrong signature of a named one": {answer{signer: sameName, responderID: ca.byKey()}, ca.cert, nil,
			facts{state: SignatureInvalid, isIssuer: true, named: true, allowed: true}, ca.cert},
		"named certificate missing": {answer{signer: responder, issuer: ca}, ca.cert, nil,
			facts{state: SignatureUnchecked}, nil},
		"no certificate at all": {answer{signer: responder, issuer: ca}, nil, nil,
			facts{state: SignatureUnchecked}, nil},
		"unknown algorithm": {answer{signer: ca, algorithm: unhex("300406022a03")}, ca.cert, nil,
			facts{state: SignatureUnchecked, isIssuer: true, named: true, allowed: true}, ca.cert},
		"unknown algorithm and nobody named": {answer{signer: ca, algorithm: unhex("300406022a03"), responderID: stranger.byKey()}, ca.cert, nil,
			facts{state: SignatureUnchecked}, nil},
		"no signature": {answer{signer: ca, signature: []byte{}}, ca.cert, nil,
			facts{state: SignatureUnchecked, isIssuer: true, named: true, allowed: true}, ca.cert},
		"a signature of no octets": {answer{signer: ca, signature: []byte{3, 1, 0}}, ca.cert, nil,
			facts{state: SignatureInvalid, isIssuer: true, named: true, allowed: true}, ca.cert},
	}
	memory := NewMemory()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			body := test.answer.der()
			got := ReadOCSPResponse(body).Basic.FindSigner(test.issuer, test.given)
			for range 2 {
				if again := memory.FindSigner(memory.ReadOCSPResponse(body).Basic, test.issuer, test.given); !reflect.DeepEqual(got, again) {
					t.Errorf("from memory %+v, without %+v", again, got)
				}
			}
			if factsOf(got) != test.want {
				t.Errorf("got  %+v (%s)\nwant %+v", factsOf(got), got.Signature.Problem, test.want)
			}
			if (got.Certificate == nil) != (test.cert == nil) || test.cert != nil && !bytes.Equal(got.Certificate.Raw, test.cert.Raw) {
				t.Errorf("another certificate was found: %v", got.Certificate)
			}
			if (got.Signature.State == SignatureValid) != (got.Signature.Problem == "") {
				t.Errorf("state %s with problem %q", got.Signature.State, got.Signature.Problem)
			}
		})
	}
}

// TestFindSignerProblems checks that what is missing is named.
func TestFindSignerProblems(t *testing.T) {
	ca := ecAuthority(t)
	responder := ca.delegate("Responder", testKeys()["P-256 other"])
	unreadable := encodeDER(0xa0, encodeDER(tagSequence, unhex("30020500")))
	tests := map[string]struct {
		answer answer
		issuer *x509.Certificate
		want   []string
	}{
		"byName missing":       {answer{signer: responder, issuer: ca, responderID: responder.byName()}, ca.cert, []string{"none of the 1", "byName CN=Responder", "neither embedded nor given"}},
		"byKey missing":        {answer{signer: responder, issuer: ca}, nil, []string{"no certificate to check it with", "byKey "}},
		"unreadable, named":    {answer{signer: responder, issuer: ca, responderID: ca.byKey(), certs: unreadable}, ca.cert, []string{"does not verify", "certs[0] at octet", "cannot be read: x509"}},
		"unreadable, unnamed":  {answer{signer: responder, issuer: ca, certs: unreadable}, ca.cert, []string{"none of the 1", "certs[0] at octet"}},
		"unreadable and alone": {answer{signer: responder, issuer: ca, certs: unreadable}, nil, []string{"no certificate to check it with", "certs[0] at octet"}},
		"algorithm, no key":    {answer{signer: responder, issuer: ca, algorithm: unhex("300406022a03")}, nil, []string{"unknown signature algorithm 1.2.3", "byKey"}},
		"name that is none":    {answer{signer: responder, issuer: ca, responderID: unhex("a1020500")}, nil, []string{"byName 0500"}},
		"no responderID":       {answer{signer: responder, issuer: ca, responderID: []byte{}}, nil, []string{"no responderID"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			problem := ReadOCSPResponse(test.answer.der()).Basic.FindSigner(test.issuer, nil).Signature.Problem
			for _, want := range test.want {
				if !strings.Contains(problem, want) {
					t.Errorf("problem %q does not say %q", problem, want)
				}
			}
		})
	}
}

// TestFindSignerOldAndRestrictedKeys verifies what crypto/x509 refuses: a delegate signed
// with SHA-1, and a delegate whose key is for RSASSA-PSS alone.
func TestFindSignerOldAndRestrictedKeys(t *testing.T) {
	rsaKey := testKeys()["RSA"].(*rsa.PrivateKey)
	ca := newAuthority("Old CA", rsaKey)
	sha1Delegate := ca.delegate("Responder", testKeys()["P-256"])
	sha1Delegate.cert = resigned(ca, sha1Delegate.cert, algorithmOf(OIDSHA1WithRSA))
	if err := sha1Delegate.cert.CheckSignatureFrom(ca.cert); err == nil {
		t.Fatal("crypto/x509 accepts the delegate, so that this test shows nothing")
	}
	got := ReadOCSPResponse(answer{signer: sha1Delegate, issuer: ca, certs: embed(sha1Delegate.cert)}.der()).Basic.FindSigner(ca.cert, nil)
	if !got.Authorized() || got.Signature.State != SignatureValid {
		t.Errorf("delegate signed with SHA-1: %+v", got)
	}

	restricted := restrictedToPSS(ca, ca.delegate("Responder", rsaKey).cert)
	if restricted.PublicKey != nil {
		t.Fatal("crypto/x509 reads the key, so that this test shows nothing")
	}
	alg := pssAlgorithm(crypto.SHA256, crypto.SHA256, 32)
	a := answer{signer: authority{rsaKey, restricted}, issuer: ca, certs: embed(restricted), algorithm: alg.marshal()}
	a.signature = encodeDER(tagBitString, []byte{0}, must(rsa.SignPSS(rand.Reader, rsaKey, crypto.SHA256, sum(crypto.SHA256, a.tbs()), &rsa.PSSOptions{SaltLength: 32})))
	got = ReadOCSPResponse(a.der()).Basic.FindSigner(ca.cert, nil)
	if !got.Authorized() || got.Signature.Algorithm != "SHA256-RSAPSS" {
		t.Errorf("delegate with a key for RSASSA-PSS: %+v", got)
	}
}

// A delegate whose own certificate cannot be verified here is neither the CA's nor anybody
// else's.
func TestFindSignerWithoutVerifiedIssuance(t *testing.T) {
	ca := ecAuthority(t)
	responder := ca.delegate("Responder", testKeys()["P-256 other"])
	other := newAuthority("Other CA", testKeys()["P-256 other"])
	unknown := must(x509.ParseCertificate(bytes.ReplaceAll(responder.cert.Raw, []byte(OIDECDSAWithSHA256), []byte(OIDECDSAWithSHA256[:7]+"\x7f"))))
	b := ReadOCSPResponse(answer{signer: responder, issuer: ca, certs: embed(unknown)}.der()).Basic
	if got := b.FindSigner(ca.cert, nil); got.Signature.State != SignatureValid || got.IssuedByCA || !strings.Contains(got.Unverified, "unknown signature algorithm 1.2.840.10045.4.3.127") {
		t.Errorf("a delegate signed with an unknown algorithm: %+v", got)
	}
	if got := b.FindSigner(other.cert, nil); got.IssuedByCA || got.Unverified != "" {
		t.Errorf("a delegate that names another CA: %+v", got)
	}
	b = ReadOCSPResponse(answer{signer: responder, issuer: ca, certs: embed(responder.cert)}.der()).Basic
	if got := b.FindSigner(ca.cert, nil); !got.IssuedByCA || got.Unverified != "" {
		t.Errorf("a delegate of the CA: %+v", got)
	}
}

// resigned returns cert with another signature algorithm, signed again.
func resigned(ca authority, cert *x509.Certificate, alg AlgorithmIdentifier) *x509.Certificate {
	tbs := bytes.Replace(cert.RawTBSCertificate, usual(ca.key).marshal(), alg.marshal(), 1)
	return must(x509.ParseCertificate(encodeDER(tagSequence, tbs, alg.marshal(),
		encodeDER(tagBitString, []byte{0}, sign(alg, ca.key, tbs)))))
}

// restrictedToPSS returns cert with id-RSASSA-PSS as its key's algorithm, signed again.
func restrictedToPSS(ca authority, cert *x509.Certificate) *x509.Certificate {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	must(asn1.Unmarshal(cert.RawSubjectPublicKeyInfo, &info))
	spki := encodeDER(tagSequence, AlgorithmIdentifier{Algorithm: OIDRSAPSS}.marshal(), encodeDER(tagBitString, []byte{0}, info.Key.Bytes))
	var n notes
	outer, _ := n.cursor(cert.RawTBSCertificate, 0, root("")).expect(tagSequence, "tbsCertificate")
	tbs := encodeDER(tagSequence, bytes.Replace(outer.content, cert.RawSubjectPublicKeyInfo, spki, 1))
	alg := usual(ca.key)
	return must(x509.ParseCertificate(encodeDER(tagSequence, tbs, alg.marshal(), encodeDER(tagBitString, []byte{0}, sign(alg, ca.key, tbs)))))
}

func TestStockOpinion(t *testing.T) {
	ca := ecAuthority(t)
	responder := ca.delegate("Responder", testKeys()["P-256 other"])
	two := slices.Concat(single{}.der(ca), single{certID: must(NewCertID(crypto.SHA1, ca.cert, Serial{9})).Raw}.der(ca))
	tests := map[string]struct {
		answer   answer
		serial   Serial
		accepted bool
		why      string
	}{
		"conforming":            {answer{signer: ca}, nil, true, ""},
		"of another serial":     {answer{signer: ca}, Serial{9}, false, "no response matching"},
		"by a delegate":         {answer{signer: responder, issuer: ca, certs: embed(responder.cert)}, Serial{0, 0xd0, 0x0d}, true, ""},
		"delegate second":       {answer{signer: responder, issuer: ca, certs: embed(ca.cert, responder.cert)}, nil, false, "bad signature on embedded certificate"},
		"no certStatus":         {answer{signer: ca, single: single{status: []byte{}}}, nil, true, ""},
		"error response":        {answer{signer: ca, status: unhex("0a0106")}, nil, false, "unauthorized"},
		"trailing octets":       {answer{signer: ca, afterAll: []byte{0}}, nil, false, "trailing"},
		"two, asked for one":    {answer{signer: ca, singles: two}, Serial{9}, true, ""},
		"two, asked for none":   {answer{signer: ca, singles: two}, nil, false, "bad number of responses"},
		"RSA key of 20000 bits": {answer{signer: ca, certs: embed(hugeKey(ca))}, nil, false, "not asked"},
	}
	for name, test := range tests {
		r := ReadOCSPResponse(test.answer.der())
		signer := Signer{}
		if r.Basic != nil {
			signer = r.Basic.FindSigner(ca.cert, nil)
		}
		accepted, why := StockOpinion(r, signer, test.serial, ca.cert)
		if accepted != test.accepted || !strings.Contains(why, test.why) || accepted != (why == "") {
			t.Errorf("%s: accepted %v, %q; want %v, %q", name, accepted, why, test.accepted, test.why)
		}
		if asked, why := StockOpinion(r, Signer{}, test.serial, ca.cert); asked != accepted {
			t.Errorf("%s: x/crypto/ocsp itself accepts: %v, %s", name, asked, why)
		}
	}
}

// hugeKey returns a certificate with an RSA modulus of 20000 bits.
func hugeKey(ca authority) *x509.Certificate {
	cert := ca.delegate("Huge", testKeys()["P-256 other"]).cert
	modulus := append([]byte{0}, bytes.Repeat([]byte{0xff}, 2500)...)
	key := encodeDER(tagSequence, encodeDER(tagInteger, modulus), unhex("0203010001"))
	spki := encodeDER(tagSequence, AlgorithmIdentifier{Algorithm: OIDRSAEncryption, Parameters: []byte{5, 0}}.marshal(), encodeDER(tagBitString, []byte{0}, key))
	var n notes
	outer, _ := n.cursor(cert.RawTBSCertificate, 0, root("")).expect(tagSequence, "tbsCertificate")
	tbs := encodeDER(tagSequence, bytes.Replace(outer.content, cert.RawSubjectPublicKeyInfo, spki, 1))
	return must(x509.ParseCertificate(encodeDER(tagSequence, tbs, usual(ca.key).marshal(), encodeDER(tagBitString, []byte{0}, []byte("unsigned")))))
}

func TestNameText(t *testing.T) {
	attribute := func(value string) []byte {
		return encodeDER(tagSet, encodeDER(tagSequence, encodeDER(tagOID, []byte{0x55, 4, 3}), encodeDER(0x13, []byte(value))))
	}
	longest := encodeDER(tagSequence, attribute(strings.Repeat("a", maxNameText-21)))
	for text, der := range map[string][]byte{
		"CN=b,CN=a": encodeDER(tagSequence, attribute("a"), attribute("b")),
		"":          {0x30, 0},
		"0500":      {5, 0},
		"30003000":  {0x30, 0, 0x30, 0},
		"a name of 4198 octets, 30821062310430023000310430023000...": encodeDER(tagSequence, bytes.Repeat(unhex("310430023000"), 699)),
		"CN=" + strings.Repeat("a", maxNameText-21):                  longest,
	} {
		if got := NameText(der); got != text {
			t.Errorf("%.60x: %.80s, want %.80s", der, got, text)
		}
	}
	if len(longest) != maxNameText {
		t.Errorf("%d octets are not on the bound", len(longest))
	}
}
