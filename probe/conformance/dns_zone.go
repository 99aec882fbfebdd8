package conformance

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
)

func zoneRules() []*Rule {
	return []*Rule{
		{
			ID:       "dns-auth-agree",
			Cites:    []Citation{RFC2182("3", Practice), RFC2182("7", Practice), BR("4.10.2", Observed), RFC5280("4.2.1.13", Observed)},
			Says:     "Every name server of the zone must answer for it, and with the same data.",
			Needs:    evidence.WalkDNS,
			Marked:   Warning,
			Exchange: walked(serversAgree),
			Bad: []fixtures.Case{
				when("one of two is lame", func(r *fake) { r.DNS.Fault = fixtures.Lame }),
				when("one refuses the zone", func(r *fake) { r.DNS.Fault = fixtures.RefusesZone }),
				when("one never answers", func(r *fake) { r.DNS.Fault = fixtures.SilentServer }),
				when("serials differ", func(r *fake) { r.DNS.Fault = fixtures.OtherSerial }),
				when("one lacks the host", func(r *fake) { r.DNS.Fault = fixtures.HostMissing }),
				when("both refuse it", func(r *fake) { r.DNS.Fault, r.DNS.Faulty = fixtures.RefusesZone, 2 }),
			},
			Good: []fixtures.Case{
				when("both agree", func(*fake) {}),
				when("addresses differ", func(r *fake) { r.DNS.Fault = fixtures.OtherAddress }),
				when("cut replies", func(r *fake) { r.DNS.Cut = true }),
			},
		},
		{
			ID:       "dns-ns-redundancy",
			Cites:    []Citation{RFC2182("3", Practice), RFC2182("5", Practice), BR("4.10.2", Observed), RFC5280("4.2.1.13", Observed)},
			Says:     "The zone should have name servers in at least two networks.",
			Needs:    evidence.WalkDNS,
			Marked:   Notice,
			Exchange: walked(serversApart),
			Bad: []fixtures.Case{
				when("one name server", func(r *fake) { r.DNS.NameServers = 1 }),
				when("both in one network", func(r *fake) { r.DNS.OneNetwork = true }),
			},
			Good: []fixtures.Case{when("two in two networks", func(*fake) {})},
		},
		{
			ID:       "dns-tcp-fallback",
			Cites:    []Citation{BR("4.10.2", Observed), RFC5280("4.2.1.13", Observed)},
			Says:     "The name servers should answer over TCP as well, which a truncated answer needs.",
			Needs:    evidence.WalkDNS,
			Marked:   Notice,
			Exchange: walked(serversTakeTCP),
			Bad: []fixtures.Case{
				when("one takes no TCP", func(r *fake) { r.DNS.Fault = fixtures.WithoutTCP }),
				when("neither does", func(r *fake) { r.DNS.Fault, r.DNS.Faulty = fixtures.WithoutTCP, 2 }),
			},
			Good: []fixtures.Case{when("over UDP all is cut", func(r *fake) { r.DNS.Cut = true })},
		},
	}
}

func serversAgree(_ ExchangeSubject, w *evidence.DNSWalk) Verdict {
	judged := judgeable(views(w))
	var faults, missing, serials []string
	for _, v := range judged {
		switch {
		case v.fault() != "":
			faults = append(faults, v.fault())
			continue
		case v.host != nil && v.host.Code == evidence.DNSNameError:
			missing = append(missing, v.server)
		}
		serials = append(serials, v.server+" "+v.serial())
	}
	serving := len(judged) - len(faults)
	switch {
	case len(judged) == 0:
		return skip()
	case serving == 0:
		return noneServes(w, judged, faults)
	case len(faults) > 0:
		return fail("an authoritative answer from each", "of %s: %s", w.Zone, strings.Join(unique(faults), "; "))
	case len(missing) > 0 && len(missing) < serving:
		return fail("the host in every copy of the zone", "%s does not exist on %s", w.Host, strings.Join(unique(missing), ", "))
	case len(unique(serialsOf(judged))) > 1:
		// Serials differ for a while after every change, and for ever where a zone is with two
		// providers.
		return fail("one serial", "of %s: %s", w.Zone, strings.Join(unique(serials), ", ")).atMost(Notice)
	}
	return pass()
}

// noneServes judges a zone that no name server answers for. Where resolvers know it all the
// same, something between the servers and us does.
func noneServes(w *evidence.DNSWalk, judged []view, faults []string) Verdict {
	answered := slices.ContainsFunc(w.Replies, func(r evidence.DNSReply) bool { return !r.Recursive && r.Code != "" })
	switch {
	case !answered:
		return unable("no name server answers us directly: our network may not let us ask")
	case resolves(w) && !slices.ContainsFunc(judged, func(v view) bool { return v.soa.Code == evidence.DNSNotAllowed }):
		return unable("resolvers know the host, and no name server of %s answers us with authority: our network may answer in their place", w.Zone)
	}
	return fail("an authoritative answer from each", "of %s: %s", w.Zone, strings.Join(unique(faults), "; ")).atLeast(Error)
}

func serialsOf(list []view) []string {
	var serials []string
	for _, v := range list {
		serials = append(serials, v.serial())
	}
	return serials
}

// unique leaves out what was there already.
func unique(list []string) []string {
	var out []string
	for _, text := range list {
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

func serversApart(_ ExchangeSubject, w *evidence.DNSWalk) Verdict {
	var four, six []string
	for _, server := range w.Servers {
		if len(server.Addresses) == 0 && len(w.Servers) > 1 {
			return unable("the addresses of %s are not known", server.Name)
		}
		for _, text := range server.Addresses {
			address, err := netip.ParseAddr(text)
			if err != nil {
				continue
			}
			bits, list := 24, &four
			if address.Is6() {
				bits, list = 48, &six
			}
			if network, err := address.Prefix(bits); err == nil {
				*list = append(*list, network.String())
			}
		}
	}
	switch {
	case len(w.Servers) == 0:
		return skip()
	case len(w.Servers) == 1:
		return fail("at least two name servers", "%s has one: %s", w.Zone, w.Servers[0].Name)
	case len(unique(four)) < 2 && len(unique(six)) < 2:
		return fail("name servers in at least two networks", "those of %s are all in %s", w.Zone, strings.Join(unique(slices.Concat(four, six)), ", "))
	}
	return pass()
}

func serversTakeTCP(_ ExchangeSubject, w *evidence.DNSWalk) Verdict {
	asked, silent := 0, 0
	var without []string
	for _, v := range judgeable(views(w)) {
		if v.tcp == nil || v.tcp.Failure.Ours() {
			continue
		}
		asked++
		if v.tcp.Code == "" {
			without = append(without, v.server)
		}
		if v.tcp.Failure == evidence.DNSTimeout {
			silent++
		}
	}
	switch {
	case asked == 0:
		return skip()
	case len(without) == 0:
		return pass()
	case silent == asked && asked > 1:
		return unable("no name server answers over TCP: our network may not let us ask")
	}
	return fail("an answer over TCP from each", "none of %s", strings.Join(unique(without), ", "))
}
