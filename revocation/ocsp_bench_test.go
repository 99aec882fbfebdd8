package revocation

import (
	"testing"

	"golang.org/x/crypto/ocsp"
)

// BenchmarkOCSPResponse decodes and verifies a response signed with RSA-2048 by the issuer
// and by a delegate, ours beside x/crypto/ocsp.
func BenchmarkOCSPResponse(b *testing.B) {
	ca := newAuthority("RSA CA", testKeys()["RSA"])
	responder := ca.delegate("Responder", testKeys()["RSA"])
	for name, body := range map[string][]byte{
		"direct":    answer{signer: ca}.der(),
		"delegated": answer{signer: responder, issuer: ca, certs: embed(responder.cert)}.der(),
	} {
		b.Run(name+"/revocation", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if s := ReadOCSPResponse(body).Basic.FindSigner(ca.cert, nil); s.Signature.State != SignatureValid || !s.Authorized() {
					b.Fatalf("%+v", s)
				}
			}
		})
		b.Run(name+"/stock", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ocsp.ParseResponseForCert(body, nil, ca.cert); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
