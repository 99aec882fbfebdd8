package conformance

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func envelopeRules() []*Rule {
	return []*Rule{
		{
			ID:    "ocsp-der-strict",
			Cites: []Citation{MRSP("5.2", Must), RFC6960("4.2.1", Must)},
			Says:  "The body must be exactly one DER-encoded OCSPResponse.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				if s.Response.Nested {
					return fail("one DER OCSPResponse", "a second OCSPResponse where its BasicOCSPResponse belongs").in("responseBytes.response")
				}
				if broken := s.Response.Broken; broken != nil {
					return fail("one DER OCSPResponse", "unreadable at octet %d of %d: %s: %s", broken.Offset, len(s.Response.Raw), broken.Field, broken.Problem).
						in(broken.Field).at(broken.Offset)
				}
				if faults := derFaults(s.Response); len(faults) > 0 {
					return fail("one DER OCSPResponse", "%s", deviationText(faults)).in(faults[0].Field).at(faults[0].Offset)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("a trailing octet", func(r *fake) { r.OCSP.Tamper = func(der []byte) []byte { return append(der, 0) } }),
				when("cut one octet short", func(r *fake) { r.OCSP.Tamper = func(der []byte) []byte { return der[:len(der)-1] } }),
				when("a length in more octets than it needs", func(r *fake) { r.OCSP.Tamper = lengthenLength }),
				when("one octet", func(r *fake) { r.OCSPHTTP.Body = []byte("0") }),
				when("an OCSPResponse in an OCSPResponse", func(r *fake) { r.OCSP.Tamper = nested }),
				when("a producedAt that is no time", noTime("producedAt")),
				when("a thisUpdate that is no time", noTime("responses[0].thisUpdate")),
				when("a nextUpdate that is no time", noTime("responses[0].nextUpdate")),
				when("a revocationTime that is no time", leafRevoked(noTime("responses[0].certStatus.revocationTime"))),
			},
			Good: []fixtures.Case{
				when("exactly one", func(*fake) {}),
				when("BER in a certificate that is sent along", func(r *fake) {
					ber := bytes.Replace(r.IssuerCertificate().Raw, []byte{1, 1, 0xff}, []byte{1, 1, 1}, 1)
					r.OCSP.Certificates = func([][]byte) [][]byte { return [][]byte{ber} }
				}),
			},
			Also: []string{"ocsp-time-format"},
		},
		{
			ID:    "ocsp-status-known",
			Cites: []Citation{RFC6960("4.2.1", Must)},
			Says:  "responseStatus must be one of the six that are defined.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				switch s.Response.Status {
				case revocation.Successful, revocation.MalformedRequest, revocation.InternalError, revocation.TryLater,
					revocation.SigRequired, revocation.Unauthorized:
					return pass()
				}
				if s.Response.Broken != nil && s.Response.Status < 0 {
					return skip() // ocsp-der-strict says where reading ended
				}
				return fail("0, 1, 2, 3, 5 or 6", "responseStatus %d", s.Response.Status).in("responseStatus")
			},
			Bad: []fixtures.Case{
				when("4, which is not used", func(r *fake) { r.OCSPHTTP.Body = []byte{0x30, 3, 0x0a, 1, 4} }),
				when("7", func(r *fake) { r.OCSPHTTP.Body = []byte{0x30, 3, 0x0a, 1, 7} }),
			},
			Good: []fixtures.Case{
				when("sigRequired, 5", func(r *fake) { r.OCSP.Unassigned = fixtures.SigRequired }),
				when("tryLater, 3", func(r *fake) { r.OCSP.Unassigned = fixtures.TryLater }),
				when("unauthorized, 6", func(r *fake) { r.OCSP.Unassigned = fixtures.Unauthorized }),
			},
		},
		{
			ID:    "ocsp-error-no-bytes",
			Cites: []Citation{RFC6960("4.2.1", Must)},
			Says:  "An error must not carry responseBytes.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				switch {
				case s.Response.Status <= revocation.Successful:
					return skip()
				case s.Response.HasBytes:
					return fail("no responseBytes", "%s with responseBytes", s.Response.Status).in("responseBytes")
				}
				return pass()
			},
			Bad: []fixtures.Case{when("tryLater with an answer", func(r *fake) {
				r.OCSP.Tamper = func(der []byte) []byte {
					return bytes.Replace(der, []byte{0x0a, 1, 0, 0xa0}, []byte{0x0a, 1, byte(revocation.TryLater), 0xa0}, 1)
				}
			})},
			Also: []string{"ocsp-assigned-authoritative-15m"},
		},
		{
			ID:    "ocsp-success-has-bytes",
			Cites: []Citation{RFC6960("4.2.1", Must)},
			Says:  "A successful response must carry responseBytes.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				switch {
				case s.Response.Status != revocation.Successful || s.Response.Broken != nil && !s.Response.HasBytes:
					return skip()
				case !s.Response.HasBytes:
					return fail("responseBytes", "successful without responseBytes").in("responseBytes")
				}
				return pass()
			},
			Bad: []fixtures.Case{when("successful and nothing else", func(r *fake) { r.OCSPHTTP.Body = []byte{0x30, 3, 0x0a, 1, 0} })},
		},
		{
			ID:    "ocsp-type-basic",
			Cites: []Citation{RFC6960("4.2.1", Must), RFC9919("3.2.1", Practice)},
			Says:  "responseType must be id-pkix-ocsp-basic where no other was asked for.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				switch {
				case !s.Response.HasBytes || s.Response.ResponseType == "":
					return skip()
				case s.Response.ResponseType != revocation.OIDBasicResponse:
					return fail("1.3.6.1.5.5.7.48.1.1", "%s", s.Response.ResponseType).in("responseBytes.responseType")
				}
				return pass()
			},
			Bad: []fixtures.Case{when("another identifier", func(r *fake) {
				r.OCSP.Tamper = func(der []byte) []byte {
					other := revocation.OIDBasicResponse[:8] + "\x02"
					return bytes.Replace(der, []byte(revocation.OIDBasicResponse), []byte(other), 1)
				}
			})},
		},
	}
}

