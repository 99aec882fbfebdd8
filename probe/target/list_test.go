package target_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/target"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// whom returns who is asked about each certificate, and what became of the list.
func whom(t *testing.T, i *target.Issued, certificates ...*x509.Certificate) ([]evidence.Question, *evidence.List) {
	t.Helper()
	var all []evidence.Question
	for _, c := range certificates {
		list, err := i.Questions(c, noon)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, list...)
	}
	return all, i.List()
}

func wantLeftOut(t *testing.T, list *evidence.List, want ...string) {
	t.Helper()
	var got []string
	for _, left := range list.LeftOut {
		got = append(got, fmt.Sprintf("%d %s %s", left.Count, left.Why, left.Of))
	}
	if !slices.Equal(got, want) {
		t.Errorf("left out %q, want %q", got, want)
	}
}

const issuingCA = "CN=Revprobe Fixtures Issuing CA 1,O=Revprobe Fixtures,C=IS"

func TestWhomToAskAboutAList(t *testing.T) {
	r := fake(nil)
	poisoned := func(c *x509.Certificate) {
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 3}, Critical: true, Value: asn1.NullBytes})
	}
	ending := func(at time.Time) func(*x509.Certificate) { return func(c *x509.Certificate) { c.NotAfter = at } }
	named := func(urls ...string) func(*x509.Certificate) { return func(c *x509.Certificate) { c.OCSPServer = urls } }
	issuers := []*x509.Certificate{r.RootCertificate(), r.IssuerCertificate()}

	all, list := whom(t, target.NewIssued([]string{"list"}, issuers, nil),
		r.Issued("a", poisoned), r.Issued("a", nil), r.Issued("b", nil), r.Issued("b", poisoned), r.IssuerCertificate(),
		r.Issued("in its last second", ending(noon)), r.Issued("expired", ending(noon.Add(-time.Second))),
		r.Issued("silent", named()), r.Issued("ldap", named("ldap://a.example")), r.Issued("two", named("http://a.example", "http://b.example", "http://a.example")))
	var urls []string
	for _, q := range all {
		urls = append(urls, q.URL)
		if q.Ask != evidence.AssignedPOST || q.Issuer != evidence.Fingerprint(r.IssuerCertificate().Raw) || q.Subject != evidence.Fingerprint(q.Certificate) ||
			!q.CertID().NamesIssuer(r.IssuerCertificate()) || q.CertID().Serial.String() != q.Serial {
			t.Errorf("%+v", q)
		}
	}
	if want := []string{r.OCSPURL(), r.OCSPURL(), r.OCSPURL(), "http://a.example", "http://b.example"}; !slices.Equal(urls, want) {
		t.Errorf("asked %q, want %q", urls, want)
	}
	wantLeftOut(t, list, "2 same-serial ", "1 no-responder CN=Revprobe Fixtures Root,O=Revprobe Fixtures,C=IS", "1 expired ", "2 no-responder "+issuingCA)
	if list.Certificates != 10 || list.Precertificates != 2 || !slices.Equal(list.Files, []string{"list"}) {
		t.Errorf("%+v", list)
	}

	mute := func(c *x509.Certificate) { poisoned(c); c.OCSPServer = nil }
	all, list = whom(t, target.NewIssued(nil, issuers, nil), r.Issued("a", mute), r.Issued("a", nil))
	if wantLeftOut(t, list, "1 no-responder "+issuingCA); len(all) != 1 {
		t.Errorf("%+v", all)
	}
	all, list = whom(t, target.NewIssued(nil, issuers, []string{"http://c.example"}), r.Issued("silent", named()), r.Issued("a", nil))
	if wantLeftOut(t, list); len(all) != 2 || all[0].URL != "http://c.example" || all[1].URL != "http://c.example" {
		t.Errorf("%+v", all)
	}
}

// A certificate belongs to the CA whose key signed it, whatever other CA has that name.
func TestTheIssuerOfAListedCertificate(t *testing.T) {
	r, other := fake(nil), fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{RSA: true}))
	both := []*x509.Certificate{other.IssuerCertificate(), r.IssuerCertificate()}
	all, list := whom(t, target.NewIssued(nil, both, nil), r.Issued("a", nil), other.Issued("a", nil))
	if wantLeftOut(t, list); len(all) != 2 || all[0].Issuer != evidence.Fingerprint(both[1].Raw) || all[1].Issuer != evidence.Fingerprint(both[0].Raw) {
		t.Errorf("%+v", all)
	}
	_, list = whom(t, target.NewIssued(nil, both[:1], nil), r.Issued("a", nil), r.Issued("b", nil), r.RootCertificate())
	wantLeftOut(t, list, "2 no-issuer "+issuingCA, "1 no-issuer CN=Revprobe Fixtures Root,O=Revprobe Fixtures,C=IS")
}

