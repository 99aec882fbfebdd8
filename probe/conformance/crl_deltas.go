package conformance

import (
	"bytes"
	"crypto/x509"
	"slices"

	"github.com/revprobe/revprobe/revocation"
)

// deltas returns the delta CRLs that a client would heed.
func (s *IssuerSubject) deltas() []*CRLSubject {
	return slices.DeleteFunc(s.heeded(), func(c *CRLSubject) bool { return !c.CRL.IsDelta() })
}

// combine gives each complete CRL the newest delta that it may be combined with.
func (s *IssuerSubject) combine() {
	deltas := s.deltas()
	if len(deltas) == 0 {
		return
	}
	for _, c := range s.complete() {
		for _, d := range deltas {
			if d.updates(c) && (c.delta == nil || compareNumbers(d, c.delta) > 0) {
				c.delta = d
			}
		}
	}
}

// updates reports whether a delta may be combined with a complete CRL (RFC 5280 §5.2.4, (a) to
// (d)).
func (c *CRLSubject) updates(complete *CRLSubject) bool {
	base, have := c.CRL.DeltaBase, complete.CRL.Number
	return base != nil && have != nil && c.CRL.Number != nil && sameScope(complete, c) &&
		have.Big().Cmp(base.Big()) >= 0 && compareNumbers(complete, c) < 0
}

// compareNumbers orders two CRLs that have cRLNumbers by those.
func compareNumbers(a, b *CRLSubject) int { return a.CRL.Number.Big().Cmp(b.CRL.Number.Big()) }

// sameScope reports whether two CRLs are by one issuer and have identical
// issuingDistributionPoints, as a delta and its base must (RFC 5280 §5.2.4).
func sameScope(a, b *CRLSubject) bool {
	one, other := revocation.FindExtension(a.CRL.Extensions, revocation.OIDIssuingDP), revocation.FindExtension(b.CRL.Extensions, revocation.OIDIssuingDP)
	switch {
	case !revocation.SameName(a.CRL.Issuer, b.CRL.Issuer):
		return false
	case one == nil || other == nil:
		return one == other
	}
	return bytes.Equal(one.Value, other.Value)
}

// says returns the entry that revokes the certificate of a serial that was looked for, by a
// complete CRL and the delta to it, nil where there is none, and by which of both that is
// known (RFC 5280 §6.3.3 (i) to (k)).
func (c *CRLSubject) says(serial revocation.Serial) (entry *revocation.CRLEntry, by *CRLSubject) {
	own := c.listing(serial)
	if c.delta == nil {
		return own, c
	}
	switch changed := c.delta.found[string(serial)]; {
	case changed != nil && revokes(changed):
		return changed, c.delta
	case changed != nil || own == nil:
		return nil, c.delta
	}
	return own, c
}

// speaking returns the CRLs whose word a client would take: those that it would heed but for
// deltas that are part of what a complete CRL says, or older than one.
func (s *IssuerSubject) speaking() []*CRLSubject {
	complete := s.complete()
	return slices.DeleteFunc(s.heeded(), func(d *CRLSubject) bool {
		return d.CRL.IsDelta() && slices.ContainsFunc(complete, func(c *CRLSubject) bool {
			return sameScope(c, d) && (c.delta != nil || c.CRL.Number != nil && d.CRL.Number != nil && compareNumbers(c, d) >= 0)
		})
	})
}

// bases returns the complete CRLs that a delta is to: those that name its URL in freshestCRL,
// and those at the distribution points of certificates that do; where none does, those of
// its scope.
func (s *IssuerSubject) bases(d *CRLSubject) []*CRLSubject {
	complete := s.complete()
	named := slices.DeleteFunc(slices.Clone(complete), func(c *CRLSubject) bool {
		return !c.names(d) && !slices.ContainsFunc(s.Certificates, func(cert *x509.Certificate) bool { return c.fetchedFor(cert) && namesDelta(cert, d) })
	})
	if len(named) > 0 {
		return named
	}
	return slices.DeleteFunc(complete, func(c *CRLSubject) bool { return !sameScope(c, d) })
}

// names reports whether a complete CRL says that its delta is where another CRL came from.
func (c *CRLSubject) names(d *CRLSubject) bool {
	return !c.CRL.IsDelta() && slices.Contains(pointURIs(c.CRL.Freshest), d.Exchange.URL)
}

// namesDelta reports whether a certificate says that deltas are where a CRL came from.
func namesDelta(cert *x509.Certificate, d *CRLSubject) bool {
	points, _ := revocation.CertificateFreshestCRL(cert)
	return slices.Contains(pointURIs(points), d.Exchange.URL)
}

// asDelta reports whether a CRL came from where a certificate or another CRL says that deltas
// are.
func (s *IssuerSubject) asDelta(d *CRLSubject) bool {
	return slices.ContainsFunc(s.Certificates, func(cert *x509.Certificate) bool { return namesDelta(cert, d) }) ||
		slices.ContainsFunc(s.heeded(), func(c *CRLSubject) bool { return c.names(d) })
}
