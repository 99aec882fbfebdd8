package conformance

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"slices"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// profilesSince is when the certificate profiles of BR 7.1.2 came into force (SC-062).
const profilesSince = "2023-09-15"

// pointed are the questions that any certificate with pointers leads to.
const pointed = evidence.FetchCRL | evidence.Assigned

// accessRules are those about authorityInfoAccess.
func accessRules() []*Rule {
	return []*Rule{
		{
			ID:     "cert-aia-present",
			Public: true,
			Cites:  []Citation{BR("7.1.2.7.6", Must).Since(profilesSince), RFC5280("4.2.2.1", Must)},
			Says:   "A Subscriber certificate must have authorityInfoAccess, and no certificate may mark it critical.",
			Needs:  pointed,
			Cert: func(s CertSubject) Verdict {
				x := revocation.CertificateExtension(s.Certificate, revocation.OIDAuthorityInfo)
				switch {
				case s.Role == RoleDelegate:
					return skip() // cert-ocsp-aia speaks of those
				case x != nil && x.Critical:
					return fail("a non-critical extension", "a critical one").in("authorityInfoAccess")
				case x == nil && s.Role == RoleSubscriber && servesTLS(s.Certificate):
					return fail("authorityInfoAccess", "none").in("extensions").under(BRDoc)
				}
				return skipUnless(x != nil)
			},
			Bad: []fixtures.Case{
				when("absent", leafWith(func(c *x509.Certificate) { c.OCSPServer, c.IssuingCertificateURL = nil, nil })),
			},
			Good: []fixtures.Case{when("OCSP alone", leafWith(func(c *x509.Certificate) { c.IssuingCertificateURL = nil }))},
		},
		{
			ID:     "cert-aia-methods",
			Public: true,
			Cites:  []Citation{BR("7.1.2.7.7", Must).Since(profilesSince), BR("7.1.2.10.3", Must).Since(profilesSince)},
			Says:   "authorityInfoAccess must hold no methods but id-ad-ocsp and id-ad-caIssuers.",
			Needs:  pointed,
			Cert: withAccess(func(list []revocation.AccessDescription) Verdict {
				for _, access := range list {
					if access.Method != revocation.OIDAccessOCSP && access.Method != revocation.OIDAccessIssuers {
						return fail("id-ad-ocsp or id-ad-caIssuers", "%s at %q", access.Method, access.URI)
					}
				}
				return pass()
			}),
			Bad: []fixtures.Case{when("caRepository", leafWith(accessAt(
				fixtureAccess{revocation.OIDAccessOCSP, "http://revocation.example/ocsp"},
				fixtureAccess{revocation.OIDAccessIssuers, "http://revocation.example/ca.crt"},
				fixtureAccess{accessRepository, "http://revocation.example/"})))},
			Good: []fixtures.Case{when("both", func(*fake) {})},
		},
		{
			ID:     "cert-aia-unique-order",
			Public: true,
			Cites:  []Citation{BR("7.1.2.7.7", Must).Since(profilesSince), BR("7.1.2.10.3", Must).Since(profilesSince)},
			Says:   "The locations of one method of authorityInfoAccess must differ.",
			Needs:  pointed,
			Cert: withAccess(func(list []revocation.AccessDescription) Verdict {
				for i, access := range list {
					if slices.Contains(list[:i], access) {
						return fail("each location once", "%q twice for %s", access.URI, access.Method)
					}
				}
				return pass()
			}),
			Bad: []fixtures.Case{when("OCSP twice", leafWith(func(c *x509.Certificate) { c.OCSPServer = append(c.OCSPServer, c.OCSPServer[0]) }))},
			Good: []fixtures.Case{
				when("two responders", leafWith(func(c *x509.Certificate) { c.OCSPServer = append(c.OCSPServer, c.OCSPServer[0]+"2") })),
				when("one location for both", leafWith(func(c *x509.Certificate) { c.IssuingCertificateURL = c.OCSPServer })),
			},
		},
		{
			ID:     "cert-aia-caissuers",
			Public: true,
			Cites:  []Citation{BR("7.1.2.7.7", Should).Since(profilesSince)},
			Says:   "A Subscriber certificate should say where its issuer's certificate is.",
			Needs:  pointed,
			Marked: Notice,
			Cert: func(s CertSubject) Verdict {
				list, _ := revocation.CertificateAIA(s.Certificate)
				if s.Role != RoleSubscriber || len(list) == 0 || !servesTLS(s.Certificate) {
					return skip() // without authorityInfoAccess, cert-aia-present speaks
				}
				return accessPresent(list, revocation.OIDAccessIssuers, "id-ad-caIssuers")
			},
			Bad:  []fixtures.Case{when("OCSP alone", leafWith(func(c *x509.Certificate) { c.IssuingCertificateURL = nil }))},
			Good: []fixtures.Case{when("caIssuers alone", leafWith(withoutOCSP))},
		},
		{
			ID:     "cert-subca-aia",
			Public: true,
			Cites: []Citation{BR("7.1.2.2.3", Should).Since(profilesSince), BR("7.1.2.3.1", Should).Since(profilesSince),
				BR("7.1.2.5.1", Should).Since(profilesSince), BR("7.1.2.6.1", Should).Since(profilesSince)},
			Says:   "A subordinate CA's certificate should have authorityInfoAccess.",
			Needs:  pointed,
			Marked: Notice,
			Cert: ofSubordinate(func(s CertSubject) Verdict {
				if revocation.CertificateExtension(s.Certificate, revocation.OIDAuthorityInfo) == nil {
					return fail("authorityInfoAccess", "none").in("extensions")
				}
				return pass()
			}),
			Bad:  []fixtures.Case{when("absent", issuerWith(func(c *x509.Certificate) { c.IssuingCertificateURL = nil }))},
			Good: []fixtures.Case{when("caIssuers", func(*fake) {})},
		},
		{
			ID:     "cert-must-staple",
			Cites:  []Citation{RFC7633("4", Observed)},
			Says:   "A certificate that demands a stapled OCSP response must name a responder to take one from.",
			Needs:  pointed,
			Marked: Error, // clients refuse every connection of a server that has nothing to staple
			Cert: func(s CertSubject) Verdict {
				x := revocation.CertificateExtension(s.Certificate, revocation.OIDTLSFeature)
				list, _ := revocation.CertificateAIA(s.Certificate)
				if x == nil || s.Role == RoleDelegate || !revocation.FeatureStatusRequest(x.Value) {
					return skip()
				}
				return accessPresent(list, revocation.OIDAccessOCSP, "id-ad-ocsp")
			},
			Bad:  []fixtures.Case{when("without a responder", leafWith(func(c *x509.Certificate) { mustStaple(c); withoutOCSP(c) }))},
			Good: []fixtures.Case{when("with a responder", leafWith(mustStaple))},
		},
	}
}

