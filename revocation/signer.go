package revocation

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Signature is what verifying one signature showed.
type Signature struct {
	State     SignatureState
	Algorithm string // such as "SHA256-RSA", "SHA1-RSA", "ECDSA-SHA256", or the dotted OID of an unknown one
	SHA1      bool   // the digest is SHA-1 or weaker
	Problem   string // why it is invalid or could not be checked
}

// SignatureState tells a wrong signature from one that could not be checked.
type SignatureState string

// The states of a signature.
const (
	SignatureValid     SignatureState = "valid"
	SignatureInvalid   SignatureState = "invalid"
	SignatureUnchecked SignatureState = "unchecked" // no certificate to check it with, or an algorithm we do not know
)

// Signer is who signed an OCSP response and with what authority (RFC 6960 §4.2.2.2),
// computed once so that rules only look.
type Signer struct {
	Signature   Signature
	Certificate *x509.Certificate // whose key the signature was verified or refuted with; nil where none was found
	IsIssuer    bool              // the signing key is the issuer's own
	IssuedByCA  bool              // the certificate's own signature verifies under the issuer's key and names the issuer; not looked at where IsIssuer
	Unverified  string            // why the certificate's own signature, in the issuer's name, is not verified here, so that nobody can tell IssuedByCA
	HasEKU      bool              // the certificate carries id-kp-OCSPSigning
	MatchesID   bool              // the responderID names this certificate
	Embedded    bool              // the certificate came in the response's certs
	NoCheck     bool              // the certificate carries id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1)

	// Siblings are the other certificates at hand of the same name and key, as
	// cross-certificates of a CA are.
	Siblings []*x509.Certificate
}

// Authorized reports whether RFC 6960 §4.2.2.2 lets the signer speak for the issuer,
// whatever became of the signature: that Signature.State tells.
func (s Signer) Authorized() bool {
	return s.Certificate != nil && (s.IsIssuer || s.IssuedByCA && s.HasEKU)
}

// FindSigner finds the certificate whose key verifies the response's signature: among the
// issuer's, those embedded, and candidates, in that order, the ones that the responderID
// names first. Where several share the key, one that may speak for the issuer is preferred.
// issuer may be nil.
//
// Where none verifies, the one that the responderID names is returned, with
// SignatureInvalid. Where it names none at hand, the Certificate is nil and the state
// SignatureUnchecked, as it is where the algorithm is not verified here. Signature.Problem
// says which certificate is missing or cannot be read.
func (b *BasicResponse) FindSigner(issuer *x509.Certificate, candidates []*x509.Certificate) Signer {
	return (*Memory)(nil).FindSigner(b, issuer, candidates)
}

// FindSigner is BasicResponse.FindSigner.
func (m *Memory) FindSigner(b *BasicResponse, issuer *x509.Certificate, candidates []*x509.Certificate) Signer {
	verify := b.verifier()
	var verified, named *Signer
	refused := 0
	for _, byID := range []bool{true, false} {
		all := m.candidates(b, issuer, candidates, byID)
		for _, c := range all {
			signature := verify(publicKey(c))
			switch {
			case signature.State == SignatureValid:
				s := m.describe(b, c, issuer, byID, signature)
				s.Siblings = siblings(c, all)
				if s.Authorized() {
					return s
				}
				if verified == nil {
					verified = &s
				}
			case byID && named == nil:
				s := m.describe(b, c, issuer, byID, signature)
				named = &s
			default:
				refused++
			}
		}
	}
	switch {
	case verified != nil:
		return *verified
	case named != nil:
		named.Signature.Problem += b.unreadableCertificates()
		return *named
	}
	return Signer{Signature: b.unmatched(refused)}
}

// unmatched is the signature of a response whose responderID names no certificate at hand
// and that none of those at hand verifies. Its signer is somebody we do not have, so that
// nothing refutes the signature.
func (b *BasicResponse) unmatched(refused int) Signature {
	s := schemeOf(b.SignatureAlgorithm)
	problem := "there is no certificate to check it with"
	switch {
	case b.Signature == nil:
		problem = "no signature could be read"
	case s.problem != "":
		problem = s.problem
	case refused > 0:
		problem = fmt.Sprintf("none of the %d certificates at hand verifies it", refused)
	}
	return s.unchecked(problem + b.unreadableCertificates() +
		"; the certificate of " + b.ResponderID.String() + " is neither embedded nor given")
}

// verifier returns what verifies the signature under one key after another, hashing what
// is signed only once.
func (b *BasicResponse) verifier() func(key any) Signature {
	h, ok := DigestHash(b.SignatureAlgorithm)
	switch {
	case b.Signature == nil:
		s := schemeOf(b.SignatureAlgorithm)
		return func(any) Signature { return s.unchecked("no signature could be read") }
	case !ok || h == 0:
		return func(key any) Signature { return VerifySignature(b.SignatureAlgorithm, key, b.TBS, b.Signature) }
	}
	digest := sum(h, b.TBS)
	return func(key any) Signature { return VerifyDigest(b.SignatureAlgorithm, key, digest, b.Signature) }
}

// candidates returns the certificates at hand that the responderID names, or those that it
// does not name, each once: the issuer's, those embedded, those given. Those of the same name and
// key are all among the one or the other.
func (b *BasicResponse) candidates(m *Memory, issuer *x509.Certificate, given []*x509.Certificate, named bool) []*x509.Certificate {
	var all []*x509.Certificate
	add := func(cert *x509.Certificate) {
		if cert != nil && m.names(b.ResponderID, cert) == named {
			all = append(all, cert)
		}
	}
	add(issuer)
	for _, e := range b.Certificates {
		add(e.Certificate)
	}
	for _, cert := range given {
		add(cert)
	}
	return once(all)
}

