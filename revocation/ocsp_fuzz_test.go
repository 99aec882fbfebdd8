package revocation

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ocsp"
)

// responseSeeds are responses of every shape that these tests know.
func responseSeeds(t testing.TB) [][]byte {
	ca := ecAuthority(t)
	responder := ca.delegate("Responder", testKeys()["P-256 other"])
	revoked := encodeDER(0xa1, generalized(noon), encodeDER(0xa0, []byte{0x0a, 1, 1}))
	exts := []Extension{{ID: OIDNonce, Value: []byte{4, 1, 7}}, {ID: OIDExtendedRevoke, Value: []byte{5, 0}}}
	seeds := [][]byte{nil, unhex("30030a0106"), unhex("30030a0104"), []byte("<html>")}
	for _, a := range []answer{
		{signer: ca},
		{signer: ca, responderID: ca.byName(), single: single{status: revoked, nextUpdate: []byte{}}},
		{signer: ca, single: single{status: []byte{0x82, 0}, extensions: encodeExtensions(1, exts)}, extensions: encodeExtensions(1, exts)},
		{signer: ca, single: single{status: []byte{}}},
		{signer: ca, version: unhex("a003020100"), afterData: []byte{5, 0}, afterBasic: []byte{5, 0}},
		{signer: ca, single: single{thisUpdate: encodeDER(tagUTCTime, []byte("260302120000Z")), after: []byte{5, 0}}},
		{signer: ca, single: single{status: unhex("80008200")}, afterAll: []byte{0}},
		{signer: responder, issuer: ca, certs: embed(responder.cert)},
		{signer: responder, issuer: ca, certs: embed(ca.cert, responder.cert), algorithm: pssAlgorithm(crypto.SHA256, crypto.SHA256, 32).marshal()},
	} {
		seeds = append(seeds, a.der())
	}
	return seeds
}

// unreadByStock are the fields that x/crypto/ocsp skips, so that it accepts what we cannot
// read there.
var unreadByStock = []string{"tbsResponseData.responseExtensions", "tbsRequest.requestExtensions",
	"tbsRequest.requestList[0].singleRequestExtensions", "signatureAlgorithm.parameters", "hashAlgorithm.parameters",
	"responderID.", "certs[", "requestList["}

// excused reports whether x/crypto/ocsp may accept a document that stopped us: it skips the
// field, or does not compare the length of an EXPLICIT wrapper with what is inside, so that
// the documents' elements overrun each other or are left over.
func excused(broken *SyntaxError, deviations []Deviation, documents ...[]byte) bool {
	return broken == nil || slices.Contains(kinds(deviations), DevTrailing) ||
		slices.ContainsFunc(documents, func(der []byte) bool { return slices.Contains(kinds(StrictDER(der)), DevUnreadableDER) }) ||
		slices.ContainsFunc(unreadByStock, func(field string) bool { return strings.Contains(broken.Field, field) })
}

// basicDER returns the BasicOCSPResponse that encoding/asn1 finds in a response.
func basicDER(t *testing.T, body []byte) []byte {
	t.Helper()
	var response struct {
		Status asn1.Enumerated
		Bytes  struct {
			Type     asn1.ObjectIdentifier
			Response []byte
		} `asn1:"explicit,tag:0"`
	}
	if _, err := asn1.Unmarshal(body, &response); err != nil {
		t.Fatal(err)
	}
	return response.Bytes.Response
}

// FuzzOCSPResponse decodes anything without panicking, and whatever x/crypto/ocsp accepts to
// equal values.
func FuzzOCSPResponse(f *testing.F) {
	for _, seed := range responseSeeds(f) {
		f.Add(seed)
	}
	ca := ecAuthority(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		r := ReadOCSPResponse(body)
		for _, d := range r.Deviations {
			if d.Offset < 0 || d.Offset > int64(len(body)) {
				t.Errorf("deviation outside of %d octets: %v", len(body), d)
			}
		}
		if r.Broken != nil && (r.Broken.Offset < 0 || r.Broken.Offset > int64(len(body))) {
			t.Errorf("broken outside of %d octets: %v", len(body), r.Broken)
		}
		StrictDER(body)
		if r.Basic != nil {
			r.Basic.FindSigner(ca.cert, nil)
		}
		stock, err := ocsp.ParseResponse(body, nil)
		var status ocsp.ResponseError
		switch {
		case errors.As(err, &status):
			if status.Status >= 0 && status.Status < 0x80 && int(r.Status) != int(status.Status) {
				t.Errorf("status %d, x/crypto/ocsp reads %d", r.Status, status.Status)
			}
		case err == nil:
			compareResponse(t, r, stock)
		}
	})
}

