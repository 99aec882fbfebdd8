package evidence

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// An archive is JSON lines: the run, with the version of the format under "revprobe", then
// one exchange a line. Octets are base64, times RFC 3339, durations nanoseconds. A body that
// is no longer held in memory comes before the exchange, in lines of up to partSize octets
// that name its SHA-256; another exchange of the same body refers to the same lines. Format 1
// had every body within its exchange.
const (
	archiveFormat = 2
	oldestFormat  = 1
	partSize      = 256 << 10
)

// maxLine bounds one line of an archive, in octets: the largest body of format 1, in base64,
// and the rest of its exchange.
const maxLine = 128 << 20

type archivedRun struct {
	Format int `json:"revprobe"`
	*Run
}

// archivedPart is a part of a body.
type archivedPart struct {
	PartOf string `json:"part_of"` // hex SHA-256 of the whole
	Octets []byte `json:"octets"`
}

// archivedLine is any line but the first.
type archivedLine struct {
	archivedPart
	*Exchange
}

// ErrCut says that an archive ends inside a line, or inside what it is compressed to, as a
// crash leaves it. What came before was read.
var ErrCut = errors.New("the archive is cut off inside its last line")

// ArchiveWriter writes an archive exchange by exchange.
type ArchiveWriter struct {
	lines   *json.Encoder
	written map[string]bool // bodies, by SHA-256
}

// NewArchiveWriter writes what is known of a run but its exchanges.
func NewArchiveWriter(w io.Writer, run *Run) (*ArchiveWriter, error) {
	a := &ArchiveWriter{json.NewEncoder(w), map[string]bool{}}
	if err := a.lines.Encode(archivedRun{archiveFormat, run}); err != nil {
		return nil, fmt.Errorf("writing the archive: %w", err)
	}
	return a, nil
}

// Add writes one exchange.
func (a *ArchiveWriter) Add(x *Exchange) error {
	if x.Blob != nil && !a.written[x.Blob.SHA256] {
		a.written[x.Blob.SHA256] = true
		if err := writeParts(a.lines, x.Blob); err != nil {
			return fmt.Errorf("writing the body of exchange %s to the archive: %w", x.ID, err)
		}
	}
	if err := a.lines.Encode(x); err != nil {
		return fmt.Errorf("writing exchange %s to the archive: %w", x.ID, err)
	}
	return nil
}

// WriteArchive writes a run and its exchanges.
func WriteArchive(w io.Writer, run *Run) error {
	a, err := NewArchiveWriter(w, run)
	if err != nil {
		return err
	}
	for i := range run.Exchanges {
		if err := a.Add(&run.Exchanges[i]); err != nil {
			return err
		}
	}
	return nil
}

func writeParts(lines *json.Encoder, b *Blob) error {
	octets := make([]byte, min(partSize, b.Length))
	for at := int64(0); at < b.Length; at += partSize {
		part := octets[:min(partSize, b.Length-at)]
		if _, err := b.Octets.ReadAt(part, at); err != nil && !(errors.Is(err, io.EOF) && at+int64(len(part)) == b.Length) {
			return err
		}
		if err := lines.Encode(archivedPart{b.SHA256, part}); err != nil {
			return err
		}
	}
	return nil
}

// ReadArchive reads what WriteArchive or an ArchiveWriter wrote; bodies that are not to be held go to the store,
// or to memory where that is nil. With ErrCut it returns the run as far as it goes; with any
// other error there is no run.
func ReadArchive(r io.Reader, store Store) (*Run, error) {
	a, err := NewArchiveReader(r, store)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	for {
		x, err := a.Next()
		switch {
		case errors.Is(err, io.EOF):
			return a.Run, nil
		case errors.Is(err, ErrCut):
			return a.Run, err
		case err != nil:
			return nil, err
		}
		a.Run.Exchanges = append(a.Run.Exchanges, *x)
	}
}

// ArchiveReader reads an archive exchange by exchange.
type ArchiveReader struct {
	Run    *Run // without its exchanges
	lines  *bufio.Reader
	parts  *partReader
	number int // of the line that was read last
}

// NewArchiveReader reads the beginning of an archive. Bodies that are not to be held go to
// the store, or to memory where that is nil.
func NewArchiveReader(r io.Reader, store Store) (*ArchiveReader, error) {
	lines := bufio.NewReaderSize(r, 1<<16)
	header := archivedRun{Run: &Run{}}
	first, err := readLine(lines)
	switch {
	case errors.Is(err, io.EOF) && len(first) == 0:
		return nil, errors.New("reading the archive: it is empty")
	case err != nil && !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("reading the archive: %w", err)
	}
	if err := json.Unmarshal(first, &header); err != nil {
		return nil, fmt.Errorf("it is no archive: in its first line, %w", err)
	}
	if header.Format < oldestFormat || header.Format > archiveFormat {
		return nil, fmt.Errorf("reading the archive: its format is %d, this revprobe reads %d to %d", header.Format, oldestFormat, archiveFormat)
	}
	return &ArchiveReader{header.Run, lines, &partReader{store: store, whole: map[string]*Blob{}}, 1}, nil
}

// Next returns the next exchange: io.EOF behind the last, ErrCut where the archive ends
// before it is whole.
func (a *ArchiveReader) Next() (*Exchange, error) {
	for {
		a.number++
		line, err := readLine(a.lines)
		switch {
		case len(line) == 0 && errors.Is(err, io.EOF) && !a.parts.awaited():
			return nil, io.EOF
		case len(line) == 0 && errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil, ErrCut
		case err != nil && !errors.Is(err, io.EOF):
			return nil, fmt.Errorf("reading line %d of the archive: %w", a.number, err)
		}
		entry := archivedLine{Exchange: &Exchange{}}
		if problem := json.Unmarshal(line, &entry); problem != nil {
			if errors.Is(err, io.EOF) {
				return nil, ErrCut
			}
			return nil, fmt.Errorf("reading line %d of the archive: %w", a.number, problem)
		}
		if problem := a.parts.take(&entry); problem != nil {
			return nil, fmt.Errorf("reading line %d of the archive: %w", a.number, problem)
		}
		if entry.PartOf == "" {
			return entry.Exchange, nil
		}
	}
}

// Close gives up what was not read to its end.
func (a *ArchiveReader) Close() { a.parts.discard() }

// readLine reads a line with its end. A longer one than any exchange needs is an error.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, fmt.Errorf("it is longer than %d MB", maxLine>>20)
		case !errors.Is(err, bufio.ErrBufferFull):
			return line, err
		}
	}
}
