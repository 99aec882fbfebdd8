package transport

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"

	"github.com/revprobe/revprobe/probe/evidence"
)

// untilClose is the length of a body that ends with the connection.
const untilClose = -1

// room is where a body goes, and how much of it.
type room struct {
	limit int64          // octets
	store evidence.Store // for what is more than InMemory; nil: memory all the same
}

// readBody reads the body into x as far as it comes, up to the limit.
func readBody(r *bufio.Reader, into room, x *evidence.Exchange) *failure {
	if x.Method == http.MethodHead || x.Code == http.StatusNoContent || x.Code == http.StatusNotModified {
		return nil
	}
	var from io.Reader = r
	length, err := contentLength(x.Header)
	chunked := endsChunked(x)
	switch {
	case chunked:
		from = httputil.NewChunkedReader(r)
	case err == nil && length != untilClose:
		from = io.LimitReader(r, length)
	}
	kept, readErr, keepErr := Keep(io.LimitReader(from, into.limit), into.store)
	if kept.Length > 0 {
		x.Body, x.Blob = kept.Body, kept.Blob
	}
	more := false
	if readErr == nil && keepErr == nil && kept.Length == into.limit {
		more, readErr = goesOn(from)
	}
	switch {
	case keepErr != nil:
		return failed(evidence.NotKept, "%s", keepErr)
	case more:
		return failed(evidence.Oversize, "the body is longer than the %d octets that are kept", into.limit)
	case readErr != nil:
		return readFailure(evidence.BodyTimeout, fmt.Sprintf("the body after %d octets", kept.Length), readErr)
	case chunked:
		return nil
	case err != nil:
		return failed(evidence.HTTPSyntax, "reading the header: %s", err)
	case kept.Length < length:
		return failed(evidence.Truncated, "the body has %d of the %d octets of its Content-Length", kept.Length, length)
	}
	return nil
}

// goesOn reports whether another octet comes.
func goesOn(from io.Reader) (bool, error) {
	var one [1]byte
	n, err := io.ReadFull(from, one[:])
	if err == io.EOF {
		err = nil
	}
	return n > 0, err
}

// endsChunked reports whether the last transfer coding is chunked. HTTP/1.0 has no
// transfer codings (RFC 9112 §6.1): such a body is kept as it came.
func endsChunked(x *evidence.Exchange) bool {
	if major, minor, _ := http.ParseHTTPVersion(x.Proto); major < 1 || major == 1 && minor == 0 {
		return false
	}
	codings := strings.Split(strings.Join(x.Header.Values("Transfer-Encoding"), ","), ",")
	return strings.EqualFold(strings.TrimSpace(codings[len(codings)-1]), "chunked")
}

// contentLength reads Content-Length, which may be repeated with one value only (RFC
// 9112 §6.3).
func contentLength(header http.Header) (int64, error) {
	values := header.Values("Content-Length")
	if len(values) == 0 {
		return untilClose, nil
	}
	values = strings.Split(strings.Join(values, ","), ",")
	first := strings.TrimSpace(values[0])
	for _, value := range values[1:] {
		if strings.TrimSpace(value) != first {
			return 0, errors.New("several values of Content-Length")
		}
	}
	length, err := strconv.ParseUint(first, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("Content-Length %q is no length", first)
	}
	return int64(length), nil
}
