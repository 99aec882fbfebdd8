package conformance_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// delegate has a delegate sign whose template is changed.
func delegate(change func(*x509.Certificate)) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) { r.OCSP.Signer, r.OCSP.Delegate = fixtures.Delegated, change }
}

// withPolicies gives a delegate certificatePolicies and a notBefore.
func withPolicies(notBefore time.Time) func(*fixtures.Responder) {
	return delegate(func(c *x509.Certificate) {
		c.NotBefore = notBefore
		value := []byte{0x30, 10, 0x30, 8, 6, 6, 0x67, 0x81, 0x0c, 1, 2, 1}
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{2, 5, 29, 32}, Value: value})
	})
}

// withoutSigning takes digitalSignature from the CA, whose key has another certificate that
// it sends along: with the bit or without.
func withoutSigning(another bool) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) {
		r.Issuer = func(c *x509.Certificate) { c.KeyUsage &^= x509.KeyUsageDigitalSignature }
		sibling := fixtures.Conforming(r.Now, r.Authority)
		if !another {
			sibling.Issuer = func(c *x509.Certificate) { c.KeyUsage &^= x509.KeyUsageDigitalSignature; c.MaxPathLenZero = false }
		}
		r.OCSP.Certificates = func([][]byte) [][]byte { return [][]byte{sibling.IssuerCertificate().Raw} }
	}
}

// delegateSerial gives a delegate a serial number of one octet.
func delegateSerial(number byte) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) {
		r.OCSP.Signer = fixtures.Delegated
		r.OCSP.DelegateEdit = func(tbs *fixtures.Node) { tbs.Children[1].Content = []byte{number} }
	}
}

// What a rule about signers and delegates weighs, case by case.
func TestSeverityOfSignersAndDelegates(t *testing.T) {
	t.Parallel()
	last := time.Date(2026, 3, 30, 23, 59, 59, 0, time.UTC)
	cases := []struct {
		name, rule string
		want       conformance.Severity
		change     func(*fixtures.Responder)
	}{
		{"another key of the CA", "ocsp-signer-same-key", conformance.Warning, func(r *fixtures.Responder) {
			r.OCSP.Signer, r.OCSP.DelegateByOtherCA = fixtures.Delegated, true
		}},
		{"another key of the CA", "ocsp-signer-authorized", conformance.Critical, func(r *fixtures.Responder) {
			r.OCSP.Signer, r.OCSP.DelegateByOtherCA = fixtures.Delegated, true
		}},
		{"a stranger", "cert-ocsp-issuer-same", conformance.Critical, func(r *fixtures.Responder) { r.OCSP.Signer = fixtures.AnyKey }},
		{"a CA that may not sign", "ocsp-signer-ca-ku-ds", conformance.Error, func(r *fixtures.Responder) {
			r.Issuer = func(c *x509.Certificate) { c.KeyUsage &^= x509.KeyUsageDigitalSignature }
		}},
		{"a CA that may by another certificate", "ocsp-signer-ca-ku-ds", conformance.Warning, withoutSigning(true)},
		{"a CA that may not by another either", "ocsp-signer-ca-ku-ds", conformance.Error, withoutSigning(false)},
		{"a CA's SHA-384 on P-256", "ocsp-sigalg-key-match", conformance.Error, func(r *fixtures.Responder) { r.OCSP.Algorithm = fixtures.ECDSAWithSHA384 }},
		{"a delegate's SHA-384 on P-256", "ocsp-sigalg-key-match", conformance.Warning, func(r *fixtures.Responder) {
			r.OCSP.Signer, r.OCSP.Algorithm = fixtures.Delegated, fixtures.ECDSAWithSHA384
		}},
		{"RSA of 1024 bits", "ocsp-signer-key-strength", conformance.Error, func(r *fixtures.Responder) { r.OCSP.Signer = fixtures.DelegatedWeak }},
		{"the exponent 3", "ocsp-signer-key-strength", conformance.Warning, func(r *fixtures.Responder) {
			r.OCSP.Signer, r.OCSP.DelegateKey = fixtures.Delegated, fixtures.RSAExponent3
		}},
		{"ECDSA for an RSA CA", "ocsp-sig-mandatory-algs", conformance.Info, func(r *fixtures.Responder) {
			r.Authority = fixtures.NewAuthority(fixtures.Kind{RSA: true})
			r.OCSP.Signer, r.OCSP.DelegateKey, r.OCSP.Algorithm = fixtures.Delegated, fixtures.P384, fixtures.ECDSAWithSHA384
		}},
		{"policies before the profile", "cert-ocsp-policies", 0, withPolicies(time.Date(2023, 9, 14, 23, 59, 59, 0, time.UTC))},
		{"policies while they were forbidden", "cert-ocsp-policies", conformance.Error, withPolicies(time.Date(2023, 9, 15, 0, 0, 0, 0, time.UTC))},
		{"policies in the last second of that", "cert-ocsp-policies", conformance.Error, withPolicies(last)},
		{"policies a second later", "cert-ocsp-policies", conformance.Notice, withPolicies(last.Add(time.Second))},
		{"the serial number 0", "cert-ocsp-serial-alg", conformance.Error, delegateSerial(0)},
		{"a short serial number", "cert-ocsp-serial-alg", conformance.Warning, delegateSerial(1)},
		{"OCSP in AIA", "cert-ocsp-aia", conformance.Notice, delegate(func(c *x509.Certificate) { c.OCSPServer = []string{"http://a.example/"} })},
		{"caIssuers in AIA", "cert-ocsp-aia", conformance.Error, delegate(func(c *x509.Certificate) {
			c.OCSPServer, c.IssuingCertificateURL = []string{"http://a.example/"}, []string{"http://a.example/"}
		})},
		{"no AKI", "cert-ocsp-aki-ski", conformance.Error, delegate(func(c *x509.Certificate) { c.AuthorityKeyId = nil })},
		{"no SKI", "cert-ocsp-aki-ski", conformance.Notice, delegate(func(c *x509.Certificate) { c.SubjectKeyId = nil })},
		{"long-lived", "cert-ocsp-validity", conformance.Notice, delegate(func(c *x509.Certificate) { c.NotAfter = c.NotAfter.AddDate(5, 0, 0) })},
		{"long-lived, but revocable", "cert-ocsp-validity", 0, delegate(func(c *x509.Certificate) {
			c.NotAfter, c.ExtraExtensions = c.NotAfter.AddDate(5, 0, 0), nil
		})},
		{"a further extension", "cert-ocsp-other-ext", conformance.Notice, delegate(func(c *x509.Certificate) {
			c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{2, 5, 29, 56}, Value: []byte{5, 0}})
		})},
	}
	for _, c := range cases {
		t.Run(c.name+", "+c.rule, func(t *testing.T) {
			t.Parallel()
			report := played(t, faked(fixtures.Kind{}, fixtures.Case{Change: c.change}))
			if got := worst(report, c.rule); got != c.want {
				t.Errorf("%s is %d, want %d%s", c.rule, got, c.want, describe(report))
			}
		})
	}
}

