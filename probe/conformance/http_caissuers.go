package conformance

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// caIssuersRules are those about what AIA caIssuers points at.
func caIssuersRules() []*Rule {
	return []*Rule{
		{
			ID:    "http-caissuers-der",
			Cites: []Citation{RFC5280("4.2.2.1", Must)},
			Says:  "caIssuers must lead to a DER certificate or a certs-only CMS message, not to PEM.",
			Needs: evidence.FetchIssuer,
			Exchange: func(s ExchangeSubject) Verdict {
				switch {
				case !s.Answered():
					return skip()
				case isDER(s.Form, revocation.KindCertificate) || isDER(s.Form, revocation.KindCMS):
					if s.IssuersProblem == "" {
						return pass()
					}
					if strings.Contains(s.IssuersProblem, "unsupported elliptic curve") {
						return unable("%s", s.IssuersProblem)
					}
					return fail(issuersWanted, "%s", s.IssuersProblem).at(0)
				}
				return fail(issuersWanted, "%d octets of %s, beginning %s", len(s.Body), contentName(s.Form), firstOctets(s.Form)).at(0)
			},
			Bad: []fixtures.Case{
				when("PEM", func(r *fake) {
					r.IssuersHTTP.Body = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: conformingIssuer(r).Raw})
				}),
				when("a web page", func(r *fake) { r.IssuersHTTP.Body = []byte("<!DOCTYPE html><title>Certificates</title>") }),
				when("nothing", func(r *fake) { r.IssuersHTTP.Body = []byte{} }),
				when("two certificates after each other", func(r *fake) {
					der := conformingIssuer(r).Raw
					r.IssuersHTTP.Body = append(der[:len(der):len(der)], der...)
				}),
				when("a CMS message without a certificate", func(r *fake) { issuersMessage(r, 0) }),
			},
			Good: []fixtures.Case{
				when("the certificate", func(*fake) {}),
				when("a CMS message in DER", func(r *fake) { issuersMessage(r, 1) }),
				when("a CMS message in BER", func(r *fake) {
					issuersMessage(r, 2)
					body := r.IssuersHTTP.Body // an outer length that is indefinite (X.690 §8.1.3.6)
					content := body[lengthOctets(body):]
					r.IssuersHTTP.Body = append(append([]byte{0x30, 0x80}, content...), 0, 0)
				}),
			},
		},
		{
			ID:     "http-caissuers-content-type",
			Cites:  []Citation{RFC5280("4.2.2.1", Should), RFC2585("4", Should)},
			Says:   "What caIssuers leads to should be sent as application/pkix-cert or application/pkcs7-mime.",
			Needs:  evidence.FetchIssuer,
			Marked: Notice,
			Exchange: func(s ExchangeSubject) Verdict {
				if s.Form.Kind == revocation.KindCMS {
					return contentType(s, revocation.KindCMS, "application/pkcs7-mime")
				}
				return contentType(s, revocation.KindCertificate, "application/pkix-cert")
			},
			Bad: []fixtures.Case{
				when("another type", func(r *fake) { r.IssuersHTTP.ContentType = "application/x-x509-ca-cert" }),
				when("none", func(r *fake) { r.IssuersHTTP.NoContentType = true }),
				when("a CMS message as a certificate", func(r *fake) { issuersMessage(r, 1); r.IssuersHTTP.ContentType = "application/pkix-cert" }),
			},
			Good: []fixtures.Case{
				when("in other case", func(r *fake) { r.IssuersHTTP.ContentType = "Application/PKIX-Cert" }),
				when("a CMS message", func(r *fake) { issuersMessage(r, 1) }),
			},
		},
		{
			ID:    "http-caissuers-issuer-match",
			Cites: []Citation{RFC5280("4.2.2.1", Must), BR("7.1.2.7.7", Must), BR("7.1.2.10.3", Must)},
			Says:  "caIssuers must lead to a certificate of the CA that issued the certificate which names it.",
			Needs: evidence.FetchIssuer,
			Exchange: func(s ExchangeSubject) Verdict {
				if len(s.Issuers) == 0 || s.Subject == nil {
					return skip() // http-caissuers-der says what came instead
				}
				return issuerAmong(s.Issuers, s.Subject, s.At)
			},
			Bad: []fixtures.Case{
				when("the root's", func(r *fake) { r.IssuersHTTP.Body = fixtures.Conforming(r.Now, r.Authority).RootCertificate().Raw }),
				when("of the same name, with another key", func(r *fake) { r.IssuersHTTP.Body = rekeyed(r) }),
				when("expired a second ago", func(r *fake) { r.IssuersHTTP.Body = expiring(r, -time.Second) }),
			},
			Good: []fixtures.Case{
				when("the issuer's", func(*fake) {}),
				when("expiring this second", func(r *fake) { r.IssuersHTTP.Body = expiring(r, 0) }),
				when("the issuer's and the root's", func(r *fake) { issuersMessage(r, 2) }),
			},
		},
	}
}

