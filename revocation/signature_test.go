package revocation

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"strings"
	"testing"
)

// pssAlgorithm encodes RSASSA-PSS-params with everything but trailerField, as BR
// §7.1.3.2.1 has them.
func pssAlgorithm(h, mask crypto.Hash, salt int) AlgorithmIdentifier {
	digest := func(h crypto.Hash) []byte {
		return AlgorithmIdentifier{Algorithm: hashID(h), Parameters: []byte{5, 0}}.marshal()
	}
	return AlgorithmIdentifier{Algorithm: OIDRSAPSS, Parameters: encodeDER(tagSequence,
		encodeDER(0xa0, digest(h)),
		encodeDER(0xa1, AlgorithmIdentifier{Algorithm: OIDMGF1, Parameters: digest(mask)}.marshal()),
		encodeDER(0xa2, encodeDER(tagInteger, SerialOf(big.NewInt(int64(salt))))))}
}

func TestVerifySignature(t *testing.T) {
	tests := []struct {
		alg  AlgorithmIdentifier
		key  string
		name string
		weak bool
	}{
		{algorithmOf(OIDMD5WithRSA), "RSA", "MD5-RSA", true},
		{algorithmOf(OIDSHA1WithRSA), "RSA", "SHA1-RSA", true},
		{algorithmOf(OIDSHA1WithRSAOIW), "RSA", "SHA1-RSA", true},
		{algorithmOf(OIDSHA224WithRSA), "RSA", "SHA224-RSA", false},
		{algorithmOf(OIDSHA256WithRSA), "RSA", "SHA256-RSA", false},
		{algorithmOf(OIDSHA384WithRSA), "RSA", "SHA384-RSA", false},
		{algorithmOf(OIDSHA512WithRSA), "RSA", "SHA512-RSA", false},
		{algorithmOf(OIDECDSAWithSHA1), "P-256", "ECDSA-SHA1", true},
		{algorithmOf(OIDECDSAWithSHA224), "P-224", "ECDSA-SHA224", false},
		{algorithmOf(OIDECDSAWithSHA256), "P-256", "ECDSA-SHA256", false},
		{algorithmOf(OIDECDSAWithSHA384), "P-384", "ECDSA-SHA384", false},
		{algorithmOf(OIDECDSAWithSHA512), "P-521", "ECDSA-SHA512", false},
		{algorithmOf(OIDEd25519), "Ed25519", "Ed25519", false},
		{pssAlgorithm(crypto.SHA256, crypto.SHA256, 32), "RSA", "SHA256-RSAPSS", false},
		{pssAlgorithm(crypto.SHA512, crypto.SHA512, 64), "RSA", "SHA512-RSAPSS", false},
		{AlgorithmIdentifier{Algorithm: OIDRSAPSS, Parameters: []byte{0x30, 0}}, "RSA", "SHA1-RSAPSS", true},
	}
	message := []byte("tbsResponseData")
	for _, test := range tests {
		t.Run(test.name+" "+test.key, func(t *testing.T) {
			key := testKeys()[test.key]
			signature := sign(test.alg, key, message)
			got := VerifySignature(test.alg, key.Public(), message, signature)
			if want := (Signature{SignatureValid, test.name, test.weak, ""}); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if got := VerifySignature(test.alg, key.Public(), []byte("other"), signature); got.State != SignatureInvalid || got.Problem == "" {
				t.Errorf("other message: %+v", got)
			}
			signature[len(signature)-1] ^= 1
			if got := VerifySignature(test.alg, key.Public(), message, signature); got.State != SignatureInvalid {
				t.Errorf("altered signature: %+v", got)
			}
			signature[len(signature)-1] ^= 1
			h, ok := DigestHash(test.alg)
			if !ok {
				t.Fatal("DigestHash does not know it")
			}
			if h == 0 {
				if got := VerifyDigest(test.alg, key.Public(), message, signature); got.State != SignatureUnchecked || got.Problem == "" {
					t.Errorf("digest of a signed message: %+v", got)
				}
				return
			}
			if got := VerifyDigest(test.alg, key.Public(), sum(h, message), signature); got.State != SignatureValid {
				t.Errorf("by digest: %+v", got)
			}
			if got := VerifyDigest(test.alg, key.Public(), nil, signature); got.State != SignatureUnchecked {
				t.Errorf("digest of another length: %+v", got)
			}
		})
	}
}

