package revocation

import (
	"bytes"
	"fmt"
	"io"
	"math"
)

// MaxElement is how many octets of a CRL are held at once: the longest name, extension
// list, signature or entry that ReadCRL reads. A CRL with a longer one is Broken there.
const MaxElement = 1 << 20

const streamBuffer = 64 << 10

// maxEmptyReads is how often a reader may give neither octets nor an error.
const maxEmptyReads = 100

// octetStream is a window that moves over a document. What it has moved past goes to
// sum, in blocks as large as the buffer, between beginSum and endSum.
type octetStream struct {
	source     io.Reader
	buf        []byte
	start, end int   // buf[start:end] is read from source and not yet consumed
	base       int64 // offset of buf[0] in the document
	ended      bool  // source will give no more
	failure    error // of source, other than io.EOF

	summing bool
	sum     io.Writer
	summed  int64 // offset of the first octet that sum has not seen
}

func newOctetStream(source io.Reader) *octetStream {
	return &octetStream{source: source, buf: make([]byte, streamBuffer)}
}

// offset is that of the next octet to consume.
func (s *octetStream) offset() int64 { return s.base + int64(s.start) }

// fill makes the window hold need octets. It returns false where the document ends
// before that.
func (s *octetStream) fill(need int) bool {
	for idle := 0; s.end-s.start < need; {
		if s.ended {
			return false
		}
		if s.end == len(s.buf) || len(s.buf)-s.start < need {
			s.slide(need)
		}
		n, err := s.source.Read(s.buf[s.end:])
		s.end += n
		if idle++; n > 0 {
			idle = 0
		} else if err == nil && idle == maxEmptyReads {
			err = io.ErrNoProgress
		}
		if err != nil {
			s.ended = true
			if err != io.EOF {
				s.failure = err
			}
		}
	}
	return true
}

// slide drops what was consumed, and grows the buffer where need octets do not fit.
func (s *octetStream) slide(need int) {
	s.flush()
	into := s.buf
	if need > len(into) {
		into = make([]byte, max(need, 2*len(into)))
	}
	s.end = copy(into, s.buf[s.start:s.end])
	s.base += int64(s.start)
	s.start, s.buf = 0, into
}

func (s *octetStream) advance(n int) { s.start += n }

// skip consumes everything before the offset limit, and returns how much that was.
func (s *octetStream) skip(limit int64) (skipped int64) {
	for s.offset() < limit && s.fill(1) {
		n := int(min(int64(s.end-s.start), limit-s.offset()))
		s.advance(n)
		skipped += int64(n)
	}
	return skipped
}

func (s *octetStream) beginSum(into io.Writer) {
	s.summing, s.sum, s.summed = true, into, s.offset()
}

func (s *octetStream) endSum() {
	s.flush()
	s.summing = false
}

func (s *octetStream) flush() {
	if s.summing && s.summed < s.offset() {
		// A hash and the writers of this file never return an error.
		_, _ = s.sum.Write(s.buf[s.summed-s.base : s.start])
		s.summed = s.offset()
	}
}

// keeper holds what is written to it, or nothing if that is more than limit octets.
type keeper struct {
	octets []byte
	limit  int
	over   bool
}

func (k *keeper) Write(p []byte) (int, error) {
	if k.over = k.over || len(k.octets)+len(p) > k.limit; k.over {
		k.octets = nil
	} else {
		k.octets = append(k.octets, p...)
	}
	return len(p), nil
}

// span is a constructed element whose inside passes by in the stream.
type span struct {
	end        int64 // offset behind its last octet; of indefinite length: the furthest it can be
	indefinite bool
	path       *path // of the elements inside, to be extended by their names
}

// elements reads a stream element by element.
type elements struct {
	*octetStream
	notes
}

// window is what the buffer holds of in.
func (r *elements) window(in span) []byte {
	b := r.buf[r.start:r.end]
	if left := in.end - r.offset(); left < int64(len(b)) {
		b = b[:max(left, 0)]
	}
	return b
}

// peek returns the tag octet of the next element of in, or 0 at its end.
func (r *elements) peek(in span) byte {
	if r.broken != nil || r.offset() >= in.end || !r.fill(1) || r.closing(in) {
		return 0
	}
	return r.buf[r.start]
}

// closing reports whether the end-of-contents octets of in come next.
func (r *elements) closing(in span) bool {
	return in.indefinite && r.fill(2) && r.buf[r.start] == 0 && r.buf[r.start+1] == 0
}

