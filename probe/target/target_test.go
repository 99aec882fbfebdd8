package target_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/target"
)

// asker answers as a function says.
type asker func(q evidence.Question) evidence.Exchange

func (a asker) Ask(_ context.Context, q evidence.Question) evidence.Exchange { return a(q) }

// nobody answers: what is asked all the same fails the test.
func nobody(t *testing.T) asker {
	return func(q evidence.Question) evidence.Exchange {
		t.Errorf("asked %s of %s", q.Ask, q.URL)
		return evidence.Exchange{Failure: evidence.ConnectRefused}
	}
}

// file writes a file into a folder of the test and returns its name.
func file(t *testing.T, content []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "certificates")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func resolve(t *testing.T, n target.Named, a probe.Asker) ([]probe.Target, *evidence.Run) {
	t.Helper()
	var run evidence.Run
	targets, err := target.Resolve(t.Context(), n, a, &run)
	if err != nil {
		t.Fatal(err)
	}
	return targets, &run
}

// one is resolve of what leads to a single target.
func one(t *testing.T, n target.Named, a probe.Asker) (probe.Target, *evidence.Run) {
	t.Helper()
	targets, run := resolve(t, n, a)
	if len(targets) != 1 {
		t.Fatalf("%d targets: %+v", len(targets), targets)
	}
	return targets[0], run
}

func wantTarget(t *testing.T, got probe.Target, certificate, issuer *x509.Certificate, responders, crls []string) {
	t.Helper()
	switch {
	case !same(got.Certificate, certificate):
		t.Errorf("the certificate is not the one that was named")
	case !same(got.Issuer, issuer):
		t.Errorf("the issuer is %v", got.Issuer)
	case !slices.Equal(got.Responders, responders):
		t.Errorf("responders %v, want %v", got.Responders, responders)
	case !slices.Equal(got.DistributionPoints, crls):
		t.Errorf("distribution points %v, want %v", got.DistributionPoints, crls)
	}
}

func same(a, b *x509.Certificate) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(b)
}

func TestAChainLeadsToItsServices(t *testing.T) {
	r := fake(nil)
	leaf, issuer := r.LeafCertificate(), r.IssuerCertificate()
	for name, content := range map[string][]byte{
		"in order": pemOf(leaf, issuer), "reversed": pemOf(r.RootCertificate(), issuer, leaf), "CMS": cms(issuer, leaf),
	} {
		got, run := one(t, target.Named{Targets: []string{file(t, content)}, Scope: evidence.ScopeEE}, nobody(t))
		wantTarget(t, got, leaf, issuer, []string{r.OCSPURL()}, []string{r.CRLURL()})
		if run.Certificate(evidence.Fingerprint(leaf.Raw)) == nil || len(run.Notes) > 0 || got.Scope != evidence.ScopeEE {
			t.Errorf("%s: notes %v, scope %s, %d certificates", name, run.Notes, got.Scope, len(run.Certificates))
		}
	}
}

func TestTheIssuerMayBeAFileOfItsOwn(t *testing.T) {
	r := fake(nil)
	sameName := fixtures.Conforming(r.Now, fixtures.NewAuthority(fixtures.Kind{RSA: true})).IssuerCertificate()
	sibling := r.RootCertificate()
	n := target.Named{Targets: []string{file(t, r.LeafCertificate().Raw)}, Siblings: []string{file(t, sibling.Raw)},
		Issuers: []string{file(t, pemOf(sameName)), file(t, pemOf(r.RootCertificate(), r.IssuerCertificate()))}}
	got, _ := one(t, n, nobody(t))
	wantTarget(t, got, r.LeafCertificate(), r.IssuerCertificate(), []string{r.OCSPURL()}, []string{r.CRLURL()})
	if len(got.Siblings) != 1 || !got.Siblings[0].Equal(sibling) {
		t.Errorf("siblings %v", got.Siblings)
	}
}

