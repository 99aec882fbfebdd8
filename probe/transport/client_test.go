package transport_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/transport"
)

// failureCase is a network on which asking url fails in one way.
type failureCase struct {
	class  evidence.Failure
	detail string
	url    string // empty: http://ca.example/a.crl
	build  func(*network)
	total  time.Duration // that it must have taken; 0: no matter
}

func serveWeb(pause time.Duration, pieces ...string) func(*network) {
	return func(n *network) { n.serving["tcp "+web] = answering(pause, pieces...) }
}

func failWeb(err error) func(*network) {
	return func(n *network) { n.failing["tcp "+web] = err }
}

func resolveBy(z zone) func(*network) {
	return func(n *network) { n.serving["udp "+resolver1] = z.serve }
}

// failureCases has every class of failure but refused and interrupted.
var failureCases = map[string]failureCase{
	"no such name":      {evidence.DNSNXDomain, "NXDOMAIN", "http://gone.example/", nil, 0},
	"dangling alias":    {evidence.DNSNXDomain, "for its alias lapsed.test.", "", resolveBy(danglingZone()), 0},
	"SERVFAIL":          {evidence.DNSServFail, "answers SERVFAIL", "", resolveBy(rcodeZone(dns.RcodeServerFailure)), 0},
	"REFUSED":           {evidence.DNSRefused, "answers REFUSED", "", resolveBy(rcodeZone(dns.RcodeRefused)), 0},
	"no addresses":      {evidence.DNSNoData, "no A and no AAAA", "", resolveBy(zone{records: []string{`ca.example. 60 IN TXT "x"`}}), 0},
	"name unanswered":   {evidence.DNSTimeout, "asking 9.9.9.1:53: no answer in time", "", func(n *network) { n.serving["udp "+resolver1] = onlyRoot }, 6 * time.Second},
	"resolver dead":     {evidence.NoResolver, "no resolver answers", "", func(n *network) { n.serving["udp "+resolver1] = silent }, 9 * time.Second},
	"resolver refuses":  {evidence.NoResolver, "connection refused", "", func(n *network) { delete(n.serving, "udp "+resolver1) }, 0},
	"refused":           {evidence.ConnectRefused, "connecting to 1.2.3.4:80: connection refused", "", nil, 0},
	"black hole":        {evidence.ConnectTimeout, "connecting to 1.2.3.4:80: no answer within 5s", "", failWeb(nil), 5 * time.Second},
	"kernel times out":  {evidence.ConnectTimeout, "1.2.3.4:80", "", failWeb(syscall.ETIMEDOUT), 0},
	"slow DNS, silence": {evidence.HTTPTimeout, "given up after 15s", "", slowThenSilent, 15 * time.Second},
	"no route":          {evidence.NoRoute, "network is unreachable", "", failWeb(syscall.ENETUNREACH), 0},
	"host unreachable":  {evidence.NoRoute, "no route to host", "", failWeb(syscall.EHOSTUNREACH), 0},
	"filtered here":     {evidence.NoRoute, "operation not permitted", "", failWeb(syscall.EPERM), 0},
	"reset at once":     {evidence.Reset, "connecting to 1.2.3.4:80: connection reset", "", failWeb(syscall.ECONNRESET), 0},
	"AAAA SERVFAIL":     {evidence.DNSServFail, "ca.example AAAA: 9.9.9.1:53 answers SERVFAIL", "", func(n *network) { n.serving["udp "+resolver1] = brokenAAAA }, 0},
	"unknown code":      {evidence.DNSServFail, "answers an unknown code", "", resolveBy(rcodeZone(14)), 0},
	"status zero":       {evidence.HTTPSyntax, "no HTTP status line", "", serveWeb(0, "HTTP/1.1 000 Zero\r\n\r\n"), 0},
	"one-letter status": {evidence.HTTPSyntax, "no HTTP status line", "", serveWeb(0, "HTTP/1.1 2x0 OK\r\n\r\n"), 0},
	"interim only":      {evidence.Truncated, "reading the status line", "", serveWeb(0, "HTTP/1.1 100 Continue\r\n\r\n"), 0},
	"odd octets":        {evidence.HTTPSyntax, `" \x1b[2J: x"`, "", serveWeb(0, "HTTP/1.1 200 OK\r\n \x1b[2J: x\r\n\r\n"), 0},
	"not TLS":           {evidence.TLSFailure, "TLS handshake with 1.2.3.4:443", "https://ca.example/", func(n *network) { n.serving["tcp 1.2.3.4:443"] = answering(0) }, 0},
	"TLS hangs":         {evidence.TLSFailure, "no answer in time", "https://ca.example/", func(n *network) { n.serving["tcp 1.2.3.4:443"] = silent }, 15 * time.Second},
	"never answers":     {evidence.HTTPTimeout, "no octet in time, given up after 15s", "", func(n *network) { n.serving["tcp "+web] = silent }, 15 * time.Second},
	"never reads":       {evidence.HTTPTimeout, "not taken in time", "", func(n *network) { n.serving["tcp "+web] = func(net.Conn) {} }, 15 * time.Second},
	"status stalls":     {evidence.HeadTimeout, "reading the status line: the rest did not come in time", "", serveWeb(10*time.Second, "HTTP/1.1 2", "00"), 15 * time.Second},
	"line stalls":       {evidence.HeadTimeout, "reading the header: the rest did not come in time", "", serveWeb(10*time.Second, "HTTP/1.1 200 OK\r\nContent-Ty", "pe: x\r\n\r\n"), 15 * time.Second},
	"line cut":          {evidence.Truncated, "reading the header: connection closed too early", "", serveWeb(0, "HTTP/1.1 200 OK\r\nContent-Ty"), 0},
	"line malformed":    {evidence.HTTPSyntax, "Content-Ty", "", serveWeb(0, "HTTP/1.1 200 OK\r\nContent-Ty\r\nDate: x\r\n\r\n"), 0},
	"header stalls":     {evidence.HeadTimeout, "reading the header: the rest did not come in time", "", serveWeb(10*time.Second, "HTTP/1.1 200 OK\r\n", "Date: x\r\n\r\n"), 15 * time.Second},
	"body stalls":       {evidence.BodyTimeout, "the body after 3 octets", "", serveWeb(8*time.Second, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "def"), 15 * time.Second},
	"closed silently":   {evidence.Closed, "closed without any octet", "", serveWeb(0), 0},
	"cut in the header": {evidence.Truncated, "reading the header", "", serveWeb(0, "HTTP/1.1 200 OK\r\nDate: "), 0},
	"cut in the body":   {evidence.Truncated, "3 of the 9 octets", "", serveWeb(0, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), 0},
	"cut in a chunk":    {evidence.Truncated, "the body after 3 octets", "", serveWeb(0, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc"), 0},
	"cut before 0":      {evidence.Truncated, "the body after 3 octets", "", serveWeb(0, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), 0},
	"no chunks":         {evidence.HTTPSyntax, "reading the body", "", serveWeb(0, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n"), 0},
	"too long":          {evidence.Oversize, "longer than the 64 octets", "", serveWeb(0, ok(strings.Repeat("x", 65))), 0},
	"moved":             {evidence.Redirect, `301 Moved Permanently to "http://b.example/"`, "", serveWeb(0, "HTTP/1.1 301 Moved\r\nLocation: http://b.example/\r\n\r\n"), 0},
	"not found":         {evidence.HTTPStatus, "404 Not Found", "", serveWeb(0, "HTTP/1.1 404 Nope\r\nContent-Length: 2\r\n\r\nno"), 0},
	"partial 500":       {evidence.HTTPStatus, "500 Internal Server Error; the body has 1", "", serveWeb(0, "HTTP/1.1 500\r\nContent-Length: 2\r\n\r\nn"), 0},
	"no content":        {evidence.HTTPStatus, "204 No Content", "", serveWeb(0, "HTTP/1.1 204 None\r\n\r\n"), 0},
	"garbage":           {evidence.HTTPSyntax, `begins with "SSH-2.0-x`, "", serveWeb(0, "SSH-2.0-x\r\n"), 0},
	"garbage, hanging":  {evidence.HTTPSyntax, `begins with "0\x82`, "", serveWeb(9*time.Second, "0\x82\x01", "x"), 15 * time.Second},
	"bad status":        {evidence.HTTPSyntax, "no HTTP status line", "", serveWeb(0, "HTTP/1.1 OK\r\n\r\n"), 0},
	"bad field":         {evidence.HTTPSyntax, "reading the header", "", serveWeb(0, "HTTP/1.1 200 OK\r\nno field\r\n\r\n"), 0},
	"endless header":    {evidence.HTTPSyntax, "longer than 256 KiB", "", serveWeb(0, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 300<<10)), 0},
	"two lengths":       {evidence.HTTPSyntax, "several values of Content-Length", "", serveWeb(0, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), 0},
	"negative length":   {evidence.HTTPSyntax, `"-1" is no length`, "", serveWeb(0, "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), 0},
	"ldap":              {evidence.BadURL, "no http or https URL", "ldap://ca.example/cn=x", nil, 0},
	"no scheme":         {evidence.BadURL, "no http or https URL", "ca.example/a.crl", nil, 0},
	"no host":           {evidence.BadURL, "no host", "http:///a.crl", nil, 0},
	"space":             {evidence.BadURL, "octet 19 must be percent-encoded", "http://ca.example/a b.crl", nil, 0},
	"line break":        {evidence.BadURL, "percent-encoded", "http://ca.example/a\r\nX: y", nil, 0},
	"bad port":          {evidence.BadURL, "no port 99999", "http://ca.example:99999/", nil, 0},
	"bad escape":        {evidence.BadURL, "invalid URL escape", "http://ca.example/%zz", nil, 0},
	"long label":        {evidence.BadURL, "no domain name", "http://" + strings.Repeat("a", 64) + ".example/", nil, 0},
	"TLS for HTTP":      {evidence.BadURL, "HTTP is not asked", "tls://ca.example:443", nil, 0},
}

func danglingZone() zone {
	return zone{records: []string{"ca.example. 60 IN CNAME lapsed.test."}}
}

func rcodeZone(code int) zone { return zone{codes: map[string]int{"ca.example.": code}} }

func slowThenSilent(n *network) {
	z := webZone()
	z.pause = 2 * time.Second
	n.serving["udp "+resolver1], n.serving["tcp "+web] = z.serve, silent
}

// brokenAAAA is a resolver that has no A record and fails for AAAA.
func brokenAAAA(c net.Conn) {
	z := zone{records: []string{`ca.example. 60 IN TXT "x"`}}
	z.serveEdited(c, func(answer *dns.Msg) {
		if answer.Question[0].Qtype == dns.TypeAAAA {
			answer.Rcode = dns.RcodeServerFailure
		}
	})
}

// onlyRoot is a resolver that answers about the root and about nothing else.
func onlyRoot(c net.Conn) {
	defer c.Close()
	conn := &dns.Conn{Conn: c}
	question, err := conn.ReadMsg()
	if err == nil && question.Question[0].Name == "." {
		_ = conn.WriteMsg(new(dns.Msg).SetReply(question))
	}
	silent(c)
}

func TestFailures(t *testing.T) {
	seen := map[evidence.Failure]bool{evidence.Refused: true, evidence.Interrupted: true} // these have tests of their own
	for name, c := range failureCases {
		seen[c.class] = true
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { c.check(t) })
		})
	}
	for _, class := range []evidence.Failure{evidence.DNSNXDomain, evidence.DNSServFail, evidence.DNSNoData, evidence.DNSTimeout,
		evidence.ConnectRefused, evidence.ConnectTimeout, evidence.TLSFailure, evidence.HTTPTimeout, evidence.HeadTimeout, evidence.BodyTimeout, evidence.Reset, evidence.Closed,
		evidence.Truncated, evidence.Oversize, evidence.Redirect, evidence.HTTPStatus, evidence.HTTPSyntax,
		evidence.NoRoute, evidence.NoResolver, evidence.Refused, evidence.BadURL, evidence.Interrupted} {
		if !seen[class] {
			t.Errorf("no case fails with %q", class)
		}
	}
}

func (c failureCase) check(t *testing.T) {
	n := newNetwork()
	n.serving["udp "+resolver1] = webZone().serve
	if c.build != nil {
		c.build(n)
	}
	url := c.url
	if url == "" {
		url = "http://ca.example/a.crl"
	}
	start := time.Now()
	x := n.client(t, transport.Options{MaxBody: 64}).Ask(t.Context(), fetch(url))
	wantFailure(t, x, c.class, c.detail)
	if x.Answered() {
		t.Error("counts as answered")
	}
	if c.total != 0 && x.Timing.Total != c.total {
		t.Errorf("took %s, want %s", x.Timing.Total, c.total)
	}
	if !x.At.Equal(time.Now()) || time.Since(start) != x.Timing.Total {
		t.Errorf("given up at %s after %s; the clock says %s after %s", x.At, x.Timing.Total, time.Now(), time.Since(start))
	}
}

func TestFailureKeepsWhatCame(t *testing.T) {
	for name, want := range map[string]struct {
		body string
		code int
	}{
		"body stalls":      {"abc", 200},
		"cut in the body":  {"abc", 200},
		"cut in a chunk":   {"abc", 200},
		"too long":         {strings.Repeat("x", 64), 200},
		"not found":        {"no", 404},
		"partial 500":      {"n", 500},
		"garbage":          {"SSH-2.0-x\r\n", 0},
		"garbage, hanging": {"0\x82\x01", 0},
		"two lengths":      {"ab", 200},
		"bad field":        {"HTTP/1.1 200 OK\r\nno field\r\n\r\n", 200},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork()
				n.serving["udp "+resolver1] = webZone().serve
				failureCases[name].build(n)
				x := n.client(t, transport.Options{MaxBody: 64}).Ask(t.Context(), fetch("http://ca.example/"))
				if string(x.Body) != want.body || x.Code != want.code {
					t.Errorf("kept %d %q, want %d %q", x.Code, x.Body, want.code, want.body)
				}
			})
		})
	}
}

