package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/google/renameio/v2"
	"github.com/klauspost/compress/zstd"

	"github.com/revprobe/revprobe/probe/evidence"
)

// zstdMagic begins a Zstandard frame (RFC 8878 §3.1.1).
var zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}

// maxWindow is how much memory a compressed archive may ask for, in octets: what zstd
// --ultra --long writes is still read.
const maxWindow = 128 << 20

// archive is a file that is to hold a run. While the run is on, what has been answered so far
// is beside it in a file of its own, which outlives us where we are killed. A nil archive
// keeps nothing.
type archive struct {
	name    string
	place   string // the file that the name stands for
	partial *archiveFile

	mutex   sync.Mutex
	begun   bool
	problem error // the first with the partial file
}

// openArchive makes sure, before anything is asked, that the archive can be written.
func openArchive(name string) (*archive, error) {
	if name == "" {
		return nil, nil
	}
	place, err := replaceable(name)
	if errors.Is(err, errNoFile) {
		return nil, hinted("keeping the archive "+name+": it is no file", "an archive takes the place of a file, or is a new one")
	}
	var file *os.File
	if err == nil {
		file, err = os.CreateTemp(filepath.Dir(place), filepath.Base(place)+".*.partial")
	}
	if err != nil {
		return nil, fmt.Errorf("keeping the archive %s: %w", name, withoutName(err))
	}
	return &archive{name: name, place: place, partial: &archiveFile{octets: file, file: file}}, nil
}

// begin writes what is known of the run before the plan is carried out.
func (a *archive) begin(run *evidence.Run) {
	if a == nil {
		return
	}
	cut := *run
	cut.Interrupted = true
	cut.Notes = append(run.Notes[:len(run.Notes):len(run.Notes)], "cut off: revprobe ended before everything had been asked")
	a.begun = true
	a.problem = a.partial.write(&cut, a.name)
}

