package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// item is one line of the manifest: a document with what its project expects of it.
type item struct {
	ID       string   `json:"id"`
	Kind     string   `json:"kind"` // as revprobe names it, but "cert" for a certificate
	File     string   `json:"file"`
	Issuer   string   `json:"issuer"`
	Cert     string   `json:"cert"` // the certificate whose status is asked
	Extra    []string `json:"extra_certs"`
	At       string   `json:"verify_at"` // RFC 3339; empty where the project names no time
	Expected expected `json:"expected"`
}

// expected is what the project says of the document. "unknown" and nothing say nothing.
type expected struct {
	Parses    string   `json:"parses"`
	Signature string   `json:"signature_valid"`
	Verdict   string   `json:"verdict"` // good, revoked, unknown or error
	Defects   []string `json:"defects"`
	Absent    []string `json:"absent_defects"`
}

func readManifest(dir string) ([]item, error) {
	name := filepath.Join(dir, "manifest.jsonl")
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var items []item
	for decoder := json.NewDecoder(file); ; {
		var next item
		switch err := decoder.Decode(&next); {
		case errors.Is(err, io.EOF) && len(items) == 0:
			return nil, fmt.Errorf("reading %s: it names no document", name)
		case errors.Is(err, io.EOF):
			return items, nil
		case err != nil:
			return nil, fmt.Errorf("reading %s, document %d: %w", name, len(items)+1, err)
		}
		items = append(items, next)
	}
}
