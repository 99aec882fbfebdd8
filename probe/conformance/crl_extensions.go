package conformance

import (
	"bytes"
	"crypto/x509"
	"slices"

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
				when("critical", editCRLExtension(revocation.OIDAuthorityKeyID, makeCritical)),
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
				when("critical", editCRLExtension(revocation.OIDCRLNumber, makeCritical)),
			},
			Good: []fixtures.Case{when("present", func(*fake) {})},
		},
		{
			ID:    "crl-aki-keyid",
			Cites: []Citation{BR("7.1.2.11.1", Must).Since("2024-03-15"), RFC5280("5.2.1", Must)},
			Says:  "authorityKeyIdentifier must be the subjectKeyIdentifier of the issuing CA, and nothing else.",
			Needs: evidence.FetchCRL,
			CRL: func(s CRLSubject) Verdict {
				const field = "tbsCertList.crlExtensions.authorityKeyIdentifier"
				key := s.CRL.AuthorityKey
				switch {
				case key == nil:
					return skip()
				case key.KeyID == nil:
					return fail("a keyIdentifier", "none").in(field)
				case s.Signature.State == revocation.SignatureValid && !identifies(key.KeyID, s.Issuer) &&
					!slices.ContainsFunc(s.SameKey, func(c *x509.Certificate) bool { return identifies(key.KeyID, c) }):
					return fail(hexShort(s.Issuer.SubjectKeyId)+", the subjectKeyIdentifier of "+nameOf(s.Issuer), "%s", hexShort(key.KeyID)).in(field + ".keyIdentifier")
				case key.HasIssuer || key.Serial != nil:
					return fail("keyIdentifier alone (BR 7.1.2.11.1; RFC 5280 5.2.1 allows more)", "authorityCertIssuer or authorityCertSerialNumber besides").
						in(field).under(BRDoc)
				case s.Signature.State != revocation.SignatureValid:
					return skip() // nobody knows whose key it should name
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("of another key", keyNamed(strangersKey)),
				when("issuer and serial number instead", keyNamed(issuerAndSerial()...)),
				when("issuer besides", keyNamedBesides(issuerAndSerial()[0])),
				when("serial number besides", keyNamedBesides(issuerAndSerial()[1])),
				when("issuer and serial number besides", keyNamedBesides(issuerAndSerial()...)),
				when("of a third key, of a CA that has two identifiers", func(r *fake) {
					r.CrossCertificate = func(c *x509.Certificate) { c.SubjectKeyId = []byte{4, 3, 2, 1} }
					keyNamed(strangersKey)(r)
				}),
			},
			Good: []fixtures.Case{
				when("the issuing CA's", func(*fake) {}),
				when("that of another certificate of its key", func(r *fake) {
					r.CrossCertificate = func(c *x509.Certificate) { c.SubjectKeyId = []byte{1, 2, 3, 4} }
					keyNamed(strangersKey)(r)
				}),
				when("of another key, which may have signed", func(r *fake) {
					r.CRL.ByOtherKey = true
					keyNamed(strangersKey)(r)
				}),
			},
		},
		{
			ID:    "crl-number-range",
			Cites: []Citation{BR("7.2.2", Must).Since("2024-03-15"), RFC5280("5.2.3", Must)},
			Says:  "cRLNumber must be from 0 to 2^159 - 1, in at most 20 octets.",
			Needs: evidence.FetchCRL,
			CRL: func(s CRLSubject) Verdict {
				const field = "tbsCertList.crlExtensions.cRLNumber"
				switch n := s.CRL.Number; {
				case n == nil:
					return skip()
				case n[0] >= 0x80:
					return fail("0 or more", "a negative number: %s", hexShort(n)).in(field)
				case len(n) > maxCRLNumber:
					return fail("at most 20 octets", "%d octets: %s", len(n), hexShort(n)).in(field)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("2^159", numbered(append([]byte{0, 0x80}, make([]byte, 19)...))),
				when("-1", numbered([]byte{0xff})),
				when("20 octets, the first of which makes it negative", numbered(slices.Repeat([]byte{0x80}, 20))),
			},
			Good: []fixtures.Case{
				when("2^159 - 1", numbered(append([]byte{0x7f}, slices.Repeat([]byte{0xff}, 19)...))),
				when("0", numbered([]byte{0})),
			},
		},
	}
}

// maxCRLNumber is how many octets a cRLNumber has at most (RFC 5280 §5.2.3).
const maxCRLNumber = 20

// numbered gives the fake's CRL a cRLNumber of these octets.
func numbered(octets []byte) func(*fake) {
	return func(r *fake) {
		r.CRL.NoNumber = true
		crlExtended(revocation.Extension{ID: revocation.OIDCRLNumber, Value: fixtures.IntegerOctets(octets).Encode()})(r)
	}
}

// identifies reports whether a certificate has the subjectKeyIdentifier, or none at all.
func identifies(keyID []byte, c *x509.Certificate) bool {
	return len(c.SubjectKeyId) == 0 || bytes.Equal(keyID, c.SubjectKeyId)
}

// keyNamed gives the fake's CRL an authorityKeyIdentifier of these fields.
func keyNamed(fields ...*fixtures.Node) func(*fake) {
	return func(r *fake) {
		r.CRL.NoAuthorityKeyID = true
		crlExtended(revocation.Extension{ID: revocation.OIDAuthorityKeyID, Value: fixtures.Sequence(fields...).Encode()})(r)
	}
}

// keyNamedBesides gives the authorityKeyIdentifier of the fake's CRL these fields too.
func keyNamedBesides(fields ...*fixtures.Node) func(*fake) {
	return editCRLExtension(revocation.OIDAuthorityKeyID, func(x *fixtures.Node) {
		key, err := fixtures.ParseNode(x.MustFind("extnValue").Content)
		if err != nil {
			panic(err) // the conforming CRL has one
		}
		key.Children = append(key.Children, fields...)
		x.MustFind("extnValue").Content = key.Encode()
	})
}

// strangersKey is a keyIdentifier that no key of the fixtures has.
var strangersKey = fixtures.Implicit(0, fixtures.OctetString([]byte{1, 2, 3, 4}))

// issuerAndSerial are authorityCertIssuer, a stranger, and authorityCertSerialNumber.
func issuerAndSerial() []*fixtures.Node {
	name := fixtures.Explicit(1, fixtures.Explicit(4, fixtures.Verbatim(strangerName)))
	return []*fixtures.Node{name, fixtures.Implicit(2, fixtures.Integer(1))}
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
