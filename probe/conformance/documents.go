package conformance

import (
	"bufio"
	"crypto/x509"
	"fmt"
	"io"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// maxResponse bounds an OCSPResponse or certificate read from a file; a CRL is streamed.
const maxResponse = 4 << 20

// body is the octets of an exchange with what they were recognised as.
type body struct {
	form   revocation.Form
	reader io.Reader
}

func openBody(x *evidence.Exchange) body {
	if x.Blob == nil {
		return body{revocation.Recognise(x.Body[:min(len(x.Body), revocation.HeadSize)], x.BodyLength()), x.BodyReader()}
	}
	reader := bufio.NewReaderSize(x.BodyReader(), revocation.HeadSize)
	start, _ := reader.Peek(revocation.HeadSize)
	return body{revocation.Recognise(start, x.BodyLength()), reader}
}

// documents decodes and judges what an exchange carries.
func (e *examiner) documents(x *evidence.Exchange, b body) {
	switch {
	case x.Ask == evidence.Handshake:
		if len(x.Staple) > 0 {
			e.response(x, x.Staple, revocation.Form{Kind: revocation.KindOCSPResponse, Encoding: revocation.EncodingDER})
		}
	case x.Ask.Has(evidence.OCSP | evidence.UnissuablePOST):
		e.ocspAnswer(x, b)
	case x.Ask.Has(evidence.Probes):
		e.probe(x, b)
	case x.Ask == evidence.FetchCRL && carries(x) && (b.form.Kind == revocation.KindCRL || meantAsDER(b.form)):
		e.crl(x, b)
	case x.Ask == evidence.File:
		e.file(x, b)
	}
}

// carries reports whether the exchange brought a whole body.
func carries(x *evidence.Exchange) bool {
	return x.Failure == "" || x.Failure == evidence.HTTPStatus
}

// meantAsDER reports whether octets that were not recognised at least begin as the
// document that was asked for would.
func meantAsDER(f revocation.Form) bool {
	return f.Kind == revocation.KindUnrecognised && len(f.First) > 0 && f.First[0] == 0x30
}

// isDER reports whether a body is a document of that kind without any wrapping.
func isDER(f revocation.Form, kind revocation.Kind) bool {
	return f.Kind == kind && f.Encoding == revocation.EncodingDER
}

func (e *examiner) ocspAnswer(x *evidence.Exchange, b body) {
	a := ServiceAnswer{Answer: Answer{Responder: x.URL, Issuer: x.Issuer, Subject: x.Subject, Ask: x.Ask, Strategy: strategyOf(x), Serial: x.Serial,
		Method: x.Method, Repeat: x.Repeat, Address: x.Address, Round: x.Round, Exchange: x.ID}}
	switch {
	case carries(x) && (isDER(b.form, revocation.KindOCSPResponse) || x.Failure == "" && meantAsDER(b.form)):
		a.Response = e.response(x, x.Body[:min(len(x.Body), maxResponse)], b.form)
		a.Answer.Answer = word(a.Response)
		a.Signature = a.Response.Signer.Signature.State
	case x.Failure != "":
		a.Answer.Answer = string(x.Failure)
	default:
		a.Answer.Answer = "not-ocsp:" + string(b.form.Encoding)
		e.document(Document{Source: x.ID, Kind: b.form.Kind, Encoding: b.form.Encoding, Problem: "not an OCSP response"})
	}
	e.report.Answers = append(e.report.Answers, a.Answer)
	e.answers = append(e.answers, a)
}

func strategyOf(x *evidence.Exchange) string {
	switch {
	case x.Ask.Has(evidence.Assigned):
		return "assigned"
	case x.Ask.Has(evidence.ForeignPOST):
		return "foreign-issuer"
	case x.Ask.Has(evidence.SHA256POST):
		return "sha256-certid"
	case x.Ask.Has(evidence.ListedPOST):
		return "listed"
	}
	return x.Strategy
}

// response decodes an OCSPResponse and puts the rules for it to it.
func (e *examiner) response(x *evidence.Exchange, octets []byte, form revocation.Form) *ResponseSubject {
	s := &ResponseSubject{Exchange: x, Response: e.memory.ReadOCSPResponse(octets), Subject: e.certificates[x.Subject], At: x.At, memory: e.memory}
	if x.Ask.Has(evidence.Unassigned | evidence.ForeignPOST | evidence.ListedPOST | evidence.UnissuablePOST) {
		s.Subject = nil
	}
	s.asked = e.askedAbout(x)
	s.Issuer = e.responseIssuer(s)
	if s.Response.Basic != nil {
		s.Signer = e.memory.FindSigner(s.Response.Basic, s.Issuer, e.pool)
	}
	limits := scopeOf(e.report.Run.Scope, nil, e.certificates[x.Subject], s.Issuer)
	s.Scope = limits.scope
	d := e.docket(x, s.signed(), limits)
	refused := s.Response.Status > revocation.Successful && s.Response.Broken == nil // and speaks of no certificate
	times := func(r *Rule) int {
		switch {
		case r.Response != nil || refused:
			return 1
		case s.Response.Basic == nil:
			return 0
		}
		return len(s.Response.Basic.Singles)
	}
	e.put(e.rulesFor(e.onResponses, aboutAs(x), onResponse), d, times, func(r *Rule, i int) Verdict {
		switch {
		case r.Response != nil:
			return r.Response(*s)
		case refused:
			return skip()
		}
		return r.OCSP(OCSPSubject{s, &s.Response.Basic.Singles[i], i})
	})
	e.delegate(s)
	if !x.Ask.Has(evidence.Probes) {
		e.document(responseDocument(s, form))
	}
	return s
}

// askedAbout returns the CertIDs that an exchange asks about; those of the last one asked for
// are kept.
func (e *examiner) askedAbout(x *evidence.Exchange) []revocation.CertID {
	if e.asking == x {
		return e.asked
	}
	e.asking, e.asked = x, nil
	if len(x.Request) > 0 {
		for _, q := range e.memory.ReadOCSPRequest(x.Request).Requests {
			e.asked = append(e.asked, q.CertID)
		}
	}
	return e.asked
}

// aboutAs returns the kind of question that an exchange is judged as: a file or a stapled
// response speaks of a certificate that exists.
func aboutAs(x *evidence.Exchange) evidence.Ask {
	if x.Ask.Has(evidence.File | evidence.Handshake) {
		return evidence.Assigned
	}
	return x.Ask
}

// responseIssuer chooses the CA whose certificates the response speaks of: the one that
// was asked about, or for a file the candidate that its first CertID names.
func (e *examiner) responseIssuer(s *ResponseSubject) *x509.Certificate {
	if c := e.knownIssuer(s.Exchange); c != nil {
		return c
	}
	if s.Response.Basic != nil {
		for i := range s.Response.Basic.Singles {
			for _, c := range e.pool {
				if e.memory.NamesIssuer(s.Response.Basic.Singles[i].CertID, c) {
					return c
				}
			}
		}
	}
	return e.signingIssuer(s.Response.Basic)
}

// knownIssuer returns the CA that an exchange is about: the one that was asked about, else
// the one among those given that issued the certificate whose status is asked.
func (e *examiner) knownIssuer(x *evidence.Exchange) *x509.Certificate {
	if c := e.certificates[x.Issuer]; c != nil {
		return c
	}
	subject := e.certificates[x.Subject]
	if subject == nil {
		return nil
	}
	if c := e.issuerOf(subject); c != nil && c != subject {
		return c
	}
	return e.namedIssuer(subject)
}

// signingIssuer returns the CA among those given by whose authority the response is signed,
// where no CertID names one of them.
func (e *examiner) signingIssuer(b *revocation.BasicResponse) *x509.Certificate {
	for _, c := range e.pool {
		if b == nil || c.BasicConstraintsValid && !c.IsCA {
			continue
		}
		if signer := e.memory.FindSigner(b, c, nil); signer.Signature.State == revocation.SignatureValid && (signer.IsIssuer || signer.IssuedByCA) {
			return c
		}
	}
	return nil
}

func responseDocument(s *ResponseSubject, form revocation.Form) Document {
	d := Document{Source: s.Exchange.ID, Kind: revocation.KindOCSPResponse, Encoding: form.Encoding,
		Decoded: s.Response.Broken == nil, Signature: s.Signer.Signature.State}
	if d.Signature == "" {
		d.Signature = revocation.SignatureUnchecked
	}
	if s.Response.Broken != nil {
		d.Problem = s.Response.Broken.Error()
	}
	if single := s.gravest(); single != nil && s.asks() {
		d.Status = statusWord(single)
		d.ThisUpdate, d.NextUpdate = single.ThisUpdate.Time, single.NextUpdate.Time
	}
	d.Notes = notes(s.Response.Deviations)
	return d
}

func notes(list []revocation.Deviation) []string {
	var text []string
	for _, d := range list {
		text = append(text, d.String())
	}
	return text
}

func (e *examiner) document(d Document) {
	if d.Signature == "" {
		d.Signature = revocation.SignatureUnchecked
	}
	e.report.Documents = append(e.report.Documents, d)
}

// file judges a file by what it is.
func (e *examiner) file(x *evidence.Exchange, b body) {
	switch b.form.Kind {
	case revocation.KindCRL:
		e.crl(x, b)
		return
	case revocation.KindUnrecognised:
		e.document(Document{Source: x.ID, Kind: b.form.Kind, Encoding: b.form.Encoding, Problem: unrecognised(b.form)})
		return
	case revocation.KindCMS:
		e.document(Document{Source: x.ID, Kind: revocation.KindUnrecognised, Encoding: b.form.Encoding, Problem: "a PKCS#7 (CMS) message, which no rule judges: it begins " + firstOctets(b.form)})
		return
	}
	inner, err := revocation.Unwrap(b.form, b.reader)
	octets := []byte(nil)
	if err == nil {
		octets, err = io.ReadAll(io.LimitReader(inner, maxResponse+1))
	}
	switch {
	case len(octets) > maxResponse:
		e.document(Document{Source: x.ID, Kind: b.form.Kind, Encoding: b.form.Encoding,
			Problem: fmt.Sprintf("larger than %d MiB, which no such document is", maxResponse>>20)})
	case err != nil:
		e.document(Document{Source: x.ID, Kind: b.form.Kind, Encoding: b.form.Encoding, Problem: err.Error()})
	case b.form.Kind == revocation.KindOCSPResponse:
		e.response(x, octets, b.form)
	case b.form.Kind == revocation.KindOCSPRequest:
		e.request(x, octets, b.form)
	case b.form.Kind == revocation.KindCertificate:
		e.certificateFile(x, octets, b.form)
	default:
		e.document(Document{Source: x.ID, Kind: b.form.Kind, Encoding: b.form.Encoding, Problem: "not a document that any rule judges"})
	}
}

func unrecognised(f revocation.Form) string {
	if f.Encoding == revocation.EncodingEmpty {
		return "empty: an OCSP response or request, a CRL, a certificate or an archive was expected"
	}
	return "no OCSP response or request, CRL, certificate or archive: it is " + string(f.Encoding) + " and begins " + firstOctets(f)
}

func (e *examiner) request(x *evidence.Exchange, octets []byte, form revocation.Form) {
	q := revocation.ReadOCSPRequest(octets)
	d := Document{Source: x.ID, Kind: form.Kind, Encoding: form.Encoding, Decoded: q.Broken == nil, Notes: notes(q.Deviations)}
	if q.Broken != nil {
		d.Problem = q.Broken.Error()
	}
	e.document(d)
}

func (e *examiner) certificateFile(x *evidence.Exchange, octets []byte, form revocation.Form) {
	d := Document{Source: x.ID, Kind: form.Kind, Encoding: form.Encoding}
	c, refused, err := revocation.ReadCertificate(octets)
	if err != nil {
		d.Problem = err.Error()
		e.document(d)
		return
	}
	if refused != nil {
		d.Notes = append(d.Notes, "crypto/x509 refuses it, it is judged nevertheless: "+refused.Error())
	}
	d.Decoded = true
	issuer := e.issuerOf(c)
	if issuer != nil {
		d.Signature = revocation.SignatureValid
	} else if named := e.namedIssuer(c); named != nil {
		d.Signature = revocation.VerifyCertificate(c, named).State
	}
	e.document(d)
	e.certificate(CertSubject{Certificate: c, Role: roleOf(c), Origin: x.ID, Issuer: issuer, At: x.At}, "")
}
