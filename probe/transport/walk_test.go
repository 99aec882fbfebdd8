package transport_test

import (
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/transport"
)

func walkAsk() evidence.Question {
	return evidence.Question{Ask: evidence.WalkDNS, URL: "http://ca.example/", Sibling: "beside"}
}

// walkZone is a resolver of ca.example and its name servers at these addresses.
func walkZone(servers ...string) zone {
	z := zone{records: []string{"ca.example. 60 IN A 1.2.3.4", "ca.example. 60 IN SOA ns.ca.example. x. 7 1 1 1 1"}}
	for _, address := range servers {
		z.records = append(z.records, "ca.example. 60 IN NS ns.ca.example.", "ns.ca.example. 60 IN A "+address)
	}
	return z
}

// authoritative serves the zone as its name server.
func authoritative(z zone) func(net.Conn) {
	return func(c net.Conn) { z.serveEdited(c, func(answer *dns.Msg) { answer.Authoritative = true }) }
}

// replyOf is what the walk holds of a question, the last where it was asked again.
func replyOf(t *testing.T, x evidence.Exchange, server, network, kind string) evidence.DNSReply {
	t.Helper()
	for _, r := range slices.Backward(x.DNS.Replies) {
		if r.Server == server && r.Network == network && r.Type == kind {
			return r
		}
	}
	t.Errorf("no reply of %s over %s about %s in %+v", server, network, kind, x.DNS)
	return evidence.DNSReply{}
}

func TestWalkAsksTheNameServersThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		z := walkZone("9.9.9.9")
		n.serving["udp "+resolver1], n.serving["udp 9.9.9.9:53"] = z.serve, authoritative(z)
		x := n.client(t, transport.Options{}).Ask(t.Context(), walkAsk())
		if x.Failure != "" || x.DNS.Zone != "ca.example." || x.DNS.Sibling != "beside.example." {
			t.Fatalf("failure %q, walk %+v", x.Failure, x.DNS)
		}
		soa := replyOf(t, x, "9.9.9.9:53", "udp", "SOA")
		want := evidence.DNSRecord{Name: "ca.example.", Type: "SOA", TTL: 60, Data: "ns.ca.example. x. 7 1 1 1 1"}
		if !soa.Authoritative || len(soa.Answer) != 1 || soa.Answer[0] != want || soa.Tries != 1 {
			t.Errorf("SOA of the name server: %+v", soa)
		}
		if tcp := replyOf(t, x, "9.9.9.9:53", "tcp", "A"); tcp.Failure != evidence.ConnectRefused || tcp.Code != "" {
			t.Errorf("over TCP: %+v", tcp)
		}
	})
}

// What a resolver is asked has RD and DO, what a name server is asked has neither.
func TestWalkFlags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		flags := map[string][]bool{}
		watch := func(server string, z zone) func(net.Conn) {
			return func(c net.Conn) {
				defer c.Close()
				conn := &dns.Conn{Conn: c}
				question, err := conn.ReadMsg()
				if err != nil {
					return
				}
				flags[server] = append(flags[server], question.RecursionDesired, question.IsEdns0().Do())
				_ = conn.WriteMsg(z.answer(question))
			}
		}
		n.serving["udp "+resolver1], n.serving["udp 9.9.9.9:53"] = watch("resolver", walkZone("9.9.9.9")), watch("server", walkZone("9.9.9.9"))
		n.client(t, transport.Options{}).Ask(t.Context(), walkAsk())
		if slices.Contains(flags["resolver"], false) || slices.Contains(flags["server"], true) || len(flags["server"]) == 0 {
			t.Errorf("RD and DO: %v", flags)
		}
	})
}

