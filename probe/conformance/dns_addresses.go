package conformance

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// maxConnectTime is of one TCP connection, in section D of the catalogue.
const maxConnectTime = 3 * time.Second

func addressRules() []*Rule {
	return []*Rule{
		{
			ID:       "dns-no-special-address",
			Cites:    []Citation{BR("4.9.7", Must), BR("2.4", Must)},
			Says:     "The host must not have a private, reserved or otherwise special address: the public cannot reach it.",
			Needs:    evidence.Resolve | evidence.WalkDNS,
			Marked:   Error,
			Public:   true,
			Exchange: publicAddresses,
			Bad: []fixtures.Case{
				when("the last private one", func(r *fake) { unnamed(r, "172.31.255.255", "192.0.47.59") }),
				when("loopback alone", func(r *fake) { unnamed(r, "127.0.0.9") }),
				when("an IPv4-mapped one", func(r *fake) { unnamed(r, "192.0.43.8", "::ffff:192.0.47.59") }),
				when("a published NAT64 address", func(r *fake) { unnamed(r, "192.0.43.8", "64:ff9b::c000:2f3b") }),
			},
			Good: []fixtures.Case{
				when("the first public one", func(r *fake) { unnamed(r, "172.32.0.0", "192.0.47.59") }),
				when("a host that the operator named", func(r *fake) { r.DNS.Addresses = []string{"10.0.0.1"} }),
			},
		},
		{
			ID:     "dns-aaaa-works",
			Cites:  []Citation{BR("4.10.2", Observed), RFC5280("4.2.1.13", Observed)},
			Says:   "An IPv6 address that is published must take connections.",
			Needs:  evidence.Resolve,
			Tried:  true,
			Marked: Warning,
			Exchange: func(s ExchangeSubject) Verdict {
				six := slices.DeleteFunc(slices.Clone(s.Addresses), func(a evidence.Address) bool { return !isIPv6(a.IP) })
				dead, ours := s.deadAddresses(six)
				switch {
				case len(six) == 0:
					return skip()
				case len(dead)+len(ours) < len(six):
					return pass()
				case len(dead) == 0:
					return unable("%s", strings.Join(ours, "; "))
				case s.Blackout:
					return unable(blackoutText)
				}
				return fail("a connection over IPv6", "%s", strings.Join(dead, "; "))
			},
			Bad:  []fixtures.Case{when("it refuses", func(r *fake) { r.DNS.Addresses, r.DNS.Dead = bothFamilies(), 1 })},
			Good: []fixtures.Case{when("it takes connections", func(r *fake) { r.DNS.Addresses = bothFamilies() })},
			Also: []string{"tcp-connect-all"},
		},
		{
			ID:     "tcp-connect-time",
			Cites:  []Citation{BR("4.10.2", Observed), RFC5280("4.2.1.13", Observed)},
			Says:   "A TCP connection should be taken within 3 seconds.",
			Needs:  evidence.Resolve,
			Marked: Notice,
			Exchange: func(s ExchangeSubject) Verdict {
				taken := slices.DeleteFunc(slices.Clone(s.Addresses), func(a evidence.Address) bool { return a.Failure != "" })
				for _, a := range taken {
					if a.Connect > maxConnectTime {
						return fail("at most 3s", "%s by %s", a.Connect.Round(time.Millisecond), a.IP)
					}
				}
				return skipUnless(len(taken) > 0)
			},
			Bad:  []fixtures.Case{when("3 s and a millisecond", func(r *fake) { r.DNS.ConnectTime = maxConnectTime + time.Millisecond })},
			Good: []fixtures.Case{when("3 s", func(r *fake) { r.DNS.ConnectTime = maxConnectTime })},
		},
		{
			ID:      "dns-parking-wildcard",
			Cites:   []Citation{BR("4.10.2", Observed), RFC5280("4.2.1.13", Observed)},
			Says:    "The host must not be a parked domain, where any name leads to the same web page.",
			Needs:   evidence.WalkDNS | evidence.OCSP | evidence.FetchCRL,
			Marked:  Error,
			Service: parked,
			Bad: []fixtures.Case{when("any name, and a web page", func(r *fake) {
				r.DNS.Wildcard, r.CRLHTTP.Body = true, parkingPage
			})},
			Good: []fixtures.Case{
				when("any name, and the documents", func(r *fake) { r.DNS.Wildcard = true }),
				when("one name, and a web page", func(r *fake) { r.CRLHTTP.Body = parkingPage }),
			},
			Also: []string{"http-body-magic"},
		},
	}
}

