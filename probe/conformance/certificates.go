package conformance

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func certificateRules() []*Rule {
	return []*Rule{
		{
			ID:     "cert-aia-uri-http",
			Public: true,
			Cites:  []Citation{BR("7.1.2.7.7", Must).Since("2023-09-15"), RFC5280("4.2.2.1", Practice)},
			Says:   "Every location in authorityInfoAccess must be an http URL.",
			Needs:  evidence.Assigned | evidence.FetchCRL,
			Cert: func(s CertSubject) Verdict {
				list, _ := revocation.CertificateAIA(s.Certificate)
				if len(list) == 0 || s.Role == RoleDelegate || !servesTLS(s.Certificate) {
					return skip()
				}
				for _, access := range list {
					if v := httpLocation(access.IsURI, access.URI); v.Outcome == Failed {
						return v.in("authorityInfoAccess")
					}
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("ldap", func(r *fake) {
					r.Leaf = func(c *x509.Certificate) { c.OCSPServer = []string{"ldap://revocation.example/ocsp"} }
				}),
				when("https", func(r *fake) {
					r.Leaf = func(c *x509.Certificate) { c.IssuingCertificateURL = []string{"https://revocation.example/ca.crt"} }
				}),
				when("without a host", func(r *fake) { r.Leaf = func(c *x509.Certificate) { c.OCSPServer = []string{"http:///ocsp"} } }),
			},
			Good: []fixtures.Case{when("http", func(*fake) {})},
			Also: []string{"cert-url-wellformed"},
		},
		{
			ID:     "cert-cdp-format",
			Public: true,
			Cites:  []Citation{BR("7.1.2.11.2", Must).Since("2023-09-15"), RFC5280("4.2.1.13", Practice)},
			Says:   "cRLDistributionPoints must hold http URLs in fullName, and neither reasons, cRLIssuer nor relative names.",
			Needs:  evidence.FetchCRL | evidence.Assigned,
			Cert: func(s CertSubject) Verdict {
				list, deviations := revocation.CertificateCRLDP(s.Certificate)
				switch {
				case s.Role == RoleDelegate:
					return skip() // it has none
				case len(deviations) > 0:
					return fail("a readable cRLDistributionPoints", "%s", deviationText(deviations)).in("cRLDistributionPoints")
				case len(list) == 0 || !servesTLS(s.Certificate):
					return skip()
				}
				return distributionPoints(list, s.Certificate.NotBefore)
			},
			Bad: []fixtures.Case{
				when("ldap", func(r *fake) {
					r.Leaf = func(c *x509.Certificate) { c.CRLDistributionPoints = []string{"ldap://revocation.example/ca.crl"} }
				}),
				when("https", func(r *fake) {
					r.Leaf = func(c *x509.Certificate) { c.CRLDistributionPoints = []string{"https://revocation.example/ca.crl"} }
				}),
				when("a cRLIssuer", func(r *fake) { r.Leaf = withCRLIssuer }),
				when("reasons", leafWith(pointAs(func(uri *fixtures.Node) *fixtures.Node {
					return fixtures.Sequence(fullNameOf(uri), &fixtures.Node{Tag: 0x81, Content: []byte{6, 0x40}})
				}))),
				when("a name that is no URI besides", leafWith(pointAs(func(uri *fixtures.Node) *fixtures.Node {
					return fixtures.Sequence(fullNameOf(uri, &fixtures.Node{Tag: 0x82, Content: []byte("ca.example")}))
				}))),
				when("a name that is no URI alone", leafWith(pointAs(func(*fixtures.Node) *fixtures.Node {
					return fixtures.Sequence(fullNameOf(&fixtures.Node{Tag: 0x82, Content: []byte("ca.example")}))
				}))),
				when("two distribution points", leafWith(func(c *x509.Certificate) {
					c.CRLDistributionPoints = append(c.CRLDistributionPoints, "http://revocation.example/another.crl")
				})),
			},
			Good: []fixtures.Case{when("http", func(*fake) {})},
		},
	}
}

// httpLocation judges one location of authorityInfoAccess. BR speaks of "a HTTP URL", which
// an https URL may be said to be.
func httpLocation(isURI bool, uri string) Verdict {
	u, err := url.Parse(uri)
	switch {
	case !isURI:
		return fail("an http URL", "a name that is no URI")
	case err != nil || u.Host == "" || u.Fragment != "" || unaskable(uri, u) || !strings.EqualFold(u.Scheme, "http") && !strings.EqualFold(u.Scheme, "https"):
		return fail("an http URL", "%q", uri)
	case strings.EqualFold(u.Scheme, "https"):
		return fail("an http URL", "%q", uri).atMost(Warning)
	}
	return pass()
}

// pointAs gives a certificate one distribution point, made of the URI of its own.
func pointAs(point func(uri *fixtures.Node) *fixtures.Node) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		value := fixtures.Sequence(point(uriNode(c.CRLDistributionPoints[0])))
		c.CRLDistributionPoints = nil
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{2, 5, 29, 31}, Value: value.Encode()})
	}
}

// fullNameOf is a DistributionPointName of these names.
func fullNameOf(names ...*fixtures.Node) *fixtures.Node {
	return fixtures.Explicit(0, fixtures.Implicit(0, fixtures.Sequence(names...)))
}

func distributionPoints(list []revocation.DistributionPoint, issued time.Time) Verdict {
	const field = "cRLDistributionPoints"
	for _, p := range list {
		switch {
		case p.HasReasons:
			return fail("no reasons", "a distribution point with reasons").in(field)
		case p.HasCRLIssuer:
			return fail("no cRLIssuer", "a distribution point with a cRLIssuer").in(field)
		case p.RelativeName:
			return fail("a fullName", "a nameRelativeToCRLIssuer").in(field)
		case !p.HasName || len(p.URIs) == 0:
			return fail("a fullName with an http URL", "a distribution point without a URL").in(field)
		case p.OtherNames > 0:
			return fail("URLs only", "%d names of fullName that are no URI", p.OtherNames).in(field)
		}
		for _, uri := range p.URIs {
			u, err := url.Parse(uri)
			if err != nil || u.Host == "" || unaskable(uri, u) || !strings.EqualFold(u.Scheme, "http") && !issued.Before(httpOnlySince) {
				return fail("an http URL", "%q", uri).in(field)
			}
		}
	}
	if len(list) > 1 {
		return fail("one distribution point", "%d", len(list)).in(field).atMost(Notice) // NOT RECOMMENDED
	}
	return pass()
}

// unaskable reports whether a URL has octets that RFC 3986 does not allow, or a port that
// there is not: no request line can be made of it.
func unaskable(text string, u *url.URL) bool {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("<>\"{}|\\^`", r) }) {
		return true
	}
	port, err := strconv.Atoi(u.Port())
	return u.Port() != "" && (err != nil || port < 1 || port > 65535)
}

// httpOnlySince is when http became the only scheme that BR 7.1.2.11.2 allows (ballot SC-063).
var httpOnlySince = mustDay("2024-03-15")

// issuedAt has the leaf certificate begin at that time.
func issuedAt(notBefore time.Time) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.NotBefore = notBefore }
}

// withoutOCSP takes the responder out of a certificate's template.
func withoutOCSP(c *x509.Certificate) { c.OCSPServer = nil }
