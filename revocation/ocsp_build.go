package revocation

import (
	"bytes"
	"slices"
)

// RequestTemplate is an OCSPRequest to be encoded (RFC 6960 §4.1.1). The zero value of
// each field leaves its element out.
type RequestTemplate struct {
	CertIDs          []CertID
	SingleExtensions []Extension // of every Request
	RequestorName    []byte      // a whole GeneralName
	Nonce            []byte      // wrapped in an OCTET STRING and put first; nil for none, empty for one of no octets
	Extensions       []Extension // further requestExtensions: ID, Critical and Value are used
	ExplicitVersion  bool        // encode version v1, which DER leaves out

	// Edit, where set, changes the finished DER, for requests that are not well-formed.
	Edit func(der []byte) []byte
}

// BuildOCSPRequest encodes an unsigned request. What DER forbids it encodes only where the
// template says so.
func BuildOCSPRequest(r RequestTemplate) []byte {
	var version, requestor, extensions []byte
	if r.ExplicitVersion {
		version = encodeDER(contextConstructedTag(0), encodeDER(tagInteger, []byte{0}))
	}
	if r.RequestorName != nil {
		requestor = encodeDER(contextConstructedTag(1), r.RequestorName)
	}
	single := encodeExtensions(0, r.SingleExtensions)
	requests := make([][]byte, len(r.CertIDs))
	for i, id := range r.CertIDs {
		requests[i] = encodeDER(tagSequence, id.Marshal(), single)
	}
	list := r.Extensions
	if r.Nonce != nil {
		list = slices.Insert(slices.Clone(list), 0, Extension{ID: OIDNonce, Value: encodeDER(tagOctetString, r.Nonce)})
	}
	extensions = encodeExtensions(2, list)
	der := encodeDER(tagSequence,
		encodeDER(tagSequence, version, requestor, encodeDER(tagSequence, requests...), extensions))
	if r.Edit != nil {
		der = r.Edit(der)
	}
	return der
}

// encodeExtensions encodes Extensions under an EXPLICIT context tag, or nothing for an
// empty list.
func encodeExtensions(tag byte, list []Extension) []byte {
	if len(list) == 0 {
		return nil
	}
	encoded := make([][]byte, len(list))
	for i, x := range list {
		var critical []byte
		if x.Critical {
			critical = encodeDER(tagBoolean, []byte{0xff})
		}
		encoded[i] = encodeDER(tagSequence, encodeDER(tagOID, []byte(x.ID)), critical, encodeDER(tagOctetString, x.Value))
	}
	return encodeDER(contextConstructedTag(tag), encodeDER(tagSequence, encoded...))
}

// encodeDER encodes one element with the contents joined.
func encodeDER(tag byte, contents ...[]byte) []byte {
	content := bytes.Join(contents, nil)
	out := []byte{tag}
	if n := len(content); n < 0x80 {
		out = append(out, byte(n))
	} else {
		var octets []byte
		for ; n > 0; n >>= 8 {
			octets = append(octets, byte(n))
		}
		slices.Reverse(octets)
		out = append(append(out, 0x80|byte(len(octets))), octets...)
	}
	return append(out, content...)
}
