package transport_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/transport"
)

// What a Client times over the real network is by the kernel, under TLS as well, and by
// itself where the connection is none that the kernel knows.
func TestClientTimesByTheKernel(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "page") })
	plain, secure := httptest.NewServer(page), httptest.NewTLSServer(page)
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	for _, server := range []string{plain.URL, secure.URL} {
		for _, wire := range []*evidence.Wire{nil, {Proto: "HTTP/1.0"}} {
			if !byKernel(t, 20_000, transport.Options{}, evidence.Question{Ask: evidence.FetchCRL, URL: server, Wire: wire}) {
				t.Errorf("%s, %v: not by the kernel", server, wire)
			}
		}
	}
	hidden := transport.Options{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return struct{ net.Conn }{conn}, err
	}}
	if byKernel(t, 100, hidden, evidence.Question{Ask: evidence.FetchCRL, URL: plain.URL}) {
		t.Error("by the kernel, of a connection that it was not asked about")
	}
}

// byKernel reports whether the first octet of an answer is timed by the kernel, at one of that
// many tries: the kernel begins some time after it was asked to, on a busy machine late.
func byKernel(t *testing.T, tries int, o transport.Options, q evidence.Question) bool {
	t.Helper()
	client := overLoopback(t, o)
	for range tries {
		x := client.Ask(t.Context(), q)
		if x.Failure != "" || string(x.Body) != "page" || x.Timing.FirstByte <= 0 || x.Timing.FirstByte > x.Timing.Total {
			t.Fatalf("failure %q (%s), body %q, timing %+v", x.Failure, x.Detail, x.Body, x.Timing)
		}
		if x.Timing.Kernel {
			return true
		}
	}
	return false
}
