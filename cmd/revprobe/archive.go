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
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return nil, fmt.Errorf("keeping the archive %s: it is a directory", name)
	}
	file, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.partial")
	if err != nil {
		return nil, fmt.Errorf("keeping the archive %s: %w", name, withoutName(err))
	}
	return &archive{name: name, partial: &archiveFile{octets: file, file: file}}, nil
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
	err := a.replace(run)
	if err == nil {
		a.begun = false
		return nil
	}
	err = fmt.Errorf("keeping the archive %s: %w", a.name, err)
	return hinted(err.Error(), "what was answered is in "+a.partial.file.Name()+", as far as it could be written")
}

func (a *archive) replace(run *evidence.Run) error {
	pending, err := renameio.NewPendingFile(a.name, renameio.WithPermissions(0o600))
	if err != nil {
		return err
	}
	defer func() { _ = pending.Cleanup() }()
	whole := &archiveFile{octets: pending}
	if err := whole.write(run, a.name); err != nil {
		return err
	}
	if err := whole.end(); err != nil {
		return err
	}
	return pending.CloseAtomicallyReplace()
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

// readArchive reads an archive, compressed or not; one that is cut off is a run that was
// interrupted. The name is for people.
func readArchive(r io.Reader, name string, store evidence.Store) (*evidence.Run, error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	var octets io.Reader = buffered
	if head, _ := buffered.Peek(len(zstdMagic)); isCompressed(head) {
		expanded, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		defer expanded.Close()
		octets = expanded
	}
	run, err := evidence.ReadArchive(octets, store)
	switch {
	case errors.Is(err, evidence.ErrCut):
		run.Interrupted = true
		run.Notes = append(run.Notes, name+": "+err.Error()+"; the "+fmt.Sprint(len(run.Exchanges))+" exchanges before were judged")
	case err != nil:
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(run.Exchanges) == 0 {
		return nil, fmt.Errorf("reading %s: the archive holds no exchange", name)
	}
	return run, nil
}
