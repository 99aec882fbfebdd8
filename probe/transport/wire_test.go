package transport_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/transport"
)

// oddly asks a question whose request has a Wire of a server in memory.
func oddly(t *testing.T, w evidence.Wire, request string, serve func(net.Conn)) (x evidence.Exchange) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["udp "+resolver1] = webZone().serve
		n.serving["tcp "+web] = func(c net.Conn) {
			defer c.Close()
			serve(c)
		}
		x = n.client(t, transport.Options{UserAgent: "revprobe/test"}).Ask(t.Context(), evidence.Question{Ask: evidence.Robustness,
			Method: "POST", URL: "http://ca.example/o", Request: []byte(request), Wire: &w})
	})
	return x
}

// reading answers after it has read a whole request.
func reading(answer string) func(net.Conn) {
	return func(c net.Conn) {
		if req, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			_, _ = io.Copy(io.Discard, req.Body)
		}
		_, _ = io.WriteString(c, answer)
	}
}

func TestOddHeads(t *testing.T) {
	const rest = "User-Agent: revprobe/test\r\nAccept: application/ocsp-response\r\nAccept-Encoding: identity\r\n"
	const post = "Content-Type: application/ocsp-request\r\nContent-Length: 2\r\n"
	for want, w := range map[string]evidence.Wire{
		"POST /o HTTP/1.0\r\n" + rest + "Connection: close\r\n" + post + "\r\n0\x00":                                                   {Proto: "HTTP/1.0", Header: []string{"Host"}},
		"POST /o HTTP/1.1\r\n" + rest + "Connection: close\r\n" + post + "hOST: ca.example:80\r\n\r\n0\x00":                            {Header: []string{"hOST: ca.example:80"}},
		"POST /o HTTP/1.1\r\nHost: ca.example\r\n" + rest + post + "\r\n0\x00":                                                         {Header: []string{"Connection"}},
		"POST /o HTTP/1.1\r\nHost: ca.example\r\n" + rest + "Connection: close\r\n" + post[:40] + "Transfer-Encoding: chunked\r\n\r\n": {Chunked: true},
	} {
		x := oddly(t, w, "0\x00", reading(ok("x")))
		if w.Chunked {
			want += "1\r\n0\r\n1\r\n\x00\r\n0\r\n\r\n"
		}
		if string(x.Sent) != want || string(x.Received) != ok("x") || x.Failure != "" || string(x.Body) != "x" {
			t.Errorf("%+v: sent\n%q, want\n%q; received %q, failure %q", w, x.Sent, want, x.Received, x.Failure)
		}
	}
}

func TestPipelined(t *testing.T) {
	w := evidence.Wire{Follow: [][]byte{[]byte("2"), []byte("3")}}
	var closing []bool
	x := oddly(t, w, "1", func(c net.Conn) {
		r := bufio.NewReader(c)
		for range 3 {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			body, _ := io.ReadAll(req.Body)
			closing = append(closing, req.Close)
			defer func() { _, _ = io.WriteString(c, ok("answer to "+string(body))) }() // the last first
		}
	})
	if !slices.Equal(closing, []bool{false, false, true}) {
		t.Errorf("the end of the connection is asked for by %v", closing)
	}
	if string(x.Body) != "answer to 3" || len(x.Further) != 2 || string(x.Further[0].Body) != "answer to 2" || string(x.Further[1].Body) != "answer to 1" || x.Further[0].Code != 200 {
		t.Errorf("%q, then %+v: %s", x.Body, x.Further, x.Detail)
	}
}

func TestPipelinedAnswersMayEnd(t *testing.T) {
	x := oddly(t, evidence.Wire{Follow: [][]byte{[]byte("2"), []byte("3")}}, "1", reading(ok("first")))
	if string(x.Body) != "first" || len(x.Further) != 0 || x.Failure != "" {
		t.Errorf("%q, then %+v: %s", x.Body, x.Further, x.Detail)
	}
}

func TestExpectWaitsForLeave(t *testing.T) {
	for name, says := range map[string]string{"leave": "HTTP/1.1 100 Continue\r\n\r\n", "silence": ""} {
		var began, body time.Time
		x := oddly(t, evidence.Wire{Header: []string{"Expect: 100-continue"}}, "body", func(c net.Conn) {
			r := bufio.NewReader(c)
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			began = time.Now()
			time.Sleep(time.Second)
			_, _ = io.WriteString(c, says)
			_, _ = io.ReadAll(req.Body)
			body = time.Now()
			_, _ = io.WriteString(c, ok("x"))
		})
		want := map[string]time.Duration{"leave": time.Second, "silence": 2 * time.Second}[name]
		if got := body.Sub(began); got != want || x.Code != 200 || (len(x.Interim) == 1) != (says != "") {
			t.Errorf("%s: the body came after %s, want %s; status %d after %v", name, got, want, x.Code, x.Interim)
		}
	}
}

func TestSlowBody(t *testing.T) {
	x := oddly(t, evidence.Wire{Pace: 100}, strings.Repeat("x", 500), reading(ok("x")))
	if x.Timing.Total != 4900*time.Millisecond || x.Failure != "" {
		t.Errorf("500 octets, 100 a second, took %s: %s", x.Timing.Total, x.Detail)
	}
	x = oddly(t, evidence.Wire{Pace: 100}, strings.Repeat("x", 5000), reading(ok("x")))
	if x.Failure != evidence.HTTPTimeout {
		t.Errorf("5000 octets, 100 a second: failure %q", x.Failure)
	}
}

// A server that refuses a body before it has been sent is heard, although it reads no more.
func TestAnswerBeforeTheBody(t *testing.T) {
	x := oddly(t, evidence.Wire{}, strings.Repeat("x", 1<<20), func(c net.Conn) {
		_, _ = bufio.NewReader(c).ReadString('\n')
		_, _ = io.WriteString(c, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
	})
	if x.Code != 413 || len(x.Sent) > 64<<10 {
		t.Errorf("status %d, %d octets are kept of what was sent: %s", x.Code, len(x.Sent), x.Detail)
	}
}
