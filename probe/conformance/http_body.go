package conformance

import (
	"mime"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func httpBodyRules() []*Rule {
	return []*Rule{
		{
			ID:     "http-body-magic",
			Cites:  []Citation{RFC6960("A.2", Must), RFC5280("4.2.1.13", Must)},
			Says:   "The body must be the document that was asked for, not a web page, nothing, or something compressed.",
			Needs:  evidence.OCSP | evidence.FetchCRL,
			Marked: Critical,
			Exchange: func(s ExchangeSubject) Verdict {
				wanted, name := revocation.KindOCSPResponse, "a DER OCSPResponse"
				if s.Ask == evidence.FetchCRL {
					wanted, name = revocation.KindCRL, "a DER CertificateList"
				}
				switch {
				case !s.Answered():
					return skip()
				case isDER(s.Form, wanted) || meantAsDER(s.Form) || s.Ask == evidence.FetchCRL && s.Form.Kind == wanted && armoured(s.Form).Outcome == Failed:
					return pass() // ocsp-der-strict, crl-der-strict and crl-not-pem look closer
				}
				if s.Form.Encoding == revocation.EncodingEmpty {
					return fail(name, "an empty body").at(0)
				}
				return fail(name, "%d octets of %s, beginning %s", s.BodyLength(), contentName(s.Form), firstOctets(s.Form)).at(0)
			},
			Bad: []fixtures.Case{
				when("a web page for OCSP", func(r *fake) { r.OCSPHTTP.Body = []byte("<!DOCTYPE html><title>Parked</title>") }),
				when("nothing for the CRL", func(r *fake) { r.CRLHTTP.Body = []byte{} }),
				when("an OCSP response for the CRL", func(r *fake) { r.CRLHTTP.Body = []byte{0x30, 3, 0x0a, 1, 6} }),
				when("the issuer's certificate for the CRL", func(r *fake) {
					r.CRL.Tamper = func([]byte) []byte { return r.IssuerCertificate().Raw }
				}),
				when("PKCS#7 for the CRL", func(r *fake) { r.CRLHTTP.Body = emptyPKCS7 }),
				when("JSON for the CRL", func(r *fake) { r.CRLHTTP.Body = []byte(`{"error":"not found"}`) }),
				when("XML for the CRL", func(r *fake) {
					r.CRLHTTP.Body = []byte(`<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>`)
				}),
				when("an HTTP answer in the HTTP answer", func(r *fake) {
					r.OCSPHTTP.Body = []byte("HTTP/1.0 200 OK\r\nContent-type: application/ocsp-response\r\nContent-Length: 5\r\n\r\n0\x03\x0a\x01\x06")
				}),
				when("the CRL behind a byte order mark", func(r *fake) { r.CRL.Tamper = behind("\xef\xbb\xbf") }),
				when("the CRL behind a line end", func(r *fake) { r.CRL.Tamper = behind("\r\n") }),
				when("the CRL behind three odd octets", func(r *fake) { r.CRL.Tamper = behind("\x00\x01\x02") }),
				when("the CRL in gzip", func(r *fake) { r.CRL.Tamper = inGzip }),
			},
			Good: []fixtures.Case{when("the document", func(*fake) {})},
		},
		{
			ID:    "http-ocsp-content-type",
			Cites: []Citation{RFC6960("A.2", Must), RFC9919("6", Practice)},
			Says:  "OCSP responses must be sent as application/ocsp-response.",
			Needs: evidence.OCSP,
			Exchange: func(s ExchangeSubject) Verdict {
				return contentType(s, revocation.KindOCSPResponse, "application/ocsp-response")
			},
			Bad: []fixtures.Case{
				when("another type", func(r *fake) { r.OCSPHTTP.ContentType = "application/octet-stream" }),
				when("none", func(r *fake) { r.OCSPHTTP.NoContentType = true }),
			},
			Good: []fixtures.Case{when("in other case, with a parameter", func(r *fake) {
				r.OCSPHTTP.ContentType = "Application/OCSP-Response; charset=binary"
			})},
		},
		{
			ID:    "http-crl-content-type",
			Cites: []Citation{RFC5280("4.2.1.13", Should), RFC2585("4", Should)},
			Says:  "CRLs should be sent as application/pkix-crl.",
			Needs: evidence.FetchCRL,
			Exchange: func(s ExchangeSubject) Verdict {
				return contentType(s, revocation.KindCRL, "application/pkix-crl")
			},
			Bad: []fixtures.Case{
				when("another type", func(r *fake) { r.CRLHTTP.ContentType = "application/x-pkcs7-crl" }),
				when("none", func(r *fake) { r.CRLHTTP.NoContentType = true }),
			},
			Good: []fixtures.Case{when("in other case", func(r *fake) { r.CRLHTTP.ContentType = "Application/PKIX-CRL" })},
		},
	}
}

// contentName names what a body is.
func contentName(f revocation.Form) string {
	switch {
	case f.Kind == revocation.KindUnrecognised:
		return encodingName(f)
	case f.Kind == revocation.KindCMS:
		return "PKCS#7 (" + encodingName(f) + ")"
	case f.Encoding == revocation.EncodingDER:
		return string(f.Kind)
	}
	return string(f.Kind) + " as " + encodingName(f)
}

// encodingName names an encoding for people.
func encodingName(f revocation.Form) string {
	switch f.Encoding {
	case revocation.EncodingBOM:
		if len(f.First) > 0 && f.First[0] != 0xef {
			return "UTF-16 with a byte order mark"
		}
		return "octets behind a byte order mark"
	case revocation.EncodingSpace:
		return "DER behind white space"
	case revocation.EncodingHTTP:
		return "another HTTP answer"
	}
	return string(f.Encoding)
}

func contentType(s ExchangeSubject, kind revocation.Kind, want string) Verdict {
	if !s.Answered() || s.Form.Kind != kind {
		return skip() // http-body-magic says what came instead
	}
	switch sent := s.Header.Get("Content-Type"); sent {
	case want:
		return pass()
	case "":
		return fail(want, "no Content-Type").in("Content-Type")
	default:
		if media, _, _ := mime.ParseMediaType(sent); media != want {
			return fail(want, "%s", sent).in("Content-Type")
		}
		return pass()
	}
}
