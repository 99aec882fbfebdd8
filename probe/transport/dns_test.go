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

func resolveAsk(url string) evidence.Question {
	return evidence.Question{Ask: evidence.Resolve, URL: url}
}

func ips(x evidence.Exchange) (found []string) {
	for _, address := range x.Addresses {
		found = append(found, address.IP)
	}
	return found
}

// sees asks for the addresses of ca.example on n.
func sees(t *testing.T, n *network, o transport.Options, want ...string) evidence.Exchange {
	t.Helper()
	x := n.client(t, o).Ask(t.Context(), resolveAsk("http://ca.example/"))
	if got := ips(x); !slices.Equal(got, want) {
		t.Errorf("addresses %v, want %v (failure %q: %s)", got, want, x.Failure, x.Detail)
	}
	return x
}

func TestAliasesAreFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["tcp "+web] = silent
		n.serving["udp "+resolver1] = func(c net.Conn) {
			z := zone{records: []string{"ca.example. 60 IN CNAME Cdn.test.", "cdn.test. 60 IN CNAME edge.test.", "edge.test. 60 IN A 1.2.3.4"}}
			z.serveEdited(c, func(answer *dns.Msg) {
				for _, text := range []string{"other.test. 60 IN A 1.2.3.9", "edge.test. 60 IN A 1.2.3.4", "edge.test. 60 IN AAAA 2a00::1"} {
					stray, _ := dns.NewRR(text)
					if stray.Header().Rrtype != answer.Question[0].Qtype || answer.Question[0].Qtype == dns.TypeA {
						answer.Answer = append(answer.Answer, stray)
					}
				}
			})
		}
		sees(t, n, transport.Options{}, "1.2.3.4")
	})
}

func TestTruncatedAnswerIsAskedOverTCP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["tcp "+web] = silent
		n.serving["tcp "+resolver1] = webZone().serve
		n.serving["udp "+resolver1] = func(c net.Conn) {
			webZone().serveEdited(c, func(answer *dns.Msg) { answer.Truncated, answer.Answer = true, nil })
		}
		sees(t, n, transport.Options{}, "1.2.3.4")
	})
}

func TestResolverWithoutEDNS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["tcp "+web] = silent
		n.serving["udp "+resolver1] = func(c net.Conn) {
			defer c.Close()
			conn := &dns.Conn{Conn: c}
			question, err := conn.ReadMsg()
			if err != nil {
				return
			}
			answer := webZone().answer(question)
			if question.IsEdns0() != nil {
				answer = new(dns.Msg).SetRcode(question, dns.RcodeFormatError)
				answer.Question = nil
			}
			_ = conn.WriteMsg(answer)
		}
		sees(t, n, transport.Options{}, "1.2.3.4")
	})
}

func TestNextResolver(t *testing.T) {
	for name, first := range map[string]func(net.Conn){
		"after SERVFAIL":         rcodeZone(dns.RcodeServerFailure).serve,
		"after silence":          silent,
		"after a refusal":        nil,
		"after another's answer": func(c net.Conn) { webZone().serveEdited(c, func(m *dns.Msg) { m.Question[0].Name = "b.example." }) },
		"after a question":       func(c net.Conn) { webZone().serveEdited(c, func(m *dns.Msg) { m.Response = false }) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork()
				n.serving["tcp "+web] = silent
				n.serving["udp "+resolver1] = first
				n.serving["udp "+resolver2] = webZone().serve
				sees(t, n, transport.Options{Resolvers: []string{"9.9.9.1", resolver2}}, "1.2.3.4")
			})
		})
	}
}

// NXDOMAIN of one resolver is no more than a note where another knows the name.
func TestSecondOpinionOnNXDomain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["tcp "+web] = silent
		n.serving["udp "+resolver1] = zone{}.serve
		n.serving["udp "+resolver2] = webZone().serve
		sees(t, n, transport.Options{Resolvers: []string{"9.9.9.1", "9.9.9.2"}}, "1.2.3.4")
	})
}

// NXDOMAIN is believed where nobody knows better, and those who keep silent are not asked
// again for that.
func TestNXDomainIsBelieved(t *testing.T) {
	for name, second := range map[string]func(net.Conn){"both": zone{}.serve, "the other fails": rcodeZone(dns.RcodeServerFailure).serve, "the other is silent": silent} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork()
				n.serving["udp "+resolver1], n.serving["udp "+resolver2] = zone{}.serve, second
				x := sees(t, n, transport.Options{Resolvers: []string{"9.9.9.1", "9.9.9.2"}})
				wantFailure(t, x, evidence.DNSNXDomain, "answers NXDOMAIN")
				if n.count("udp", resolver1) != 1 || n.count("udp", resolver2) != 1 {
					t.Errorf("dialled %v", n.dialled)
				}
			})
		})
	}
}

