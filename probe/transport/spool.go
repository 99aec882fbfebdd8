package transport

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"sync"

	"github.com/revprobe/revprobe/probe/evidence"
)

// InMemory is how many octets of a body are held; a longer one goes to a file.
const InMemory = 256 << 10

// Spool keeps what is too large for memory in temporary files. Where the system lets an
// open file be removed, each is removed as soon as it is there, so that nothing is left
// however the program ends. The zero value is ready; it may be used by several goroutines.
type Spool struct {
	// Folder is where the files are; empty: where the system has its temporary files.
	Folder string

	mutex   sync.Mutex
	problem error // the first
	files   []*os.File
	names   []string // of those that could not be removed at once
}

// Create implements evidence.Store.
func (s *Spool) Create() (evidence.BlobWriter, error) {
	file, err := os.CreateTemp(s.Folder, "revprobe-*")
	if err != nil {
		return nil, s.fail(err)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.files = append(s.files, file)
	if os.Remove(file.Name()) != nil {
		s.names = append(s.names, file.Name())
	}
	return &spooled{spool: s, file: file, hash: sha256.New()}, nil
}

// fail remembers the first problem. The name of the file is left out: it is nobody's
// business.
func (s *Spool) fail(err error) error {
	var inner *os.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	err = fmt.Errorf("keeping a body in a temporary file: %w", err)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.problem == nil {
		s.problem = err
	}
	return err
}

// Err returns the first problem there was with writing, if any.
func (s *Spool) Err() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.problem
}

// Close closes and removes every file. What was kept can no longer be read.
func (s *Spool) Close() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var problems []error
	for _, file := range s.files {
		problems = append(problems, ignoreClosed(file.Close()))
	}
	for _, name := range s.names {
		problems = append(problems, os.Remove(name))
	}
	s.files, s.names = nil, nil
	return errors.Join(problems...)
}

func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// spooled is one blob while it is written.
type spooled struct {
	spool  *Spool
	file   *os.File
	hash   hash.Hash
	length int64
}

func (w *spooled) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	_, _ = w.hash.Write(p[:n])
	if w.length += int64(n); err != nil {
		return n, w.spool.fail(err)
	}
	return n, nil
}

func (w *spooled) Blob() (*evidence.Blob, error) {
	return &evidence.Blob{Octets: w.file, Length: w.length, SHA256: hex.EncodeToString(w.hash.Sum(nil))}, nil
}

func (w *spooled) Discard() { _ = w.file.Close() }

// Kept is what Keep has read: in Body, or where that would be too much in Blob.
type Kept struct {
	Body   []byte
	Blob   *evidence.Blob
	Length int64
}

// Keep reads r to its end. It keeps what came however that ended; reading is the error of r,
// if any, and keeping is ours: then nothing is kept, and the rest of r was not read. A nil
// store holds everything in memory.
func Keep(r io.Reader, store evidence.Store) (k Kept, reading, keeping error) {
	if store == nil {
		k.Body, reading = io.ReadAll(r)
		k.Length = int64(len(k.Body))
		return k, reading, nil
	}
	k.Body, reading = io.ReadAll(io.LimitReader(r, InMemory+1))
	k.Length = int64(len(k.Body))
	if reading != nil || k.Length <= InMemory {
		return k, reading, nil
	}
	w, err := store.Create()
	if err != nil {
		return Kept{Length: k.Length}, nil, err
	}
	source := &readErrors{r: r}
	if _, err = w.Write(k.Body); err == nil {
		_, err = io.CopyBuffer(struct{ io.Writer }{w}, source, k.Body)
	}
	if err == nil || source.err != nil && errors.Is(err, source.err) {
		k.Blob, err = w.Blob()
	}
	if err != nil {
		w.Discard()
		return Kept{}, nil, err
	}
	return Kept{Blob: k.Blob, Length: k.Blob.Length}, source.err, nil
}

// readErrors remembers a read error, to be told from those of the writing.
type readErrors struct {
	r   io.Reader
	err error
}

func (r *readErrors) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}
