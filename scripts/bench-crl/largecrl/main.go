// Command largecrl writes a CRL of any number of entries, deterministic but for the signature,
// and the certificate of its issuer:
//
//	go run ./scripts/bench-crl/largecrl [--issuer ca.pem] [--ascending] [--duplicates 2] big.crl 1000000
package main

import (
	"encoding/pem"
	"flag"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/revprobe/revprobe/fixtures"
)

// issued is when the CRLs are.
var issued = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "largecrl:", err)
		os.Exit(2)
	}
}

func run(args []string) error {
	f := flag.NewFlagSet("largecrl", flag.ContinueOnError)
	var l fixtures.LargeCRL
	issuer := f.String("issuer", "", "write the issuer's certificate to this file")
	f.BoolVar(&l.Ascending, "ascending", false, "serial numbers ascend")
	f.IntVar(&l.Duplicates, "duplicates", 0, "so many serial numbers come twice")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() != 2 {
		return fmt.Errorf("name a file and a number of entries, not %q", f.Args())
	}
	var err error
	if l.Entries, err = strconv.Atoi(f.Arg(1)); err != nil || l.Entries < 1 || l.Entries > 1e9 {
		return fmt.Errorf("%q is no number of entries from 1 to 1000000000", f.Arg(1))
	}
	if l.Duplicates < 0 || l.Duplicates > l.Entries/2 {
		return fmt.Errorf("--duplicates: of %d entries, at most %d can repeat another", l.Entries, l.Entries/2)
	}
	return write(l, f.Arg(0), *issuer)
}

func write(l fixtures.LargeCRL, name, issuer string) error {
	ca := fixtures.Conforming(issued, fixtures.NewAuthority(fixtures.Kind{}))
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	err = ca.WriteLargeCRL(file, l)
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fmt.Errorf("writing the CRL: %w", err)
	}
	if issuer == "" {
		return nil
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.IssuerCertificate().Raw})
	return os.WriteFile(issuer, block, 0o644)
}
