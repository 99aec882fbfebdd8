package conformance_test

import (
	"bytes"
	"crypto/x509"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// signedRules are those that look at who signed a response, and at a delegate's certificate.
func signedRules() []*conformance.Rule {
	return slices.DeleteFunc(conformance.Rules(), func(r *conformance.Rule) bool {
		return !strings.HasPrefix(r.ID, "ocsp-sign") && !strings.HasPrefix(r.ID, "ocsp-responderid") && !strings.HasPrefix(r.ID, "ocsp-certs") &&
			!strings.HasPrefix(r.ID, "cert-ocsp") && r.ID != "ocsp-stock-client"
	})
}

// Whoever can sign a response, in whichever place the certificate comes: what is said of it.
func TestSigners(t *testing.T) {
	t.Parallel()
	second := func(r *fixtures.Responder) {
		r.OCSP.Certificates = func(own [][]byte) [][]byte { return [][]byte{r.IssuerCertificate().Raw, own[0]} }
	}
	none := func(r *fixtures.Responder) { r.OCSP.Certificates = func([][]byte) [][]byte { return nil } }
	byName := func(r *fixtures.Responder) { r.OCSP.ByName = true }
	changed := func(change func(*x509.Certificate)) func(*fixtures.Responder) {
		return func(r *fixtures.Responder) { r.OCSP.Delegate = change }
	}
	unverifiable := func(r *fixtures.Responder) {
		r.OCSP.Certificates = func(own [][]byte) [][]byte {
			return [][]byte{bytes.ReplaceAll(own[0], []byte(fixtures.ECDSAWithSHA256), []byte("\x2a\x86\x48\xce\x3d\x04\x03\x7f"))}
		}
	}
	for _, test := range []struct {
		name    string
		signer  fixtures.Signer
		given   bool // the delegate's certificate is among those that the operator gave
		changes []func(*fixtures.Responder)
		want    string
	}{
		{"the CA", fixtures.Direct, false, nil, ""},
		{"the CA, byName", fixtures.Direct, false, []func(*fixtures.Responder){byName}, ""},
		{"a delegate", fixtures.Delegated, false, nil, ""},
		{"a delegate, byName", fixtures.Delegated, false, []func(*fixtures.Responder){byName}, ""},
		{"a delegate, second", fixtures.Delegated, false, []func(*fixtures.Responder){second}, "ocsp-certs-minimal ocsp-stock-client"},
		{"a delegate, not sent", fixtures.Delegated, false, []func(*fixtures.Responder){none}, "ocsp-signer-cert-included"},
		{"a delegate, not sent but given", fixtures.Delegated, true, []func(*fixtures.Responder){none}, "ocsp-signer-cert-included ocsp-stock-client"},
		{"not sent but given, and expired", fixtures.Delegated, true, []func(*fixtures.Responder){none,
			changed(func(c *x509.Certificate) { c.NotAfter = noon.Add(-time.Second) })}, "ocsp-signer-cert-included ocsp-signer-valid-now"},
		{"not sent but given, without id-kp-OCSPSigning", fixtures.Delegated, true, []func(*fixtures.Responder){none,
			changed(func(c *x509.Certificate) { c.ExtKeyUsage = nil })}, "ocsp-signer-authorized ocsp-signer-cert-included"},
		{"not sent but given, without nocheck", fixtures.Delegated, true, []func(*fixtures.Responder){none,
			changed(func(c *x509.Certificate) { c.ExtraExtensions = nil })}, "cert-ocsp-nocheck-present ocsp-signer-cert-included ocsp-stock-client"},
		{"a delegate whose certificate is signed with an unknown algorithm", fixtures.Delegated, false, []func(*fixtures.Responder){unverifiable},
			"cert-ocsp-serial-alg"},
		{"the root", fixtures.Ancestor, false, nil, "ocsp-signer-authorized"},
		{"the root, byName and not sent but given", fixtures.Ancestor, false, []func(*fixtures.Responder){none, byName},
			"ocsp-signer-authorized ocsp-signer-cert-included"},
		{"nobody that is known", fixtures.AnyKey, false, []func(*fixtures.Responder){none}, "ocsp-signer-cert-included"},
	} {
		fake := fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{}))
		fake.OCSP.Signer = test.signer
		for _, change := range test.changes {
			change(fake)
		}
		run := ask(t, fake, zoo.Memory{Responder: fake}, evidence.AssignedPOST)
		run.AddCertificate(fake.RootCertificate().Raw, "root")
		if test.given {
			run.AddCertificate(fake.DelegateCertificate().Raw, "chain.pem")
		}
		report := judge(t, run, signedRules()...)
		if got := strings.Join(fired(report), " "); got != test.want {
			t.Errorf("%s: fires %q, want %q%s", test.name, got, test.want, describe(report))
		}
	}
}

// Nothing can be said against a delegate of a CA whose key is of a kind that is unknown here.
func TestDelegateOfACAWithAnUnknownKey(t *testing.T) {
	t.Parallel()
	fake := fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{Delegated: true}))
	run := ask(t, fake, zoo.Memory{Responder: fake}, evidence.AssignedPOST)
	ellipticKey, unknownKey := []byte("\x2a\x86\x48\xce\x3d\x02\x01"), []byte("\x2a\x86\x48\xce\x3d\x02\x7f")
	old := fake.IssuerCertificate().Raw
	known := run.AddCertificate(bytes.Replace(old, ellipticKey, unknownKey, 1), "ca.pem")
	run.Certificates = slices.DeleteFunc(run.Certificates, func(c evidence.Certificate) bool { return bytes.Equal(c.DER, old) })
	for i := range run.Exchanges {
		run.Exchanges[i].Issuer = known
	}
	report := judge(t, run, signedRules()...)
	var open []string
	for _, f := range report.Findings {
		switch {
		case f.Outcome == conformance.Inconclusive:
			open = append(open, f.Rule.ID+": "+f.Got)
		case f.Rule.ID == "ocsp-sig-mandatory-algs" && strings.Contains(f.Want, " with 1.2.840.10045.2.127 as the CA's"):
		default:
			t.Errorf("%s says %s, want %s", f.Rule.ID, f.Got, f.Want)
		}
	}
	if len(open) != 1 || !strings.HasPrefix(open[0], "ocsp-signer-authorized: whether that CA issued CN=") {
		t.Errorf("left open: %q", open)
	}
}
