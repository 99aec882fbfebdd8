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

	"github.com/openrdap/rdap/bootstrap"

	"github.com/revprobe/revprobe/probe/evidence"
)

// maxRegistryBody caps, in octets, what a registry and IANA's list of them may send.
const maxRegistryBody = 4 << 20

// registries are servers of RDAP (RFC 9082), found by IANA's list of them (RFC 9224), which
// is fetched once.
type registries struct {
	http *http.Client
	list *bootstrap.Client
}

func (c *Client) reachRegistries(transport http.RoundTripper) registries {
	if transport == nil {
		transport = &http.Transport{DialContext: c.dialName, DisableKeepAlives: true}
	}
	client := &http.Client{Transport: courteous{transport, c.userAgent}}
	return registries{client, &bootstrap.Client{HTTP: client}}
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
	found, err := a.registries.list.Lookup((&bootstrap.Question{RegistryType: bootstrap.DNS, Query: domain}).WithContext(inTime))
	if err == nil && len(found.URLs) == 0 {
		err = errors.New("no top-level domain of IANA's list is its own")
	}
	if err != nil {
		return failed(registryFailure(err), "finding the RDAP server of %s: %s", domain, plain(err))
	}
	var problem *failure
	for _, server := range found.URLs { // until one knows whether there is such a domain
		problem = a.askServer(inTime, server.JoinPath("domain", domain).String())
		if problem == nil || a.x.Code == http.StatusNotFound || inTime.Err() != nil {
			break
		}
	}
	return problem
}

// askServer asks one server of a registry, and keeps what it answers.
func (a *asking) askServer(ctx context.Context, url string) *failure {
	a.x.Code, a.x.Proto, a.x.Header, a.x.Body = 0, "", nil, nil
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return failed(evidence.NoRoute, "asking %s: %s", url, plain(err))
	}
	request.Header.Set("Accept", "application/rdap+json, application/json")
	response, err := a.registries.http.Do(request)
	if err != nil {
		return failed(registryFailure(err), "asking %s: %s", url, plain(err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return failed(registryFailure(err), "reading what %s answers: %s", url, plain(err))
	}
	a.x.Code, a.x.Proto, a.x.Header, a.x.Body = response.StatusCode, response.Proto, response.Header, body
	if a.x.Code != http.StatusOK {
		return failed(evidence.HTTPStatus, "asking %s: status %d", url, a.x.Code)
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
