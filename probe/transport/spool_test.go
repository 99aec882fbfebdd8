package transport

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
)

func TestKeep(t *testing.T) {
	failure := errors.New("the line is dead")
	for _, length := range []int{0, 1, InMemory, InMemory + 1, 3*InMemory + 7} {
		for _, end := range []error{nil, failure} {
			octets := bytes.Repeat([]byte("0123456789a"), length/11+1)[:length]
			var from io.Reader = bytes.NewReader(octets)
			if end != nil {
				from = io.MultiReader(from, iotest.ErrReader(end))
			}
			spool := &Spool{Folder: t.TempDir()}
			kept, reading, keeping := Keep(iotest.HalfReader(from), spool)
			if !errors.Is(reading, end) || keeping != nil || kept.Length != int64(length) {
				t.Fatalf("%d octets, then %v: %v %v, %d kept", length, end, reading, keeping, kept.Length)
			}
			if (kept.Blob != nil) != (length > InMemory) {
				t.Fatalf("%d octets: blob %v", length, kept.Blob)
			}
			if kept.Blob == nil {
				if !bytes.Equal(kept.Body, octets) {
					t.Errorf("%d octets: others", length)
				}
				continue
			}
			sum := sha256.Sum256(octets)
			for range 2 { // as often as somebody wants
				got, err := io.ReadAll(io.NewSectionReader(kept.Blob.Octets, 0, kept.Blob.Length))
				if err != nil || !bytes.Equal(got, octets) || kept.Blob.SHA256 != hex.EncodeToString(sum[:]) {
					t.Errorf("%d octets: %d come back, %v, hash %s", length, len(got), err, kept.Blob.SHA256)
				}
			}
			if left, _ := os.ReadDir(spool.Folder); len(left) > 0 { // on this system, they are gone at once
				t.Errorf("%d octets: %v is left", length, left)
			}
			if err := spool.Close(); err != nil {
				t.Error(err)
			}
			if _, err := kept.Blob.Octets.ReadAt(make([]byte, 1), 0); err == nil {
				t.Error("it can be read after Close")
			}
		}
	}
}

func TestKeepWhereNothingCanBeWritten(t *testing.T) {
	large := strings.Repeat("x", InMemory+1)
	spool := &Spool{Folder: t.TempDir() + "/absent"}
	if kept, reading, keeping := Keep(strings.NewReader(large), spool); reading != nil || keeping == nil || kept.Blob != nil || kept.Body != nil ||
		strings.Contains(keeping.Error(), "absent") {
		t.Errorf("%v %v %v", kept, reading, keeping)
	}
	if kept, reading, keeping := Keep(strings.NewReader(large[1:]), spool); reading != nil || keeping != nil || kept.Length != InMemory {
		t.Errorf("%d %v %v", kept.Length, reading, keeping)
	}
	if kept, reading, keeping := Keep(strings.NewReader(large), nil); reading != nil || keeping != nil || len(kept.Body) != len(large) {
		t.Errorf("without a store: %v %v", reading, keeping)
	}
}
