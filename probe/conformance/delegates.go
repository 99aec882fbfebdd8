package conformance

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// delegateProfileSince is when the profile of BR 7.1.2.8 came into force (SC-062).
const delegateProfileSince = "2023-09-15"

// delegateIdentityRules are those about whose a delegate's certificate is and how it came
// to be signed.
func delegateIdentityRules() []*Rule {
	return []*Rule{
		{
			ID:     "cert-ocsp-issuer-same",
			Cites:  []Citation{BR("7.1.2.8", Must).Since(delegateProfileSince), RFC6960("4.2.2.2", Must)},
			Says:   "A delegate must have been issued by the CA whose certificates it answers for.",
			Needs:  evidence.OCSP,
			Marked: Critical,
			Cert: func(s CertSubject) Verdict {
				switch {
				case s.Role != RoleDelegate || !speaksForIssuer(s.Certificate):
					return skip()
				case s.Issuer == nil:
					return unable("the issuer's certificate is not known").in("issuer")
				case bytes.Equal(s.Certificate.RawIssuer, s.Issuer.RawSubject):
					return pass() // ocsp-signer-same-key speaks of the CA's other keys
				case signedByIssuer(s):
					return pass() // cert-ocsp-subject speaks of the octets of the name
				}
				return fail(nameOf(s.Issuer), "%s, issued by %s", nameOf(s.Certificate), revocation.NameText(s.Certificate.RawIssuer)).in("issuer")
			},
			Bad: []fixtures.Case{
				when("another CA", func(r *fake) {
					r.OCSP.Signer, r.OCSP.DelegateByOtherCA, r.OCSP.DelegateIssuer = fixtures.Delegated, true, strangerName
				}),
				when("nobody but itself", func(r *fake) { r.OCSP.Signer = fixtures.AnyKey }),
			},
			Good: []fixtures.Case{when("the CA", func(r *fake) { r.OCSP.Signer = fixtures.Delegated })},
			Also: []string{"ocsp-signer-authorized"},
		},
		{
			ID:     "cert-ocsp-subject",
			Public: true,
			Cites: []Citation{BR("7.1.2.8", Must).Since(delegateProfileSince), BR("7.1.2.10.2", Must).Since(delegateProfileSince),
				BR("7.1.4.2", Must).Since(delegateProfileSince)},
			Says:  "A delegate's subject must have a country, an organization and a common name of at most 64 characters, and its issuer be the CA's subject octet for octet.",
			Needs: evidence.OCSP,
			Cert: ofDelegate(func(s CertSubject) Verdict {
				name := s.Certificate.Subject
				switch {
				case s.Issuer != nil && !bytes.Equal(s.Certificate.RawIssuer, s.Issuer.RawSubject):
					at, want, got := differing(s.Issuer.RawSubject, s.Certificate.RawIssuer)
					return fail(fmt.Sprintf("the CA's subject: %s from octet %d on", want, at), "%s", got).in("issuer")
				case strings.Join(name.Country, "") == "":
					return fail("a countryName", "%s", nameOf(s.Certificate)).in("subject")
				case strings.Join(name.Organization, "") == "":
					return fail("an organizationName", "%s", nameOf(s.Certificate)).in("subject")
				case name.CommonName == "":
					return fail("a commonName", "%s", nameOf(s.Certificate)).in("subject")
				case utf8.RuneCountInString(name.CommonName) > longestCommonName:
					return fail("a commonName of at most 64 characters", "one of %d", utf8.RuneCountInString(name.CommonName)).in("subject")
				}
				return pass()
			}),
			Bad: []fixtures.Case{
				when("without a country", delegateWith(func(c *x509.Certificate) { c.Subject.Country = nil })),
				when("without an organization", delegateWith(func(c *x509.Certificate) { c.Subject.Organization = nil })),
				when("without a common name", delegateWith(func(c *x509.Certificate) { c.Subject.CommonName = "" })),
				when("a common name of 65 characters", delegateWith(func(c *x509.Certificate) { c.Subject.CommonName = strings.Repeat("ö", longestCommonName+1) })),
				when("the CA's name in another kind of string", func(r *fake) {
					r.OCSP.Signer, r.OCSP.DelegateIssuer = fixtures.Delegated, inUTF8(conformingIssuer(r).RawSubject)
				}),
			},
			Good: []fixtures.Case{
				when("no more than those", func(r *fake) { r.OCSP.Signer = fixtures.Delegated }),
				when("a common name of 64 characters", delegateWith(func(c *x509.Certificate) { c.Subject.CommonName = strings.Repeat("ö", longestCommonName) })),
			},
		},
		{
			ID:     "cert-ocsp-validity",
			Public: true,
			Cites:  []Citation{BR("7.1.2.8.1", Must).Since(delegateProfileSince), RFC6960("4.2.2.2.1", Practice)},
			Says:   "A delegate's certificate must not begin more than a day before it was signed, and should not live long where it cannot be revoked.",
			Needs:  evidence.OCSP,
			Cert: ofDelegate(func(s CertSubject) Verdict {
				c := s.Certificate
				sct, logged := revocation.EarliestSCT(c)
				switch life := c.NotAfter.Sub(c.NotBefore); {
				case life < 0:
					return fail("notAfter no earlier than notBefore", "%s to %s", stamp(c.NotBefore), stamp(c.NotAfter)).in("validity").atMost(Notice)
				case logged && sct.Sub(c.NotBefore) > backdating:
					return fail("notBefore at most a day before the signing", "notBefore %s, first logged %s", stamp(c.NotBefore), stamp(sct)).
						in("validity.notBefore").atMost(Notice)
				case life > longestDelegate && revocation.CertificateExtension(c, revocation.OIDNoCheck) != nil:
					return fail("at most "+span(longestDelegate)+" for what id-pkix-ocsp-nocheck keeps from being revoked", "%s", span(life)).
						in("validity").atMost(Notice)
				}
				return pass()
			}),
			Bad: []fixtures.Case{
				when("a second more than 398 days", delegateWith(func(c *x509.Certificate) { c.NotAfter = c.NotBefore.Add(longestDelegate + time.Second) })),
				when("logged a day and a second after notBefore", delegateWith(loggedAfter(backdating+time.Second))),
				when("an end a second before the beginning", delegateValid(func(r *fake, c *x509.Certificate) {
					c.NotBefore, c.NotAfter = r.Now.Add(time.Second), r.Now
				})),
			},
			Good: []fixtures.Case{
				when("398 days", delegateWith(func(c *x509.Certificate) { c.NotAfter = c.NotBefore.Add(longestDelegate) })),
				when("logged a day after notBefore", delegateWith(loggedAfter(backdating))),
				when("an end at the beginning", delegateValid(func(r *fake, c *x509.Certificate) { c.NotBefore, c.NotAfter = r.Now, r.Now })),
				when("a second more than 398 days, where it can be revoked", delegateWith(func(c *x509.Certificate) {
					c.ExtraExtensions = slices.DeleteFunc(c.ExtraExtensions, func(x pkix.Extension) bool { return x.Id.Equal(noCheckID()) })
					c.NotAfter = c.NotBefore.Add(longestDelegate + time.Second)
				})),
			},
			Also: []string{"ocsp-signer-valid-now", "ocsp-nextupdate-signer-notafter", "ocsp-stock-client"},
		},
		delegateSerialAndAlgorithms(),
		{
			ID:     "cert-ocsp-sha1",
			Public: true,
			Cites:  []Citation{MRSP("5.1.3", Must).Since("2023-07-01"), BR("7.1.3.2.1", Must).Since("2026-09-15")},
			Says:   "A delegate's certificate must not be signed with SHA-1.",
			Needs:  evidence.OCSP,
			Cert: ofDelegate(func(s CertSubject) Verdict {
				if signature := revocation.CertificateSignature(s.Certificate, s.Issuer); signature.SHA1 {
					return fail("SHA-256 or better", "%s", signature.Algorithm).in("signatureAlgorithm")
				}
				return pass()
			}),
			Bad:  []fixtures.Case{when("ECDSA with SHA-1", delegateWith(func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 }))},
			Good: []fixtures.Case{when("ECDSA with SHA-256", func(r *fake) { r.OCSP.Signer = fixtures.Delegated })},
		},
	}
}

