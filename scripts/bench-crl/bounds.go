package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// bound is one figure that has to be met.
type bound struct {
	says    string
	applies func(entries int) bool
	most    float64
	measure func(c costs) float64
}

func from(least int) func(int) bool { return func(n int) bool { return n >= least } }

func exactly(size int) func(int) bool { return func(n int) bool { return n == size } }

// ratio is the processor time of one contender in that of another. All run on one core, and
// what others do on the machine stretches wall time most for who waits for memory.
func ratio(of, in string) func(costs) float64 {
	return func(c costs) float64 { return float64(c.of[of].cpu) / float64(c.of[in].cpu) }
}

func peak(of string) func(costs) float64 {
	return func(c costs) float64 { return c.of[of].peak }
}

func bounds() []bound {
	return []bound{
		{"a full lint takes at most 1/15 of the time crypto/x509 takes to parse", from(1e6), 1.0 / 15, ratio(lint, stdlib)},
		{"a full lint takes at most 1/10 of the time crypto/x509 takes to parse", exactly(1e5), 1.0 / 10, ratio(lint, stdlib)},
		{"a full lint takes at most 3 times as long as openssl takes to hash the file", from(1e6), 3, ratio(lint, opensslDg)},
		{"the rules use at most 16 MiB for 1M entries", exactly(1e6), 16, peak(alone)},
		{"the rules use at most 8 MiB at any size, without the search for duplicates", from(0), 8, peak(aloneUnpaired)},
		{"what else revprobe links uses at most 7 MiB more at any size", from(0), 7, func(c costs) float64 { return c.of[lint].peak - c.of[alone].peak }},
		{"a full lint of 10M entries uses at most 64 MiB", exactly(1e7), 64, peak(lint)},
	}
}

// clearly is how far a bound is missed before the exit code says so: absolute times wander
// on a shared machine, and ratios with them.
const clearly = 1.1

// compare measures every size, prints the table, and says which bounds hold.
func compare(out io.Writer, built programs, sizes []int, runs int) (int, error) {
	code := exitHolds
	for _, entries := range sizes {
		n := runs
		if n == 0 {
			n = max(3, min(15, 10e6/entries))
		}
		c, err := measure(built, entries, n)
		if err != nil {
			return exitTrouble, err
		}
		if c.write(out, n); c.judge(out) {
			code = exitMissed
		}
	}
	return code, nil
}

func (c costs) write(out io.Writer, runs int) {
	fmt.Fprintf(out, "%d entries, %.1f MB, medians of %d runs\n", c.entries, float64(c.octets)/1e6, runs)
	fmt.Fprintf(out, "  %-36s %9s %9s %9s %10s %12s\n", "", "wall ms", "cpu ms", "peak MiB", "of x509's", "of sha256's")
	for _, name := range []string{lint, unpaired, alone, aloneUnpaired, idle, stdlib, opensslC, opensslDg} {
		of, measured := c.of[name]
		if !measured {
			continue
		}
		against := fmt.Sprintf("%10.3f", ratio(name, stdlib)(c))
		if _, floor := c.of[opensslDg]; floor {
			against += fmt.Sprintf(" %12.2f", ratio(name, opensslDg)(c))
		}
		fmt.Fprintf(out, "  %-36s %9.1f %9.1f %9.1f %s\n", name, milliseconds(of.wall), milliseconds(of.cpu), of.peak, against)
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// judge says which bounds hold and reports whether one is clearly missed.
func (c costs) judge(out io.Writer) (missed bool) {
	_, floor := c.of[opensslDg]
	for _, b := range bounds() {
		if !b.applies(c.entries) {
			continue
		}
		word := "holds"
		switch got := b.measure(c); {
		case strings.Contains(b.says, "openssl") && !floor:
			word = "unknown, openssl is not here"
		case got > clearly*b.most:
			word, missed = fmt.Sprintf("MISSED: %.3g, not %.3g", got, b.most), true
		case got > b.most:
			word = fmt.Sprintf("missed by less than a tenth: %.3g, not %.3g", got, b.most)
		}
		fmt.Fprintf(out, "  %s: %s\n", b.says, word)
	}
	fmt.Fprintln(out)
	return missed
}
