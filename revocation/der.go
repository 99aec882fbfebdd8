package revocation

import (
	"fmt"
	"strconv"
)

// Deviation is one departure from DER (X.690 §10, §11) or from the document's
// ASN.1 module that did not stop the decoder.
type Deviation struct {
	Kind   string // one of the Dev constants
	Offset int64  // of the offending element's first octet, from the document's start
	Field  string // path of the element, such as "tbsResponseData.responses[0].nextUpdate"
	Detail string // what was found, in words
}

func (d Deviation) String() string {
	return fmt.Sprintf("%s at octet %d (%s): %s", d.Kind, d.Offset, d.Field, d.Detail)
}

// The kinds of Deviation.
const (
	DevTrailing         = "trailing-bytes"       // octets after the end of the element that should be last
	DevLength           = "non-minimal-length"   // X.690 §10.1
	DevIndefinite       = "indefinite-length"    // X.690 §10.1
	DevInteger          = "non-minimal-integer"  // X.690 §8.3.2
	DevBoolean          = "boolean-value"        // X.690 §11.1: TRUE is FF
	DevDefault          = "explicit-default"     // X.690 §11.5: a DEFAULT value is omitted
	DevUnusedBits       = "bit-string-unused"    // X.690 §11.2, or a signature that is not whole octets
	DevTag              = "unexpected-tag"       // an element of another type than the module says
	DevEmpty            = "empty-sequence"       // a SIZE (1..MAX) list without elements
	DevSetOrder         = "set-order"            // X.690 §11.6
	DevOID              = "oid-encoding"         // X.690 §8.19: padded or empty subidentifier
	DevConstructedValue = "constructed-string"   // X.690 §10.2: strings are primitive
	DevUnreadable       = "unreadable-extension" // a known extension whose value does not follow its module
	DevParameters       = "algorithm-parameters" // RFC 4055, RFC 5758 §3.2, RFC 8410 §3: neither NULL nor absent, or present where none belong
	DevDuplicate        = "duplicate-extension"  // the same extnID twice in one list (RFC 5280 §4.2)
	DevMissing          = "missing-element"      // a mandatory element is not there, and what follows could be read
	DevNull             = "null-content"         // X.690 §8.8.2: NULL has no content
	DevTime             = "unreadable-time"      // a UTCTime or GeneralizedTime whose text is none (X.680 §46, §47)
	DevUnreadableDER    = "unreadable-element"   // StrictDER only: no element can be read here
)

// maxDeviations bounds what one document may make us remember. The first are the
// ones that explain the rest.
const maxDeviations = 32

// SyntaxError says where a decoder could not read on, and why.
type SyntaxError struct {
	Offset  int64  // from the document's start
	Field   string // path of the element that could not be read
	Problem string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s at octet %d: %s", e.Field, e.Offset, e.Problem)
}

// Universal tags used by the three documents, and the context tags by number.
const (
	tagBoolean         = 0x01
	tagInteger         = 0x02
	tagBitString       = 0x03
	tagOctetString     = 0x04
	tagNull            = 0x05
	tagOID             = 0x06
	tagEnumerated      = 0x0a
	tagUTCTime         = 0x17
	tagGeneralizedTime = 0x18
	tagSequence        = 0x30
	tagSet             = 0x31
)

func contextTag(n byte) byte            { return 0x80 | n }
func contextConstructedTag(n byte) byte { return 0xa0 | n }

// path names an element without building its text until somebody asks.
type path struct {
	parent *path
	name   string
	index  int // of an element of a list, or -1
	room   *room
}

// unnamed is the path of a document as a whole. Paths are never changed.
var unnamed = path{index: -1}

func root(name string) *path {
	if name == "" {
		return &unnamed
	}
	return &path{name: name, index: -1}
}

func (p *path) in(name string) *path {
	if p == nil {
		p = &unnamed
	}
	return p.room.path(path{parent: p, name: name, index: -1, room: p.room})
}

func (p *path) at(index int) *path {
	return p.room.path(path{parent: p.parent, name: p.name, index: index, room: p.room})
}

func (p *path) String() (text string) {
	if p == nil {
		return ""
	}
	text = p.name
	if p.index >= 0 {
		text += "[" + strconv.Itoa(p.index) + "]"
	}
	if up := p.parent.String(); up != "" {
		return up + "." + text
	}
	return text
}

// notes gathers what one document's decoding found wrong.
type notes struct {
	deviations []Deviation
	broken     *SyntaxError
	memory     *Memory // of certificates that were read before; may be nil
	room       *room   // for what is needed while reading; may be nil
}

// root is the path of the document that n is about.
func (n *notes) root() *path { return n.room.path(path{index: -1, room: n.room}) }

func (n *notes) deviate(kind string, offset int64, at *path, format string, args ...any) {
	if len(n.deviations) < maxDeviations {
		n.deviations = append(n.deviations, Deviation{kind, offset, at.String(), fmt.Sprintf(format, args...)})
	}
}

