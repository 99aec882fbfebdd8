package conformance_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

type asker func(ctx context.Context, q evidence.Question) evidence.Exchange

func (a asker) Ask(ctx context.Context, q evidence.Question) evidence.Exchange { return a(ctx, q) }

// tried is the failures of a run in which failures have to be confirmed: the questions that
// fails picks fail in the first so many tries, as the fake that is changed so answers.
func tried(t *testing.T, needed evidence.Confirmation, failures int, fails func(evidence.Question) bool, change func(*fixtures.Responder)) []conformance.Finding {
	t.Helper()
	return triedAt(t, probe.Replicas{}, needed, failures, fails, change)
}

// triedAt is tried where machines are compared too.
func triedAt(t *testing.T, machines probe.Replicas, needed evidence.Confirmation, failures int, fails func(evidence.Question) bool, change func(*fixtures.Responder)) []conformance.Finding {
	t.Helper()
	well := fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{}))
	badly := fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{}))
	change(badly)
	run := &evidence.Run{Started: noon}
	plan, err := probe.NewPlan(run, targets(well), probe.Options{Asks: everything, Serials: probe.Serials{Seed: []byte("seed")},
		Replicas: machines, Confirmation: probe.Confirmation{Confirmation: needed}})
	if err != nil {
		t.Fatal(err)
	}
	probe.Run(t.Context(), plan, asker(func(_ context.Context, q evidence.Question) evidence.Exchange {
		if fails(q) && max(q.Try, 1) <= failures {
			return badly.Respond(q)
		}
		return well.Respond(q)
	}), run)
	return slices.DeleteFunc(judge(t, run).Findings, func(f conformance.Finding) bool { return f.Outcome != conformance.Failed })
}

func TestFailuresCountWhenTheyAreConfirmed(t *testing.T) {
	t.Parallel()
	needed := evidence.Confirmation{Failures: 2, Tries: 3}
	all := func(q evidence.Question) bool { return q.Ask.Has(evidence.HTTP) }
	for rule, test := range map[string]struct {
		fails     func(evidence.Question) bool
		change    func(*fixtures.Responder)
		confirmed conformance.Severity
	}{
		"http-status-200":        {func(q evidence.Question) bool { return q.Ask == evidence.FetchCRL }, func(r *fixtures.Responder) { r.CRLHTTP.Code = 503 }, conformance.Error},
		"http-response-time-10s": {all, func(r *fixtures.Responder) { r.OCSPHTTP.Delay = evidence.LateAfter + 1 }, conformance.Error},
		"dns-resolves":           {func(q evidence.Question) bool { return q.Ask == evidence.Resolve }, func(r *fixtures.Responder) { r.DNS.Failure = evidence.DNSServFail }, conformance.Critical},
		"tcp-connect-all":        {func(q evidence.Question) bool { return q.Ask == evidence.Resolve }, func(r *fixtures.Responder) { r.DNS.Dead = 1 }, conformance.Warning},
		"http-ocsp-get":          {all, func(r *fixtures.Responder) { r.OCSPHTTP.OnlyPOST = true }, conformance.Error},
	} {
		for failures, word := range map[int]string{1: "1 of 3 tries failed, which does not count: 2 of 3 have to", 2: "2 of 2 tries failed"} {
			want := conformance.Info
			if failures == 2 {
				want = test.confirmed
			}
			found := false
			for _, f := range tried(t, needed, failures, test.fails, test.change) {
				found = found || f.Rule.ID == rule
				if f.Rule.ID == rule && (f.Severity != want || !strings.HasSuffix(f.Got, word)) {
					t.Errorf("%s, %d failures: %s, %q, want %s, %q", rule, failures, f.Severity, f.Got, want, word)
				}
				if failures == 1 && f.Severity > conformance.Info {
					t.Errorf("%s: %s %s counts: %s", rule, f.Severity, f.Rule.ID, f.Got)
				}
			}
			if !found && (failures == 2 || rule != "http-ocsp-get") { // GETs that were answered the second time are answered
				t.Errorf("%s, %d failures: not found", rule, failures)
			}
		}
	}
}

// A question that fails whenever it is put counts, though others failed by chance.
func TestAConfirmedFailureIsNotExcusedByAnother(t *testing.T) {
	t.Parallel()
	needed := evidence.Confirmation{Failures: 2, Tries: 3}
	for _, f := range tried(t, needed, 3, func(q evidence.Question) bool {
		chance := q.Strategy == "ser-random-20" && q.Try == 0
		return q.Ask == evidence.UnassignedPOST && (chance || q.Strategy == "ser-random-8")
	}, func(r *fixtures.Responder) { r.OCSPHTTP.Code = 503 }) {
		if f.Rule.ID == "http-status-200" {
			if f.Severity != conformance.Error || !strings.Contains(f.Got, "2 of 2 tries failed") {
				t.Errorf("%s: %s", f.Severity, f.Got)
			}
			return
		}
	}
	t.Error("not found")
}

// A machine that fails is not excused by another one, which failed by chance.
func TestAMachineIsNotExcusedByAnother(t *testing.T) {
	t.Parallel()
	fails := func(q evidence.Question) bool {
		return q.Ask == evidence.FetchCRL && (q.Address == "192.0.47.59" || q.Address == "" && q.Try == 0 && q.Round == 0)
	}
	machines := probe.Replicas{EveryAddress: true, Rounds: 3}
	for _, f := range triedAt(t, machines, evidence.Confirmation{Failures: 2, Tries: 3}, 3, fails, func(r *fixtures.Responder) { r.CRLHTTP.Code = 503 }) {
		if f.Rule.ID == "http-status-200" {
			if f.Severity != conformance.Error || !strings.Contains(f.Got, "192.0.47.59 3 of 3") {
				t.Errorf("%s: %s", f.Severity, f.Got)
			}
			return
		}
	}
	t.Error("not found")
}

// Without --confirm, and in archives from before it, the first failure counts.
func TestTheFirstFailureCountsWhereNothingIsConfirmed(t *testing.T) {
	t.Parallel()
	for _, f := range tried(t, evidence.Confirmation{}, 1, func(q evidence.Question) bool { return q.Ask == evidence.FetchCRL }, func(r *fixtures.Responder) { r.CRLHTTP.Code = 503 }) {
		if f.Rule.ID == "http-status-200" && f.Severity == conformance.Error && !strings.Contains(f.Got, "tries") {
			return
		}
	}
	t.Error("not found")
}
