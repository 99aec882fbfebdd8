package probe

import (
	"cmp"
	"fmt"
	"math/big"
	"math/bits"
	"slices"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

const (
	// fewestKnown is how many serials have to be known before anything is concluded from
	// them.
	fewestKnown = 20
	// fewestBits is how many bits of a serial BR 7.1 wants from a CSPRNG.
	fewestBits = 64
	// fewestDates is of how many different times of issuance the order counts: by chance
	// eight are in the order of their serials once in 20,000 times.
	fewestDates = 8
	// gapShare is the share of the expected smallest gap below which serials lie too close.
	gapShare = 1000
	window   = 8 // octets
)

// issuance is what the known serials of an issuer tell of how it makes them.
type issuance struct {
	known   int // how many are known
	bits    int // how many vary, of those as long as most
	entropy evidence.Entropy
	why     string // what the entropy follows from; empty where it is EntropyRandom
	list    []revocation.Serial
	shape   shape
}

// shape is what serials of one length have in common.
type shape struct {
	octets revocation.Serial // one of them
	varies []byte            // the bits in which they differ
}

// issuanceOf looks at some of an issuer's serials, of which it has that many.
func issuanceOf(some []sampled, known int) issuance {
	i := issuance{known: known, entropy: evidence.EntropyUnknown}
	for _, s := range some {
		i.list = append(i.list, s.serial)
	}
	if known < fewestKnown {
		i.why = fmt.Sprintf("%d serial(s) of this CA are known, %d would show whether they are random", known, fewestKnown)
		return i
	}
	alike := commonest(i.list)
	i.shape = shapeOf(alike)
	for _, octet := range i.shape.varies {
		i.bits += bits.OnesCount8(octet)
	}
	if i.why = lowEntropy(some, i.shape, i.bits, alike); i.why != "" {
		i.entropy = evidence.EntropyLow
	} else {
		i.entropy = evidence.EntropyRandom
	}
	return i
}

// lowEntropy says what shows that serials are not random, or nothing.
func lowEntropy(some []sampled, s shape, varying int, alike []revocation.Serial) string {
	gap, least := smallestGap(alike)
	switch {
	case varying < fewestBits:
		return fmt.Sprintf("only %d bits vary among the known serials of this CA", varying)
	case gap.Cmp(least) < 0:
		return fmt.Sprintf("two known serials of this CA lie %s apart, closer than chance brings any", short(gap))
	case inOrderOfIssuance(some):
		return "the known serials of this CA are in the order of issuance"
	case steadyOctet(s, alike):
		return "some octets of this CA's known serials have very few values"
	}
	return ""
}

// commonest returns the serials that are as long as most.
func commonest(list []revocation.Serial) []revocation.Serial {
	byLength := map[int][]revocation.Serial{}
	var most []revocation.Serial
	for _, s := range list {
		byLength[len(s)] = append(byLength[len(s)], s)
	}
	for length, alike := range byLength {
		if len(alike) > len(most) || len(alike) == len(most) && length > len(most[0]) {
			most = alike
		}
	}
	return most
}

func shapeOf(alike []revocation.Serial) shape {
	s := shape{octets: alike[0], varies: make([]byte, len(alike[0]))}
	for _, other := range alike {
		for i := range other {
			s.varies[i] |= other[i] ^ s.octets[i]
		}
	}
	return s
}

// smallestGap returns the smallest difference of two serials, and what it would be at
// least: of N uniform draws from M values it is about M/N², and a thousandth of that once
// in a thousand times.
func smallestGap(alike []revocation.Serial) (gap, least *big.Int) {
	var ordered []*big.Int
	for _, s := range alike {
		ordered = append(ordered, s.Big())
	}
	slices.SortFunc(ordered, (*big.Int).Cmp)
	span := new(big.Int).Sub(ordered[len(ordered)-1], ordered[0])
	gap = new(big.Int).Set(span)
	for i := 1; i < len(ordered); i++ {
		if d := new(big.Int).Sub(ordered[i], ordered[i-1]); d.Cmp(gap) < 0 {
			gap = d
		}
	}
	n := int64(len(ordered))
	return gap, span.Div(span, big.NewInt(gapShare*n*n))
}

// inOrderOfIssuance reports whether serials only grow, or only shrink, from each time of
// issuance to the next.
func inOrderOfIssuance(some []sampled) bool {
	dated := slices.DeleteFunc(slices.Clone(some), func(s sampled) bool { return s.issued.IsZero() })
	slices.SortFunc(dated, func(a, b sampled) int { return cmp.Or(a.issued.Compare(b.issued), bySerial(a, b)) })
	dates, grows, shrinks := 0, true, true
	var least, most sampled // of the time before
	for from := 0; from < len(dated); {
		to := from
		for to < len(dated) && dated[to].issued.Equal(dated[from].issued) {
			to++
		}
		if dates++; dates > 1 {
			grows = grows && bySerial(most, dated[from]) < 0
			shrinks = shrinks && bySerial(least, dated[to-1]) > 0
		}
		least, most, from = dated[from], dated[to-1], to
	}
	return dates >= fewestDates && (grows || shrinks)
}

// steadyOctet reports whether an octet among the first or the last ones, beyond a fixed
// prefix, has fewer values than half of what chance would give at the least.
func steadyOctet(s shape, alike []revocation.Serial) bool {
	if len(alike) < fewestKnown {
		return false
	}
	start := slices.IndexFunc(s.varies, func(octet byte) bool { return octet != 0 })
	if s.varies[start] != 0xff {
		start++ // some of its bits are part of the prefix
	}
	for i := start; i < len(s.varies); i++ {
		if i >= start+window && i < len(s.varies)-window {
			continue
		}
		var values [256]bool
		different := 0
		for _, serial := range alike {
			if !values[serial[i]] {
				values[serial[i]] = true
				different++
			}
		}
		if different < min(len(alike)/2, 128) {
			return true
		}
	}
	return false
}

// short writes a number of any size in few characters.
func short(n *big.Int) string {
	if n.BitLen() <= 32 {
		return n.String()
	}
	return fmt.Sprintf("less than 2^%d", n.BitLen())
}
