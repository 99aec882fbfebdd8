package transport

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/revprobe/revprobe/probe/evidence"
)

// FuzzReadAnswer has net/http as the oracle: an answer that it reads whole is read to the
// same status and body here. Whatever comes, the limit holds and a failure has words.
func FuzzReadAnswer(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", "HTTP/1.0 400 Bad\r\n\r\nHTTP/1.0 200 OK\r\n\r\n0",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", "HTTP/1.1 204\r\n\r\n", "\x30\x03\x0a\x01\x00",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 1, 1\r\n\r\nx",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, octets []byte) {
		const limit = 512
		var x evidence.Exchange
		arrived := 0
		problem := readAnswer(bytes.NewReader(octets), room{limit: limit}, &x, func() { arrived++ })
		if len(x.Body) > limit {
			t.Errorf("kept %d octets", len(x.Body))
		}
		if (arrived == 1) != (len(octets) > 0) {
			t.Errorf("the first of %d octets arrived %d times", len(octets), arrived)
		}
		if problem != nil && (problem.class == "" || problem.detail == "" || problem.class.Ours()) {
			t.Errorf("failure %+v", *problem)
		}
		if problem == nil && (x.Code < 100 || x.Code > 999 || x.Proto == "") {
			t.Errorf("no failure, and status %s %d", x.Proto, x.Code)
		}
		code, body, whole := stockAnswer(octets)
		if !whole || len(body) > limit {
			return
		}
		if problem != nil || x.Code != code || !bytes.Equal(x.Body, body) {
			t.Errorf("net/http reads %d %q; this is %d %q %+v", code, body, x.Code, x.Body, problem)
		}
	})
}

// stockAnswer is the final answer as net/http reads it.
func stockAnswer(octets []byte) (code int, body []byte, whole bool) {
	r := bufio.NewReader(bytes.NewReader(octets))
	for {
		answer, err := http.ReadResponse(r, nil)
		if err != nil || answer.StatusCode < 100 { // net/http takes 000 for a status
			return 0, nil, false
		}
		if answer.StatusCode >= 200 || answer.StatusCode == http.StatusSwitchingProtocols {
			body, err = io.ReadAll(answer.Body)
			return answer.StatusCode, body, err == nil
		}
	}
}
