package revocation

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

func unhex(text string) []byte { return must(hex.DecodeString(strings.ReplaceAll(text, " ", ""))) }

func TestReadOCSPResponseConforming(t *testing.T) {
	ca := ecAuthority(t)
	responder := ca.delegate("Responder", testKeys()["P-256 other"])
	revokedAt := noon.Add(-time.Hour)
	r := ReadOCSPResponse(answer{
		signer: responder, issuer: ca, certs: embed(responder.cert),
		single: single{
			status:     encodeDER(0xa1, generalized(revokedAt), encodeDER(0xa0, []byte{0x0a, 1, 1})),
			extensions: encodeExtensions(1, []Extension{{ID: OIDArchiveCutoff, Value: generalized(noon.AddDate(-1, 0, 0))}}),
		},
		extensions: encodeExtensions(1, []Extension{{ID: OIDNonce, Value: []byte{4, 2, 0xab, 0xcd}}, {ID: OIDExtendedRevoke, Value: []byte{5, 0}}}),
	}.der())
	if r.Broken != nil || len(r.Deviations) > 0 {
		t.Fatalf("conforming response: broken %v, deviations %v", r.Broken, r.Deviations)
	}
	if r.Status != Successful || !r.HasBytes || r.ResponseType != OIDBasicResponse {
		t.Errorf("status %v, bytes %v, type %v", r.Status, r.HasBytes, r.ResponseType)
	}
	b := r.Basic
	if len(b.Singles) != 1 || !b.HasCertificates || len(b.Certificates) != 1 || !b.HasExtensions || b.ExplicitVersion {
		t.Fatalf("basic response %+v", b)
	}
	s := b.Singles[0]
	if s.Status != StatusRevoked || !s.RevocationTime.Equal(revokedAt) || !s.HasReason || s.Reason != ReasonKeyCompromise {
		t.Errorf("single %+v", s)
	}
	if !b.ProducedAt.Equal(noon) || !s.ThisUpdate.Equal(noon) || !s.NextUpdate.Equal(noon.AddDate(0, 0, 4)) {
		t.Errorf("times %v %v %v", b.ProducedAt, s.ThisUpdate, s.NextUpdate)
	}
	if nonce, ok := b.Nonce(); !ok || !bytes.Equal(nonce, []byte{0xab, 0xcd}) || !b.ExtendedRevoke() {
		t.Errorf("nonce %x %v, extended revoke %v", nonce, ok, b.ExtendedRevoke())
	}
	if cutoff := s.ArchiveCutoff(); !cutoff.Equal(noon.AddDate(-1, 0, 0)) || r.Raw[cutoff.Offset] != tagGeneralizedTime {
		t.Errorf("archive cutoff %v at %d", cutoff, cutoff.Offset)
	}
	if !s.CertID.NamesIssuer(ca.cert) || s.CertID.Serial.Big().Int64() != 0xd00d {
		t.Errorf("CertID %+v", s.CertID)
	}
	if c := b.Certificates[0]; c.Certificate == nil || !bytes.Equal(r.Raw[c.Offset:][:len(c.Raw)], responder.cert.Raw) {
		t.Errorf("certificate at %d: %s", c.Offset, c.Problem)
	}
	if r.Raw[s.Offset] != tagSequence || !bytes.Equal(r.Raw[s.CertID.Offset:][:len(s.CertID.Raw)], s.CertID.Raw) {
		t.Errorf("offsets %d, %d", s.Offset, s.CertID.Offset)
	}
}

