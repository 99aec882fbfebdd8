package conformance

import (
	"bytes"
	"crypto/x509"
	"math/big"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// wanted is the serial numbers that are looked for in every CRL of a run: those of the
// certificates at hand, of delegates, and those that OCSP was asked about.
type wanted struct {
	serials map[string]bool // by the octets of the INTEGER
	last    [256]bool       // by last octet, so that nearly every entry is passed over at a glance
}

func (w *wanted) add(s revocation.Serial) {
	if len(s) == 0 {
		return
	}
	if w.serials == nil {
		w.serials = map[string]bool{}
	}
	w.serials[string(s)] = true
	w.last[s[len(s)-1]] = true
}

func (w *wanted) addCertificate(c *x509.Certificate) { w.add(revocation.SerialOf(c.SerialNumber)) }

// addAsked takes up what an exchange asks about.
func (w *wanted) addAsked(ids []revocation.CertID) {
	for _, id := range ids {
		w.add(id.Serial)
	}
}

// addPast takes up what earlier CRLs listed and those of the run do not: it may have moved.
func (w *wanted) addPast(p *evidence.Past) {
	if p == nil {
		return
	}
	for _, s := range p.Services {
		if s.CRL == nil || s.CRL.Differences == nil {
			continue
		}
		for _, c := range s.CRL.Differences.Removed.First {
			if n, ok := new(big.Int).SetString(c.Serial, 16); ok {
				w.add(revocation.SerialOf(n))
			}
		}
	}
}

// lookup keeps, of the entries of one CRL, the first of each serial that is wanted; one
// that takes a certificate off again (removeFromCRL) gives way to one that does not.
type lookup struct {
	*wanted
	found map[string]*revocation.CRLEntry
}

func (l *lookup) visit(e *revocation.CRLEntry) {
	n := len(e.Serial)
	if n == 0 || !l.last[e.Serial[n-1]] {
		return
	}
	serial := e.Serial.Minimal()
	if known := l.found[string(serial)]; !l.serials[string(serial)] || known != nil && revokes(known) {
		return
	}
	if l.found == nil {
		l.found = map[string]*revocation.CRLEntry{}
	}
	kept := *e // without the octets that pass by
	kept.Serial, kept.RevocationDate.Raw, kept.Extensions = bytes.Clone(e.Serial), bytes.Clone(e.RevocationDate.Raw), nil
	l.found[string(serial)] = &kept
}

// revokes reports whether an entry says that a certificate is revoked (RFC 5280 §5.3.1).
func revokes(e *revocation.CRLEntry) bool {
	return !e.HasReason || e.Reason != revocation.ReasonRemoveFromCRL
}

// listing returns the entry that revokes the certificate of a serial that was looked for,
// or nil.
func (s *CRLSubject) listing(serial revocation.Serial) *revocation.CRLEntry {
	if e := s.found[string(serial)]; e != nil && revokes(e) {
		return e
	}
	return nil
}
