package probe

import (
	"encoding/hex"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/revprobe/revprobe/probe/evidence"
)

// lookUp plans the walk through DNS for the host of a service, before anybody else of the
// run has its name looked up: how long that takes can be seen only once.
func (p *Plan) lookUp(planned *PlannedTarget, service, issuer string) {
	name := hostName(service)
	if !p.asks.Has(evidence.WalkDNS) || !servedByDNS(name) || !p.once("walk", name) {
		return
	}
	label := hex.EncodeToString(p.serials.random(nil, "sibling of "+name, 0, 0)[:6])
	planned.Resolves = append(planned.Resolves, evidence.Question{Ask: evidence.WalkDNS, URL: service, Issuer: issuer, Sibling: "w" + label})
}

// hostName is the host of a URL, in lower case and without a final dot.
func hostName(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
}

// servedByDNS reports whether a host is a name that DNS is asked for: no address, and not
// loopback by its name (RFC 6761 §6.3).
func servedByDNS(host string) bool {
	_, err := netip.ParseAddr(host)
	return err != nil && host != "" && host != "localhost" && !strings.HasSuffix(host, ".localhost")
}

// places are the URLs of a target's services and of where its issuer's certificate is.
func (t Target) places() []string {
	list := slices.Concat(t.DistributionPoints, t.Responders)
	if t.Certificate != nil {
		list = append(list, t.Certificate.IssuingCertificateURL...)
	}
	return list
}

// registrations plans the questions about the domains of services.
func (p *Plan) registrations(planned *PlannedTarget, services []string, issuer string) {
	for _, service := range services {
		domain := registrable(hostName(service))
		if p.asks.Has(evidence.RDAP) && domain != "" && p.once("registration", domain) {
			planned.Registrations = append(planned.Registrations, registration(domain, issuer))
		}
	}
}

func registration(domain, issuer string) evidence.Question {
	return evidence.Question{Ask: evidence.RDAP, URL: "rdap:" + domain, Method: http.MethodGet, Issuer: issuer}
}

// registrable is the domain that somebody registered for a host to be, or "". What providers
// hand out below a domain of theirs (the private part of the public suffix list) is not in any
// registry.
func registrable(host string) string {
	if !servedByDNS(host) {
		return ""
	}
	suffix, icann := publicsuffix.PublicSuffix(host)
	for !icann && strings.Contains(suffix, ".") {
		_, above, _ := strings.Cut(suffix, ".")
		host = suffix
		suffix, icann = publicsuffix.PublicSuffix(above)
	}
	below, found := strings.CutSuffix(host, "."+suffix)
	if !found {
		return ""
	}
	return below[strings.LastIndex(below, ".")+1:] + "." + suffix
}

// aliasRegistrations asks about the domains that the hosts turned out to be aliases into, each
// once, and not again about those that were planned for.
func (p *Plan) aliasRegistrations(recorders []*recorder) {
	if !p.asks.Has(evidence.RDAP) {
		return
	}
	known := map[string]bool{}
	for _, t := range p.Targets {
		for _, q := range t.Registrations {
			known[q.URL] = true
		}
	}
	for _, r := range recorders {
		for _, x := range slices.Clone(r.list) {
			for _, domain := range aliasDomains(x.DNS) {
				if q := registration(domain, x.Issuer); !known[q.URL] {
					known[q.URL] = true
					r.ask(q)
				}
			}
		}
	}
}

// aliasDomains are the domains of every alias target that a walk came upon.
func aliasDomains(walk *evidence.DNSWalk) []string {
	if walk == nil {
		return nil
	}
	var domains []string
	for _, reply := range walk.Replies {
		for _, target := range reply.Data(evidence.TypeCNAME) {
			if domain := registrable(strings.ToLower(strings.TrimSuffix(target, "."))); domain != "" {
				domains = append(domains, domain)
			}
		}
	}
	return domains
}