// TestReadOCSPResponseDeviations changes one thing of a conforming response each time, and
// wants exactly the deviations named, as "kind field".
func TestReadOCSPResponseDeviations(t *testing.T) {
	ca := ecAuthority(t)
	base := answer{signer: ca}
	utc := encodeDER(tagUTCTime, []byte("260302120000Z"))
	dup := []Extension{{ID: OIDCrlID, Value: []byte{0x30, 0}}, {ID: OIDCrlID, Value: []byte{0x30, 0}}}
	tests := map[string]struct {
		change func(*answer)
		want   []string
	}{
		"trailing octets":           {func(a *answer) { a.afterAll = []byte("\n") }, []string{"trailing-bytes OCSPResponse"}},
		"trailing in ResponseBytes": {func(a *answer) { a.afterBytes = []byte{5, 0} }, []string{"trailing-bytes responseBytes"}},
		"trailing in basic":         {func(a *answer) { a.afterBasic = []byte{5, 0} }, []string{"trailing-bytes BasicOCSPResponse"}},
		"trailing in data":          {func(a *answer) { a.afterData = []byte{5, 0} }, []string{"trailing-bytes tbsResponseData"}},
		"trailing in single":        {func(a *answer) { a.single.after = []byte{5, 0} }, []string{"trailing-bytes tbsResponseData.responses[0]"}},
		"explicit version":          {func(a *answer) { a.version = unhex("a003020100") }, []string{"explicit-default tbsResponseData.version"}},
		"padded status":             {func(a *answer) { a.status = unhex("0a020000") }, []string{"non-minimal-integer responseStatus"}},
		"long length":               {func(a *answer) { a.status = unhex("0a810100") }, []string{"non-minimal-length responseStatus"}},
		"UTCTime producedAt":        {func(a *answer) { a.producedAt = utc }, []string{"unexpected-tag tbsResponseData.producedAt"}},
		"UTCTime thisUpdate":        {func(a *answer) { a.single.thisUpdate = utc }, []string{"unexpected-tag tbsResponseData.responses[0].thisUpdate"}},
		"UTCTime nextUpdate":        {func(a *answer) { a.single.nextUpdate = encodeDER(0xa0, utc) }, []string{"unexpected-tag tbsResponseData.responses[0].nextUpdate"}},
		"indefinite nextUpdate":     {func(a *answer) { a.single.nextUpdate = slices.Concat(unhex("a080"), generalized(noon), unhex("0000")) }, []string{"indefinite-length tbsResponseData.responses[0].nextUpdate"}},
		"empty certs":               {func(a *answer) { a.certs = unhex("a0023000") }, []string{"empty-sequence certs"}},
		"null for a certificate":    {func(a *answer) { a.certs = unhex("a00430020500") }, []string{"unexpected-tag certs[0]"}},
		"empty response extensions": {func(a *answer) { a.extensions = unhex("a1023000") }, []string{"empty-sequence tbsResponseData.responseExtensions"}},
		"empty single extensions":   {func(a *answer) { a.single.extensions = unhex("a1023000") }, []string{"empty-sequence tbsResponseData.responses[0].singleExtensions"}},
		"duplicate extension":       {func(a *answer) { a.single.extensions = encodeExtensions(1, dup) }, []string{"duplicate-extension tbsResponseData.responses[0].singleExtensions[1]"}},
		"critical FALSE":            {func(a *answer) { a.extensions = unhex("a1123010300e0603551d14 010100 0404deadbeef") }, []string{"explicit-default tbsResponseData.responseExtensions[0].critical"}},
		"critical 01":               {func(a *answer) { a.extensions = unhex("a1123010300e0603551d14 010101 0404deadbeef") }, []string{"boolean-value tbsResponseData.responseExtensions[0].critical"}},
		"raw nonce": {func(a *answer) {
			a.extensions = encodeExtensions(1, []Extension{{ID: OIDNonce, Value: []byte("raw!")}})
		}, []string{"unreadable-extension tbsResponseData.responseExtensions"}},
		"nextUpdate on 30 February": {func(a *answer) {
			a.single.nextUpdate = encodeDER(0xa0, encodeDER(tagGeneralizedTime, []byte("20260230000000Z")))
		}, []string{"unreadable-time tbsResponseData.responses[0].nextUpdate"}},
		"absent status":       {func(a *answer) { a.single.status = []byte{} }, []string{"missing-element tbsResponseData.responses[0].certStatus"}},
		"unknown status":      {func(a *answer) { a.single.status = unhex("8300") }, []string{"unexpected-tag tbsResponseData.responses[0].certStatus"}},
		"constructed good":    {func(a *answer) { a.single.status = unhex("a000") }, []string{"unexpected-tag tbsResponseData.responses[0].certStatus"}},
		"good with content":   {func(a *answer) { a.single.status = unhex("800100") }, []string{"null-content tbsResponseData.responses[0].certStatus"}},
		"two statuses":        {func(a *answer) { a.single.status = unhex("80008200") }, []string{"unexpected-tag tbsResponseData.responses[0].certStatus"}},
		"responderID [3]":     {func(a *answer) { a.responderID = unhex("a3020500") }, []string{"unexpected-tag tbsResponseData.responderID"}},
		"no responderID":      {func(a *answer) { a.responderID = []byte{} }, []string{"missing-element tbsResponseData.responderID"}},
		"long length in name": {func(a *answer) { a.responderID = unhex("a110300e310c308109060355040313024341") }, []string{"non-minimal-length tbsResponseData.responderID.0.0"}},
		"unused bits":         {func(a *answer) { a.signature = unhex("030203f8") }, []string{"bit-string-unused signature"}},
		"null for ECDSA": {func(a *answer) {
			a.algorithm = AlgorithmIdentifier{Algorithm: OIDECDSAWithSHA256, Parameters: []byte{5, 0}}.marshal()
		}, []string{"algorithm-parameters signatureAlgorithm.parameters"}},
		"integer for RSA": {func(a *answer) {
			a.algorithm = AlgorithmIdentifier{Algorithm: OIDSHA256WithRSA, Parameters: []byte{2, 1, 0}}.marshal()
		}, []string{"algorithm-parameters signatureAlgorithm.parameters"}},
		"full null for RSA": {func(a *answer) {
			a.algorithm = AlgorithmIdentifier{Algorithm: OIDSHA1WithRSA, Parameters: []byte{5, 1, 0}}.marshal()
		}, []string{"algorithm-parameters signatureAlgorithm.parameters"}},
		"PSS without parameters": {func(a *answer) { a.algorithm = AlgorithmIdentifier{Algorithm: OIDRSAPSS}.marshal() }, []string{"algorithm-parameters signatureAlgorithm.parameters"}},
		"PSS explicit salt default": {func(a *answer) {
			a.algorithm = AlgorithmIdentifier{Algorithm: OIDRSAPSS, Parameters: unhex("3005a203020114")}.marshal()
		}, []string{"explicit-default signatureAlgorithm.parameters.saltLength"}},
		"PSS unreadable": {func(a *answer) {
			a.algorithm = AlgorithmIdentifier{Algorithm: OIDRSAPSS, Parameters: unhex("3005a203040114")}.marshal()
		}, []string{"algorithm-parameters signatureAlgorithm.parameters"}},
		"PSS odd trailer": {func(a *answer) {
			a.algorithm = AlgorithmIdentifier{Algorithm: OIDRSAPSS, Parameters: unhex("3005a303020102")}.marshal()
		}, []string{"algorithm-parameters signatureAlgorithm.parameters"}},
		"response in two pieces":     {func(a *answer) { a.wrapper = inPieces(a.der()) }, []string{"constructed-string responseBytes.response"}},
		"padded OID":                 {func(a *answer) { a.algorithm = unhex("30060604802b0101") }, []string{"oid-encoding signatureAlgorithm.algorithm"}},
		"RSA absent (no deviation)":  {func(a *answer) { a.algorithm = AlgorithmIdentifier{Algorithm: OIDSHA256WithRSA}.marshal() }, nil},
		"CertID integer for SHA-1":   {func(a *answer) { a.single.certID = unhex("3014 300a06052b0e03021a020100 0400 0400 02020100") }, []string{"algorithm-parameters tbsResponseData.responses[0].certID.hashAlgorithm.parameters"}},
		"CertID trailing and padded": {func(a *answer) { a.single.certID = unhex("3013300706052b0e03021a04000400020200010500") }, []string{"non-minimal-integer tbsResponseData.responses[0].certID.serialNumber", "trailing-bytes tbsResponseData.responses[0].certID"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			changed := base
			test.change(&changed)
			r := ReadOCSPResponse(changed.der())
			var got []string
			for _, d := range r.Deviations {
				got = append(got, d.Kind+" "+d.Field)
				if d.Offset < 0 || d.Offset >= int64(len(r.Raw)) || d.Detail == "" {
					t.Errorf("deviation %v: offset outside the %d octets, or no detail", d, len(r.Raw))
				}
			}
			if !slices.Equal(got, test.want) || r.Broken != nil {
				t.Errorf("got %q, want %q; broken %v", r.Deviations, test.want, r.Broken)
			}
			if r.Basic == nil || len(r.Basic.Singles) != 1 || !r.Basic.Singles[0].ThisUpdate.Equal(noon) || !r.Basic.ProducedAt.Equal(noon) {
				t.Errorf("what could be read is missing: %+v", r.Basic)
			}
		})
	}
}