// backdating is how far notBefore may lie before the signing (BR 7.1.2.8.1). The first
// log's timestamp is no later than the signing.
const backdating = 24 * time.Hour

// longestDelegate is taken from BR 6.3.2: no TLS certificate could be issued for longer
// when the profile of delegates came, and those can be revoked.
const longestDelegate = 398 * 24 * time.Hour

// longestCommonName is how many characters a commonName may have (ub-common-name of RFC 5280
// App. A.1).
const longestCommonName = 64

// guessableSerial is how many bits a serial number has at most that 64 random bits would
// give once in four thousand million times.
const guessableSerial = 32

func delegateSerialAndAlgorithms() *Rule {
	serial := func(content ...byte) func(*fake) {
		return delegateEdited(func(tbs *fixtures.Node) { tbs.Children[1].Content = content })
	}
	return &Rule{
		ID:     "cert-ocsp-serial-alg",
		Public: true,
		Cites: []Citation{BR("7.1.2.8", Must).Since(delegateProfileSince), BR("7.1.3", Must).Since(delegateProfileSince),
			BR("6.1.5", Must).Since(delegateProfileSince)},
		Says:  "A delegate's certificate must have a random serial number below 2^159, no unique identifiers, and a signature and a key of the listed algorithms.",
		Needs: evidence.OCSP,
		Cert: ofDelegate(func(s CertSubject) Verdict {
			number := s.Certificate.SerialNumber
			switch {
			case number.Sign() <= 0:
				return fail("more than 0", "%s", number).in("serialNumber")
			case number.BitLen() > 159:
				return fail("less than 2^159", "%d bits", number.BitLen()).in("serialNumber")
			case number.BitLen() <= guessableSerial:
				return fail("64 random bits", "%s, no more than %d bits", number, guessableSerial).in("serialNumber").atMost(Warning)
			case revocation.HasUniqueIDs(s.Certificate):
				return fail("no unique identifiers", "an issuerUniqueID or subjectUniqueID").in("tbsCertificate")
			}
			if v := certificateAlgorithm(s); v.Outcome == Failed {
				return v.in("signatureAlgorithm")
			}
			return keyStrength(s.Certificate)
		}),
		Bad: []fixtures.Case{
			when("the serial number 0", serial(0)),
			when("the serial number 2^159", serial(append([]byte{0, 0x80}, make([]byte, 19)...)...)),
			when("a serial number of 32 bits", serial(0, 0xff, 0xff, 0xff, 0xff)),
			when("a subjectUniqueID", delegateEdited(func(tbs *fixtures.Node) {
				unique := &fixtures.Node{Tag: 0x82, Content: []byte{0, 1}}
				tbs.Children = slices.Insert(tbs.Children, len(tbs.Children)-1, unique)
			})),
			when("ECDSA with NULL parameters", delegateEdited(func(tbs *fixtures.Node) {
				algorithm := tbs.Children[2]
				algorithm.Children = append(algorithm.Children, fixtures.Null())
			})),
			when("SHA-384 by a CA on P-256", delegateWith(func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA384 })),
		},
		Good: []fixtures.Case{
			when("the serial number 2^159-1", serial(append([]byte{0x7f}, bytes.Repeat([]byte{0xff}, 19)...)...)),
			when("a serial number of 33 bits", serial(1, 0, 0, 0, 0)),
		},
	}
}

