package probe_test

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// knownSerials are leaf serials of the shapes that CAs use: 20 octets, with a sign octet,
// 21 octets, and the shortest that has neighbours.
var knownSerials = []string{"5f91161f43433e49a6de6db680d79f60159f2e4a", "80112233445566778899aabbccddeeff",
	"ff112233445566778899aabbccddeeff00112233", "010203040506070809"}

// shapes say of each strategy what its serials look like beside the known one.
var shapes = map[string]func(serial, known revocation.Serial) bool{
	"ser-random-20": func(s, _ revocation.Serial) bool { return len(s) == 20 && s[0] != 0 },
	"ser-random-16": func(s, _ revocation.Serial) bool { return len(s) == 16 && s[0] != 0 },
	"ser-random-8":  func(s, _ revocation.Serial) bool { return len(s) == 8 && s[0] != 0 },
	"ser-highbit":   func(s, _ revocation.Serial) bool { return len(s) == 20 && s[0] == 0 && s[1] >= 0x80 },
	"ser-ca-shaped": func(s, known revocation.Serial) bool {
		return len(s) == min(len(known), 20) && s[0] == known[0] && !bytes.Equal(s[len(s)-8:], known[len(known)-8:])
	},
	"ser-neighbour": func(s, known revocation.Serial) bool {
		return s.Big().Cmp(new(big.Int).Add(known.Big(), big.NewInt(1))) == 0
	},
	"ser-top-flip": func(s, known revocation.Serial) bool {
		return len(s) == len(known) && !bytes.Equal(s[:4], known[:4]) && bytes.Equal(s[4:], known[4:])
	},
}

func TestSerialsHaveTheShapeOfTheirStrategy(t *testing.T) {
	t.Parallel()
	for _, hex := range knownSerials {
		target := targetOf(fake(withSerial(hex)))
		known := revocation.SerialOf(target.Certificate.SerialNumber)
		for n := range 300 {
			serials := probe.Serials{Seed: fmt.Appendf(nil, "seed %d", n)}
			for id, fits := range shapes {
				s, ok := serials.Make(strategyNamed(t, id), 0, target, none)
				switch {
				case !ok:
					t.Fatalf("%s beside %s: no serial", id, known)
				case s[0] >= 0x80 || s[0] == 0 && s[1] < 0x80:
					t.Fatalf("%s beside %s: %s is negative or not minimal DER", id, known, s)
				case len(s) > 21 || !fits(s, known):
					t.Fatalf("%s beside %s: %s has not its shape", id, known, s)
				case s.Equal(known):
					t.Fatalf("%s gave the known serial %s", id, known)
				}
			}
		}
	}
}

func TestEveryStrategyButTheSiblingHasAShape(t *testing.T) {
	for _, s := range probe.Strategies() {
		if shapes[s.ID] == nil && s.ID != "ser-sibling" {
			t.Errorf("%s: no test says what its serials look like", s.ID)
		}
		if s.Says == "" {
			t.Errorf("%s: nothing says what it is", s.ID)
		}
	}
}

// A seed stands in reports so that a later version makes up the same serials again.
func TestSerialsOfASeedNeverChange(t *testing.T) {
	target := targetOf(fake(nil))
	for id, want := range map[string]string{
		"ser-random-20": "65fc64964a852626b94f39058f115ef486b4e98e",
		"ser-highbit":   "dcc814f23ee22a0ea77499ff9e4c25761c283c",
	} {
		for range 2 {
			if got, _ := seed.Make(strategyNamed(t, id), 0, target, none); got.String() != want {
				t.Errorf("%s: %s, want %s", id, got, want)
			}
		}
	}
}

func TestSerialsDifferBySeedIssuerStrategyAndIndex(t *testing.T) {
	here := targetOf(fake(nil))
	elsewhere := here
	elsewhere.Issuer = fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{RSA: true})).IssuerCertificate()
	renamed := here
	renamed.Issuer = fake(func(r *fixtures.Responder) {
		r.Issuer = func(c *x509.Certificate) { c.Subject.CommonName = "Another CA with the same key" }
	}).IssuerCertificate()
	seen := map[string]string{}
	add := func(serials probe.Serials, id string, index int, target probe.Target, what string) {
		s, ok := serials.Make(strategyNamed(t, id), index, target, none)
		if !ok || seen[s.String()] != "" {
			t.Errorf("%s of %s: %s was made before for %s", id, what, s, seen[s.String()])
		}
		seen[s.String()] = id + " of " + what
	}
	for _, id := range []string{"ser-random-20", "ser-random-16", "ser-random-8", "ser-highbit", "ser-ca-shaped", "ser-top-flip"} {
		add(seed, id, 0, here, "the first")
		add(seed, id, 1, here, "the second index")
		add(seed, id, 0, elsewhere, "another issuer")
		add(seed, id, 0, renamed, "another name of the issuer")
		add(probe.Serials{Seed: []byte("another seed")}, id, 0, here, "another seed")
	}
}

