package conformance

import (
	"crypto/x509"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/revocation"
)

// locationRules are those about the URLs in certificates as URLs.
func locationRules() []*Rule {
	return []*Rule{{
		ID: "cert-url-wellformed",
		Cites: []Citation{RFC5280("4.2.1.6", Must), RFC5280("4.2.2.1", Must), RFC5280("7.4", Must),
			BR("4.9.7", Must)},
		Says:  "The URLs in a certificate must be absolute URIs of ASCII with a public host name, and without user names.",
		Needs: pointed,
		Cert: func(s CertSubject) Verdict {
			judged := false
			for _, l := range locations(s.Certificate) {
				judged = true
				if v := wellFormed(l.uri); v.Outcome == Failed && !(s.Private && v.only == BRDoc) {
					return v.in(l.field)
				}
			}
			return skipUnless(judged)
		},
		Bad: []fixtures.Case{
			when("a user name", leafWith(func(c *x509.Certificate) { c.OCSPServer = []string{"http://ocsp@revocation.example/ocsp"} })),
			when("no host name", leafWith(func(c *x509.Certificate) { c.CRLDistributionPoints = []string{"http:/ca.crl"} })),
			when("a space", leafWith(func(c *x509.Certificate) { c.IssuingCertificateURL = []string{"http://revocation.example/the ca.crt"} })),
			when("the port that goes without saying", leafWith(func(c *x509.Certificate) { c.OCSPServer = []string{"http://revocation.example:80/ocsp"} })),
			when("an internal name", leafWith(func(c *x509.Certificate) { c.CRLDistributionPoints = []string{"http://pki.corp/ca.crl"} })),
			when("a label alone", leafWith(func(c *x509.Certificate) { c.CRLDistributionPoints = []string{"http://pki/ca.crl"} })),
		},
		Good: []fixtures.Case{
			when("a port", ocspAt(func(host *url.URL) {
				if host.Port() == "" {
					host.Host += ":8080"
				}
			})),
			when("an address", ocspAt(func(host *url.URL) {
				if _, err := netip.ParseAddr(host.Hostname()); err != nil {
					host.Host = "192.0.43.8"
				}
			})),
			when("two labels", leafWith(func(c *x509.Certificate) { c.CRLDistributionPoints = []string{"http://corp.example/ca.crl"} })),
		},
		Also: []string{"cert-aia-uri-http", "cert-cdp-format"},
	}}
}

// ocspAt has the leaf name the responder's own URL with another host, unless that does anyway: then
// what it names is there.
func ocspAt(change func(*url.URL)) func(*fake) {
	return func(r *fake) {
		r.Leaf = func(c *x509.Certificate) {
			u, err := url.Parse(r.OCSPURL())
			if err != nil {
				panic(err)
			}
			change(u)
			c.OCSPServer = []string{u.String()}
		}
	}
}

// location is a URL in a certificate, and the extension that it stands in.
type location struct{ field, uri string }

// locations returns every URL to which authorityInfoAccess and cRLDistributionPoints point.
func locations(c *x509.Certificate) []location {
	var list []location
	access, _ := revocation.CertificateAIA(c)
	for _, a := range access {
		if a.IsURI {
			list = append(list, location{"authorityInfoAccess", a.URI})
		}
	}
	points, _ := revocation.CertificateCRLDP(c)
	for _, p := range points {
		for _, uri := range p.URIs {
			list = append(list, location{"cRLDistributionPoints", uri})
		}
	}
	return list
}

// wellFormed judges a URL whatever its scheme. What only asks for a publicly reachable host
// is said to break BR 4.9.7 alone. Some directories are named without a host, to be looked
// up in the client's own.
func wellFormed(uri string) Verdict {
	u, err := url.Parse(uri)
	switch {
	case err != nil || unaskable(uri, u):
		return fail("a URI of RFC 3986", "%q", uri)
	case u.Scheme == "" || u.Host == "" && !strings.EqualFold(u.Scheme, "ldap"):
		return fail("an absolute URI with a host", "%q", uri)
	case u.User != nil:
		return fail("a URI without a user name", "%q", uri)
	case strings.EqualFold(u.Scheme, "http") && (u.Port() == "80" || strings.HasSuffix(u.Host, ":")):
		return fail("a URI without the port that http has anyway", "%q", uri).atMost(Notice)
	case u.Host == "":
		return fail("a URI with a host", "%q", uri).under(BRDoc)
	case !publicName(u.Hostname()):
		return fail("a host name of the public DNS", "%q", uri).under(BRDoc)
	}
	return pass()
}

// internalDomains are top-level names that the public DNS does not have and will not (RFC
// 6762 appendix G, ICANN's reservation of "internal"). Those that are set aside for documentation and tests are left out, since tests
// are what uses them.
var internalDomains = []string{"local", "localdomain", "internal", "intranet", "lan", "corp", "home", "private"}

// publicName reports whether a host may be of the public DNS; an address is fragile, and
// legal.
func publicName(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	labels := strings.Split(strings.TrimSuffix(strings.ToLower(host), "."), ".")
	return len(labels) > 1 && !slices.Contains(labels, "") && !slices.Contains(internalDomains, labels[len(labels)-1])
}
