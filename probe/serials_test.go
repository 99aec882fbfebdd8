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
	"ser-random-19": func(s, _ revocation.Serial) bool { return len(s) == 19 && s[0] != 0 },
	"ser-random-16": func(s, _ revocation.Serial) bool { return len(s) == 16 && s[0] != 0 },
	"ser-random-8":  func(s, _ revocation.Serial) bool { return len(s) == 8 && s[0] != 0 },
	"ser-highbit":   func(s, _ revocation.Serial) bool { return len(s) == 20 && s[0] == 0 && s[1] >= 0x80 },
	"ser-ca-shaped": func(s, known revocation.Serial) bool {
		return len(s) == min(len(known), 20) && s[0] == known[0] && !bytes.Equal(s[len(s)-8:], known[len(known)-8:])
	},
	"ser-neighbour": func(s, known revocation.Serial) bool {
		apart := new(big.Int).Sub(s.Big(), known.Big())
		flipped := new(big.Int).Xor(s.Big(), known.Big())
		return apart.CmpAbs(big.NewInt(1<<20)) < 0 || flipped.BitLen()-1 == int(flipped.TrailingZeroBits())
	},
	"ser-top-flip": func(s, known revocation.Serial) bool {
		n := min(len(known)-1, 12)
		return len(s) == len(known) && s[0] != known[0] && bytes.Equal(s[n:], known[n:])
	},
	"ser-low-flip": func(s, known revocation.Serial) bool {
		n := max(1, len(known)-12)
		return len(s) == len(known) && !s.Equal(known) && bytes.Equal(s[:n], known[:n])
	},
	"ser-length":     func(s, _ revocation.Serial) bool { return len(s) >= 8 && len(s) <= 20 },
	"ser-unissuable": func(s, _ revocation.Serial) bool { return s[0] >= 0x80 || s.Big().Sign() == 0 || len(s) == 21 },
}

// manyIndexes covers what a strategy makes of its indexes.
const manyIndexes = 60

func TestSerialsHaveTheShapeOfTheirStrategy(t *testing.T) {
	t.Parallel()
	for _, hex := range knownSerials {
		target := targetOf(fake(withSerial(hex)))
		known := revocation.SerialOf(target.Certificate.SerialNumber)
		for n := range 5 * manyIndexes {
			serials := probe.Serials{Seed: fmt.Appendf(nil, "seed %d", n)}
			index := max(0, n-4*manyIndexes)
			for id, fits := range shapes {
				s, ok := serials.Make(strategyNamed(t, id), index, target, none)
				switch {
				case !ok && (index == 0 || id != "ser-length" && id != "ser-low-flip"):
					t.Fatalf("%s %d beside %s: no serial", id, index, known)
				case !ok:
				case len(s) > 21 || !fits(s, known):
					t.Fatalf("%s %d beside %s: %s has not its shape", id, index, known, s)
				case s.Equal(known):
					t.Fatalf("%s %d gave the known serial %s", id, index, known)
				case id != "ser-unissuable":
					wantMinimal(t, id, s)
				}
			}
		}
	}
}

// wantMinimal fails the test unless the serial is a positive INTEGER in DER.
func wantMinimal(t *testing.T, id string, s revocation.Serial) {
	t.Helper()
	if s.Big().Sign() <= 0 || !bytes.Equal(revocation.SerialOf(s.Big()), s) {
		t.Fatalf("%s: %x is not positive, or not minimal DER", id, []byte(s))
	}
}

func TestEveryStrategyButTheSiblingHasAShape(t *testing.T) {
	for _, s := range probe.Strategies() {
		if shapes[s.ID] == nil && s.ID != "ser-sibling" && s.ID != "ser-short" { // known_test.go has those
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
	for _, id := range []string{"ser-random-20", "ser-random-19", "ser-random-16", "ser-random-8", "ser-highbit", "ser-ca-shaped", "ser-top-flip",
		"ser-low-flip", "ser-length"} {
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
		if strategy.ID == "ser-sibling" || strategy.ID == "ser-short" {
			continue
		}
		if !ok {
			t.Fatalf("%s: no serial", strategy.ID)
		}
		second, ok := seed.Make(strategy, 0, target, first.Equal)
		switch {
		case strategy.ID == "ser-neighbour" || strategy.ID == "ser-unissuable":
			if ok {
				t.Errorf("%s: %s in place of the only serial of its kind, which is assigned", strategy.ID, second)
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
	shaped := []string{"ser-ca-shaped", "ser-neighbour", "ser-top-flip", "ser-low-flip"}
	long := []string{"ser-random-20", "ser-random-19", "ser-random-16", "ser-highbit"}
	random := []string{"ser-random-20", "ser-random-19", "ser-random-16", "ser-random-8", "ser-highbit"}
	always := []string{"ser-length", "ser-unissuable"}
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
		if got, want := made(test.target), slices.Concat(test.want, always); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}