func TestStrategiesShareNoOctets(t *testing.T) {
	target := targetOf(fake(nil))
	long, _ := seed.Make(strategyNamed(t, "ser-random-20"), 0, target, none)
	short, _ := seed.Make(strategyNamed(t, "ser-random-16"), 0, target, none)
	if bytes.Equal(long[1:16], short[1:16]) {
		t.Errorf("%s begins as %s: one is told from the other", long, short)
	}
}

func TestExcludedSerialsAreMadeAnew(t *testing.T) {
	target := targetOf(fake(nil))
	for _, strategy := range probe.Strategies() {
		first, ok := seed.Make(strategy, 0, target, none)
		if strategy.ID == "ser-sibling" {
			continue
		}
		if !ok {
			t.Fatalf("%s: no serial", strategy.ID)
		}
		second, ok := seed.Make(strategy, 0, target, first.Equal)
		switch {
		case strategy.ID == "ser-neighbour":
			if ok {
				t.Errorf("%s: %s in place of the only neighbour, which is assigned", strategy.ID, second)
			}
		case !ok || second.Equal(first) || !shapes[strategy.ID](second, revocation.SerialOf(target.Certificate.SerialNumber)):
			t.Errorf("%s: %s, %v after %s was excluded", strategy.ID, second, ok, first)
		}
		if s, ok := seed.Make(strategy, 0, target, func(revocation.Serial) bool { return true }); ok {
			t.Errorf("%s: %s although everything is assigned", strategy.ID, s)
		}
	}
}

func TestTheIssuersOwnSerialIsKnown(t *testing.T) {
	issuer := fake(nil).IssuerCertificate()
	r := fake(func(r *fixtures.Responder) {
		r.Leaf = func(c *x509.Certificate) { c.SerialNumber = new(big.Int).Sub(issuer.SerialNumber, big.NewInt(1)) }
	})
	if s, ok := seed.Make(strategyNamed(t, "ser-neighbour"), 0, targetOf(r), none); ok {
		t.Errorf("%s is the serial of the issuer itself", s)
	}
}

// made returns the ids of the strategies that give a serial for the target.
func made(target probe.Target) []string {
	var ids []string
	for _, s := range probe.Strategies() {
		if _, ok := seed.Make(s, 0, target, none); ok {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

func TestWhatATargetShowsChoosesTheStrategies(t *testing.T) {
	r := fake(nil)
	root, issuer, leaf := r.RootCertificate(), r.IssuerCertificate(), r.LeafCertificate()
	shaped := []string{"ser-ca-shaped", "ser-neighbour", "ser-top-flip"}
	long := []string{"ser-random-20", "ser-random-16", "ser-highbit"}
	random := []string{"ser-random-20", "ser-random-16", "ser-random-8", "ser-highbit"}
	short := fake(withSerial("7102030405060708"))
	nine := fake(withSerial("800203040506070809")) // ten octets with the sign octet
	for name, test := range map[string]struct {
		target probe.Target
		want   []string
	}{
		"a leaf":                       {probe.Target{Certificate: leaf, Issuer: issuer}, slices.Concat(random, shaped)},
		"a leaf and a sibling":         {probe.Target{Certificate: leaf, Issuer: issuer, Siblings: []*x509.Certificate{root}}, slices.Concat(random, shaped, []string{"ser-sibling"})},
		"a sibling that is none":       {probe.Target{Certificate: leaf, Issuer: issuer, Siblings: []*x509.Certificate{leaf}}, slices.Concat(random, shaped)},
		"an issuing CA alone":          {probe.Target{Issuer: issuer}, random},
		"a root alone":                 {probe.Target{Issuer: root, Siblings: []*x509.Certificate{leaf}}, long},
		"a CA's certificate":           {probe.Target{Certificate: issuer, Issuer: root}, long},
		"a leaf, said to be of a root": {probe.Target{Certificate: leaf, Issuer: issuer, Scope: evidence.ScopeCA}, long},
		"a root, said to issue leaves": {probe.Target{Issuer: root, Scope: evidence.ScopeEE}, random},
		"a short serial":               {targetOf(short), random},
		"a serial just long enough":    {targetOf(nine), slices.Concat(random, shaped)},
	} {
		if got := made(test.target); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}
