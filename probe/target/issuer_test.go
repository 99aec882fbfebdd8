package target_test

import (
	"crypto/x509"
	"slices"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/target"
)

// behind answers caIssuers URLs with these bodies.
func behind(bodies map[string][]byte) asker {
	return func(q evidence.Question) evidence.Exchange {
		if body, ok := bodies[q.URL]; ok && q.Ask == evidence.FetchIssuer && q.Method == "GET" {
			return evidence.Exchange{Code: 200, Body: body}
		}
		return evidence.Exchange{Code: 404, Failure: evidence.HTTPStatus, Body: []byte("<html>not found</html>")}
	}
}

func TestTheIssuerIsFetched(t *testing.T) {
	r := fake(nil)
	leaf, issuer, root := r.LeafCertificate(), r.IssuerCertificate(), r.RootCertificate()
	for name, body := range map[string][]byte{
		"DER": issuer.Raw, "PEM": pemOf(issuer), "PEM of a chain": pemOf(root, issuer), "CMS": cms(root, issuer), "CMS of one": cms(issuer),
	} {
		got, run := one(t, target.Named{Targets: []string{file(t, leaf.Raw)}}, behind(map[string][]byte{r.IssuersURL(): body}))
		wantTarget(t, got, leaf, issuer, []string{r.OCSPURL()}, []string{r.CRLURL()})
		if len(run.Exchanges) != 1 || len(run.Notes) > 0 {
			t.Fatalf("%s: %d exchanges, notes %q", name, len(run.Exchanges), run.Notes)
		}
		x := run.Exchanges[0]
		if x.ID != "0.1" || x.URL != r.IssuersURL() || x.Subject != evidence.Fingerprint(leaf.Raw) || len(x.Body) != len(body) {
			t.Errorf("%s: recorded as %+v", name, x)
		}
		kept := slices.IndexFunc(run.Certificates, func(c evidence.Certificate) bool { return string(c.DER) == string(issuer.Raw) })
		if kept < 0 || run.Certificates[kept].Origin != r.IssuersURL() {
			t.Errorf("%s: the issuer is not kept as from %s: %d", name, r.IssuersURL(), kept)
		}
	}
}

func TestAnIssuerThatIsNotServedIsANote(t *testing.T) {
	r := fake(nil)
	sameName := fixtures.Conforming(r.Now, fixtures.NewAuthority(fixtures.Kind{RSA: true})).IssuerCertificate()
	for name, body := range map[string][]byte{
		"404": nil, "HTML": []byte("<html>parked</html>"), "nothing": {}, "another CA": r.RootCertificate().Raw,
		"a CA of the same name with another key": sameName.Raw, "the leaf itself": r.LeafCertificate().Raw,
		"DER cut short": r.IssuerCertificate().Raw[:300], "CMS of nothing": cms(), "CMS of others": cms(r.RootCertificate(), sameName),
	} {
		bodies := map[string][]byte{r.IssuersURL(): body}
		if name == "404" {
			delete(bodies, r.IssuersURL())
		}
		got, run := one(t, target.Named{Targets: []string{file(t, r.LeafCertificate().Raw)}}, behind(bodies))
		wantTarget(t, got, r.LeafCertificate(), nil, nil, []string{r.CRLURL()})
		if len(run.Exchanges) != 1 || len(run.Notes) != 1 {
			t.Fatalf("%s: %d exchanges, notes %q", name, len(run.Exchanges), run.Notes)
		}
		for _, want := range []string{r.OCSPURL(), "was not asked", "Revprobe Fixtures Issuing CA 1", "--issuer"} {
			if !strings.Contains(run.Notes[0], want) {
				t.Errorf("%s: %q does not say %q", name, run.Notes[0], want)
			}
		}
	}
}

func withIssuersAt(urls ...string) *fixtures.Responder {
	return fake(func(r *fixtures.Responder) {
		r.Leaf = func(c *x509.Certificate) { c.IssuingCertificateURL = urls }
	})
}

func TestEveryIssuersURLIsTried(t *testing.T) {
	r := withIssuersAt("ldap://ca.example/", "http://a.example/html", "http://b.example/issuer", "http://c.example/issuer")
	got, run := one(t, target.Named{Targets: []string{file(t, r.LeafCertificate().Raw)}}, behind(map[string][]byte{
		"http://a.example/html": []byte("<html>"), "http://b.example/issuer": r.IssuerCertificate().Raw, "http://c.example/issuer": r.IssuerCertificate().Raw}))
	wantTarget(t, got, r.LeafCertificate(), r.IssuerCertificate(), []string{r.OCSPURL()}, []string{r.CRLURL()})
	var asked []string
	for _, x := range run.Exchanges {
		asked = append(asked, x.ID+" "+x.URL)
	}
	if !slices.Equal(asked, []string{"0.1 http://a.example/html", "0.2 http://b.example/issuer"}) {
		t.Errorf("asked %v", asked)
	}
}

// Hundreds of certificates of one CA are one question to that CA, answered or not.
func TestAnIssuersURLIsAskedOnce(t *testing.T) {
	first, second := fake(nil), fake(func(r *fixtures.Responder) {
		r.Leaf = func(c *x509.Certificate) { c.DNSNames = []string{"other.example"} }
	})
	leaves := pemOf(first.LeafCertificate(), second.LeafCertificate())
	for name, bodies := range map[string]map[string][]byte{"served": {first.IssuersURL(): first.IssuerCertificate().Raw}, "404": {}} {
		for form, files := range map[string][]string{"one file": {file(t, leaves)},
			"two files": {file(t, first.LeafCertificate().Raw), file(t, second.LeafCertificate().Raw)}} {
			targets, run := resolve(t, target.Named{Targets: files}, behind(bodies))
			if len(run.Exchanges) != 1 || len(targets) != 2 {
				t.Fatalf("%s, %s: %d exchanges for %d targets", name, form, len(run.Exchanges), len(targets))
			}
			for _, got := range targets {
				if (got.Issuer != nil) != (name == "served") {
					t.Errorf("%s, %s: issuer %v", name, form, got.Issuer)
				}
			}
		}
	}
}

func TestACRLIsCheckedWithoutItsIssuer(t *testing.T) {
	r := withIssuersAt()
	got, run := one(t, target.Named{Targets: []string{file(t, r.LeafCertificate().Raw)}, CRLs: []string{"http://a.example/1.crl"}}, nobody(t))
	wantTarget(t, got, r.LeafCertificate(), nil, nil, []string{"http://a.example/1.crl"})
	if len(run.Exchanges) > 0 {
		t.Errorf("%d exchanges", len(run.Exchanges))
	}
}

// Where caIssuers leads is part of the target, unless services were named in place of those
// in the certificate.
func TestWhereCaIssuersLeads(t *testing.T) {
	r := fake(nil)
	named := target.Named{Targets: []string{file(t, r.LeafCertificate().Raw)}, Issuers: []string{file(t, r.IssuerCertificate().Raw)}}
	if got, _ := one(t, named, behind(nil)); !slices.Equal(got.IssuerLocations, []string{r.IssuersURL()}) {
		t.Errorf("locations %v", got.IssuerLocations)
	}
	named.Responders = []string{"http://elsewhere.example/"}
	if got, _ := one(t, named, behind(nil)); len(got.IssuerLocations) > 0 {
		t.Errorf("locations %v beside named responders", got.IssuerLocations)
	}
}