// Each phase lasts another time, so that none can stand in for another.
func TestTimingOfPhases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		z := webZone()
		z.pause = 500 * time.Millisecond // twice: A and AAAA
		n.serving["udp "+resolver1] = z.serve
		n.serving["tcp "+web] = answering(3*time.Second, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na", "b")
		slow := func(ctx context.Context, network, address string) (net.Conn, error) {
			if network == "tcp" {
				time.Sleep(2 * time.Second)
			}
			return n.dial(ctx, network, address)
		}
		t.Cleanup(n.running.Wait)
		c, err := transport.New(transport.Options{Dial: slow, Resolvers: []string{"9.9.9.1"}})
		if err != nil {
			t.Fatal(err)
		}
		started := time.Now()
		x := c.Ask(t.Context(), fetch("http://ca.example/"))
		want := evidence.Timing{DNS: time.Second, Connect: 2 * time.Second, FirstByte: 3 * time.Second, Total: 9 * time.Second}
		if x.Timing != want {
			t.Errorf("timing %+v, want %+v", x.Timing, want)
		}
		if !x.At.Equal(started.Add(9*time.Second)) || x.At.Location() != time.UTC {
			t.Errorf("at %s, want 9s after %s in UTC", x.At, started)
		}
		if !x.Answered() || x.Peer != web {
			t.Errorf("%+v: not a whole answer of %s", x, web)
		}
	})
}

