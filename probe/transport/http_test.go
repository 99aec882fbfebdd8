package transport_test

import (
	"bufio"
	"io"
	"maps"
	"net"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/transport"
)

// sent is the request, octet for octet, that asking q makes.
func sent(t *testing.T, q evidence.Question) string {
	t.Helper()
	var request string
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["udp "+resolver1] = webZone().serve
		serve := func(c net.Conn) {
			defer c.Close()
			buffer := make([]byte, 4096) // the pipe hands over each Write whole
			size, _ := c.Read(buffer)
			request = string(buffer[:size])
			_, _ = io.WriteString(c, ok("x"))
		}
		n.serving["tcp "+web] = serve
		n.serving["tcp 1.2.3.4:8080"] = serve
		x := n.client(t, transport.Options{UserAgent: "revprobe/test"}).Ask(t.Context(), q)
		if x.Failure != "" {
			t.Fatalf("failure %q: %s", x.Failure, x.Detail)
		}
	})
	return request
}

func TestRequestLineIsUntouched(t *testing.T) {
	for url, want := range map[string]string{
		"http://ca.example":                         "GET / HTTP/1.1\r\nHost: ca.example\r\n",
		"http://ca.example?a=b":                     "GET /?a=b HTTP/1.1\r\nHost: ca.example\r\n",
		"http://ca.example/a.crl#part":              "GET /a.crl HTTP/1.1\r\nHost: ca.example\r\n",
		"http://ca.example/ocsp/MFE%2BTz%2fA%3D%3D": "GET /ocsp/MFE%2BTz%2fA%3D%3D HTTP/1.1\r\nHost: ca.example\r\n",
		"http://ca.example//MF//x+y/==":             "GET //MF//x+y/== HTTP/1.1\r\nHost: ca.example\r\n",
		"http://ca.example/%41/../%2e%2E/.":         "GET /%41/../%2e%2E/. HTTP/1.1\r\nHost: ca.example\r\n",
		"http://ca.example/|\"<>^`{}\\;a@b:c":       "GET /|\"<>^`{}\\;a@b:c HTTP/1.1\r\nHost: ca.example\r\n",
		"http://ca.example/?":                       "GET /? HTTP/1.1\r\nHost: ca.example\r\n",
		"http://CA.Example:8080/":                   "GET / HTTP/1.1\r\nHost: CA.Example:8080\r\n",
		"http://ca.example:80/":                     "GET / HTTP/1.1\r\nHost: ca.example:80\r\n",
		"http://user:secret@ca.example/":            "GET / HTTP/1.1\r\nHost: ca.example\r\n",
	} {
		if got := sent(t, fetch(url)); !strings.HasPrefix(got, want) {
			t.Errorf("%s sends\n%q, want\n%q", url, got, want)
		}
	}
}

func TestRequests(t *testing.T) {
	const common = "Accept-Encoding: identity\r\nConnection: close\r\n"
	for want, q := range map[string]evidence.Question{
		"POST /o HTTP/1.1\r\nHost: ca.example\r\nUser-Agent: revprobe/test\r\nAccept: application/ocsp-response\r\n" + common +
			"Content-Type: application/ocsp-request\r\nContent-Length: 4\r\n\r\n0\x03\r\n": {
			Ask: evidence.UnassignedPOST, Method: "POST", URL: "http://ca.example/o", Request: []byte("0\x03\r\n")},
		"GET /o/MA%3D HTTP/1.1\r\nHost: ca.example\r\nUser-Agent: revprobe/test\r\nAccept: application/ocsp-response\r\n" + common + "\r\n": {
			Ask: evidence.UnassignedGET, Method: "GET", URL: "http://ca.example/o", Target: "http://ca.example/o/MA%3D", Request: []byte("0")},
		"GET / HTTP/1.1\r\nHost: ca.example\r\nUser-Agent: revprobe/test\r\nAccept: */*\r\n" + common + "\r\n": {
			Ask: evidence.FetchIssuer, URL: "http://ca.example/"},
	} {
		if got := sent(t, q); got != want {
			t.Errorf("sent\n%q, want\n%q", got, want)
		}
	}
}

