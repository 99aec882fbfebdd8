package conformance_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func leaf(change func(*x509.Certificate)) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) { r.Leaf = change }
}

func authority(change func(*x509.Certificate)) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) { r.Issuer = change }
}

// withoutPolicies makes CA and leaf those of a private PKI.
func withoutPolicies(leaf, issuer func(*x509.Certificate)) func(*fixtures.Responder) {
	strip := func(change func(*x509.Certificate)) func(*x509.Certificate) {
		return func(c *x509.Certificate) {
			c.Policies = nil
			if change != nil {
				change(c)
			}
		}
	}
	return func(r *fixtures.Responder) { r.Leaf, r.Issuer = strip(leaf), strip(issuer) }
}

// valid gives a certificate these times and no pointer to a status.
func valid(from string, life time.Duration) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		at, err := time.Parse(time.RFC3339, from)
		if err != nil {
			panic(err)
		}
		c.NotBefore, c.NotAfter = at, at.Add(life)
		c.OCSPServer, c.CRLDistributionPoints = nil, nil
	}
}

const seven, ten = 7 * 24 * time.Hour, 10 * 24 * time.Hour

// What a rule about certificates weighs, case by case.
func TestSeverityOfCertificates(t *testing.T) {
	t.Parallel()
	ocspSigning := func(c *x509.Certificate) { c.ExtKeyUsage = append(c.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) }
	for name, c := range map[string]struct {
		profile, rule string
		want          conformance.Severity
		change        func(*fixtures.Responder)
	}{
		"OCSPSigning on a CA":              {"web", "cert-ca-eku-no-ocspsigning", conformance.Critical, authority(ocspSigning)},
		"OCSPSigning on a private CA":      {"web", "cert-ca-eku-no-ocspsigning", conformance.Notice, withoutPolicies(nil, ocspSigning)},
		"OCSPSigning on a CA, by the RFCs": {"rfc", "cert-ca-eku-no-ocspsigning", conformance.Notice, authority(ocspSigning)},
		"OCSPSigning on a CA of 2020":      {"web", "cert-ca-eku-no-ocspsigning", conformance.Critical, authority(func(c *x509.Certificate) { ocspSigning(c); c.NotBefore = noon.AddDate(-6, 0, 0) })},
		"any purpose on a CA":              {"web", "cert-ca-eku-no-ocspsigning", conformance.Notice, authority(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} })},
		"OCSPSigning on a root": {"web", "cert-ca-eku-no-ocspsigning", conformance.Error, func(r *fixtures.Responder) {
			r.Root = func(c *x509.Certificate) { ocspSigning(c); c.NotBefore = noon.AddDate(-1, 0, 0) }
		}},
		"OCSPSigning on a server":         {"web", "cert-ee-eku-no-ocspsigning", conformance.Critical, leaf(ocspSigning)},
		"OCSPSigning on a private server": {"web", "cert-ee-eku-no-ocspsigning", conformance.Notice, withoutPolicies(ocspSigning, nil)},
		"https in a private AIA":          {"web", "cert-aia-uri-http", conformance.Notice, withoutPolicies(func(c *x509.Certificate) { c.OCSPServer = []string{"ldap://a.example/"} }, nil)},
		"no AIA in a private leaf":        {"web", "cert-aia-present", conformance.Notice, withoutPolicies(func(c *x509.Certificate) { c.OCSPServer, c.IssuingCertificateURL = nil, nil }, nil)},
		"no AIA for the RFCs":             {"rfc", "cert-aia-present", 0, leaf(func(c *x509.Certificate) { c.OCSPServer, c.IssuingCertificateURL = nil, nil })},
		"no AIA in a client's certificate": {"web", "cert-aia-present", 0, leaf(func(c *x509.Certificate) {
			c.OCSPServer, c.IssuingCertificateURL, c.ExtKeyUsage = nil, nil, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		})},
		"no CDP in a CA before the profile": {"web", "cert-cdp-ca", 0, authority(func(c *x509.Certificate) {
			c.CRLDistributionPoints, c.NotBefore = nil, time.Date(2023, 9, 14, 23, 59, 59, 0, time.UTC)
		})},
		"no CDP in a CA since": {"web", "cert-cdp-ca", conformance.Error, authority(func(c *x509.Certificate) {
			c.CRLDistributionPoints, c.NotBefore = nil, time.Date(2023, 9, 15, 0, 0, 0, 0, time.UTC)
		})},
		"two distribution points": {"web", "cert-cdp-format", conformance.Notice, leaf(func(c *x509.Certificate) {
			c.CRLDistributionPoints = append(c.CRLDistributionPoints, "http://a.example/b.crl")
		})},
		"10 days before 2024":                 {"web", "cert-cdp-ee", 0, leaf(valid("2024-03-14T23:59:59Z", 2*ten))},
		"10 days, of the first day":           {"web", "cert-cdp-ee", 0, leaf(valid("2024-03-15T00:00:00Z", ten-time.Second))},
		"10 days and a second in 2025":        {"web", "cert-cdp-ee", conformance.Error, leaf(valid("2025-03-15T00:00:00Z", ten))},
		"10 days in 2025":                     {"web", "cert-cdp-ee", 0, leaf(valid("2025-03-15T00:00:00Z", ten-time.Second))},
		"10 days, 2 days before the change":   {"web", "cert-cdp-ee", 0, leaf(valid("2026-03-12T23:59:59Z", ten-time.Second))},
		"10 days, in the uncertain days":      {"web", "cert-cdp-ee", 0, leaf(valid("2026-03-17T00:00:00Z", ten-time.Second))},
		"10 days, after the uncertain days":   {"web", "cert-cdp-ee", conformance.Error, leaf(valid("2026-03-17T00:00:01Z", ten-time.Second))},
		"more than 10 days, in the uncertain": {"web", "cert-cdp-ee", conformance.Error, leaf(valid("2026-03-16T00:00:00Z", ten))},
		"7 days, EV":                          {"web", "cert-cdp-ee", conformance.Warning, leaf(extended(valid("2026-04-16T00:00:00Z", seven-time.Second)))},
		"10 days, EV":                         {"web", "cert-cdp-ee", conformance.Error, leaf(extended(valid("2026-04-16T00:00:00Z", ten)))},
		"10 days, in the uncertain days, EV":  {"web", "cert-cdp-ee", conformance.Warning, leaf(extended(valid("2026-03-16T00:00:00Z", ten-time.Second)))},
		"a short-lived certificate":           {"web", "cert-short-lived", conformance.Info, leaf(valid("2026-04-16T00:00:00Z", seven-time.Second))},
		"a user name in a private leaf":       {"web", "cert-url-wellformed", conformance.Error, withoutPolicies(func(c *x509.Certificate) { c.OCSPServer = []string{"http://me@a.example/"} }, nil)},
		"an internal name in a private leaf":  {"web", "cert-url-wellformed", 0, withoutPolicies(func(c *x509.Certificate) { c.OCSPServer = []string{"http://pki.corp/"} }, nil)},
		"an internal name in a public leaf":   {"web", "cert-url-wellformed", conformance.Error, leaf(func(c *x509.Certificate) { c.OCSPServer = []string{"http://pki.corp/"} })},
		"port 80":                             {"web", "cert-url-wellformed", conformance.Notice, leaf(func(c *x509.Certificate) { c.OCSPServer = []string{"http://a.example:80/"} })},
		"a directory without a host": {"web", "cert-url-wellformed", 0, withoutPolicies(func(c *x509.Certificate) {
			c.CRLDistributionPoints = []string{"ldap:///CN=CA,DC=corp?certificateRevocationList"}
		}, nil)},
		"a sequential serial number, privately": {"web", "cert-serial-entropy", conformance.Notice, withoutPolicies(func(c *x509.Certificate) { c.SerialNumber = big.NewInt(4711) }, nil)},
		"a short serial number of old": {"web", "cert-serial-entropy", 0, leaf(func(c *x509.Certificate) {
			c.SerialNumber, c.NotBefore = big.NewInt(4711), time.Date(2016, 9, 29, 23, 59, 59, 0, time.UTC)
		})},
		"the serial number 0, privately":  {"web", "cert-serial-range", conformance.Error, withoutPolicies(func(c *x509.Certificate) { c.SerialNumber = new(big.Int) }, nil)},
		"an AKI with a serial, privately": {"web", "cert-aki", 0, withoutPolicies(keyAndSerial, nil)},
		"an AKI with a serial":            {"web", "cert-aki", conformance.Error, leaf(keyAndSerial)},
		"no AKI, by the RFCs":             {"rfc", "cert-aki", conformance.Error, withoutPolicies(func(c *x509.Certificate) { c.AuthorityKeyId = nil }, nil)},
		"SHA-1 on a root": {"web", "cert-sigalg-sha1", 0, func(r *fixtures.Responder) {
			r.Root = func(c *x509.Certificate) {
				c.NotBefore, c.SignatureAlgorithm = noon.AddDate(0, -1, 0), x509.ECDSAWithSHA1
			}
		}},
		"noRevAvail in a CA's certificate": {"web", "cert-norevavail", conformance.Warning, authority(func(c *x509.Certificate) {
			c.CRLDistributionPoints, c.ExtraExtensions = nil, append(c.ExtraExtensions, pkix.Extension{Id: []int{2, 5, 29, 56}, Value: []byte{5, 0}})
		})},
		"must-staple without a responder": {"rfc", "cert-must-staple", conformance.Error, withoutPolicies(func(c *x509.Certificate) { feature(c, 5); c.OCSPServer = nil }, nil)},
		"another TLS feature":             {"rfc", "cert-must-staple", 0, leaf(func(c *x509.Certificate) { feature(c, 17); c.OCSPServer = nil })},
		"PEM behind caIssuers": {"web", "http-caissuers-der", conformance.Error, func(r *fixtures.Responder) {
			r.IssuersHTTP.Body = []byte("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
		}},
		"caIssuers answers 404":                {"web", "http-caissuers-der", 0, func(r *fixtures.Responder) { r.IssuersHTTP.Code = 404 }},
		"caIssuers answers 404, of the status": {"web", "http-status-200", conformance.Error, func(r *fixtures.Responder) { r.IssuersHTTP.Code = 404 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := judgedUnder(t, c.profile, c.change, nil)
			if got := worst(report, c.rule); got != c.want {
				t.Errorf("%s is %d, want %d%s", c.rule, got, c.want, describe(report))
			}
		})
	}
}

