package conformance

import (
	"bytes"
	"slices"
	"strings"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func crlEncodingRules() []*Rule {
	return []*Rule{
		{
			ID:    "crl-der-strict",
			Cites: []Citation{RFC5280("4.2.1.13", Must), RFC5280("5.1", Must), MRSP("5.2", Must)},
			Says:  "The body must be exactly one DER-encoded CertificateList.",
			Needs: evidence.FetchCRL,
			CRL: func(s CRLSubject) Verdict {
				broken, faults := s.CRL.Broken, encodingFaults(s.CRL)
				switch {
				case broken != nil:
					return fail("one DER CertificateList", "unreadable at octet %d: %s: %s", broken.Offset, broken.Field, broken.Problem).
						in(broken.Field).at(broken.Offset)
				case s.Exchange.Ask == evidence.File && s.Form.Encoding != revocation.EncodingDER && armoured(s.Form).Outcome != Failed:
					// Where it is served, http-body-magic says so.
					v := fail("one DER CertificateList", "%s, beginning %s", contentName(s.Form), firstOctets(s.Form)).at(0)
					if s.Form.Encoding == revocation.EncodingGzip {
						return v.atMost(Notice) // the web server may take it off
					}
					return v
				case len(faults) > 0:
					return fail("one DER CertificateList", "%s", deviationText(faults)).in(faults[0].Field).at(faults[0].Offset)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("a trailing line feed", func(r *fake) { r.CRL.Tamper = func(der []byte) []byte { return append(der, '\n') } }),
				when("cut one octet short", func(r *fake) { r.CRL.Tamper = func(der []byte) []byte { return der[:len(der)-1] } }),
				when("a length in more octets than it needs", func(r *fake) { r.CRL.Tamper = lengthenLength }),
				when("a length of the extensions in more octets than it needs", editCRL("crlExtensions", func(n *fixtures.Node) { n.PadLength = 1 })),
				when("a thisUpdate that is no time", editCRL("thisUpdate", asTime(0x17, "yesterday"))),
				when("a nextUpdate that is no time", editCRL("nextUpdate", asTime(0x17, "tomorrow"))),
				when("a revocationDate that is no time", editCRL("revokedCertificates[0].revocationDate", asTime(0x17, "today"))),
				when("a thisUpdate that is no time, for CAs", func(r *fake) {
					caCRL()(r)
					editCRL("thisUpdate", asTime(0x17, "yesterday"))(r)
				}),
			},
			Good: []fixtures.Case{when("exactly one", func(*fake) {})},
			Also: []string{"crl-scope-covers-cert"},
		},
		{
			ID:    "crl-not-pem",
			Cites: []Citation{RFC5280("4.2.1.13", Must), RFC2585("3", Must)},
			Says:  "A CRL must be served as DER, not as PEM or base64.",
			Needs: evidence.FetchCRL,
			CRL: func(s CRLSubject) Verdict {
				v := armoured(s.Form)
				if s.Exchange.Ask == evidence.File {
					return v.atMost(Notice) // nobody has served it yet
				}
				return v
			},
			Bad: []fixtures.Case{
				when("PEM", func(r *fake) { r.CRL.PEM = true }),
				when("base64", func(r *fake) { r.CRL.Tamper = asBase64 }),
			},
			Good: []fixtures.Case{when("DER", func(*fake) {})},
		},
		{
			ID:    "crl-version",
			Cites: []Citation{BR("7.2.1", Must).Since("2024-03-15"), RFC5280("5.1.2.1", Must)},
			Says:  "The version must be v2.",
			Needs: evidence.FetchCRL,
			CRL: func(s CRLSubject) Verdict {
				switch {
				case s.CRL.Broken != nil && s.CRL.Issuer == nil && !s.CRL.HasVersion:
					return skip()
				case !s.CRL.HasVersion:
					return fail("v2 (1)", "no version: v1").in("tbsCertList.version")
				case s.CRL.Version != 1:
					return fail("v2 (1)", "version number %d", s.CRL.Version).in("tbsCertList.version")
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("v1", func(r *fake) { r.CRL.NoVersion = true }),
				when("v3", func(r *fake) { r.CRL.Version = 2 }),
				when("v1, cut one octet short", func(r *fake) {
					r.CRL.NoVersion, r.CRL.Tamper = true, func(der []byte) []byte { return der[:len(der)-1] }
				}),
			},
			Good: []fixtures.Case{
				when("v2", func(*fake) {}),
				when("cut off before it", func(r *fake) { r.CRL.Tamper = func(der []byte) []byte { return der[:8] } }),
			},
			Also: []string{"crl-der-strict"},
		},
		{
			ID:    "crl-revoked-absent-if-empty",
			Cites: []Citation{RFC5280("5.1.2.6", Must)},
			Says:  "revokedCertificates must be left out when nothing is revoked.",
			Needs: evidence.FetchCRL,
			CRL: func(s CRLSubject) Verdict {
				switch {
				case s.CRL.Broken != nil:
					return skip()
				case s.CRL.HasRevoked && s.CRL.Entries == 0:
					return fail("no revokedCertificates", "an empty revokedCertificates").in("tbsCertList.revokedCertificates")
				}
				return pass()
			},
			Bad: []fixtures.Case{when("an empty list", func(r *fake) { r.CRL.EmptyEntries = true })},
			Good: []fixtures.Case{
				when("left out", func(r *fake) { r.CRL.NoEntries = true }),
				when("cut off within the first entry", func(r *fake) {
					r.CRL.Tamper = func(der []byte) []byte { return der[:bytes.Index(der, r.RevokedSerials()[0])] }
				}),
			},
		},
	}
}

// encodingFaults are what a CRL departs from DER and its module in, without the empty lists
// of extensions and the extensions that are there twice: other rules speak of those.
func encodingFaults(c *revocation.CRL) []revocation.Deviation {
	return slices.DeleteFunc(slices.Clone(c.Deviations), func(d revocation.Deviation) bool {
		list := strings.HasSuffix(d.Field, "crlExtensions") || strings.HasSuffix(d.Field, "crlEntryExtensions")
		return d.Kind == revocation.DevDuplicate || d.Kind == revocation.DevEmpty && list
	})
}

// armoured judges whether a body is a CRL that was wrapped in text.
func armoured(f revocation.Form) Verdict {
	switch f.Encoding {
	case revocation.EncodingPEM:
		return fail("DER", "PEM, beginning %s", firstOctets(f)).at(0)
	case revocation.EncodingBase64:
		return fail("DER", "base64, beginning %s", firstOctets(f)).at(0)
	}
	return pass()
}
