package conformance

import (
	"bytes"
	"crypto"
	"crypto/sha1"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// Sizes of a response from which RFC 9919 §8, which wants them small for mobile clients and
// caches, is no longer met. A post-quantum or a large RSA signature alone may exceed them.
const (
	largeResponse = 4 << 10
	hugeResponse  = 20 << 10
)

// byNameUntil is the first day on which every responder set up for a new CA could have
// followed RFC 9919, of July 2026.
var byNameUntil = mustDay("2026-08-01")

func structureRules() []*Rule {
	return []*Rule{
		{
			ID:    "ocsp-version-v1",
			Cites: []Citation{RFC6960("4.2.2.3", Must), RFC6960("4.2.1", Must)},
			Says:  "The version of a response must be v1.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				switch {
				case !s.readable():
					return skip()
				case s.Response.Basic.Version != 0: // 0 spelled out is ocsp-der-strict's
					return fail("v1 (0), left out", "version %d", s.Response.Basic.Version).in("tbsResponseData.version")
				}
				return pass()
			},
			Bad:  []fixtures.Case{when("v2", versioned(1))},
			Good: []fixtures.Case{when("v1 spelled out, which is a fault of encoding alone", versioned(0))},
		},
		{
			ID:    "ocsp-responderid-bykey-sha1",
			Cites: []Citation{RFC6960("4.2.1", Must)},
			Says:  "byKey must be the SHA-1 of the value of the signer's subjectPublicKey, and of nothing else.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				const want = "the SHA-1 of the signer's subjectPublicKey value, 20 octets"
				if !s.readable() || s.Response.Basic.ResponderID.ByKey == nil {
					return skip()
				}
				id := s.Response.Basic.ResponderID
				if signer := s.Signer; signer.Certificate != nil && !signer.MatchesID && signer.Signature.State == revocation.SignatureValid {
					if source := id.MadeFrom(signer.Certificate); source != "" {
						return fail(want, "byKey %s, which is %s", hexShort(id.ByKey), source).in("responderID")
					}
				}
				if len(id.ByKey) != sha1.Size {
					return fail(want, "byKey %s, %d octets", hexShort(id.ByKey), len(id.ByKey)).in("responderID")
				}
				return skipUnless(s.Signer.MatchesID) // another key's hash is ocsp-responderid-matches's
			},
			Bad: []fixtures.Case{
				when("the SHA-256 of the key", byKey(func(ca *x509.Certificate) []byte { return keyHash(crypto.SHA256, ca) })),
				when("the SHA-1 of the SubjectPublicKeyInfo", byKey(func(ca *x509.Certificate) []byte {
					sum := sha1.Sum(ca.RawSubjectPublicKeyInfo)
					return sum[:]
				})),
				when("a subjectKeyIdentifier made otherwise", func(r *fake) {
					r.Issuer = withKeyID
					byKey(func(ca *x509.Certificate) []byte { return ca.SubjectKeyId })(r)
				}),
				when("an octet short", byKey(func(ca *x509.Certificate) []byte { return keyHash(crypto.SHA1, ca)[1:] })),
			},
			Good: []fixtures.Case{when("the subjectKeyIdentifier is something else", func(r *fake) { r.Issuer = withKeyID })},
			Also: []string{"ocsp-responderid-matches"},
		},
		{
			ID:    "ocsp-responderid-bykey-preferred",
			Cites: []Citation{RFC9919("3.2.2", Practice)},
			Says:  "A responder set up since RFC 9919 should name itself byKey.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				// A responder may keep byName; how old one is shows only by the CA that it serves.
				switch {
				case !s.readable() || s.Issuer == nil || s.Issuer.NotBefore.Before(byNameUntil):
					return skip()
				case s.Response.Basic.ResponderID.ByName != nil:
					return fail("byKey", "byName, for a CA that exists since %s", stamp(s.Issuer.NotBefore)).in("responderID")
				}
				return pass()
			},
			Bad:  []fixtures.Case{when("byName for a CA of August 2026", byNameForCAOf(byNameUntil))},
			Good: []fixtures.Case{when("byName for a CA a second older", byNameForCAOf(byNameUntil.Add(-time.Second)))},
		},
		{
			ID:    "ocsp-single-extra",
			Cites: []Citation{RFC6960("4.2.2.3", Should), RFC9919("3.2.1", Practice)},
			Says:  "A response should hold no SingleResponse that was not asked for, and must not contradict itself.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				if !s.readable() {
					return skip()
				}
				singles := s.Response.Basic.Singles
				if i, j, found := contradiction(s); found {
					return fail("one status for one certificate", "%s in responses[%d], %s in responses[%d], for serial %s",
						singles[i].Status, i, singles[j].Status, j, singles[j].CertID.Serial).in(singleField(j, "certStatus")).atLeast(Error)
				}
				if i := extraSingle(s); i >= 0 {
					return fail("only what was asked for", "%d SingleResponses, one of them for %s", len(singles), certIDText(singles[i].CertID)).
						in(singleField(i, "certID")).at(singles[i].CertID.Offset).atMost(Notice)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("another certificate too", func(r *fake) {
					r.OCSP.Singles = beside(func(c *revocation.CertID) { c.Serial = fixtures.UnassignedSerial(7) })
				}),
				when("the same certificate twice", func(r *fake) { r.OCSP.Singles = beside(func(*revocation.CertID) {}) }),
				when("the same certificate good and unknown", func(r *fake) {
					r.OCSP.Singles = beside(func(*revocation.CertID) {})
					r.OCSP.Edit = func(data *fixtures.Node) {
						status, other := data.MustFind("responses[1].certStatus"), byte(0x80) // good
						if status.Tag == other {
							other = 0x82 // unknown
						}
						status.Tag, status.Children = other, nil
					}
				}),
			},
			Good: []fixtures.Case{when("the same certificate by SHA-256 too", func(r *fake) {
				r.OCSP.Singles = func(asked []revocation.CertID) []revocation.CertID {
					if asked[0].Hash() == crypto.SHA256 {
						return asked
					}
					return append(slices.Clone(asked), r.CertID(crypto.SHA256, asked[0].Serial))
				}
			})},
		},
		{
			ID:    "ocsp-certid-serial-encoding",
			Cites: []Citation{RFC6960("4.1.1", Must)},
			Says:  "A serial number whose top bit is set must keep the 00 octet that makes it positive.",
			Needs: evidence.OCSP,
			OCSP: func(s OCSPSubject) Verdict {
				for _, asked := range s.askedSerials() {
					if len(asked) < 2 || asked[0] != 0 || asked[1] < 0x80 {
						continue
					}
					if bytes.Equal(s.Single.CertID.Serial, asked[1:]) {
						return fail(fmt.Sprintf("%x", []byte(asked)), "%x, which is negative", []byte(s.Single.CertID.Serial)).
							in(s.field("certID.serialNumber")).at(s.Single.CertID.Offset)
					}
					if s.Single.CertID.Serial.Equal(asked) { // one 00 too many is ocsp-der-strict's
						return pass()
					}
				}
				return skip()
			},
			Bad: []fixtures.Case{when("without its 00", func(r *fake) {
				r.OCSP.Singles = changed(func(c *revocation.CertID) {
					if c.Serial[0] == 0 {
						c.Serial = c.Serial[1:]
					}
				})
			})},
			Good: []fixtures.Case{when("with its 00", func(*fake) {})},
			Also: []string{"ocsp-single-for-each", "ocsp-certid-echo"},
		},
		{
			ID:    "ocsp-certs-empty",
			Cites: []Citation{RFC6960("4.2.1", Should)},
			Says:  "certs should be left out where there is no certificate to send.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				switch {
				case !s.readable() || !s.Response.Basic.HasCertificates:
					return skip()
				case len(s.Response.Basic.Certificates) == 0:
					return fail("no certs", "certs without a certificate").in("certs")
				}
				return pass()
			},
			Bad: []fixtures.Case{when("an empty list", func(r *fake) {
				r.OCSP.Certificates = func([][]byte) [][]byte { return [][]byte{} }
			})},
			Good: []fixtures.Case{
				when("left out", func(*fake) {}),
				when("one certificate", func(r *fake) { r.OCSP.Signer = fixtures.Delegated }),
			},
		},
		{
			ID:    "ocsp-certs-minimal",
			Cites: []Citation{RFC6960("4.2.1", Practice), RFC9919("3.2.2", Practice)},
			Says:  "certs should hold the delegate's certificate and nothing else.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				if !s.readable() || s.Signer.Signature.State != revocation.SignatureValid {
					return skip()
				}
				if i := needlessCertificate(s); i >= 0 {
					return fail("the delegate's certificate alone, and none where the CA signs", "%d certificate(s), needlessly %s",
						len(s.Response.Basic.Certificates), embeddedName(s.Response.Basic.Certificates[i])).
						in(fmt.Sprintf("certs[%d]", i)).at(s.Response.Basic.Certificates[i].Offset)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("the CA's own, which signed", func(r *fake) {
					r.OCSP.Certificates = func([][]byte) [][]byte { return [][]byte{r.IssuerCertificate().Raw} }
				}),
				when("the root beside the delegate's", delegateSending(func(r *fake, own []byte) []byte { return r.RootCertificate().Raw })),
				when("the delegate's twice", delegateSending(func(_ *fake, own []byte) []byte { return own })),
			},
			Good: []fixtures.Case{when("the delegate's alone", func(r *fake) { r.OCSP.Signer = fixtures.Delegated })},
			Also: []string{"ocsp-stock-client"},
		},
		{
			ID:    "ocsp-response-size",
			Cites: []Citation{RFC9919("1", Practice), RFC9919("8", Practice)},
			Says:  "A response should be small: 4 KiB are many, 20 KiB too many.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				octets := len(s.Response.Raw)
				if octets <= largeResponse {
					return pass()
				}
				v := fail(fmt.Sprintf("at most %d octets", largeResponse), "%d octets", octets)
				if octets <= hugeResponse {
					return v.atMost(Info)
				}
				return v
			},
			Bad: []fixtures.Case{
				when("an octet more than 4 KiB", sized(largeResponse+1)),
				when("an octet more than 20 KiB", sized(hugeResponse+1)),
			},
			Good: []fixtures.Case{when("4 KiB", sized(largeResponse))},
		},
	}
}