func extended(change func(*x509.Certificate)) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		change(c)
		policy, err := x509.ParseOID("2.23.140.1.1")
		if err != nil {
			panic(err)
		}
		c.Policies = []x509.OID{policy}
	}
}

func keyAndSerial(c *x509.Certificate) {
	value := fixtures.Sequence(&fixtures.Node{Tag: 0x80, Content: c.AuthorityKeyId}, &fixtures.Node{Tag: 0x82, Content: []byte{7}})
	c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{2, 5, 29, 35}, Value: value.Encode()})
}

func feature(c *x509.Certificate, number byte) {
	c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{1, 3, 6, 1, 5, 5, 7, 1, 24}, Value: []byte{0x30, 3, 2, 1, number}})
}

// In the days about 2026-03-15 a notBefore does not tell which limit held.
func TestUncertainShortLifeIsInconclusive(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]bool{"2026-03-12T23:59:59Z": false, "2026-03-13T00:00:00Z": true, "2026-03-17T00:00:00Z": true, "2026-03-17T00:00:01Z": false} {
		report := judgedUnder(t, "web", leaf(valid(from, ten-time.Second)), nil)
		for _, id := range []string{"cert-cdp-ee", "cert-short-lived"} {
			got := slices.ContainsFunc(report.Findings, func(f conformance.Finding) bool {
				return f.Rule.ID == id && f.Outcome == conformance.Inconclusive && strings.Contains(f.Got, "2026-03-15")
			})
			if got != want {
				t.Errorf("%s from %s: inconclusive %t, want %t%s", id, from, got, want, describe(report))
			}
		}
	}
}