// An answer after the 10 s of BR 4.10.2 is seen, and its lateness is.
func TestElevenSecondResponder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["tcp "+web] = answering(11*time.Second, ok("late"))
		x := n.client(t, transport.Options{}).Ask(t.Context(), fetch("http://1.2.3.4/"))
		if !x.Answered() || string(x.Body) != "late" || x.Timing.Total != 11*time.Second {
			t.Errorf("failure %q, body %q after %s", x.Failure, x.Body, x.Timing.Total)
		}
	})
}

func TestHandshakeWithSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["tcp 1.2.3.4:443"] = silent
		x := n.client(t, transport.Options{}).Ask(t.Context(), evidence.Question{Ask: evidence.Handshake, URL: "tls://1.2.3.4"})
		wantFailure(t, x, evidence.TLSFailure, "TLS handshake with 1.2.3.4:443: no answer in time")
		if x.Timing.TLS != 15*time.Second {
			t.Errorf("the handshake took %s", x.Timing.TLS)
		}
	})
}

func TestHandshakeRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := evidence.Question{Ask: evidence.Handshake, URL: "tls://1.2.3.4:8443"}
		wantFailure(t, newNetwork().client(t, transport.Options{}).Ask(t.Context(), q), evidence.ConnectRefused, "1.2.3.4:8443")
	})
}

