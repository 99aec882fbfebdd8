package target_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/target"
	"github.com/revprobe/revprobe/probe/transport"
)

// site is a TLS server on loopback with a certificate of a CA of its own.
type site struct {
	address      string
	leaf, issuer *x509.Certificate
}

var staple = []byte{0x30, 3, 0x0a, 1, 6} // unauthorized

// serve starts a site that sends its whole chain, or its own certificate alone.
func serve(t *testing.T, issuersURL string, wholeChain bool) site {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "A test CA"}, NotBefore: now.Add(-time.Hour),
		NotAfter: now.Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	s := site{issuer: issue(t, root, root, key)}
	s.leaf = issue(t, &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "A site"}, NotBefore: now.Add(-time.Hour),
		NotAfter: now.Add(time.Hour), OCSPServer: []string{"http://ocsp.example/"}, IssuingCertificateURL: []string{issuersURL}}, s.issuer, key)
	chain := [][]byte{s.leaf.Raw}
	if wholeChain {
		chain = append(chain, s.issuer.Raw)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: chain, PrivateKey: key, OCSPStaple: staple}}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	s.address = server.Listener.Addr().String()
	return s
}

func issue(t *testing.T, template, parent *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	octets, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(octets)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// client is the real transport, set up as check does.
func client(t *testing.T, n target.Named) *transport.Client {
	t.Helper()
	c, err := transport.New(transport.Options{Named: n.Hosts()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestATLSServerLeadsToItsServices(t *testing.T) {
	t.Parallel()
	s := serve(t, "http://issuers.example/", true)
	for _, name := range []string{s.address, "tls://" + s.address} {
		n := target.Named{Targets: []string{name}}
		got, run := one(t, n, client(t, n))
		wantTarget(t, got, s.leaf, s.issuer, []string{"http://ocsp.example/"}, nil)
		if len(run.Exchanges) != 1 {
			t.Fatalf("%d exchanges", len(run.Exchanges))
		}
		x := run.Exchanges[0]
		if x.ID != "0.1" || x.Ask != evidence.Handshake || x.URL != "tls://"+s.address || x.Failure != "" || !bytes.Equal(x.Staple, staple) || len(x.Chain) != 2 {
			t.Errorf("recorded as %+v", x)
		}
		if x.Subject != evidence.Fingerprint(s.leaf.Raw) || x.Issuer != evidence.Fingerprint(s.issuer.Raw) {
			t.Error("the exchange does not say whose staple it holds")
		}
		if run.Certificate(x.Subject) == nil || run.Certificate(x.Issuer) == nil {
			t.Error("the chain is not kept")
		}
	}
}

func TestATLSServerWithoutItsChain(t *testing.T) {
	t.Parallel()
	var body []byte
	issuers := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }))
	t.Cleanup(issuers.Close)
	s := serve(t, issuers.URL+"/ca.crt", false)
	body = s.issuer.Raw
	n := target.Named{Targets: []string{s.address}}
	got, run := one(t, n, client(t, n))
	wantTarget(t, got, s.leaf, s.issuer, []string{"http://ocsp.example/"}, nil)
	if len(run.Exchanges) != 2 || run.Exchanges[1].ID != "0.2" || run.Exchanges[1].Code != 200 || run.Exchanges[0].Issuer != evidence.Fingerprint(s.issuer.Raw) {
		t.Errorf("recorded as %+v", run.Exchanges)
	}
}

// The address in the certificate is not one that the user named.
func TestACertificateDoesNotSendUsToPrivateAddresses(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 1)
	issuers := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { asked <- req.URL.Path }))
	t.Cleanup(issuers.Close)
	r := withIssuersAt(issuers.URL + "/ca.crt")
	n := target.Named{Targets: []string{file(t, r.LeafCertificate().Raw)}}
	_, run := one(t, n, client(t, n))
	if len(run.Exchanges) != 1 || run.Exchanges[0].Failure != evidence.Refused || len(asked) > 0 {
		t.Errorf("recorded as %+v, %d requests came", run.Exchanges, len(asked))
	}
	named := target.Named{Targets: n.Targets, CRLs: []string{issuers.URL + "/ca.crl"}}
	if _, run := one(t, named, client(t, named)); len(run.Exchanges) != 1 || run.Exchanges[0].Code != 200 || len(asked) != 1 {
		t.Errorf("the host was named: recorded as %+v", run.Exchanges)
	}
}

func TestATLSServerThatIsNotThere(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	n := target.Named{Targets: []string{address}}
	targets, run := resolve(t, n, client(t, n))
	if len(targets) > 0 || len(run.Exchanges) != 1 || run.Exchanges[0].Failure != evidence.ConnectRefused {
		t.Errorf("%d targets, recorded as %+v", len(targets), run.Exchanges)
	}
	if len(run.Notes) != 1 || !strings.Contains(run.Notes[0], address) || !strings.Contains(run.Notes[0], "connection refused") {
		t.Errorf("notes %q", run.Notes)
	}
}

// What cannot be parsed stands in the record only.
func TestUnreadableCertificatesInAChain(t *testing.T) {
	r := fake(nil)
	got, run := one(t, target.Named{Targets: []string{"www.revocation.example:443"}}, asker(func(q evidence.Question) evidence.Exchange {
		return evidence.Exchange{Chain: [][]byte{r.LeafCertificate().Raw, []byte("nonsense"), r.IssuerCertificate().Raw}}
	}))
	wantTarget(t, got, r.LeafCertificate(), r.IssuerCertificate(), []string{r.OCSPURL()}, []string{r.CRLURL()})
	if len(run.Certificates) != 2 {
		t.Errorf("%d certificates are kept", len(run.Certificates))
	}
}
