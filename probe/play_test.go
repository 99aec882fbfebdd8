package probe_test

import (
	"context"
	"crypto/x509"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// everything is every kind of question that a plan can hold. Those about serials of a CRL
// come of what is fetched, and have tests of their own.
const everything = evidence.Resolve | evidence.WalkDNS | evidence.FetchCRL | evidence.OCSP&^evidence.ListedPOST | evidence.UnissuablePOST

var seed = probe.Serials{Seed: []byte("a seed of tests")}

// fake is a CA that conforms but for change.
func fake(change func(*fixtures.Responder)) *fixtures.Responder {
	r := fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{}))
	if change != nil {
		change(r)
	}
	return r
}

// withSerial gives the leaf that serial number, in hex.
func withSerial(hex string) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) {
		r.Leaf = func(c *x509.Certificate) { c.SerialNumber = number(hex) }
	}
}

func number(hex string) *big.Int {
	n, ok := new(big.Int).SetString(hex, 16)
	if !ok {
		panic(hex + " is no hexadecimal number")
	}
	return n
}

// targetOf is what is found behind a fake CA's leaf.
func targetOf(r *fixtures.Responder) probe.Target {
	return probe.Target{Certificate: r.LeafCertificate(), Issuer: r.IssuerCertificate(),
		Responders: []string{r.OCSPURL()}, DistributionPoints: []string{r.CRLURL()}}
}

func plan(t *testing.T, asks evidence.Ask, targets ...probe.Target) *probe.Plan {
	t.Helper()
	p, err := probe.NewPlan(&evidence.Run{}, targets, probe.Options{Asks: asks, Serials: seed})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// asker answers as a function says.
type asker func(ctx context.Context, q evidence.Question) evidence.Exchange

func (a asker) Ask(ctx context.Context, q evidence.Question) evidence.Exchange { return a(ctx, q) }

// inMemory answers as the fake does, without any network.
func inMemory(r *fixtures.Responder) asker {
	return func(_ context.Context, q evidence.Question) evidence.Exchange { return r.Respond(q) }
}

// run plans and asks everything about a fake CA.
func run(t *testing.T, target probe.Target, a probe.Asker) []evidence.Exchange {
	t.Helper()
	var r evidence.Run
	probe.Run(t.Context(), plan(t, everything, target), a, &r)
	return r.Exchanges
}

// only returns the exchanges of those kinds.
func only(list []evidence.Exchange, asks evidence.Ask) []evidence.Exchange {
	return slices.DeleteFunc(slices.Clone(list), func(x evidence.Exchange) bool { return !x.Ask.Has(asks) })
}

// strategyNamed returns a strategy by its id.
func strategyNamed(t *testing.T, id string) probe.Strategy {
	t.Helper()
	for _, s := range probe.Strategies() {
		if s.ID == id {
			return s
		}
	}
	t.Fatalf("there is no strategy %s", id)
	return probe.Strategy{}
}

func none(revocation.Serial) bool { return false }