// The RFCs alone hold a delegate to little: most of its profile is the Baseline
// Requirements' own.
func TestDelegateUnderTheRFCsAlone(t *testing.T) {
	t.Parallel()
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: delegate(func(c *x509.Certificate) {
		c.ExtraExtensions, c.KeyUsage, c.Subject = nil, 0, pkix.Name{CommonName: "private"}
		c.DNSNames, c.OCSPServer, c.SubjectKeyId = []string{"a.example"}, []string{"http://a.example/"}, nil
		c.ExtKeyUsage = append(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	})})
	profile, _ := conformance.ProfileNamed("rfc")
	report := conformance.Examine(ask(t, fake, zoo.Memory{Responder: fake}, everything), conformance.Options{Profile: profile})
	if ids := fired(report); len(ids) > 0 {
		t.Errorf("fires %v%s", ids, describe(report))
	}
}

// A TLS certificate that signs responses without id-kp-OCSPSigning is no delegate, and is
// not held to a delegate's profile, whichever of the CA's keys signed it.
func TestWhatIsNoDelegateIsNotHeldToTheProfile(t *testing.T) {
	t.Parallel()
	for _, otherKey := range []bool{false, true} {
		report := played(t, faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) {
			r.OCSP.DelegateByOtherCA = otherKey
			delegate(func(c *x509.Certificate) {
				c.ExtKeyUsage, c.ExtraExtensions = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, nil
				c.DNSNames, c.OCSPServer = []string{"a.example"}, []string{"http://a.example/"}
			})(r)
		}}))
		want := []string{"ocsp-signer-authorized"}
		if !otherKey { // x/crypto/ocsp asks no more than whether the CA's key signed the certificate
			want = append(want, "ocsp-stock-client")
		}
		if ids := fired(report); !slices.Equal(ids, want) {
			t.Errorf("by another key: %t: fires %v%s", otherKey, ids, describe(report))
		}
	}
}

