package revocation

import (
	"bytes"
	"strconv"
)

// maxElements bounds how many elements StrictDER looks at: more than the largest OCSP
// response has by far, and few enough to be over soon.
const maxElements = 1 << 18

// StrictDER walks the one DER element that body should be, whatever it means, and
// returns every departure from X.690 §8, §10 and §11 that shows without its module:
// lengths, BOOLEAN, INTEGER, BIT STRING, NULL, OBJECT IDENTIFIER, strings in pieces, the
// order of sets, and octets after the end. Primitive context-specific elements and the
// contents of OCTET STRINGs are opaque to it. Field is the position in the tree, such as
// "element.0.3".
func StrictDER(body []byte) []Deviation {
	var n notes
	c := n.cursor(body, 0, root("element"))
	if e, ok := c.next(c.path); ok {
		c.strict(e, c.path)
		c.end()
	}
	if n.broken != nil {
		n.deviations = append(n.deviations, Deviation{DevUnreadableDER, n.broken.Offset, n.broken.Field, n.broken.Problem})
	}
	return n.deviations
}

// strict walks e, which was read from c.
func (c *cursor) strict(e element, p *path) {
	walk := strictWalk{notes: c.notes, at: make([]path, usualDepth)}
	walk.element(e, p, 0)
}

// usualDepth is how deep an OCSP response with a certificate is nested.
const usualDepth = 12

type strictWalk struct {
	notes *notes
	count int
	// at is the path of the element looked at on each level. Notes write a path out at
	// once, so that one for each level suffices.
	at []path
}

func (w *strictWalk) element(e element, p *path, depth int) {
	w.count++
	if w.count > maxElements || depth > maxDepth {
		w.notes.stop(e.offset, p, "nested too deeply or in too many elements to be looked at")
		return
	}
	if e.tag&0xc0 == 0 {
		w.universal(e, p)
	}
	if e.tag&0x20 == 0 {
		return
	}
	if depth == len(w.at) {
		w.at = append(w.at, path{}) // which leaves the paths that are in use where they are
	}
	in := w.notes.cursor(e.content, e.contentOffset(), p)
	var last element
	for i := 0; !in.empty() && w.count <= maxElements; i++ {
		at := &w.at[depth]
		*at = path{parent: p, name: strconv.Itoa(i), index: -1}
		child, ok := in.next(at)
		if !ok {
			return
		}
		if e.tag == tagSet && last.present() && bytes.Compare(last.raw, child.raw) > 0 {
			w.notes.deviate(DevSetOrder, child.offset, at, "the elements of a SET OF ascend, % x.. comes after % x..", head(child.raw, 8), head(last.raw, 8))
		}
		w.element(child, at, depth+1)
		last = child
	}
}

// universal judges one element of the universal class by itself.
func (w *strictWalk) universal(e element, p *path) {
	number, constructed := e.tag&0x1f, e.tag&0x20 != 0
	list := number == tagSequence&0x1f || number == tagSet&0x1f
	switch {
	case number == 0 || number == 15:
		w.notes.deviate(DevTag, e.offset, p, "tag %02x is no type", e.tag)
	case list && !constructed:
		w.notes.deviate(DevTag, e.offset, p, "tag %02x: SEQUENCE and SET are constructed", e.tag)
	case !list && constructed && !mayBeConstructed(number):
		w.notes.deviate(DevConstructedValue, e.offset, p, "tag %02x: this type is primitive in DER", e.tag)
	case !constructed:
		w.primitive(e, p)
	}
}

// mayBeConstructed tells EXTERNAL, EMBEDDED PDV and CHARACTER STRING from the types that
// are primitive in DER.
func mayBeConstructed(number byte) bool { return number == 8 || number == 11 || number == 29 }

func (w *strictWalk) primitive(e element, p *path) {
	c := cursor{notes: w.notes, path: p}
	switch e.tag {
	case tagBoolean:
		c.boolean(e, p)
	case tagInteger, tagEnumerated:
		c.integer(e, p)
	case tagOID:
		c.oid(e, p)
	case tagNull:
		if len(e.content) > 0 {
			w.notes.deviate(DevNull, e.offset, p, "NULL with %d octets of content", len(e.content))
		}
	case tagBitString:
		w.bits(e, p)
	}
}

// bits judges a BIT STRING, whose unused bits are at most seven and zero (X.690 §8.6.2,
// §11.2.1).
func (w *strictWalk) bits(e element, p *path) {
	if len(e.content) == 0 {
		w.notes.stop(e.offset, p, "BIT STRING without its unused-bits octet")
		return
	}
	unused, bits := e.content[0], e.content[1:]
	switch {
	case unused > 7 || unused > 0 && len(bits) == 0:
		w.notes.deviate(DevUnusedBits, e.offset, p, "%d unused bits in %d octets", unused, len(bits))
	case unused > 0 && bits[len(bits)-1]&(1<<unused-1) != 0:
		w.notes.deviate(DevUnusedBits, e.offset, p, "unused bits are not zero (last octet %02x, %d unused)", bits[len(bits)-1], unused)
	}
}
