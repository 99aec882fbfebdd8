package revocation

import (
	"bytes"
	"crypto"
	"math/big"
	"slices"
	"testing"

	"golang.org/x/crypto/ocsp"
)

// TestBuildOCSPRequestRoundTrip builds requests of every shape, and has them read by us and,
// where it can, by x/crypto/ocsp.
func TestBuildOCSPRequestRoundTrip(t *testing.T) {
	ca := ecAuthority(t)
	one := must(NewCertID(crypto.SHA1, ca.cert, SerialOf(new(big.Int).Lsh(big.NewInt(0xff), 152))))
	two := must(NewCertID(crypto.SHA512, ca.cert, SerialOf(big.NewInt(-5))))
	name := encodeDER(0x86, []byte("http://client.example"))
	long := bytes.Repeat([]byte{0x30}, 70000)
	further := []Extension{{ID: OIDAcceptable, Critical: true, Value: encodeDER(tagSequence, encodeDER(tagOID, []byte(OIDBasicResponse)))}}
	tests := map[string]struct {
		template RequestTemplate
		stock    bool // x/crypto/ocsp reads it
		kinds    []string
	}{
		"plain":            {RequestTemplate{CertIDs: []CertID{one}}, true, nil},
		"SHA-512":          {RequestTemplate{CertIDs: []CertID{two}}, true, nil},
		"two":              {RequestTemplate{CertIDs: []CertID{one, two}}, true, nil},
		"nonce":            {RequestTemplate{CertIDs: []CertID{one}, Nonce: []byte("0123456789abcdef")}, true, nil},
		"nonce of nothing": {RequestTemplate{CertIDs: []CertID{one}, Nonce: []byte{}}, true, nil},
		"long nonce":       {RequestTemplate{CertIDs: []CertID{one}, Nonce: long}, true, nil},
		"extensions":       {RequestTemplate{CertIDs: []CertID{one}, Nonce: []byte{1}, Extensions: further, SingleExtensions: further}, true, nil},
		"requestorName":    {RequestTemplate{CertIDs: []CertID{one}, RequestorName: name}, false, nil},
		"explicit version": {RequestTemplate{CertIDs: []CertID{one}, ExplicitVersion: true}, true, []string{DevDefault}},
		"nothing asked":    {RequestTemplate{}, false, nil},
	}
	for label, test := range tests {
		t.Run(label, func(t *testing.T) {
			der := BuildOCSPRequest(test.template)
			r := ReadOCSPRequest(der)
			if r.Broken != nil || r.Version != 0 || r.ExplicitVersion != test.template.ExplicitVersion || r.Signature != nil {
				t.Fatalf("read back as %+v", r)
			}
			if !slices.Equal(kinds(r.Deviations), test.kinds) {
				t.Errorf("deviations %v, want %v", r.Deviations, test.kinds)
			}
			if !bytes.Equal(r.RequestorName, test.template.RequestorName) || len(r.Requests) != len(test.template.CertIDs) {
				t.Errorf("requestorName %x, %d requests", r.RequestorName, len(r.Requests))
			}
			for i, id := range test.template.CertIDs {
				if got := r.Requests[i]; !bytes.Equal(got.CertID.Raw, id.Raw) || !got.CertID.Equal(id) || !sameExtensions(got.Extensions, test.template.SingleExtensions) {
					t.Errorf("request %d read back as %+v", i, got)
				}
			}
			nonce, ok := r.Nonce()
			want := test.template.Extensions
			if ok {
				want = slices.Concat([]Extension{{ID: OIDNonce, Value: encodeDER(tagOctetString, nonce)}}, want)
			}
			if ok != (test.template.Nonce != nil) || !bytes.Equal(nonce, test.template.Nonce) || !sameExtensions(r.Extensions, want) {
				t.Errorf("nonce %x %v, extensions %v", head(nonce, 20), ok, r.Extensions)
			}
			stock, err := ocsp.ParseRequest(der)
			if (err == nil) != test.stock {
				t.Fatalf("x/crypto/ocsp says %v", err)
			}
			if err == nil && (stock.SerialNumber.Cmp(test.template.CertIDs[0].Serial.Big()) != 0 || stock.HashAlgorithm != test.template.CertIDs[0].Hash()) {
				t.Errorf("x/crypto/ocsp reads %+v", stock)
			}
			if deviations := StrictDER(der); len(deviations) > 0 {
				t.Errorf("not DER: %v", deviations)
			}
		})
	}
}

func kinds(list []Deviation) (names []string) {
	for _, d := range list {
		names = append(names, d.Kind)
	}
	return names
}

func sameExtensions(a, b []Extension) bool {
	return slices.EqualFunc(a, b, func(x, y Extension) bool {
		return x.ID == y.ID && x.Critical == y.Critical && bytes.Equal(x.Value, y.Value)
	})
}

// TestBuildOCSPRequestAsStock wants the octets that every Go client sends.
func TestBuildOCSPRequestAsStock(t *testing.T) {
	ca := ecAuthority(t)
	leaf := ca.delegate("Leaf", testKeys()["P-384"])
	stock := must(ocsp.CreateRequest(leaf.cert, ca.cert, nil))
	ours := BuildOCSPRequest(RequestTemplate{CertIDs: []CertID{must(NewCertID(crypto.SHA1, ca.cert, SerialOf(leaf.cert.SerialNumber)))}})
	if !bytes.Equal(stock, ours) {
		t.Errorf("built %x, x/crypto/ocsp builds %x", ours, stock)
	}
}