func TestEveryLeafOfAFileIsATarget(t *testing.T) {
	first, second := fake(nil), fake(func(r *fixtures.Responder) {
		r.Leaf = func(c *x509.Certificate) { c.CRLDistributionPoints = []string{"http://other.example/2.crl"} }
	})
	content := pemOf(first.LeafCertificate(), second.LeafCertificate(), first.IssuerCertificate())
	targets, _ := resolve(t, target.Named{Targets: []string{file(t, content)}}, nobody(t))
	if len(targets) != 2 {
		t.Fatalf("%d targets", len(targets))
	}
	wantTarget(t, targets[0], first.LeafCertificate(), first.IssuerCertificate(), []string{first.OCSPURL()}, []string{first.CRLURL()})
	wantTarget(t, targets[1], second.LeafCertificate(), first.IssuerCertificate(), []string{first.OCSPURL()}, []string{"http://other.example/2.crl"})
}

// A file of CAs alone asks about the first of them.
func TestACACertificateIsATarget(t *testing.T) {
	r := fake(nil)
	got, _ := one(t, target.Named{Targets: []string{file(t, pemOf(r.IssuerCertificate(), r.RootCertificate()))}}, nobody(t))
	wantTarget(t, got, r.IssuerCertificate(), r.RootCertificate(), nil, []string{"http://revocation.example/root.crl"})
	root, run := one(t, target.Named{Targets: []string{file(t, r.RootCertificate().Raw)}}, nobody(t))
	wantTarget(t, root, r.RootCertificate(), r.RootCertificate(), nil, nil)
	if len(run.Notes) != 1 || !strings.Contains(run.Notes[0], "Revprobe Fixtures Root") || !strings.Contains(run.Notes[0], "no OCSP responder and no CRL") {
		t.Errorf("notes %q", run.Notes)
	}
}

func TestStandardInput(t *testing.T) {
	r := fake(nil)
	got, _ := one(t, target.Named{Targets: []string{"-"}, Stdin: bytes.NewReader(pemOf(r.LeafCertificate(), r.IssuerCertificate()))}, nobody(t))
	wantTarget(t, got, r.LeafCertificate(), r.IssuerCertificate(), []string{r.OCSPURL()}, []string{r.CRLURL()})
	issued, _ := one(t, target.Named{Targets: []string{file(t, r.LeafCertificate().Raw)}, Issuers: []string{"-"},
		Stdin: bytes.NewReader(r.IssuerCertificate().Raw)}, nobody(t))
	wantTarget(t, issued, r.LeafCertificate(), r.IssuerCertificate(), []string{r.OCSPURL()}, []string{r.CRLURL()})
}

func TestNamedServicesReplaceThoseOfTheCertificate(t *testing.T) {
	r := fake(nil)
	chain := file(t, pemOf(r.LeafCertificate(), r.IssuerCertificate()))
	ocsp, crls := []string{"http://a.example/o", "https://b.example"}, []string{"http://a.example/1.crl"}
	both, _ := one(t, target.Named{Targets: []string{chain}, Responders: ocsp, CRLs: crls}, nobody(t))
	wantTarget(t, both, r.LeafCertificate(), r.IssuerCertificate(), ocsp, crls)
	if got, _ := one(t, target.Named{Targets: []string{chain}, Responders: ocsp}, nobody(t)); !slices.Equal(got.Responders, ocsp) {
		t.Errorf("responders %v, want %v", got.Responders, ocsp)
	}
	if got, _ := one(t, target.Named{Targets: []string{chain}, CRLs: crls}, nobody(t)); !slices.Equal(got.DistributionPoints, crls) {
		t.Errorf("distribution points %v, want %v", got.DistributionPoints, crls)
	}
}