// lintCertificates judges the first certificate as a file, with the others at hand.
func lintCertificates(t *testing.T, der []byte, others ...[]byte) *conformance.Report {
	t.Helper()
	run := &evidence.Run{Started: noon}
	for _, other := range others {
		run.AddCertificate(other, "others.pem")
	}
	run.Exchanges = []evidence.Exchange{{ID: "a.pem", At: noon, Body: der, Question: evidence.Question{Ask: evidence.File}}}
	return judge(t, run)
}

// edited is the leaf with a tbsCertificate that is changed and not signed anew.
func edited(r *fixtures.Responder, edit func(tbs *fixtures.Node)) []byte {
	return fixtures.Rewrite(r.LeafCertificate().Raw, func(n *fixtures.Node) { edit(n.Children[0]) })
}

// What crypto/x509 refuses is judged nevertheless, and the refusal told.
func TestCertificatesThatAreRefusedAreJudged(t *testing.T) {
	t.Parallel()
	r := fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{}))
	extensions := func(tbs *fixtures.Node) *fixtures.Node { return tbs.Children[len(tbs.Children)-1].Children[0] }
	for name, c := range map[string]struct {
		edit func(tbs *fixtures.Node)
		rule string
	}{
		"a negative serial number": {func(tbs *fixtures.Node) { tbs.Children[1].Content = []byte{0x80, 0, 0, 0, 0, 1} }, "cert-serial-range"},
		"a critical AIA": {func(tbs *fixtures.Node) {
			for _, x := range extensions(tbs).Children {
				if string(x.Children[0].Content) == string(revocation.OIDAuthorityInfo) {
					x.Children = slices.Insert(x.Children, 1, fixtures.Boolean(true))
				}
			}
		}, "cert-aia-present"},
	} {
		report := lintCertificates(t, edited(r, c.edit), r.IssuerCertificate().Raw)
		if got := fired(report); !slices.Contains(got, c.rule) {
			t.Errorf("%s: fires %v%s", name, got, describe(report))
		}
		if d := report.Documents[0]; !d.Decoded || len(d.Notes) == 0 || !strings.Contains(d.Notes[0], "crypto/x509 refuses it") {
			t.Errorf("%s: document %+v", name, d)
		}
	}
	for name, der := range map[string][]byte{"cut": r.LeafCertificate().Raw[:200], "trailing": append(slices.Clone(r.LeafCertificate().Raw), 0)} {
		if d := lintCertificates(t, der).Documents[0]; d.Decoded || d.Problem == "" {
			t.Errorf("%s: document %+v", name, d)
		}
	}
}

