package revocation

import (
	"crypto/rsa"
	"crypto/x509"
	"fmt"

	"golang.org/x/crypto/ocsp"
)

// StockOpinion returns what golang.org/x/crypto/ocsp, which most Go programs ask, makes of
// a response: whether ParseResponse accepts it, and otherwise the error in its words.
// issuer may be nil, which leaves the signature unverified unless a certificate is embedded.
func StockOpinion(body []byte, issuer *x509.Certificate) (accepted bool, why string) {
	if bits := largestRSAKey(body); bits > maxRSABits {
		return false, fmt.Sprintf("not asked: verifying with an embedded RSA key of %d bits would take too long", bits)
	}
	if _, err := ocsp.ParseResponse(body, issuer); err != nil {
		return false, err.Error()
	}
	return true, ""
}

// largestRSAKey returns the size in bits of the largest RSA key embedded in a response.
func largestRSAKey(body []byte) int {
	largest := 0
	basic := ReadOCSPResponse(body).Basic
	if basic == nil {
		return 0
	}
	for _, e := range basic.Certificates {
		if e.Certificate == nil {
			continue
		}
		if key, ok := e.Certificate.PublicKey.(*rsa.PublicKey); ok {
			largest = max(largest, key.N.BitLen())
		}
	}
	return largest
}
