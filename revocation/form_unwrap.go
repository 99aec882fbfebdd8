package revocation

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"unicode"
)

// Unwrap returns a reader of the DER inside what r reads, which f is the Form of: without
// byte order mark, leading white space, gzip, PEM armour and base64, however nested. DER
// and what holds none are passed on as they are. It streams. Damage inside an encoding
// ends the inner document there, as a decoder will notice; the error is only that of r.
func Unwrap(f Form, r io.Reader) (io.Reader, error) {
	encoding := f.Encoding
	for range maxWraps + 1 {
		if !wraps(encoding) {
			break
		}
		buffered := bufio.NewReaderSize(r, HeadSize)
		start, err := buffered.Peek(HeadSize)
		if err != nil && err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("reading %s: %w", encoding, err)
		}
		if r = unwrapOne(buffered, start, encoding); r == nil {
			return buffered, nil
		}
		inner := bufio.NewReaderSize(r, HeadSize)
		if start, err = inner.Peek(HeadSize); err != nil && err != io.EOF {
			return nil, fmt.Errorf("reading what is in %s: %w", encoding, err)
		}
		r, encoding = inner, EncodingEmpty
		if len(start) > 0 {
			encoding = encodingOf(start)
		}
	}
	return r, nil
}

func wraps(encoding Encoding) bool {
	switch encoding {
	case EncodingPEM, EncodingBase64, EncodingGzip, EncodingBOM, EncodingSpace:
		return true
	}
	return false
}

// unwrapHead takes one encoding off a head.
func unwrapHead(head []byte, encoding Encoding) []byte {
	r := unwrapOne(bufio.NewReaderSize(bytes.NewReader(head), HeadSize), head, encoding)
	if r == nil {
		return nil
	}
	inner := make([]byte, HeadSize)
	n, _ := io.ReadFull(r, inner)
	return inner[:n]
}

// unwrapOne takes one encoding off r, which begins with start. It returns nil where r
// is not so encoded after all.
func unwrapOne(r *bufio.Reader, start []byte, encoding Encoding) io.Reader {
	switch encoding {
	case EncodingBOM:
		mark, bigEndian := markLength(start), start[0] == 0xfe
		if _, err := r.Discard(mark); err != nil || mark != 2 {
			return r
		}
		if bigEndian {
			return &narrowed{r: r, low: 1}
		}
		return &narrowed{r: r}
	case EncodingSpace:
		_, _ = r.Discard(len(start) - len(bytes.TrimLeftFunc(start, unicode.IsSpace)))
		return r
	case EncodingGzip:
		source := &watched{r: r}
		inner, err := gzip.NewReader(source)
		if err != nil {
			return nil
		}
		return &forgiving{r: inner, source: source}
	case EncodingPEM:
		return &base64Octets{r: &pemText{r: r}}
	case EncodingBase64:
		return &base64Octets{r: r}
	}
	return r
}

// watched remembers what ended its reader.
type watched struct {
	r   *bufio.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil {
		w.err = err
	}
	return n, err
}

// ReadByte spares compress/flate a buffer of its own.
func (w *watched) ReadByte() (byte, error) {
	b, err := w.r.ReadByte()
	if err != nil {
		w.err = err
	}
	return b, err
}

// forgiving ends where its encoding is damaged, and fails only where the source does.
type forgiving struct {
	r      io.Reader
	source *watched
}

func (f *forgiving) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil {
		if err = io.EOF; f.source.err != nil {
			err = f.source.err
		}
	}
	return n, err
}

// narrowed reads the ASCII of UTF-16, all that PEM, base64 and JSON need of it.
type narrowed struct {
	r   io.Reader
	low int // position of the low octet in each pair: 0 or 1
	at  int
}

func (u *narrowed) Read(p []byte) (int, error) {
	for {
		n, err := u.r.Read(p)
		kept := 0
		for _, b := range p[:n] {
			if u.at == u.low {
				p[kept] = b
				kept++
			}
			u.at ^= 1
		}
		if kept > 0 || err != nil || len(p) == 0 {
			return kept, err
		}
	}
}

// pemText reads what is between the first BEGIN and the END line, without headers
// (RFC 1421 §4.4).
type pemText struct {
	r      *bufio.Reader
	within bool
	line   []byte
	err    error
}

func (t *pemText) Read(p []byte) (int, error) {
	for len(t.line) == 0 && t.err == nil {
		t.next()
	}
	n := copy(p, t.line)
	if t.line = t.line[n:]; n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, t.err
}

func (t *pemText) next() {
	line, err := t.r.ReadSlice('\n')
	if err != bufio.ErrBufferFull { // a long line comes in parts
		t.err = err
	}
	switch {
	case !t.within:
		at := bytes.Index(line, []byte(pemBegin))
		if at < 0 {
			return
		}
		t.within = true
		// Armour on one line with its content has no line end to wait for.
		if label := line[at+len(pemBegin):]; bytes.Contains(label, []byte("-----")) {
			_, rest, _ := bytes.Cut(label, []byte("-----"))
			t.body(rest)
		}
	default:
		t.body(line)
	}
}

// body passes on a line, or part of one, up to where the armour ends, unless it is a
// header.
func (t *pemText) body(line []byte) {
	if end := bytes.Index(line, []byte("-----")); end >= 0 {
		line, t.err = line[:end], io.EOF
	}
	if bytes.IndexByte(line, ':') < 0 {
		t.line = line
	}
}

// base64Value is that of a character of either alphabet of RFC 4648, or -1.
func base64Value(b byte) int {
	switch {
	case b >= 'A' && b <= 'Z':
		return int(b - 'A')
	case b >= 'a' && b <= 'z':
		return int(b-'a') + 26
	case b >= '0' && b <= '9':
		return int(b-'0') + 52
	case b == '+' || b == '-':
		return 62
	case b == '/' || b == '_':
		return 63
	}
	return -1
}

// base64Octets decodes base64, passing over whatever is none, to the first padding.
type base64Octets struct {
	r      io.Reader
	text   [4096]byte
	unread []byte
	value  uint32
	bits   int
	err    error
}

func (d *base64Octets) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(d.unread) == 0 {
			if n > 0 || d.err != nil {
				break
			}
			var got int
			got, d.err = d.r.Read(d.text[:])
			d.unread = d.text[:got]
			continue
		}
		b := d.unread[0]
		d.unread = d.unread[1:]
		v := base64Value(b)
		if v < 0 {
			if b == '=' {
				d.unread, d.err = nil, io.EOF
			}
			continue
		}
		d.value, d.bits = d.value<<6|uint32(v), d.bits+6
		if d.bits >= 8 {
			d.bits -= 8
			p[n] = byte(d.value >> d.bits)
			n++
		}
	}
	if n == 0 && len(p) > 0 {
		return 0, d.err
	}
	return n, nil
}
