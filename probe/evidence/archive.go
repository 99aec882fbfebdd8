package evidence

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// An archive is JSON lines: the run, with the version of the format under "revprobe", then
// one exchange a line. Octets are base64, times RFC 3339, durations nanoseconds.
const archiveFormat = 1

// maxLine bounds one line of an archive, in octets: the largest body that transport keeps,
// in base64, and the rest of its exchange.
const maxLine = 128 << 20

type archivedRun struct {
	Format int `json:"revprobe"`
	*Run
}

// ErrCut says that an archive ends inside a line, as a crash leaves it. What came before
// was read.
var ErrCut = errors.New("the archive is cut off inside its last line")

// WriteArchive writes a run and its exchanges.
func WriteArchive(w io.Writer, run *Run) error {
	lines := json.NewEncoder(w)
	if err := lines.Encode(archivedRun{archiveFormat, run}); err != nil {
		return fmt.Errorf("writing the archive: %w", err)
	}
	for i := range run.Exchanges {
		if err := lines.Encode(&run.Exchanges[i]); err != nil {
			return fmt.Errorf("writing exchange %s to the archive: %w", run.Exchanges[i].ID, err)
		}
	}
	return nil
}

// ReadArchive reads what WriteArchive wrote. With ErrCut it returns the run as far as it
// goes; with any other error there is no run.
func ReadArchive(r io.Reader) (*Run, error) {
	lines := bufio.NewReaderSize(r, 1<<16)
	run := &Run{}
	header := archivedRun{Run: run}
	first, err := readLine(lines)
	if err != nil && (len(first) == 0 || !errors.Is(err, io.EOF)) {
		return nil, fmt.Errorf("reading the archive: %w", err)
	}
	if err := json.Unmarshal(first, &header); err != nil {
		return nil, fmt.Errorf("reading the archive's first line: %w", err)
	}
	if header.Format != archiveFormat {
		return nil, fmt.Errorf("reading the archive: its format is %d, this revprobe reads %d", header.Format, archiveFormat)
	}
	for number := 2; ; number++ {
		line, err := readLine(lines)
		if len(line) == 0 && errors.Is(err, io.EOF) {
			return run, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("reading line %d of the archive: %w", number, err)
		}
		var x Exchange
		if problem := json.Unmarshal(line, &x); problem != nil {
			if errors.Is(err, io.EOF) {
				return run, ErrCut
			}
			return nil, fmt.Errorf("reading line %d of the archive: %w", number, problem)
		}
		run.Exchanges = append(run.Exchanges, x)
	}
}

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
