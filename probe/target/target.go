// Package target turns what the user named (a certificate file, host:port, a CRL's URL)
// into the revocation services that it leads to. It asks the network only for what is
// missing, and records every such question. It knows no rule.
package target

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// Named is everything the user named.
type Named struct {
	Targets    []string // certificate files, host:port, CRL URLs, or "-" for a certificate on Stdin
	Issuers    []string // files of CA certificates
	Siblings   []string // files of certificates by other issuers of the same operator
	Responders []string // OCSP URLs, in place of those in the certificates
	CRLs       []string // CRL URLs, in place of those in the certificates
	Scope      evidence.Scope
	Stdin      io.Reader
}

// Hosts returns the hosts that the user named himself, without ports: they may be private.
func (n Named) Hosts() map[string]bool {
	hosts := map[string]bool{}
	for _, name := range slices.Concat(n.Targets, n.Responders, n.CRLs) {
		if u, err := url.Parse(name); err == nil && u.Host != "" {
			hosts[strings.ToLower(u.Hostname())] = true
		} else if host, _, err := net.SplitHostPort(name); err == nil {
			hosts[strings.ToLower(host)] = true
		}
	}
	return hosts
}

// Resolve finds the services that the named things lead to. What it has to ask for, the
// issuer of a certificate or the chain of a TLS server, is recorded in the run; what it
// cannot find out becomes a note of the run. An error is about what was named.
func Resolve(ctx context.Context, n Named, asker probe.Asker, run *evidence.Run) ([]probe.Target, error) {
	f := &finder{Named: n, ctx: ctx, asker: asker, run: run, fetched: map[string][]*x509.Certificate{}}
	for _, file := range n.Issuers {
		list, err := f.read(file)
		if err != nil {
			return nil, err
		}
		f.issuers, f.firsts = append(f.issuers, list...), append(f.firsts, list[0])
	}
	for _, file := range n.Siblings {
		list, err := f.read(file)
		if err != nil {
			return nil, err
		}
		f.siblings = append(f.siblings, list...)
	}
	for _, address := range slices.Concat(n.Responders, n.CRLs) {
		if err := HTTPURL(address); err != nil {
			return nil, err
		}
	}
	if len(n.Targets) == 0 {
		return f.issuersAlone()
	}
	var targets []probe.Target
	if len(f.Responders)+len(f.CRLs) > 0 && !slices.ContainsFunc(n.Targets, namesCertificate) {
		var err error
		if targets, err = f.issuersAlone(); err != nil {
			return nil, err
		}
	}
	for _, name := range n.Targets {
		found, err := f.find(name)
		if err != nil {
			return nil, err
		}
		targets = append(targets, found...)
	}
	return targets, nil
}

type finder struct {
	Named
	ctx      context.Context
	asker    probe.Asker
	run      *evidence.Run
	issuers  []*x509.Certificate // of all files
	firsts   []*x509.Certificate // the first of each file: the rest may be its chain
	siblings []*x509.Certificate
	asked    int
	fetched  map[string][]*x509.Certificate // by caIssuers URL: each is asked once
}

func (f *finder) read(name string) ([]*x509.Certificate, error) {
	reader, shown := f.Stdin, "standard input"
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("reading certificates from %s: %w", name, withoutPath(err))
		}
		defer file.Close()
		reader, shown = file, name
	}
	list, err := ReadCertificates(reader, shown)
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		f.run.AddCertificate(c.Raw, shown)
	}
	return list, nil
}

// withoutPath takes the path out of an error whose text names it already.
func withoutPath(err error) error {
	var inner *os.PathError
	if errors.As(err, &inner) {
		return inner.Err
	}
	return err
}

// overHTTP reads a URL of a service over HTTP; nil where a text is none.
func overHTTP(address string) *url.URL {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil
	}
	return u
}

// HTTPURL says why a text that somebody wrote is no URL of a service over HTTP; nil where it
// is one.
func HTTPURL(address string) error {
	u := overHTTP(address)
	if u == nil {
		return fmt.Errorf("asking %s: not an http URL", address)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return fmt.Errorf("asking %s: %s is no port: they go from 1 to 65535", address, port)
		}
	}
	return nil
}

// namesCertificate reports whether a name leads to a certificate, which the services that
// were named belong to then.
func namesCertificate(name string) bool {
	return !strings.Contains(name, "://") || strings.HasPrefix(strings.ToLower(name), "tls://")
}

