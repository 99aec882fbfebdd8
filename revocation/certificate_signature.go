package revocation

import (
	"bytes"
	"crypto/x509"
)

// VerifyCertificate checks the certificate's own signature with the key of the CA that it
// should come from. SHA-1 is verified like any other, which crypto/x509 refuses.
func VerifyCertificate(cert, issuer *x509.Certificate) Signature {
	s := CertificateSignature(cert, issuer)
	if s.State == SignatureValid && !issuedBy(cert, issuer) {
		s.State, s.Problem = SignatureInvalid, "it verifies, but names another issuer than "+NameText(issuer.RawSubject)
	}
	return s
}

// CertificateSignature is VerifyCertificate whatever the names say, with everything that
// VerifySignature tells: SignatureUnchecked where issuer is nil.
func CertificateSignature(cert, issuer *x509.Certificate) Signature {
	signed := readSigned(cert)
	if issuer == nil {
		return schemeOf(signed.algorithm).unchecked("the issuer's certificate is not known")
	}
	return VerifySignature(signed.algorithm, publicKey(issuer), signed.tbs, signed.signature)
}

// CertificateAlgorithm returns the signatureAlgorithm (RFC 5280 §4.1.1.2) as it was
// encoded. crypto/x509 reads no certificate whose tbsCertificate.signature differs.
func CertificateAlgorithm(cert *x509.Certificate) AlgorithmIdentifier {
	return readSigned(cert).algorithm
}

// KeyAlgorithm returns the algorithm of the subjectPublicKeyInfo (RFC 5280 §4.1.2.7) as it
// was encoded.
func KeyAlgorithm(cert *x509.Certificate) AlgorithmIdentifier {
	outer := cursor{rest: cert.RawSubjectPublicKeyInfo}
	info, _ := outer.plain(tagSequence)
	in := cursor{rest: info.content}
	alg, _ := in.plain(tagSequence)
	parameters := cursor{rest: alg.content}
	id, ok := parameters.plain(tagOID)
	a := AlgorithmIdentifier{Raw: alg.raw, Algorithm: OID(id.content)}
	if ok && !parameters.empty() {
		a.Parameters = parameters.rest
	}
	return a
}

// HasUniqueIDs reports whether the certificate has an issuerUniqueID or a subjectUniqueID
// (RFC 5280 §4.1.2.8), which crypto/x509 passes over.
func HasUniqueIDs(cert *x509.Certificate) bool {
	var n notes
	c := n.cursor(cert.RawTBSCertificate, 0, root(""))
	tbs, ok := c.expect(tagSequence, "tbsCertificate")
	in := c.inside(tbs, root("tbsCertificate"))
	for ok && !in.empty() {
		switch in.peek() &^ 0x20 {
		case contextTag(1), contextTag(2):
			return true
		}
		_, ok = in.next(in.path)
	}
	return false
}

// issuance tells whether cert names issuer, in whatever encoding (RFC 5280 §7.1), and was
// signed with its key: SignatureUnchecked where it names issuer by a signature that is not
// verified here. It asks VerifySignature rather than crypto/x509, which refuses SHA-1.
func issuance(cert, issuer *x509.Certificate) Signature {
	if issuer == nil || !bytes.Equal(cert.RawIssuer, issuer.RawSubject) && !SameName(cert.RawIssuer, issuer.RawSubject) {
		return Signature{State: SignatureInvalid}
	}
	return CertificateSignature(cert, issuer)
}

func issuedBy(cert, issuer *x509.Certificate) bool {
	return issuance(cert, issuer).State == SignatureValid
}

// signedCertificate is the three parts of a Certificate (RFC 5280 §4.1).
type signedCertificate struct {
	tbs       []byte
	algorithm AlgorithmIdentifier
	signature []byte // nil where it is no BIT STRING of whole octets
}

func readSigned(cert *x509.Certificate) (s signedCertificate) {
	var n notes
	outer, ok := n.cursor(cert.Raw, 0, root("")).expect(tagSequence, "certificate")
	if !ok {
		return s
	}
	in := n.cursor(outer.content, outer.contentOffset(), root(""))
	tbs, ok := in.expect(tagSequence, "tbsCertificate")
	if !ok {
		return s
	}
	s.tbs = tbs.raw
	if s.algorithm, ok = in.algorithm("signatureAlgorithm"); !ok {
		return s
	}
	if bits, ok := in.expect(tagBitString, "signature"); ok && len(bits.content) > 0 && bits.content[0] == 0 {
		s.signature = bits.content[1:]
	}
	return s
}
