package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// mostRequests is what a check of one responder may cost: every CA is somebody's production.
const mostRequests = 40

// ordinary is a check without any flag.
var ordinary = &checking{crossChecks: -1}

// requestsOf counts the requests of a check of one leaf with one responder and one
// distribution point.
func requestsOf(t *testing.T, asks evidence.Ask, change func(*fixtures.Responder)) int {
	t.Helper()
	fake := conforming(exampleTime, change)
	run := &evidence.Run{Started: exampleTime}
	plan, err := probe.NewPlan(run, []probe.Target{fakeTarget(fake)}, probe.Options{Asks: asks, Serials: probe.Serials{Seed: []byte("requests")}})
	if err != nil {
		t.Fatal(err)
	}
	probe.Run(t.Context(), plan, zoo.Memory{Responder: fake}, run)
	return len(run.Exchanges)
}

// Each selection of rules costs the requests that stand in the golden file, so that nobody
// makes a check dearer without seeing it. It is written anew with the page of the rules.
func TestRequestsBesideTheRulesPage(t *testing.T) {
	t.Parallel()
	counted := map[evidence.Ask]int{}
	var text strings.Builder
	for _, selection := range append([]string{"", "ocsp-*", "crl-*", "http-*", "cert-*"}, ruleIDs()...) {
		rules, err := selectRules(selection)
		if err != nil {
			t.Fatal(err)
		}
		asks := ordinary.asks(rules)
		if _, known := counted[asks]; !known {
			counted[asks] = requestsOf(t, asks, nil)
		}
		if counted[asks] > mostRequests {
			t.Errorf("%q costs %d requests, more than %d", selection, counted[asks], mostRequests)
		}
		if selection == "" {
			selection = "all"
		}
		fmt.Fprintf(&text, "%3d %s\n", counted[asks], selection)
	}
	fmt.Fprintf(&text, "%3d all, where the CRL names a delta CRL\n", requestsOf(t, ordinary.asks(conformance.Rules()), func(r *fixtures.Responder) { publishDelta(r) }))
	golden := filepath.Join("testdata", "requests.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil || string(want) != text.String() {
		t.Errorf("the counts are not those of %s (%v):\n%s\nwhere that is meant: go test ./cmd/revprobe -run RulesPage -update",
			golden, err, differing(string(want), text.String()))
	}
}

// differing returns the lines of one text that are not in the other, and the reverse.
func differing(old, now string) string {
	var list []string
	for line := range strings.Lines(old) {
		if !strings.Contains("\n"+now, "\n"+line) {
			list = append(list, "- "+line)
		}
	}
	for line := range strings.Lines(now) {
		if !strings.Contains("\n"+old, "\n"+line) {
			list = append(list, "+ "+line)
		}
	}
	return strings.Join(list, "")
}

// Neither a responder that says good to everything, which has to be confirmed, nor a CRL that
// does not come makes a check cost more than that.
func TestRequestsOfABadResponder(t *testing.T) {
	t.Parallel()
	n := requestsOf(t, ordinary.asks(conformance.Rules()), func(r *fixtures.Responder) {
		r.OCSP.Unassigned, r.CRLHTTP.Code, r.OCSPHTTP.Delay = fixtures.Good, 500, time.Second
	})
	if n > mostRequests {
		t.Errorf("%d requests, more than %d", n, mostRequests)
	}
}
