package probe_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// several makes targets of CAs at hosts of their own.
func several(n int) []probe.Target {
	var targets []probe.Target
	for i := range n {
		targets = append(targets, targetOf(fake(func(r *fixtures.Responder) { r.Base = fmt.Sprintf("http://ca%d.example", i) })))
	}
	return targets
}

// answered asks the plan of an asker and returns what was asked and how long it took.
func answered(t *testing.T, p *probe.Plan, a probe.Asker) ([]evidence.Exchange, time.Duration) {
	t.Helper()
	start := time.Now()
	var r evidence.Run
	probe.Run(t.Context(), p, a, &r)
	return r.Exchanges, time.Since(start)
}

func TestOrderDoesNotDependOnTiming(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		targets := several(3)
		p := plan(t, everything, targets...)
		var want []string
		for i, target := range p.Targets {
			for n, q := range slices.Concat(target.Resolves, target.CRLs, target.OCSP) {
				want = append(want, fmt.Sprintf("%d.%d %s %s", i+1, n+1, q.RequestURL(), q.Serial))
			}
		}
		for _, slowest := range []string{"ca0", "ca1", "ca2"} {
			exchanges, _ := answered(t, p, asker(func(_ context.Context, q evidence.Question) evidence.Exchange {
				pause := time.Second
				if q.URL[7:10] == slowest {
					pause = time.Minute
				}
				time.Sleep(pause)
				return evidence.Exchange{Code: 200}
			}))
			var got []string
			for _, x := range exchanges {
				got = append(got, x.ID+" "+x.RequestURL()+" "+x.Serial)
			}
			if !slices.Equal(got, want) {
				t.Errorf("with %s slow: %v, want %v", slowest, got, want)
			}
		}
	})
}

func TestRunKeepsWhatWasAskedBefore(t *testing.T) {
	r := evidence.Run{Exchanges: []evidence.Exchange{{ID: "0.1"}}}
	probe.Run(t.Context(), plan(t, evidence.FetchCRL, several(1)...), asker(func(context.Context, evidence.Question) evidence.Exchange {
		return evidence.Exchange{Code: 200}
	}), &r)
	if len(r.Exchanges) != 2 || r.Exchanges[0].ID != "0.1" || r.Exchanges[1].ID != "1.1" {
		t.Errorf("%+v", r.Exchanges)
	}
}

// Sixteen targets are asked at once; the questions about one of them wait for each other.
func TestTargetsAreAskedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		aSecond := asker(func(context.Context, evidence.Question) evidence.Exchange {
			time.Sleep(time.Second)
			return evidence.Exchange{Code: 200}
		})
		for n, want := range map[int]time.Duration{1: 2 * time.Second, 16: 2 * time.Second, 17: 4 * time.Second} {
			exchanges, took := answered(t, plan(t, evidence.FetchCRL|evidence.Resolve, several(n)...), aSecond)
			if len(exchanges) != 2*n || took != want {
				t.Errorf("%d targets: %d exchanges in %s, want %d in %s", n, len(exchanges), took, 2*n, want)
			}
		}
	})
}

func TestInterruptedRunKeepsWhatWasAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		p := plan(t, everything, several(20)...)
		asked := make(chan string, len(p.Questions()))
		time.AfterFunc(3500*time.Millisecond, cancel)
		var r evidence.Run
		probe.Run(ctx, p, asker(func(ctx context.Context, q evidence.Question) evidence.Exchange {
			asked <- q.URL
			select {
			case <-time.After(time.Second):
				return evidence.Exchange{Code: 200}
			case <-ctx.Done():
				return evidence.Exchange{Failure: evidence.Interrupted}
			}
		}), &r)
		if len(asked) != len(r.Exchanges) || len(asked) == 0 || len(asked) == len(p.Questions()) {
			t.Fatalf("%d of %d were asked, %d are kept", len(asked), len(p.Questions()), len(r.Exchanges))
		}
		// Those that were under way are the last of their targets.
		for i, x := range r.Exchanges {
			last := i+1 == len(r.Exchanges) || strings.HasSuffix(r.Exchanges[i+1].ID, ".1")
			if x.Failure == evidence.Interrupted && !last {
				t.Errorf("exchange %s was interrupted and another was asked after it", x.ID)
			}
		}
		if !slices.ContainsFunc(r.Exchanges, func(x evidence.Exchange) bool { return x.Failure == evidence.Interrupted }) {
			t.Error("none was under way")
		}
	})
}

