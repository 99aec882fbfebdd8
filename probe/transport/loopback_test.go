package transport_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/transport"
)

// overLoopback is a client on the real network that may ask this machine.
func overLoopback(t *testing.T, o transport.Options) *transport.Client {
	t.Helper()
	o.AllowPrivate = true
	c, err := transport.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// listen serves each connection on a free port of 127.0.0.1 and returns its address.
func listen(t *testing.T, serve func(*net.TCPConn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			serve(c.(*net.TCPConn))
		}
	}()
	return listener.Addr().String()
}

// reset closes the connection with RST once the request has begun to come.
func reset(c *net.TCPConn) {
	_, _ = c.Read(make([]byte, 4096))
	_ = c.SetLinger(0)
	_ = c.Close()
}

func TestLoopbackRefusedAndReset(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	unused := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	c := overLoopback(t, transport.Options{})
	wantFailure(t, c.Ask(t.Context(), fetch("http://"+unused+"/")), evidence.ConnectRefused, "connecting to "+unused+": connection refused")
	x := c.Ask(t.Context(), fetch("http://"+listen(t, reset)+"/"))
	wantFailure(t, x, evidence.Reset, "connection reset before any octet")
}

func TestLoopbackTruncated(t *testing.T) {
	address := listen(t, func(c *net.TCPConn) {
		defer c.Close()
		_, _ = c.Read(make([]byte, 4096))
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
	})
	x := overLoopback(t, transport.Options{}).Ask(t.Context(), fetch("http://"+address+"/"))
	wantFailure(t, x, evidence.Truncated, "3 of the 9")
	if string(x.Body) != "abc" || x.Peer != address {
		t.Errorf("body %q of %s", x.Body, x.Peer)
	}
}

// What net/http's own server sees of the request line, the body and the redirect.
func TestLoopbackHTTP(t *testing.T) {
	var lines []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		lines = append(lines, fmt.Sprintf("%s %s %s %x", r.Method, r.RequestURI, r.Header.Get("Content-Type"), body))
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, "answer")
	}))
	t.Cleanup(server.Close)
	c := overLoopback(t, transport.Options{})
	post := evidence.Question{Ask: evidence.AssignedPOST, Method: "POST", URL: server.URL + "/ocsp", Request: []byte{0x30, 0}}
	get := evidence.Question{Ask: evidence.AssignedGET, Method: "GET", URL: server.URL, Target: server.URL + "//MF%2BE//x%3d"}
	for _, q := range []evidence.Question{post, get} {
		if x := c.Ask(t.Context(), q); !x.Answered() || string(x.Body) != "answer" || x.Header.Get("Date") == "" || x.Timing.FirstByte <= 0 {
			t.Errorf("%+v", x)
		}
	}
	moved := c.Ask(t.Context(), fetch(server.URL+"/moved"))
	wantFailure(t, moved, evidence.Redirect, `302 Found to "/elsewhere", not followed`)
	if moved.Header.Get("Location") != "/elsewhere" {
		t.Errorf("header %v", moved.Header)
	}
	want := "POST /ocsp application/ocsp-request 3000|GET //MF%2BE//x%3d  |GET /moved  "
	if got := strings.Join(lines, "|"); got != want {
		t.Errorf("the server saw %q, want %q", got, want)
	}
}

// selfSigned is a TLS server's certificate that no client would trust: expired, and for
// another name.
func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "other.example"}, NotAfter: time.Unix(1, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der, der}, PrivateKey: key, OCSPStaple: []byte("staple")}
}

func TestLoopbackTLS(t *testing.T) {
	certificate := selfSigned(t)
	var names []string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "secret") }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		names = append(names, hello.ServerName)
		return &certificate, nil
	}}
	server.StartTLS()
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := overLoopback(t, transport.Options{})
	q := evidence.Question{Ask: evidence.Handshake, URL: "tls://www.example:" + port, Address: "127.0.0.1"}
	x := c.Ask(t.Context(), q)
	if x.Failure != "" || len(x.Chain) != 2 || !bytes.Equal(x.Chain[1], certificate.Certificate[1]) || string(x.Staple) != "staple" {
		t.Errorf("failure %q (%s), chain of %d, staple %q", x.Failure, x.Detail, len(x.Chain), x.Staple)
	}
	if x.Timing.TLS <= 0 || x.Timing.FirstByte != 0 || x.Code != 0 || x.Answered() {
		t.Errorf("%+v", x)
	}
	page := fetch("https://localhost:" + port + "/")
	page.Address = "127.0.0.1"
	if x := c.Ask(t.Context(), page); string(x.Body) != "secret" || x.Timing.TLS <= 0 || x.Timing.FirstByte <= 0 {
		t.Errorf("%+v", x)
	}
	if got := strings.Join(names, " "); got != "www.example localhost" {
		t.Errorf("asked by SNI for %q", got)
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	q.URL = strings.Replace(plain.URL, "http:", "tls:", 1)
	wantFailure(t, c.Ask(t.Context(), q), evidence.TLSFailure, "does not look like a TLS handshake")
}

// A resolver over real UDP, and over TCP where the answer does not fit.
func TestLoopbackDNS(t *testing.T) {
	packets, listener := onePort(t)
	answer := dns.HandlerFunc(func(w dns.ResponseWriter, question *dns.Msg) {
		m := webZone().answer(question)
		if len(m.Answer) > 0 {
			m.Answer[0].(*dns.A).A = net.IPv4(127, 0, 0, 1)
			if w.LocalAddr().Network() == "udp" {
				m.Truncated, m.Answer = true, nil
			}
		}
		_ = w.WriteMsg(m)
	})
	for _, server := range []*dns.Server{{PacketConn: packets, Handler: answer}, {Listener: listener, Handler: answer}} {
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		go func() { _ = server.ActivateAndServe() }()
		<-started
		t.Cleanup(func() { _ = server.Shutdown() })
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host) }))
	t.Cleanup(web.Close)
	url := strings.Replace(web.URL, "127.0.0.1", "ca.example", 1)
	c := overLoopback(t, transport.Options{Resolvers: []string{packets.LocalAddr().String()}})
	x := c.Ask(t.Context(), fetch(url))
	if x.Failure != "" || string(x.Body) != strings.TrimPrefix(url, "http://") || x.Timing.DNS <= 0 {
		t.Errorf("failure %q (%s), body %q, DNS %s", x.Failure, x.Detail, x.Body, x.Timing.DNS)
	}
	x = c.Ask(t.Context(), resolveAsk(url))
	if x.Failure != "" || len(x.Addresses) != 1 || x.Addresses[0].IP != "127.0.0.1" || x.Addresses[0].Failure != "" {
		t.Errorf("failure %q (%s), addresses %+v", x.Failure, x.Detail, x.Addresses)
	}
	wantFailure(t, c.Ask(t.Context(), fetch("http://gone.example/")), evidence.DNSNXDomain, packets.LocalAddr().String())
}

// onePort listens for UDP and TCP on the same free port. A port that is free for one may be
// taken for the other.
func onePort(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	for range 32 {
		packets, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listener, err := net.Listen("tcp", packets.LocalAddr().String())
		if err == nil {
			return packets, listener
		}
		_ = packets.Close()
	}
	t.Fatal("no port is free for both UDP and TCP")
	return nil, nil
}
