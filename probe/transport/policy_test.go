package transport_test

import (
	"testing"
	"testing/synctest"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/transport"
)

func TestPrivateAddressesAreNotDialled(t *testing.T) {
	for host, kind := range map[string]string{
		"0.0.0.0": "unspecified", "10.255.0.1": "private", "100.64.0.1": "carrier-grade", "127.8.8.8": "loopback",
		"169.254.169.254": "link-local", "172.31.0.1": "private", "192.0.2.1": "documentation", "192.168.1.1": "private",
		"198.19.0.1": "benchmarking", "198.51.100.1": "documentation", "203.0.113.1": "documentation", "224.0.0.1": "multicast",
		"255.255.255.255": "reserved", "192.0.0.8": "protocol", "localhost": "loopback", "a.LOCALHOST.": "loopback",
		"[::]": "unspecified", "[::1]": "loopback", "[fd00::1]": "unique local", "[fe80::1%25eth0]": "link-local",
		"[fec0::1]": "site-local", "[ff02::1]": "multicast", "[2001:db8::1]": "documentation", "[3fff::1]": "documentation",
		"[::ffff:10.0.0.1]": "private", "[64:ff9b::127.0.0.1]": "loopback", "[64:ff9b:1::1]": "translation", "[100::1]": "discard",
		"[2001:2::1]": "benchmarking", "private.example": "private",
	} {
		t.Run(host, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork()
				n.serving["udp "+resolver1] = zone{records: []string{"private.example. 60 IN A 10.0.0.1"}}.serve
				x := n.client(t, transport.Options{}).Ask(t.Context(), fetch("http://"+host+"/"))
				wantFailure(t, x, evidence.Refused, kind)
				wantFailure(t, x, evidence.Refused, "--allow-private")
				for _, key := range n.dialled {
					if key != "udp "+resolver1 {
						t.Errorf("dialled %s", key)
					}
				}
			})
		})
	}
}

// The addresses next to the special blocks are public ones.
func TestPublicAddressesAreDialled(t *testing.T) {
	for _, host := range []string{"1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
		"128.0.0.0", "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "198.17.255.255",
		"198.20.0.0", "223.255.255.255", "[2000::1]", "[2001:db7::1]", "[64:ff9b::1.2.3.4]", "[::ffff:1.2.3.4]"} {
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork()
			x := n.client(t, transport.Options{}).Ask(t.Context(), fetch("http://"+host+"/"))
			wantFailure(t, x, evidence.ConnectRefused, "connection refused")
		})
	}
}

func TestNamedHostsAreAskedAnywhere(t *testing.T) {
	for name, c := range map[string]struct {
		options transport.Options
		url     string
		address string
		want    evidence.Failure
	}{
		"named":                  {transport.Options{Named: map[string]bool{"private.example": true}}, "http://Private.Example./", "", evidence.ConnectRefused},
		"another is named":       {transport.Options{Named: map[string]bool{"b.example": true}}, "http://private.example/", "", evidence.Refused},
		"not named":              {transport.Options{Named: map[string]bool{"private.example": false}}, "http://private.example/", "", evidence.Refused},
		"address named":          {transport.Options{Named: map[string]bool{"FD00::0001": true}}, "http://[fd00::1]/", "", evidence.ConnectRefused},
		"pinned, not named":      {transport.Options{}, "http://ca.example/", "10.0.0.1", evidence.Refused},
		"pinned, host named":     {transport.Options{Named: map[string]bool{"ca.example": true}}, "http://ca.example/", "10.0.0.1", evidence.ConnectRefused},
		"everything is allowed":  {transport.Options{AllowPrivate: true}, "http://private.example/", "", evidence.ConnectRefused},
		"handshake":              {transport.Options{}, "tls://private.example", "", evidence.Refused},
		"only public is dialled": {transport.Options{}, "http://mixed.example/", "", evidence.ConnectRefused},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork()
				n.serving["udp "+resolver1] = zone{records: []string{"private.example. 60 IN A 10.0.0.1",
					"mixed.example. 60 IN A 10.0.0.2", "mixed.example. 60 IN A 1.2.3.4"}}.serve
				q := fetch(c.url)
				q.Address = c.address
				if name == "handshake" {
					q.Ask = evidence.Handshake
				}
				x := n.client(t, c.options).Ask(t.Context(), q)
				wantFailure(t, x, c.want, "")
				if n.count("tcp", "10.0.0.2:80") != 0 {
					t.Error("dialled the private one of two addresses")
				}
			})
		})
	}
}

// A Resolve says which addresses a host has, even where it dials none of them.
func TestResolveRecordsRefusedAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["udp "+resolver1] = zone{records: []string{"ca.example. 60 IN A 10.0.0.1"}}.serve
		wantFailure(t, sees(t, n, transport.Options{}, "10.0.0.1"), evidence.Refused, "10.0.0.1 is a private address")
	})
}
