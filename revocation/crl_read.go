package revocation

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"hash"
	"io"
	"strings"
)

// MaxKeptTBS is how many octets of a tbsCertList are kept to be verified where the
// algorithm signs the message rather than a digest of it (Ed25519, RFC 8410 §3). The
// signature of a longer one stays unchecked.
const MaxKeptTBS = 16 << 20

// ReadCRL reads a CertificateList (RFC 5280 §5.1) in one pass, in memory that does not
// depend on its size, and shows each entry to the visitors as it goes by. It returns an
// error only where r gives one; whatever is wrong with the document is in the CRL,
// which is never nil. Where the document cannot be read on, Broken says so and the rest
// of r is left unread; otherwise r is read to its end to count what follows the CRL.
func ReadCRL(r io.Reader, visitors ...EntryVisitor) (*CRL, error) {
	return readCRL(r, false, visitors)
}

// ReadCRLEntries is ReadCRL for who only wants to see the entries, once more perhaps: it
// hashes nothing, so that the CRL's signature cannot be verified.
func ReadCRLEntries(r io.Reader, visitors ...EntryVisitor) (*CRL, error) {
	return readCRL(r, true, visitors)
}

func readCRL(r io.Reader, entriesOnly bool, visitors []EntryVisitor) (*CRL, error) {
	reader := &crlReader{elements: elements{octetStream: newOctetStream(r)}, crl: &CRL{}, visitors: visitors, entriesOnly: entriesOnly}
	reader.notes.room = &reader.room
	reader.read()
	crl := reader.crl
	crl.Length = reader.length
	crl.Deviations, crl.Broken = reader.deviations, reader.broken
	if reader.failure != nil {
		return crl, fmt.Errorf("reading CRL: %w", reader.failure)
	}
	return crl, nil
}

// crlReader is the state of one ReadCRL.
type crlReader struct {
	elements
	room        room
	entriesOnly bool // nothing is hashed

	crl      *CRL
	visitors []EntryVisitor
	length   int64

	entry     CRLEntry // reused for every entry
	entryPath *path    // of the entry that is read, likewise
	days      utcDays
	issued    int64 // thisUpdate in seconds, past which an entry's date is late

	unsummed bytes.Buffer // of tbsCertList, before its algorithm is known
	digest   hash.Hash    // nil where the algorithm has none that we know
	kept     *keeper      // nil unless the algorithm signs the message itself
}

func (r *crlReader) read() {
	if outer, ok := r.open(document(), tagSequence, r.root().in("certificateList")); ok {
		inside := outer
		inside.path = r.root() // paths begin at the fields of the CertificateList
		r.certificateList(inside)
		r.close(outer)
	}
	if r.length = r.offset(); r.broken == nil {
		r.trailing()
	}
}

func (r *crlReader) certificateList(outer span) {
	r.beginSum(&r.unsummed)
	tbs, ok := r.open(outer, tagSequence, r.root().in("tbsCertList"))
	if !ok {
		return
	}
	r.tbsCertList(tbs)
	r.close(tbs)
	r.endSum()
	if r.broken != nil {
		return
	}
	if r.digest != nil {
		r.crl.digest = r.digest.Sum(nil)
	}
	if r.kept != nil {
		r.crl.tbs, r.crl.tbsTooLong = r.kept.octets, r.kept.over
	}
	if c, ok := r.take(outer, "signatureAlgorithm"); ok {
		r.crl.SignatureAlgorithm, _ = c.algorithm("signatureAlgorithm")
	}
	if c, ok := r.take(outer, "signatureValue"); ok {
		if value, ok := c.expect(tagBitString, "signatureValue"); ok {
			r.crl.Signature = c.bitString(value, c.path.in("signatureValue"))
		}
	}
}

func (r *crlReader) tbsCertList(tbs span) {
	r.version(tbs)
	if c, ok := r.take(tbs, "signature"); ok {
		r.crl.TBSAlgorithm, _ = c.algorithm("signature")
		r.sumWith(r.crl.TBSAlgorithm)
	}
	if c, ok := r.take(tbs, "issuer"); ok {
		if name, ok := c.expect(tagSequence, "issuer"); ok {
			r.crl.Issuer = name.raw
			r.strict(name, tbs.path.in("issuer"))
		}
	}
	r.crl.ThisUpdate = r.time(tbs, "thisUpdate")
	if tag := r.peek(tbs); tag == tagUTCTime || tag == tagGeneralizedTime {
		r.crl.NextUpdate = r.time(tbs, "nextUpdate")
	}
	if r.peek(tbs) == tagSequence {
		r.revoked(tbs)
	}
	if r.peek(tbs) == contextConstructedTag(0) {
		r.extensions(tbs)
	}
	// What follows the extensions is merely too much. Before them it may hide entries.
	if tag := r.peek(tbs); tag != 0 && (!r.crl.HasExtensions || tag == tagSequence) {
		r.stop(r.offset(), tbs.path, "tag %02x (%s) is of no field that can come here", tag, tagName(tag))
	}
}