// readable reports whether the basic response could be read to its end, so that what is
// missing in it is not there rather than behind a fault of encoding.
func (s ResponseSubject) readable() bool { return s.Response.Basic != nil && s.Response.Broken == nil }

// askedSerials returns the serial numbers of the certificates asked about.
func (s ResponseSubject) askedSerials() []revocation.Serial {
	var list []revocation.Serial
	for _, id := range s.asked {
		list = append(list, id.Serial)
	}
	if len(list) == 0 && s.Subject != nil {
		list = append(list, revocation.SerialOf(s.Subject.SerialNumber))
	}
	return list
}

// certificateNamed tells certificates apart by their CertIDs: equal where two name the same one,
// be it by different hash functions, as far as the issuer is known.
func (s ResponseSubject) certificateNamed(id revocation.CertID) string {
	if s.Issuer != nil && s.memory.NamesIssuer(id, s.Issuer) {
		return id.Serial.String()
	}
	return certIDOctets(id)
}

// certIDOctets is equal for equal CertIDs, whatever the parameters of their algorithm.
func certIDOctets(id revocation.CertID) string {
	return fmt.Sprintf("%s %x %x %s", id.HashAlgorithm.Algorithm, id.IssuerNameHash, id.IssuerKeyHash, id.Serial)
}