// A failure that validation makes has the extended error that says so.
func TestWalkOfABogusZone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["udp "+resolver1] = func(c net.Conn) {
			walkZone("9.9.9.9").serveEdited(c, func(answer *dns.Msg) {
				if answer.CheckingDisabled {
					return
				}
				answer.Rcode, answer.Answer = dns.RcodeServerFailure, nil
				answer.SetEdns0(1232, true)
				answer.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_EDE{InfoCode: dns.ExtendedErrorCodeSignatureExpired, ExtraText: "of ca.example."}}
			})
		}
		x := n.client(t, transport.Options{}).Ask(t.Context(), walkAsk())
		failed, cured := x.DNS.Replies[0], x.DNS.Replies[1]
		want := evidence.DNSError{Code: 7, Text: "Signature Expired of ca.example."}
		if failed.Code != "SERVFAIL" || len(failed.Errors) != 1 || failed.Errors[0] != want || cured.Code != "NOERROR" || !cured.Unchecked {
			t.Errorf("%+v\n%+v", failed, cured)
		}
	})
}

// A lost packet is sent again; a server that is dead costs two tries and no more.
func TestWalkTriesTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		z := walkZone("9.9.9.9")
		n.serving["udp "+resolver1] = z.serve
		n.serving["udp 9.9.9.9:53"] = silent
		x := n.client(t, transport.Options{}).Ask(t.Context(), walkAsk())
		if soa := replyOf(t, x, "9.9.9.9:53", "udp", "SOA"); soa.Failure != evidence.DNSTimeout || soa.Tries != 2 || soa.Took != 4*time.Second {
			t.Errorf("%+v", soa)
		}
		if dialled := n.count("udp", "9.9.9.9:53") + n.count("tcp", "9.9.9.9:53"); dialled != 2 {
			t.Errorf("%d connections to the dead server", dialled)
		}
	})
}

// A name server at a private address is the operator's to name.
func TestWalkRefusesPrivateNameServers(t *testing.T) {
	for name, o := range map[string]transport.Options{
		"nobody named it":     {},
		"private is allowed":  {AllowPrivate: true},
		"the host is named":   {Named: map[string]bool{"ca.example": true}},
		"the server is named": {Named: map[string]bool{"10.0.0.53": true}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork()
				z := walkZone("10.0.0.53")
				n.serving["udp "+resolver1], n.serving["udp 10.0.0.53:53"] = z.serve, authoritative(z)
				x := n.client(t, o).Ask(t.Context(), walkAsk())
				soa := replyOf(t, x, "10.0.0.53:53", "udp", "SOA")
				if refused := soa.Failure == evidence.Refused; refused != (name == "nobody named it") || refused && n.count("udp", "10.0.0.53:53") > 0 {
					t.Errorf("%+v, dialled %v", soa, n.dialled)
				}
			})
		})
	}
}

func TestWalkWithoutResolvers(t *testing.T) {
	for name, test := range map[string]struct {
		serve func(net.Conn)
		want  evidence.Failure
	}{
		"all silent":          {silent, evidence.NoResolver},
		"silent on this name": {onlyRoot, evidence.DNSTimeout},
		"refusing port":       {nil, evidence.NoResolver},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork()
				n.serving["udp "+resolver1] = test.serve
				wantFailure(t, n.client(t, transport.Options{}).Ask(t.Context(), walkAsk()), test.want, "ca.example")
			})
		})
	}
	n := newNetwork()
	wantFailure(t, n.client(t, transport.Options{}).Ask(t.Context(), evidence.Question{Ask: evidence.WalkDNS, URL: "http://192.0.43.8/"}), evidence.BadURL, "is an address")
}

// However many servers are dead, a walk takes half a minute.
func TestWalkIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		z := walkZone("9.9.9.9")
		z.pause = 2900 * time.Millisecond
		z.records = append(z.records, "ca.example. 60 IN NS ns2.ca.example.", "ns2.ca.example. 60 IN A 9.9.9.8", "ns2.ca.example. 60 IN AAAA 2620:fe::9")
		n.serving["udp "+resolver1] = z.serve
		n.failing["udp 9.9.9.9:53"], n.failing["udp 9.9.9.8:53"], n.failing["udp [2620:fe::9]:53"] = nil, nil, nil
		start := time.Now()
		x := n.client(t, transport.Options{}).Ask(t.Context(), walkAsk())
		if took := time.Since(start); took != 30*time.Second || x.Failure != "" || !x.DNS.Cut {
			t.Errorf("%s, failure %q, cut %v", took, x.Failure, x.DNS.Cut)
		}
	})
}
