package target

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// pemBlocks reads a PEM file block by block, whatever the length of the file and of each
// block. What stands between blocks is passed over.
type pemBlocks struct {
	lines *bufio.Reader
	line  int    // number of the line that was read last, from 1
	torn  bool   // and only a part of it was
	begun []byte // the line that begins the next block, where it ended the one before
}

var errUnended = errors.New("the block does not end")

// next returns the label of the next block and a reader of its base64; io.EOF where there
// is none. It is called when the block before was read to its end.
func (p *pemBlocks) next() (label string, body io.Reader, err error) {
	for {
		line := p.begun
		if p.begun = nil; line == nil {
			line, err = p.readLine()
		}
		if label, begins := labelOf(line); begins {
			return label, &blockBody{blocks: p}, nil
		}
		if err != nil {
			return "", nil, err
		}
	}
}

// readLine reads a line, or of one that is longer than the buffer the next part.
func (p *pemBlocks) readLine() ([]byte, error) {
	line, err := p.lines.ReadSlice('\n')
	if !p.torn && len(line) > 0 {
		p.line++
	}
	p.torn = errors.Is(err, bufio.ErrBufferFull)
	if p.torn {
		err = nil
	}
	return bytes.TrimSpace(line), err
}

// labelOf returns the label of a line that begins a block.
func labelOf(line []byte) (string, bool) {
	text, begins := bytes.CutPrefix(line, []byte("-----BEGIN "))
	label, _, _ := bytes.Cut(text, []byte("-----"))
	return string(label), begins
}

// blockBody reads the lines of a PEM block up to its end.
type blockBody struct {
	blocks *pemBlocks
	line   []byte // what is left of the current one
	ended  bool
}

func (b *blockBody) Read(p []byte) (int, error) {
	for len(b.line) == 0 {
		if b.ended {
			return 0, io.EOF
		}
		line, err := b.blocks.readLine()
		_, another := labelOf(line)
		switch {
		case bytes.HasPrefix(line, []byte("-----END ")):
			b.ended = true
			continue
		case another:
			b.ended, b.blocks.begun = true, bytes.Clone(line)
			return 0, errUnended
		case errors.Is(err, io.EOF):
			b.ended = true
			return 0, errUnended
		case err != nil:
			return 0, err
		}
		if b.line = line; bytes.IndexByte(b.line, ':') >= 0 {
			b.line = nil // an encapsulated header (RFC 1421)
		}
	}
	n := copy(p, b.line)
	b.line = b.line[n:]
	return n, nil
}