// issuersAlone makes targets of issuer certificates and URLs, without any leaf.
func (f *finder) issuersAlone() ([]probe.Target, error) {
	switch {
	case len(f.issuers) == 0 && len(f.Responders) > 0:
		return nil, fmt.Errorf("asking %s: a responder is asked about an issuer: name its certificate with --issuer", f.Responders[0])
	case len(f.issuers) == 0 && len(f.CRLs) > 0:
		return []probe.Target{{DistributionPoints: f.CRLs, Scope: f.Scope}}, nil
	case len(f.Responders)+len(f.CRLs) == 0:
		return nil, fmt.Errorf("nothing to check: name a certificate, host:port or a CRL's URL, or --issuer with --ocsp or --crl")
	}
	if len(f.firsts) == 1 {
		return []probe.Target{f.complete(probe.Target{Issuer: f.firsts[0]})}, nil
	}
	var targets []probe.Target
	if len(f.CRLs) > 0 {
		targets = append(targets, f.list(f.CRLs...))
	}
	for _, issuer := range f.firsts {
		if len(f.Responders) > 0 {
			targets = append(targets, probe.Target{Issuer: issuer, Siblings: f.siblings, Responders: f.Responders, Scope: f.Scope})
		}
	}
	return targets, nil
}

// list makes a target of CRL URLs. Whose they are is known only where one issuer was named;
// of several, the CRL itself says which.
func (f *finder) list(urls ...string) probe.Target {
	t := probe.Target{DistributionPoints: urls, Scope: f.Scope}
	if len(f.firsts) == 1 {
		t.Issuer = f.firsts[0]
	}
	return t
}

// find turns one name into targets.
func (f *finder) find(name string) ([]probe.Target, error) {
	if strings.Contains(name, "://") {
		if strings.HasPrefix(strings.ToLower(name), "tls://") {
			return f.handshake(name)
		}
		if err := HTTPURL(name); err != nil {
			return nil, err
		}
		return []probe.Target{f.list(name)}, nil
	}
	if _, err := os.Stat(name); err != nil && name != "-" {
		if _, port, bad := net.SplitHostPort(name); bad == nil && port != "" {
			return f.handshake("tls://" + name)
		}
		return nil, fmt.Errorf("reading %s: %w: name a certificate file, host:port, a CRL's URL, or - for standard input", name, withoutPath(err))
	}
	list, err := f.read(name)
	if err != nil {
		return nil, err
	}
	return f.leaves(list), nil
}

// handshake takes the chain, and the stapled response, from a TLS server.
func (f *finder) handshake(address string) ([]probe.Target, error) {
	x := f.ask(evidence.Question{Ask: evidence.Handshake, URL: address})
	var chain []*x509.Certificate
	for _, der := range x.Chain {
		if c, err := x509.ParseCertificate(der); err == nil {
			chain = append(chain, c)
			f.run.AddCertificate(der, address)
		}
	}
	if len(chain) == 0 {
		f.note("%s gave no certificate: %s", address, x.Detail)
		return nil, nil
	}
	targets := f.leaves(chain[:1], chain[1:]...)
	staple := slices.IndexFunc(f.run.Exchanges, func(recorded evidence.Exchange) bool { return recorded.ID == x.ID })
	f.run.Exchanges[staple].Subject = evidence.Fingerprint(chain[0].Raw)
	if targets[0].Issuer != nil {
		f.run.Exchanges[staple].Issuer = evidence.Fingerprint(targets[0].Issuer.Raw)
	}
	return targets, nil
}

// leaves makes targets of the certificates that are not there to vouch for others: all
// that are no CA, or the first of a file that holds only CAs.
func (f *finder) leaves(list []*x509.Certificate, others ...*x509.Certificate) []probe.Target {
	var leaves []*x509.Certificate
	for _, c := range list {
		if !c.IsCA {
			leaves = append(leaves, c)
		}
	}
	if len(leaves) == 0 {
		leaves = list[:1]
	}
	var targets []probe.Target
	for _, leaf := range leaves {
		candidates := slices.Concat(f.issuers, list, others)
		targets = append(targets, f.complete(probe.Target{Certificate: leaf, Issuer: f.issuerOf(leaf, candidates)}))
	}
	return targets
}