func compareResponse(t *testing.T, r *OCSPResponse, stock *ocsp.Response) {
	t.Helper()
	if !excused(r.Broken, r.Deviations, r.Raw, basicDER(t, r.Raw)) {
		t.Fatalf("x/crypto/ocsp accepts what stopped us: %v", r.Broken)
	}
	noted := kinds(r.Deviations)
	if r.Broken != nil || slices.Contains(noted, DevTrailing) {
		return
	}
	b := r.Basic
	s := b.Singles[0]
	if s.CertID.Serial.Big().Cmp(stock.SerialNumber) != 0 || s.CertID.Hash() != stock.IssuerHash {
		t.Errorf("CertID %+v, x/crypto/ocsp reads serial %x by %s", s.CertID, stock.SerialNumber, stock.IssuerHash)
	}
	if !b.ProducedAt.Equal(stock.ProducedAt) || !s.ThisUpdate.Equal(stock.ThisUpdate) || !s.NextUpdate.Equal(stock.NextUpdate) {
		t.Errorf("times %v %v %v, x/crypto/ocsp reads %v %v %v", b.ProducedAt, s.ThisUpdate, s.NextUpdate, stock.ProducedAt, stock.ThisUpdate, stock.NextUpdate)
	}
	if !slices.Contains(noted, DevUnusedBits) && !bytes.Equal(b.Signature, stock.Signature) {
		t.Errorf("signature %x, x/crypto/ocsp reads %x", b.Signature, stock.Signature)
	}
	if !bytes.Equal(b.TBS, stock.TBSResponseData) {
		t.Errorf("TBS %x, x/crypto/ocsp reads %x", b.TBS, stock.TBSResponseData)
	}
	// It looks at the number of a responderID's tag and not at its class, and has certStatus
	// as three optional fields of which none or all may be there, none meaning revoked.
	if !slices.ContainsFunc(r.Deviations, func(d Deviation) bool { return strings.HasSuffix(d.Field, "responderID") }) &&
		(!bytes.Equal(b.ResponderID.ByName, stock.RawResponderName) || !bytes.Equal(b.ResponderID.ByKey, stock.ResponderKeyHash)) {
		t.Errorf("responderID %+v, x/crypto/ocsp reads %x, %x", b.ResponderID, stock.RawResponderName, stock.ResponderKeyHash)
	}
	if slices.ContainsFunc(r.Deviations, func(d Deviation) bool { return strings.HasSuffix(d.Field, "certStatus") && d.Kind != DevNull }) {
		return
	}
	want := map[int]CertStatus{ocsp.Good: StatusGood, ocsp.Revoked: StatusRevoked, ocsp.Unknown: StatusUnknown}[stock.Status]
	if s.Status != want || !s.RevocationTime.Equal(stock.RevokedAt) || int(s.Reason) != stock.RevocationReason {
		t.Errorf("status %s, %v, %s; x/crypto/ocsp reads %s, %v, %d", s.Status, s.RevocationTime, s.Reason, want, stock.RevokedAt, stock.RevocationReason)
	}
	if stock.Certificate != nil && !slices.Contains(noted, DevUnusedBits) {
		if signature := b.FindSigner(nil, nil).Signature; signature.State != SignatureValid {
			t.Errorf("x/crypto/ocsp verifies the signature, we say %+v", signature)
		}
	}
}

// FuzzOCSPRequest is FuzzOCSPResponse for requests.
func FuzzOCSPRequest(f *testing.F) {
	ca := ecAuthority(f)
	id := must(NewCertID(crypto.SHA1, ca.cert, Serial{1, 2, 3}))
	sha2 := must(NewCertID(crypto.SHA256, ca.cert, Serial{0, 0xff}))
	for _, template := range []RequestTemplate{
		{}, {CertIDs: []CertID{id}}, {CertIDs: []CertID{sha2, id}, Nonce: []byte{1}}, {CertIDs: []CertID{id}, ExplicitVersion: true},
		{CertIDs: []CertID{id}, RequestorName: encodeDER(0x82, []byte("name")), SingleExtensions: []Extension{{ID: OIDServiceLocator, Value: []byte{0x30, 0}}}},
	} {
		f.Add(BuildOCSPRequest(template))
	}
	f.Add(BuildOCSPRequest(RequestTemplate{CertIDs: []CertID{id}, ExplicitVersion: true, Edit: func(der []byte) []byte {
		der[5] = 0x7f // the length of the version's wrapper
		return der
	}}))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := ReadOCSPRequest(body)
		stock, err := ocsp.ParseRequest(body)
		if err != nil {
			return
		}
		if !excused(r.Broken, r.Deviations, body) {
			t.Fatalf("x/crypto/ocsp accepts what stopped us: %v", r.Broken)
		}
		if r.Broken != nil || slices.Contains(kinds(r.Deviations), DevTrailing) {
			return
		}
		c := r.Requests[0].CertID
		if c.Serial.Big().Cmp(stock.SerialNumber) != 0 || c.Hash() != stock.HashAlgorithm ||
			!bytes.Equal(c.IssuerNameHash, stock.IssuerNameHash) || !bytes.Equal(c.IssuerKeyHash, stock.IssuerKeyHash) {
			t.Errorf("CertID %+v, x/crypto/ocsp reads %+v", c, stock)
		}
	})
}