func TestVerifySignatureUncheckedAndWrongKeys(t *testing.T) {
	keys := testKeys()
	small := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 511), E: 65537}
	huge := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1<<20), E: 65537}
	tests := map[string]struct {
		alg     AlgorithmIdentifier
		key     any
		state   SignatureState
		name    string
		problem string
	}{
		"unknown":             {AlgorithmIdentifier{Algorithm: "\x2a\x03"}, keys["RSA"].Public(), SignatureUnchecked, "1.2.3", "1.2.3"},
		"MD2":                 {algorithmOf(OIDMD2WithRSA), keys["RSA"].Public(), SignatureUnchecked, "MD2-RSA", "not verified"},
		"DSA":                 {algorithmOf(OIDDSAWithSHA1), keys["RSA"].Public(), SignatureUnchecked, "DSA-SHA1", "not verified"},
		"Ed448":               {algorithmOf(OIDEd448), nil, SignatureUnchecked, "Ed448", "not verified"},
		"none":                {AlgorithmIdentifier{}, nil, SignatureUnchecked, "none", "no signature algorithm"},
		"no key":              {algorithmOf(OIDSHA256WithRSA), nil, SignatureUnchecked, "SHA256-RSA", "public key"},
		"small RSA key":       {algorithmOf(OIDSHA256WithRSA), small, SignatureUnchecked, "SHA256-RSA", "512 bits"},
		"huge RSA key":        {algorithmOf(OIDSHA256WithRSA), huge, SignatureUnchecked, "SHA256-RSA", "1048577 bits"},
		"RSA with an EC key":  {algorithmOf(OIDSHA256WithRSA), keys["P-256"].Public(), SignatureInvalid, "SHA256-RSA", "EC, P-256"},
		"ECDSA with RSA":      {algorithmOf(OIDECDSAWithSHA256), keys["RSA"].Public(), SignatureInvalid, "ECDSA-SHA256", "RSA, 2048"},
		"ECDSA with Ed25519":  {algorithmOf(OIDECDSAWithSHA256), keys["Ed25519"].Public(), SignatureInvalid, "ECDSA-SHA256", "Ed25519"},
		"Ed25519 with EC":     {algorithmOf(OIDEd25519), keys["P-256"].Public(), SignatureInvalid, "Ed25519", "EC, P-256"},
		"Ed25519, odd length": {algorithmOf(OIDEd25519), ed25519.PublicKey{1, 2}, SignatureInvalid, "Ed25519", "Ed25519"},
		"PSS trailer":         {AlgorithmIdentifier{Algorithm: OIDRSAPSS, Parameters: unhex("3005a303020102")}, keys["RSA"].Public(), SignatureUnchecked, "RSAPSS", "trailerField"},
		"PSS unknown hash":    {AlgorithmIdentifier{Algorithm: OIDRSAPSS, Parameters: unhex("3008a006300406022a03")}, keys["RSA"].Public(), SignatureUnchecked, "RSAPSS", "unknown digest"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := VerifySignature(test.alg, test.key, []byte("message"), make([]byte, 64))
			if got.State != test.state || got.Algorithm != test.name || !strings.Contains(got.Problem, test.problem) {
				t.Errorf("got %+v, want %s %s with %q", got, test.state, test.name, test.problem)
			}
			if _, known := DigestHash(test.alg); known == (schemeOf(test.alg).kind == unverifiable) {
				t.Errorf("DigestHash knows it: %v", known)
			}
		})
	}
}

