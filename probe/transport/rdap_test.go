package transport_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/transport"
)

// registries answer by URL, and an error where there is no answer.
type registries map[string]*http.Response

func (r registries) RoundTrip(request *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(request.UserAgent(), "revprobe") {
		return nil, errors.New("the User-Agent is " + request.UserAgent())
	}
	response := r[request.URL.String()]
	if response == nil {
		return nil, errors.New("nobody answers " + request.URL.String())
	}
	response.Request = request
	return response, nil
}

func said(code int, body string) *http.Response {
	return &http.Response{StatusCode: code, Proto: "HTTP/1.1", Header: http.Header{"Content-Type": {"application/rdap+json"}}, Body: io.NopCloser(strings.NewReader(body))}
}

const (
	bootstrapURL = "https://data.iana.org/rdap/dns.json"
	domainURL    = "https://rdap.registry.test/domain/ca.example"
	listed       = `{"version":"1.0","publication":"2026-01-01T00:00:00Z","services":[[["example"],["https://rdap.registry.test/"]]]}`
	brokenURL    = "https://broken.registry.test/rdap/domain/ca.example"
	twice        = `{"version":"1.0","publication":"2026-01-01T00:00:00Z","services":[[["example"],["https://broken.registry.test/rdap","https://rdap.registry.test/"]]]}`
	registered   = `{"objectClassName":"domain","ldhName":"ca.example"}`
)

func TestRegistrationIsAskedOfTheRegistry(t *testing.T) {
	for name, test := range map[string]struct {
		web     registries
		failure evidence.Failure
		detail  string
		body    string
	}{
		"answered":            {registries{bootstrapURL: said(200, listed), domainURL: said(200, registered)}, "", "", registered},
		"unknown domain":      {registries{bootstrapURL: said(200, listed), domainURL: said(404, "{}")}, evidence.HTTPStatus, "status 404", "{}"},
		"no JSON":             {registries{bootstrapURL: said(200, listed), domainURL: said(200, "<html>")}, "", "", "<html>"},
		"registry dead":       {registries{bootstrapURL: said(200, listed)}, evidence.NoRoute, "nobody answers", ""},
		"first server dead":   {registries{bootstrapURL: said(200, twice), domainURL: said(200, registered)}, "", "", registered},
		"first server broken": {registries{bootstrapURL: said(200, twice), brokenURL: said(500, "oops")}, evidence.NoRoute, "nobody answers", ""},
		"no list":             {registries{}, evidence.NoRoute, "finding the RDAP server of ca.example", ""},
		"list without domain": {registries{bootstrapURL: said(200, strings.Replace(listed, "example", "other", 1))}, evidence.NoRoute, "no top-level domain of IANA's list is its own", ""},
		"broken list":         {registries{bootstrapURL: said(200, "{")}, evidence.NoRoute, "finding the RDAP server", ""},
	} {
		t.Run(name, func(t *testing.T) {
			x := newNetwork().client(t, transport.Options{RDAPTransport: test.web}).Ask(t.Context(), evidence.Question{Ask: evidence.RDAP, URL: "rdap:ca.example"})
			wantFailure(t, x, test.failure, test.detail)
			if string(x.Body) != test.body {
				t.Errorf("body %q", x.Body)
			}
		})
	}
	for _, url := range []string{"rdap:", "http://ca.example/", "rdap:a/b\\c"} {
		wantFailure(t, newNetwork().client(t, transport.Options{}).Ask(t.Context(), evidence.Question{Ask: evidence.RDAP, URL: url}), evidence.BadURL, "no domain")
	}
}

// never answers.
type never struct{}

func (never) RoundTrip(request *http.Request) (*http.Response, error) {
	<-request.Context().Done()
	return nil, request.Context().Err()
}

func TestASilentRegistryIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newNetwork().client(t, transport.Options{RDAPTransport: never{}, Timeout: 7 * time.Second})
		start := time.Now()
		x := c.Ask(t.Context(), evidence.Question{Ask: evidence.RDAP, URL: "rdap:ca.example"})
		if wantFailure(t, x, evidence.HTTPTimeout, "ca.example"); time.Since(start) != 7*time.Second {
			t.Errorf("took %s", time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wantFailure(t, c.Ask(ctx, evidence.Question{Ask: evidence.RDAP, URL: "rdap:ca.example"}), evidence.Interrupted, "")
	})
}

// Without a transport of the caller's, registries are reached by the same resolvers and
// connections as everything else, and not at private addresses.
func TestRegistriesAreDialledByOurResolvers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for address, dialled := range map[string]int{"9.9.9.7": 1, "10.0.0.7": 0} {
			n := newNetwork()
			n.serving["udp "+resolver1] = zone{records: []string{"data.iana.org. 60 IN A " + address}}.serve
			x := n.client(t, transport.Options{}).Ask(t.Context(), evidence.Question{Ask: evidence.RDAP, URL: "rdap:ca.example"})
			wantFailure(t, x, evidence.NoRoute, "finding the RDAP server of ca.example")
			if got := n.count("tcp", address+":443"); got != dialled {
				t.Errorf("%d connections to %s, want %d", got, address, dialled)
			}
		}
	})
}
