package main

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// far is how far the seeded times are off: more than any skew or time zone explains.
const far = 100 * time.Hour

// lasts is how long the responses are valid.
const lasts = 96*time.Hour - time.Second

// fault is one way to get a signed OCSP response wrong.
type fault struct {
	name      string
	rule      string // of ours that has to name it; empty for a response without fault
	delegated bool   // signed by a delegate, not by the CA itself
	change    func(*fixtures.Responder)
	delegate  func(r *fixtures.Responder, c *x509.Certificate) // changes the delegate's certificate
}

// faults are the responses that are judged. Those without fault come first, one for each
// kind of signer: whoever objects to one of them has caught nothing by objecting to others.
func faults() []fault {
	return []fault{
		{name: "none, signed by the CA"},
		{name: "none, signed by a delegate", delegated: true},
		{name: "answer for another serial", rule: "ocsp-certid-echo", change: func(r *fixtures.Responder) {
			r.OCSP.Singles = func([]revocation.CertID) []revocation.CertID {
				return []revocation.CertID{r.CertID(crypto.SHA1, fixtures.UnassignedSerial(0))}
			}
		}},
		{name: "expired 100 h ago", rule: "ocsp-not-expired", change: func(r *fixtures.Responder) {
			r.OCSP.NextUpdate = r.Now.Add(-far)
			r.OCSP.ThisUpdate = r.OCSP.NextUpdate.Add(-lasts)
			r.OCSP.ProducedAt = r.OCSP.ThisUpdate
		}},
		{name: "thisUpdate 100 h ahead", rule: "ocsp-not-from-future", change: func(r *fixtures.Responder) {
			r.OCSP.ThisUpdate = r.Now.Add(far)
		}},
		{name: "no nextUpdate", rule: "ocsp-nextupdate-present", change: func(r *fixtures.Responder) {
			r.OCSP.NoNextUpdate = true
		}},
		{name: "delegate without id-kp-OCSPSigning", rule: "ocsp-signer-authorized", delegated: true,
			delegate: func(_ *fixtures.Responder, c *x509.Certificate) {
				c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
			}},
		{name: "delegate expired", rule: "ocsp-signer-valid-now", delegated: true,
			delegate: func(r *fixtures.Responder, c *x509.Certificate) { c.NotAfter = r.Now.Add(-far) }},
	}
}

// trial is one response as those who judge it are given it.
type trial struct {
	fault
	at           time.Time // when it is judged
	response     []byte
	issuer, leaf *x509.Certificate
	root         *x509.Certificate

	// Files of it: the response in DER, the certificates in PEM, trustFile with the root
	// and the issuer.
	responseFile, issuerFile, leafFile, trustFile string
}

// newTrial has a responder commit the fault whose clock stands at at. All octets follow
// from the fault and that time.
func newTrial(f fault, at time.Time) trial {
	r := fixtures.Conforming(at, fixtures.NewAuthority(fixtures.Kind{RSA: true, Delegated: f.delegated}))
	if f.change != nil {
		f.change(r)
	}
	if f.delegate != nil {
		r.OCSP.Delegate = func(c *x509.Certificate) { f.delegate(r, c) }
	}
	return trial{fault: f, at: r.Now, response: r.OCSPResponse(r.Question(evidence.AssignedPOST)),
		issuer: r.IssuerCertificate(), leaf: r.LeafCertificate(), root: r.RootCertificate()}
}

// write puts a trial into files of dir, a folder of its own.
func (t *trial) write(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("writing the response with the fault %q: %w", t.name, err)
	}
	for _, file := range []struct {
		name    *string
		base    string
		content []byte
	}{
		{&t.responseFile, "response.der", t.response},
		{&t.issuerFile, "issuer.pem", certificates(t.issuer)},
		{&t.leafFile, "leaf.pem", certificates(t.leaf)},
		{&t.trustFile, "trust.pem", certificates(t.root, t.issuer)},
	} {
		*file.name = filepath.Join(dir, file.base)
		if err := os.WriteFile(*file.name, file.content, 0o600); err != nil {
			return fmt.Errorf("writing the response with the fault %q: %w", t.name, err)
		}
	}
	return nil
}

// certificates writes certificates in PEM.
func certificates(list ...*x509.Certificate) []byte {
	var text []byte
	for _, c := range list {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return text
}
