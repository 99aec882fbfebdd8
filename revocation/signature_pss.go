package revocation

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"encoding/binary"
	"fmt"
	"math/big"
)

// pssParameters is RSASSA-PSS-params (RFC 4055 §3.1), defaults filled in.
type pssParameters struct {
	hash       crypto.Hash
	mgfHash    crypto.Hash
	saltLength int
	trailer    int
}

// readPSSParameters returns the parameters of a PSS AlgorithmIdentifier, or why no
// signature can be verified with them. What of it is not DER, checkParameters tells.
func readPSSParameters(alg AlgorithmIdentifier) (pssParameters, string) {
	if alg.Parameters == nil {
		return pssParameters{crypto.SHA1, crypto.SHA1, 20, 1}, ""
	}
	var n notes
	p := n.cursor(alg.Parameters, 0, root("")).pssParameters("parameters")
	switch {
	case n.broken != nil:
		return p, "the RSASSA-PSS parameters cannot be read: " + n.broken.Error()
	case p.hash == 0 || p.mgfHash == 0:
		return p, "the RSASSA-PSS parameters name an unknown digest or mask generation function"
	case p.saltLength < 0:
		return p, "the RSASSA-PSS parameters have an impossible saltLength"
	case p.trailer != 1:
		return p, fmt.Sprintf("the RSASSA-PSS parameters have trailerField %d, only 1 is defined", p.trailer)
	}
	return p, ""
}

// pssParameters reads RSASSA-PSS-params of that name.
func (c *cursor) pssParameters(name string) pssParameters {
	p := pssParameters{crypto.SHA1, crypto.SHA1, 20, 1}
	seq, ok := c.expect(tagSequence, name)
	if !ok {
		return p
	}
	in := c.inside(seq, c.path.in(name))
	in.explicit(0, "hashAlgorithm", func(in *cursor) {
		at := in.at
		p.hash = in.digest("hashAlgorithm")
		in.defaulted(at, "hashAlgorithm", p.hash == crypto.SHA1)
	})
	in.explicit(1, "maskGenAlgorithm", func(in *cursor) {
		at := in.at
		p.mgfHash = in.maskDigest("maskGenAlgorithm")
		in.defaulted(at, "maskGenAlgorithm", p.mgfHash == crypto.SHA1)
	})
	in.explicit(2, "saltLength", func(in *cursor) {
		at := in.at
		p.saltLength = in.number("saltLength")
		in.defaulted(at, "saltLength", p.saltLength == 20)
	})
	in.explicit(3, "trailerField", func(in *cursor) {
		at := in.at
		p.trailer = in.number("trailerField")
		in.defaulted(at, "trailerField", p.trailer == 1)
	})
	in.end()
	return p
}

// defaulted notes a field at that offset that is present with its DEFAULT value.
func (c *cursor) defaulted(at int64, name string, isDefault bool) {
	if isDefault && c.notes.broken == nil {
		c.notes.deviate(DevDefault, at, c.path.in(name), "the default value must be left out")
	}
}

func (c *cursor) number(name string) int {
	e, ok := c.expect(tagInteger, name)
	if !ok {
		return -1
	}
	return smallInteger(c.integer(e, c.path.in(name)))
}

// digest reads the AlgorithmIdentifier of a hash function; 0 is one we do not know.
func (c *cursor) digest(name string) crypto.Hash {
	alg, params, ok := c.bareAlgorithm(name)
	if !ok {
		return 0
	}
	c.checkNullOrAbsent(alg, params, c.path.in(name).in("parameters"))
	return hashOf(alg.Algorithm)
}

// maskDigest reads a MaskGenAlgorithm: MGF1 with the hash function that is returned.
func (c *cursor) maskDigest(name string) crypto.Hash {
	alg, params, ok := c.bareAlgorithm(name)
	if !ok || alg.Algorithm != OIDMGF1 || !params.present() {
		return 0
	}
	return c.notes.cursor(params.raw, params.offset, c.path.in(name)).digest("parameters")
}

// verify verifies a signature over what hashes to digest; rsa.ErrVerification where it
// does not verify, another salt length than the stated one included.
func (p pssParameters) verify(pub *rsa.PublicKey, digest, signature []byte) error {
	if p.saltLength > 0 && p.hash == p.mgfHash {
		return rsa.VerifyPSS(pub, p.hash, digest, signature, &rsa.PSSOptions{SaltLength: p.saltLength, Hash: p.hash})
	}
	// crypto/rsa takes a zero SaltLength for "any", and knows no mask of another digest.
	return p.verifyEncoded(pub, digest, signature)
}

// verifyEncoded is RSASSA-PSS-VERIFY (RFC 8017 §8.1.2) with EMSA-PSS-VERIFY (§9.1.2).
func (p pssParameters) verifyEncoded(pub *rsa.PublicKey, digest, signature []byte) error {
	s := new(big.Int).SetBytes(signature)
	if len(signature) != pub.Size() || s.Cmp(pub.N) >= 0 {
		return rsa.ErrVerification
	}
	emBits := pub.N.BitLen() - 1
	emLen, hLen := (emBits+7)/8, p.hash.Size()
	message := s.Exp(s, big.NewInt(int64(pub.E)), pub.N)
	if message.BitLen() > emBits || emLen < hLen+p.saltLength+2 {
		return rsa.ErrVerification
	}
	encoded := message.FillBytes(make([]byte, emLen))
	masked, h := encoded[:emLen-hLen-1], encoded[emLen-hLen-1:emLen-1]
	if encoded[emLen-1] != 0xbc {
		return rsa.ErrVerification
	}
	block := p.mask(h, len(masked))
	for i := range block {
		block[i] ^= masked[i]
	}
	block[0] &= 0xff >> (8*emLen - emBits)
	zeros := len(block) - p.saltLength - 1
	if block[zeros] != 1 || len(bytes.TrimLeft(block[:zeros], "\x00")) > 0 {
		return rsa.ErrVerification
	}
	again := p.hash.New()
	again.Write(make([]byte, 8))
	again.Write(digest)
	again.Write(block[zeros+1:])
	if !bytes.Equal(again.Sum(nil), h) {
		return rsa.ErrVerification
	}
	return nil
}

// mask is MGF1 (RFC 8017 §B.2.1).
func (p pssParameters) mask(seed []byte, length int) []byte {
	var out []byte
	for counter := uint32(0); len(out) < length; counter++ {
		h := p.mgfHash.New()
		h.Write(seed)
		h.Write(binary.BigEndian.AppendUint32(nil, counter))
		out = h.Sum(out)
	}
	return out[:length]
}