// fewCertificates is how many are compared with one another faster than looked up.
const fewCertificates = 16

// once returns those that are there, each the first time it comes.
func once(all []*x509.Certificate) []*x509.Certificate {
	if len(all) < 2 {
		return all
	}
	kept := make([]*x509.Certificate, 0, len(all))
	seen := map[string]bool{}
	for _, cert := range all {
		switch {
		case len(all) > fewCertificates:
			if !seen[string(cert.Raw)] {
				seen[string(cert.Raw)] = true
				kept = append(kept, cert)
			}
		case !slices.ContainsFunc(kept, func(k *x509.Certificate) bool { return k == cert || bytes.Equal(k.Raw, cert.Raw) }):
			kept = append(kept, cert)
		}
	}
	return kept
}

func (m *Memory) describe(b *BasicResponse, cert, issuer *x509.Certificate, named bool, signature Signature) Signer {
	isIssuer := sameAuthority(cert, issuer)
	var own Signature
	if !isIssuer {
		own = m.issuance(cert, issuer)
	}
	unverified := ""
	if own.State == SignatureUnchecked {
		unverified = own.Problem
	}
	return Signer{
		Signature:   signature,
		Certificate: cert,
		IsIssuer:    isIssuer,
		IssuedByCA:  own.State == SignatureValid,
		Unverified:  unverified,
		HasEKU:      slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning),
		MatchesID:   named,
		Embedded: slices.ContainsFunc(b.Certificates, func(e EmbeddedCertificate) bool {
			return bytes.Equal(e.Raw, cert.Raw)
		}),
		NoCheck: CertificateExtension(cert, OIDNoCheck) != nil,
	}
}

// maxNamed is how many certificates that cannot be read are named one by one.
const maxNamed = 3

// unreadableCertificates names the embedded certificates that could not be tried.
func (b *BasicResponse) unreadableCertificates() string {
	var text strings.Builder
	count := 0
	for i, e := range b.Certificates {
		if e.Certificate != nil {
			continue
		}
		if count++; count <= maxNamed {
			fmt.Fprintf(&text, "; certs[%d] at octet %d cannot be read: %s", i, e.Offset, e.Problem)
		}
	}
	if count > maxNamed {
		fmt.Fprintf(&text, "; nor can %d more", count-maxNamed)
	}
	return text.String()
}

// Names reports whether the responderID is of this certificate: byName has the octets of
// its subject, byKey the SHA-1 of its public key's BIT STRING value (RFC 6960 §4.2.1).
func (r ResponderID) Names(cert *x509.Certificate) bool {
	switch {
	case r.ByName != nil:
		return bytes.Equal(r.ByName, cert.RawSubject)
	case r.ByKey != nil:
		bits, ok := publicKeyBits(cert)
		return ok && bytes.Equal(r.ByKey, sum(crypto.SHA1, bits))
	}
	return false
}

// String gives "byKey" with the hash in hexadecimal, or "byName" with the name.
func (r ResponderID) String() string {
	switch {
	case r.ByKey != nil:
		return fmt.Sprintf("byKey %x", r.ByKey)
	case r.ByName != nil:
		return "byName " + NameText(r.ByName)
	}
	return "no responderID"
}

// maxNameText is how many octets of a Name are put into words, which takes time that
// grows with the square of its length. Names of real CAs have a few hundred.
const maxNameText = 4 << 10

// NameText puts a Name (RFC 5280 §4.1.2.4) into the words of RFC 4514, or into hexadecimal
// where it cannot be read. Of one that is longer than any honest name it gives the length
// and the first octets.
func NameText(der []byte) string {
	if len(der) > maxNameText {
		return fmt.Sprintf("a name of %d octets, %x...", len(der), head(der, 16))
	}
	var name pkix.RDNSequence
	if rest, err := asn1.Unmarshal(der, &name); err != nil || len(rest) > 0 {
		return hex.EncodeToString(der)
	}
	return name.String()
}

// siblings returns the certificates of all but c that have its name and key.
func siblings(c *x509.Certificate, all []*x509.Certificate) []*x509.Certificate {
	var list []*x509.Certificate
	for _, other := range all {
		if other != c && sameAuthority(other, c) {
			list = append(list, other)
		}
	}
	return list
}

// sameAuthority reports whether cert has the issuer's name and key, as the same
// certificate and cross-certificates of it do.
func sameAuthority(cert, issuer *x509.Certificate) bool {
	return issuer != nil && bytes.Equal(cert.RawSubject, issuer.RawSubject) &&
		bytes.Equal(cert.RawSubjectPublicKeyInfo, issuer.RawSubjectPublicKeyInfo)
}

// publicKey returns the certificate's key, also where crypto/x509 leaves it out because
// the key is restricted to RSASSA-PSS (RFC 4055 §1.2).
func publicKey(cert *x509.Certificate) any {
	if cert.PublicKey != nil {
		return cert.PublicKey
	}
	alg, bits, ok := publicKeyInfo(cert)
	if !ok || alg.Algorithm != OIDRSAPSS {
		return nil
	}
	key, err := x509.ParsePKCS1PublicKey(bits)
	if err != nil {
		return nil
	}
	return key
}
