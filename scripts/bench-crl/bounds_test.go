package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"
)

// meeting is costs that stand exactly on every bound of a million entries.
func meeting() costs {
	return costs{1e6, 42e6, map[string]cost{
		lint: taking(100, 23), unpaired: taking(50, 15), alone: taking(100, 16), aloneUnpaired: taking(50, 8), idle: taking(5, 5), stdlib: taking(1500, 700),
		opensslC: taking(1000, 300), opensslDg: taking(34, 8),
	}}
}

// taking is a cost whose processor time is milliseconds long, and whose wall time is another.
func taking(milliseconds, peak float64) cost {
	return cost{time.Hour, time.Duration(milliseconds * float64(time.Millisecond)), peak}
}

func TestBoundsAreJudged(t *testing.T) {
	var out bytes.Buffer
	if c := meeting(); c.judge(&out) || strings.Count(out.String(), ": holds\n") != 5 {
		t.Errorf("on the bounds:\n%s", &out)
	}
	for what, change := range map[string]func(m map[string]cost, by float64){
		"of the time crypto/x509": func(m map[string]cost, by float64) {
			m[stdlib] = taking(1500/by, 700)
		},
		"to hash the file": func(m map[string]cost, by float64) {
			m[opensslDg] = taking(33.33/by, 8)
		},
		"for 1M entries":           func(m map[string]cost, by float64) { m[alone] = taking(100, 16*by) },
		"without the search":       func(m map[string]cost, by float64) { m[aloneUnpaired] = taking(50, 8*by) },
		"what else revprobe links": func(m map[string]cost, by float64) { m[lint] = taking(100, 16+7*by) },
	} {
		for by, want := range map[float64]string{1.05: "missed by less than a tenth", 1.2: "MISSED"} {
			c := meeting()
			change(c.of, by)
			out.Reset()
			missed := c.judge(&out)
			line := slices.IndexFunc(strings.Split(out.String(), "\n"), func(l string) bool { return strings.Contains(l, what) && strings.Contains(l, want) })
			if line < 0 || missed != (want == "MISSED") {
				t.Errorf("%s by %v: missed %v\n%s", what, by, missed, &out)
			}
		}
	}
	c := meeting()
	delete(c.of, opensslDg)
	out.Reset()
	if c.judge(&out); !strings.Contains(out.String(), "openssl is not here") {
		t.Errorf("without openssl:\n%s", &out)
	}
}

func TestSizes(t *testing.T) {
	got, err := sizesOf([]string{"12", "3k", "2M"}, true)
	if err != nil || !slices.Equal(got, []int{12, 3000, 2e6, 1e7}) {
		t.Errorf("%v %v", got, err)
	}
	for _, bad := range []string{"", "0", "-1", "k", "1G", "2000M"} {
		if got, err := sizesOf([]string{bad}, false); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
}

func TestMedians(t *testing.T) {
	if got := medians([]cost{{3, 10, 1}, {1, 30, 9}, {2, 20, 5}}); got != (cost{2, 20, 5}) {
		t.Errorf("%v", got)
	}
}
