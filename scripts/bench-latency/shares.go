package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

// shares is our own share of the first octet's time: what was measured beyond what the
// responder held the request for.
type shares struct {
	p50, p90, p99 time.Duration
	held          time.Duration // the median
	answers       int
	byKernel      int // of how many of them the kernel said when they came
}

func sharesOf(samples []sample) shares {
	var own, held []time.Duration
	s := shares{answers: len(samples)}
	for _, one := range samples {
		own = append(own, one.firstOctet-one.held)
		held = append(held, one.held)
		if one.kernel {
			s.byKernel++
		}
	}
	s.p50, s.p90, s.p99, s.held = percentile(own, 50), percentile(own, 90), percentile(own, 99), percentile(held, 50)
	return s
}

// percentile is the smallest of the values that so many percent of them are not above.
func percentile(values []time.Duration, percent float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(percent / 100 * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}

// ofHeld is a time as a share of what the responder held.
func (s shares) ofHeld(d time.Duration) float64 { return float64(d) / float64(s.held) }

func writeHead(w io.Writer) {
	fmt.Fprintf(w, "  %-42s %9s %9s %9s %13s %10s\n", "own share of the first octet's time", "p50 ms", "p90 ms", "p99 ms", "p90 of held", "by kernel")
}

func (s shares) write(w io.Writer, name string) {
	fmt.Fprintf(w, "  %-42s %9.3f %9.3f %9.3f %11.1f %% %8.0f %%\n", name, milliseconds(s.p50), milliseconds(s.p90), milliseconds(s.p99),
		100*s.ofHeld(s.p90), 100*float64(s.byKernel)/float64(s.answers))
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
