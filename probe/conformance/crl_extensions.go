package conformance

import (
	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func crlExtensionRules() []*Rule {
	return []*Rule{
		{
			ID:    "crl-aki-present",
			Cites: []Citation{BR("7.2.2", Must), RFC5280("5.2.1", Must)},
			Says:  "A CRL must have an authorityKeyIdentifier, not critical.",
			Needs: evidence.FetchCRL,
			CRL: func(s CRLSubject) Verdict {
				return plainExtension(s.CRL, revocation.OIDAuthorityKeyID, "authorityKeyIdentifier")
			},
			Bad: []fixtures.Case{
				when("absent", func(r *fake) { r.CRL.NoAuthorityKeyID = true }),
				when("critical", func(r *fake) {
					r.CRL.NoAuthorityKeyID = true
					r.CRL.Extensions = []revocation.Extension{{ID: revocation.OIDAuthorityKeyID, Critical: true, Value: []byte{0x30, 3, 0x80, 1, 1}}}
				}),
			},
			Good: []fixtures.Case{when("present", func(*fake) {})},
		},
		{
			ID:    "crl-number-present",
			Cites: []Citation{BR("7.2.2", Must), RFC5280("5.2.3", Must)},
			Says:  "A CRL must have a cRLNumber, not critical.",
			Needs: evidence.FetchCRL,
			CRL: func(s CRLSubject) Verdict {
				return plainExtension(s.CRL, revocation.OIDCRLNumber, "cRLNumber")
			},
			Bad: []fixtures.Case{
				when("absent", func(r *fake) { r.CRL.NoNumber = true }),
				when("critical", func(r *fake) {
					r.CRL.NoNumber = true
					r.CRL.Extensions = []revocation.Extension{{ID: revocation.OIDCRLNumber, Critical: true, Value: []byte{2, 1, 1}}}
				}),
			},
			Good: []fixtures.Case{when("present", func(*fake) {})},
		},
	}
}

// plainExtension judges an extension that must be there and must not be critical.
func plainExtension(c *revocation.CRL, id revocation.OID, name string) Verdict {
	x := revocation.FindExtension(c.Extensions, id)
	switch {
	case x == nil && c.Broken != nil:
		return skip()
	case x == nil:
		return fail(name, "none").in("tbsCertList.crlExtensions")
	case x.Critical:
		return fail(name+", not critical", "%s is critical", name).in("tbsCertList.crlExtensions").at(x.Offset)
	}
	return pass()
}
