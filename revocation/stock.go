package revocation

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"fmt"

	"golang.org/x/crypto/ocsp"
)

// StockOpinion returns what golang.org/x/crypto/ocsp, which most Go programs ask, makes of
// a response: whether ParseResponseForCert accepts it for the certificate of that serial
// number, and otherwise the error in its words. serial may be nil, which asks ParseResponse;
// so may issuer, which leaves the signature unverified unless a certificate is embedded.
//
// signer is what FindSigner found. What it and the response's form leave no doubt about is
// not verified a second time.
func StockOpinion(r *OCSPResponse, signer Signer, serial Serial, issuer *x509.Certificate) (accepted bool, why string) {
	if r.plain(serial) && signer.plainly(r.Basic, issuer) {
		return true, ""
	}
	if bits := r.largestRSAKey(); bits > maxRSABits {
		return false, fmt.Sprintf("not asked: verifying with an embedded RSA key of %d bits would take too long", bits)
	}
	var cert *x509.Certificate
	if serial != nil {
		cert = &x509.Certificate{SerialNumber: serial.Big()}
	}
	if _, err := ocsp.ParseResponseForCert(r.Raw, cert, issuer); err != nil {
		return false, err.Error()
	}
	return true, ""
}

// plain reports whether a response has the form of nearly all there are: one SingleResponse,
// for that serial number, without an extension or a deviation.
func (r *OCSPResponse) plain(serial Serial) bool {
	b := r.Basic
	if b == nil || r.Status != Successful || r.Broken != nil || len(r.Deviations) > 0 || b.HasExtensions || b.Version != 0 || len(b.Singles) != 1 || !b.ProducedAt.WellFormed() {
		return false
	}
	s := &b.Singles[0]
	switch s.CertID.Hash() {
	case crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512:
	default:
		return false
	}
	return s.Status != StatusAbsent && !s.HasExtensions && (serial == nil || s.CertID.Serial.Equal(serial)) && s.ThisUpdate.WellFormed() &&
		(!s.NextUpdate.Present() || s.NextUpdate.WellFormed()) && (!s.RevocationTime.Present() || s.RevocationTime.WellFormed())
}

// plainly reports whether the certificate that x/crypto/ocsp looks at, the first embedded one
// or else the issuer's, is the one whose signature is valid and whose key the issuer vouches for.
func (s Signer) plainly(b *BasicResponse, issuer *x509.Certificate) bool {
	switch {
	case issuer == nil || s.Signature.State != SignatureValid || !s.MatchesID || !stockAlgorithm(b.SignatureAlgorithm):
		return false
	case !b.HasCertificates:
		return s.IsIssuer
	}
	return s.IssuedByCA && len(b.Certificates) > 0 && bytes.Equal(b.Certificates[0].Raw, s.Certificate.Raw) &&
		stockCertificate(s.Certificate)
}

// stockAlgorithm reports whether crypto/x509 verifies signatures of the algorithm on no
// conditions.
func stockAlgorithm(a AlgorithmIdentifier) bool {
	switch a.Algorithm {
	case OIDSHA256WithRSA, OIDSHA384WithRSA, OIDSHA512WithRSA, OIDECDSAWithSHA256, OIDECDSAWithSHA384, OIDECDSAWithSHA512:
		return true
	}
	return false
}

// stockCertificate is stockAlgorithm for the certificate's own signature.
func stockCertificate(c *x509.Certificate) bool {
	switch c.SignatureAlgorithm {
	case x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA, x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512:
		return true
	}
	return false
}

// largestRSAKey returns the size in bits of the largest RSA key embedded in a response.
func (r *OCSPResponse) largestRSAKey() int {
	largest := 0
	if r.Basic == nil {
		return 0
	}
	for _, e := range r.Basic.Certificates {
		if e.Certificate == nil {
			continue
		}
		if key, ok := e.Certificate.PublicKey.(*rsa.PublicKey); ok {
			largest = max(largest, key.N.BitLen())
		}
	}
	return largest
}