func TestInterrupted(t *testing.T) {
	for name, url := range map[string]string{
		"asking DNS": "http://slow.example/", "connecting": "http://1.2.3.5/", "reading": "http://1.2.3.4/", "in TLS": "https://1.2.3.6/",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork()
				n.serving["udp "+resolver1] = silent
				n.serving["tcp "+web] = silent
				n.serving["tcp 1.2.3.6:443"] = silent
				n.failing["tcp 1.2.3.5:80"] = nil
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				x := n.client(t, transport.Options{}).Ask(ctx, fetch(url))
				wantFailure(t, x, evidence.Interrupted, "interrupted")
				if x.Timing.Total != time.Second {
					t.Errorf("took %s to notice", x.Timing.Total)
				}
			})
		})
	}
}

// A Resolve that is interrupted says so of each address it did not come to.
func TestInterruptedResolve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["udp "+resolver1] = zone{records: []string{"ca.example. 60 IN A 1.2.3.4", "ca.example. 60 IN A 1.2.3.5"}}.serve
		n.failing["tcp "+web] = nil
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		x := n.client(t, transport.Options{}).Ask(ctx, resolveAsk("http://ca.example/"))
		wantFailure(t, x, evidence.Interrupted, "interrupted")
		for _, address := range x.Addresses {
			if address.Failure != evidence.Interrupted {
				t.Errorf("%+v", address)
			}
		}
		if len(x.Addresses) != 2 || n.count("tcp", "1.2.3.5:80") != 0 {
			t.Errorf("addresses %+v, dialled %v", x.Addresses, n.dialled)
		}
	})
}

