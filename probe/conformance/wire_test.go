package conformance_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/transport"
)

// server is one server of DNS of the fakes, by the address that they know it by.
type server struct {
	known   string // ip:port
	packets net.PacketConn
	streams net.Listener
}

// nameServers are the resolvers and the name servers of the fakes.
func nameServers() []string {
	list := slices.Clone(fixtures.Resolvers)
	for _, address := range fixtures.NameServerAddresses {
		list = append(list, net.JoinHostPort(address, "53"))
	}
	return list
}

// listenForNames opens a loopback port for each of them.
func listenForNames(t *testing.T) []server {
	t.Helper()
	var list []server
	for _, known := range nameServers() {
		packets, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		streams, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, server{known, packets, streams})
	}
	return list
}

// loopbackDial reaches the servers of a fake at the loopback ports where they are played.
func loopbackDial(fake *fixtures.Responder, web net.Listener, names []server) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		var dialer net.Dialer
		i := slices.IndexFunc(names, func(s server) bool { return s.known == address })
		host, _, err := net.SplitHostPort(address)
		switch {
		case err != nil:
			return nil, err
		case i >= 0 && network == "udp":
			return dialer.DialContext(ctx, network, names[i].packets.LocalAddr().String())
		case i >= 0:
			return dialer.DialContext(ctx, network, names[i].streams.Addr().String())
		case dead(fake, host):
			return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
		case !netip.MustParseAddr(host).IsLoopback():
			at := web.Addr().(*net.TCPAddr).AddrPort()
			if place := slices.Index(fake.DNS.Addresses, host); place >= 0 && len(fake.Replicas) > 0 {
				at = netip.AddrPortFrom(zoo.ReplicaAddress(place), at.Port())
			}
			address = at.String()
		}
		return dialer.DialContext(ctx, network, address)
	}
}

// pipeDial is the same over connections in memory.
func pipeDial(fake *fixtures.Responder, web *pipes, names map[string]*pipes) func(context.Context, string, string) (net.Conn, error) {
	return func(_ context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		switch {
		case err != nil:
			return nil, err
		case names[address] != nil:
			return names[address].dial()
		case dead(fake, host):
			return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
		}
		time.Sleep(fake.DNS.ConnectTime)
		return web.dial()
	}
}

// dead reports whether an address that the fake itself says it has takes no connections.
func dead(fake *fixtures.Responder, address string) bool {
	said := fake.DNS.Addresses
	return slices.Contains(said[max(0, len(said)-fake.DNS.Dead):], address)
}

// wireClient is a client of the fake. An operator who did not name the host has named the
// zoo's own addresses all the same.
func wireClient(t *testing.T, fake *fixtures.Responder, dial func(context.Context, string, string) (net.Conn, error)) *transport.Client {
	t.Helper()
	client, err := transport.New(transport.Options{Resolvers: fixtures.Resolvers, AllowPrivate: !fake.DNS.Unnamed, Dial: dial,
		Rate:          1e6, // the addresses look public, and nobody is there to be polite to
		RDAPTransport: registry{fake},
		Named:         map[string]bool{"127.0.0.1": true, "127.0.0.2": true, "127.0.0.3": true}})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// registry is what RDAP reaches: IANA's list, and the registry of every domain that is on it.
type registry struct{ fake *fixtures.Responder }

// RoundTrip implements http.RoundTripper.
func (r registry) RoundTrip(request *http.Request) (*http.Response, error) {
	x := evidence.Exchange{Code: http.StatusOK, Body: []byte(`{"version":"1.0","publication":"2026-01-01T00:00:00Z","services":[[["example","test"],["https://registry.test/"]]]}`)}
	if domain, found := strings.CutPrefix(request.URL.Path, "/domain/"); found {
		x = r.fake.Respond(evidence.Question{Ask: evidence.RDAP, URL: "rdap:" + domain})
	}
	return &http.Response{StatusCode: x.Code, Proto: "HTTP/1.1", Header: x.Header, Body: io.NopCloser(bytes.NewReader(x.Body)), Request: request}, nil
}