// A CA that signs for the CA above it is a delegate that must not be one, whatever else is
// wrong with it: the incident of July 2020.
func TestACAAsDelegate(t *testing.T) {
	t.Parallel()
	report := played(t, faked(fixtures.Kind{}, fixtures.Case{Change: delegate(func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	})}))
	if ids := fired(report); !slices.Equal(ids, []string{"cert-ocsp-bc", "cert-ocsp-ku"}) {
		t.Errorf("fires %v%s", ids, describe(report))
	}
}

// delegateFile is the report on a fake's delegate as a file, with its CA's certificate or
// without.
func delegateFile(t *testing.T, fake *fixtures.Responder, withIssuer bool) *conformance.Report {
	t.Helper()
	run := &evidence.Run{Started: noon}
	if withIssuer {
		run.AddCertificate(fake.IssuerCertificate().Raw, "ca.pem")
	}
	run.Exchanges = []evidence.Exchange{{ID: "delegate.pem", At: noon, AtAssumed: true, Body: fake.DelegateCertificate().Raw,
		Question: evidence.Question{Ask: evidence.File}}}
	return judge(t, run)
}

// An RSA key of the exponent 65536, which nobody can sign with.
func TestEvenExponent(t *testing.T) {
	t.Parallel()
	fake := faked(fixtures.Kind{RSA: true, Delegated: true}, fixtures.Case{Change: func(r *fixtures.Responder) {
		r.OCSP.DelegateEdit = func(tbs *fixtures.Node) {
			key := tbs.Children[6].Children[1].Content
			key[len(key)-1] ^= 1
		}
	}})
	report := delegateFile(t, fake, true)
	if got := fired(report); !slices.Equal(got, []string{"cert-ocsp-serial-alg"}) || worst(report, "cert-ocsp-serial-alg") != conformance.Error {
		t.Errorf("fires %v%s", got, describe(report))
	}
}

// A delegate's certificate is judged as a file too, with its CA or without.
func TestDelegateAsFile(t *testing.T) {
	t.Parallel()
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) {
		r.OCSP.Signer = fixtures.DelegatedWeak
		r.OCSP.Delegate = func(c *x509.Certificate) {
			c.ExtKeyUsage, c.AuthorityKeyId = append(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth), []byte{1}
		}
	}})
	for name, c := range map[string]struct {
		issuer bool
		want   []string
		open   string
	}{
		"with its CA": {true, []string{"cert-ocsp-aki-ski", "cert-ocsp-eku-only", "cert-ocsp-serial-alg"}, ""},
		"alone":       {false, []string{"cert-ocsp-eku-only", "cert-ocsp-serial-alg"}, "cert-ocsp-issuer-same"},
	} {
		report := delegateFile(t, fake, c.issuer)
		if got := fired(report); !slices.Equal(got, c.want) {
			t.Errorf("%s: fires %v, want %v%s", name, got, c.want, describe(report))
		}
		var open []string
		for _, f := range report.Findings {
			if f.Outcome == conformance.Inconclusive {
				open = append(open, f.Rule.ID)
			}
		}
		if strings.Join(open, " ") != c.open {
			t.Errorf("%s: inconclusive are %v, want %q", name, open, c.open)
		}
	}
}

// A citation may have an end: it binds to the last moment of the day before.
func TestCitationsBindToTheirEnd(t *testing.T) {
	t.Parallel()
	c := conformance.BR("7.1.2.8.8", conformance.Must).Since("2023-09-15").Until("2026-03-31")
	r := &conformance.Rule{ID: "ends", Cites: []conformance.Citation{c}}
	profile, _ := conformance.ProfileNamed("tls-br")
	end := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	if _, judged := profile.SeverityUnder(r, end.Add(-1)); !judged {
		t.Error("not judged a nanosecond before its end")
	}
	if _, judged := profile.SeverityUnder(r, end); judged {
		t.Error("judged at its end")
	}
	if c.Day() != "2023-09-15" || c.End() != "2026-03-31" || conformance.BR("4.9.9", conformance.Must).End() != "" {
		t.Errorf("from %q to %q", c.Day(), c.End())
	}
}