// A precertificate has the serial number of its certificate; another certificate has not.
func TestSerialNumbersAmongOthers(t *testing.T) {
	t.Parallel()
	issue := func(change func(*x509.Certificate)) []byte {
		r := fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{}))
		r.Leaf = change
		return r.LeafCertificate().Raw
	}
	poison := func(c *x509.Certificate) {
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{1, 3, 6, 1, 4, 1, 11129, 2, 4, 3}, Critical: true, Value: []byte{5, 0}})
	}
	own := issue(nil)
	for name, c := range map[string]struct {
		other []byte
		want  []string
	}{
		"itself":                {own, nil},
		"its precertificate":    {issue(poison), nil},
		"another of its serial": {issue(func(c *x509.Certificate) { c.DNSNames = []string{"other.example"} }), []string{"cert-serial-unique"}},
		"of the next serial":    {issue(func(c *x509.Certificate) { c.SerialNumber.Add(c.SerialNumber, big.NewInt(1)) }), []string{"cert-serial-entropy"}},
		"by another key":        {issue(func(c *x509.Certificate) { c.AuthorityKeyId = []byte{1} }), nil},
	} {
		if got := fired(lintCertificates(t, own, c.other)); !slices.Equal(got, c.want) {
			t.Errorf("%s: fires %v, want %v", name, got, c.want)
		}
	}
	two := lintCertificates(t, issue(poison), issue(func(c *x509.Certificate) { poison(c); c.DNSNames = []string{"other.example"} }))
	if got := fired(two); !slices.Contains(got, "cert-serial-unique") {
		t.Errorf("two precertificates: fires %v", got)
	}
}

