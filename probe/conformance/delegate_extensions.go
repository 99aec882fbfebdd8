package conformance

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"slices"
	"strings"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// policiesAllowedSince is when SC-095 made of BR 7.1.2.8.8's MUST NOT a SHOULD NOT.
const policiesAllowedSince = "2026-03-31"

// delegateExtensionRules are those about the extensions that a delegate's certificate must
// have.
func delegateExtensionRules() []*Rule {
	return []*Rule{
		{
			ID:     "cert-ocsp-eku-only",
			Public: true,
			// Mozilla asks it of roots added after 2025-03-15, which no certificate tells.
			Cites: []Citation{BR("7.1.2.8.5", Must).Since(delegateProfileSince), MRSP("7.5.1", Practice).Since("2025-03-15"),
				MSTRP("3.1.18", Must).Since(delegateProfileSince)},
			Says:  "A delegate's extKeyUsage must hold id-kp-OCSPSigning and nothing else.",
			Needs: evidence.OCSP,
			Cert: ofDelegate(func(s CertSubject) Verdict {
				if c := s.Certificate; len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) > 1 {
					return fail("id-kp-OCSPSigning alone", "%s", purposes(c)).in("extKeyUsage")
				}
				return pass()
			}),
			Bad: []fixtures.Case{
				when("serverAuth too", delegateWith(func(c *x509.Certificate) { c.ExtKeyUsage = append(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth) })),
				when("a private purpose too", delegateWith(func(c *x509.Certificate) {
					c.UnknownExtKeyUsage = append(c.UnknownExtKeyUsage, []int{1, 3, 6, 1, 4, 1, 99999, 1})
				})),
			},
			Good: []fixtures.Case{when("alone", func(r *fake) { r.OCSP.Signer = fixtures.Delegated })},
		},
		{
			ID:     "cert-ocsp-nocheck-present",
			Public: true,
			Cites:  []Citation{BR("7.1.2.8.6", Must), MRSP("5.2", Must)},
			Says:   "A delegate's certificate must carry id-pkix-ocsp-nocheck.",
			Needs:  evidence.OCSP,
			Cert: ofDelegate(func(s CertSubject) Verdict {
				if revocation.CertificateExtension(s.Certificate, revocation.OIDNoCheck) == nil {
					return fail("id-pkix-ocsp-nocheck", "none").in("extensions")
				}
				return pass()
			}),
			Bad:  []fixtures.Case{when("absent", delegateWith(func(c *x509.Certificate) { c.ExtraExtensions = nil }))},
			Good: []fixtures.Case{when("present", func(r *fake) { r.OCSP.Signer = fixtures.Delegated })},
		},
		{
			ID:     "cert-ocsp-nocheck-value",
			Public: true,
			Cites:  []Citation{BR("7.1.2.8.6", Must).Since(delegateProfileSince), RFC6960("4.2.2.2.1", Should)},
			Says:   "id-pkix-ocsp-nocheck must be non-critical and its value NULL.",
			Needs:  evidence.OCSP,
			Cert: ofDelegate(func(s CertSubject) Verdict {
				x := revocation.CertificateExtension(s.Certificate, revocation.OIDNoCheck)
				switch {
				case x == nil:
					return skip()
				case x.Critical:
					return fail("a non-critical extension", "a critical one").in("id-pkix-ocsp-nocheck")
				case !bytes.Equal(x.Value, []byte{5, 0}):
					return fail("0500", "%s", hexShort(x.Value)).in("id-pkix-ocsp-nocheck")
				}
				return pass()
			}),
			Bad: []fixtures.Case{
				when("critical", delegateExtension(pkix.Extension{Id: noCheckID(), Critical: true, Value: []byte{5, 0}})),
				when("empty", delegateExtension(pkix.Extension{Id: noCheckID(), Value: []byte{}})),
				when("an octet after the NULL", delegateExtension(pkix.Extension{Id: noCheckID(), Value: []byte{5, 0, 0}})),
			},
			Good: []fixtures.Case{when("NULL", delegateExtension(pkix.Extension{Id: noCheckID(), Value: []byte{5, 0}}))},
		},
		{
			ID:     "cert-ocsp-ku",
			Public: true,
			Cites:  []Citation{BR("7.1.2.8.7", Must).Since(delegateProfileSince)},
			Says:   "A delegate's keyUsage must be critical and assert digitalSignature alone.",
			Needs:  evidence.OCSP,
			Cert: ofDelegate(func(s CertSubject) Verdict {
				x := revocation.CertificateExtension(s.Certificate, revocation.OIDKeyUsage)
				switch {
				case x == nil:
					return fail("keyUsage", "none").in("keyUsage")
				case !x.Critical:
					return fail("a critical extension", "a non-critical one").in("keyUsage")
				case s.Certificate.KeyUsage != x509.KeyUsageDigitalSignature:
					return fail("digitalSignature alone", "%s", usages(s.Certificate)).in("keyUsage")
				}
				return pass()
			}),
			Bad: []fixtures.Case{
				when("absent", delegateWith(func(c *x509.Certificate) { c.KeyUsage = 0 })),
				when("not critical", delegateExtension(pkix.Extension{Id: []int{2, 5, 29, 15}, Value: []byte{3, 2, 7, 0x80}})),
				when("nonRepudiation too", delegateWith(func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageContentCommitment })),
				when("nonRepudiation instead", delegateWith(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageContentCommitment })),
			},
			Good: []fixtures.Case{when("digitalSignature", func(r *fake) { r.OCSP.Signer = fixtures.Delegated })},
		},
		{
			ID:     "cert-ocsp-bc",
			Public: true,
			Cites:  []Citation{BR("7.1.2.8.4", Must).Since(delegateProfileSince)},
			Says:   "A delegate's basicConstraints must be absent, or critical and an empty SEQUENCE.",
			Needs:  evidence.OCSP,
			Cert: ofDelegate(func(s CertSubject) Verdict {
				x := revocation.CertificateExtension(s.Certificate, revocation.OIDBasicConstraints)
				switch {
				case x == nil:
					return pass()
				case !bytes.Equal(x.Value, []byte{0x30, 0}):
					return fail("3000, which is no CA", "%s", hexShort(x.Value)).in("basicConstraints")
				case !x.Critical:
					return fail("a critical extension", "a non-critical one").in("basicConstraints")
				}
				return pass()
			}),
			Bad: []fixtures.Case{
				when("a CA", delegateExtension(pkix.Extension{Id: basicConstraintsID(), Critical: true, Value: []byte{0x30, 3, 1, 1, 0xff}})),
				when("cA FALSE in so many words", delegateExtension(pkix.Extension{Id: basicConstraintsID(), Critical: true, Value: []byte{0x30, 3, 1, 1, 0}})),
				when("not critical", delegateExtension(pkix.Extension{Id: basicConstraintsID(), Value: []byte{0x30, 0}})),
			},
			Good: []fixtures.Case{
				when("absent", func(r *fake) { r.OCSP.Signer = fixtures.Delegated }),
				when("critical and empty", delegateExtension(pkix.Extension{Id: basicConstraintsID(), Critical: true, Value: []byte{0x30, 0}})),
			},
		},
		{
			ID:     "cert-ocsp-aki-ski",
			Public: true,
			Cites:  []Citation{BR("7.1.2.8.2", Must).Since(delegateProfileSince), BR("7.1.2.11.1", Must).Since(delegateProfileSince)},
			Says:   "A delegate's authorityKeyIdentifier must be the CA's subjectKeyIdentifier alone, and it should have a subjectKeyIdentifier of its own.",
			Needs:  evidence.OCSP,
			Cert:   ofDelegate(keyIdentifiers),
			Bad: []fixtures.Case{
				when("no authorityKeyIdentifier", delegateWith(func(c *x509.Certificate) { c.AuthorityKeyId = nil })),
				when("another key's identifier", delegateWith(func(c *x509.Certificate) { c.AuthorityKeyId = []byte{1, 2, 3, 4} })),
				when("a serial number too", func(r *fake) {
					key := conformingIssuer(r).SubjectKeyId
					value := slices.Concat([]byte{0x30, byte(len(key) + 5), 0x80, byte(len(key))}, key, []byte{0x82, 1, 7})
					delegateExtension(pkix.Extension{Id: []int{2, 5, 29, 35}, Value: value})(r)
				}),
				when("no subjectKeyIdentifier", delegateWith(func(c *x509.Certificate) { c.SubjectKeyId = nil })),
			},
			Good: []fixtures.Case{when("the CA's", func(r *fake) { r.OCSP.Signer = fixtures.Delegated })},
		},
	}
}

