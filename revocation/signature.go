package revocation

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"
)

// scheme is how a signature of one algorithm is verified.
type scheme struct {
	name    string
	kind    schemeKind
	hash    crypto.Hash // 0 where the message itself is signed
	pss     pssParameters
	weak    bool   // the digest is SHA-1 or weaker
	problem string // why signatures of it cannot be verified here
}

type schemeKind int

const (
	unverifiable schemeKind = iota
	rsaPKCS1
	rsaPSS
	ecdsaASN1
	ed25519Pure
)

func schemeOf(alg AlgorithmIdentifier) scheme {
	if s, ok := knownScheme(alg); ok {
		return s
	}
	return knownByName(alg.Algorithm)
}

// knownScheme is schemeOf for the algorithms that are verified here.
func knownScheme(alg AlgorithmIdentifier) (s scheme, ok bool) {
	switch alg.Algorithm {
	case OIDMD5WithRSA:
		return pkcs1Scheme("MD5-RSA", crypto.MD5), true
	case OIDSHA1WithRSA, OIDSHA1WithRSAOIW:
		return pkcs1Scheme("SHA1-RSA", crypto.SHA1), true
	case OIDSHA224WithRSA:
		return pkcs1Scheme("SHA224-RSA", crypto.SHA224), true
	case OIDSHA256WithRSA:
		return pkcs1Scheme("SHA256-RSA", crypto.SHA256), true
	case OIDSHA384WithRSA:
		return pkcs1Scheme("SHA384-RSA", crypto.SHA384), true
	case OIDSHA512WithRSA:
		return pkcs1Scheme("SHA512-RSA", crypto.SHA512), true
	case OIDECDSAWithSHA1:
		return ecdsaScheme("ECDSA-SHA1", crypto.SHA1), true
	case OIDECDSAWithSHA224:
		return ecdsaScheme("ECDSA-SHA224", crypto.SHA224), true
	case OIDECDSAWithSHA256:
		return ecdsaScheme("ECDSA-SHA256", crypto.SHA256), true
	case OIDECDSAWithSHA384:
		return ecdsaScheme("ECDSA-SHA384", crypto.SHA384), true
	case OIDECDSAWithSHA512:
		return ecdsaScheme("ECDSA-SHA512", crypto.SHA512), true
	case OIDEd25519:
		return scheme{name: "Ed25519", kind: ed25519Pure}, true
	case OIDRSAPSS:
		return pssScheme(alg), true
	}
	return scheme{}, false
}

// knownByName is for the algorithms that are not verified here.
func knownByName(id OID) scheme {
	s := scheme{}
	switch id {
	case OIDMD2WithRSA:
		s.name, s.weak = "MD2-RSA", true
	case OIDDSAWithSHA1:
		s.name, s.weak = "DSA-SHA1", true
	case OIDDSAWithSHA256:
		s.name = "DSA-SHA256"
	case OIDEd448:
		s.name = "Ed448"
	case "":
		return scheme{name: "none", problem: "no signature algorithm could be read"}
	default:
		return scheme{name: id.String(), problem: "unknown signature algorithm " + id.String()}
	}
	s.problem = s.name + " signatures are not verified here"
	return s
}

func pkcs1Scheme(name string, h crypto.Hash) scheme {
	return scheme{name: name, kind: rsaPKCS1, hash: h, weak: weakHash(h)}
}

func ecdsaScheme(name string, h crypto.Hash) scheme {
	return scheme{name: name, kind: ecdsaASN1, hash: h, weak: weakHash(h)}
}

func pssScheme(alg AlgorithmIdentifier) scheme {
	p, problem := readPSSParameters(alg)
	if problem != "" {
		return scheme{name: "RSAPSS", problem: problem}
	}
	return scheme{name: hashName(p.hash) + "-RSAPSS", kind: rsaPSS, hash: p.hash, pss: p,
		weak: weakHash(p.hash) || weakHash(p.mgfHash)}
}

// hashName is the name as signature algorithms quote it: SHA256, not SHA-256.
func hashName(h crypto.Hash) string { return strings.ReplaceAll(h.String(), "-", "") }

func weakHash(h crypto.Hash) bool { return h == crypto.MD5 || h == crypto.SHA1 }

// DigestHash returns what a stream must be hashed with for VerifyDigest. A zero hash with
// ok means that the algorithm signs the message itself (Ed25519); ok is false for an
// algorithm that cannot be verified here.
func DigestHash(alg AlgorithmIdentifier) (h crypto.Hash, ok bool) {
	s := schemeOf(alg)
	return s.hash, s.kind != unverifiable
}