// inPieces returns the responseBytes of a response with its OCTET STRING in two pieces.
func inPieces(body []byte) []byte {
	basic := bytes.Index(body, []byte(OIDBasicResponse)) + len(OIDBasicResponse)
	var n notes
	content, _, _ := n.cursor(body[basic:], 0, root("")).octetString("response")
	return encodeDER(0xa0, encodeDER(tagSequence, encodeDER(tagOID, []byte(OIDBasicResponse)),
		encodeDER(0x24, encodeDER(tagOctetString, content[:10]), encodeDER(tagOctetString, content[10:]))))
}

func TestReadOCSPResponseBroken(t *testing.T) {
	ca := ecAuthority(t)
	base := answer{signer: ca}
	whole := base.der()
	change := func(f func(*answer)) []byte { a := base; f(&a); return a.der() }
	tests := map[string]struct {
		body    []byte
		field   string
		offset  int64 // -1: not compared
		problem string
	}{
		"empty":                {nil, "OCSPResponse", 0, "missing"},
		"HTML":                 {[]byte("<html>"), "OCSPResponse", 0, "tag"},
		"PEM":                  {[]byte("-----BEGIN OCSP RESPONSE-----\n"), "OCSPResponse", 0, "tag"},
		"one octet":            {[]byte{0x30}, "OCSPResponse", 0, "ends after"},
		"truncated":            {whole[:len(whole)-1], "OCSPResponse", 0, "length says"},
		"no status":            {unhex("3000"), "responseStatus", 2, "missing"},
		"integer status":       {unhex("3003020100"), "responseStatus", 2, "ENUMERATED"},
		"status of no octets":  {unhex("30020a00"), "responseStatus", 2, "without octets"},
		"empty responseBytes":  {unhex("30050a0100a000"), "responseBytes", 7, "missing"},
		"null responseType":    {change(func(a *answer) { a.kind = []byte{5, 0} }), "responseBytes.responseType", -1, "OBJECT IDENTIFIER"},
		"thisUpdate a string":  {change(func(a *answer) { a.single.thisUpdate = []byte{4, 0} }), "tbsResponseData.responses[0].thisUpdate", -1, "GeneralizedTime"},
		"revoked without time": {change(func(a *answer) { a.single.status = unhex("a100") }), "tbsResponseData.responses[0].certStatus.revocationTime", -1, "missing"},
		"single a null":        {change(func(a *answer) { a.singles = unhex("0500") }), "tbsResponseData.responses[0]", -1, "SEQUENCE"},
		"no signature":         {change(func(a *answer) { a.signature = []byte{} }), "signature", -1, "missing"},
		"empty nextUpdate":     {change(func(a *answer) { a.single.nextUpdate = unhex("a000") }), "tbsResponseData.responses[0].nextUpdate", -1, "missing"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := ReadOCSPResponse(test.body).Broken
			if b == nil {
				t.Fatal("not broken")
			}
			if b.Field != test.field || test.offset >= 0 && b.Offset != test.offset || !strings.Contains(b.Problem, test.problem) {
				t.Errorf("broken at %q, octet %d: %q; want %q, octet %d, %q", b.Field, b.Offset, b.Problem, test.field, test.offset, test.problem)
			}
		})
	}
}

