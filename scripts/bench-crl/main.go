// Command bench-crl shows what a full revprobe lint of a CRL costs, signature and exact
// duplicates included, beside what others take for less: crypto/x509 only to parse it,
// openssl to verify it, and openssl to hash the file, which is the floor. Run it from
// within the repository:
//
//	go run ./scripts/bench-crl                   CRLs of 10k, 100k and 1M entries
//	go run ./scripts/bench-crl --huge            and of 10M: needs 8 GB of memory, for the others
//	go run ./scripts/bench-crl --runs 5 200k     another size
//	go run ./scripts/bench-crl --write big.crl --issuer ca.pem [--ascending] [--duplicates 2] 1M
//
// Each is a process of its own, measured whole: wall time, processor time and peak memory.
// The runs take turns, so that a busy machine is busy for all; shown are medians. Programs in
// Go get one core, and the ratios are of processor time. The last form only writes a CRL and
// its issuer, for other experiments.
//
// Exit codes: 0 when every bound holds or is missed by less than a tenth, 1 when one is
// clearly missed, 2 when something could not be run.
package main

import (
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/revprobe/revprobe/fixtures"
)

const (
	exitHolds   = 0
	exitMissed  = 1
	exitTrouble = 2
)

// noon is when the CRLs are judged: some minutes after they were issued.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func main() {
	if len(os.Args) == 3 && os.Args[1] == parseCommand {
		os.Exit(parse(os.Args[2]))
	}
	code, err := run(os.Stdout, os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench-crl: %v\n", err)
	}
	os.Exit(code)
}

func run(out io.Writer, args []string) (int, error) {
	f := flag.NewFlagSet("bench-crl", flag.ContinueOnError)
	runs := f.Int("runs", 0, "how often each is run (standard: more for small CRLs than for large ones)")
	huge := f.Bool("huge", false, "with a CRL of 10M entries as well")
	var made made
	f.StringVar(&made.name, "write", "", "only write a CRL to this file")
	f.StringVar(&made.issuer, "issuer", "", "and its issuer's certificate to this one")
	f.BoolVar(&made.Ascending, "ascending", false, "serial numbers of the written CRL ascend")
	f.IntVar(&made.Duplicates, "duplicates", 0, "so many serial numbers of the written CRL come twice")
	if err := f.Parse(args); err != nil {
		return exitTrouble, nil // the flag set has said so
	}
	sizes, err := sizesOf(f.Args(), *huge)
	switch {
	case err != nil:
		return exitTrouble, err
	case made.name != "" && f.NArg() != 1:
		return exitTrouble, fmt.Errorf("--write needs one number of entries")
	case made.name != "":
		made.Entries = sizes[0]
		if err := made.write(); err != nil {
			return exitTrouble, err
		}
		return exitHolds, nil
	}
	dir, err := os.MkdirTemp("", "revprobe-bench-")
	if err != nil {
		return exitTrouble, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "revprobe")
	build := exec.Command("go", "build", "-o", program, "github.com/revprobe/revprobe/cmd/revprobe")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as a release is built; the C library would be 2 MiB of every figure
	if text, err := build.CombinedOutput(); err != nil {
		return exitTrouble, fmt.Errorf("building revprobe: %w\n%s", err, text)
	}
	return compare(out, program, dir, sizes, *runs)
}

// sizesOf reads numbers of entries such as 250000, 250k and 1M.
func sizesOf(args []string, huge bool) ([]int, error) {
	if len(args) == 0 {
		args = []string{"10k", "100k", "1M"}
	}
	if huge {
		args = append(args, "10M")
	}
	var sizes []int
	for _, arg := range args {
		digits, unit := arg, 1
		for suffix, factor := range map[string]int{"k": 1e3, "M": 1e6} {
			if rest, ok := strings.CutSuffix(arg, suffix); ok {
				digits, unit = rest, factor
			}
		}
		n, err := strconv.Atoi(digits)
		if err != nil || n < 1 || n > 1e9/unit {
			return nil, fmt.Errorf("%q is no number of entries: write it as 250000, 250k or 1M", arg)
		}
		sizes = append(sizes, n*unit)
	}
	return sizes, nil
}

// made is a CRL to write.
type made struct {
	fixtures.LargeCRL
	name, issuer string
}

func (m made) write() error {
	if m.Duplicates < 0 || m.Duplicates > m.Entries/2 {
		return fmt.Errorf("--duplicates: of %d entries, at most %d can repeat another", m.Entries, m.Entries/2)
	}
	ca := fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{}))
	file, err := os.Create(m.name)
	if err != nil {
		return err
	}
	err = ca.WriteLargeCRL(file, m.LargeCRL)
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fmt.Errorf("writing the CRL: %w", err)
	}
	if m.issuer == "" {
		return nil
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.IssuerCertificate().Raw})
	return os.WriteFile(m.issuer, block, 0o644)
}

// parseCommand makes a process of this program do nothing but what parse does.
const parseCommand = "parse-by-crypto-x509"

// parse reads a CRL as a program would that leaves it to the standard library.
func parse(name string) int {
	der, err := os.ReadFile(name)
	if err == nil {
		_, err = x509.ParseRevocationList(der)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench-crl: %v\n", err)
		return exitTrouble
	}
	return 0
}
