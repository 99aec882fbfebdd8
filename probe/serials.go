package probe

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"math/big"
	"slices"

	"github.com/revprobe/revprobe/revocation"
)

// Strategy is one way to make up the serial of a certificate that was never issued.
type Strategy struct {
	ID   string
	Says string
	// long strategies have 120 random bits of our own or more: they are safe also where the
	// CA's serials are few or sequential.
	long bool
	// make shapes 32 octets of our randomness; false where what the target shows is not
	// enough for the strategy.
	make func(random []byte, index int, t Target) (revocation.Serial, bool)
}

// Strategies returns every strategy, in the order in which they are asked.
func Strategies() []Strategy {
	return []Strategy{
		{"ser-random-20", "20 random octets, positive", true, randomOctets(20)},
		{"ser-random-16", "16 random octets, positive", true, randomOctets(16)},
		{"ser-random-8", "8 random octets, positive", false, randomOctets(8)},
		{"ser-highbit", "19 random octets behind the 00 that DER puts before a set top bit", true, highBit},
		{"ser-ca-shaped", "as long as a known serial and with its first octet", false, caShaped},
		{"ser-neighbour", "one more than a known serial", false, neighbour},
		{"ser-top-flip", "a known serial with its top 4 octets changed", false, topFlip},
		{"ser-sibling", "a real serial of another issuer of the same operator", false, sibling},
	}
}

// Serials makes up serials of certificates that were never issued. They are derived, not
// drawn: the same seed gives the same serials, and nobody without it can tell them.
type Serials struct {
	Seed []byte
}

// Make returns the index-th serial of a strategy for the target's issuer, and false where
// the strategy needs something that the target does not show. It never returns a serial
// that the target shows to be assigned, or that excluded holds.
func (s Serials) Make(strategy Strategy, index int, t Target, excluded func(revocation.Serial) bool) (revocation.Serial, bool) {
	if t.issuesCertificatesOfCAs() && !strategy.long {
		return nil, false
	}
	for attempt := range maxAttempts {
		serial, ok := strategy.make(s.random(t.Issuer, strategy.ID, index, attempt), index, t)
		switch {
		case !ok:
			return nil, false
		case !isKnown(serial, t) && !excluded(serial):
			return serial, true
		case strategy.ID == "ser-neighbour" || strategy.ID == "ser-sibling":
			return nil, false // they have one serial each
		}
	}
	return nil, false
}

// maxAttempts is how often a serial is drawn again that turned out to be assigned.
const maxAttempts = 16

func isKnown(serial revocation.Serial, t Target) bool {
	for _, known := range t.knownSerials() {
		if known.Equal(serial) {
			return true
		}
	}
	return false
}

// random is HMAC-SHA-256(seed, issuer name hash || issuer key hash || strategy || index).
func (s Serials) random(issuer *x509.Certificate, strategy string, index, attempt int) []byte {
	mac := hmac.New(sha256.New, s.Seed)
	if issuer != nil {
		name, key := sha256.Sum256(issuer.RawSubject), sha256.Sum256(issuer.RawSubjectPublicKeyInfo)
		mac.Write(name[:])
		mac.Write(key[:])
	}
	mac.Write([]byte(strategy))
	mac.Write(binary.BigEndian.AppendUint32(nil, uint32(index)))
	mac.Write(binary.BigEndian.AppendUint32(nil, uint32(attempt)))
	return mac.Sum(nil)
}

func randomOctets(n int) func([]byte, int, Target) (revocation.Serial, bool) {
	return func(random []byte, _ int, _ Target) (revocation.Serial, bool) {
		return positive(random[:n]), true
	}
}

// positive clears the sign bit and leaves no superfluous zero octet.
func positive(b []byte) revocation.Serial {
	b[0] &= 0x7f
	if b[0] == 0 {
		b[0] = 0x40
	}
	return b
}

func highBit(random []byte, _ int, _ Target) (revocation.Serial, bool) {
	random[1] |= 0x80
	random[0] = 0
	return random[:20], true
}

// minShaped is the length from which a known serial is taken to be random: BR 7.1.2.7 asks
// for 64 bits from a CSPRNG. Neighbours of shorter ones may well be assigned.
const minShaped = 9

// shape returns the serial that strategies take their shape from.
func shape(t Target) (revocation.Serial, bool) {
	if t.Certificate == nil {
		return nil, false
	}
	known := revocation.SerialOf(t.Certificate.SerialNumber)
	return known, len(known) >= minShaped
}

func caShaped(random []byte, _ int, t Target) (revocation.Serial, bool) {
	known, ok := shape(t)
	if !ok {
		return nil, false
	}
	serial := append(revocation.Serial{known[0]}, random[:min(len(known), 20)-1]...)
	if serial[0] == 0 {
		serial[1] |= 0x80
	}
	return serial, true
}

func neighbour(_ []byte, index int, t Target) (revocation.Serial, bool) {
	known, ok := shape(t)
	if !ok {
		return nil, false
	}
	return revocation.SerialOf(new(big.Int).Add(known.Big(), big.NewInt(int64(index)+1))), true
}

func topFlip(random []byte, _ int, t Target) (revocation.Serial, bool) {
	known, ok := shape(t)
	if !ok {
		return nil, false
	}
	serial := append(positive(random[:4]), known[4:]...)
	if serial[0] == known[0] {
		serial[0] = serial[0]%0x7f + 1 // another octet of 01 to 7f: the INTEGER stays minimal
	}
	return serial, true
}

// sibling passes over certificates of the issuer itself: their serials are assigned.
func sibling(_ []byte, index int, t Target) (revocation.Serial, bool) {
	others := slices.DeleteFunc(slices.Clone(t.Siblings), func(c *x509.Certificate) bool {
		return t.Issuer != nil && bytes.Equal(c.RawIssuer, t.Issuer.RawSubject)
	})
	if index >= len(others) {
		return nil, false
	}
	return revocation.SerialOf(others[index].SerialNumber), true
}