// TestReadOCSPResponseReadsOn checks that what cannot be read in one SingleResponse does not
// hide the next one, the signature or the certificates.
func TestReadOCSPResponseReadsOn(t *testing.T) {
	ca := ecAuthority(t)
	broken := single{thisUpdate: []byte{4, 0}}
	r := ReadOCSPResponse(answer{
		signer: ca, certs: embed(ca.cert),
		singles: slices.Concat(broken.der(ca), single{}.der(ca)),
	}.der())
	if r.Broken == nil || r.Broken.Field != "tbsResponseData.responses[0].thisUpdate" {
		t.Fatalf("broken %v", r.Broken)
	}
	if b := r.Basic; len(b.Singles) != 2 || !b.Singles[1].ThisUpdate.Equal(noon) || len(b.Certificates) != 1 {
		t.Errorf("basic %+v", b)
	}
	if s := r.Basic.FindSigner(ca.cert, nil); s.Signature.State != SignatureValid {
		t.Errorf("signature %+v", s.Signature)
	}
}

// TestListsAreBounded checks that lists of elements of two octets each, millions of which
// fit into a small document, are not read to their end, and are up to the bound.
func TestListsAreBounded(t *testing.T) {
	ca := ecAuthority(t)
	tiny := func(n int) []byte { return bytes.Repeat([]byte{0x30, 0}, n) }
	full := ReadOCSPResponse(answer{signer: ca, singles: bytes.Repeat(single{}.der(ca), maxListed)}.der())
	if full.Broken != nil || len(full.Basic.Singles) != maxListed {
		t.Errorf("a full list: %v", full.Broken)
	}
	over := ReadOCSPResponse(answer{signer: ca, singles: bytes.Repeat(single{}.der(ca), maxListed+1)}.der())
	if over.Broken == nil || over.Broken.Field != "tbsResponseData.responses[1024]" || len(over.Basic.Singles) != maxListed {
		t.Errorf("one more: %v", over.Broken)
	}
	certs := ReadOCSPResponse(answer{signer: ca, certs: encodeDER(0xa0, encodeDER(tagSequence, tiny(maxListed+1)))}.der())
	if certs.Broken == nil || len(certs.Basic.Certificates) != maxListed {
		t.Errorf("certificates: %v", certs.Broken)
	}
	problem := certs.Basic.FindSigner(nil, nil).Signature.Problem
	if strings.Count(problem, "cannot be read") != maxNamed || !strings.Contains(problem, "nor can 1021 more") {
		t.Errorf("problem: %s", problem)
	}
	request := ReadOCSPRequest(encodeDER(tagSequence, encodeDER(tagSequence, encodeDER(tagSequence, tiny(maxListed+1)))))
	if request.Broken == nil || len(request.Requests) != maxListed {
		t.Errorf("%d requests: %v", len(request.Requests), request.Broken)
	}
}

