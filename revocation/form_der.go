package revocation

import "bytes"

// shape is one element of a head that may be cut: of its content, only what is there.
type shape struct {
	tag     byte
	content []byte
}

// shapes looks at the first elements inside b, as many as there is room for in list.
func shapes(list []shape, b []byte) []shape {
	for len(list) < cap(list) && len(b) > 0 && (b[0] != 0 || len(b) > 1 && b[1] != 0) {
		header, length, problem := readHeader(b)
		if problem != "" {
			return append(list, shape{tag: b[0]})
		}
		content := b[header:]
		if length >= 0 && length < int64(len(content)) {
			content = content[:length]
		} else if length < 0 {
			if end, ok := indefiniteEnd(content, 0); ok {
				content, header = content[:end], header+2
			}
		}
		list = append(list, shape{b[0], content})
		b = b[header+len(content):]
	}
	return list
}

func tagAt(list []shape, i int) byte {
	if i < len(list) {
		return list[i].tag
	}
	return 0
}

// kindOfDER goes by the first elements of the outermost SEQUENCE.
func kindOfDER(head []byte) Kind {
	var first [1]shape
	outer := shapes(first[:0], head)
	if len(outer) == 0 || outer[0].tag != tagSequence {
		return KindUnrecognised
	}
	var room [3]shape
	in := shapes(room[:0], outer[0].content)
	switch tagAt(in, 0) {
	case tagEnumerated:
		return KindOCSPResponse
	case tagOID:
		if bytes.HasPrefix([]byte(oidSignedData), in[0].content[:min(len(in[0].content), 8)]) && len(in[0].content) == len(oidSignedData) {
			return KindCMS
		}
	case tagInteger:
		// responseStatus with the wrong tag: alone, or before responseBytes. A private
		// key begins with an INTEGER too, but goes on with another element.
		if next := tagAt(in, 1); len(in[0].content) == 1 && (next == contextConstructedTag(0) || next == 0 && len(head) <= 5) {
			return KindOCSPResponse
		}
	case tagSequence:
		if kind := kindOfSigned(in); kind != KindUnrecognised {
			return kind
		}
	}
	if bytes.Contains(head[:min(len(head), 64)], []byte(OIDBasicResponse)) {
		return KindOCSPResponse
	}
	return KindUnrecognised
}

// kindOfSigned tells by the "to be signed" part, which comes first in all of them.
func kindOfSigned(outer []shape) Kind {
	var room [8]shape
	in := shapes(room[:0], outer[0].content)
	switch tagAt(in, 0) {
	case contextConstructedTag(0): // version: of a certificate, a request or a bare ResponseData
		switch tagAt(in, 1) {
		case tagSequence:
			if len(in) > 2 && in[2].tag == tagSequence {
				return KindCertificate // without its serial number
			}
			return KindOCSPRequest
		case contextConstructedTag(1):
			return requestOrResponse(in[1:])
		case contextConstructedTag(2):
			return KindOCSPResponse
		}
		return KindCertificate
	case contextConstructedTag(1):
		return requestOrResponse(in)
	case contextConstructedTag(2):
		return KindOCSPResponse
	case tagSequence:
		if isRequestList(in[0].content) {
			return KindOCSPRequest
		}
	}
	if isRequestInfo(in) {
		return KindUnrecognised
	}
	return crlOrCertificate(in)
}

// isRequestInfo recognises the CertificationRequestInfo of a certificate request (RFC 2986
// §4.1), of which nothing here is decoded: a version, a Name, a public key, [0].
func isRequestInfo(in []shape) bool {
	return len(in) == 4 && in[0].tag == tagInteger && in[1].tag == tagSequence && in[2].tag == tagSequence &&
		in[3].tag == contextConstructedTag(0) && (len(in[1].content) == 0 || in[1].content[0] == tagSet)
}

// requestOrResponse tells requestorName of a request from responderID byName of a
// ResponseData, which producedAt follows.
func requestOrResponse(in []shape) Kind {
	if tagAt(in, 1) == tagGeneralizedTime {
		return KindOCSPResponse
	}
	return KindOCSPRequest
}

// isRequestList reports whether a SEQUENCE holds Requests rather than being an
// AlgorithmIdentifier.
func isRequestList(content []byte) bool {
	var first [1]shape
	request := shapes(first[:0], content)
	return len(request) == 0 || request[0].tag == tagSequence
}

// crlOrCertificate tells by where the times are: among the fields of tbsCertList, or in
// a Validity of their own.
func crlOrCertificate(in []shape) Kind {
	for _, s := range in {
		switch {
		case s.tag == tagUTCTime || s.tag == tagGeneralizedTime:
			return KindCRL
		case s.tag == tagSequence && len(s.content) > 0 && (s.content[0] == tagUTCTime || s.content[0] == tagGeneralizedTime):
			return KindCertificate
		}
	}
	// Cut or damaged before that. Serial numbers are long, versions are not.
	switch {
	case tagAt(in, 0) == tagInteger && len(in[0].content) > 1:
		return KindCertificate
	case tagAt(in, 0) == tagInteger, tagAt(in, 0) == tagSequence:
		return KindCRL
	}
	return KindUnrecognised
}
