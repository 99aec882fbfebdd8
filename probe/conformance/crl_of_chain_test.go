package conformance_test

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// issued is a certificate that by signed: of a CA where it has a key, and of nobody else
// where not.
func issued(t *testing.T, name string, key *ecdsa.PrivateKey, by *x509.Certificate, byKey *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(1, 0, 0),
		BasicConstraintsValid: true, IsCA: key != nil, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	if by == nil {
		by = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by, cmp.Or(key, byKey).Public(), byKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// crlBy is a CRL for six months with one entry.
func crlBy(t *testing.T, ca *x509.Certificate, key *ecdsa.PrivateKey, serial *big.Int) []byte {
	t.Helper()
	listed := x509.RevocationListEntry{SerialNumber: serial, RevocationTime: noon.AddDate(0, -1, 0), ReasonCode: int(revocation.ReasonSuperseded)}
	crl, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: noon.Add(-time.Hour), NextUpdate: noon.AddDate(0, 6, 0),
		RevokedCertificateEntries: []x509.RevocationListEntry{listed}}, ca, key)
	if err != nil {
		t.Fatal(err)
	}
	return crl
}

// The CRL of a CA further up the chain, as a file beside others, is judged as what it is.
func TestCRLOfAHigherCA(t *testing.T) {
	t.Parallel()
	rootKey, issuingKey := newKey(t), newKey(t)
	root := issued(t, "Root", rootKey, nil, rootKey)
	issuing := issued(t, "Issuing", issuingKey, root, rootKey)
	leaf := issued(t, "leaf", nil, issuing, issuingKey)
	run := &evidence.Run{Started: noon}
	run.AddCertificate(issuing.Raw, "issuing.pem")
	run.AddCertificate(root.Raw, "root.pem")
	run.Exchanges = []evidence.Exchange{{ID: "root.crl", At: noon, Body: crlBy(t, root, rootKey, leaf.SerialNumber),
		Question: evidence.Question{Ask: evidence.File, Subject: run.AddCertificate(leaf.Raw, "leaf.pem")}}}
	report := judge(t, run)
	if got := fired(report); len(got) > 0 {
		t.Errorf("fires %v%s", got, describe(report))
	}
	if d := report.Documents[0]; d.Signature != revocation.SignatureValid || d.Status != "" {
		t.Errorf("document: %+v", d)
	}
}

// Of a CRL that another key of the CA signed, whose certificate is not at hand, the finding
// says so much.
func TestCRLOfAnotherKeyOfTheCA(t *testing.T) {
	t.Parallel()
	oldKey, newerKey := newKey(t), newKey(t)
	old, newer := issued(t, "CA", oldKey, nil, oldKey), issued(t, "CA", newerKey, nil, newerKey)
	run := &evidence.Run{Started: noon}
	run.AddCertificate(newer.Raw, "newer.pem")
	run.Exchanges = []evidence.Exchange{{ID: "old.crl", At: noon, Body: crlBy(t, old, oldKey, big.NewInt(7)), Question: evidence.Question{Ask: evidence.File}}}
	report := judge(t, run)
	at := slices.IndexFunc(report.Findings, func(f conformance.Finding) bool { return f.Rule.ID == "crl-signature-valid" })
	if at < 0 || !strings.Contains(report.Findings[at].Got, "; the CRL names the key ") || !strings.Contains(report.Findings[at].Got, ", that CA's is ") {
		t.Errorf("fires %v%s", fired(report), describe(report))
	}
}