// stop records the first place that could not be read; later ones are its echo.
func (n *notes) stop(offset int64, at *path, format string, args ...any) {
	if n.broken == nil {
		n.broken = &SyntaxError{offset, at.String(), fmt.Sprintf(format, args...)}
	}
}

// element is one tag-length-value as it was found.
type element struct {
	tag     byte
	offset  int64  // of the tag octet
	content []byte // the value octets
	raw     []byte // tag, length and value octets
}

func (e element) present() bool        { return e.raw != nil }
func (e element) contentOffset() int64 { return e.offset + int64(len(e.raw)-len(e.content)) }

// cursor reads the elements of one constructed value in turn.
type cursor struct {
	notes *notes
	rest  []byte
	at    int64 // offset of rest[0] in the document
	path  *path
}

func (n *notes) cursor(data []byte, at int64, p *path) *cursor {
	return n.room.cursor(cursor{notes: n, rest: data, at: at, path: p})
}

// inside returns a cursor over the elements of e.
func (c *cursor) inside(e element, p *path) *cursor {
	return c.notes.room.cursor(cursor{notes: c.notes, rest: e.content, at: e.contentOffset(), path: p})
}

func (c *cursor) empty() bool { return len(c.rest) == 0 }

// peek returns the next tag octet, or 0 at the end (0 is no tag that occurs here).
func (c *cursor) peek() byte {
	if len(c.rest) == 0 {
		return 0
	}
	return c.rest[0]
}

// next reads one element of any tag. It returns false, and stops the document,
// where no whole element follows.
func (c *cursor) next(p *path) (element, bool) {
	header, length, problem := readHeader(c.rest)
	if problem != "" {
		c.notes.stop(c.at, p, "%s", problem)
		c.rest = nil
		return element{}, false
	}
	if length < 0 {
		return c.nextIndefinite(p)
	}
	if int64(len(c.rest)-header) < length {
		c.notes.stop(c.at, p, "length says %d octets, %d follow", length, len(c.rest)-header)
		c.rest = nil
		return element{}, false
	}
	if !minimalLength(c.rest[1:header], length) {
		c.notes.deviate(DevLength, c.at, p, "length %d is encoded in %d octets", length, header-1)
	}
	end := header + int(length)
	e := element{tag: c.rest[0], offset: c.at, content: c.rest[header:end], raw: c.rest[:end]}
	c.rest, c.at = c.rest[end:], c.at+int64(end)
	return e, true
}

// plain reads the next element if it has the tag and is encoded as DER has it, which needs
// no path. Whatever else is left to next.
func (c *cursor) plain(tag byte) (element, bool) {
	b := c.rest
	if len(b) < 2 || b[0] != tag {
		return element{}, false
	}
	header, length := 2, int(b[1])
	switch {
	case length < 0x80:
	case length == 0x81 && len(b) > 3 && b[2] >= 0x80:
		header, length = 3, int(b[2])
	case length == 0x82 && len(b) > 4 && b[2] > 0:
		header, length = 4, int(b[2])<<8|int(b[3])
	default:
		return element{}, false
	}
	end := header + length
	if len(b) < end {
		return element{}, false
	}
	e := element{tag: tag, offset: c.at, content: b[header:end], raw: b[:end]}
	c.rest, c.at = b[end:], c.at+int64(end)
	return e, true
}

// nextIndefinite reads an element of indefinite length, BER but never DER, so that
// what is inside can still be judged.
func (c *cursor) nextIndefinite(p *path) (element, bool) {
	tag := c.rest[0]
	if tag&0x20 == 0 {
		c.notes.stop(c.at, p, "indefinite length on a primitive element")
		c.rest = nil
		return element{}, false
	}
	c.notes.deviate(DevIndefinite, c.at, p, "indefinite length (80)")
	end, ok := indefiniteEnd(c.rest[2:], 0)
	if !ok {
		c.notes.stop(c.at, p, "indefinite length without end-of-contents")
		c.rest = nil
		return element{}, false
	}
	e := element{tag: tag, offset: c.at, content: c.rest[2 : 2+end], raw: c.rest[:2+end]}
	c.rest, c.at = c.rest[end+4:], c.at+int64(end)+4
	return e, true
}

// maxDepth bounds recursion over hostile nesting.
const maxDepth = 64

// indefiniteEnd returns the offset of the end-of-contents octets that close the
// value starting at data.
func indefiniteEnd(data []byte, depth int) (int, bool) {
	if depth > maxDepth {
		return 0, false
	}
	at := 0
	for at+1 < len(data) {
		if data[at] == 0 && data[at+1] == 0 {
			return at, true
		}
		header, length, problem := readHeader(data[at:])
		if problem != "" {
			return 0, false
		}
		if length < 0 {
			inner, ok := indefiniteEnd(data[at+2:], depth+1)
			if !ok {
				return 0, false
			}
			at += inner + 4
			continue
		}
		if length > int64(len(data)-at-header) {
			return 0, false
		}
		at += header + int(length)
	}
	return 0, false
}