// What caIssuers gave is told with the documents, whatever it is.
func TestCaIssuersAreDocuments(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body []byte
		want conformance.Document
	}{
		"the certificate": {nil, conformance.Document{Kind: revocation.KindCertificate, Encoding: revocation.EncodingDER, Decoded: true}},
		"a web page":      {[]byte("<html>"), conformance.Document{Kind: revocation.KindUnrecognised, Encoding: revocation.EncodingHTML}},
		"nothing":         {[]byte{}, conformance.Document{Kind: revocation.KindUnrecognised, Encoding: revocation.EncodingEmpty}},
	} {
		report := judgedUnder(t, "web", func(r *fixtures.Responder) { r.IssuersHTTP.Body = c.body }, nil)
		at := slices.IndexFunc(report.Run.Exchanges, func(x evidence.Exchange) bool { return x.Ask == evidence.FetchIssuer })
		found := slices.IndexFunc(report.Documents, func(d conformance.Document) bool { return d.Source == report.Run.Exchanges[at].ID })
		if found < 0 {
			t.Fatalf("%s: no document", name)
		}
		if d := report.Documents[found]; d.Kind != c.want.Kind || d.Encoding != c.want.Encoding || d.Decoded != c.want.Decoded || (d.Problem == "") != d.Decoded {
			t.Errorf("%s: document %+v", name, d)
		}
	}
}

// A CA's key may be on a curve that this program does not know: that is no fault of the CA.
func TestCaIssuersOfAnUnknownCurve(t *testing.T) {
	t.Parallel()
	block, _ := pem.Decode([]byte(brainpoolCA))
	report := judgedUnder(t, "rfc", func(r *fixtures.Responder) { r.IssuersHTTP.Body = block.Bytes }, nil)
	if got := worst(report, "http-caissuers-der"); got != 0 {
		t.Errorf("http-caissuers-der is %d%s", got, describe(report))
	}
}

// brainpoolCA is a self-signed certificate of a key on brainpoolP256r1, made by openssl.
const brainpoolCA = `-----BEGIN CERTIFICATE-----
MIIBrjCCAVSgAwIBAgIURH+ZEOS0u9eo4Gzf6DvAXtsd7LcwCgYIKoZIzj0EAwIw
LDELMAkGA1UEBhMCREUxEDAOBgNVBAoMB0V4YW1wbGUxCzAJBgNVBAMMAkJQMB4X
DTI2MTEyNjEyMzI0OVoXDTI3MDkyMjEyMzI0OVowLDELMAkGA1UEBhMCREUxEDAO
BgNVBAoMB0V4YW1wbGUxCzAJBgNVBAMMAkJQMFowFAYHKoZIzj0CAQYJKyQDAwII
AQEHA0IABBpxrKys+ws7kSvWER+ceVMpS0WFGDyhlHhG5u8JUAi3lFFsESsDYIIx
tX26FCZ48ZL24pjdgCZ+OYeI9esFRb6jUzBRMB0GA1UdDgQWBBSUd36W7QN9CmEF
VADl05ci21Bg0jAfBgNVHSMEGDAWgBSUd36W7QN9CmEFVADl05ci21Bg0jAPBgNV
HRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQCVO+rswGDx6GJv6DyYk5zf
RX4uufnv9QxoMWGJAlTLxgIgVfJgGijnf6RViVzoOp3mMuX5zjOPOYYs6FyRXpV0
G7A=
-----END CERTIFICATE-----
`