// certificateAlgorithm judges how the CA signed the certificate by BR 7.1.3.2.
func certificateAlgorithm(s CertSubject) Verdict {
	signature := revocation.CertificateSignature(s.Certificate, s.Issuer)
	algorithm := revocation.CertificateAlgorithm(s.Certificate)
	switch v := listedAlgorithm(algorithm); {
	case signature.SHA1:
		return skip() // cert-ocsp-sha1 speaks of those
	case v.Outcome == Failed:
		return v
	case signature.State == revocation.SignatureValid:
		return curveAndHash(algorithm, s.Issuer)
	}
	return pass()
}

// ofDelegate puts a judgement to delegates that are the issuer's: what is none is the
// business of ocsp-signer-authorized and cert-ocsp-issuer-same, and held to nothing else.
func ofDelegate(judge func(CertSubject) Verdict) func(CertSubject) Verdict {
	return func(s CertSubject) Verdict {
		if s.Role != RoleDelegate || !speaksForIssuer(s.Certificate) ||
			s.Issuer != nil && !bytes.Equal(s.Certificate.RawIssuer, s.Issuer.RawSubject) && !signedByIssuer(s) {
			return skip()
		}
		return judge(s)
	}
}

// differing returns where two Names part, and how each goes on from there.
func differing(a, b []byte) (at int, ofA, ofB string) {
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	return at, hexShort(a[at:]), hexShort(b[at:])
}

