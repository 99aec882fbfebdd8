package probe

import (
	"bytes"
	"crypto/x509"
	"math/big"
	"slices"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// minShaped is the length from which a known serial is taken to be random: BR 7.1.2.7 asks
// for 64 bits from a CSPRNG. Neighbours of shorter ones may well be assigned.
const minShaped = 9

func withoutShape(v view) string {
	if len(v.bases) == 0 {
		return "no serial of this CA is known that is long enough to be random"
	}
	return ""
}

func withoutSibling(v view) string {
	if len(v.siblings()) == 0 {
		return "no certificate of another issuer of the same operator was named"
	}
	return ""
}

func withoutRandomness(v view) string {
	if v.entropy != evidence.EntropyRandom {
		return v.why
	}
	return ""
}

func highBit(random []byte, _ int, _ view) (revocation.Serial, bool) {
	random[1] |= 0x80
	random[0] = 0
	return random[:maxSerial], true
}

// caShaped takes the shape of all known serials where they are many, and else the length
// and the first octet of the one that is known.
func caShaped(random []byte, _ int, v view) (revocation.Serial, bool) {
	if v.entropy == evidence.EntropyRandom {
		return v.shape.like(random)
	}
	known := v.bases[0]
	serial := append(revocation.Serial{known[0]}, random[:min(len(known), maxSerial)-1]...)
	if serial[0] == 0 {
		serial[1] |= 0x80
	}
	return serial, true
}

// like returns a serial of that shape with other octets where it varies.
func (s shape) like(random []byte) (revocation.Serial, bool) {
	serial := slices.Clone(s.octets)
	for i := range serial {
		serial[i] = serial[i]&^s.varies[i] | random[i%len(random)]&s.varies[i]
	}
	minimal := revocation.SerialOf(serial.Big())
	return serial, serial[0] < 0x80 && len(minimal) == len(serial)
}

// neighbour goes through the ways to be close to a serial, for one known serial after the
// other, and then again a little farther off.
func neighbour(random []byte, index int, v view) (revocation.Serial, bool) {
	const ways = 6
	known := v.bases[index/ways%len(v.bases)]
	round := index / ways / len(v.bases)
	near := known.Big()
	octets := (near.BitLen() + 7) / 8
	flip := func(octet int) { // counted from the low end
		bit := 8*octet + (round+4)%7
		near.SetBit(near, bit, near.Bit(bit)^1)
	}
	switch index % ways {
	case 0:
		near.Add(near, big.NewInt(int64(round)+1))
	case 1:
		near.Sub(near, big.NewInt(int64(round)+1))
	case 2:
		flip(octets - 1)
	case 3:
		flip(octets / 2)
	case 4:
		flip(0)
	case 5:
		small := int64(random[0]) + 256*int64(round+1)
		if random[1]&1 != 0 {
			small = -small
		}
		near.Add(near, big.NewInt(small))
	}
	return revocation.SerialOf(near), near.Sign() > 0
}

// flipped is how many octets of a known serial are changed: few show a lookup that leaves
// out few.
var flipped = [...]int{4, 1, 8, 2, 12}

// changed returns how many octets of which known serial the index-th flip changes.
func changed(index int, v view) (known revocation.Serial, octets int) {
	known = v.bases[index/len(flipped)%len(v.bases)]
	octets = flipped[index%len(flipped)]
	if index == 0 {
		octets = min(octets, len(known)-8) // a lookup by the low 64 bits has to show at once
	}
	return known, min(octets, len(known)-1)
}

func topFlip(random []byte, index int, v view) (revocation.Serial, bool) {
	known, n := changed(index, v)
	serial := append(positive(random[:n]), known[n:]...)
	if serial[0] == known[0] {
		serial[0] = serial[0]%0x7f + 1 // another octet of 01 to 7f: the INTEGER stays minimal
	}
	return serial, true
}

func lowFlip(random []byte, index int, v view) (revocation.Serial, bool) {
	known, n := changed(index, v)
	serial := append(slices.Clone(known[:len(known)-n]), random[:n]...)
	if last := len(serial) - 1; serial[last] == known[last] {
		serial[last] ^= 1
	}
	return serial, len(revocation.SerialOf(serial.Big())) == len(serial)
}

func sibling(_ []byte, index int, v view) (revocation.Serial, bool) {
	others := v.siblings()
	if index >= len(others) {
		return nil, false
	}
	return revocation.SerialOf(others[index].SerialNumber), true
}

// siblings passes over certificates of the issuer itself: their serials are assigned.
func (v view) siblings() []*x509.Certificate {
	return slices.DeleteFunc(slices.Clone(v.Siblings), func(c *x509.Certificate) bool {
		return v.Issuer != nil && bytes.Equal(c.RawIssuer, v.Issuer.RawSubject)
	})
}

// shortSerial begins with the longest, which is least likely to be assigned.
func shortSerial(random []byte, index int, _ view) (revocation.Serial, bool) {
	return positive(random[:7-index%7]), true
}

// lengths is one serial without a sign octet for each length, and one with it for each but
// the longest.
const lengths = 2*maxSerial - 1

// everyLength has all lengths covered where more than one serial of a kind is wanted.
func everyLength(each int) int {
	if each < 2 {
		return 0
	}
	return lengths
}

func ofLength(random []byte, index int, v view) (revocation.Serial, bool) {
	index %= lengths
	n, signed := maxSerial-index%maxSerial, index >= maxSerial
	if signed {
		n = maxSerial - 1 - (index - maxSerial)
	}
	if n < 16 && v.longOnly || n < 8 && v.entropy != evidence.EntropyRandom {
		return nil, false
	}
	if !signed {
		return positive(random[:n]), true
	}
	random[0] |= 0x80
	return append(revocation.Serial{0}, random[:n]...), true
}

// twoOrMore has a negative and an overlong serial asked about in every run.
func twoOrMore(each int) int { return max(each, 2) }

// unissuable begins with those two. Where serials may be few and sequential, the small ones
// are left out: a private CA may have begun to count at 0, or encoded 255 as -1.
func unissuable(random []byte, index int, v view) (revocation.Serial, bool) {
	if v.longOnly || v.Certificate != nil && len(v.bases) == 0 {
		index += 4
	}
	switch {
	case index == 0:
		return revocation.Serial{0xff}, true
	case index == 2:
		return revocation.Serial{0}, true
	case index%2 == 1:
		return positive(random[:maxSerial+1]), true
	}
	random[0] |= 0x80
	return append(revocation.Serial{0}, random[:maxSerial]...), true
}
