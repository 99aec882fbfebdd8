// Command bench-crl shows what a full revprobe lint of a CRL costs, signature and exact
// duplicates included, beside what others take for less: crypto/x509 only to parse it,
// openssl to verify it, and openssl to hash the file, which is the floor. Run it from
// within the repository:
//
//	go run ./scripts/bench-crl                   CRLs of 10k, 100k and 1M entries
//	go run ./scripts/bench-crl --huge            and of 10M: needs 8 GB of memory, for the others
//	go run ./scripts/bench-crl --runs 5 200k     another size
//
// Each is a process of its own, measured whole: wall time, processor time and peak memory.
// The runs take turns, so that a busy machine is busy for all; shown are medians. Programs in
// Go get one core, and the ratios are of processor time.
//
// This process links little: the peak that the kernel tells of a child is never below what its
// parent used when it started it. What needs more is in programs of their own, which are built
// beside revprobe: largecrl writes a CRL, stdlibparse has crypto/x509 parse one, and rulesalone
// is a lint without the rest of revprobe.
//
// Exit codes: 0 when every bound holds or is missed by less than a tenth, 1 when one is
// clearly missed, 2 when something could not be run.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
)

const (
	exitHolds   = 0
	exitMissed  = 1
	exitTrouble = 2
)

// noon is when the CRLs are judged: when largecrl issues them.
const noon = "2026-03-02T12:00:00Z"

func main() {
	debug.SetGCPercent(10) // it has little to collect, and is to stay small
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
	if err := f.Parse(args); err != nil {
		return exitTrouble, nil // the flag set has said so
	}
	sizes, err := sizesOf(f.Args(), *huge)
	if err != nil {
		return exitTrouble, err
	}
	dir, err := os.MkdirTemp("", "revprobe-bench-")
	if err != nil {
		return exitTrouble, err
	}
	defer os.RemoveAll(dir)
	build := exec.Command("go", "build", "-o", dir, module+"/cmd/revprobe", module+"/scripts/bench-crl/...")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as a release is built; the C library would be 2 MiB of every figure
	if text, err := build.CombinedOutput(); err != nil {
		return exitTrouble, fmt.Errorf("building revprobe: %w\n%s", err, text)
	}
	return compare(out, programs(dir), sizes, *runs)
}

const module = "github.com/revprobe/revprobe"

// programs is the folder that the programs are built into.
type programs string

func (p programs) named(name string) string { return filepath.Join(string(p), name) }

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
