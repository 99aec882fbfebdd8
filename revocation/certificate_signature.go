package revocation

import "crypto/x509"

// VerifyCertificate checks the certificate's own signature with the key of the CA that it
// should come from. SHA-1 is verified like any other, which crypto/x509 refuses.
func VerifyCertificate(cert, issuer *x509.Certificate) Signature {
	s := Signature{State: SignatureValid, Algorithm: cert.SignatureAlgorithm.String()}
	if !issuedBy(cert, issuer) {
		s.State, s.Problem = SignatureInvalid, "it does not verify under the key of "+issuer.Subject.String()
	}
	return s
}