func TestServicesWithoutACertificate(t *testing.T) {
	r := fake(nil)
	issuer := file(t, pemOf(r.IssuerCertificate(), r.RootCertificate()))
	ocsp, crls := []string{"http://a.example/o"}, []string{"http://a.example/1.crl"}
	both, _ := one(t, target.Named{Issuers: []string{issuer}, Responders: ocsp, CRLs: crls, Scope: evidence.ScopeCA}, nobody(t))
	wantTarget(t, both, nil, r.IssuerCertificate(), ocsp, crls)
	if both.Scope != evidence.ScopeCA {
		t.Errorf("scope %q", both.Scope)
	}
	alone, _ := one(t, target.Named{CRLs: crls}, nobody(t))
	wantTarget(t, alone, nil, nil, nil, crls)
	url, _ := one(t, target.Named{Targets: crls}, nobody(t))
	wantTarget(t, url, nil, nil, nil, crls)
	known, _ := one(t, target.Named{Targets: crls, Issuers: []string{issuer}}, nobody(t))
	wantTarget(t, known, nil, r.IssuerCertificate(), nil, crls)
}

// One URL serves many CAs: each that was named is asked about, and the CRL says whose it is.
func TestSeveralIssuersWithoutACertificate(t *testing.T) {
	r := fake(nil)
	ocsp, crls := []string{"http://a.example/o"}, []string{"http://a.example/1.crl"}
	named := target.Named{Issuers: []string{file(t, r.IssuerCertificate().Raw), file(t, r.RootCertificate().Raw)}, Responders: ocsp, CRLs: crls}
	got, err := target.Resolve(t.Context(), named, nobody(t), &evidence.Run{})
	if err != nil || len(got) != 3 {
		t.Fatalf("%d targets, %v", len(got), err)
	}
	wantTarget(t, got[0], nil, nil, nil, crls)
	wantTarget(t, got[1], nil, r.IssuerCertificate(), ocsp, nil)
	wantTarget(t, got[2], nil, r.RootCertificate(), ocsp, nil)
}

// A CRL's URL beside a responder's leaves both to be asked.
func TestCRLBesideResponder(t *testing.T) {
	r := fake(nil)
	named := target.Named{Targets: []string{"http://a.example/1.crl"}, Issuers: []string{file(t, r.IssuerCertificate().Raw)}, Responders: []string{"http://a.example/o"}}
	got, err := target.Resolve(t.Context(), named, nobody(t), &evidence.Run{})
	if err != nil || len(got) != 2 {
		t.Fatalf("%d targets, %v", len(got), err)
	}
	wantTarget(t, got[0], nil, r.IssuerCertificate(), []string{"http://a.example/o"}, nil)
	wantTarget(t, got[1], nil, r.IssuerCertificate(), nil, []string{"http://a.example/1.crl"})
}

func TestPointersAreTakenOnceAndOnlyOverHTTP(t *testing.T) {
	r := fake(func(r *fixtures.Responder) {
		r.Leaf = func(c *x509.Certificate) {
			c.OCSPServer = []string{"http://a.example/o", "ldap://a.example/o", "https://a.example/o", "http://a.example/o"}
			c.CRLDistributionPoints = []string{"ldap:///CN=x", "http://a.example/1.crl", "http://a.example/1.crl"}
		}
	})
	got, _ := one(t, target.Named{Targets: []string{file(t, pemOf(r.LeafCertificate(), r.IssuerCertificate()))}}, nobody(t))
	wantTarget(t, got, r.LeafCertificate(), r.IssuerCertificate(), []string{"http://a.example/o", "https://a.example/o"}, []string{"http://a.example/1.crl"})
}

// A delta that the certificate names comes after its complete CRL, and in its place comes what
// the user names.
func TestDeltasOfACertificate(t *testing.T) {
	r := fake(func(r *fixtures.Responder) { r.Shards = []fixtures.Shard{{Copy: true, FreshestOfLeaf: true}} })
	chain := file(t, pemOf(r.LeafCertificate(), r.IssuerCertificate()))
	got, _ := one(t, target.Named{Targets: []string{chain}}, nobody(t))
	wantTarget(t, got, r.LeafCertificate(), r.IssuerCertificate(), []string{r.OCSPURL()}, []string{r.CRLURL(), r.ShardURL(0)})
	crls := []string{"http://a.example/1.crl"}
	if got, _ := one(t, target.Named{Targets: []string{chain}, CRLs: crls}, nobody(t)); !slices.Equal(got.DistributionPoints, crls) {
		t.Errorf("distribution points %v, want %v", got.DistributionPoints, crls)
	}
}

