package revocation

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
)

// EarliestSCT returns the earliest timestamp among the signed certificate timestamps that
// the certificate embeds (RFC 6962 §3.3), and false where it embeds none that can be read.
// They are not verified.
func EarliestSCT(c *x509.Certificate) (time.Time, bool) {
	var earliest time.Time
	x := CertificateExtension(c, OIDSCTList)
	if x == nil {
		return earliest, false
	}
	der := cryptobyte.String(x.Value)
	var octets, list cryptobyte.String
	if !der.ReadASN1(&octets, tagOctetString) || !octets.ReadUint16LengthPrefixed(&list) {
		return earliest, false
	}
	for !list.Empty() {
		var sct cryptobyte.String
		var milliseconds uint64
		if !list.ReadUint16LengthPrefixed(&sct) || !sct.Skip(1+32) || !sct.ReadUint64(&milliseconds) {
			break
		}
		if at := time.UnixMilli(int64(milliseconds)).UTC(); earliest.IsZero() || at.Before(earliest) {
			earliest = at
		}
	}
	return earliest, !earliest.IsZero()
}

// IsPrecertificate reports whether a certificate has the poison extension of a Precertificate
// (RFC 6962 §3.1).
func IsPrecertificate(c *x509.Certificate) bool { return CertificateExtension(c, OIDPoison) != nil }

// SignsPrecertificates reports whether a certificate is a Precertificate Signing Certificate:
// what it signs is issued by the CA that issued it (RFC 6962 §3.1).
func SignsPrecertificates(c *x509.Certificate) bool {
	return slices.ContainsFunc(c.UnknownExtKeyUsage, func(purpose asn1.ObjectIdentifier) bool { return OIDPrecertSigning.is(purpose) })
}
