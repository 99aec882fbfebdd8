package transport

import (
	"bufio"
	"bytes"
	"errors"
	"net/http"
	"net/textproto"
	"strings"

	"github.com/revprobe/revprobe/probe/evidence"
)

// maxHead caps, in octets, the status line and header of an answer.
const maxHead = 256 << 10

var errLongHead = errors.New("the header is longer than 256 KiB")

// startsAsHTTP reports whether the octets are, as far as they go, an HTTP/1 status line.
func startsAsHTTP(head []byte) bool {
	const version = "HTTP/"
	return bytes.HasPrefix(head, []byte(version[:min(len(version), len(head))]))
}

// readHead reads the status line and the header, past interim answers (RFC 9110 §15.2).
// Header values stay as they were sent.
func readHead(r *bufio.Reader, x *evidence.Exchange) *failure {
	text := textproto.NewReader(r)
	for {
		line, err := text.ReadLine()
		if err != nil {
			return readFailure(evidence.HeadTimeout, "the status line", err)
		}
		var ok bool
		if x.Proto, x.Code, ok = statusLine(line); !ok {
			if _, ended := r.Peek(1); ended != nil && startsAsHTTP([]byte(line)) {
				return readFailure(evidence.HeadTimeout, "the status line", ended)
			}
			return failed(evidence.HTTPSyntax, "the answer begins with %.64q, no HTTP status line", line)
		}
		header, err := text.ReadMIMEHeader()
		x.Header = http.Header(header)
		if err != nil {
			if _, ended := r.Peek(1); ended != nil {
				err = ended // a line that is cut off reads like one that is whole
			}
			return readFailure(evidence.HeadTimeout, "the header", err)
		}
		if x.Code < 100 || x.Code >= 200 || x.Code == http.StatusSwitchingProtocols {
			return nil
		}
		if x.Wire != nil {
			x.Interim = append(x.Interim, x.Code)
		}
		x.Proto, x.Code, x.Header = "", 0, nil
	}
}

// statusLine reads the version and status of a line such as "HTTP/1.0 200 OK"; the
// reason phrase may be absent.
func statusLine(line string) (proto string, code int, ok bool) {
	proto, rest, _ := strings.Cut(line, " ")
	if _, _, ok := http.ParseHTTPVersion(proto); !ok {
		return "", 0, false
	}
	status, _, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	if len(status) != 3 {
		return "", 0, false
	}
	for _, digit := range []byte(status) {
		if digit < '0' || digit > '9' {
			return "", 0, false
		}
		code = 10*code + int(digit-'0')
	}
	return proto, code, code >= 100 // RFC 9110 §15: the first digit is the class
}
