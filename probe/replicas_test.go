package probe_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/evidence"
)

const comparedAsks = evidence.OCSP | evidence.FetchCRL

func compared(t *testing.T, r *fixtures.Responder, o probe.Replicas) []evidence.Exchange {
	t.Helper()
	run := &evidence.Run{Started: r.Now}
	target := probe.Target{Certificate: r.LeafCertificate(), Issuer: r.IssuerCertificate(), Responders: []string{r.OCSPURL()}, DistributionPoints: []string{r.CRLURL()}}
	plan, err := probe.NewPlan(run, []probe.Target{target}, probe.Options{Asks: comparedAsks, Serials: probe.Serials{Seed: []byte("seed")}, Replicas: o})
	if err != nil {
		t.Fatal(err)
	}
	probe.Run(context.Background(), plan, zoo.Memory{Responder: r}, run)
	var list []evidence.Exchange
	for _, x := range run.Exchanges {
		if x.Replica() {
			list = append(list, x)
		}
	}
	return list
}

func TestEveryAddressIsAskedTheKeyQuestions(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	fake := func(dead int) *fixtures.Responder {
		r := fixtures.Conforming(now, fixtures.NewAuthority(fixtures.Kind{}))
		r.DNS.Dead = dead
		return r
	}
	if n := len(compared(t, fake(0), probe.Replicas{})); n != 0 {
		t.Errorf("%d questions that nobody wanted", n)
	}
	times := map[string]int{}
	for _, x := range compared(t, fake(0), probe.Replicas{EveryAddress: true}) {
		times[x.Ask.String()+" "+x.Address]++
	}
	for _, kind := range []evidence.Ask{evidence.UnassignedPOST, evidence.AssignedPOST, evidence.AssignedGET, evidence.FetchCRL} {
		for _, address := range []string{"192.0.43.8", "192.0.47.59"} {
			if times[kind.String()+" "+address] != 1 {
				t.Errorf("%s to %s: %d times", kind, address, times[kind.String()+" "+address])
			}
		}
	}
	if len(times) != 8 {
		t.Errorf("asked: %v", times)
	}
	if n := len(compared(t, fake(1), probe.Replicas{EveryAddress: true})); n != 0 {
		t.Errorf("%d questions to the only address that is left, which has answered already", n)
	}
}

func TestRoundsAreTheIntervalApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		list := compared(t, fixtures.Conforming(began, fixtures.NewAuthority(fixtures.Kind{})), probe.Replicas{Rounds: 3, Interval: time.Minute})
		if len(list) != 12 || list[0].Round != 1 || list[11].Round != 3 {
			t.Errorf("%d questions", len(list))
		}
		if took := time.Since(began); took != 2*time.Minute {
			t.Errorf("three rounds took %s", took)
		}
	})
}

// A machine that never answers keeps no question from the others.
func TestAHangingAddressIsSparedAlone(t *testing.T) {
	t.Parallel()
	r := fixtures.Conforming(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), fixtures.NewAuthority(fixtures.Kind{}))
	const hanging, healthy = "192.0.43.8", "192.0.47.59" // DNS names the one that hangs first
	sent := map[string]int{}
	plan, err := probe.NewPlan(&evidence.Run{}, []probe.Target{targetOf(r)}, probe.Options{Asks: comparedAsks, Serials: probe.Serials{Seed: []byte("seed")},
		Replicas: probe.Replicas{EveryAddress: true, Rounds: 5}})
	if err != nil {
		t.Fatal(err)
	}
	var run evidence.Run
	probe.Run(t.Context(), plan, asker(func(_ context.Context, q evidence.Question) evidence.Exchange {
		if q.Method == "POST" && q.Ask.Has(evidence.OCSP) {
			sent[q.Address]++
			if q.Address != healthy {
				return evidence.Exchange{Failure: evidence.HTTPTimeout}
			}
		}
		return r.Respond(q)
	}), &run)
	if sent[""] != 3 || sent[hanging] != 3 || sent[healthy] != 10 {
		t.Errorf("sent by POST: %v; want 3 where DNS says, 3 to the address that hangs, 10 to the other", sent)
	}
}
