package probe_test

import (
	"context"
	"slices"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/evidence"
)

// urls are those of the questions of one kind that are planned for these distribution points.
func urls(t *testing.T, kind evidence.Ask, points ...string) []string {
	t.Helper()
	var list []string
	for _, q := range plan(t, kind, probe.Target{DistributionPoints: points}).Questions() {
		list = append(list, q.URL)
	}
	return list
}

// Each host name is walked once, whatever its port and case. Addresses have no DNS.
func TestEachHostNameIsWalkedOnce(t *testing.T) {
	got := urls(t, evidence.WalkDNS, "http://a.example/1.crl", "http://A.example.:8080/2.crl", "http://b.example/", "http://192.0.43.8/", "http://[2001:db8::1]/",
		"http://localhost/", "http://x.localhost/")
	if want := []string{"http://a.example/1.crl", "http://b.example/"}; !slices.Equal(got, want) {
		t.Errorf("walks %v, want %v", got, want)
	}
	questions := plan(t, evidence.WalkDNS, probe.Target{DistributionPoints: []string{"http://a.example/", "http://b.example/"}}).Questions()
	if questions[0].Sibling == "" || questions[0].Sibling == questions[1].Sibling {
		t.Errorf("siblings %q and %q", questions[0].Sibling, questions[1].Sibling)
	}
}

// Where the issuer's certificate is depends on DNS as the CRL does.
func TestHostsOfCAIssuersAreWalked(t *testing.T) {
	var got []string
	for _, q := range plan(t, evidence.WalkDNS, probe.Target{DistributionPoints: []string{"http://a.example/1.crl"},
		IssuerLocations: []string{"http://a.example/ca.crt", "http://c.example/ca.crt"}}).Questions() {
		got = append(got, q.URL)
	}
	if want := []string{"http://a.example/1.crl", "http://c.example/ca.crt"}; !slices.Equal(got, want) {
		t.Errorf("walks %v, want %v", got, want)
	}
}

// A registration is of what somebody registered, not of what a provider hands out below it.
func TestRegistrableDomains(t *testing.T) {
	got := urls(t, evidence.RDAP, "http://crl.ca.example.com/", "http://ocsp.example.com/", "http://a.b.example.co.uk/", "http://bucket.s3.amazonaws.com/",
		"http://d111.cloudfront.net/", "http://ca.example/", "http://com/", "http://co.uk/", "http://192.0.43.8/")
	want := []string{"rdap:example.com", "rdap:example.co.uk", "rdap:amazonaws.com", "rdap:cloudfront.net", "rdap:ca.example"}
	if !slices.Equal(got, want) {
		t.Errorf("asks %v, want %v", got, want)
	}
}

// aliased is an asker by whom a host is an alias into other domains.
type aliased struct{ probe.Asker }

func (a aliased) Ask(ctx context.Context, q evidence.Question) evidence.Exchange {
	x := a.Asker.Ask(ctx, q)
	if q.Ask == evidence.WalkDNS {
		x.DNS = &evidence.DNSWalk{Host: "revocation.example.", Replies: []evidence.DNSReply{{Answer: []evidence.DNSRecord{
			{Name: "revocation.example.", Type: "CNAME", Data: "x.Cdn.test."}, {Name: "x.cdn.test.", Type: "CNAME", Data: "y.revocation.example."},
			{Name: "y.revocation.example.", Type: "CNAME", Data: "z.cdn.test."}}}}}
	}
	return x
}

// The domains of alias targets are known only after the walk, and are asked about once.
func TestRegistrationsOfAliasTargets(t *testing.T) {
	r := fake(nil)
	for asks, want := range map[evidence.Ask][]string{
		evidence.WalkDNS | evidence.RDAP: {"rdap:revocation.example", "rdap:cdn.test"},
		evidence.WalkDNS:                 nil,
	} {
		run := &evidence.Run{}
		p, err := probe.NewPlan(run, []probe.Target{targetOf(r), targetOf(fake(func(r *fixtures.Responder) { r.Base = "http://other.revocation.example" }))},
			probe.Options{Asks: asks, Serials: seed})
		if err != nil {
			t.Fatal(err)
		}
		probe.Run(t.Context(), p, aliased{inMemory(r)}, run)
		var got []string
		for _, x := range run.Exchanges {
			if x.Ask == evidence.RDAP {
				got = append(got, x.URL)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: asked %v, want %v", asks, got, want)
		}
	}
}
