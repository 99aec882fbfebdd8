package conformance

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"io"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// crl reads a CRL in one pass on which every rule about entries rides, and then puts the
// other rules for it to it.
func (e *examiner) crl(x *evidence.Exchange, b body) {
	s := &CRLSubject{Exchange: x, Form: b.form, Subject: e.certificates[x.Subject], At: x.At}
	riders := ride(e.rules, s)
	visitors := []revocation.EntryVisitor{riders.visit}
	find := lookup{wanted: &e.wanted}
	if len(find.serials) > 0 {
		visitors = append(visitors, find.visit)
	}
	inner, err := revocation.Unwrap(b.form, b.reader)
	if err == nil {
		s.CRL, err = e.pass(x.ID, inner, visitors, riders)
	}
	if err != nil {
		e.document(Document{Source: x.ID, Kind: revocation.KindCRL, Encoding: b.form.Encoding, Problem: err.Error()})
		return
	}
	if s.found = find.found; s.Subject != nil {
		s.Listed = s.found[string(revocation.SerialOf(s.Subject.SerialNumber))]
	}
	e.crls[x.ID] = s
	if e.ofHigherCA(s) {
		s.Subject, s.Listed = nil, nil
	}
	s.Issuer, s.Signature = e.crlIssuer(s)
	s.SameKey = ofSameKey(s.Issuer, e.pool)
	limits := scopeOf(e.report.Run.Scope, s.CRL.IssuingDP, s.Subject, s.Issuer)
	s.Scope = limits.scope
	d := e.docket(x, s.signed(), limits)
	e.put(e.judging(onCRL), d, once, func(r *Rule, _ int) Verdict {
		if r.CRL != nil {
			return r.CRL(*s)
		}
		v := riders.judge(r).Verdict()
		if v.Outcome == Passed && s.CRL.Broken != nil {
			return unable("the CRL could not be read to its end")
		}
		return v
	})
	e.document(crlDocument(s))
}

// pass reads the entries of a CRL for the rules that ride on it. One that panics takes the
// pass with it, since the octets are read only once: the CRL counts as not read.
func (e *examiner) pass(source string, octets io.Reader, visitors []revocation.EntryVisitor, r *riders) (c *revocation.CRL, err error) {
	if rule, panicked := e.guard(source, r.atWork, func() { c, err = revocation.ReadCRL(octets, visitors...) }); panicked {
		return nil, fmt.Errorf("bug in rule %s, evidence kept", rule)
	}
	return c, err
}

// crlIssuer chooses the CA certificate that the CRL is held against: the one it was
// fetched for, or among those given the one whose key verifies it, else one of its name.
func (e *examiner) crlIssuer(s *CRLSubject) (*x509.Certificate, revocation.Signature) {
	name, known := s.CRL.Issuer, e.knownIssuer(s.Exchange)
	var candidates []*x509.Certificate
	if known != nil && !(s.Exchange.Ask == evidence.File && s.Subject == nil) { // then a CRL of anybody else is a wrong one, however well it is signed
		name, candidates = known.RawSubject, append(candidates, known)
	}
	for _, c := range e.pool {
		if bytes.Equal(c.RawSubject, name) {
			candidates = append(candidates, c)
		}
	}
	var wrong *x509.Certificate // whose CRL it should be, if none of their keys verifies it
	if len(candidates) > 0 {
		wrong = candidates[0]
	} else {
		candidates = e.pool // whose key verifies it is its issuer, by whatever name
	}
	for _, c := range candidates {
		if sig := s.CRL.Verify(c); sig.State == revocation.SignatureValid {
			return c, sig
		}
	}
	return wrong, s.CRL.Verify(wrong)
}

// ofHigherCA reports whether a file is the CRL of a CA further up the chain of the
// certificate whose status is asked: those lie beside one another, and nobody fetched that
// one for the certificate.
func (e *examiner) ofHigherCA(s *CRLSubject) bool {
	if s.Exchange.Ask != evidence.File || s.Subject == nil {
		return false
	}
	ca := e.issuerOf(s.Subject)
	for range maxPath {
		if ca == nil || selfSigned(ca) {
			return false
		}
		if ca = e.issuerOf(ca); ca != nil && bytes.Equal(ca.RawSubject, s.CRL.Issuer) && s.CRL.Verify(ca).State == revocation.SignatureValid {
			return true
		}
	}
	return false
}

// excludes reports whether a CRL says that it does not cover the certificate (RFC 5280
// §5.2.5).
func excludes(idp *revocation.IssuingDistributionPoint, c *x509.Certificate) bool {
	return idp != nil && (idp.OnlyCACerts && !c.IsCA || idp.OnlyUserCerts && c.IsCA || idp.OnlyAttributes)
}

// crlNumberText writes a CRL number.
func crlNumberText(n revocation.Serial) string {
	switch {
	case len(n) == 0:
		return ""
	case len(n) > 64: // decimal takes time that grows with the square
		return "0x" + n.String()
	}
	return n.Big().String()
}

func crlDocument(s *CRLSubject) Document {
	d := Document{Source: s.Exchange.ID, Kind: revocation.KindCRL, Encoding: s.Form.Encoding, Decoded: s.CRL.Broken == nil,
		Signature: s.Signature.State, Notes: notes(s.CRL.Deviations), ThisUpdate: s.CRL.ThisUpdate.Time, NextUpdate: s.CRL.NextUpdate.Time, Number: crlNumberText(s.CRL.Number)}
	if s.CRL.Broken != nil {
		d.Problem = s.CRL.Broken.Error()
	}
	d.Status = s.status()
	return d
}

// status is what a CRL, with the delta to it where that is known, says of the certificate that
// was named: nothing where it does not cover that, or is a delta that tells no change.
func (s *CRLSubject) status() string {
	if s.Subject == nil {
		return ""
	}
	serial := revocation.SerialOf(s.Subject.SerialNumber)
	entry, _ := s.says(serial)
	switch {
	case s.CRL.Broken != nil || excludes(s.CRL.IssuingDP, s.Subject):
		return ""
	case !bytes.Equal(s.CRL.Issuer, s.Subject.RawIssuer) && s.Signature.State != revocation.SignatureValid: // of other certificates
		return ""
	case entry != nil:
		return "revoked"
	case s.CRL.IsDelta() && s.found[string(serial)] == nil:
		return "" // RFC 5280 §5.2.4: it tells what has changed
	}
	return "good"
}

// combined has the CRLs that have a delta say what both say together.
func (e *examiner) combined(crls []*CRLSubject) {
	for _, c := range crls {
		if c.delta == nil || c.Subject == nil {
			continue
		}
		for i := range e.report.Documents {
			if d := &e.report.Documents[i]; d.Source == c.Exchange.ID && d.Kind == revocation.KindCRL {
				d.Status = c.status()
			}
		}
	}
}
