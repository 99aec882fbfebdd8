package transport

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/miekg/dns"

	"github.com/revprobe/revprobe/probe/evidence"
)

// place is where a question goes, taken from its URL without normalising anything.
type place struct {
	secure    bool   // TLS is spoken
	authority string // of the Host field: host and port as the URL has them
	host      string // canonical: lower case, without port, brackets and final dot
	port      string
	target    string // of the request line, octet for octet what the URL has
}

// defaultPorts is also the list of schemes that can be asked.
var defaultPorts = map[string]string{"http": "80", "https": "443", "tls": "443"}

// placeOf finds where q goes, or says why it cannot be asked.
func placeOf(q evidence.Question) (place, *failure) {
	raw := q.RequestURL()
	bad := func(why string) (place, *failure) {
		return place{}, failed(evidence.BadURL, "URL %q: %s", raw, why)
	}
	if i := strings.IndexFunc(raw, func(r rune) bool { return r <= ' ' || r > '~' }); i >= 0 {
		return bad("octet " + strconv.Itoa(i) + " must be percent-encoded (RFC 3986 §2)")
	}
	u, err := url.Parse(raw)
	if err != nil {
		return bad(plain(err))
	}
	port, known := defaultPorts[u.Scheme]
	handshake := u.Scheme == "tls"
	switch {
	case !known || u.Opaque != "":
		return bad("no http or https URL")
	case q.Ask.Has(overHTTP) && handshake:
		return bad("HTTP is not asked of a tls URL")
	case q.Ask.Has(evidence.Handshake) && u.Scheme == "http":
		return bad("a handshake needs TLS")
	case !q.Ask.Has(evidence.Resolve | evidence.WalkDNS | evidence.Handshake | overHTTP):
		return bad("nothing is asked of it")
	case q.Ask.Has(overHTTP) && !sendable(q):
		return bad("the method " + strconv.Quote(q.Method) + " is not sent")
	}
	host := canonicalHost(u.Hostname())
	if host == "" {
		return bad("no host")
	}
	if !isAddress(host) && !isName(host) {
		return bad("the host is no domain name (RFC 1035 §2.3.4)")
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return bad("no port " + p)
		}
		port = p
	}
	return place{u.Scheme != "http", u.Host, host, port, requestTarget(raw)}, nil
}

// overHTTP is every kind of question that is an HTTP request.
const overHTTP = evidence.HTTP | evidence.Probes | evidence.UnissuablePOST

// sendable reports whether the method is one of a Question; empty means GET. Some are sent
// only to see how they are taken.
func sendable(q evidence.Question) bool {
	switch q.Method {
	case "", http.MethodGet, http.MethodPost, http.MethodHead:
		return true
	case http.MethodOptions, http.MethodPut, http.MethodDelete:
		return q.Ask.Has(evidence.Robustness)
	}
	return false
}

// requestTarget cuts the origin-form (RFC 9112 §3.2.1) out of an absolute URL. Going
// through url.URL would rewrite what OCSP by GET depends on: %2B, %2f, // and the like.
func requestTarget(raw string) string {
	_, rest, _ := strings.Cut(raw, "://")
	rest, _, _ = strings.Cut(rest, "#")
	start := strings.IndexAny(rest, "/?")
	switch {
	case start < 0:
		return "/"
	case rest[start] == '?':
		return "/" + rest[start:]
	}
	return rest[start:]
}

// canonicalHost is the host as Named and the resolver's cache know it.
func canonicalHost(host string) string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if address, err := netip.ParseAddr(host); err == nil {
		return address.String()
	}
	return host
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// isName reports whether host can be asked of DNS at all. A colon or a backslash would
// be an unreadable address or an escape of the zone-file form.
func isName(host string) bool {
	_, ok := dns.IsDomainName(host)
	return ok && !strings.ContainsAny(host, `\:@`) && !strings.HasPrefix(host, ".")
}

// isLocalhost reports whether host is loopback by its name (RFC 6761 §6.3).
func isLocalhost(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// at is the address to dial.
func (p place) at(address netip.Addr) string { return net.JoinHostPort(address.String(), p.port) }