func TestReadOCSPResponseStatuses(t *testing.T) {
	tests := map[string]struct {
		want ResponseStatus
		name string
	}{
		"30030a0100": {Successful, "successful"}, "30030a0101": {MalformedRequest, "malformedRequest"},
		"30030a0102": {InternalError, "internalError"}, "30030a0103": {TryLater, "tryLater"},
		"30030a0104": {4, "status 4"}, "30030a0105": {SigRequired, "sigRequired"},
		"30030a0106": {Unauthorized, "unauthorized"}, "30030a0107": {7, "status 7"}, "30030a0163": {99, "status 99"},
		"30030a01ff": {-1, "unreadable status"}, "30040a020100": {-1, "unreadable status"},
		"30080a06010000000000": {-1, "unreadable status"},
	}
	for body, test := range tests {
		r := ReadOCSPResponse(unhex(body))
		if r.Status != test.want || r.Status.String() != test.name || r.Broken != nil || r.HasBytes {
			t.Errorf("%s: status %d (%s), broken %v; want %d (%s)", body, r.Status, r.Status, r.Broken, test.want, test.name)
		}
	}
}

func TestReadOCSPResponseReasonsAndTimes(t *testing.T) {
	ca := ecAuthority(t)
	for octet, name := range map[byte]string{0: "unspecified", 1: "keyCompromise", 2: "cACompromise", 3: "affiliationChanged",
		4: "superseded", 5: "cessationOfOperation", 6: "certificateHold", 7: "reason 7", 8: "removeFromCRL",
		9: "privilegeWithdrawn", 10: "aACompromise"} {
		status := encodeDER(0xa1, generalized(noon), encodeDER(0xa0, []byte{0x0a, 1, octet}))
		s := ReadOCSPResponse(answer{signer: ca, single: single{status: status}}.der()).Basic.Singles[0]
		if !s.HasReason || s.Reason.String() != name {
			t.Errorf("reason %d reads as %s, want %s", octet, s.Reason, name)
		}
	}
	s := ReadOCSPResponse(answer{signer: ca, single: single{
		status: unhex("8200"), thisUpdate: encodeDER(tagGeneralizedTime, []byte("20260302130000.5+0100")), nextUpdate: []byte{},
	}}.der()).Basic.Singles[0]
	if s.Status != StatusUnknown || s.Status.String() != "unknown" || s.NextUpdate.Present() {
		t.Errorf("single %+v", s)
	}
	if !s.ThisUpdate.Equal(noon.Add(500*time.Millisecond)) || s.ThisUpdate.WellFormed() {
		t.Errorf("thisUpdate %v, well-formed %v", s.ThisUpdate, s.ThisUpdate.WellFormed())
	}
}