// TestVerifyPSSSaltLength checks that the stated salt length is the one that counts, zero
// included, which crypto/rsa would take for any.
func TestVerifyPSSSaltLength(t *testing.T) {
	key := testKeys()["RSA"].(*rsa.PrivateKey)
	message := []byte("tbsResponseData")
	for _, made := range []int{0, 20, 32} {
		signature := rawPSS(key, pssParameters{crypto.SHA256, crypto.SHA256, made, 1}, message)
		for _, stated := range []int{0, 20, 32} {
			got := VerifySignature(pssAlgorithm(crypto.SHA256, crypto.SHA256, stated), key.Public(), message, signature)
			if (got.State == SignatureValid) != (made == stated) {
				t.Errorf("salt of %d octets, %d stated: %+v", made, stated, got)
			}
		}
	}
}

// rawPSS is RSASSA-PSS-SIGN (RFC 8017 §8.1.1) for what crypto/rsa does not make.
func rawPSS(key *rsa.PrivateKey, p pssParameters, message []byte) []byte {
	emBits := key.N.BitLen() - 1
	emLen, hLen := (emBits+7)/8, p.hash.Size()
	salt := make([]byte, p.saltLength)
	primed := append(append(make([]byte, 8), sum(p.hash, message)...), salt...)
	h := sum(p.hash, primed)
	block := make([]byte, emLen-hLen-1)
	block[len(block)-p.saltLength-1] = 1
	for i, m := range p.mask(h, len(block)) {
		block[i] ^= m
	}
	block[0] &= 0xff >> (8*emLen - emBits)
	encoded := new(big.Int).SetBytes(append(append(block, h...), 0xbc))
	return encoded.Exp(encoded, key.D, key.N).FillBytes(make([]byte, key.Size()))
}

// TestVerifyPSSEncoded holds our EMSA-PSS verification, used where crypto/rsa cannot, against
// signatures of crypto/rsa, and checks a mask of another digest.
func TestVerifyPSSEncoded(t *testing.T) {
	key := testKeys()["RSA"].(*rsa.PrivateKey)
	message := []byte("tbsResponseData")
	digest := sum(crypto.SHA256, message)
	for _, salt := range []int{1, 20, 32, 222} {
		signature := must(rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest, &rsa.PSSOptions{SaltLength: salt}))
		for _, stated := range []int{salt, salt + 1, 0} {
			err := pssParameters{crypto.SHA256, crypto.SHA256, stated, 1}.verifyEncoded(&key.PublicKey, digest, signature)
			if (err == nil) != (stated == salt) {
				t.Errorf("salt of %d octets, %d stated: %v", salt, stated, err)
			}
		}
	}
	mixed := pssParameters{crypto.SHA256, crypto.SHA1, 32, 1}
	signature := rawPSS(key, mixed, message)
	got := VerifySignature(pssAlgorithm(crypto.SHA256, crypto.SHA1, 32), key.Public(), message, signature)
	if got.State != SignatureValid || !got.SHA1 {
		t.Errorf("SHA-256 with a mask of SHA-1: %+v", got)
	}
	for i := range signature {
		signature[i] ^= 0x10
		if mixed.verify(&key.PublicKey, digest, signature) == nil {
			t.Errorf("octet %d altered and still valid", i)
		}
		signature[i] ^= 0x10
	}
	if mixed.verify(&key.PublicKey, digest, signature[1:]) == nil {
		t.Error("a signature of another length is valid")
	}
}

func TestCurveOfKeyIsFree(t *testing.T) {
	key := testKeys()["P-384"].(*ecdsa.PrivateKey)
	alg := algorithmOf(OIDECDSAWithSHA512)
	if got := VerifySignature(alg, key.Public(), []byte("m"), sign(alg, key, []byte("m"))); got.State != SignatureValid {
		t.Errorf("P-384 with SHA-512: %+v", got)
	}
}