// delegateAbsenceRules are those about the extensions that a delegate's certificate must
// not have.
func delegateAbsenceRules() []*Rule {
	return []*Rule{
		{
			ID:     "cert-ocsp-no-san-nc",
			Public: true,
			Cites:  []Citation{BR("7.1.2.8.2", Must).Since(delegateProfileSince)},
			Says:   "A delegate's certificate must have neither subjectAltName nor nameConstraints.",
			Needs:  evidence.OCSP,
			Cert:   without(revocation.OIDSubjectAltName, revocation.OIDNameConstraints),
			Bad: []fixtures.Case{
				when("subjectAltName", delegateWith(func(c *x509.Certificate) { c.DNSNames = []string{"ocsp.revocation.example"} })),
				when("nameConstraints", delegateWith(func(c *x509.Certificate) { c.PermittedDNSDomains = []string{"revocation.example"} })),
			},
			Good: []fixtures.Case{when("neither", func(r *fake) { r.OCSP.Signer = fixtures.Delegated })},
		},
		{
			ID:     "cert-ocsp-no-cdp",
			Public: true,
			Cites:  []Citation{BR("7.1.2.8.2", Must).Since(delegateProfileSince), BR("7.1.2.11.2", Must).Since(delegateProfileSince)},
			Says:   "A delegate's certificate must not have cRLDistributionPoints.",
			Needs:  evidence.OCSP,
			Cert:   without(revocation.OIDCRLDP),
			Bad: []fixtures.Case{when("present", delegateWith(func(c *x509.Certificate) {
				c.CRLDistributionPoints = []string{"http://revocation.example/ca.crl"}
			}))},
			Good: []fixtures.Case{when("absent", func(r *fake) { r.OCSP.Signer = fixtures.Delegated })},
		},
		{
			ID:     "cert-ocsp-aia",
			Public: true,
			Cites:  []Citation{BR("7.1.2.8.3", Must).Since(delegateProfileSince)},
			Says:   "A delegate's authorityInfoAccess should be absent, and must hold nothing but id-ad-ocsp.",
			Needs:  evidence.OCSP,
			Cert: ofDelegate(func(s CertSubject) Verdict {
				list, deviations := revocation.CertificateAIA(s.Certificate)
				if len(deviations) > 0 {
					return fail("no authorityInfoAccess", "%s", deviationText(deviations)).in("authorityInfoAccess")
				}
				for _, access := range list {
					if access.Method != revocation.OIDAccessOCSP {
						return fail("no authorityInfoAccess", "the method %s at %q", access.Method, access.URI).in("authorityInfoAccess")
					}
				}
				if len(list) > 0 {
					return fail("no authorityInfoAccess", "id-ad-ocsp at %q", list[0].URI).in("authorityInfoAccess").atMost(Notice)
				}
				return pass()
			}),
			Bad: []fixtures.Case{
				when("caIssuers", delegateWith(func(c *x509.Certificate) { c.IssuingCertificateURL = []string{"http://revocation.example/ca.crt"} })),
				when("OCSP", delegateWith(func(c *x509.Certificate) { c.OCSPServer = []string{"http://revocation.example/ocsp"} })),
				when("an empty list", delegateExtension(pkix.Extension{Id: []int{1, 3, 6, 1, 5, 5, 7, 1, 1}, Value: []byte{0x30, 0}})),
			},
			Good: []fixtures.Case{when("absent", func(r *fake) { r.OCSP.Signer = fixtures.Delegated })},
		},
		{
			ID:     "cert-ocsp-policies",
			Public: true,
			Cites: []Citation{BR("7.1.2.8.8", Must).Since(delegateProfileSince).Until(policiesAllowedSince),
				BR("7.1.2.8.8", Should).Since(policiesAllowedSince)},
			Says:  "A delegate's certificate should not have certificatePolicies; until SC-095 it must not.",
			Needs: evidence.OCSP,
			Cert: func(s CertSubject) Verdict {
				v := without(revocation.OIDPolicies)(s)
				if s.Certificate.NotBefore.Before(mustDay(policiesAllowedSince)) {
					return v
				}
				return v.atMost(Notice)
			},
			Bad: []fixtures.Case{when("present", delegateExtension(pkix.Extension{Id: []int{2, 5, 29, 32},
				Value: []byte{0x30, 10, 0x30, 8, 6, 6, 0x67, 0x81, 0x0c, 1, 2, 1}}))}, // 2.23.140.1.2.1
			Good: []fixtures.Case{when("absent", func(r *fake) { r.OCSP.Signer = fixtures.Delegated })},
		},
		{
			ID:     "cert-ocsp-other-ext",
			Public: true,
			Cites:  []Citation{BR("7.1.2.8.2", Should).Since(delegateProfileSince), BR("7.1.2.11.5", Should).Since(delegateProfileSince)},
			Says:   "A delegate's certificate should have no extensions but those of its profile.",
			Needs:  evidence.OCSP,
			Cert: ofDelegate(func(s CertSubject) Verdict {
				for _, x := range s.Certificate.Extensions {
					if !slices.ContainsFunc(profiled(), func(id revocation.OID) bool { return id.String() == x.Id.String() }) {
						return fail("no further extensions", "%s", x.Id).in("extensions").atMost(Notice)
					}
				}
				return pass()
			}),
			Bad: []fixtures.Case{
				when("issuerAltName", delegateExtension(pkix.Extension{Id: []int{2, 5, 29, 18}, Value: []byte("\x30\x0b\x82\x09a.example")})),
				when("noRevAvail", delegateExtension(pkix.Extension{Id: []int{2, 5, 29, 56}, Value: []byte{5, 0}})),
			},
			Good: []fixtures.Case{when("signed certificate timestamps", delegateWith(loggedAfter(0)))},
		},
	}
}