// A resolver that refuses everything is not ours to use: that says nothing about the name.
func TestResolverThatRefusesEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["udp "+resolver1] = func(c net.Conn) {
			webZone().serveEdited(c, func(answer *dns.Msg) { answer.Rcode, answer.Answer = dns.RcodeRefused, nil })
		}
		wantFailure(t, sees(t, n, transport.Options{}), evidence.NoResolver, "answers REFUSED")
	})
}

// A resolver that answers without an answer is asked once for each type.
func TestServFailIsNotAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["udp "+resolver1] = rcodeZone(dns.RcodeServerFailure).serve
		n.serving["udp "+resolver2] = silent
		wantFailure(t, sees(t, n, transport.Options{Resolvers: []string{"9.9.9.1", "9.9.9.2"}}), evidence.DNSServFail, "SERVFAIL")
		if first, second := n.count("udp", resolver1), n.count("udp", resolver2); first != 2 || second != 4 {
			t.Errorf("%d and %d queries", first, second)
		}
	})
}

// However many resolvers there are, DNS takes no more than the time of an exchange.
func TestManySilentResolvers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["udp "+resolver1], n.serving["udp "+resolver2] = onlyRoot, silent
		x := sees(t, n, transport.Options{Resolvers: []string{"9.9.9.1", "9.9.9.2", "9.9.9.2"}})
		wantFailure(t, x, evidence.DNSTimeout, "no answer in time")
		if x.Timing.DNS != 15*time.Second {
			t.Errorf("DNS took %s", x.Timing.DNS)
		}
	})
}

// One resolver that lives is enough to tell a dead zone from dead resolvers.
func TestOneLivingResolver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["udp "+resolver1], n.serving["udp "+resolver2] = silent, onlyRoot
		x := sees(t, n, transport.Options{Resolvers: []string{"9.9.9.1", "9.9.9.2"}})
		wantFailure(t, x, evidence.DNSTimeout, "")
	})
}

// The second of two tries is answered.
func TestSecondTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["tcp "+web] = silent
		n.serving["udp "+resolver1] = func(c net.Conn) {
			if n.count("udp", resolver1) == 1 {
				silent(c)
				return
			}
			webZone().serve(c)
		}
		if x := sees(t, n, transport.Options{}, "1.2.3.4"); x.Timing.DNS != 3*time.Second {
			t.Errorf("DNS took %s", x.Timing.DNS)
		}
	})
}

func TestAddressesAreCached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		z := webZone()
		z.pause = time.Second
		n.serving["udp "+resolver1] = z.serve
		n.serving["tcp "+web] = answering(0, ok("x"))
		c := n.client(t, transport.Options{})
		for i, step := range []struct {
			ask     evidence.Question
			after   time.Duration
			queries int
			took    time.Duration
		}{
			{fetch("http://ca.example/"), 0, 2, 2 * time.Second},
			{fetch("http://CA.example./b"), 28 * time.Second, 2, 0},
			{fetch("http://ca.example/"), 2 * time.Second, 4, 2 * time.Second},
			{resolveAsk("http://ca.example/"), 2 * time.Second, 6, 2 * time.Second},
			{fetch("http://ca.example/"), 29 * time.Second, 6, 0},
		} {
			time.Sleep(step.after)
			x := c.Ask(t.Context(), step.ask)
			if x.Failure != "" || n.count("udp", resolver1) != step.queries || x.Timing.DNS != step.took {
				t.Errorf("question %d: failure %q, %d queries so far, DNS %s", i, x.Failure, n.count("udp", resolver1), x.Timing.DNS)
			}
		}
	})
}

// A failure may pass: it is looked up again.
func TestFailuresAreNotCached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["udp "+resolver1] = zone{}.serve
		n.serving["tcp "+web] = answering(0, ok("x"))
		c := n.client(t, transport.Options{})
		wantFailure(t, c.Ask(t.Context(), fetch("http://ca.example/")), evidence.DNSNXDomain, "")
		n.serving["udp "+resolver1] = webZone().serve
		wantFailure(t, c.Ask(t.Context(), fetch("http://ca.example/")), "", "")
	})
}

// One address family that works is enough, whatever befalls the other.
func TestOneFamilyIsEnough(t *testing.T) {
	for kind, want := range map[uint16]string{dns.TypeA: "2a00::1", dns.TypeAAAA: "1.2.3.4"} {
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork()
			n.serving["udp "+resolver1] = func(c net.Conn) {
				z := zone{records: []string{"ca.example. 60 IN A 1.2.3.4", "ca.example. 60 IN AAAA 2a00::1"}}
				z.serveEdited(c, func(answer *dns.Msg) {
					if answer.Question[0].Qtype == kind {
						answer.Rcode, answer.Answer = dns.RcodeServerFailure, nil
					}
				})
			}
			sees(t, n, transport.Options{}, want)
		})
	}
}