// received is what an answer with these octets becomes.
func received(t *testing.T, q evidence.Question, answer string) (x evidence.Exchange) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["udp "+resolver1] = webZone().serve
		n.serving["tcp "+web] = answering(0, answer)
		x = n.client(t, transport.Options{}).Ask(t.Context(), q)
	})
	return x
}

// What a stock client shows as an error without more is told: openssl ocsp answers so.
func TestNestedAnswerIsTold(t *testing.T) {
	x := received(t, fetch("http://ca.example/"), "HTTP/1.0 400 Bad Request\r\n\r\nHTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n0")
	wantFailure(t, x, evidence.HTTPStatus, "status 400 Bad Request; its body is another HTTP answer")
	if x = received(t, fetch("http://ca.example/"), "HTTP/1.0 400 Bad Request\r\n\r\n"); strings.Contains(x.Detail, "another") {
		t.Errorf("nothing is taken for an answer: %s", x.Detail)
	}
}

func TestAnswersSurviveAsTheyAre(t *testing.T) {
	nested := "HTTP/1.0 200 OK\r\nContent-type: application/ocsp-response\r\nContent-Length: 1\r\n\r\n0"
	for name, c := range map[string]struct {
		answer      string
		failure     evidence.Failure
		proto, body string
		code        int
		header      map[string]string
	}{
		"HTTP/1.0 until close": {"HTTP/1.0 200 OK\r\nContent-type: a/b\r\n\r\nbody", "", "HTTP/1.0", "body", 200, map[string]string{"Content-Type": "a/b"}},
		"no header at all":     {"HTTP/1.1 200\r\n\r\nbody", "", "HTTP/1.1", "body", 200, nil},
		"UTC dates":            {"HTTP/1.1 200 OK\r\nExpires: Mon, 02 Jan 2026 15:04:05 UTC\r\nContent-Length: 0\r\n\r\n", "", "HTTP/1.1", "", 200, map[string]string{"Expires": "Mon, 02 Jan 2026 15:04:05 UTC", "Content-Length": "0"}},
		"nested response":      {"HTTP/1.0 400 Bad Request\r\n\r\n" + nested, evidence.HTTPStatus, "HTTP/1.0", nested, 400, nil},
		"OCSP error with 500":  {"HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\n0\x03\x0a\x01\x02", evidence.HTTPStatus, "HTTP/1.1", "0\x03\x0a\x01\x02", 500, map[string]string{"Content-Length": "5"}},
		"chunks":               {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nTrailer: x\r\n\r\n", "", "HTTP/1.1", "abc", 200, map[string]string{"Transfer-Encoding": "Chunked"}},
		"no chunks in 1.0":     {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", "", "HTTP/1.0", "1\r\na\r\n", 200, map[string]string{"Transfer-Encoding": "chunked"}},
		"gzip is left alone":   {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b", "", "HTTP/1.1", "\x1f\x8b", 200, map[string]string{"Content-Encoding": "gzip", "Content-Length": "2"}},
		"Pragma adds nothing":  {"HTTP/1.1 200 OK\r\nPragma: no-cache\r\nContent-Length: 0\r\n\r\n", "", "HTTP/1.1", "", 200, map[string]string{"Pragma": "no-cache", "Content-Length": "0"}},
		"one length twice":     {"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nabc", "", "HTTP/1.1", "ab", 200, map[string]string{"Content-Length": "2, 2"}},
		"bare line feeds":      {"HTTP/1.1 200 OK\nServer: x\nContent-Length: 1\n\na", "", "HTTP/1.1", "a", 200, map[string]string{"Server": "x", "Content-Length": "1"}},
		"interim answers":      {"HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + ok("a"), "", "HTTP/1.1", "a", 200, map[string]string{"Content-Length": "1"}},
		"not modified":         {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", evidence.Redirect, "HTTP/1.1", "", 304, map[string]string{"Content-Length": "9"}},
	} {
		t.Run(name, func(t *testing.T) {
			x := received(t, fetch("http://ca.example/"), c.answer)
			if x.Failure != c.failure || x.Proto != c.proto || x.Code != c.code || string(x.Body) != c.body {
				t.Errorf("failure %q (%s), %s %d %q", x.Failure, x.Detail, x.Proto, x.Code, x.Body)
			}
			want := http.Header{}
			for key, value := range c.header {
				want.Set(key, value)
			}
			if !maps.EqualFunc(x.Header, want, func(a, b []string) bool { return strings.Join(a, "|") == strings.Join(b, "|") }) {
				t.Errorf("header %v, want %v", x.Header, want)
			}
		})
	}
}

func TestRepeatedFieldsKeepTheirValues(t *testing.T) {
	x := received(t, fetch("http://ca.example/"), "HTTP/1.1 200 OK\r\nVia: 1.1 a\r\nVia:  1.1 b \r\nContent-Length: 0\r\n\r\n")
	if got := strings.Join(x.Header[textproto.CanonicalMIMEHeaderKey("via")], "|"); got != "1.1 a|1.1 b" {
		t.Errorf("Via %q", got)
	}
}

// A CRL may be long; an OCSP response of more than 1 MiB is none.
func TestBodyLimits(t *testing.T) {
	const mebi = 1 << 20
	for _, c := range []struct {
		ask     evidence.Ask
		size    int
		failure evidence.Failure
		kept    int
	}{
		{evidence.FetchCRL, mebi + 1, "", mebi + 1},
		{evidence.FetchIssuer, mebi + 1, evidence.Oversize, mebi},
		{evidence.AssignedGET, mebi, "", mebi},
		{evidence.AssignedGET, mebi + 1, evidence.Oversize, mebi},
	} {
		x := received(t, evidence.Question{Ask: c.ask, URL: "http://ca.example/"}, ok(strings.Repeat("x", c.size)))
		if x.Failure != c.failure || len(x.Body) != c.kept {
			t.Errorf("%s of %d octets: failure %q, %d octets kept", c.ask, c.size, x.Failure, len(x.Body))
		}
	}
}

// A server that answers and closes before it has read the request has still answered.
func TestEarlyAnswer(t *testing.T) {
	for name, readFirst := range map[string]int{"after a part": 16, "after all": 4096} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork()
				n.serving["tcp "+web] = func(c net.Conn) {
					defer c.Close()
					_, _ = c.Read(make([]byte, readFirst))
					if readFirst > 1000 {
						_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
					}
				}
				x := n.client(t, transport.Options{}).Ask(t.Context(), fetch("http://1.2.3.4/"))
				if readFirst > 1000 {
					wantFailure(t, x, evidence.HTTPStatus, "400")
				} else {
					wantFailure(t, x, evidence.Closed, "")
				}
			})
		})
	}
}

// Every exchange has its own connection, or its phases could not be timed.
func TestConnectionsAreNotReused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["tcp "+web] = func(c net.Conn) {
			defer c.Close()
			for r := bufio.NewReader(c); ; {
				if _, err := http.ReadRequest(r); err != nil {
					return
				}
				_, _ = io.WriteString(c, ok("x"))
			}
		}
		c := n.client(t, transport.Options{})
		for range 3 {
			if x := c.Ask(t.Context(), fetch("http://1.2.3.4/")); x.Failure != "" {
				t.Errorf("failure %q: %s", x.Failure, x.Detail)
			}
		}
		if got := n.count("tcp", web); got != 3 {
			t.Errorf("%d connections for 3 exchanges", got)
		}
	})
}