// What a Precertificate Signing Certificate signed is asked about as of the CA that issued
// that certificate, where the final one is too.
func TestPrecertificateSigningCertificate(t *testing.T) {
	key := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	caKey, signingKey := key(), key()
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA"}, IsCA: true, BasicConstraintsValid: true, NotAfter: noon.Add(time.Hour)}
	ca := issue(t, root, root, caKey)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Precertificate Signing"}, IsCA: true, BasicConstraintsValid: true,
		UnknownExtKeyUsage: []asn1.ObjectIdentifier{{1, 3, 6, 1, 4, 1, 11129, 2, 4, 4}}, NotAfter: noon.Add(time.Hour)}
	sign := func(template, parent *x509.Certificate, public *ecdsa.PrivateKey, by *ecdsa.PrivateKey) *x509.Certificate {
		der, err := x509.CreateCertificate(rand.Reader, template, parent, public.Public(), by)
		if err != nil {
			t.Fatal(err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	signing := sign(template, ca, signingKey, caKey)
	leaf := &x509.Certificate{SerialNumber: big.NewInt(77), NotAfter: noon.Add(time.Hour), OCSPServer: []string{"http://a.example"}}
	final := sign(leaf, ca, key(), caKey)
	leaf.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 3}, Critical: true, Value: asn1.NullBytes}}
	precertificate := sign(leaf, signing, key(), signingKey)

	all, list := whom(t, target.NewIssued(nil, []*x509.Certificate{signing, ca}, nil), precertificate, final)
	if wantLeftOut(t, list, "1 same-serial "); len(all) != 1 || !all[0].CertID().NamesIssuer(ca) || all[0].Issuer != evidence.Fingerprint(ca.Raw) {
		t.Errorf("%+v", all)
	}
	_, list = whom(t, target.NewIssued(nil, []*x509.Certificate{signing}, nil), precertificate)
	wantLeftOut(t, list, "1 no-issuer CN=Precertificate Signing")
	_, list = whom(t, target.NewIssued(nil, []*x509.Certificate{ca}, nil), precertificate)
	wantLeftOut(t, list, "1 no-issuer CN=Precertificate Signing")
}

// Of each certificate that was read no more than a hash stays, and each takes no more work than
// the ones before, however many there are.
func TestMemoryOfReadingAList(t *testing.T) {
	r := fake(nil)
	i := target.NewIssued(nil, []*x509.Certificate{r.RootCertificate(), r.IssuerCertificate()}, nil)
	asked := 0
	read := func(from, to int) (kept, allocated float64) {
		var text []byte
		for n := from; n < to; n++ {
			text = append(text, pemOf(r.Issued(fmt.Sprint(n), nil))...)
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		err := target.ReadList(bytes.NewReader(text), "list", target.ListVisitor{Certificate: func(c *x509.Certificate, _ target.Place) error {
			list, err := i.Questions(c, noon)
			asked += len(list)
			return err
		}})
		if err != nil {
			t.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		each := float64(to - from)
		return float64(int64(after.HeapAlloc)-int64(before.HeapAlloc)) / each, float64(after.TotalAlloc-before.TotalAlloc) / each
	}
	_, few := read(0, 500)
	kept, many := read(500, 2500)
	if asked != 2500 || kept > 200 || many > 1.1*few {
		t.Errorf("%d questions; %.0f octets are kept of each certificate, %.0f are allocated, of the first %.0f", asked, kept, many, few)
	}
}

// Beyond a hundred, responders that were given up are counted together, under the failure of
// all of them if there is one.
func TestManyRespondersGivenUp(t *testing.T) {
	given := func(last evidence.Failure) evidence.LeftOut {
		i := target.NewIssued(nil, nil, nil)
		for n := range 102 {
			f := evidence.ConnectRefused
			if n == 101 {
				f = last
			}
			i.GiveUp(evidence.Question{URL: fmt.Sprintf("http://%d.example", n), Serial: "01"}, f)
		}
		list := i.List().LeftOut
		return list[len(list)-1]
	}
	if left := given(evidence.ConnectRefused); left.Of != "" || left.Count != 2 || left.Failure != evidence.ConnectRefused {
		t.Errorf("two more that refuse: %+v", left)
	}
	if left := given(evidence.HTTPTimeout); left.Of != "" || left.Count != 2 || left.Failure != "" {
		t.Errorf("one that refuses and one that is silent: %+v", left)
	}
}
