package revocation

import (
	"crypto/x509"
	"fmt"
)

const oidSignedData OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" // 1.2.840.113549.1.7.2

// CertsFromCMS returns the certificates of a certs-only CMS SignedData, which is one of
// the two forms that caIssuers may point at (RFC 5280 §4.2.2.1, RFC 5652 §5.1, RFC 8551
// §3.8), in BER or DER. It verifies nothing. An error says what could not be read; the
// certificates before that place are returned with it.
func CertsFromCMS(der []byte) ([]*x509.Certificate, error) {
	var n notes
	c := n.cursor(der, 0, nil)
	raw := c.signedDataCertificates()
	var certs []*x509.Certificate
	for i, der := range raw {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return certs, fmt.Errorf("reading certificate %d of the CMS: %w", i, err)
		}
		certs = append(certs, cert)
	}
	if n.broken != nil {
		return certs, fmt.Errorf("reading CMS: %w", n.broken)
	}
	return certs, nil
}

// signedDataCertificates returns each Certificate of the CertificateSet (RFC 5652
// §10.2.3) whole; other choices of that set are passed over.
func (c *cursor) signedDataCertificates() (certs [][]byte) {
	info, ok := c.expect(tagSequence, "contentInfo")
	if !ok {
		return nil
	}
	in := c.inside(info, root("contentInfo"))
	kind, ok := in.expect(tagOID, "contentType")
	if !ok {
		return nil
	}
	if id := in.oid(kind, in.path.in("contentType")); id != oidSignedData {
		c.notes.stop(kind.offset, in.path.in("contentType"), "content is %s, not signedData", id)
		return nil
	}
	content, ok := in.expect(contextConstructedTag(0), "content")
	if !ok {
		return nil
	}
	in = in.inside(content, nil)
	signed, ok := in.expect(tagSequence, "signedData")
	if !ok {
		return nil
	}
	in = in.inside(signed, root("signedData"))
	for _, field := range []struct {
		tag  byte
		name string
	}{{tagInteger, "version"}, {tagSet, "digestAlgorithms"}, {tagSequence, "encapContentInfo"}} {
		if _, ok := in.expect(field.tag, field.name); !ok {
			return nil
		}
	}
	set, ok := in.optional(contextConstructedTag(0), "certificates")
	if !ok || !set.present() {
		return nil
	}
	in = in.inside(set, in.path.in("certificates"))
	for i := 0; !in.empty(); i++ {
		e, ok := in.next(in.path.at(i))
		if !ok {
			break
		}
		if e.tag == tagSequence {
			certs = append(certs, e.raw)
		}
	}
	return certs
}
