package revocation

import (
	"crypto/x509"
	"encoding/asn1"
	"time"

	"golang.org/x/crypto/cryptobyte"
)

// EarliestSCT returns the earliest timestamp among the signed certificate timestamps that
// the certificate embeds (RFC 6962 §3.3), and false where it embeds none that can be read.
// They are not verified.
func EarliestSCT(c *x509.Certificate) (time.Time, bool) {
	var earliest time.Time
	for _, x := range c.Extensions {
		if !x.Id.Equal(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}) {
			continue
		}
		der := cryptobyte.String(x.Value)
		var octets, list cryptobyte.String
		if !der.ReadASN1(&octets, tagOctetString) || !octets.ReadUint16LengthPrefixed(&list) {
			continue
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
	}
	return earliest, !earliest.IsZero()
}
