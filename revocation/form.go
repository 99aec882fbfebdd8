package revocation

import (
	"bytes"
	"encoding/json"
	"unicode"
	"unicode/utf8"
)

// Kind is what a file or body means to be, damaged or not.
type Kind string

// The kinds.
const (
	KindOCSPResponse Kind = "ocsp-response"
	KindOCSPRequest  Kind = "ocsp-request"
	KindCRL          Kind = "crl"
	KindCertificate  Kind = "certificate"
	KindCMS          Kind = "pkcs7"
	KindArchive      Kind = "archive" // of revprobe: its first line is a JSON object with the member "revprobe"
	KindUnrecognised Kind = "unrecognised"
)

// WithArticle names the kind in a sentence: "an OCSP response".
func (k Kind) WithArticle() string {
	switch k {
	case KindOCSPResponse:
		return "an OCSP response"
	case KindOCSPRequest:
		return "an OCSP request"
	case KindCRL:
		return "a CRL"
	case KindCertificate:
		return "a certificate"
	case KindCMS:
		return "a PKCS#7 bundle"
	case KindArchive:
		return "an archive of revprobe"
	}
	return "something else"
}

// Encoding is how a file or body is written, seen from outside: a PEM file behind a
// byte order mark is EncodingBOM.
type Encoding string

// The encodings. Unwrap takes off those from EncodingPEM to EncodingSpace.
const (
	EncodingDER    Encoding = "der" // begins with a tag and a length, whatever follows
	EncodingPEM    Encoding = "pem" // RFC 7468, text before the armour included
	EncodingBase64 Encoding = "base64"
	EncodingGzip   Encoding = "gzip"
	EncodingBOM    Encoding = "bom"         // a UTF-8 or UTF-16 byte order mark before something
	EncodingSpace  Encoding = "white-space" // spaces or line ends before DER
	EncodingHTML   Encoding = "html"
	EncodingXML    Encoding = "xml" // but XHTML is html
	EncodingJSON   Encoding = "json"
	EncodingHTTP   Encoding = "http" // another HTTP answer, with its own status line
	EncodingText   Encoding = "text"
	EncodingZeros  Encoding = "zeros" // nothing but octets 00
	EncodingBinary Encoding = "binary"
	EncodingEmpty  Encoding = "empty"
)

// Form is what a file or body is, as far as its beginning tells.
type Form struct {
	Kind     Kind     `json:"kind"`
	Encoding Encoding `json:"encoding"`
	First    []byte   `json:"first,omitempty"` // its first octets, at most 32, to be shown
}

// HeadSize is how much of a document Recognise looks at; more does no good, less may
// leave the kind untold.
const HeadSize = 8 << 10

const firstOctets = 32

// maxWraps bounds encodings within encodings, such as base64 in gzip.
const maxWraps = 4

// Recognise tells what a document of size octets is (-1 where that is not known) by its
// head, which may be cut anywhere. It reads no more than HeadSize of it and goes by what
// a damaged document still shows, so the decoders have the last word.
func Recognise(head []byte, size int64) Form {
	head = head[:min(len(head), HeadSize)]
	f := Form{Kind: KindUnrecognised, Encoding: EncodingEmpty, First: bytes.Clone(head[:min(len(head), firstOctets)])}
	if size == 0 || len(head) == 0 {
		return f
	}
	f.Encoding = encodingOf(head)
	f.Kind = kindWithin(head, f.Encoding, maxWraps)
	return f
}

// kindWithin looks through encodings for what is inside.
func kindWithin(head []byte, encoding Encoding, wraps int) Kind {
	switch encoding {
	case EncodingDER:
		return kindOfDER(head)
	case EncodingJSON:
		return kindOfJSON(head)
	case EncodingPEM:
		switch kind, other := kindOfLabel(head); {
		case other:
			return KindUnrecognised
		case kind != KindUnrecognised:
			return kind
		}
	case EncodingBase64, EncodingGzip, EncodingBOM, EncodingSpace:
	default:
		return KindUnrecognised
	}
	inner := unwrapHead(head, encoding)
	if wraps == 0 || len(inner) == 0 {
		return KindUnrecognised
	}
	return kindWithin(inner, encodingOf(inner), wraps-1)
}

var byteOrderMarks = [...]string{"\xef\xbb\xbf", "\xfe\xff", "\xff\xfe"}

// markLength is that of the byte order mark at the start of head, or 0.
func markLength(head []byte) int {
	for _, mark := range byteOrderMarks {
		if bytes.HasPrefix(head, []byte(mark)) {
			return len(mark)
		}
	}
	return 0
}

const pemBegin = "-----BEGIN "