// complete adds the services of a target, and what else is known.
func (f *finder) complete(t probe.Target) probe.Target {
	t.Siblings, t.Scope = f.siblings, f.Scope
	t.Responders, t.DistributionPoints = f.Responders, f.CRLs
	if t.Certificate != nil && len(f.Responders)+len(f.CRLs) == 0 {
		t.Responders, t.DistributionPoints = pointers(t.Certificate)
		t.IssuerLocations = issuerLocations(t.Certificate)
	}
	if t.Issuer == nil && len(t.Responders) > 0 {
		why := "is not known; name it with --issuer"
		if len(f.issuers) > 0 {
			why = "is not among those named with --issuer: none of them signed it"
		}
		f.note("%s was not asked: the certificate of %s %s", strings.Join(t.Responders, ", "), revocation.NameText(t.Certificate.RawIssuer), why)
		t.Responders = nil
	}
	if len(t.Responders)+len(t.DistributionPoints) == 0 && t.Certificate != nil {
		f.note("%s names no OCSP responder and no CRL that could be asked", t.Certificate.Subject)
	}
	return t
}

// pointers returns the http URLs of a certificate's OCSP responders and CRLs, each once, delta
// CRLs after the complete ones.
func pointers(c *x509.Certificate) (responders, crls []string) {
	responders = accessURLs(c, revocation.OIDAccessOCSP)
	points, _ := revocation.CertificateCRLDP(c)
	deltas, _ := revocation.CertificateFreshestCRL(c)
	for _, p := range slices.Concat(points, deltas) {
		for _, uri := range p.URIs {
			if overHTTP(uri) != nil && !slices.Contains(crls, uri) {
				crls = append(crls, uri)
			}
		}
	}
	return responders, crls
}

// issuerOf finds the CA certificate whose key signed the certificate: among the candidates,
// else behind the caIssuers URLs.
func (f *finder) issuerOf(c *x509.Certificate, candidates []*x509.Certificate) *x509.Certificate {
	if issuer := match(c, candidates); issuer != nil {
		return issuer
	}
	if bytes.Equal(c.RawSubject, c.RawIssuer) {
		return c
	}
	for _, location := range issuerLocations(c) {
		if issuer := match(c, f.fetch(location, c)); issuer != nil {
			return issuer
		}
	}
	return nil
}

// issuerLocations returns the http URLs of a certificate's caIssuers, each once.
func issuerLocations(c *x509.Certificate) []string { return accessURLs(c, revocation.OIDAccessIssuers) }

func accessURLs(c *x509.Certificate, method revocation.OID) []string {
	var list []string
	access, _ := revocation.CertificateAIA(c)
	for _, a := range access {
		if a.Method == method && overHTTP(a.URI) != nil && !slices.Contains(list, a.URI) {
			list = append(list, a.URI)
		}
	}
	return list
}

// fetch takes the certificates behind a caIssuers URL that c names. Where there are none,
// what was served instead stands in the record.
func (f *finder) fetch(address string, c *x509.Certificate) []*x509.Certificate {
	if found, asked := f.fetched[address]; asked {
		return found
	}
	x := f.ask(evidence.Question{Ask: evidence.FetchIssuer, URL: address, Method: http.MethodGet, Subject: evidence.Fingerprint(c.Raw)})
	found, err := parseCertificates(x.Body)
	if err != nil {
		found = nil
	}
	for _, ca := range found {
		f.run.AddCertificate(ca.Raw, address)
	}
	f.fetched[address] = found
	return found
}

func match(c *x509.Certificate, candidates []*x509.Certificate) *x509.Certificate {
	for _, ca := range candidates {
		if revocation.SameName(ca.RawSubject, c.RawIssuer) && revocation.VerifyCertificate(c, ca).State != revocation.SignatureInvalid {
			return ca
		}
	}
	return nil
}

// ask puts a question whose answer is needed before the plan can be made.
func (f *finder) ask(q evidence.Question) evidence.Exchange {
	f.asked++
	x := f.asker.Ask(f.ctx, q)
	x.Question, x.ID = q, fmt.Sprintf("0.%d", f.asked)
	f.run.Exchanges = append(f.run.Exchanges, x)
	return x
}

func (f *finder) note(format string, args ...any) {
	f.run.Notes = append(f.run.Notes, fmt.Sprintf(format, args...))
}