const issuersWanted = "a DER certificate or a certs-only CMS message"

// issuerAmong judges whether one of the certificates is the issuer's of the subject.
func issuerAmong(list []*x509.Certificate, subject *x509.Certificate, at time.Time) Verdict {
	var names []string
	var expired *x509.Certificate
	unchecked := false
	for _, c := range list {
		names = append(names, nameOf(c))
		if !revocation.SameName(c.RawSubject, subject.RawIssuer) {
			continue
		}
		switch state := revocation.VerifyCertificate(subject, c).State; {
		case state == revocation.SignatureUnchecked:
			unchecked = true
		case state == revocation.SignatureValid && !at.After(c.NotAfter):
			return pass()
		case state == revocation.SignatureValid:
			expired = c
		}
	}
	want := "a certificate of " + revocation.NameText(subject.RawIssuer) + " whose key signed " + nameOf(subject)
	switch {
	case expired != nil:
		return fail("a certificate that is still valid", "%s, which expired %s", nameOf(expired), stamp(expired.NotAfter)).in("validity.notAfter").atMost(Notice)
	case unchecked:
		return unable("the signature of %s cannot be verified here", nameOf(subject))
	}
	return fail(want, "%s", strings.Join(names[:min(len(names), manyPurposes)], "; "))
}

// issuersOf reads the certificates that caIssuers led to, whatever they are wrapped in, and
// says what kept them from being read.
func issuersOf(x *evidence.Exchange, form revocation.Form) ([]*x509.Certificate, string) {
	inner, err := revocation.Unwrap(form, x.BodyReader())
	if err != nil {
		return nil, err.Error()
	}
	octets, _ := io.ReadAll(io.LimitReader(inner, maxResponse)) // reading memory does not fail
	switch form.Kind {
	case revocation.KindCertificate:
		c, _, err := revocation.ReadCertificate(octets)
		if err != nil {
			return nil, err.Error()
		}
		return []*x509.Certificate{c}, ""
	case revocation.KindCMS:
		list, err := revocation.CertsFromCMS(octets)
		if err == nil && len(list) == 0 {
			err = fmt.Errorf("a CMS message without a certificate")
		}
		if err != nil {
			return list, err.Error()
		}
		return list, ""
	}
	return nil, "neither a certificate nor a CMS message"
}

// caIssuers tells of the document that a caIssuers location gave.
func (e *examiner) caIssuers(s ExchangeSubject) {
	d := Document{Source: s.ID, Kind: s.Form.Kind, Encoding: s.Form.Encoding, Decoded: s.IssuersProblem == "", Problem: s.IssuersProblem}
	for _, c := range s.Issuers {
		d.Notes = append(d.Notes, nameOf(c))
	}
	e.document(d)
}

// issuersMessage serves a certs-only CMS message (RFC 8551 §3.8) with so many of the
// issuer's and the root's certificates.
func issuersMessage(r *fake, count int) {
	conforming := fixtures.Conforming(r.Now, r.Authority)
	certificates := &fixtures.Node{Tag: 0xa0}
	for _, c := range []*x509.Certificate{conforming.IssuerCertificate(), conforming.RootCertificate()}[:count] {
		certificates.Children = append(certificates.Children, fixtures.Verbatim(c.Raw))
	}
	data := fixtures.Sequence(fixtures.ObjectIdentifier("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"))
	signed := fixtures.Sequence(fixtures.Integer(1), &fixtures.Node{Tag: 0x31}, data, certificates, &fixtures.Node{Tag: 0x31})
	message := fixtures.Sequence(fixtures.ObjectIdentifier("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"), fixtures.Explicit(0, signed))
	r.IssuersHTTP.Body, r.IssuersHTTP.ContentType = message.Encode(), "application/pkcs7-mime"
}

// lengthOctets is how many octets the tag and the definite length of an element take.
func lengthOctets(der []byte) int {
	if der[1] < 0x80 {
		return 2
	}
	return 2 + int(der[1]&0x7f)
}

// rekeyed is a certificate of the issuer's name with the key of the root.
func rekeyed(r *fake) []byte {
	other := fixtures.Conforming(r.Now, r.Authority)
	name := conformingIssuer(r).Subject
	other.Root = func(c *x509.Certificate) { c.Subject = name }
	return other.RootCertificate().Raw
}

// expiring is the issuer's certificate with an end so long after now.
func expiring(r *fake, after time.Duration) []byte {
	other := fixtures.Conforming(r.Now, r.Authority)
	other.Issuer = func(c *x509.Certificate) { c.NotAfter = r.Now.Add(after) }
	return other.IssuerCertificate().Raw
}
