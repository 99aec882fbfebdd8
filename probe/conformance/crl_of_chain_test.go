package conformance_test

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// The CRL of a CA further up the chain, as a file beside others, is judged as what it is.
func TestCRLOfAHigherCA(t *testing.T) {
	t.Parallel()
	generate := func() *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	rootKey, issuingKey := generate(), generate()
	issued := func(name string, key *ecdsa.PrivateKey, by *x509.Certificate, byKey *ecdsa.PrivateKey) *x509.Certificate {
		template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(1, 0, 0),
			BasicConstraintsValid: true, IsCA: key != nil, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte(name)}
		if by == nil {
			by = template
		}
		der, err := x509.CreateCertificate(rand.Reader, template, by, cmp.Or(key, issuingKey).Public(), byKey)
		if err != nil {
			t.Fatal(err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	root := issued("Root", rootKey, nil, rootKey)
	issuing := issued("Issuing", issuingKey, root, rootKey)
	leaf := issued("leaf", nil, issuing, issuingKey)
	listed := x509.RevocationListEntry{SerialNumber: leaf.SerialNumber, RevocationTime: noon.AddDate(0, -1, 0), ReasonCode: int(revocation.ReasonSuperseded)}
	crl, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: noon.Add(-time.Hour), NextUpdate: noon.AddDate(0, 6, 0),
		RevokedCertificateEntries: []x509.RevocationListEntry{listed}}, root, rootKey)
	if err != nil {
		t.Fatal(err)
	}
	run := &evidence.Run{Started: noon}
	run.AddCertificate(issuing.Raw, "issuing.pem")
	run.AddCertificate(root.Raw, "root.pem")
	run.Exchanges = []evidence.Exchange{{ID: "root.crl", At: noon, Body: crl, Question: evidence.Question{Ask: evidence.File, Subject: run.AddCertificate(leaf.Raw, "leaf.pem")}}}
	report := judge(t, run)
	if got := fired(report); len(got) > 0 {
		t.Errorf("fires %v%s", got, describe(report))
	}
	if d := report.Documents[0]; d.Signature != revocation.SignatureValid || d.Status != "" {
		t.Errorf("document: %+v", d)
	}
}
