package revocation

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// ReadCertificate reads a Certificate (RFC 5280 §4.1) as crypto/x509 does. One that
// crypto/x509 refuses for its serial number or its extensions is read nevertheless: refused
// says why it was, Extensions holds them all as encoded, and the fields that follow from
// extensions are set by those that crypto/x509 accepts alone. An error says why a
// certificate cannot be read at all.
func ReadCertificate(der []byte) (certificate *x509.Certificate, refused, err error) {
	certificate, refused = x509.ParseCertificate(der)
	if refused == nil {
		return certificate, nil, nil
	}
	parts, err := readParts(der)
	if err != nil {
		return nil, refused, fmt.Errorf("reading a certificate that is refused (%w): %w", refused, err)
	}
	var accepted []Extension
	for _, x := range parts.extensions {
		for _, critical := range []bool{x.Critical, !x.Critical} {
			x.Critical = critical
			if _, problem := parts.rebuilt(append(accepted[:len(accepted):len(accepted)], x)); problem == nil {
				accepted = append(accepted, x)
				break
			}
		}
	}
	c, problem := parts.rebuilt(accepted)
	if problem != nil {
		return nil, refused, fmt.Errorf("reading a certificate: %w", refused)
	}
	c.Raw, c.RawTBSCertificate, c.SerialNumber, c.Signature = der, parts.tbs, Serial(parts.serial).Big(), parts.signature
	c.Extensions = nil
	for _, x := range parts.extensions {
		c.Extensions = append(c.Extensions, pkix.Extension{Id: identifier(x.ID), Critical: x.Critical, Value: x.Value})
	}
	return c, refused, nil
}

// maxReadExtensions bounds what is tried one by one.
const maxReadExtensions = 64

// certificateParts is a Certificate in pieces.
type certificateParts struct {
	tbs, signature []byte
	version        []byte   // whole, nil where it was left out
	serial         []byte   // content
	fields         [][]byte // whole: signature, issuer, validity, subject, subjectPublicKeyInfo
	extensions     []Extension
}

func readParts(der []byte) (p certificateParts, err error) {
	var n notes
	c := n.cursor(der, 0, root("certificate"))
	outer, ok := c.expect(tagSequence, "certificate")
	if ok && !c.empty() {
		return p, fmt.Errorf("%d octets after its end", len(c.rest))
	}
	in := c.inside(outer, root("certificate"))
	tbs, ok := in.expect(tagSequence, "tbsCertificate")
	if ok {
		in.next(in.path.in("signatureAlgorithm"))
		if bits, whole := in.expect(tagBitString, "signature"); whole {
			p.signature = in.bitString(bits, in.path.in("signature"))
		}
		p.tbs = tbs.raw
		p.read(in.inside(tbs, in.path.in("tbsCertificate")))
	}
	if n.broken != nil {
		return p, n.broken
	}
	return p, nil
}

func (p *certificateParts) read(in *cursor) {
	if version, ok := in.optional(contextConstructedTag(0), "version"); ok && version.present() {
		p.version = version.raw
	}
	if serial, ok := in.expect(tagInteger, "serialNumber"); ok {
		p.serial = in.integer(serial, in.path.in("serialNumber"))
	}
	for _, name := range []string{"signature", "issuer", "validity", "subject", "subjectPublicKeyInfo"} {
		if e, ok := in.expect(tagSequence, name); ok {
			p.fields = append(p.fields, e.raw)
		}
	}
	for !in.empty() && in.notes.broken == nil {
		e, ok := in.next(in.path)
		if ok && e.tag == contextConstructedTag(3) {
			if list, ok := in.inside(e, in.path.in("extensions")).expect(tagSequence, "extensions"); ok {
				p.extensions = in.extensions(list, in.path.in("extensions"))
			}
		}
	}
	if len(p.extensions) > maxReadExtensions {
		in.notes.stop(in.at, in.path.in("extensions"), "%d extensions", len(p.extensions))
	}
}

// rebuilt has crypto/x509 read the certificate with a serial number that it accepts, and
// these extensions. Its signature is of no use.
func (p *certificateParts) rebuilt(extensions []Extension) (*x509.Certificate, error) {
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(p.version)
			b.AddASN1BigInt(big.NewInt(1))
			for _, field := range p.fields {
				b.AddBytes(field)
			}
			if len(extensions) > 0 {
				b.AddASN1(casn1.Tag(3).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { addExtensions(b, extensions) })
			}
		})
		b.AddBytes(p.fields[0])
		b.AddASN1BitString(p.signature)
	})
	der, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func addExtensions(b *cryptobyte.Builder, list []Extension) {
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, x := range list {
			b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(casn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes([]byte(x.ID)) })
				if x.Critical {
					b.AddASN1Boolean(true)
				}
				b.AddASN1OctetString(x.Value)
			})
		}
	})
}

// identifier gives an OID as crypto/x509 has it; nil where its arcs are too large.
func identifier(id OID) asn1.ObjectIdentifier {
	var b cryptobyte.Builder
	b.AddASN1(casn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes([]byte(id)) })
	var list asn1.ObjectIdentifier
	s := cryptobyte.String(b.BytesOrPanic())
	if !s.ReadASN1ObjectIdentifier(&list) {
		return nil
	}
	return list
}