// encodingOf tells the outermost encoding of a head that is not empty.
func encodingOf(head []byte) Encoding {
	trimmed := bytes.TrimLeftFunc(head, unicode.IsSpace)
	switch {
	case markLength(head) > 0:
		return EncodingBOM
	case bytes.HasPrefix(head, []byte("HTTP/1.")):
		return EncodingHTTP
	case bytes.HasPrefix(head, []byte("\x1f\x8b\x08")):
		return EncodingGzip
	case len(bytes.Trim(head, "\x00")) == 0:
		return EncodingZeros
	case isText(head):
		return encodingOfText(trimmed)
	case beginsElement(head):
		return EncodingDER
	case bytes.Contains(head, []byte(pemBegin)):
		return EncodingPEM
	case len(trimmed) < len(head) && beginsElement(trimmed) && kindOfDER(trimmed) != KindUnrecognised:
		return EncodingSpace
	case looksHTML(trimmed):
		return markup(trimmed)
	}
	return EncodingBinary
}

func encodingOfText(trimmed []byte) Encoding {
	switch {
	case len(trimmed) == 0:
		return EncodingText
	case looksHTML(trimmed):
		return markup(trimmed)
	case trimmed[0] == '{' || trimmed[0] == '[':
		return EncodingJSON
	case bytes.Contains(trimmed, []byte(pemBegin)):
		return EncodingPEM
	case looksBase64(trimmed):
		return EncodingBase64
	}
	return EncodingText
}

// isText reports whether head is printable UTF-8, except for a character cut at its end.
func isText(head []byte) bool {
	for len(head) > 0 {
		r, n := utf8.DecodeRune(head)
		switch {
		case r == utf8.RuneError && n <= 1:
			return !utf8.FullRune(head)
		case r < ' ' && r != '\t' && r != '\n' && r != '\r' && r != '\f' || r == 0x7f:
			return false
		}
		head = head[n:]
	}
	return true
}

func looksHTML(trimmed []byte) bool {
	start := bytes.ToLower(trimmed[:min(len(trimmed), 32)])
	for _, tag := range []string{"<!doctype", "<html", "<head", "<body", "<?xml", "<!--", "<title", "<script", "<h1", "<p>"} {
		if bytes.HasPrefix(start, []byte(tag)) {
			return true
		}
	}
	return false
}

// markup tells a web page from other XML, such as the error of a store of objects.
func markup(trimmed []byte) Encoding {
	if lower := bytes.ToLower(trimmed); bytes.HasPrefix(lower, []byte("<?xml")) && !bytes.Contains(lower, []byte("<html")) {
		return EncodingXML
	}
	return EncodingHTML
}

// looksBase64 reports whether text is nothing but base64, of either alphabet, and
// decodes to the start of a SEQUENCE.
func looksBase64(text []byte) bool {
	for _, b := range text {
		if base64Value(b) < 0 && b != '=' && !isLineSpace(b) {
			return false
		}
	}
	inner := unwrapHead(text, EncodingBase64)
	return len(inner) > 2 && inner[0] == tagSequence
}

func isLineSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

// beginsElement reports whether head begins as a SEQUENCE does. Nothing else is a
// document of ours.
func beginsElement(head []byte) bool { return len(head) > 0 && head[0] == tagSequence }

// kindOfJSON looks for the member "revprobe" in the object on the first line.
func kindOfJSON(head []byte) Kind {
	line, _, _ := bytes.Cut(bytes.TrimLeftFunc(head, unicode.IsSpace), []byte("\n"))
	decoder := json.NewDecoder(bytes.NewReader(line))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return KindUnrecognised
	}
	// Token by token, so that a line longer than the head can still be told.
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			break
		}
		if name == "revprobe" {
			return KindArchive
		}
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			break
		}
	}
	return KindUnrecognised
}

// kindOfLabel goes by the label of the first PEM block (RFC 7468 §4 to §14); other says
// that it names something which is none of our kinds.
func kindOfLabel(head []byte) (kind Kind, other bool) {
	_, label, _ := bytes.Cut(head, []byte(pemBegin))
	label, _, _ = bytes.Cut(label, []byte("-----"))
	switch string(label) {
	case "X509 CRL", "CRL":
		return KindCRL, false
	case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE":
		return KindCertificate, false
	case "OCSP RESPONSE":
		return KindOCSPResponse, false
	case "OCSP REQUEST":
		return KindOCSPRequest, false
	case "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST":
		return KindUnrecognised, true
	case "PKCS7", "PKCS #7 SIGNED DATA", "CMS":
		return KindCMS, false
	}
	return KindUnrecognised, false
}