// readHeader reads a tag and a length. A length of -1 is indefinite; problem says
// in words why no header could be read.
func readHeader(data []byte) (header int, length int64, problem string) {
	switch {
	case len(data) == 0:
		return 0, 0, "missing"
	case data[0]&0x1f == 0x1f:
		return 0, 0, fmt.Sprintf("tag %02x.. is in the multi-octet form, which no field here has", data[0])
	case len(data) < 2:
		return 0, 0, "ends after the tag octet"
	case data[1] < 0x80:
		return 2, int64(data[1]), ""
	case data[1] == 0x80:
		return 2, -1, ""
	}
	n := int(data[1] & 0x7f)
	if len(data) < 2+n {
		return 0, 0, "ends inside the length octets"
	}
	for i, b := range data[2 : 2+n] {
		if length>>48 != 0 {
			return 0, 0, fmt.Sprintf("length of %d octets is larger than any document", n-i)
		}
		length = length<<8 | int64(b)
	}
	return 2 + n, length, ""
}

// minimalLength reports whether length is encoded in the fewest octets (X.690 §10.1).
func minimalLength(octets []byte, length int64) bool {
	if length < 0x80 {
		return len(octets) == 1
	}
	return len(octets) >= 2 && octets[1] != 0
}

// expect reads one element that must have the tag, and stops the document
// otherwise.
func (c *cursor) expect(tag byte, name string) (element, bool) {
	if e, ok := c.plain(tag); ok {
		return e, true
	}
	p := c.path.in(name)
	if c.empty() {
		c.notes.stop(c.at, p, "missing")
		return element{}, false
	}
	if found := c.peek(); found != tag {
		// Said before the length is looked at: in HTML or PEM there is none.
		c.notes.stop(c.at, p, "tag is %02x where %02x (%s) belongs", found, tag, tagName(tag))
		c.next(p)
		return element{}, false
	}
	return c.next(p)
}

// optional reads the next element if it has the tag. The second result is false
// only where the document had to be stopped.
func (c *cursor) optional(tag byte, name string) (element, bool) {
	if c.peek() != tag {
		return element{}, true
	}
	return c.next(c.path.in(name))
}

// explicit reads what a context-specific EXPLICIT tag wraps, if it follows. The wrapper
// and its element share one field path.
func (c *cursor) explicit(n byte, name string, read func(in *cursor)) (present bool) {
	if c.peek() != contextConstructedTag(n) {
		return false
	}
	if e, ok := c.expect(contextConstructedTag(n), name); ok {
		in := c.inside(e, c.path)
		read(in)
		if !in.empty() {
			in.path = c.path.in(name)
			in.end()
		}
	}
	return true
}

// maxListed is how many elements of one list are read: many times what any responder or
// client sends, and few enough for a document of two octets each not to be a burden.
const maxListed = 1024

// each reads the SEQUENCE OF of that name and hands over its elements, whatever their
// tags, but no more than maxListed. It reports whether the list itself was there; what
// stops the document inside one element does not keep the next from being read.
func (c *cursor) each(name string, read func(in *cursor, e element, p *path)) (seq element, ok bool) {
	if seq, ok = c.expect(tagSequence, name); !ok {
		return seq, false
	}
	in := c.inside(seq, c.path.in(name))
	for i := 0; !in.empty(); i++ {
		p := in.path.at(i)
		if i == maxListed {
			in.notes.stop(in.at, p, "more than the %d elements that are read of one list", maxListed)
			break
		}
		e, ok := in.next(p)
		if !ok {
			break
		}
		read(in, e, p)
	}
	return seq, true
}

// endOf is end of the document of that name.
func (c *cursor) endOf(name string) {
	if !c.empty() {
		c.path = root(name)
		c.end()
	}
}

// end notes what follows the last element that belongs here.
func (c *cursor) end() {
	if c.notes.broken == nil && !c.empty() {
		c.notes.deviate(DevTrailing, c.at, c.path, "%d octets after the last element, starting % x", len(c.rest), head(c.rest, 8))
	}
}

func head(b []byte, n int) []byte { return b[:min(n, len(b))] }

func tagName(tag byte) string {
	switch tag {
	case tagBoolean:
		return "BOOLEAN"
	case tagInteger:
		return "INTEGER"
	case tagBitString:
		return "BIT STRING"
	case tagOctetString:
		return "OCTET STRING"
	case tagNull:
		return "NULL"
	case tagOID:
		return "OBJECT IDENTIFIER"
	case tagEnumerated:
		return "ENUMERATED"
	case tagUTCTime:
		return "UTCTime"
	case tagGeneralizedTime:
		return "GeneralizedTime"
	case tagSequence:
		return "SEQUENCE"
	case tagSet:
		return "SET"
	}
	return fmt.Sprintf("[%d]", tag&0x1f)
}