// withAccess puts a judgement to certificates of TLS that have authorityInfoAccess.
func withAccess(judge func([]revocation.AccessDescription) Verdict) func(CertSubject) Verdict {
	return func(s CertSubject) Verdict {
		list, _ := revocation.CertificateAIA(s.Certificate)
		if len(list) == 0 || s.Role == RoleDelegate || !servesTLS(s.Certificate) {
			return skip()
		}
		return judge(list).in("authorityInfoAccess")
	}
}

func accessPresent(list []revocation.AccessDescription, method revocation.OID, name string) Verdict {
	if slices.ContainsFunc(list, func(a revocation.AccessDescription) bool { return a.Method == method }) {
		return pass()
	}
	return fail(name, "none").in("authorityInfoAccess")
}

// ofSubordinate puts a judgement to CAs of the TLS hierarchy that are no roots.
func ofSubordinate(judge func(CertSubject) Verdict) func(CertSubject) Verdict {
	return func(s CertSubject) Verdict {
		if s.Role != RoleCA || selfSigned(s.Certificate) || !servesTLS(s.Certificate) {
			return skip()
		}
		return judge(s)
	}
}

// servesTLS reports whether a certificate is of the hierarchy that the Baseline Requirements
// are about: others have requirements of their own.
func servesTLS(c *x509.Certificate) bool {
	return len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) == 0 ||
		slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny)
}

func leafWith(change func(*x509.Certificate)) func(*fake) { return func(r *fake) { r.Leaf = change } }
func issuerWith(change func(*x509.Certificate)) func(*fake) {
	return func(r *fake) { r.Issuer = change }
}
func rootWith(change func(*x509.Certificate)) func(*fake) { return func(r *fake) { r.Root = change } }

// accessRepository is id-ad-caRepository (RFC 5280 §4.2.2.2).
const accessRepository revocation.OID = "\x2b\x06\x01\x05\x05\x07\x30\x05"

type fixtureAccess struct {
	method revocation.OID
	uri    string
}

// accessAt gives a certificate these access descriptions in place of its own.
func accessAt(list ...fixtureAccess) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		value := fixtures.Sequence()
		for _, a := range list {
			value.Children = append(value.Children, fixtures.Sequence(fixtures.ObjectIdentifier(a.method), uriNode(a.uri)))
		}
		c.OCSPServer, c.IssuingCertificateURL = nil, nil
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{1, 3, 6, 1, 5, 5, 7, 1, 1}, Value: value.Encode()})
	}
}

// uriNode is a uniformResourceIdentifier of GeneralName.
func uriNode(uri string) *fixtures.Node { return &fixtures.Node{Tag: 0x86, Content: []byte(uri)} }

// mustStaple has a certificate demand a stapled response (RFC 7633, status_request).
func mustStaple(c *x509.Certificate) {
	c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{1, 3, 6, 1, 5, 5, 7, 1, 24}, Value: []byte{0x30, 3, 2, 1, 5}})
}
