package probe_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// naming has the CRL name places of its delta.
func naming(urls ...string) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) { r.CRL.Extensions = []revocation.Extension{fixtures.FreshestCRL(urls...)} }
}

// fetchedURLs are the URLs of the CRLs that were fetched, in their order.
func fetchedURLs(exchanges []evidence.Exchange) []string {
	var urls []string
	for _, x := range only(exchanges, evidence.FetchCRL) {
		urls = append(urls, x.URL)
	}
	return urls
}

// withDelta has the CRL name a delta, which lists those serials.
func withDelta(serials ...revocation.Serial) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) {
		d := fixtures.CRL{Number: 1001, ThisUpdate: r.Now.Add(-time.Minute), Extensions: []revocation.Extension{fixtures.DeltaCRLIndicator(1000)}}
		for _, s := range serials {
			d.Entries = append(d.Entries, fixtures.CRLEntry{Serial: s, Reason: revocation.ReasonSuperseded})
		}
		r.Shards = []fixtures.Shard{{CRL: d, FreshestOfCRL: true}}
	}
}

// A delta that a fetched CRL names is fetched once, as that CRL was, whoever else names it; and
// what it names in turn is not.
func TestDeltasOfFetchedCRLs(t *testing.T) {
	r := fake(withDelta())
	r.Shards[0].CRL.Extensions = append(r.Shards[0].CRL.Extensions, fixtures.FreshestCRL("http://revocation.example/delta-of-a-delta.crl"))
	target := targetOf(r)
	for name, targets := range map[string][]probe.Target{
		"of a certificate": {target},
		"of two targets":   {target, {Issuer: target.Issuer, DistributionPoints: target.DistributionPoints}},
		"named by both": {{Certificate: target.Certificate, Issuer: target.Issuer, Responders: target.Responders,
			DistributionPoints: append(target.DistributionPoints, r.ShardURL(0))}},
		"of a CRL alone": {{DistributionPoints: target.DistributionPoints}},
	} {
		var record evidence.Run
		p, err := probe.NewPlan(&record, targets, probe.Options{Asks: everything, Serials: seed})
		if err != nil {
			t.Fatal(err)
		}
		probe.Run(t.Context(), p, asker(func(_ context.Context, q evidence.Question) evidence.Exchange { return r.Respond(q) }), &record)
		if got := fetchedURLs(record.Exchanges); !slices.Equal(got, []string{r.CRLURL(), r.ShardURL(0)}) {
			t.Errorf("%s: fetched %v", name, got)
		}
		crls := only(record.Exchanges, evidence.FetchCRL)
		if crls[0].Issuer != crls[1].Issuer || crls[0].Subject != crls[1].Subject || crls[1].Method != "GET" {
			t.Errorf("%s: %+v", name, crls[1].Question)
		}
		if n := len(only(record.Exchanges, evidence.Resolve)); n != 1 {
			t.Errorf("%s: the one host was looked up %d times", name, n)
		}
	}
}

// A host that a CRL names first is looked up like any other; of many places a few are asked, and
// none where nobody can be asked over HTTP.
func TestPlacesOfDeltas(t *testing.T) {
	var many []string
	for i := range probe.MaxDeltas + 2 {
		many = append(many, fmt.Sprintf("http://delta.example/%d.crl", i))
	}
	for name, test := range map[string]struct {
		named, want []string
	}{
		"on another host": {[]string{"http://delta.example/1.crl"}, []string{"http://delta.example/1.crl"}},
		"not over HTTP":   {[]string{"ldap:///CN=x", "http:delta.crl", "https://delta.example/1.crl"}, []string{"https://delta.example/1.crl"}},
		"twice":           {[]string{"http://delta.example/1.crl", "http://delta.example/1.crl"}, []string{"http://delta.example/1.crl"}},
		"many":            {many, many[:probe.MaxDeltas]},
		"the CRL itself":  {[]string{"http://revocation.example/ca.crl"}, nil},
	} {
		r := fake(naming(test.named...))
		var record evidence.Run
		p, err := probe.NewPlan(&record, []probe.Target{targetOf(r)}, probe.Options{Asks: evidence.Resolve | evidence.WalkDNS | evidence.FetchCRL | evidence.RDAP, Serials: seed})
		if err != nil {
			t.Fatal(err)
		}
		probe.Run(t.Context(), p, asker(func(_ context.Context, q evidence.Question) evidence.Exchange { return r.Respond(q) }), &record)
		if got := fetchedURLs(record.Exchanges); !slices.Equal(got, append([]string{r.CRLURL()}, test.want...)) {
			t.Errorf("%s: fetched %v", name, got)
		}
		for _, kind := range []evidence.Ask{evidence.Resolve, evidence.WalkDNS} {
			looked := slices.ContainsFunc(only(record.Exchanges, kind), func(x evidence.Exchange) bool { return strings.Contains(x.URL, "delta.example") })
			if looked != (len(test.want) > 0) {
				t.Errorf("%s: %s of the delta's host: %t", name, kind, looked)
			}
		}
		if told := slices.ContainsFunc(record.Notes, func(n string) bool { return strings.Contains(n, "places of its delta CRL") }); told != (len(test.named) > probe.MaxDeltas) {
			t.Errorf("%s: notes %q", name, record.Notes)
		}
	}
}

// What a delta lists is assigned.
func TestSerialsOnADeltaAreAssigned(t *testing.T) {
	target := targetOf(fake(nil))
	planned := unassignedSerials(plan(t, everything, target).Targets[0].OCSP)
	taken := revocation.SerialOf(number(planned["ser-ca-shaped"]))
	r := fake(withDelta(taken))
	exchanges := run(t, target, asker(func(_ context.Context, q evidence.Question) evidence.Exchange { return r.Respond(q) }))
	if got := answeredSerials(exchanges)["ser-ca-shaped"]; got == planned["ser-ca-shaped"] || got == "" {
		t.Errorf("asked about %s, which the delta lists", got)
	}
}

// A run that was stopped fetches no delta.
func TestNoDeltaAfterTheEnd(t *testing.T) {
	r := fake(withDelta())
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var record evidence.Run
	p, err := probe.NewPlan(&record, []probe.Target{targetOf(r)}, probe.Options{Asks: evidence.FetchCRL, Serials: seed})
	if err != nil {
		t.Fatal(err)
	}
	probe.Run(ctx, p, asker(func(_ context.Context, q evidence.Question) evidence.Exchange {
		defer stop()
		return r.Respond(q)
	}), &record)
	if got := fetchedURLs(record.Exchanges); !slices.Equal(got, []string{r.CRLURL()}) {
		t.Errorf("fetched %v", got)
	}
}
