package revocation

import (
	"encoding/hex"
	"math/big"
)

// integer checks an INTEGER's or ENUMERATED's encoding and returns its content
// octets.
func (c *cursor) integer(e element, p *path) []byte {
	switch b := e.content; {
	case len(b) == 0:
		c.notes.stop(e.offset, p, "INTEGER without octets")
	case len(b) > 1 && (b[0] == 0 && b[1] < 0x80 || b[0] == 0xff && b[1] >= 0x80):
		c.notes.deviate(DevInteger, e.offset, p, "INTEGER %x has a superfluous leading octet", head(b, 8))
	}
	return e.content
}

// smallInteger returns the value of an INTEGER's or ENUMERATED's content octets, or -1
// where it fits no int32.
func smallInteger(content []byte) int {
	b := Serial(content).Minimal()
	if len(b) == 0 || len(b) > 4 {
		return -1
	}
	value := int32(int8(b[0]))
	for _, octet := range b[1:] {
		value = value<<8 | int32(octet)
	}
	return int(value)
}

// boolean reads a BOOLEAN; any octet but 00 is TRUE in BER, only FF is in DER.
func (c *cursor) boolean(e element, p *path) bool {
	if len(e.content) != 1 {
		c.notes.stop(e.offset, p, "BOOLEAN of %d octets", len(e.content))
		return false
	}
	if v := e.content[0]; v != 0 && v != 0xff {
		c.notes.deviate(DevBoolean, e.offset, p, "BOOLEAN is %02x, TRUE is FF", v)
	}
	return e.content[0] != 0
}

// bitString reads a BIT STRING of whole octets, as signatures are.
func (c *cursor) bitString(e element, p *path) []byte {
	if len(e.content) == 0 {
		c.notes.stop(e.offset, p, "BIT STRING without its unused-bits octet")
		return nil
	}
	if e.content[0] != 0 {
		c.notes.deviate(DevUnusedBits, e.offset, p, "%d unused bits", e.content[0])
	}
	return e.content[1:]
}

// AlgorithmIdentifier is RFC 5280 §4.1.1.2, as it was encoded.
type AlgorithmIdentifier struct {
	Raw        []byte // the whole SEQUENCE
	Algorithm  OID
	Parameters []byte // the whole parameters element; nil when absent
}

// algorithm reads an AlgorithmIdentifier and notes parameters that its algorithm does
// not have.
func (c *cursor) algorithm(name string) (AlgorithmIdentifier, bool) {
	alg, params, ok := c.bareAlgorithm(name)
	if ok && (params.present() || alg.Algorithm == OIDRSAPSS) {
		c.checkParameters(alg, params, c.path.in(name).in("parameters"))
	}
	return alg, ok
}

// bareAlgorithm reads an AlgorithmIdentifier without looking at its parameters.
func (c *cursor) bareAlgorithm(name string) (alg AlgorithmIdentifier, params element, ok bool) {
	seq, ok := c.expect(tagSequence, name)
	if !ok {
		return alg, params, false
	}
	p := c.path.in(name)
	in := c.inside(seq, p)
	alg.Raw = seq.raw
	id, ok := in.expect(tagOID, "algorithm")
	if !ok {
		return alg, params, false
	}
	alg.Algorithm = in.oid(id, p.in("algorithm"))
	if !in.empty() {
		if params, ok = in.next(p.in("parameters")); !ok {
			return alg, params, false
		}
		alg.Parameters = params.raw
	}
	in.end()
	return alg, params, true
}

func (c *cursor) oid(e element, p *path) OID {
	switch b := e.content; {
	case len(b) == 0:
		c.notes.stop(e.offset, p, "OBJECT IDENTIFIER without octets")
	case b[len(b)-1] >= 0x80:
		c.notes.stop(e.offset, p, "OBJECT IDENTIFIER %x ends inside a subidentifier", head(b, 16))
	case paddedOID(b):
		c.notes.deviate(DevOID, e.offset, p, "subidentifier with a leading 80 octet in %x", head(b, 16))
	}
	return frequentOID(e.content)
}

func paddedOID(b []byte) bool {
	start := true
	for _, o := range b {
		if start && o == 0x80 {
			return true
		}
		start = o < 0x80
	}
	return false
}

// Extension is one element of Extensions (RFC 5280 §4.1, §4.2), as it was encoded.
type Extension struct {
	ID       OID
	Critical bool
	Value    []byte // the content of extnValue
	Offset   int64  // of the Extension's first octet
	Raw      []byte // the whole SEQUENCE
}