// add writes an exchange as soon as it is over.
func (a *archive) add(x *evidence.Exchange) {
	if a == nil {
		return
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.problem == nil {
		a.problem = a.partial.add(x)
	}
}

// write puts the whole run under the archive's name, at once, and removes the partial file.
func (a *archive) write(run *evidence.Run) error {
	if a == nil {
		return nil
	}
	return a.settle(a.replace(run), "")
}

// writeList is write for a run whose exchanges are in the partial file alone.
func (a *archive) writeList(run *evidence.Run) error {
	if a == nil {
		return nil
	}
	err := a.problem
	if err == nil {
		err = a.replaceList(run)
	}
	return a.settle(err, ": --resume takes it up")
}

// settle has the partial file removed where the archive was written; where it was not, it
// says what that file holds, and what further can be done.
func (a *archive) settle(err error, further string) error {
	if err == nil {
		a.forget()
		return nil
	}
	err = fmt.Errorf("keeping the archive %s: %w", a.name, err)
	return hinted(err.Error(), "what was answered is in "+a.partial.file.Name()+", as far as it could be written"+further)
}

func (a *archive) replaceList(run *evidence.Run) error {
	if err := a.partial.end(); err != nil {
		return err
	}
	kept, err := open(a.partial.file.Name())
	if err != nil {
		return err
	}
	defer kept.Close()
	lines, closing, err := readLines(kept, kept.Name(), nil)
	if err != nil {
		return err
	}
	defer closing()
	return a.replaceBy(run, func(whole *archiveFile) error {
		for {
			x, err := lines.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err == nil {
				err = whole.lines.Add(x)
			}
			if err != nil {
				return err
			}
		}
	})
}

func (a *archive) replace(run *evidence.Run) error {
	return a.replaceBy(run, func(*archiveFile) error { return nil })
}

// replaceBy writes the run, and then what add adds.
func (a *archive) replaceBy(run *evidence.Run, add func(*archiveFile) error) error {
	pending, err := renameio.NewPendingFile(a.place, renameio.WithPermissions(0o600))
	if err != nil {
		return err
	}
	defer func() { _ = pending.Cleanup() }()
	whole := &archiveFile{octets: pending}
	if err := whole.write(run, a.name); err != nil {
		return err
	}
	if err := add(whole); err != nil {
		return err
	}
	if err := whole.end(); err != nil {
		return err
	}
	return pending.CloseAtomicallyReplace()
}

// forget has the partial file removed: what it holds is somewhere else.
func (a *archive) forget() {
	if a != nil {
		a.begun = false
	}
}

// discard removes the partial file, unless it holds what is nowhere else.
func (a *archive) discard() {
	if a == nil {
		return
	}
	_ = a.partial.file.Close()
	if !a.begun {
		_ = os.Remove(a.partial.file.Name())
	}
}

// archiveFile writes an archive, compressed where its name says so. Each exchange leaves
// this process as it is written.
type archiveFile struct {
	octets     io.Writer
	file       *os.File
	compressed *zstd.Encoder // or nil
	lines      *evidence.ArchiveWriter
}

// write begins the archive of that name with a run and what it has asked.
func (f *archiveFile) write(run *evidence.Run, name string) (err error) {
	to := f.octets
	if strings.HasSuffix(name, ".zst") {
		f.compressed, err = zstd.NewWriter(f.octets, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return err
		}
		to = f.compressed
	}
	if f.lines, err = evidence.NewArchiveWriter(to, run); err != nil {
		return err
	}
	for i := range run.Exchanges {
		if err := f.add(&run.Exchanges[i]); err != nil {
			return err
		}
	}
	return f.flush()
}

func (f *archiveFile) add(x *evidence.Exchange) error {
	if err := f.lines.Add(x); err != nil {
		return err
	}
	return f.flush()
}

func (f *archiveFile) flush() error {
	if f.compressed == nil {
		return nil
	}
	return f.compressed.Flush()
}

func (f *archiveFile) end() error {
	if f.compressed == nil {
		return nil
	}
	return f.compressed.Close()
}

// isCompressed reports whether a file that begins so is compressed with zstd.
func isCompressed(head []byte) bool { return bytes.HasPrefix(head, zstdMagic) }

// readLines begins to read an archive, compressed or not; what it returns besides has to be
// called in the end. The name is for people.
func readLines(r io.Reader, name string, store evidence.Store) (*evidence.ArchiveReader, func(), error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	var octets io.Reader = buffered
	closing := func() {}
	if head, _ := buffered.Peek(len(zstdMagic)); isCompressed(head) {
		expanded, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, fmt.Errorf("reading %s: %w", name, err)
		}
		octets, closing = expanded, expanded.Close
	}
	lines, err := evidence.NewArchiveReader(octets, store)
	if err != nil {
		closing()
		return nil, nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return lines, func() { lines.Close(); closing() }, nil
}

// readArchive reads an archive, compressed or not, whole or cut off, and gives each of its exchanges to
// take, which may keep it in the run. One that is cut off is a run that was interrupted.
func readArchive(r io.Reader, name string, store evidence.Store, take func(*evidence.Run, *evidence.Exchange)) (*evidence.Run, error) {
	lines, closing, err := readLines(r, name, store)
	if err != nil {
		return nil, err
	}
	defer closing()
	for count := 0; ; count++ {
		x, err := lines.Next()
		switch {
		case errors.Is(err, evidence.ErrCut):
			lines.Run.Interrupted = true
			lines.Run.Notes = append(lines.Run.Notes, name+": "+err.Error()+"; the "+fmt.Sprint(count)+" exchanges before were judged")
		case err != nil && !errors.Is(err, io.EOF):
			return nil, fmt.Errorf("reading %s: %w", name, err)
		case err == nil:
			take(lines.Run, x)
			continue
		}
		if count == 0 && lines.Run.List == nil {
			return nil, fmt.Errorf("reading %s: the archive holds no exchange", name)
		}
		return lines.Run, nil
	}
}

// readRun reads an archive whose exchanges can be held.
func readRun(r io.Reader, name string, store evidence.Store) (*evidence.Run, error) {
	run, err := readArchive(r, name, store, func(run *evidence.Run, x *evidence.Exchange) {
		if run.List == nil {
			run.Exchanges = append(run.Exchanges, *x)
		}
	})
	if err == nil && run.List != nil {
		return nil, fmt.Errorf("reading %s: it is the archive of a list, which revprobe report judges", name)
	}
	return run, err
}
