package main

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"net/http"
	"strings"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// pointerIncidents are about certificates, what they point at, what the CCADB shows and the
// hosts.
func pointerIncidents() []incident {
	return []incident{
		{number: 3, class: "aia-caissuers-pem", scenes: []scene{
			{played: "PEM at the caIssuers URL", rule: "http-caissuers-der", least: conformance.Error,
				fault: func(r *fixtures.Responder) {
					r.IssuersHTTP.Body = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.IssuerCertificate().Raw})
				}},
		}},
		{number: 6, class: "ocsp-signing-eku-on-ca", scenes: []scene{
			{played: "id-kp-OCSPSigning in an issuing CA's certificate", rule: "cert-ca-eku-no-ocspsigning", least: conformance.Critical,
				fault: func(r *fixtures.Responder) {
					r.Issuer = func(c *x509.Certificate) { c.ExtKeyUsage = append(c.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) }
				}},
		}},
		{number: 7, class: "ccadb-crl-url-mismatch", scenes: []scene{
			{played: "https in the CCADB, http in the certificates", rule: "crl-ccadb-disclosed", least: conformance.Error, world: parted,
				fault: func(r *fixtures.Responder) {
					r.Disclose = func(urls []string) []string { return []string{strings.Replace(urls[0], "http:", "https:", 1), urls[1]} }
				}},
			{played: "the full CRL in the CCADB, parts of it in the certificates", rule: "crl-ccadb-disclosed", least: conformance.Error, world: parted,
				fault: func(r *fixtures.Responder) {
					r.Disclose = func(urls []string) []string { return urls[:1] }
				}},
			{played: "a part that names another URL than the CCADB", rule: "crl-idp-matches-fetch-url", least: conformance.Error, world: parted,
				fault: func(r *fixtures.Responder) {
					r.Shards[0].CRL.IssuingDP = func(own string) revocation.IssuingDistributionPoint { return userPart(own + "?") }
				}},
		}},
		{number: 10, class: "ccadb-crl-url-incomplete", scenes: []scene{
			{played: "nothing in the CCADB ten days after the first certificate", rule: "crl-ccadb-disclosed", least: conformance.Error, world: parted,
				fault: func(r *fixtures.Responder) { r.Disclose = func([]string) []string { return nil } }},
			{played: "one part of two in the CCADB", rule: "crl-ccadb-disclosed", least: conformance.Error, world: parted,
				fault: func(r *fixtures.Responder) {
					r.Disclose = func(urls []string) []string { return urls[:len(urls)-1] }
				}},
		}},
		{number: 15, class: "aia-non-http-url", scenes: []scene{
			{played: "https for caIssuers", rule: "cert-aia-uri-http", least: conformance.Warning,
				fault: leaf(func(c *x509.Certificate) { c.IssuingCertificateURL = []string{"https://revocation.example/ca.crt"} })},
			{played: "ldap for caIssuers", rule: "cert-aia-uri-http", least: conformance.Error,
				fault: leaf(func(c *x509.Certificate) {
					c.IssuingCertificateURL = append(c.IssuingCertificateURL, "ldap://directory.revocation.example/cn=ca?cACertificate")
				})},
		}},
		{number: 25, class: "cert-pointer-wrong", scenes: []scene{
			{played: "another CA's CRL at the distribution point", rule: "crl-scope-covers-cert", least: conformance.Critical, fault: othersCRL},
			{played: "a distribution point that is not there", rule: "http-status-200", least: conformance.Error,
				fault: func(r *fixtures.Responder) { r.CRLHTTP.Code = http.StatusNotFound }},
			{played: "no responder's URL and no distribution point", rule: "cert-cdp-ee", least: conformance.Error,
				fault: leaf(func(c *x509.Certificate) { c.OCSPServer, c.CRLDistributionPoints = nil, nil })},
		}},
		{number: 32, class: "aia-caissuers-http-error", scenes: []scene{
			{played: "404 at the caIssuers URL", rule: "http-status-200", least: conformance.Error,
				fault: func(r *fixtures.Responder) { r.IssuersHTTP.Code = http.StatusNotFound }},
		}},
		{number: 33, class: "cdp-malformed-encoding", scenes: []scene{
			{played: "one flat list of URLs as cRLDistributionPoints", rule: "cert-cdp-format", least: conformance.Error,
				fault: leaf(func(c *x509.Certificate) {
					c.CRLDistributionPoints = nil
					c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 31},
						Value: flatList("http://revocation.example/ca.crl", "http://revocation.example/2.crl")})
				})},
		}},
		{number: 48, class: "revocation-host-dns-dead", scenes: []scene{
			{played: "NXDOMAIN for the host", rule: "dns-resolves", least: conformance.Critical,
				fault: func(r *fixtures.Responder) { r.DNS.Failure = evidence.DNSNXDomain }},
			{played: "SERVFAIL for the host", rule: "dns-resolves", least: conformance.Critical,
				fault: func(r *fixtures.Responder) { r.DNS.Failure = evidence.DNSServFail }},
			{played: "its domain's registration ends in a week", rule: "dns-domain-expiry", least: conformance.Warning,
				fault: func(r *fixtures.Responder) { r.Registration.Expires = evening.Add(7 * 24 * time.Hour) }},
		}},
	}
}

// leaf changes the certificate whose status is asked.
func leaf(change func(*x509.Certificate)) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) { r.Leaf = change }
}

// parted is a CA with its CRL in two parts, each for the certificates that name it, and both
// in the CCADB.
func parted(r *fixtures.Responder) {
	r.CRL.IssuingDP = userPart
	r.Shards = []fixtures.Shard{{Leaf: true, CRL: fixtures.CRL{IssuingDP: userPart}}}
	r.Disclose = func(urls []string) []string { return urls }
}

// userPart is the issuingDistributionPoint of a part for Subscriber certificates.
func userPart(url string) revocation.IssuingDistributionPoint {
	return revocation.IssuingDistributionPoint{HasName: true, URIs: []string{url}, OnlyUserCerts: true}
}

// othersCRL serves the CRL of a CA of another name and key.
func othersCRL(r *fixtures.Responder) {
	name := pkix.Name{Country: []string{"IS"}, Organization: []string{"Another"}, CommonName: "Another CA"}
	der, err := asn1.Marshal(name.ToRDNSequence())
	if err != nil {
		panic(err) // of printable strings there is a DER
	}
	r.CRL.Issuer = der
	r.CRL.ByOtherKey = true
}

// flatList is a SEQUENCE of GeneralNames where DistributionPoints belong.
func flatList(urls ...string) []byte {
	names := fixtures.Sequence()
	for _, url := range urls {
		names.Children = append(names.Children, fixtures.Implicit(6, fixtures.OctetString([]byte(url))))
	}
	return fixtures.Sequence(names).Encode()
}