// VerifySignature verifies a signature over the octets signed. The key is a public key
// as crypto/x509 returns it. SHA-1 and MD5 are verified like any other digest, and told
// by Signature.SHA1; nothing is refused for being weak but RSA keys below 1024 bits, which
// the standard library does not verify with: those give SignatureUnchecked.
func VerifySignature(alg AlgorithmIdentifier, key any, signed, signature []byte) Signature {
	s := schemeOf(alg)
	switch s.kind {
	case unverifiable:
		return s.unchecked(s.problem)
	case ed25519Pure:
		return s.verifyEd25519(key, signed, signature)
	}
	h := s.hash.New()
	h.Write(signed)
	return s.verifyDigest(key, h.Sum(nil), signature)
}

// VerifyDigest verifies a signature over what hashes to digest, under the hash that
// DigestHash names. Ed25519 signs the message itself, so that a digest leaves it
// SignatureUnchecked.
func VerifyDigest(alg AlgorithmIdentifier, key any, digest, signature []byte) Signature {
	s := schemeOf(alg)
	switch s.kind {
	case unverifiable:
		return s.unchecked(s.problem)
	case ed25519Pure:
		return s.unchecked("Ed25519 signs the message itself, and only its digest is at hand")
	}
	return s.verifyDigest(key, digest, signature)
}

func (s scheme) result(state SignatureState, problem string) Signature {
	return Signature{State: state, Algorithm: s.name, SHA1: s.weak, Problem: problem}
}

func (s scheme) valid() Signature { return s.result(SignatureValid, "") }

func (s scheme) invalid(format string, args ...any) Signature {
	return s.result(SignatureInvalid, fmt.Sprintf(format, args...))
}

func (s scheme) unchecked(problem string) Signature { return s.result(SignatureUnchecked, problem) }

func (s scheme) verifyEd25519(key any, signed, signature []byte) Signature {
	pub, ok := key.(ed25519.PublicKey)
	switch {
	case !ok || len(pub) != ed25519.PublicKeySize:
		return s.wrongKey(key)
	case !ed25519.Verify(pub, signed, signature):
		return s.invalid("the signature does not verify under the key")
	}
	return s.valid()
}

func (s scheme) verifyDigest(key any, digest, signature []byte) Signature {
	if len(digest) != s.hash.Size() {
		return s.unchecked(fmt.Sprintf("a digest of %d octets is none of %s", len(digest), s.hash))
	}
	switch pub := key.(type) {
	case *ecdsa.PublicKey:
		if s.kind != ecdsaASN1 {
			return s.wrongKey(key)
		}
		if !ecdsa.VerifyASN1(pub, digest, signature) {
			return s.invalid("the signature does not verify under the key")
		}
		return s.valid()
	case *rsa.PublicKey:
		if s.kind != rsaPKCS1 && s.kind != rsaPSS {
			return s.wrongKey(key)
		}
		return s.verifyRSA(pub, digest, signature)
	}
	return s.wrongKey(key)
}

// minRSABits is what crypto/rsa verifies with, and maxRSABits keeps a hostile key from
// costing us hours.
const (
	minRSABits = 1024
	maxRSABits = 16384
)

func (s scheme) verifyRSA(pub *rsa.PublicKey, digest, signature []byte) Signature {
	if bits := pub.N.BitLen(); bits < minRSABits || bits > maxRSABits {
		return s.unchecked(fmt.Sprintf("an RSA key of %d bits is not used, only %d to %d", bits, minRSABits, maxRSABits))
	}
	var err error
	if s.kind == rsaPSS {
		err = s.pss.verify(pub, digest, signature)
	} else {
		err = rsa.VerifyPKCS1v15(pub, s.hash, digest, signature)
	}
	switch {
	case errors.Is(err, rsa.ErrVerification):
		return s.invalid("the signature does not verify under the key")
	case err != nil:
		return s.invalid("the signature does not verify under the key: %v", err)
	}
	return s.valid()
}

// wrongKey says what a key is that the algorithm cannot have been used with.
func (s scheme) wrongKey(key any) Signature {
	kind := fmt.Sprintf("%T", key)
	switch pub := key.(type) {
	case nil:
		return s.unchecked("the certificate's public key is of a kind that is unknown here")
	case *rsa.PublicKey:
		kind = fmt.Sprintf("RSA, %d bits", pub.N.BitLen())
	case *ecdsa.PublicKey:
		kind = "EC, " + pub.Curve.Params().Name
	case ed25519.PublicKey:
		kind = "Ed25519"
	}
	return s.invalid("algorithm %s cannot be of this key (%s)", s.name, kind)
}