func noCheckID() []int          { return []int{1, 3, 6, 1, 5, 5, 7, 48, 1, 5} }
func basicConstraintsID() []int { return []int{2, 5, 29, 19} }

// profiled are the extensions that BR 7.1.2.8.2 has a line for, those that other rules
// forbid among them.
func profiled() []revocation.OID {
	return []revocation.OID{
		revocation.OIDAuthorityKeyID, revocation.OIDSubjectKeyID, revocation.OIDKeyUsage, revocation.OIDExtKeyUsage,
		revocation.OIDBasicConstraints, revocation.OIDNoCheck, revocation.OIDSCTList, revocation.OIDAuthorityInfo,
		revocation.OIDCRLDP, revocation.OIDPolicies, revocation.OIDSubjectAltName, revocation.OIDNameConstraints,
	}
}

// without judges that a delegate carries none of the extensions.
func without(ids ...revocation.OID) func(CertSubject) Verdict {
	return ofDelegate(func(s CertSubject) Verdict {
		for _, id := range ids {
			if x := revocation.CertificateExtension(s.Certificate, id); x != nil {
				return fail("no such extension", "extension %s with the value %s", id, hexShort(x.Value)).in("extensions")
			}
		}
		return pass()
	})
}

func keyIdentifiers(s CertSubject) Verdict {
	v := authorityKey(s)
	if v.Outcome == Passed && len(s.Certificate.SubjectKeyId) == 0 {
		return fail("a subjectKeyIdentifier", "none").in("subjectKeyIdentifier").atMost(Notice) // SHOULD
	}
	return v
}

// manyPurposes is how many purposes are listed at most: no certificate needs as many.
const manyPurposes = 8

// purposes lists the purposes of extKeyUsage.
func purposes(c *x509.Certificate) string {
	var names []string
	for _, purpose := range c.ExtKeyUsage {
		names = append(names, purpose.String())
	}
	for _, id := range c.UnknownExtKeyUsage {
		names = append(names, id.String())
	}
	if len(names) > manyPurposes {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:manyPurposes], ", "), len(names)-manyPurposes)
	}
	return strings.Join(names, ", ")
}

// usages lists the bits of keyUsage.
func usages(c *x509.Certificate) string {
	var asserted []string
	for i, name := range []string{"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
		"keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"} {
		if c.KeyUsage&(1<<i) != 0 {
			asserted = append(asserted, name)
		}
	}
	if asserted == nil {
		return "none"
	}
	return strings.Join(asserted, ", ")
}
