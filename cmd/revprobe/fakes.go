package main

import (
	"context"
	"net"
	"strings"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/report"
)

// fakeTarget is what check would find behind a fake CA's leaf certificate.
func fakeTarget(r *fixtures.Responder) probe.Target {
	return probe.Target{Certificate: r.LeafCertificate(), Issuer: r.IssuerCertificate(),
		Responders: []string{r.OCSPURL()}, DistributionPoints: []string{r.CRLURL()}}
}

// conforming is a fake CA that no rule objects to, changed by a case.
func conforming(now time.Time, change func(*fixtures.Responder)) *fixtures.Responder {
	r := fixtures.Conforming(now, fixtures.NewAuthority(fixtures.Kind{}))
	if change != nil {
		change(r)
	}
	return r
}

// openZoo serves enclosures on a listener until ctx ends; the channel gives how it ended.
func openZoo(ctx context.Context, l net.Listener, now func() time.Time, enclosures []zoo.Enclosure) (*zoo.Zoo, <-chan error, error) {
	z, err := zoo.New(zoo.Options{Base: zoo.URL(l), Clock: now}, enclosures)
	if err != nil {
		return nil, nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- z.Serve(ctx, l) }()
	return z, ended, nil
}

// exampleTime is when the fake CAs of the documentation were asked.
var exampleTime = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// exampleFinding is the finding that a rule's first bad case produces, as text.
func exampleFinding(rule *conformance.Rule) string {
	fake := conforming(exampleTime, rule.Bad[0].Change)
	run := &evidence.Run{Started: exampleTime, Past: &evidence.Past{Services: fake.Past}}
	targets := []probe.Target{fakeTarget(fake)}
	targets[0].DistributionPoints = fake.CRLURLs()
	for _, leaf := range fake.ShardLeaves() {
		targets = append(targets, probe.Target{Certificate: leaf, Issuer: fake.IssuerCertificate(), DistributionPoints: leaf.CRLDistributionPoints})
	}
	if fake.Namesake {
		run.AddCertificate(fake.NamesakeCertificate().Raw, "namesake.pem")
	}
	if fake.Disclose != nil {
		run.Disclosed = &evidence.Disclosure{URLs: fake.Disclose(fake.CRLURLs())}
	}
	plan, err := probe.NewPlan(run, targets, probe.Options{Asks: rule.Asks(), Serials: probe.Serials{Seed: []byte("documentation")},
		Replicas: probe.Replicas{EveryAddress: len(fake.Replicas) > 0}})
	if err != nil {
		return err.Error()
	}
	probe.Run(context.Background(), plan, zoo.Memory{Responder: fake}, run)
	profile, _ := conformance.ProfileNamed("all")
	r := conformance.Examine(run, conformance.Options{Profile: profile, Rules: []*conformance.Rule{rule}})
	var text strings.Builder
	for i := range r.Findings {
		if r.Findings[i].Outcome != conformance.Failed {
			continue
		}
		if err := report.FindingText(&text, &r.Findings[i], report.TextOptions{}); err != nil {
			return err.Error()
		}
		break
	}
	return text.String()
}
