package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

const ms = time.Millisecond

func TestPercentile(t *testing.T) {
	var hundred []time.Duration
	for n := range 100 {
		hundred = append(hundred, time.Duration(100-n))
	}
	for _, test := range []struct {
		values  []time.Duration
		percent float64
		want    time.Duration
	}{
		{nil, 50, 0},
		{[]time.Duration{7}, 50, 7},
		{[]time.Duration{7}, 99, 7},
		{[]time.Duration{3, 1, 2}, 50, 2},
		{[]time.Duration{4, 1, 3, 2}, 50, 2},
		{[]time.Duration{4, -1, 3, 2}, 0, -1},
		{hundred, 50, 50},
		{hundred, 90, 90},
		{hundred, 99, 99},
		{hundred, 100, 100},
	} {
		if got := percentile(test.values, test.percent); got != test.want {
			t.Errorf("%v at %v %%: %d, not %d", test.values, test.percent, got, test.want)
		}
	}
}

func TestShares(t *testing.T) {
	var samples []sample
	for n := range 10 {
		samples = append(samples, sample{firstOctet: time.Duration(20+n) * ms, held: 20 * ms, kernel: n < 3})
	}
	s := sharesOf(samples)
	if s != (shares{p50: 4 * ms, p90: 8 * ms, p99: 9 * ms, held: 20 * ms, answers: 10, byKernel: 3}) || s.ofHeld(s.p90) != 0.4 {
		t.Errorf("%+v, %v", s, s.ofHeld(s.p90))
	}
	var out bytes.Buffer
	s.write(&out, "one")
	if got, want := strings.Join(strings.Fields(out.String()), " "), "one 4.000 8.000 9.000 40.0 % 30 %"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

// Every contender gets answers, of which the responder says for how long it held them.
func TestEveryContenderAsks(t *testing.T) {
	lines, output := io.Pipe()
	input, stop := io.Pipe()
	ended := make(chan error)
	go func() { ended <- serve(time.Nanosecond, output, input) }()
	address, err := bufio.NewReader(lines).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range contenders() {
		ask, err := c.asker(strings.TrimSpace(address))
		if err != nil {
			t.Fatal(err)
		}
		samples, err := gather(t.Context(), ask, 3, 7)
		if err != nil || len(samples) != 9 {
			t.Errorf("%s: %d answers, %v", c.name, len(samples), err)
		}
		for _, s := range samples {
			if s.firstOctet <= 0 || s.held <= 0 {
				t.Errorf("%s: %+v", c.name, s)
			}
		}
	}
	if err := errors.Join(stop.Close(), <-ended); err != nil {
		t.Error(err)
	}
}

func TestFailuresAreTold(t *testing.T) {
	for _, c := range contenders() {
		ask, err := c.asker("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if samples, err := gather(t.Context(), ask, 2, 2); err == nil {
			t.Errorf("%s: %v", c.name, samples)
		}
	}
	for _, args := range [][]string{{"--hold", "0s"}, {"--requests", "4"}, {"0"}, {"many"}, {"1001"}, {"serve", "long"}} {
		if err := run(io.Discard, args); err == nil {
			t.Errorf("%v", args)
		}
	}
}
