package probe

import (
	"encoding/hex"
	"net/netip"
	"net/url"
	"strings"

	"github.com/revprobe/revprobe/probe/evidence"
)

// lookUp plans the walk through DNS for the host of a service, before anybody else of the
// run has its name looked up: how long that takes can be seen only once.
func (p *Plan) lookUp(planned *PlannedTarget, service, issuer string, once func(...string) bool) {
	name := hostName(service)
	if !p.asks.Has(evidence.WalkDNS) || !servedByDNS(name) || !once("walk", name) {
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
