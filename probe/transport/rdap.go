package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/openrdap/rdap"
	"github.com/openrdap/rdap/bootstrap"

	"github.com/revprobe/revprobe/probe/evidence"
)

// maxRegistryBody caps, in octets, what a registry and IANA's list of them may send.
const maxRegistryBody = 4 << 20

// registryClient is a client of RDAP (RFC 9082) that finds the server of a domain by IANA's
// list (RFC 9224), which it fetches once.
func (c *Client) registryClient(transport http.RoundTripper) *rdap.Client {
	if transport == nil {
		transport = &http.Transport{DialContext: c.dialName, DisableKeepAlives: true}
	}
	client := &http.Client{Transport: courteous{transport, c.userAgent}}
	return &rdap.Client{HTTP: client, Bootstrap: &bootstrap.Client{HTTP: client}}
}

// courteous says who asks, and takes no more than is needed.
type courteous struct {
	http.RoundTripper
	userAgent string
}

// RoundTrip implements http.RoundTripper.
func (c courteous) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.Header.Set("User-Agent", c.userAgent)
	response, err := c.RoundTripper.RoundTrip(request)
	if err == nil {
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(response.Body, maxRegistryBody), response.Body}
	}
	return response, err
}

// dialName opens a connection to a host by our own resolvers.
func (c *Client) dialName(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addresses := []netip.Addr{}
	if literal, err := netip.ParseAddr(host); err == nil {
		addresses = append(addresses, literal)
	} else {
		found, _, problem := c.resolver.lookup(ctx, canonicalHost(host), false)
		if problem != nil {
			return nil, errors.New(problem.detail)
		}
		addresses = found
	}
	var last error
	for _, found := range addresses {
		if kind := evidence.SpecialAddress(found); kind != "" && !c.allowPrivate {
			last = errors.New(host + " has " + kind)
			continue
		}
		conn, err := c.dial(ctx, network, net.JoinHostPort(found.String(), port))
		if err == nil {
			return conn, nil
		}
		last = err
	}
	return nil, last
}

// askRegistry asks the registry of a domain about its registration. Redirects between
// registry and registrar are followed: RFC 7480 §5.2 has clients do so.
func (a *asking) askRegistry(ctx context.Context) *failure {
	domain, named := strings.CutPrefix(a.x.URL, "rdap:")
	if !named || !isName(domain) {
		return failed(evidence.BadURL, "URL %q: no domain is named behind rdap:", a.x.URL)
	}
	queue := a.pace.queue("rdap:") // no host has this name
	if err := queue.enter(ctx); err != nil {
		return &failure{evidence.Interrupted, "waiting for an earlier question to a registry"}
	}
	defer queue.leave()
	if err := queue.wait(ctx); err != nil {
		return &failure{evidence.Interrupted, "waiting until a registry may be asked again"}
	}
	a.began = time.Now()
	inTime, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	response, err := a.registries.Do((&rdap.Request{Type: rdap.DomainRequest, Query: domain}).WithContext(inTime))
	if response == nil || len(response.HTTP) == 0 {
		return failed(registryFailure(err), "finding the RDAP server of %s: %s", domain, plain(err))
	}
	last := response.HTTP[len(response.HTTP)-1]
	if last.Response == nil {
		return failed(registryFailure(last.Error), "asking %s: %s", last.URL, plain(last.Error))
	}
	a.x.Code, a.x.Proto, a.x.Header, a.x.Body = last.Response.StatusCode, last.Response.Proto, last.Response.Header, last.Body
	if a.x.Code != http.StatusOK {
		return failed(evidence.HTTPStatus, "asking %s: status %d", last.URL, a.x.Code)
	}
	return nil
}

// registryFailure classes why a registry gave no answer. Whatever it is, it says nothing
// about the service whose domain it was asked about.
func registryFailure(err error) evidence.Failure {
	if timedOut(err) {
		return evidence.HTTPTimeout
	}
	return evidence.NoRoute
}
