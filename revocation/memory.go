package revocation

import (
	"bytes"
	"crypto"
	"crypto/x509"
)

// Memory remembers what was found out about certificates, which come again in answer after
// answer: their contents, their hashes for CertIDs, and whether their issuer's key signed
// them. It changes nothing but the time that takes. A nil Memory finds everything out anew;
// one Memory is not for several goroutines at once.
type Memory struct {
	read   map[string]EmbeddedCertificate // by DER
	hashes map[hashedIssuer]issuerHash
	issued map[issuedPair]Signature
	named  map[choice]chosen
	room   room
}

// room is where the paths and cursors of one document are while it is read, and of the next
// one thereafter: nothing that was read refers to them. What finds no place comes from the
// heap.
type room struct {
	paths   [48]path
	cursors [32]cursor

	usedPaths, usedCursors int
}

func (r *room) path(p path) *path {
	if r == nil || r.usedPaths == len(r.paths) {
		fresh := new(path) // &p would be on the heap whichever way this goes
		*fresh = p
		return fresh
	}
	at := &r.paths[r.usedPaths]
	r.usedPaths++
	*at = p
	return at
}

func (r *room) cursor(c cursor) *cursor {
	if r == nil || r.usedCursors == len(r.cursors) {
		fresh := new(cursor)
		*fresh = c
		return fresh
	}
	at := &r.cursors[r.usedCursors]
	r.usedCursors++
	*at = c
	return at
}

// document returns where to note what is found while one document is read, with room for it.
func (m *Memory) document() notes {
	if m == nil {
		return notes{}
	}
	m.room.usedPaths, m.room.usedCursors = 0, 0
	return notes{memory: m, room: &m.room}
}

// hashedIssuer is a CA with the function that its name and key are hashed with.
type hashedIssuer struct {
	certificate *x509.Certificate
	function    crypto.Hash
}

type issuerHash struct {
	name, key []byte
	ok        bool
}

type issuedPair struct{ certificate, issuer *x509.Certificate }

// choice is the certificates among which that of a responderID was looked for: the issuer's,
// those embedded, and the slice of those given, which nobody changes but by appending to it.
type choice struct {
	issuer   *x509.Certificate
	embedded [2]*x509.Certificate
	given    **x509.Certificate
	count    int
}

// chosen is what was found among them.
type chosen struct {
	id    ResponderID
	named []*x509.Certificate
}

// maxRemembered is how many of each kind are kept: many more than the delegates that one run
// meets, and few enough for one that sends a new certificate each time not to be a burden.
const maxRemembered = 256

// NewMemory returns an empty one.
func NewMemory() *Memory {
	return &Memory{read: map[string]EmbeddedCertificate{}, hashes: map[hashedIssuer]issuerHash{}, issued: map[issuedPair]Signature{},
		named: map[choice]chosen{}}
}

// Know takes a certificate that was read elsewhere, so that the same octets in a response
// are recognised as it.
func (m *Memory) Know(c *x509.Certificate) {
	keep(m.read, string(c.Raw), EmbeddedCertificate{Certificate: c})
}

// NamesIssuer is CertID.NamesIssuer.
func (m *Memory) NamesIssuer(id CertID, issuer *x509.Certificate) bool {
	h := id.Hash()
	if m == nil || h == 0 {
		return id.NamesIssuer(issuer)
	}
	known := m.hashed(h, issuer)
	return known.ok && bytes.Equal(id.IssuerNameHash, known.name) && bytes.Equal(id.IssuerKeyHash, known.key)
}

// names is ResponderID.Names.
func (m *Memory) names(r ResponderID, cert *x509.Certificate) bool {
	if m == nil || r.ByKey == nil || r.ByName != nil {
		return r.Names(cert)
	}
	known := m.hashed(crypto.SHA1, cert)
	return known.ok && bytes.Equal(r.ByKey, known.key)
}

// candidates is BasicResponse.candidates.
func (m *Memory) candidates(b *BasicResponse, issuer *x509.Certificate, given []*x509.Certificate, named bool) []*x509.Certificate {
	among := choice{issuer: issuer, count: len(given)}
	if m == nil || !named || len(b.Certificates) > len(among.embedded) {
		return b.candidates(m, issuer, given, named)
	}
	for i, e := range b.Certificates {
		among.embedded[i] = e.Certificate
	}
	if len(given) > 0 {
		among.given = &given[0]
	}
	id := b.ResponderID
	known, found := m.named[among]
	if !found || !bytes.Equal(known.id.ByName, id.ByName) || !bytes.Equal(known.id.ByKey, id.ByKey) {
		known = chosen{ResponderID{ByName: bytes.Clone(id.ByName), ByKey: bytes.Clone(id.ByKey)}, b.candidates(m, issuer, given, true)}
		keep(m.named, among, known)
	}
	return known.named
}

func (m *Memory) hashed(h crypto.Hash, c *x509.Certificate) issuerHash {
	key := hashedIssuer{c, h}
	known, found := m.hashes[key]
	if !found {
		known.name, known.key, known.ok = issuerHashes(h, c)
		keep(m.hashes, key, known)
	}
	return known
}

// certificate reads an embedded certificate. Offset is left to the caller.
func (m *Memory) certificate(der []byte) EmbeddedCertificate {
	if m != nil {
		if known, found := m.read[string(der)]; found {
			known.Raw = der
			return known
		}
	}
	found := EmbeddedCertificate{Raw: der}
	var err error
	if found.Certificate, err = x509.ParseCertificate(der); err != nil {
		found.Certificate, found.Problem = nil, err.Error()
	}
	if m != nil {
		keep(m.read, string(der), EmbeddedCertificate{Certificate: found.Certificate, Problem: found.Problem})
	}
	return found
}

func (m *Memory) issuance(cert, issuer *x509.Certificate) Signature {
	if m == nil {
		return issuance(cert, issuer)
	}
	key := issuedPair{cert, issuer}
	known, found := m.issued[key]
	if !found {
		known = issuance(cert, issuer)
		keep(m.issued, key, known)
	}
	return known
}

// keep adds to what is remembered, and starts anew where that has grown too large.
func keep[K comparable, V any](all map[K]V, key K, value V) {
	if len(all) >= maxRemembered {
		clear(all)
	}
	all[key] = value
}
