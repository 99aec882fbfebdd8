package revocation

import (
	"crypto/x509"
	"encoding/asn1"
	"reflect"
	"testing"
)

// What is remembered is what would have been found out anew.
func TestMemoryChangesNothing(t *testing.T) {
	ca, other := newAuthority("CA", testKeys()["P-256"]), newAuthority("CA", testKeys()["P-384"])
	responder := ca.delegate("Responder", testKeys()["P-384"])
	body := answer{signer: responder, issuer: ca, certs: encodeDER(0xa0, encodeDER(tagSequence, responder.cert.Raw, []byte{0x30, 1, 0}))}.der()
	m := NewMemory()
	m.Know(ca.cert)
	for range 2 {
		want, got := ReadOCSPResponse(body), m.ReadOCSPResponse(body)
		if !reflect.DeepEqual(want, got) {
			t.Errorf("read %+v, want %+v", got, want)
		}
		for _, issuer := range []authority{ca, other} {
			if want, got := want.Basic.FindSigner(issuer.cert, nil), m.FindSigner(got.Basic, issuer.cert, nil); !reflect.DeepEqual(want, got) {
				t.Errorf("signer %+v, want %+v", got, want)
			}
			id := want.Basic.Singles[0].CertID
			if want, got := id.NamesIssuer(issuer.cert), m.NamesIssuer(id, issuer.cert); want != got {
				t.Errorf("names the issuer: %t, want %t", got, want)
			}
		}
	}
	if first, second := m.ReadOCSPResponse(body), m.ReadOCSPResponse(body); first.Basic.Certificates[0].Certificate != second.Basic.Certificates[0].Certificate {
		t.Error("the same certificate was read twice")
	}
}

// A certificate that is given later, and a responderID that changes, are seen.
func TestMemoryOfSignersIsOfTheSameQuestion(t *testing.T) {
	ca := ecAuthority(t)
	responder := ca.delegate("Responder", testKeys()["P-256 other"])
	given := make([]*x509.Certificate, 1, 2)
	given[0] = ca.cert
	m := NewMemory()
	for _, step := range []struct {
		answer answer
		given  []*x509.Certificate
		want   *x509.Certificate
	}{
		{answer{signer: responder, issuer: ca}, given, nil},
		{answer{signer: responder, issuer: ca}, append(given, responder.cert), responder.cert},
		{answer{signer: ca}, append(given, responder.cert), ca.cert},
		{answer{signer: ca, responderID: ca.byName()}, append(given, responder.cert), ca.cert},
		{answer{signer: responder, issuer: ca, responderID: responder.byName()}, append(given, responder.cert), responder.cert},
		{answer{signer: responder, issuer: ca, certs: embed(responder.cert)}, given, responder.cert},
		{answer{signer: responder, issuer: ca}, nil, nil},
	} {
		s := m.FindSigner(m.ReadOCSPResponse(step.answer.der()).Basic, ca.cert, step.given)
		if s.Certificate != step.want && (s.Certificate == nil || step.want == nil || !s.Certificate.Equal(step.want)) || s.Certificate != nil && !s.MatchesID {
			t.Errorf("%+v: found %+v", step.answer, s)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	m := NewMemory()
	for i := range 3 * maxRemembered {
		m.certificate([]byte{0x30, byte(i), byte(i >> 8)})
	}
	if len(m.read) > maxRemembered {
		t.Errorf("%d certificates are remembered", len(m.read))
	}
}

func TestOIDIsItsArcs(t *testing.T) {
	all := []asn1.ObjectIdentifier{nil, {1}, {1, 3}, {2, 5, 29, 20}, {2, 5, 29}, {2, 5, 29, 20, 1}, {2, 5, 29, 21}, {1, 5, 29, 20}, {2, 999, 3}, {1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}}
	ids := []OID{"", OIDCRLNumber, OIDReasonCode, OIDSCTList, "\x88\x37\x03", "\x2b", "\x55\x1d", "\x55\x1d\x94"}
	for _, id := range ids {
		for _, arcs := range all {
			if want := id != "" && len(arcs) > 1 && id.String() == arcs.String() && id[len(id)-1] < 0x80; id.is(arcs) != want {
				t.Errorf("%s is %s: %t", id, arcs, !want)
			}
		}
	}
}