// speaksForIssuer reports whether a certificate carries id-kp-OCSPSigning.
func speaksForIssuer(c *x509.Certificate) bool {
	return slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning)
}

// signedByIssuer reports whether the issuer's key signed the certificate, whatever the names say.
func signedByIssuer(s CertSubject) bool {
	return revocation.CertificateSignature(s.Certificate, s.Issuer).State == revocation.SignatureValid
}

// delegateWith has a delegate sign whose template is changed.
func delegateWith(change func(*x509.Certificate)) func(*fake) {
	return func(r *fake) { r.OCSP.Signer, r.OCSP.Delegate = fixtures.Delegated, change }
}

// delegateEdited has a delegate sign whose tbsCertificate is changed.
func delegateEdited(edit func(tbs *fixtures.Node)) func(*fake) {
	return func(r *fake) { r.OCSP.Signer, r.OCSP.DelegateEdit = fixtures.Delegated, edit }
}

// delegateExtension has a delegate sign that carries an extension, in place of its own of
// that id.
func delegateExtension(x pkix.Extension) func(*fake) {
	return delegateWith(func(c *x509.Certificate) {
		c.ExtraExtensions = slices.DeleteFunc(c.ExtraExtensions, func(own pkix.Extension) bool { return own.Id.Equal(x.Id) })
		c.ExtraExtensions = append(c.ExtraExtensions, x)
	})
}

// loggedAfter gives a certificate a signed certificate timestamp (RFC 6962 §3.2) of so long
// after its notBefore.
func loggedAfter(age time.Duration) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		sct := append(make([]byte, 1+32), binary.BigEndian.AppendUint64(nil, uint64(c.NotBefore.Add(age).UnixMilli()))...)
		sct = append(sct, 0, 0, 4, 3, 0, 0) // no extensions, an empty signature of ECDSA with SHA-256
		list := append([]byte{0, byte(len(sct) + 2), 0, byte(len(sct))}, sct...)
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: fixtures.OctetString(list).Encode()})
	}
}

// conformingIssuer is the CA's certificate as it would be if nothing were changed.
func conformingIssuer(r *fake) *x509.Certificate {
	return fixtures.Conforming(r.Now, r.Authority).IssuerCertificate()
}

// inUTF8 gives a Name whose strings are all UTF8Strings: another encoding of the same.
func inUTF8(name []byte) []byte {
	return fixtures.Rewrite(name, func(n *fixtures.Node) {
		for _, set := range n.Children {
			set.Children[0].Children[1].Tag = 0x0c
		}
	})
}
