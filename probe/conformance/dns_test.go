package conformance_test

import (
	"net"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// walks changes what DNS said of each host.
func walks(change func(*evidence.DNSWalk)) func(*evidence.Run) {
	return func(run *evidence.Run) {
		for i := range run.Exchanges {
			if w := run.Exchanges[i].DNS; w != nil {
				change(w)
			}
		}
	}
}

// replies changes some of the replies of a walk.
func replies(of func(*evidence.DNSReply) bool, change func(*evidence.DNSReply)) func(*evidence.Run) {
	return walks(func(w *evidence.DNSWalk) {
		for i := range w.Replies {
			if of(&w.Replies[i]) {
				change(&w.Replies[i])
			}
		}
	})
}

func byResolver(r *evidence.DNSReply) bool       { return r.Recursive }
func bySecondResolver(r *evidence.DNSReply) bool { return r.Server == fixtures.Resolvers[1] }
func overTCP(r *evidence.DNSReply) bool          { return !r.Recursive && r.Network == "tcp" }

func bySecondServer(r *evidence.DNSReply) bool {
	return r.Server == net.JoinHostPort(fixtures.NameServerAddresses[1], "53")
}

// unheard is a reply that did not come.
func unheard(f evidence.Failure) func(*evidence.DNSReply) {
	return func(r *evidence.DNSReply) { r.Failure, r.Code, r.Answer = f, "", nil }
}

// serversAt gives the zone's name servers other addresses, and their replies with them.
func serversAt(addresses ...string) func(*evidence.Run) {
	return walks(func(w *evidence.DNSWalk) {
		for i, address := range addresses {
			was := net.JoinHostPort(fixtures.NameServerAddresses[i], "53")
			w.Servers[i].Addresses = []string{address}
			for j := range w.Replies {
				if w.Replies[j].Server == was {
					w.Replies[j].Server = net.JoinHostPort(address, "53")
				}
			}
		}
	})
}

func inTurn(steps ...func(*evidence.Run)) func(*evidence.Run) {
	return func(run *evidence.Run) {
		for _, step := range steps {
			step(run)
		}
	}
}

// What DNS says weighs differently, and what may be our own network's doing accuses nobody.
func TestSeverityOfDNS(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	faulty := func(fault fixtures.ServerFault, servers int) func(*fixtures.Responder) {
		return func(r *fixtures.Responder) { r.DNS.Fault, r.DNS.Faulty = fault, servers }
	}
	expires := func(left time.Duration) func(*fixtures.Responder) {
		return func(r *fixtures.Responder) { r.Registration.Expires = r.Now.Add(left) }
	}
	signed := func(left, whole time.Duration) func(*fixtures.Responder) {
		return func(r *fixtures.Responder) { r.DNS.SignedUntil, r.DNS.SignedFor = r.Now.Add(left), whole }
	}
	bogus := func(r *fixtures.Responder) { r.DNS.Bogus = true }
	bogusOnce := func(r *fixtures.Responder) { r.DNS.Bogus, r.DNS.LastResolver = true, evidence.DNSServFail }
	unknownToOne := func(r *fixtures.Responder) { r.DNS.LastResolver = evidence.DNSNXDomain }
	six := func(dead int) func(*fixtures.Responder) {
		return func(r *fixtures.Responder) {
			r.DNS.Addresses, r.DNS.Dead = []string{"2620:0:2d0:200::7", "2620:0:2d0:200::8"}, dead
		}
	}
	parked := func(r *fixtures.Responder) {
		r.DNS.Wildcard, r.CRLHTTP.Body = true, []byte("<!DOCTYPE html><title>This domain is for sale</title>")
	}
	elsewhere := walks(func(w *evidence.DNSWalk) {
		for i := range w.Replies {
			if w.Replies[i].Name == w.Sibling {
				for j := range w.Replies[i].Answer {
					w.Replies[i].Answer[j].Data = "192.0.47.60"
				}
			}
		}
	})
	three := func(r *fixtures.Responder) { r.DNS.NameServers = 3 }
	one := func(r *fixtures.Responder) { r.DNS.NameServers = 1 }
	for name, c := range map[string]struct {
		rule   string
		want   conformance.Severity // zero: no failure
		change func(*fixtures.Responder)
		after  func(*evidence.Run)
	}{
		"one server is lame":                   {"dns-auth-agree", conformance.Warning, faulty(fixtures.Lame, 1), nil},
		"serials differ":                       {"dns-auth-agree", conformance.Notice, faulty(fixtures.OtherSerial, 1), nil},
		"both refuse the zone":                 {"dns-auth-agree", conformance.Error, faulty(fixtures.RefusesZone, 2), nil},
		"neither answers":                      {"dns-auth-agree", 0, faulty(fixtures.SilentServer, 2), nil},
		"both are lame, and resolvers know it": {"dns-auth-agree", 0, faulty(fixtures.Lame, 2), nil},
		"both are lame, and nobody knows it":   {"dns-auth-agree", conformance.Error, faulty(fixtures.Lame, 2), replies(byResolver, func(r *evidence.DNSReply) { r.Code, r.Answer = evidence.DNSNameError, nil })},
		"both lack the host":                   {"dns-auth-agree", 0, faulty(fixtures.HostMissing, 2), nil},
		"one has no serial":                    {"dns-auth-agree", conformance.Warning, nothing, replies(bySecondServer, func(r *evidence.DNSReply) { r.Answer = nil })},
		"one fails with authority":             {"dns-auth-agree", conformance.Warning, nothing, replies(bySecondServer, func(r *evidence.DNSReply) { r.Code = evidence.DNSServerError })},
		"our network reaches one alone":        {"dns-auth-agree", 0, nothing, replies(bySecondServer, unheard(evidence.NoRoute))},
		"one is silent":                        {"dns-auth-agree", conformance.Warning, nothing, replies(bySecondServer, unheard(evidence.DNSTimeout))},
		"the only one of IPv6 is silent":       {"dns-auth-agree", 0, nothing, inTurn(replies(bySecondServer, unheard(evidence.DNSTimeout)), serversAt("192.0.2.1", "2001:db8::1"))},
		"one of two of IPv6 is silent":         {"dns-auth-agree", conformance.Warning, three, inTurn(replies(bySecondServer, unheard(evidence.DNSTimeout)), serversAt("2001:db8::2", "2001:db8:1::1"))},
		"in one IPv4 network":                  {"dns-ns-redundancy", conformance.Notice, nothing, serversAt("192.0.2.1", "192.0.2.129")},
		"in two neighbouring IPv4 networks":    {"dns-ns-redundancy", 0, nothing, serversAt("192.0.2.1", "192.0.3.1")},
		"in one IPv6 network":                  {"dns-ns-redundancy", conformance.Notice, nothing, serversAt("2001:db8::1", "2001:db8:0:8000::1")},
		"in two neighbouring IPv6 networks":    {"dns-ns-redundancy", 0, nothing, serversAt("2001:db8::1", "2001:db8:1::1")},
		"one, at an address that nobody asked": {"dns-ns-redundancy", conformance.Notice, one, walks(func(w *evidence.DNSWalk) { w.Servers[0].Addresses = nil })},
		"two, at addresses that nobody asked":  {"dns-ns-redundancy", 0, nothing, walks(func(w *evidence.DNSWalk) { w.Servers[0].Addresses, w.Servers[1].Addresses = nil, nil })},
		"no TCP at one":                        {"dns-tcp-fallback", conformance.Notice, faulty(fixtures.WithoutTCP, 1), nil},
		"silence over TCP at one of two":       {"dns-tcp-fallback", conformance.Notice, nothing, replies(func(r *evidence.DNSReply) bool { return overTCP(r) && bySecondServer(r) }, unheard(evidence.DNSTimeout))},
		"silence over TCP at both":             {"dns-tcp-fallback", 0, nothing, replies(overTCP, unheard(evidence.DNSTimeout))},
		"silence over TCP at the only one":     {"dns-tcp-fallback", conformance.Notice, one, replies(overTCP, unheard(evidence.DNSTimeout))},
		"no route for TCP":                     {"dns-tcp-fallback", 0, nothing, replies(overTCP, unheard(evidence.NoRoute))},
		"an address that our translator made": {"dns-no-special-address", 0, nothing, each(evidence.Resolve, func(x *evidence.Exchange) {
			x.Addresses = append(x.Addresses, evidence.Address{IP: "64:ff9b::c000:2f3b"})
		})},
		"one of two IPv6 addresses refuses": {"dns-aaaa-works", 0, six(1), nil},
		"both refuse":                       {"dns-aaaa-works", conformance.Warning, six(2), nil},
		"unknown to one resolver":           {"dns-resolves", conformance.Notice, unknownToOne, nil},
		"one resolver is silent":            {"dns-resolves", 0, nothing, replies(bySecondResolver, unheard(evidence.DNSTimeout))},
		"an alias of nothing":               {"dns-cname-chain", conformance.Critical, func(r *fixtures.Responder) { r.DNS.Dangling = true }, nil},
		"nine aliases":                      {"dns-cname-chain", conformance.Error, func(r *fixtures.Responder) { r.DNS.Aliases = 9 }, nil},
		"an hour left of a week":            {"dns-dnssec-valid", conformance.Notice, signed(time.Hour, 7*day), nil},
		"bogus by both":                     {"dns-dnssec-valid", conformance.Error, bogus, nil},
		"bogus by one":                      {"dns-dnssec-valid", conformance.Warning, bogusOnce, nil},
		"bogus by one, and valid by the other": {"dns-dnssec-valid", conformance.Notice, bogusOnce, replies(byResolver, func(r *evidence.DNSReply) {
			r.Authenticated = r.Code == evidence.DNSNoError && !r.Unchecked || r.Server == fixtures.Resolvers[1]
		})},
		"a wildcard of somewhere else":           {"dns-parking-wildcard", 0, parked, elsewhere},
		"a wildcard of the same":                 {"dns-parking-wildcard", conformance.Error, parked, nil},
		"registered for a second less than 45 d": {"dns-domain-expiry", conformance.Warning, expires(45*day - time.Second), nil},
		"registered for 14 d":                    {"dns-domain-expiry", conformance.Warning, expires(14 * day), nil},
		"registered for a second less than 14 d": {"dns-domain-expiry", conformance.Error, expires(14*day - time.Second), nil},
		"on hold":                                {"dns-domain-expiry", conformance.Critical, func(r *fixtures.Responder) { r.Registration.Status = []string{"client hold"} }, nil},
		"one slow resolver of two":               {"dns-time", 0, nothing, replies(bySecondResolver, func(r *evidence.DNSReply) { r.Took = 3 * time.Second })},
		"no time at all, without authority":      {"dns-ttl", 0, nothing, replies(bySecondServer, func(r *evidence.DNSReply) { unlike(r, 0) })},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := faked(fixtures.Kind{}, fixtures.Case{Change: c.change})
			run := ask(t, fake, zoo.Memory{Responder: fake}, everything)
			if c.after != nil {
				c.after(run)
			}
			report := judge(t, run)
			if got := worst(report, c.rule); got != c.want {
				t.Errorf("%s is %d, want %d%s", c.rule, got, c.want, describe(report))
			}
		})
	}
}

// unlike has a reply come without authority, with another time to live.
func unlike(r *evidence.DNSReply, ttl uint32) {
	r.Authoritative = false
	for i := range r.Answer {
		r.Answer[i].TTL = ttl
	}
}
