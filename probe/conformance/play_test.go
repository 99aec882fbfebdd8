package conformance_test

import (
	"crypto/x509"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// noon is the time at which the fakes are asked, in a year in which every citation is in
// force.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// everything is every kind of question that a plan can hold.
const everything = evidence.Resolve | evidence.WalkDNS | evidence.RDAP | evidence.FetchCRL | evidence.FetchIssuer | evidence.OCSP | evidence.UnissuablePOST | evidence.Conditional

// asksFor is what a fake of a rule is asked: everything, and odd questions where the rule is
// about those. They are many.
func asksFor(r *conformance.Rule) evidence.Ask {
	return everything | r.Asks()&evidence.Probes
}

// target is what the engine is given of a fake.
func target(r *fixtures.Responder) probe.Target {
	return probe.Target{
		Certificate: r.LeafCertificate(), Issuer: r.IssuerCertificate(), Siblings: []*x509.Certificate{r.RootCertificate()},
		Responders: []string{r.OCSPURL()}, DistributionPoints: []string{r.CRLURL()}, IssuerLocations: []string{r.IssuersURL()},
	}
}

// targets is target, with the further certificates that there are.
func targets(r *fixtures.Responder) []probe.Target {
	first := target(r)
	first.DistributionPoints = r.CRLURLs()
	list := []probe.Target{first}
	for _, leaf := range r.ShardLeaves() {
		list = append(list, probe.Target{Certificate: leaf, Issuer: r.IssuerCertificate(), Responders: first.Responders,
			DistributionPoints: leaf.CRLDistributionPoints})
	}
	return list
}

// ask plans and asks the kinds of questions and returns what came back.
func ask(t testing.TB, r *fixtures.Responder, asker probe.Asker, asks evidence.Ask) *evidence.Run {
	t.Helper()
	run := &evidence.Run{Version: "test", Seed: "5eed", Started: r.Now, Past: &evidence.Past{Services: r.Past}}
	run.AddCertificate(r.RootCertificate().Raw, "root")
	if r.Namesake {
		run.AddCertificate(r.NamesakeCertificate().Raw, "namesake")
	}
	if r.CrossCertificate != nil {
		run.AddCertificate(r.CrossCertified().Raw, "cross-certificate")
	}
	if r.Disclose != nil {
		run.Disclosed = &evidence.Disclosure{URLs: r.Disclose(r.CRLURLs())}
	}
	plan, err := probe.NewPlan(run, targets(r), probe.Options{Asks: asks, Serials: probe.Serials{Seed: []byte("seed")},
		Replicas: probe.Replicas{EveryAddress: len(r.Replicas) > 0, Rounds: min(len(r.Replicas), 1)}})
	if err != nil {
		t.Fatal(err)
	}
	probe.Run(t.Context(), plan, asker, run)
	return run
}

// everyRule is shared, since writing down every rule takes longer than judging a response.
var everyRule = sync.OnceValue(conformance.Rules)

func judge(t testing.TB, run *evidence.Run, rules ...*conformance.Rule) *conformance.Report {
	t.Helper()
	if len(rules) == 0 {
		rules = everyRule()
	}
	profile, _ := conformance.ProfileNamed("all")
	report := conformance.Examine(run, conformance.Options{Profile: profile, Rules: rules})
	for _, bug := range report.Bugs {
		t.Error(bug)
	}
	return report
}

// played is the report on a fake that was asked everything, in memory.
func played(t testing.TB, r *fixtures.Responder) *conformance.Report {
	t.Helper()
	return playedTo(t, r, everything)
}

// playedTo is the report on a fake that was asked those kinds of questions, in memory.
func playedTo(t testing.TB, r *fixtures.Responder, asks evidence.Ask) *conformance.Report {
	t.Helper()
	return judge(t, ask(t, r, zoo.Memory{Responder: r}, asks))
}

func faked(kind fixtures.Kind, c fixtures.Case) *fixtures.Responder {
	r := fixtures.Conforming(noon, fixtures.NewAuthority(kind))
	c.Change(r)
	return r
}

// fired returns the ids of the rules that failed, each once, in order.
func fired(report *conformance.Report) []string {
	var ids []string
	for _, f := range report.Findings {
		if f.Outcome == conformance.Failed && !slices.Contains(ids, f.Rule.ID) {
			ids = append(ids, f.Rule.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// describe lists the failures of a report for the log of a failed test.
func describe(report *conformance.Report) string {
	text := ""
	for _, f := range report.Findings {
		if f.Outcome == conformance.Failed {
			text += fmt.Sprintf("\n  %s %s (%s, %s): got %s, want %s", f.Severity, f.Rule.ID, f.Source, f.Field, f.Got, f.Want)
		}
	}
	return text
}