var parkingPage = []byte("<!DOCTYPE html><title>This domain is for sale</title>")

// unnamed gives a host that only a certificate names these addresses.
func unnamed(r *fake, addresses ...string) { r.DNS.Unnamed, r.DNS.Addresses = true, addresses }

// bothFamilies are addresses of IANA's web servers.
func bothFamilies() []string { return []string{"192.0.43.8", "2620:0:2d0:200::8"} }

// nat64 is the prefix that resolvers put before an IPv4 address for clients without IPv4
// (RFC 6052 §2.1). A zone that publishes it leads everybody else nowhere.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// publicAddresses judges the addresses that we refused because nobody of ours named the host:
// one that the operator named may be where he likes.
func publicAddresses(s ExchangeSubject) Verdict {
	if _, err := netip.ParseAddr(hostOf(s.URL)); err == nil {
		return skip() // DNS has no part in it
	}
	var wrong []string
	found := len(s.Addresses)
	note := func(text string, refused bool, published bool) {
		address, err := netip.ParseAddr(text)
		switch {
		case err != nil:
		case refused && evidence.SpecialAddress(address) != "":
			wrong = append(wrong, text+" is "+evidence.SpecialAddress(address))
		case refused && address.Is4In6():
			wrong = append(wrong, text+" is an IPv4-mapped address (RFC 4291)")
		case published && nat64.Contains(address):
			wrong = append(wrong, text+" is an address of a translator (RFC 6052)")
		}
	}
	allowed := specialAllowed(s.Addresses)
	for _, a := range s.Addresses {
		address, err := netip.ParseAddr(a.IP)
		note(a.IP, a.Failure == evidence.Refused && !allowed || err == nil && address.Is4In6(), false)
	}
	if s.DNS != nil {
		for _, r := range repliesTo(s.DNS, false, s.DNS.Host, evidence.TypeAAAA) {
			for _, address := range r.Data(evidence.TypeAAAA) {
				found++
				note(address, false, r.Authoritative)
			}
		}
	}
	if len(wrong) > 0 {
		return fail("public addresses", "%s", strings.Join(unique(wrong), "; "))
	}
	return skipUnless(found > 0)
}

// specialAllowed reports whether the operator let us ask special addresses, so that those which
// were not asked are merely too many.
func specialAllowed(list []evidence.Address) bool {
	return slices.ContainsFunc(list, func(a evidence.Address) bool {
		address, err := netip.ParseAddr(a.IP)
		return err == nil && evidence.SpecialAddress(address) != "" && a.Failure != evidence.Refused
	})
}

// parked finds a service that answers with a web page, at a host beside which a made-up name
// leads to the same address.
func parked(s ServiceSubject) Verdict {
	if s.Walk == nil || s.Walk.Sibling == "" {
		return skip()
	}
	var pages []*evidence.Exchange
	for _, x := range s.asked(evidence.OCSP | evidence.FetchCRL) {
		if !x.Answered() {
			continue
		}
		if revocation.Recognise(x.Body[:min(len(x.Body), revocation.HeadSize)], int64(len(x.Body))).Encoding != revocation.EncodingHTML {
			return pass()
		}
		pages = append(pages, x)
	}
	if len(pages) == 0 {
		return skip()
	}
	for _, r := range repliesTo(s.Walk, true, s.Walk.Sibling, evidence.TypeA) {
		for _, beside := range r.Data(evidence.TypeA) {
			for _, host := range repliesTo(s.Walk, true, s.Walk.Host, evidence.TypeA) {
				if slices.Contains(host.Data(evidence.TypeA), beside) {
					return fail("a service of its own", "a web page, and %s has the address %s as well", s.Walk.Sibling, beside).about(ids(pages)...)
				}
			}
		}
	}
	return pass()
}
