package revocation

import (
	"bytes"
	"crypto"
	"crypto/x509"
)

// CRLReference is CrlID (RFC 6960 §4.4.2): the CRL on which a certificate's status was found.
type CRLReference struct {
	URL    string // crlUrl; empty where it was left out
	Number Serial // crlNum, as encoded; nil where it was left out
	Time   Time   // crlTime; not Present where it was left out
}

// ReadCRLReference decodes the value of an id-pkix-ocsp-crl extension. One that does not
// follow its module gives what could be read and deviations, one of kind DevUnreadable where
// reading had to stop. Offsets are from the start of the document that x was read from.
func ReadCRLReference(x Extension) (CRLReference, []Deviation) {
	var ref CRLReference
	var n notes
	n.known(x, root("crlID"), func(in *cursor) {
		seq, ok := in.expect(tagSequence, "crlID")
		if !ok {
			return
		}
		fields := in.inside(seq, in.path)
		fields.explicit(0, "crlUrl", func(in *cursor) {
			if e, ok := in.expect(tagIA5String, "crlUrl"); ok {
				ref.URL = in.ia5(e, in.path.in("crlUrl"))
			}
		})
		fields.explicit(1, "crlNum", func(in *cursor) {
			if e, ok := in.expect(tagInteger, "crlNum"); ok {
				ref.Number = in.integer(e, in.path.in("crlNum"))
			}
		})
		fields.explicit(2, "crlTime", func(in *cursor) { ref.Time, _ = in.time("crlTime") })
		fields.done()
	})
	return ref, n.deviations
}

const tagIA5String = 0x16

// ia5 reads an IA5String, whose octets are those of ASCII (X.680 §41).
func (c *cursor) ia5(e element, p *path) string {
	if i := bytes.IndexFunc(e.content, func(r rune) bool { return r > 0x7f }); i >= 0 {
		c.notes.deviate(DevUnreadable, e.offset, p, "octet %d of the IA5String is %02x", i, e.content[i])
	}
	return string(e.content)
}

// MadeFrom tells in words what of the certificate a byKey responderID is in place of the
// SHA-1 of its key's BIT STRING value (RFC 6960 §4.2.1). It is empty where it is that very
// hash, where it is nothing that we know, and for byName.
func (r ResponderID) MadeFrom(cert *x509.Certificate) string {
	bits, ok := publicKeyBits(cert)
	if !ok || r.ByKey == nil || r.Names(cert) {
		return ""
	}
	digest := sum(crypto.SHA256, bits)
	for _, other := range []struct {
		octets []byte
		words  string
	}{
		{sum(crypto.SHA1, cert.RawSubjectPublicKeyInfo), "the SHA-1 of the whole SubjectPublicKeyInfo"},
		{sum(crypto.SHA1, append([]byte{0}, bits...)), "the SHA-1 of the BIT STRING with its unused-bits octet"},
		{cert.SubjectKeyId, "the subjectKeyIdentifier"},
		{digest, "the SHA-256 of the key"},
		{digest[:20], "the first 160 bits of the SHA-256 of the key"},
	} {
		if len(other.octets) > 0 && bytes.Equal(r.ByKey, other.octets) {
			return other.words
		}
	}
	return ""
}
