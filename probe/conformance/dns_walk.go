package conformance

import (
	"net"
	"slices"
	"strings"

	"github.com/revprobe/revprobe/probe/evidence"
)

// walked is a judge of walks through DNS, for the exchanges that hold one. That no resolver
// knows the host is the business of dns-resolves.
func walked(judge func(ExchangeSubject, *evidence.DNSWalk) Verdict) func(ExchangeSubject) Verdict {
	return func(s ExchangeSubject) Verdict {
		switch {
		case s.Failure.Ours():
			return unable("%s", outcomeOf(s.Exchange))
		case s.DNS == nil || s.Failure != "":
			return skip()
		}
		return judge(s, s.DNS)
	}
}

// walkOf returns the walk for the host of a URL, or nil.
func walkOf(run *evidence.Run, address string) *evidence.DNSWalk {
	host := strings.ToLower(strings.TrimSuffix(hostOf(address), ".")) + "."
	for i := range run.Exchanges {
		if walk := run.Exchanges[i].DNS; walk != nil && walk.Host == host {
			return walk
		}
	}
	return nil
}

// repliesTo returns what came of a question about that name and type, put to resolvers or to
// name servers, validation not switched off. A reply that was cut is left out: the one over
// TCP stands for it.
func repliesTo(w *evidence.DNSWalk, recursive bool, name, kind string) []*evidence.DNSReply {
	var list []*evidence.DNSReply
	for i := range w.Replies {
		r := &w.Replies[i]
		if r.Recursive == recursive && !r.Unchecked && !r.Truncated && strings.EqualFold(r.Name, name) && r.Type == kind {
			list = append(list, r)
		}
	}
	return list
}

// resolverAnswers returns what each resolver says of the host's IPv4 and IPv6 addresses.
func resolverAnswers(w *evidence.DNSWalk) []*evidence.DNSReply {
	return slices.Concat(repliesTo(w, true, w.Host, evidence.TypeA), repliesTo(w, true, w.Host, evidence.TypeAAAA))
}

// addressesIn returns the addresses of an answer, whatever their family.
func addressesIn(r *evidence.DNSReply) []string {
	return slices.Concat(r.Data(evidence.TypeA), r.Data(evidence.TypeAAAA))
}

// resolves reports whether any resolver gave an address.
func resolves(w *evidence.DNSWalk) bool {
	return slices.ContainsFunc(resolverAnswers(w), func(r *evidence.DNSReply) bool { return len(addressesIn(r)) > 0 })
}

// view is what one name server says, asked at one of its addresses.
type view struct {
	server, address string
	soa, host, tcp  *evidence.DNSReply // nil where that was not asked
}

// views returns those of the name servers that were asked.
func views(w *evidence.DNSWalk) []view {
	var list []view
	for _, server := range w.Servers {
		for _, address := range server.Addresses {
			at := net.JoinHostPort(address, "53")
			first := func(name, kind, network string) *evidence.DNSReply {
				for _, r := range repliesTo(w, false, name, kind) {
					if r.Server == at && (network == "" || r.Network == network) {
						return r
					}
				}
				return nil
			}
			v := view{server.Name, address, first(w.Zone, evidence.TypeSOA, ""), first(w.Host, evidence.TypeA, ""), first(w.Host, evidence.TypeA, "tcp")}
			if v.soa != nil {
				list = append(list, v)
			}
		}
	}
	return list
}

// serial is the serial number of the server's copy of the zone, or "".
func (v view) serial() string {
	for _, data := range v.soa.Data(evidence.TypeSOA) {
		if fields := strings.Fields(data); len(fields) > 2 {
			return fields[2]
		}
	}
	return ""
}

// authoritative reports whether the server serves the zone.
func (v view) authoritative() bool {
	return v.soa.Code == evidence.DNSNoError && v.soa.Authoritative && v.serial() != ""
}

// fault says why a server is no authority for the zone, or "".
func (v view) fault() string {
	switch {
	case v.authoritative():
		return ""
	case v.soa.Code == "":
		return v.server + " does not answer"
	case v.soa.Code != evidence.DNSNoError:
		return v.server + " answers " + v.soa.Code
	}
	return v.server + " answers without authority"
}

func (v view) six() bool { return strings.Contains(v.address, ":") }

// judgeable leaves out the servers that we could not reach for reasons of our own: IPv6 that
// works nowhere is one.
func judgeable(list []view) []view {
	sixWorks := slices.ContainsFunc(list, func(v view) bool { return v.six() && v.soa.Code != "" })
	return slices.DeleteFunc(slices.Clone(list), func(v view) bool {
		return v.soa.Failure.Ours() || v.six() && v.soa.Code == "" && !sixWorks
	})
}
