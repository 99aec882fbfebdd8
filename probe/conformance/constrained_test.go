package conformance_test

import (
	"crypto/x509"
	"net"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/conformance"
)

// What "good" for a serial that was never issued weighs, by what the CA may issue (BR 4.9.9).
func TestSeverityOfGoodByConstraints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		want   conformance.Severity
		change func(*fixtures.Responder)
	}{
		{"good, CA for mail", conformance.Warning, func(r *fixtures.Responder) {
			r.OCSP.Unassigned = fixtures.Good
			r.Issuer = func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} }
		}},
		{"good, CA for everything", conformance.Critical, func(r *fixtures.Responder) {
			r.OCSP.Unassigned = fixtures.Good
			r.Issuer = func(c *x509.Certificate) {
				c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection, x509.ExtKeyUsageAny}
			}
		}},
		{"good, CA without purposes", conformance.Critical, func(r *fixtures.Responder) {
			r.OCSP.Unassigned = fixtures.Good
			r.Issuer = func(c *x509.Certificate) { c.ExtKeyUsage = nil }
		}},
		{"good, no names and no addresses permitted", conformance.Warning, goodUnder(func(c *x509.Certificate) {
			c.ExcludedDNSDomains, c.ExcludedIPRanges = []string{""}, ranges("0.0.0.0/0", "10.0.0.0/8", "::/0")
		})},
		{"good, some addresses permitted", conformance.Warning, goodUnder(func(c *x509.Certificate) {
			c.PermittedDNSDomains, c.PermittedIPRanges = []string{"example.com"}, ranges("192.0.2.0/24")
		})},
		{"good, some addresses permitted, and all names", conformance.Critical, goodUnder(func(c *x509.Certificate) {
			c.PermittedIPRanges = ranges("192.0.2.0/24")
		})},
		{"good, addresses of IPv6 permitted", conformance.Critical, goodUnder(func(c *x509.Certificate) {
			c.PermittedDNSDomains, c.ExcludedIPRanges = []string{"example.com"}, ranges("0.0.0.0/0")
		})},
		{"good, addresses of IPv4 permitted", conformance.Critical, goodUnder(func(c *x509.Certificate) {
			c.PermittedDNSDomains, c.ExcludedIPRanges = []string{"example.com"}, ranges("::/0")
		})},
		{"good, half of IPv4 permitted", conformance.Critical, goodUnder(func(c *x509.Certificate) {
			c.PermittedDNSDomains, c.ExcludedIPRanges = []string{"example.com"}, ranges("0.0.0.0/1", "::/0")
		})},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := worst(judgedUnder(t, "web", c.change, nil), "ocsp-unassigned-not-good"); got != c.want {
				t.Errorf("it is %d, want %d", got, c.want)
			}
		})
	}
}

// goodUnder has "good" said of what a CA with those name constraints never issued.
func goodUnder(constraints func(*x509.Certificate)) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) { r.OCSP.Unassigned, r.Issuer = fixtures.Good, constraints }
}

func ranges(list ...string) []*net.IPNet {
	var nets []*net.IPNet
	for _, text := range list {
		_, network, err := net.ParseCIDR(text)
		if err != nil {
			panic(err) // they are constants
		}
		nets = append(nets, network)
	}
	return nets
}
