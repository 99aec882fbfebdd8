package revocation

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
)

// CertificateAIA decodes authorityInfoAccess (RFC 5280 §4.2.2.1): nil where the
// certificate has none. One that does not follow its module gives what could be read
// and a deviation of kind DevUnreadable. Offsets are from the certificate's start.
func CertificateAIA(c *x509.Certificate) ([]AccessDescription, []Deviation) {
	var list []AccessDescription
	deviations := certificateExtension(c, OIDAuthorityInfo, func(in *cursor) { list = in.accessDescriptions() })
	return list, deviations
}

// CertificateCRLDP decodes cRLDistributionPoints (RFC 5280 §4.2.1.13), as
// CertificateAIA does authorityInfoAccess.
func CertificateCRLDP(c *x509.Certificate) ([]DistributionPoint, []Deviation) {
	var list []DistributionPoint
	deviations := certificateExtension(c, OIDCRLDP, func(in *cursor) { list = in.distributionPoints("cRLDistributionPoints") })
	return list, deviations
}

// CertificateFreshestCRL decodes freshestCRL (RFC 5280 §4.2.1.15), where the delta CRLs are, as
// CertificateAIA does authorityInfoAccess.
func CertificateFreshestCRL(c *x509.Certificate) ([]DistributionPoint, []Deviation) {
	var list []DistributionPoint
	deviations := certificateExtension(c, OIDFreshestCRL, func(in *cursor) { list = in.distributionPoints("freshestCRL") })
	return list, deviations
}

// CertificateAKI decodes authorityKeyIdentifier (RFC 5280 §4.2.1.1), as CertificateAIA does
// authorityInfoAccess: nil also where it cannot be read.
func CertificateAKI(c *x509.Certificate) (*AuthorityKeyID, []Deviation) {
	var key *AuthorityKeyID
	deviations := certificateExtension(c, OIDAuthorityKeyID, func(in *cursor) { key = in.authorityKeyID() })
	return key, deviations
}

// CertificateExtension returns the certificate's extension of that id, or nil. Value is
// the content of its extnValue.
func CertificateExtension(c *x509.Certificate, id OID) *pkix.Extension {
	for i := range c.Extensions {
		if id.is(c.Extensions[i].Id) {
			return &c.Extensions[i]
		}
	}
	return nil
}

// certificateExtension has read decode the extension's value. crypto/x509 refuses
// certificates that carry one twice.
func certificateExtension(c *x509.Certificate, id OID, read func(*cursor)) []Deviation {
	x := CertificateExtension(c, id)
	if x == nil {
		return nil
	}
	// The extension's value begins behind its own id, which tells it from the same octets
	// elsewhere in the certificate.
	at := max(bytes.Index(c.Raw, []byte(id)), 0)
	at += max(bytes.Index(c.Raw[at:], x.Value), 0)
	var n notes
	n.known(Extension{ID: id, Value: x.Value, Raw: x.Value, Offset: int64(at)}, root(id.String()), read)
	return n.deviations
}

// eachSequence reads a SEQUENCE SIZE (1..MAX) OF SEQUENCE.
func (c *cursor) eachSequence(name string, read func(in *cursor)) {
	list, ok := c.expect(tagSequence, name)
	if !ok {
		return
	}
	p := c.path.in(name)
	in := c.inside(list, p)
	if in.empty() {
		c.notes.deviate(DevEmpty, list.offset, p, "a list without an element")
	}
	for i := 0; !in.empty() && c.notes.broken == nil; i++ {
		e, ok := in.next(p.at(i))
		switch {
		case !ok:
		case e.tag != tagSequence:
			c.notes.stop(e.offset, p.at(i), "tag is %02x where 30 (SEQUENCE) belongs", e.tag)
		default:
			read(in.inside(e, p.at(i)))
		}
	}
}

func (c *cursor) accessDescriptions() (list []AccessDescription) {
	c.eachSequence("authorityInfoAccess", func(in *cursor) {
		if d, ok := in.accessDescription(); ok {
			list = append(list, d)
		}
	})
	return list
}

func (c *cursor) accessDescription() (d AccessDescription, ok bool) {
	method, ok := c.expect(tagOID, "accessMethod")
	if !ok {
		return d, false
	}
	d.Method = c.oid(method, c.path.in("accessMethod"))
	p := c.path.in("accessLocation")
	if c.empty() {
		c.notes.stop(c.at, p, "missing")
		return d, false
	}
	location, ok := c.next(p)
	if !ok {
		return d, false
	}
	if location.tag&0xc0 != 0x80 {
		c.notes.stop(location.offset, p, "tag %02x is no choice of GeneralName", location.tag)
		return d, false
	}
	if d.IsURI = location.tag == uriTag; d.IsURI {
		d.URI = string(location.content)
	}
	c.end()
	return d, c.notes.broken == nil
}

// distributionPoints reads a CRLDistributionPoints (RFC 5280 §4.2.1.13).
func (c *cursor) distributionPoints(name string) (list []DistributionPoint) {
	c.eachSequence(name, func(in *cursor) {
		if d, ok := in.distributionPoint(); ok {
			list = append(list, d)
		}
	})
	return list
}

func (c *cursor) distributionPoint() (d DistributionPoint, ok bool) {
	name := c.distributionPointName()
	d.HasName, d.URIs, d.OtherNames, d.RelativeName = name.present, name.uris, name.others, name.relative
	_, d.HasReasons = c.tagged(contextTag(1), "reasons")
	if e, ok := c.tagged(contextConstructedTag(2), "cRLIssuer"); ok {
		d.HasCRLIssuer = true
		c.generalNames(e, c.path.in("cRLIssuer"))
	}
	return d, c.done()
}
