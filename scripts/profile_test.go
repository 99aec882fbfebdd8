package scripts

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// The compiler's profile is made with -trimpath: it says nothing of where it was made.
func TestProfileNamesNoFolder(t *testing.T) {
	file, err := os.Open(filepath.Join(repository(t), "cmd/revprobe/default.pgo"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	profile, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	const source = "revocation/crl_entries.go"
	if !bytes.Contains(profile, []byte(module+"/"+source)) || bytes.Count(profile, []byte(source)) != bytes.Count(profile, []byte(module+"/"+source)) {
		t.Errorf("%s is not named by its module alone", source)
	}
}