// open consumes the header of a constructed element that is too long to hold.
func (r *elements) open(in span, tag byte, p *path) (span, bool) {
	header, length, ok := r.header(in, p)
	if !ok {
		return span{}, false
	}
	at := r.offset()
	if found := r.buf[r.start]; found != tag {
		r.stop(at, p, "tag is %02x where %02x (%s) belongs", found, tag, tagName(tag))
		return span{}, false
	}
	inside := span{end: in.end, path: p}
	switch {
	case length < 0:
		r.deviate(DevIndefinite, at, p, "indefinite length (80)")
		inside.indefinite = true
	case length > in.end-at-int64(header):
		r.stop(at, p, "length says %d octets, %d follow", length, in.end-at-int64(header))
		return span{}, false
	default:
		inside.end = at + int64(header) + length
		if !minimalLength(r.buf[r.start+1:r.start+header], length) {
			r.deviate(DevLength, at, p, "length %d is encoded in %d octets", length, header-1)
		}
	}
	r.advance(header)
	return inside, true
}

// header looks at the next tag and length of in without consuming them.
func (r *elements) header(in span, p *path) (header int, length int64, ok bool) {
	if r.broken != nil {
		return 0, 0, false
	}
	if r.fill(2) && r.buf[r.start+1] > 0x80 {
		r.fill(2 + int(r.buf[r.start+1]&0x7f))
	}
	header, length, problem := readHeader(r.window(in))
	if problem != "" {
		r.stop(r.offset(), p, "%s", problem)
		return 0, 0, false
	}
	return header, length, true
}

// hold brings the next element of in into the buffer and returns its octets without
// consuming them: fewer where the document or in ends before it does, so that a
// cursor over them says so, and none at the end of in.
func (r *elements) hold(in span, p *path) ([]byte, bool) {
	if r.offset() >= in.end || !r.fill(1) || r.closing(in) {
		return nil, r.broken == nil
	}
	header, length, ok := r.header(in, p)
	switch left := in.end - r.offset(); {
	case !ok:
		return nil, false
	case length < 0:
		return r.holdIndefinite(in, p)
	case length > left-int64(header):
		r.stop(r.offset(), p, "length says %d octets, %d follow", length, left-int64(header))
		return nil, false
	case length > MaxElement-int64(header):
		r.stop(r.offset(), p, "length says %d octets, more than the %d that are read of one element", length, MaxElement)
		return nil, false
	}
	whole := header + int(length)
	r.fill(whole)
	return head(r.window(in), whole), true
}

func (r *elements) holdIndefinite(in span, p *path) ([]byte, bool) {
	if b := r.window(in); b[0]&0x20 == 0 {
		return b[:2], true
	}
	for {
		b := r.window(in)
		if end, ok := indefiniteEnd(b[2:], 0); ok {
			return b[:2+end+2], true
		}
		if len(b) >= MaxElement {
			r.stop(r.offset(), p, "indefinite length without end-of-contents in %d octets", len(b))
			return nil, false
		}
		if int64(len(b)) == in.end-r.offset() || !r.fill(min(2*len(b), MaxElement)) && len(r.window(in)) == len(b) {
			return b, true
		}
	}
}

// take consumes the next element of in and returns a cursor over a copy of it.
func (r *elements) take(in span, name string) (*cursor, bool) {
	b, ok := r.hold(in, in.path.in(name))
	if !ok {
		return nil, false
	}
	c := r.notes.cursor(bytes.Clone(b), r.offset(), in.path)
	r.advance(len(b))
	return c, true
}

// close consumes what is left of in.
func (r *elements) close(in span) {
	switch {
	case r.broken != nil:
	case r.closing(in):
		r.advance(2)
	case in.indefinite:
		r.stop(r.offset(), in.path, "%s where end-of-contents belongs", r.next(in))
	case r.offset() < in.end:
		at, what := r.offset(), r.next(in)
		want := in.end - at
		if got := r.skip(in.end); got < want {
			r.stop(at, in.path, "length says %d octets more, %d follow", want, got)
			return
		}
		r.deviate(DevTrailing, at, in.path, "%d octets after the last element, %s", want, what)
	}
}

// next says in words what comes next.
func (r *elements) next(in span) string {
	r.fill(int(min(8, max(in.end-r.offset(), 0))))
	b := head(r.window(in), 8)
	if len(b) == 0 {
		return "the end of the document"
	}
	return fmt.Sprintf("starting % x", b)
}

// document is the span of everything there is.
func document() span { return span{end: math.MaxInt64} }