// contradiction finds two singles that give one certificate different states.
func contradiction(s ResponseSubject) (first, second int, found bool) {
	singles := s.Response.Basic.Singles
	if len(singles) < 2 {
		return 0, 0, false
	}
	seen := map[string]int{}
	for i, single := range singles {
		name := s.certificateNamed(single.CertID)
		first, known := seen[name]
		switch {
		case !known:
			seen[name] = i
		case singles[first].Status != single.Status:
			return first, i, true
		}
	}
	return 0, 0, false
}

// extraSingle finds a single that repeats another, or is about none of the certificates asked
// about; -1 where there is none. Where none is about one of them, ocsp-single-for-each says so.
func extraSingle(s ResponseSubject) int {
	singles, wanted := s.Response.Basic.Singles, s.match()
	seen := map[string]bool{}
	for i := range singles {
		if len(singles) > 1 {
			name := certIDOctets(singles[i].CertID)
			if seen[name] {
				return i
			}
			seen[name] = true
		}
		if wanted != nil && !s.wants(wanted.CertID, singles[i].CertID) {
			return i
		}
	}
	return -1
}

// wants reports whether a single belongs to an answer in which another one does: it was asked
// for, or is about the same certificate by another hash function.
func (s ResponseSubject) wants(other, id revocation.CertID) bool {
	about := func(a revocation.CertID) bool {
		if s.Issuer == nil && a.HashAlgorithm.Algorithm != id.HashAlgorithm.Algorithm {
			return a.Serial.Equal(id.Serial)
		}
		return a.Equal(id) || s.certificateNamed(a) == s.certificateNamed(id)
	}
	return about(other) || slices.ContainsFunc(s.asked, about)
}

