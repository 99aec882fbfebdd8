package conformance

import (
	"bytes"
	"crypto/x509"
	"slices"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// stockClient is what most Go programs read OCSP responses with.
const stockClient = "golang.org/x/crypto/ocsp"

func stockRules() []*Rule {
	return []*Rule{{
		ID:    "ocsp-stock-client",
		Cites: []Citation{RFC6960("3.2", Practice)},
		Says:  "Go programs, which use " + stockClient + ", should accept a response that RFC 6960 lets them accept, and no other.",
		Needs: evidence.OCSP,
		Clock: true,
		Response: func(s ResponseSubject) Verdict {
			if !s.readable() || s.Response.Status != revocation.Successful || s.Issuer == nil || s.Signer.Signature.State != revocation.SignatureValid {
				return skip() // other clients reject it too
			}
			accepted, why := revocation.StockOpinion(s.Response, s.Signer, s.stockSerial(), s.Issuer)
			switch wrong, field := s.acceptable(); {
			case accepted && wrong != "":
				return fail("a response that no client should accept is not served", "accepted by %s, although %s", stockClient, wrong).in(field)
			case !accepted && wrong == "" && s.wellEncoded():
				return fail(s.stockAdvice(), "rejected by %s: %s", stockClient, why).in("certs")
			}
			return pass()
		},
		Bad: []fixtures.Case{
			when("the CA's own certificate sent along", sending(func(r *fake, _ [][]byte) [][]byte { return [][]byte{r.IssuerCertificate().Raw} })),
			when("the delegate's certificate second", delegateAmong(func(r *fake, own []byte) [][]byte { return [][]byte{r.IssuerCertificate().Raw, own} })),
			when("a delegate without id-kp-OCSPSigning", delegateWith(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })),
			when("a delegate that expired a second ago", delegateValid(func(r *fake, c *x509.Certificate) { c.NotAfter = r.Now.Add(-time.Second) })),
			when("a delegate that is valid in a second", delegateValid(func(r *fake, c *x509.Certificate) { c.NotBefore = r.Now.Add(time.Second) })),
		},
		Good: []fixtures.Case{
			when("the delegate's certificate first", delegateAmong(func(r *fake, own []byte) [][]byte { return [][]byte{own, r.IssuerCertificate().Raw} })),
			when("a delegate in its last second", delegateValid(func(r *fake, c *x509.Certificate) { c.NotAfter = r.Now })),
			when("a critical singleExtension, which it rejects", func(r *fake) {
				r.OCSP.SingleExtensions = []revocation.Extension{{ID: unknownExtension, Critical: true, Value: []byte{5, 0}}}
			}),
			when("a bad signature, which it rejects", func(r *fake) { r.OCSP.Tamper = spoilSignature }),
		},
		Also: []string{"ocsp-certs-minimal", "ocsp-signer-authorized", "ocsp-signer-valid-now"},
	}}
}

// acceptable tells why a client of RFC 6960 §3.2 cannot accept the response, whose signature
// is valid, and the field to blame; nothing where it can. Times are left to the caller, as
// x/crypto/ocsp leaves them.
func (s ResponseSubject) acceptable() (wrong, field string) {
	c := s.Signer.Certificate
	switch single := s.match(); {
	case !s.Signer.Authorized():
		return nameOf(c) + " may not sign for " + nameOf(s.Issuer), "certs"
	case !s.Signer.IsIssuer && s.At.After(c.NotAfter):
		return "the delegate's certificate expired " + stamp(c.NotAfter), "certs"
	case !s.Signer.IsIssuer && s.At.Before(c.NotBefore):
		return "the delegate's certificate is valid from " + stamp(c.NotBefore), "certs"
	case s.asks() && single == nil:
		return "its CertID is not the one asked about", singleField(0, "certID")
	case single != nil && single.Status == revocation.StatusAbsent:
		return "there is no certStatus, which it takes for revoked", singleField(0, "certStatus")
	}
	v := s.eachExtensionList(func(l extensionList) Verdict {
		if i := slices.IndexFunc(l.list, func(x revocation.Extension) bool { return x.Critical }); i >= 0 {
			return fail("", "the extension %s is critical, and it knows none", l.list[i].ID).in(l.field)
		}
		return pass()
	})
	return v.Got, v.Field
}

// wellEncoded reports whether the response is DER with times as they should be, so that a
// client has no reason in its encoding to reject it.
func (s ResponseSubject) wellEncoded() bool {
	return len(derFaults(s.Response)) == 0 && !slices.ContainsFunc(ocspTimes(s.Response.Basic), func(t ocspTime) bool { return t.Present() && !t.WellFormed() })
}

// stockSerial is that of the certificate whose status a Go program wants; nil where it is
// not known.
func (s ResponseSubject) stockSerial() revocation.Serial {
	switch {
	case len(s.asked) > 0:
		return s.asked[0].Serial
	case s.Subject != nil:
		return revocation.SerialOf(s.Subject.SerialNumber)
	}
	return nil
}

// stockAdvice says what x/crypto/ocsp wants, which looks at the first embedded certificate
// alone and has the CA vouch for it.
func (s ResponseSubject) stockAdvice() string {
	switch certs := s.Response.Basic.Certificates; {
	case len(certs) > 0 && s.Signer.IsIssuer:
		return "no certificates, where the CA signs"
	case len(certs) > 0 && !bytes.Equal(certs[0].Raw, s.Signer.Certificate.Raw):
		return "the delegate's certificate first"
	}
	return "what it accepts"
}

// sending changes which certificates are sent along.
func sending(change func(r *fake, own [][]byte) [][]byte) func(*fake) {
	return func(r *fake) { r.OCSP.Certificates = func(own [][]byte) [][]byte { return change(r, own) } }
}

// delegateAmong has a delegate sign, whose certificate is sent among others.
func delegateAmong(list func(r *fake, own []byte) [][]byte) func(*fake) {
	return func(r *fake) {
		r.OCSP.Signer = fixtures.Delegated
		sending(func(r *fake, own [][]byte) [][]byte { return list(r, own[0]) })(r)
	}
}
