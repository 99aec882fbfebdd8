// Command bench-latency shows how much of the first-octet time that revprobe measures is its
// own: a responder on loopback, a process of its own, holds each request for a known time and
// says in its answer for how long it did. Run it from within the repository:
//
//	go run ./scripts/bench-latency
//	go run ./scripts/bench-latency --hold 5ms --requests 10000 1 8 256     so many in flight
//
// It asks through revprobe's own transport, with the kernel's times of arrival and without
// them, and with the standard library's client and its trace. They take turns, so that a busy machine is
// busy for all.
//
// Exit codes: 0 when it has run, whatever it shows; 2 when something could not be run.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "bench-latency: %v\n", err)
		os.Exit(2)
	}
}

// rounds is how often the contenders take turns.
const rounds = 5

func run(out io.Writer, args []string) error {
	if len(args) == 2 && args[0] == serveCommand {
		hold, err := time.ParseDuration(args[1])
		if err != nil {
			return err
		}
		return serve(hold, out, os.Stdin)
	}
	f := flag.NewFlagSet("bench-latency", flag.ContinueOnError)
	hold := f.Duration("hold", 20*time.Millisecond, "for how long the responder holds each request")
	requests := f.Int("requests", 4000, "how many each contender asks; one in flight asks a tenth")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *hold <= 0 || *requests < rounds {
		return fmt.Errorf("--hold has to be more than 0, --requests at least %d", rounds)
	}
	levels, err := levelsOf(f.Args())
	if err != nil {
		return err
	}
	r, err := startResponder(*hold)
	if err != nil {
		return err
	}
	defer r.stop()
	for _, inFlight := range levels {
		if err := compare(out, r.address, inFlight, *requests); err != nil {
			return err
		}
	}
	return nil
}

// levelsOf reads how many requests shall be in flight.
func levelsOf(args []string) ([]int, error) {
	if len(args) == 0 {
		return []int{1, 16, 64}, nil
	}
	var levels []int
	for _, arg := range args {
		n, err := strconv.Atoi(arg)
		if err != nil || n < 1 || n > 1000 {
			return nil, fmt.Errorf("%q is no number of requests in flight: 1 to 1000", arg)
		}
		levels = append(levels, n)
	}
	return levels, nil
}

// compare lets the contenders take turns, and prints what each measured.
func compare(out io.Writer, address string, inFlight, requests int) error {
	if inFlight == 1 {
		requests = max(rounds, requests/10)
	}
	list := contenders()
	askers, taken := make([]asker, len(list)), make([][]sample, len(list))
	for i, c := range list {
		var err error
		if askers[i], err = c.asker(address); err != nil {
			return err
		}
	}
	for range rounds {
		for i, c := range list {
			samples, err := gather(context.Background(), askers[i], inFlight, requests/rounds)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			taken[i] = append(taken[i], samples...)
		}
	}
	fmt.Fprintf(out, "%d in flight, %d answers each, held %.1f ms (median)\n", inFlight, len(taken[0]), milliseconds(sharesOf(taken[0]).held))
	writeHead(out)
	for i, c := range list {
		sharesOf(taken[i]).write(out, c.name)
	}
	fmt.Fprintln(out)
	return nil
}