// needlessCertificate finds an embedded certificate that is not the delegate's, or is it once
// more; -1 where there is none.
func needlessCertificate(s ResponseSubject) int {
	seen := s.Signer.IsIssuer
	return slices.IndexFunc(s.Response.Basic.Certificates, func(c revocation.EmbeddedCertificate) bool {
		needless := seen || !bytes.Equal(c.Raw, s.Signer.Certificate.Raw)
		seen = seen || !needless
		return needless
	})
}

func embeddedName(c revocation.EmbeddedCertificate) string {
	if c.Certificate == nil {
		return "one that cannot be read"
	}
	return "that of " + nameOf(c.Certificate)
}

// versioned writes the version out.
func versioned(version int64) func(*fake) {
	return func(r *fake) {
		r.OCSP.Edit = func(data *fixtures.Node) {
			data.Children = slices.Insert(data.Children, 0, fixtures.Explicit(0, fixtures.Integer(version)))
		}
	}
}

// byKey puts something in place of the key hash.
func byKey(octets func(ca *x509.Certificate) []byte) func(*fake) {
	return func(r *fake) {
		r.OCSP.Edit = func(data *fixtures.Node) {
			data.MustFind("responderID").Children[0].Content = octets(r.IssuerCertificate())
		}
	}
}

func keyHash(h crypto.Hash, c *x509.Certificate) []byte {
	id, err := revocation.NewCertID(h, c, revocation.Serial{1})
	if err != nil {
		panic(err) // only fixtures are hashed, all of which can be
	}
	return id.IssuerKeyHash
}

// withKeyID gives a CA a subjectKeyIdentifier that is no hash of its key.
func withKeyID(c *x509.Certificate) { c.SubjectKeyId = []byte("an identifier of ours") }

func byNameForCAOf(notBefore time.Time) func(*fake) {
	return func(r *fake) {
		r.OCSP.ByName = true
		r.Issuer = issuedAt(notBefore)
	}
}

// beside has the responder answer each CertID and, after it, an altered copy.
func beside(alter func(*revocation.CertID)) func([]revocation.CertID) []revocation.CertID {
	return func(asked []revocation.CertID) []revocation.CertID {
		return append(slices.Clone(asked), changed(alter)(asked)...)
	}
}

// delegateWith has a delegate sign and another certificate be sent after its own.
func delegateSending(other func(r *fake, own []byte) []byte) func(*fake) {
	return func(r *fake) {
		r.OCSP.Signer = fixtures.Delegated
		r.OCSP.Certificates = func(own [][]byte) [][]byte { return [][]byte{own[0], other(r, own[0])} }
	}
}

// sized pads every response to that many octets, with an extension that nobody knows.
func sized(octets int) func(*fake) {
	return func(r *fake) {
		r.Authority = fixtures.NewAuthority(fixtures.Kind{RSA: true}) // whose signatures are all equally long
		plain := fixtures.Conforming(r.Now, r.Authority)
		whole := plain.OCSPResponse(plain.Question(evidence.UnassignedPOST))
		around := len(whole) - len(revocation.ReadOCSPResponse(whole).Basic.TBS)
		r.OCSP.SingleExtensions = []revocation.Extension{{ID: unknownExtension, Value: []byte{}}}
		r.OCSP.Edit = func(data *fixtures.Node) {
			value := data.MustFind("responses[0].singleExtensions[0].extnValue")
			for missing := octets; missing != 0; missing = octets - around - len(data.Encode()) {
				value.Content = make([]byte, len(value.Content)+missing)
			}
		}
	}
}