func (r *crlReader) version(tbs span) {
	if r.peek(tbs) != tagInteger {
		return
	}
	c, ok := r.take(tbs, "version")
	if !ok {
		return
	}
	p := tbs.path.in("version")
	e, ok := c.expect(tagInteger, "version")
	if !ok {
		return
	}
	r.crl.HasVersion, r.crl.Version = true, smallInteger(c.integer(e, p))
	if r.crl.Version == 0 && r.broken == nil {
		r.deviate(DevDefault, e.offset, p, "version 0 (v1) is said by leaving version out")
	}
}

// sumWith directs tbsCertList to what its own algorithm identifier asks for.
func (r *crlReader) sumWith(alg AlgorithmIdentifier) {
	r.flush()
	switch h, known := DigestHash(alg); {
	case r.entriesOnly:
		r.sum = io.Discard
	case known && h == 0:
		r.kept = &keeper{limit: MaxKeptTBS}
		r.sum = r.kept
	case known && h.Available():
		r.crl.hash, r.digest = h, h.New()
		r.sum = r.digest
	default:
		r.sum = io.Discard
	}
	_, _ = r.sum.Write(r.unsummed.Bytes())
	r.unsummed.Reset()
}

// time reads an element that must be a time. One of another primitive type is a
// deviation and gives a Time without an instant.
func (r *crlReader) time(tbs span, name string) Time {
	c, ok := r.take(tbs, name)
	if !ok {
		return Time{}
	}
	return c.anyTime(name)
}

func (c *cursor) anyTime(name string) Time {
	p := c.path.in(name)
	e, ok := c.next(p)
	switch {
	case !ok:
		return Time{}
	case e.tag == tagUTCTime || e.tag == tagGeneralizedTime:
		return c.instant(e, p)
	case e.tag&0x20 != 0 || e.tag == 0:
		c.notes.stop(e.offset, p, "tag is %02x where 17 (UTCTime) or 18 (GeneralizedTime) belongs", e.tag)
		return Time{}
	}
	c.notes.deviate(DevTag, e.offset, p, "tag is %02x (%s) where a time belongs", e.tag, tagName(e.tag))
	return Time{Tag: e.tag, Raw: e.content, Offset: e.offset}
}

// strict notes what of e is BER but not DER, beyond what was noted already.
func (r *crlReader) strict(e element, p *path) {
	for _, d := range StrictDER(e.raw) {
		d.Offset += e.offset
		d.Field = p.String() + strings.TrimPrefix(d.Field, "element")
		known := false
		for _, n := range r.deviations {
			known = known || n.Kind == d.Kind && n.Offset == d.Offset
		}
		if !known && len(r.deviations) < maxDeviations {
			r.deviations = append(r.deviations, d)
		}
	}
}

// trailing counts what follows the CRL.
func (r *crlReader) trailing() {
	if !r.fill(1) {
		return
	}
	at := r.offset()
	r.fill(8)
	first := bytes.Clone(head(r.buf[r.start:r.end], 8))
	count := r.skip(document().end)
	what := fmt.Sprintf("%d octets after the CRL, starting % x", count, first)
	switch string(first) {
	case "\n":
		what = "one line feed (0a) after the CRL"
	case "\r\n":
		what = "one line end (0d 0a) after the CRL"
	}
	r.deviate(DevTrailing, at, root("certificateList"), "%s", what)
}

// Verify checks the signature over tbsCertList, as it was read, with the issuer's key
// and the algorithm that the outer signatureAlgorithm names (RFC 5280 §5.1.1.2,
// §5.1.1.3). Without an issuer, or where tbsCertList was read under an algorithm whose
// digest cannot serve, the state is SignatureUnchecked and Problem says why.
func (c *CRL) Verify(issuer *x509.Certificate) Signature {
	alg := c.SignatureAlgorithm
	want, known := DigestHash(alg)
	var problem string
	switch {
	case c.Signature == nil:
		problem = "the CRL could not be read as far as its signature"
	case issuer == nil:
		problem = "no issuer certificate to check it with"
	case !known:
		return VerifyDigest(alg, publicKey(issuer), nil, c.Signature)
	case want == 0 && c.tbsTooLong:
		problem = fmt.Sprintf("tbsCertList is longer than the %d octets that are kept of it", MaxKeptTBS)
	case want == 0 && c.tbs != nil:
		return VerifySignature(alg, publicKey(issuer), c.tbs, c.Signature)
	case want != 0 && c.hash == want:
		return VerifyDigest(alg, publicKey(issuer), c.digest, c.Signature)
	case want != 0 && !want.Available():
		return VerifyDigest(alg, publicKey(issuer), nil, c.Signature)
	default:
		problem = fmt.Sprintf("signatureAlgorithm is %s, but tbsCertList.signature, by which it was read, is %s",
			alg.Algorithm, c.TBSAlgorithm.Algorithm)
	}
	name := VerifyDigest(alg, nil, nil, nil)
	return Signature{State: SignatureUnchecked, Algorithm: name.Algorithm, SHA1: name.SHA1, Problem: problem}
}
