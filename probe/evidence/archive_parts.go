package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// partReader puts the bodies of an archive together again.
type partReader struct {
	store   Store
	writer  BlobWriter // of the body whose parts come, or nil
	writing string     // its SHA-256
	whole   map[string]*Blob
}

// take takes a part, or gives an exchange the body that came before it.
func (p *partReader) take(line *archivedLine) error {
	if line.PartOf != "" {
		return p.part(line.archivedPart)
	}
	if err := p.end(); err != nil {
		return err
	}
	named := line.Exchange.Blob
	if named == nil {
		return nil
	}
	b := p.whole[named.SHA256]
	if b == nil || b.Length != named.Length {
		return fmt.Errorf("the body of exchange %s, %d octets of SHA-256 %.64s, does not come before it", line.Exchange.ID, named.Length, named.SHA256)
	}
	line.Exchange.Blob = b
	return nil
}

func (p *partReader) part(part archivedPart) (err error) {
	if p.writer != nil && p.writing != part.PartOf {
		if err := p.end(); err != nil {
			return err
		}
	}
	if p.writer == nil {
		p.writing = part.PartOf
		if p.writer, err = p.create(); err != nil {
			return err
		}
	}
	_, err = p.writer.Write(part.Octets)
	return err
}

func (p *partReader) create() (BlobWriter, error) {
	if p.store == nil {
		return new(heldBlob), nil
	}
	return p.store.Create()
}

// end closes the body whose parts came, if any.
func (p *partReader) end() error {
	if p.writer == nil {
		return nil
	}
	b, err := p.writer.Blob()
	if err != nil {
		return err
	}
	p.writer = nil
	if b.SHA256 != p.writing {
		return fmt.Errorf("the body before it, of SHA-256 %.64s, is not whole", p.writing)
	}
	p.whole[b.SHA256] = b
	return nil
}

// awaited reports whether parts came whose exchange did not.
func (p *partReader) awaited() bool { return p.writer != nil }

func (p *partReader) discard() {
	if p.writer != nil {
		p.writer.Discard()
	}
}

// heldBlob is a blob in memory.
type heldBlob struct{ bytes.Buffer }

// Blob implements BlobWriter.
func (h *heldBlob) Blob() (*Blob, error) {
	sum := sha256.Sum256(h.Bytes())
	return &Blob{Octets: bytes.NewReader(h.Bytes()), Length: int64(h.Len()), SHA256: hex.EncodeToString(sum[:])}, nil
}

// Discard implements BlobWriter.
func (h *heldBlob) Discard() { h.Reset() }
