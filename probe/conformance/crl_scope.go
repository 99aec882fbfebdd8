package conformance

import (
	"bytes"
	"crypto/x509"
	"slices"
	"strings"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func crlScopeRules() []*Rule {
	return []*Rule{{
		ID:     "crl-scope-covers-cert",
		Cites:  []Citation{RFC5280("4.2.1.13", Must), RFC5280("6.3.3", Must), BR("7.1.2.11.2", Must).Since("2023-09-15")},
		Says:   "The CRL at a certificate's distribution point must cover the certificate: its issuer and key, its distribution point, its kind.",
		Needs:  evidence.FetchCRL,
		Marked: Critical,
		Issuer: func(s IssuerSubject) Verdict {
			return s.eachPoint(func(c *CRLSubject, cert *x509.Certificate) Verdict {
				switch coverage, why := c.covers(cert, s.Issuer); {
				case coverage == NotCovered:
					return fail("a CRL that covers the certificate with serial "+revocation.SerialOf(cert.SerialNumber).String(), "%s: %s", c.Exchange.URL, why)
				case coverage == PartlyOnly:
					return skip() // other rules speak of what is unusual about it
				}
				return pass()
			})
		},
		Bad: []fixtures.Case{
			when("another CA's", func(r *fake) { r.CRL.Issuer = strangerName }),
			when("for CA certificates only", func(r *fake) {
				r.CRL.IssuingDP = func(own string) revocation.IssuingDistributionPoint {
					return revocation.IssuingDistributionPoint{URIs: []string{own}, OnlyCACerts: true}
				}
			}),
			when("for another distribution point", func(r *fake) {
				r.CRL.IssuingDP = func(own string) revocation.IssuingDistributionPoint {
					return revocation.IssuingDistributionPoint{URIs: []string{own + "/"}, OnlyUserCerts: true}
				}
			}),
			when("for user certificates only, of a CA's", func(r *fake) {
				plainShard(r)
				r.Leaf = asAuthority
			}),
			when("with another key, which it names", func(r *fake) {
				r.CRL.ByOtherKey = true
				keyNamed(strangersKey)(r)
			}),
		},
		Good: []fixtures.Case{
			when("for its distribution point and one more", func(r *fake) {
				r.CRL.IssuingDP = func(own string) revocation.IssuingDistributionPoint {
					return revocation.IssuingDistributionPoint{URIs: []string{own + "/", own}, OnlyUserCerts: true}
				}
			}),
			when("of the whole CA", func(*fake) {}),
			when("of the CRL issuer that it names", func(r *fake) { r.Leaf, r.CRL.Issuer = withCRLIssuer, strangerName }),
			when("for CA certificates only, of a CA's", func(r *fake) {
				caCRL()(r)
				r.Leaf = asAuthority
			}),
			when("for both kinds only, which is another rule's", shard(func(dp *revocation.IssuingDistributionPoint) { dp.OnlyCACerts = true })),
			when("for another distribution point, of which it has a name that is no URI", func(r *fake) {
				r.CRL.IssuingDP = func(own string) revocation.IssuingDistributionPoint {
					return revocation.IssuingDistributionPoint{HasName: true, URIs: []string{own + "/"}, OtherNames: 1}
				}
			}),
			when("with another key, while it names the CA's", func(r *fake) { r.CRL.ByOtherKey = true }),
			when("with another key, and it names none", func(r *fake) { r.CRL.ByOtherKey, r.CRL.NoAuthorityKeyID = true, true }),
			when("with another key, and it names that by issuer and serial number", func(r *fake) {
				r.CRL.ByOtherKey = true
				keyNamed(issuerAndSerial()...)(r)
			}),
		},
		Also: []string{"crl-issuer-dn-bytes", "crl-idp-matches-cdp", "crl-signature-valid"},
	}}
}

// Coverage says whether a CRL speaks of a certificate at all.
type Coverage string

// The coverages.
const (
	Covered    Coverage = "yes"
	NotCovered Coverage = "no"
	PartlyOnly Coverage = "partly" // or nobody can tell: a missing entry means nothing
)

// covers evaluates RFC 5280 §6.3.3 (b) to (f): whether the CRL is by the certificate's
// issuer, for its distribution point, its kind and all reasons; and if not, why.
func (c *CRLSubject) covers(cert, ca *x509.Certificate) (Coverage, string) {
	points, _ := revocation.CertificateCRLDP(cert)
	indirect := slices.ContainsFunc(points, func(p revocation.DistributionPoint) bool { return p.HasCRLIssuer })
	switch {
	case len(c.CRL.Issuer) <= len("\x30\x00"):
		return PartlyOnly, "it names no issuer"
	case !revocation.SameName(c.CRL.Issuer, cert.RawIssuer) && indirect:
		return PartlyOnly, "the certificate leaves its CRL to another issuer"
	case !revocation.SameName(c.CRL.Issuer, cert.RawIssuer):
		return NotCovered, "it is by " + revocation.NameText(c.CRL.Issuer)
	case c.byAnotherKey(ca):
		return NotCovered, "it is signed with another key than that of the certificate's issuer"
	case c.CRL.IsDelta():
		return PartlyOnly, "it is a delta CRL, which tells only what has changed"
	case c.CRL.IssuingDP == nil:
		return Covered, ""
	}
	return idpCovers(c.CRL.IssuingDP, cert, points)
}

// idpCovers is RFC 5280 §6.3.3 (b)(2) and (d).
func idpCovers(idp *revocation.IssuingDistributionPoint, cert *x509.Certificate, points []revocation.DistributionPoint) (Coverage, string) {
	switch {
	case idp.OnlyAttributes:
		return NotCovered, "it is for attribute certificates only"
	case idp.OnlyUserCerts && idp.OnlyCACerts:
		return PartlyOnly, "it says that it is for user certificates only and for CA certificates only"
	case idp.OnlyUserCerts && cert.IsCA:
		return NotCovered, "it is for user certificates only"
	case idp.OnlyCACerts && !cert.IsCA:
		return NotCovered, "it is for CA certificates only"
	case len(idp.URIs) > 0 && len(pointURIs(points)) == 0:
		return PartlyOnly, "it is for one distribution point, and the certificate names none"
	case len(idp.URIs) > 0 && !share(idp.URIs, pointURIs(points)) && idp.OtherNames > 0:
		return PartlyOnly, "of the names of its distribution point only the URIs can be compared, and the certificate has none of them"
	case len(idp.URIs) > 0 && !share(idp.URIs, pointURIs(points)):
		return NotCovered, "it is for " + strings.Join(idp.URIs, ", ") + ", which the certificate does not name"
	case idp.HasName && len(idp.URIs) == 0:
		return PartlyOnly, "it names its distribution point otherwise than by a URI"
	case idp.SomeReasons:
		return PartlyOnly, "it is for some reasons only"
	}
	return Covered, ""
}

// byAnotherKey reports whether the CRL was certainly signed with another key than the CA's:
// another certificate of the same name verifies it, or it names another key itself. Where
// neither is so, its signature is merely wrong.
func (c *CRLSubject) byAnotherKey(ca *x509.Certificate) bool {
	switch {
	case ca == nil || c.Issuer == nil:
		return false
	case c.Signature.State == revocation.SignatureValid:
		return !bytes.Equal(c.Issuer.RawSubjectPublicKeyInfo, ca.RawSubjectPublicKeyInfo)
	}
	aki := c.CRL.AuthorityKey
	return c.Signature.State == revocation.SignatureInvalid && aki != nil && len(aki.KeyID) > 0 && len(ca.SubjectKeyId) > 0 &&
		!bytes.Equal(aki.KeyID, ca.SubjectKeyId)
}

// pointURIs returns the URIs of distribution points.
func pointURIs(points []revocation.DistributionPoint) []string {
	var list []string
	for _, p := range points {
		list = append(list, p.URIs...)
	}
	return list
}

// pointsAt returns the URIs of the certificate's distribution points.
func pointsAt(cert *x509.Certificate) []string {
	points, _ := revocation.CertificateCRLDP(cert)
	return pointURIs(points)
}

// fetchedFor reports whether the CRL was fetched from a distribution point of the certificate.
func (c *CRLSubject) fetchedFor(cert *x509.Certificate) bool {
	return c.Exchange.Ask == evidence.FetchCRL && slices.Contains(pointsAt(cert), c.Exchange.URL)
}

func share(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// eachPoint puts a question to every CRL that was fetched from a distribution point of one
// of the certificates at hand, together with that certificate.
func (s *IssuerSubject) eachPoint(judge func(*CRLSubject, *x509.Certificate) Verdict) Verdict {
	var list []Verdict
	for _, cert := range s.Certificates {
		for _, c := range s.CRLs {
			if c.fetchedFor(cert) {
				list = append(list, judge(c, cert).about(c.Exchange.ID))
			}
		}
	}
	return together(list)
}