// TestReadOCSPResponseOfStockEncoder reads what x/crypto/ocsp writes.
func TestReadOCSPResponseOfStockEncoder(t *testing.T) {
	ca := ecAuthority(t)
	responder := ca.delegate("Responder", testKeys()["RSA"])
	der := must(ocsp.CreateResponse(ca.cert, responder.cert, ocsp.Response{
		Status: ocsp.Revoked, SerialNumber: big.NewInt(-129), ThisUpdate: noon, NextUpdate: noon.Add(time.Hour),
		RevokedAt: noon.Add(-time.Hour), RevocationReason: ocsp.Superseded, Certificate: responder.cert,
	}, responder.key))
	r := ReadOCSPResponse(der)
	if r.Broken != nil || len(r.Deviations) > 0 {
		t.Fatalf("broken %v, deviations %v", r.Broken, r.Deviations)
	}
	s := r.Basic.Singles[0]
	if s.Status != StatusRevoked || s.Reason != ReasonSuperseded || s.CertID.Serial.Big().Int64() != -129 || !s.NextUpdate.Equal(noon.Add(time.Hour)) {
		t.Errorf("single %+v", s)
	}
	signer := r.Basic.FindSigner(ca.cert, nil)
	if !signer.Authorized() || signer.IsIssuer || !signer.IssuedByCA || !signer.HasEKU || !signer.MatchesID || !signer.Embedded || !signer.NoCheck {
		t.Errorf("signer %+v", signer)
	}
}

// TestCorruptionCensus flips every bit of two conforming responses: none may go unnoticed.
func TestCorruptionCensus(t *testing.T) {
	rsaCA := newAuthority("RSA CA", testKeys()["RSA"])
	ecCA := ecAuthority(t)
	responder := ecCA.delegate("Responder", testKeys()["P-256 other"])
	for name, test := range map[string]struct {
		issuer *x509.Certificate
		body   []byte
	}{
		"direct, RSA":       {rsaCA.cert, answer{signer: rsaCA}.der()},
		"delegated, ECDSA":  {ecCA.cert, answer{signer: responder, issuer: ecCA, certs: embed(responder.cert)}.der()},
		"direct and byName": {ecCA.cert, answer{signer: ecCA, responderID: ecCA.byName()}.der()},
	} {
		t.Run(name, func(t *testing.T) {
			if !unremarkable(test.body, test.issuer) {
				t.Fatal("the response is not conforming to begin with")
			}
			for i := range test.body {
				for bit := range 8 {
					flipped := bytes.Clone(test.body)
					flipped[i] ^= 1 << bit
					if unremarkable(flipped, test.issuer) {
						t.Errorf("octet %d: %02x for %02x goes unnoticed", i, flipped[i], test.body[i])
					}
				}
			}
		})
	}
}

func unremarkable(body []byte, issuer *x509.Certificate) bool {
	r := ReadOCSPResponse(body)
	if r.Broken != nil || len(r.Deviations) > 0 || r.Status != Successful || r.ResponseType != OIDBasicResponse {
		return false
	}
	signer := r.Basic.FindSigner(issuer, nil)
	return signer.Signature.State == SignatureValid && signer.Authorized() && signer.MatchesID
}
