package main

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
)

// assignedSerials is a text file of n serials without any order.
func assignedSerials(n int) []byte {
	var text strings.Builder
	text.WriteString("# serials that our CA assigned\n")
	for i := range n {
		sum := sha256.Sum256(fmt.Appendf(nil, "assigned %d", i))
		fmt.Fprintf(&text, "5f%x\n", sum[:19])
	}
	return []byte(text.String())
}

func TestKnownSerialsAllowMoreStrategies(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, nil)
	few := revprobe(t, "check", "--dry-run", s.leaf, "--issuer", s.ca)
	few.want(t, exitClean, "no serial is made by ser-short: 1 serial(s) of this CA are known, 20 would show whether they are random")
	many := write(t, "known.txt", assignedSerials(40))
	o := s.check(t, "--known", many, "--known", s.leaf)
	o.want(t, exitClean, "ser-short", "assigned is at most", "x 2^-64", "152 vary in 41", "no ser-sibling: no certificate of another issuer")
	counted := write(t, "counted.txt", []byte("0x01\n02\n03\n04\n05\n06\n07\n08\n09\n0a\n0b\n0c\n0d\n0e\n0f\n10\n11\n12\n13\n14\n15\n16\n17\n"))
	s.check(t, "--known", counted).want(t, exitClean, "whatever the CA does", "only 5 bits vary")
}

func TestBoundInJSON(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, nil)
	bounds := typed(s.check(t, "--format", "json", "--population", "2e6").objects(t), "bound")
	if len(bounds) != 1 {
		t.Fatalf("%d bounds", len(bounds))
	}
	b := bounds[0]
	k := b["serials"].(float64)
	if want := k * 2e6 / (1 << 63) / 2; b["population"] != 2e6 || b["bits"] != 64.0 || b["basis"] != "assumed" || b["chance"] != want || k < 10 {
		t.Errorf("%v, want a chance of %g", b, want)
	}
}

func TestMoreSerials(t *testing.T) {
	t.Parallel()
	s := serve(t, func(r *fixtures.Responder) { r.OCSP.Unassigned = fixtures.Unauthorized }, nil)
	list := typed(s.check(t, "--serials", "4", "--rules", "ocsp-unassigned-*", "--format", "json").objects(t), "answer")
	made := map[string][]string{}
	for _, a := range list {
		if id := a["strategy"].(string); !slices.Contains(made[id], a["serial"].(string)) {
			made[id] = append(made[id], a["serial"].(string))
		}
	}
	if len(made["ser-random-16"]) != 4 || len(made["ser-neighbour"]) != 4 || len(made["ser-unissuable"]) != 4 || len(made["ser-length"]) < 20 {
		t.Errorf("serials: %v", made)
	}
}

func TestFlagsOfSerialsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, nil)
	bad := write(t, "bad.txt", []byte("0a1b\nzz\n"))
	for _, args := range [][]string{
		{"--serials", "0", "not between 1 and 200"},
		{"--serials", "201", "not between 1 and 200"},
		{"--population", "many", `"many" is no number`},
		{"--population", "0", "no number"},
		{"--population", "1e30", "no number"},
		{"--known", bad, `bad.txt: line 2: "zz" is no serial`},
	} {
		o := revprobe(t, "check", "--dry-run", s.leaf, "--issuer", s.ca, args[0], args[1])
		o.wantUsage(t, args[2])
	}
}
