package conformance

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"slices"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/revocation"
)

// rewriteTime writes a time of the ResponseData anew: tag and text as given.
func rewriteTime(field string, tag byte, layout string) func(*fake) {
	return func(r *fake) {
		r.OCSP.Edit = func(data *fixtures.Node) {
			n := data.MustFind(field)
			at, err := time.Parse("20060102150405Z", string(n.Content))
			if err != nil {
				panic(err) // the conforming responder writes no other form
			}
			n.Tag, n.Content = tag, []byte(at.Format(layout))
		}
	}
}

// noTime writes something else where a time of the ResponseData belongs, if there is one.
func noTime(field string) func(*fake) {
	return func(r *fake) {
		r.OCSP.Edit = func(data *fixtures.Node) {
			if n := data.Find(field); n != nil {
				asTime(0x18, "yesterday")(n)
			}
		}
	}
}

// withoutCertificates takes certs out of a finished response.
func withoutCertificates(r *fake) {
	r.OCSP.Certificates = func([][]byte) [][]byte { return nil }
}

func asBase64(der []byte) []byte { return base64.StdEncoding.AppendEncode(nil, der) }

// strangerName is a Name that no CA of the fixtures has: CN=Stranger.
var strangerName = []byte("\x30\x13\x31\x11\x30\x0f\x06\x03\x55\x04\x03\x0c\x08Stranger")

// withCRLIssuer gives a certificate a distribution point with a cRLIssuer beside its URL
// (RFC 5280 §4.2.1.13).
func withCRLIssuer(c *x509.Certificate) {
	uri := []byte("http://revocation.example/ca.crl")
	name := slices.Concat([]byte{0xa0, byte(4 + len(uri)), 0xa0, byte(2 + len(uri)), 0x86, byte(len(uri))}, uri)
	issuer := slices.Concat([]byte{0xa2, byte(2 + len(strangerName)), 0xa4, byte(len(strangerName))}, strangerName)
	point := slices.Concat([]byte{0x30, byte(len(name) + len(issuer))}, name, issuer)
	c.CRLDistributionPoints = nil
	c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{2, 5, 29, 31}, Value: slices.Concat([]byte{0x30, byte(len(point))}, point)})
}

// revokedSerial is the n-th of a run of neighbouring serials.
func revokedSerial(n int) revocation.Serial {
	return append(slices.Repeat([]byte{0x5a}, 15), byte(n))
}
