package main

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
)

func TestWritesOneCRL(t *testing.T) {
	name := filepath.Join(t.TempDir(), "big.crl")
	if err := run([]string{"--duplicates", "1", name, "100"}); err != nil {
		t.Fatal(err)
	}
	der, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	list, err := x509.ParseRevocationList(der)
	if err != nil || len(list.RevokedCertificateEntries) != 100 {
		t.Fatal(err)
	}
	first, last := list.RevokedCertificateEntries[0], list.RevokedCertificateEntries[99]
	if first.SerialNumber.Cmp(last.SerialNumber) != 0 {
		t.Errorf("%x and %x", first.SerialNumber, last.SerialNumber)
	}
	for _, args := range [][]string{{name}, {"--duplicates", "51", name, "100"}, {filepath.Join(name, "x"), "1"}, {name, "many"}, {name, "0"}} {
		if err := run(args); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}