func TestWhatCannotBeTakenIsAnError(t *testing.T) {
	r := fake(nil)
	folder := t.TempDir()
	missing := filepath.Join(folder, "missing")
	leaf := file(t, r.LeafCertificate().Raw)
	for name, test := range map[string]struct {
		named target.Named
		want  []string
	}{
		"nothing":                   {target.Named{}, []string{"nothing to check", "--issuer", "--ocsp"}},
		"an issuer alone":           {target.Named{Issuers: []string{leaf}}, []string{"nothing to check"}},
		"a missing file":            {target.Named{Targets: []string{missing}}, []string{"reading " + missing + ": no such file or directory", "host:port", "standard input"}},
		"a folder":                  {target.Named{Targets: []string{folder}}, []string{folder, "is a directory"}},
		"an empty file":             {target.Named{Targets: []string{file(t, nil)}}, []string{"it is empty"}},
		"garbage":                   {target.Named{Targets: []string{file(t, []byte{1, 2, 3})}}, []string{"not a certificate"}},
		"garbage from stdin":        {target.Named{Targets: []string{"-"}, Stdin: strings.NewReader("x")}, []string{"reading certificates from standard input"}},
		"a good and a missing file": {target.Named{Targets: []string{leaf, missing}, Issuers: []string{file(t, r.IssuerCertificate().Raw)}}, []string{missing}},
		"a missing issuer":          {target.Named{Targets: []string{leaf}, Issuers: []string{missing}}, []string{"reading certificates from " + missing}},
		"a missing sibling":         {target.Named{Targets: []string{leaf}, Siblings: []string{missing}}, []string{"reading certificates from " + missing}},
		"a host without port":       {target.Named{Targets: []string{"www.revocation.example"}}, []string{"www.revocation.example", "host:port"}},
		"ftp":                       {target.Named{Targets: []string{"ftp://a.example/1.crl"}}, []string{"ftp://a.example/1.crl: not an http URL"}},
		"no host":                   {target.Named{Targets: []string{"http:///1.crl"}}, []string{"not an http URL"}},
		"no such port":              {target.Named{Targets: []string{"http://a.example:65536/1.crl"}}, []string{"asking http://a.example:65536/1.crl: 65536 is no port"}},
		"port 0":                    {target.Named{Targets: []string{leaf}, Responders: []string{"http://a.example:0"}}, []string{"0 is no port"}},
		"a responder without URL":   {target.Named{Targets: []string{leaf}, Responders: []string{"a.example"}}, []string{"asking a.example: not an http URL"}},
		"a CRL without URL":         {target.Named{Targets: []string{leaf}, CRLs: []string{"ldap://a.example"}}, []string{"asking ldap://a.example"}},
		"a responder, no issuer":    {target.Named{Responders: []string{"http://a.example"}}, []string{"http://a.example", "--issuer"}},
	} {
		var run evidence.Run
		targets, err := target.Resolve(t.Context(), test.named, nobody(t), &run)
		if err == nil {
			t.Errorf("%s: %+v", name, targets)
			continue
		}
		for _, want := range test.want {
			if strings.Count(err.Error(), want) != 1 {
				t.Errorf("%s: %q does not say %q once", name, err, want)
			}
		}
	}
}

// Only what the user named himself may be at a private address.
func TestHosts(t *testing.T) {
	n := target.Named{
		Targets: []string{"TLS.example:443", "127.0.0.1:8443", "[::1]:443", "http://CRL.example:8080/ca.crl", "leaf.pem", "-", "./folder/leaf.pem", "tls://inner.example:636"},
		Issuers: []string{"issuer.example:1"}, Siblings: []string{"sibling.example:1"},
		Responders: []string{"http://10.0.0.1/ocsp"}, CRLs: []string{"https://[fd00::1]:8443/ca.crl"},
	}
	got := slices.Sorted(maps.Keys(n.Hosts()))
	want := []string{"10.0.0.1", "127.0.0.1", "::1", "crl.example", "fd00::1", "inner.example", "tls.example"}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
