package conformance

import (
	"math"

	"github.com/revprobe/revprobe/probe/evidence"
)

// Bound is the chance that any of the serials that were made up for one issuer had been
// assigned after all: at most k*N*2^-e for k serials, N certificates ever issued and e bits
// of which nobody could know.
type Bound struct {
	Issuer     string // fingerprint of the CA's certificate
	Name       string // of the CA, for people
	Serials    int    // k: those that were asked about
	Population int64  // N
	Bits       int    // e
	Basis      Basis  // what e rests on
	Known      *evidence.IssuerSerials
}

// Basis is what the number of unknown bits rests on.
type Basis string

// The bases.
const (
	BasisAssumed Basis = "assumed" // the 64 bits that BR 7.1 demands of each serial
	BasisSeen    Basis = "seen"    // the same, and no fewer vary among the known serials
	BasisDrawn   Basis = "drawn"   // our own randomness: of the CA's serials nothing is taken for granted
)

const (
	// requiredBits is how many bits from a CSPRNG BR 7.1.2.7 demands in a serial.
	requiredBits = 64
	// standardPopulation is N where the run does not say: more than all but a few CAs issued.
	standardPopulation = 1_000_000_000
)

// Chance is k*N*2^-e, and 1 where that is more.
func (b Bound) Chance() float64 {
	return min(1, math.Ldexp(float64(b.Serials)*float64(b.Population), -b.Bits))
}

// bounds gives each issuer that unassigned serials were made up for its bound, in the order
// of the answers.
func (e *examiner) bounds() []Bound {
	var list []Bound
	index, seen := map[string]int{}, map[string]bool{}
	for _, a := range e.answers {
		if !a.Ask.Has(fabricated) || seen[a.Issuer+" "+a.Serial] {
			continue
		}
		seen[a.Issuer+" "+a.Serial] = true
		at, there := index[a.Issuer]
		if !there {
			at = len(list)
			index[a.Issuer] = at
			list = append(list, e.bound(a.Issuer))
		}
		b := &list[at]
		if unissuable(a) && drawnBits(a.Strategy, a.Serial) == 0 {
			continue // 0 and -1 are never assigned
		}
		b.Serials++
		if own := drawnBits(a.Strategy, a.Serial); b.Basis == BasisDrawn && (b.Bits == 0 || own < b.Bits) {
			b.Bits = own
		}
	}
	return list
}

// bound is an issuer's bound before any serial is counted. Of serials that may be sequential
// only our own randomness gives one.
func (e *examiner) bound(issuer string) Bound {
	run := e.report.Run
	b := Bound{Issuer: issuer, Population: run.Population, Bits: requiredBits, Basis: BasisAssumed, Known: run.SerialsOf(issuer)}
	if c := e.certificates[issuer]; c != nil {
		b.Name = nameOf(c)
	}
	if b.Population == 0 {
		b.Population = standardPopulation
	}
	switch known := b.Known; {
	case known == nil:
	case known.Sequential || known.Entropy == evidence.EntropyLow:
		b.Bits, b.Basis = 0, BasisDrawn
	case known.Entropy == evidence.EntropyRandom:
		b.Basis = BasisSeen // that more bits vary does not show that nobody could know them
	}
	return b
}
