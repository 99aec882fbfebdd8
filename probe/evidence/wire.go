package evidence

import (
	"net/http"
	"strings"
)

// Wire is what an HTTP request has that the usual ones have not.
type Wire struct {
	Proto string `json:"proto,omitempty"` // "HTTP/1.0"; empty: HTTP/1.1
	// Header is fields as they are sent, "Name: value", each in place of the usual one of
	// that name; a name alone leaves the field out.
	Header  []string `json:"header,omitempty"`
	Chunked bool     `json:"chunked,omitempty"` // the body has the chunked transfer coding (RFC 9112 §7.1)
	Pace    int      `json:"pace,omitempty"`    // octets of the body a second; 0: as fast as they go
	// Follow is further requests (DER), each posted on the same connection before the one
	// before is answered (RFC 9112 §9.3.2).
	Follow [][]byte `json:"follow,omitempty"`
}

// Field returns what Header says of the field of that name, and whether it speaks of it at
// all: left out is said with an empty value.
func (w *Wire) Field(name string) (value string, said bool) {
	if w == nil {
		return "", false
	}
	for _, line := range w.Header {
		if n, v, _ := strings.Cut(line, ":"); strings.EqualFold(n, name) {
			return strings.TrimSpace(v), true
		}
	}
	return "", false
}

// Answer is an HTTP answer that came after another one on the same connection.
type Answer struct {
	Proto  string      `json:"proto"`
	Code   int         `json:"code"`
	Header http.Header `json:"header,omitempty"`
	Body   []byte      `json:"body,omitempty"`
}