func TestAFailedCRLIsFetchedOnceMore(t *testing.T) {
	for failure, want := range map[evidence.Failure]int{
		"": 1, evidence.HTTPStatus: 2, evidence.HTTPTimeout: 2, evidence.ConnectRefused: 2, evidence.Truncated: 2, evidence.DNSNXDomain: 2,
		evidence.Redirect: 1, evidence.NoRoute: 1, evidence.Refused: 1, evidence.Interrupted: 1,
	} {
		exchanges := run(t, several(1)[0], asker(func(_ context.Context, q evidence.Question) evidence.Exchange {
			return evidence.Exchange{Failure: failure, Code: 200}
		}))
		fetched := only(exchanges, evidence.FetchCRL)
		if len(fetched) != want {
			t.Errorf("%q: fetched %d times, want %d", failure, len(fetched), want)
		}
		for i, x := range fetched {
			if x.Repeat != (i == 1) {
				t.Errorf("%q: fetch %d is marked as a repeat: %v", failure, i, x.Repeat)
			}
		}
		for _, x := range only(exchanges, evidence.Resolve|evidence.OCSP) {
			if x.Repeat {
				t.Errorf("%q: %s was asked again", failure, x.Ask)
			}
		}
	}
}

func TestACRLThatComesAtTheSecondTryIsUsed(t *testing.T) {
	target := targetOf(fake(nil))
	planned := unassignedSerials(plan(t, everything, target).Targets[0].OCSP)
	r := fake(listing(t, planned["ser-ca-shaped"]))
	tries := 0
	exchanges := run(t, target, asker(func(_ context.Context, q evidence.Question) evidence.Exchange {
		if q.Ask == evidence.FetchCRL {
			if tries++; tries == 1 {
				return evidence.Exchange{Failure: evidence.Reset}
			}
		}
		return r.Respond(q)
	}))
	if got := answeredSerials(exchanges)["ser-ca-shaped"]; got == planned["ser-ca-shaped"] || got == "" {
		t.Errorf("asked about %s, which the CRL lists", got)
	}
}

// A serial that any CRL of the run lists is assigned, whichever target the CRL came with.
func TestACRLOfAnotherTargetCounts(t *testing.T) {
	first := fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{}))
	target := probe.Target{Certificate: first.LeafCertificate(), Issuer: first.IssuerCertificate(), Responders: []string{"http://a.example/o"}}
	listing := probe.Target{DistributionPoints: []string{"http://a.example/ca.crl"}}
	var run evidence.Run
	p, err := probe.NewPlan(&run, []probe.Target{target, listing}, probe.Options{Asks: everything, Serials: probe.Serials{Seed: []byte("seed")}})
	if err != nil {
		t.Fatal(err)
	}
	taken := map[string]bool{}
	crl := fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{}))
	for _, q := range p.Questions() {
		if q.Ask.Has(evidence.UnassignedPOST) {
			serial := revocation.ReadOCSPRequest(q.Request).Requests[0].CertID.Serial
			taken[serial.String()] = true
			crl.CRL.Entries = append(crl.CRL.Entries, fixtures.CRLEntry{Serial: serial, Reason: revocation.ReasonSuperseded})
		}
	}
	probe.Run(t.Context(), p, asker(func(_ context.Context, q evidence.Question) evidence.Exchange {
		if q.Ask == evidence.FetchCRL {
			return evidence.Exchange{Code: 200, Body: crl.CRLBody()}
		}
		return evidence.Exchange{Code: 200}
	}), &run)
	asked := 0
	for _, x := range run.Exchanges {
		if x.Ask.Has(evidence.Unassigned) {
			asked++
			if taken[x.Serial] {
				t.Errorf("%s %s is on a CRL and was asked about", x.Strategy, x.Serial)
			}
		}
	}
	if asked == 0 {
		t.Error("no unassigned serial was asked about")
	}
}
