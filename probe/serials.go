package probe

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"slices"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// Strategy is one way to make up the serial of a certificate that was never issued.
type Strategy struct {
	ID   string
	Says string
	// long strategies have 120 random bits of our own or more: they are safe also where the
	// CA's serials are few or sequential.
	long bool
	get  bool // asked by GET as well as by POST
	odd  bool // no certificate may have such a serial
	// refuse says what is missing for the strategy, or nothing; nil: nothing ever is.
	refuse func(view) string
	// count is how many serials are asked about where each strategy is to have that many;
	// nil: as many.
	count func(each int) int
	// make shapes 32 octets of our randomness; false where there is no such serial.
	make func(random []byte, index int, v view) (revocation.Serial, bool)
}

// Strategies returns every strategy, in the order in which they are asked.
func Strategies() []Strategy {
	return []Strategy{
		{ID: "ser-random-20", Says: "20 random octets, positive", long: true, get: true, make: randomOctets(20)},
		{ID: "ser-random-19", Says: "19 random octets, positive", long: true, make: randomOctets(19)},
		{ID: "ser-random-16", Says: "16 random octets, positive", long: true, make: randomOctets(16)},
		{ID: "ser-random-8", Says: "8 random octets, positive", get: true, make: randomOctets(8)},
		{ID: "ser-highbit", Says: "19 random octets behind the 00 that DER puts before a set top bit", long: true, get: true, make: highBit},
		{ID: "ser-ca-shaped", Says: "as long as the known serials and with what is constant in them", get: true, refuse: withoutShape, make: caShaped},
		{ID: "ser-neighbour", Says: "one more or less than a known serial, or with one bit changed", get: true, refuse: withoutShape, make: neighbour},
		{ID: "ser-top-flip", Says: "a known serial with its top octets changed", refuse: withoutShape, make: topFlip},
		{ID: "ser-low-flip", Says: "a known serial with its low octets changed", get: true, refuse: withoutShape, make: lowFlip},
		{ID: "ser-sibling", Says: "a real serial of another issuer of the same operator", refuse: withoutSibling, make: sibling},
		{ID: "ser-short", Says: "1 to 7 random octets", refuse: withoutRandomness, make: shortSerial},
		{ID: "ser-length", Says: "each length from 1 to 20 octets, without and with a sign octet, where several serials are asked for", long: true, count: everyLength, make: ofLength},
		{ID: "ser-unissuable", Says: "0, -1, and serials longer than 20 octets: no certificate may have them", long: true, odd: true, count: twoOrMore, make: unissuable},
	}
}

// Serials makes up serials of certificates that were never issued. They are derived, not
// drawn: the same seed gives the same serials, and nobody without it can tell them.
type Serials struct {
	Seed  []byte
	Known *Known // what is known to be assigned, and what the strategies take their shapes from; nil: nothing
}

// view is what a strategy sees of the issuer.
type view struct {
	Target
	issuance
	longOnly bool                // no serial of less than 120 random bits of our own
	bases    []revocation.Serial // known serials that others can be made from
}

func (s Serials) view(t Target) view {
	v := view{Target: t}
	v.issuance = s.Known.issuance(nameOf(t.Issuer))
	v.longOnly = t.issuesCertificatesOfCAs() || v.entropy == evidence.EntropyLow
	if t.Certificate != nil {
		v.bases = append(v.bases, revocation.SerialOf(t.Certificate.SerialNumber))
	}
	if v.entropy == evidence.EntropyRandom {
		v.bases = append(v.bases, v.list...)
	}
	v.bases = slices.DeleteFunc(v.bases, func(b revocation.Serial) bool { return len(b) < minShaped })
	return v
}

// Make returns the index-th serial of a strategy for the target's issuer, and false where
// the strategy needs something that the target does not show. It never returns a serial
// that is known to be assigned, or that excluded holds.
func (s Serials) Make(strategy Strategy, index int, t Target, excluded func(revocation.Serial) bool) (revocation.Serial, bool) {
	v := s.view(t)
	if strategy.refusal(v) != "" {
		return nil, false
	}
	for attempt := range maxAttempts {
		serial, ok := strategy.make(s.random(t.Issuer, strategy.ID, index, attempt), index, v)
		switch {
		case !ok:
			return nil, false
		case !isKnown(serial, t) && !s.Known.Has(nameOf(t.Issuer), serial) && !excluded(serial):
			return serial, true
		case strategy.ID == "ser-neighbour" || strategy.ID == "ser-sibling":
			return nil, false // an index of theirs is one serial
		}
	}
	return nil, false
}

// refusal says why a strategy makes no serials of an issuer, or nothing.
func (s Strategy) refusal(v view) string {
	switch {
	case v.longOnly && !s.long && v.entropy == evidence.EntropyLow:
		return v.why
	case v.longOnly && !s.long:
		return "the issuer issues certificates of CAs, whose serials may be few and sequential"
	case s.refuse != nil:
		return s.refuse(v)
	}
	return ""
}

// times is how many serials of the strategy are asked about.
func (s Strategy) times(each int) int {
	each = max(each, 1)
	if s.count == nil {
		return each
	}
	return s.count(each)
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

// nameOf returns the DER of a CA's name, or nil.
func nameOf(issuer *x509.Certificate) []byte {
	if issuer == nil {
		return nil
	}
	return issuer.RawSubject
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

func randomOctets(n int) func([]byte, int, view) (revocation.Serial, bool) {
	return func(random []byte, _ int, _ view) (revocation.Serial, bool) {
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
