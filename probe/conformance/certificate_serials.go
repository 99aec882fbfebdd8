package conformance

import (
	"bytes"
	"crypto/x509"
	"math/big"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// entropySince is when BR 7.1 came to ask for 64 bits of a CSPRNG (ballot 164).
const entropySince = "2016-09-30"

// sequentialWithin is how close two serial numbers of 64 random bits come once in some five
// hundred thousand million pairs.
const sequentialWithin = 24 // bits

// serialRules are those about serial numbers, alone and among the others at hand.
func serialRules() []*Rule {
	return []*Rule{
		{
			ID: "cert-serial-range",
			Cites: []Citation{RFC5280("4.1.2.2", Must), BR("7.1.2", Must).Since(entropySince),
				MRSP("5.2", Must).Since(entropySince)},
			Says:  "A serial number must be more than 0 and less than 2^159.",
			Needs: pointed,
			Cert: func(s CertSubject) Verdict {
				number := s.Certificate.SerialNumber
				switch {
				case s.Role == RoleDelegate:
					return skip() // cert-ocsp-serial-alg speaks of those
				case number.Sign() <= 0 && selfSigned(s.Certificate):
					return fail("more than 0", "%s", number).in("serialNumber").atMost(Notice) // as old roots have it, and trust in them comes from elsewhere
				case number.Sign() <= 0:
					return fail("more than 0", "%s", number).in("serialNumber")
				case number.BitLen() > 20*8-1:
					return fail("less than 2^159", "%d bits", number.BitLen()).in("serialNumber")
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("0", leafWith(func(c *x509.Certificate) { c.SerialNumber = new(big.Int) })),
				when("2^159", leafWith(func(c *x509.Certificate) { c.SerialNumber = new(big.Int).Lsh(big.NewInt(1), 159) })),
			},
			Good: []fixtures.Case{
				when("2^159-1", leafWith(func(c *x509.Certificate) {
					c.SerialNumber = new(big.Int).SetBytes(append([]byte{0x7f}, bytes.Repeat([]byte{0xff}, 19)...))
				})),
			},
			Also: []string{"cert-serial-entropy"},
		},
		{
			ID:     "cert-serial-entropy",
			Public: true,
			Cites:  []Citation{BR("7.1.2", Must).Since(entropySince), MRSP("5.2", Must).Since(entropySince)},
			Says:   "Serial numbers must hold 64 random bits, and not follow each other.",
			Needs:  pointed | evidence.OCSP,
			Marked: Warning, // what random numbers could give too, if hardly
			Cert: func(s CertSubject) Verdict {
				number := s.Certificate.SerialNumber
				if s.Role != RoleDelegate && number.BitLen() <= guessableSerial {
					return fail("64 random bits", "%s, no more than %d bits", number, guessableSerial).in("serialNumber")
				}
				for _, other := range siblings(s) {
					if apart := new(big.Int).Sub(number, other.SerialNumber); apart.Sign() != 0 && apart.BitLen() <= sequentialWithin {
						return fail("serial numbers that do not follow each other", "%x, and %x of %s", number, other.SerialNumber, nameOf(other)).in("serialNumber")
					}
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("32 bits", leafWith(func(c *x509.Certificate) { c.SerialNumber = big.NewInt(1<<32 - 1) })),
				when("close to the leaf's", delegateNumbered(1<<24-1)),
			},
			Good: []fixtures.Case{
				when("33 bits", leafWith(func(c *x509.Certificate) { c.SerialNumber = big.NewInt(1 << 32) })),
				when("2^24 from the leaf's", delegateNumbered(1<<24)),
			},
		},
		{
			ID:    "cert-serial-unique",
			Cites: []Citation{RFC5280("4.1.2.2", Must), MRSP("5.2", Must)},
			Says:  "No two certificates of a CA must have the same serial number, a precertificate and its certificate excepted.",
			Needs: pointed | evidence.OCSP,
			Cert: func(s CertSubject) Verdict {
				for _, other := range siblings(s) {
					if other.SerialNumber.Cmp(s.Certificate.SerialNumber) == 0 && revocation.IsPrecertificate(other) == revocation.IsPrecertificate(s.Certificate) {
						return fail("a serial number of its own", "%x, which %s has too", other.SerialNumber, nameOf(other)).in("serialNumber")
					}
				}
				return pass()
			},
			Bad:  []fixtures.Case{when("the leaf's", delegateNumbered(0))},
			Good: []fixtures.Case{when("its own", func(r *fake) { r.OCSP.Signer = fixtures.Delegated })},
		},
	}
}

// siblings returns the other certificates at hand that the same key of the same CA signed,
// as far as names tell.
func siblings(s CertSubject) []*x509.Certificate {
	var list []*x509.Certificate
	for _, c := range s.Known {
		if !c.Equal(s.Certificate) && bytes.Equal(c.RawIssuer, s.Certificate.RawIssuer) && bytes.Equal(c.AuthorityKeyId, s.Certificate.AuthorityKeyId) {
			list = append(list, c)
		}
	}
	return list
}

// delegateNumbered has a delegate sign whose serial number is so far from the leaf's.
func delegateNumbered(apart int64) func(*fake) {
	return delegateWith(func(c *x509.Certificate) {
		leaf := fixtures.Conforming(c.NotAfter, fixtures.NewAuthority(fixtures.Kind{})).LeafSerial()
		c.SerialNumber = new(big.Int).Add(leaf.Big(), big.NewInt(apart))
	})
}
