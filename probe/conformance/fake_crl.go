package conformance

import (
	"bytes"
	"compress/gzip"
	"crypto/x509"
	"math/big"
	"slices"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/revocation"
)

// shard makes the fake's CRL a partition for user certificates that names the URL it is
// fetched from, with a change to that.
func shard(change func(*revocation.IssuingDistributionPoint)) func(*fake) {
	return func(r *fake) {
		r.CRL.IssuingDP = func(own string) revocation.IssuingDistributionPoint {
			dp := revocation.IssuingDistributionPoint{HasName: true, URIs: []string{own}, OnlyUserCerts: true}
			change(&dp)
			return dp
		}
	}
}

// plainShard changes nothing about a shard.
func plainShard(r *fake) { shard(func(*revocation.IssuingDistributionPoint) {})(r) }

// limited gives the fake's CRL an issuingDistributionPoint.
func limited(dp revocation.IssuingDistributionPoint) func(*fake) {
	return func(r *fake) { r.CRL.IssuingDP = func(string) revocation.IssuingDistributionPoint { return dp } }
}

// caCRL makes the fake's CRL one for CA certificates, with those entries.
func caCRL(list ...fixtures.CRLEntry) func(*fake) {
	return func(r *fake) {
		limited(revocation.IssuingDistributionPoint{OnlyCACerts: true})(r)
		r.CRL.Entries = list
	}
}

// crlExtended gives the fake's CRL further extensions.
func crlExtended(list ...revocation.Extension) func(*fake) {
	return func(r *fake) { r.CRL.Extensions = append(slices.Clone(r.CRL.Extensions), list...) }
}

// entryExtended gives the fake's CRL one entry with these extensions besides keyCompromise.
func entryExtended(list ...revocation.Extension) func(*fake) {
	return func(r *fake) {
		r.CRL.Entries = entries(1, revocation.ReasonKeyCompromise)
		r.CRL.Entries[0].Extensions = list
	}
}

// editCRL changes the tree of one element of the fake's tbsCertList.
func editCRL(path string, change func(*fixtures.Node)) func(*fake) {
	return func(r *fake) { r.CRL.Edit = func(tbs *fixtures.Node) { change(tbs.MustFind(path)) } }
}

// editCRLExtension changes an Extension of the fake's CRL.
func editCRLExtension(id revocation.OID, change func(x *fixtures.Node)) func(*fake) {
	return editCRL("crlExtensions", func(list *fixtures.Node) {
		change(list.Children[slices.IndexFunc(list.Children, func(x *fixtures.Node) bool {
			return string(x.MustFind("extnID").Content) == string(id)
		})])
	})
}

// makeCritical and makeOptional set the critical flag of an Extension.
func makeCritical(x *fixtures.Node) {
	x.Children = slices.Insert(x.Children, 1, fixtures.Boolean(true).Named("critical"))
}

func makeOptional(x *fixtures.Node) { x.Remove("critical") }

// asTime writes an element anew as a time with that tag and text.
func asTime(tag byte, text string) func(*fixtures.Node) {
	return func(n *fixtures.Node) { n.Tag, n.Content = tag, []byte(text) }
}

// retimed writes a time of the fake's CRL in another tag and layout.
func retimed(path string, tag byte, layout string) func(*fake) {
	return editCRL(path, func(n *fixtures.Node) {
		at, err := time.Parse("060102150405Z", string(n.Content))
		if err != nil {
			panic(err) // the conforming CRL writes no other form
		}
		asTime(tag, at.Format(layout))(n)
	})
}

// revokedAt gives the fake's CRL one entry of that date.
func revokedAt(date func(*fake) time.Time) func(*fake) {
	return func(r *fake) {
		r.CRL.Entries = entries(1, revocation.ReasonKeyCompromise)
		r.CRL.Entries[0].Revoked = date(r)
	}
}

// leafRevoked puts the leaf on the fake's CRL, and has the OCSP responder say the same.
func leafRevoked(change func(*fake)) func(*fake) {
	return func(r *fake) {
		r.CRL.Entries = []fixtures.CRLEntry{{Leaf: true, Reason: revocation.ReasonKeyCompromise}}
		r.OCSP.Assigned = fixtures.Revoked
		change(r)
	}
}

// asAuthority makes a certificate one of a CA.
func asAuthority(c *x509.Certificate) {
	c.IsCA, c.BasicConstraintsValid, c.MaxPathLenZero, c.KeyUsage = true, true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign|x509.KeyUsageDigitalSignature
}

// withoutPathLength lets a CA issue CA certificates.
func withoutPathLength(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = -1, false }

// withLongSerial gives a certificate a serial number of 21 octets, one more than it may have.
func withLongSerial(c *x509.Certificate) { c.SerialNumber = new(big.Int).Lsh(big.NewInt(0x41), 160) }

// emptyPKCS7 is a ContentInfo of id-signedData (RFC 5652 §3) without any content.
var emptyPKCS7 = []byte("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x00")

// behind puts octets before a document.
func behind(octets string) func([]byte) []byte {
	return func(der []byte) []byte { return append([]byte(octets), der...) }
}

// inGzip compresses a document.
func inGzip(der []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(der) // a bytes.Buffer takes everything
	_ = w.Close()
	return out.Bytes()
}