func TestBuildOCSPRequestEdit(t *testing.T) {
	der := BuildOCSPRequest(RequestTemplate{Edit: func(der []byte) []byte { return der[:len(der)-1] }})
	if want := unhex("30043002 30"); !bytes.Equal(der, want) {
		t.Errorf("edited to %x, want %x", der, want)
	}
	if r := ReadOCSPRequest(der); r.Broken == nil || r.Broken.Field != "OCSPRequest" {
		t.Errorf("broken %v", r.Broken)
	}
}

func TestReadOCSPRequestSigned(t *testing.T) {
	ca := ecAuthority(t)
	client := newAuthority("Client", testKeys()["P-256 other"])
	name := encodeDER(0xa4, client.cert.RawSubject)
	id := must(NewCertID(crypto.SHA1, ca.cert, Serial{1}))
	plain := ReadOCSPRequest(BuildOCSPRequest(RequestTemplate{CertIDs: []CertID{id}, RequestorName: name}))
	alg := usual(client.key)
	signature := encodeDER(tagBitString, []byte{0}, sign(alg, client.key, plain.TBS))
	signed := ReadOCSPRequest(encodeDER(tagSequence, plain.TBS,
		encodeDER(0xa0, encodeDER(tagSequence, alg.marshal(), signature, embed(client.cert)))))
	if signed.Broken != nil || len(signed.Deviations) > 0 || signed.Signature == nil {
		t.Fatalf("read as %+v", signed)
	}
	s := signed.Signature
	if len(s.Certificates) != 1 || s.Certificates[0].Certificate == nil {
		t.Fatalf("certificates %+v", s.Certificates)
	}
	if got := VerifySignature(s.Algorithm, s.Certificates[0].Certificate.PublicKey, signed.TBS, s.Signature); got.State != SignatureValid {
		t.Errorf("signature %+v", got)
	}
	if !bytes.Equal(signed.RequestorName, name) {
		t.Errorf("requestorName %x", signed.RequestorName)
	}
}

func TestReadOCSPRequestFaults(t *testing.T) {
	ca := ecAuthority(t)
	id := must(NewCertID(crypto.SHA1, ca.cert, Serial{1}))
	list := encodeDER(tagSequence, encodeDER(tagSequence, id.Raw))
	request := func(parts ...[]byte) []byte { return encodeDER(tagSequence, encodeDER(tagSequence, parts...)) }
	tests := map[string]struct {
		body   []byte
		kinds  []string
		broken string
	}{
		"garbage":              {[]byte("garbage"), nil, "OCSPRequest"},
		"trailing":             {append(request(list), 0), []string{DevTrailing}, ""},
		"trailing in tbs":      {request(list, []byte{5, 0}), []string{DevTrailing}, ""},
		"version 2":            {request(unhex("a003020101"), list), nil, ""},
		"indefinite":           {append(append(unhex("3080"), encodeDER(tagSequence, list)...), 0, 0), []string{DevIndefinite}, ""},
		"null requestor":       {request(unhex("a1020500"), list), []string{DevTag}, ""},
		"no requestList":       {request(), nil, "tbsRequest.requestList"},
		"request a null":       {request(unhex("30020500")), nil, "tbsRequest.requestList[0]"},
		"empty extensions":     {request(list, unhex("a2023000")), []string{DevEmpty}, ""},
		"signature a null":     {encodeDER(tagSequence, encodeDER(tagSequence, list), unhex("a0020500")), nil, "optionalSignature"},
		"serial of no octets":  {request(encodeDER(tagSequence, encodeDER(tagSequence, encodeDER(tagSequence, id.HashAlgorithm.Raw, unhex("040004000200"))))), nil, "tbsRequest.requestList[0].reqCert.serialNumber"},
		"key hash an integer":  {request(encodeDER(tagSequence, encodeDER(tagSequence, encodeDER(tagSequence, id.HashAlgorithm.Raw, unhex("0400020100020100"))))), nil, "tbsRequest.requestList[0].reqCert.issuerKeyHash"},
		"nonce without a wrap": {BuildOCSPRequest(RequestTemplate{CertIDs: []CertID{id}, Extensions: []Extension{{ID: OIDNonce, Value: []byte("raw")}}}), []string{DevUnreadable}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := ReadOCSPRequest(test.body)
			field := ""
			if r.Broken != nil {
				field = r.Broken.Field
			}
			if field != test.broken || !slices.Equal(kinds(r.Deviations), test.kinds) {
				t.Errorf("broken %v, deviations %v; want %q, %v", r.Broken, r.Deviations, test.broken, test.kinds)
			}
		})
	}
	if r := ReadOCSPRequest(tests["version 2"].body); r.Version != 1 || !r.ExplicitVersion || len(r.Requests) != 1 {
		t.Errorf("version %d, %d requests", r.Version, len(r.Requests))
	}
	if nonce, ok := ReadOCSPRequest(tests["nonce without a wrap"].body).Nonce(); !ok || string(nonce) != "raw" {
		t.Errorf("nonce %q %v", nonce, ok)
	}
}