// octetString reads an OCTET STRING of that name and where its content begins. The
// constructed form, BER but never DER, is put together and noted.
func (c *cursor) octetString(name string) (content []byte, at int64, ok bool) {
	if c.peek() != tagOctetString|0x20 {
		e, ok := c.expect(tagOctetString, name)
		return e.content, e.contentOffset(), ok
	}
	p := c.path.in(name)
	e, ok := c.next(p)
	if !ok {
		return nil, 0, false
	}
	c.notes.deviate(DevConstructedValue, e.offset, p, "OCTET STRING in pieces")
	in := c.inside(e, p)
	for !in.empty() {
		piece, ok := in.expect(tagOctetString, "piece")
		if !ok {
			return nil, 0, false
		}
		if content == nil {
			at = piece.contentOffset()
		}
		content = append(content, piece.content...)
	}
	return content, at, true
}

// FindExtension returns the first extension of that id, or nil.
func FindExtension(list []Extension, id OID) *Extension {
	for i := range list {
		if list[i].ID == id {
			return &list[i]
		}
	}
	return nil
}

// extensions reads the SEQUENCE OF Extension that e is.
func (c *cursor) extensions(e element, p *path) []Extension {
	if e.tag != tagSequence {
		c.notes.stop(e.offset, p, "tag is %02x where 30 (SEQUENCE) belongs", e.tag)
		return nil
	}
	in := c.inside(e, p)
	if in.empty() {
		c.notes.deviate(DevEmpty, e.offset, p, "an Extensions list without an extension")
	}
	var list []Extension
	var seen map[OID]bool
	for i := 0; !in.empty(); i++ {
		x, ok := in.extension(p.at(i))
		if !ok {
			continue
		}
		switch {
		case len(list) == 0:
			seen = map[OID]bool{x.ID: true}
		case seen[x.ID]:
			c.notes.deviate(DevDuplicate, x.Offset, p.at(i), "extension %s occurs again", x.ID)
		default:
			seen[x.ID] = true
		}
		list = append(list, x)
	}
	return list
}

func (c *cursor) extension(p *path) (Extension, bool) {
	seq, ok := c.next(p)
	if !ok {
		return Extension{}, false
	}
	if seq.tag != tagSequence {
		c.notes.stop(seq.offset, p, "tag is %02x where 30 (SEQUENCE) belongs", seq.tag)
		return Extension{}, false
	}
	x := Extension{Offset: seq.offset, Raw: seq.raw}
	in := c.inside(seq, p)
	id, ok := in.expect(tagOID, "extnID")
	if !ok {
		return x, false
	}
	x.ID = in.oid(id, p.in("extnID"))
	critical, ok := in.optional(tagBoolean, "critical")
	if !ok {
		return x, false
	}
	if critical.present() {
		x.Critical = in.boolean(critical, p.in("critical"))
		if !x.Critical {
			c.notes.deviate(DevDefault, critical.offset, p.in("critical"), "critical FALSE is the default and must be left out")
		}
	}
	value, ok := in.expect(tagOctetString, "extnValue")
	if !ok {
		return x, false
	}
	x.Value = value.content
	in.end()
	return x, true
}

// Serial is the content octets of a serial number's INTEGER, as encoded: two's
// complement, big-endian, with whatever padding the document had.
type Serial []byte

// SerialOf encodes n minimally.
func SerialOf(n *big.Int) Serial {
	b := n.Bytes()
	if n.Sign() >= 0 {
		if len(b) == 0 || b[0] >= 0x80 {
			b = append([]byte{0}, b...)
		}
		return b
	}
	length := len(b)
	if new(big.Int).Lsh(big.NewInt(1), uint(8*length-1)).Cmp(new(big.Int).Neg(n)) < 0 {
		length++
	}
	b = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), uint(8*length))).Bytes()
	for len(b) < length {
		b = append([]byte{0}, b...)
	}
	return b
}

// Big returns the value.
func (s Serial) Big() *big.Int {
	n := new(big.Int).SetBytes(s)
	if len(s) > 0 && s[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(s))))
	}
	return n
}

// Minimal strips superfluous sign octets, so that equal values have equal octets. It shares
// memory with s.
func (s Serial) Minimal() Serial {
	for len(s) > 1 && (s[0] == 0 && s[1] < 0x80 || s[0] == 0xff && s[1] >= 0x80) {
		s = s[1:]
	}
	return s
}

// Equal reports whether both are the same number.
func (s Serial) Equal(t Serial) bool { return string(s.Minimal()) == string(t.Minimal()) }

// String returns the value in lower-case hexadecimal, whole octets, without the
// sign octet of DER: the form in which certificates' serials are usually quoted.
func (s Serial) String() string {
	m := s.Minimal()
	switch {
	case len(m) > 1 && m[0] == 0:
		m = m[1:]
	case len(m) > 0 && m[0] >= 0x80:
		return s.Big().Text(16)
	}
	return hex.EncodeToString(m)
}
