package transport_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/transport"
)

func TestResolveConnectsToEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["udp "+resolver1] = zone{records: []string{
			"ca.example. 60 IN A 1.2.3.4", "ca.example. 60 IN A 1.2.3.5", "ca.example. 60 IN AAAA 2a00::1", "ca.example. 60 IN A 10.0.0.1",
		}}.serve
		n.serving["tcp 1.2.3.4:8080"] = silent
		n.failing["tcp [2a00::1]:8080"] = nil
		x := n.client(t, transport.Options{}).Ask(t.Context(), resolveAsk("http://ca.example:8080/ocsp"))
		if x.Failure != "" || x.Timing.Connect != 5*time.Second {
			t.Errorf("failure %q (%s), connecting for %s", x.Failure, x.Detail, x.Timing.Connect)
		}
		want := []evidence.Address{
			{IP: "1.2.3.4"},
			{IP: "1.2.3.5", Failure: evidence.ConnectRefused, Detail: "connecting to 1.2.3.5:8080: connection refused"},
			{IP: "10.0.0.1", Failure: evidence.Refused, Detail: "10.0.0.1 is a private address (RFC 1918), and ca.example was not named by the operator; --allow-private asks it all the same"},
			{IP: "2a00::1", Connect: 5 * time.Second, Failure: evidence.ConnectTimeout, Detail: "connecting to [2a00::1]:8080: no answer within 5s"},
		}
		if !slices.Equal(x.Addresses, want) {
			t.Errorf("addresses\n%+v, want\n%+v", x.Addresses, want)
		}
	})
}

func TestResolveOfDeadHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["udp "+resolver1] = zone{records: []string{"ca.example. 60 IN A 1.2.3.4", "ca.example. 60 IN AAAA 2a00::1"}}.serve
		n.failing["tcp 1.2.3.4:80"] = noRoute
		wantFailure(t, sees(t, n, transport.Options{}, "1.2.3.4", "2a00::1"), evidence.ConnectRefused, "unreachable; connecting to [2a00::1]:80")
	})
}

func TestResolveEndsAtSixteenAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		var z zone
		for i := range 17 {
			z.records = append(z.records, "ca.example. 60 IN A "+net.IPv4(1, 2, 4, byte(i)).String())
		}
		n.serving["udp "+resolver1] = z.serve
		x := n.client(t, transport.Options{}).Ask(t.Context(), resolveAsk("http://ca.example/"))
		if len(x.Addresses) != 17 || x.Addresses[15].Failure != evidence.ConnectRefused || x.Addresses[16].Failure != evidence.Refused {
			t.Errorf("%+v", x.Addresses)
		}
	})
}

func TestPinnedAddressNeedsNoDNS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["tcp "+web] = answering(0, ok("x"))
		q := fetch("http://ca.example/")
		q.Address = "1.2.3.4"
		x := n.client(t, transport.Options{}).Ask(t.Context(), q)
		if x.Failure != "" || x.Peer != web || n.count("udp", resolver1) != 0 {
			t.Errorf("failure %q (%s), peer %s, dialled %v", x.Failure, x.Detail, x.Peer, n.dialled)
		}
	})
}

// The second address answers where the first is dead.
func TestNextAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["udp "+resolver1] = zone{records: []string{"ca.example. 60 IN A 1.2.3.9", "ca.example. 60 IN A 1.2.3.4"}}.serve
		n.failing["tcp 1.2.3.9:80"] = nil
		n.serving["tcp "+web] = answering(0, ok("x"))
		x := n.client(t, transport.Options{}).Ask(t.Context(), fetch("http://ca.example/"))
		if x.Failure != "" || x.Peer != web || x.Timing.Connect != 5*time.Second {
			t.Errorf("failure %q (%s), peer %s, connecting for %s", x.Failure, x.Detail, x.Peer, x.Timing.Connect)
		}
	})
}

// More addresses are black holes than there is time for. The last are not said to have
// been tried by an exchange; a Resolve tries each.
func TestManyBlackHoles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		var z zone
		for _, ip := range []string{"1.2.3.4", "1.2.3.5", "1.2.3.6", "1.2.3.7"} {
			z.records = append(z.records, "ca.example. 60 IN A "+ip)
			n.failing["tcp "+ip+":80"] = nil
		}
		n.serving["udp "+resolver1] = z.serve
		c := n.client(t, transport.Options{})
		x := c.Ask(t.Context(), fetch("http://ca.example/"))
		wantFailure(t, x, evidence.ConnectTimeout, "connecting to 1.2.3.6:80: no answer within 5s")
		if n.count("tcp", "1.2.3.7:80") != 0 || x.Timing.Connect != 15*time.Second {
			t.Errorf("dialled %v in %s", n.dialled, x.Timing.Connect)
		}
		x = c.Ask(t.Context(), resolveAsk("http://ca.example/"))
		wantFailure(t, x, evidence.ConnectTimeout, "1.2.3.6:80: no answer within 5s; and so on")
		if len(x.Addresses) != 4 || x.Timing.Connect != 20*time.Second {
			t.Errorf("%d addresses in %s", len(x.Addresses), x.Timing.Connect)
		}
	})
}

// A run that ends while an address answers has lost nothing: the addresses are known.
func TestInterruptedWhileAnAddressAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["tcp "+web] = silent
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		q := evidence.Question{Ask: evidence.Resolve, URL: "http://1.2.3.4/", Method: "HEAD"}
		x := n.client(t, transport.Options{}).Ask(ctx, q)
		wantFailure(t, x, evidence.Interrupted, "interrupted")
		if len(x.Addresses) != 1 || x.Addresses[0].Failure != "" {
			t.Errorf("addresses %+v", x.Addresses)
		}
	})
}

// What is sent on a connection that is only tried is a whole request: servers exist that
// stop when a client goes without one.
func TestTriedConnectionsAreUsedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, q := range map[string]evidence.Question{
			"HEAD /ca.crl HTTP/1.1\r\n": {Ask: evidence.Resolve, URL: "http://1.2.3.4/ca.crl", Method: "HEAD"},
			"POST /o HTTP/1.1\r\n":      {Ask: evidence.Resolve, URL: "http://1.2.3.4/o", Method: "POST", Request: []byte{0x30, 0}},
		} {
			var got []byte
			n := newNetwork()
			n.serving["tcp "+web] = func(conn net.Conn) {
				defer conn.Close()
				buffer := make([]byte, 4096)
				size, _ := conn.Read(buffer)
				got = append(got, buffer[:size]...)
				_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
			}
			x := n.client(t, transport.Options{}).Ask(t.Context(), q)
			synctest.Wait()
			if x.Failure != "" || !strings.HasPrefix(string(got), name) {
				t.Errorf("failure %q, sent %q", x.Failure, got)
			}
		}
	})
}

// One lost packet does not make a host with one address look dead.
func TestOnlyAddressIsTriedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.failing["tcp "+web] = nil
		x := n.client(t, transport.Options{}).Ask(t.Context(), evidence.Question{Ask: evidence.Resolve, URL: "http://1.2.3.4/"})
		wantFailure(t, x, evidence.ConnectTimeout, "")
		if n.count("tcp", web) != 2 {
			t.Errorf("dialled %v", n.dialled)
		}
	})
}