// lostConn is a connection whose way to the peer breaks after some octets.
type lostConn struct {
	net.Conn
	octets int
}

func (c *lostConn) Read(p []byte) (int, error) {
	if c.octets == 0 {
		return 0, &net.OpError{Op: "read", Net: "tcp", Err: syscall.EHOSTUNREACH}
	}
	n, err := c.Conn.Read(p[:min(len(p), c.octets)])
	c.octets -= n
	return n, err
}

func TestConnectionLost(t *testing.T) {
	for octets, detail := range map[int]string{0: "of 1.2.3.4:80: connection lost: no route to host", 40: "the body after 2 octets: connection lost"} {
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork()
			n.serving["tcp "+web] = answering(0, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabcdefghi")
			t.Cleanup(n.running.Wait)
			c, err := transport.New(transport.Options{Resolvers: []string{"9.9.9.1"}, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := n.dial(ctx, network, address)
				return &lostConn{conn, octets}, err
			}})
			if err != nil {
				t.Fatal(err)
			}
			wantFailure(t, c.Ask(t.Context(), fetch("http://1.2.3.4/")), evidence.Reset, detail)
		})
	}
}

func TestNewRejects(t *testing.T) {
	for want, o := range map[string]transport.Options{
		"timeout":         {Timeout: -1},
		"body limit":      {MaxBody: -1},
		"request rate":    {Rate: -1},
		"User-Agent":      {UserAgent: "a\r\nb"},
		"no IP address":   {Resolvers: []string{"dns.example"}},
		`no port "99999"`: {Resolvers: []string{"9.9.9.9:99999"}},
	} {
		if c, err := transport.New(o); err == nil || c != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: client %v, error %v, want one about the %s", o, c, err, want)
		}
	}
}

func TestNothingToAsk(t *testing.T) {
	c := newNetwork().client(t, transport.Options{})
	for want, q := range map[string]evidence.Question{
		"nothing is asked":       {Ask: evidence.File, URL: "http://ca.example/"},
		`the method "DELETE"`:    {Ask: evidence.FetchCRL, Method: http.MethodDelete, URL: "http://ca.example/"},
		`address "ca.example"`:   {Ask: evidence.FetchCRL, URL: "http://ca.example/", Address: "ca.example"},
		"a handshake needs TLS":  {Ask: evidence.Handshake, URL: "http://ca.example/"},
		"no http or https URL":   {Ask: evidence.FetchCRL, URL: "http:ca.example"},
		"the host is no domain ": {Ask: evidence.FetchCRL, URL: "http://a..b/"},
	} {
		wantFailure(t, c.Ask(t.Context(), q), evidence.BadURL, want)
	}
}