// derFaults returns what is wrong with the response's encoding. Nobody looks inside embedded
// certificates, which are somebody else's signature.
func derFaults(r *revocation.OCSPResponse) []revocation.Deviation {
	faults := slices.DeleteFunc(slices.Clone(r.Deviations), func(d revocation.Deviation) bool {
		return d.Kind == revocation.DevEmpty || d.Kind == revocation.DevDuplicate // valid DER, which other rules object to
	})
	for _, d := range revocation.StrictDER(r.Raw) {
		known := slices.ContainsFunc(faults, func(f revocation.Deviation) bool { return f.Offset == d.Offset })
		if !known {
			faults = append(faults, d)
		}
	}
	return faults
}

func deviationText(list []revocation.Deviation) string {
	if len(list) == 1 {
		return list[0].String()
	}
	return fmt.Sprintf("%s, and %d more", list[0], len(list)-1)
}

// lengthenLength writes the outermost length with one octet more than DER allows.
func lengthenLength(der []byte) []byte {
	octets := int(der[1] & 0x7f)
	if der[1] < 0x80 {
		return slices.Concat([]byte{der[0], 0x81}, der[1:])
	}
	return slices.Concat([]byte{der[0], byte(0x80 | octets + 1), 0}, der[2:])
}

// nested puts a response where the BasicOCSPResponse of another one belongs.
func nested(der []byte) []byte {
	return fixtures.Sequence(fixtures.Enumerated(0), fixtures.Explicit(0,
		fixtures.Sequence(fixtures.ObjectIdentifier(revocation.OIDBasicResponse), fixtures.OctetString(der)))).Encode()
}
