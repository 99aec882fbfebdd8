package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/report"
	"github.com/revprobe/revprobe/probe/transport"
)

// incident is a fake CA that repeats what a real one did, and the rule that names it. The
// one without a rule conforms.
type incident struct {
	slug, title string
	rule        string
	change      func(*fixtures.Responder)
}

func incidents() []incident {
	const day = 24 * time.Hour
	return []incident{
		{"conforming", "a CA that conforms", "", nil},
		{"good-for-unassigned", "good for certificates that were never issued (PROCERT, Certinomis)", "ocsp-unassigned-not-good",
			func(r *fixtures.Responder) { r.OCSP.Unassigned = fixtures.Good }},
		{"pem-crl", "a CRL served as PEM (Amazon, bug 1914893)", "crl-not-pem",
			func(r *fixtures.Responder) { r.CRL.PEM = true }},
		{"expired-crl", "an expired CRL (IdenTrust, bug 1914067)", "crl-not-expired",
			func(r *fixtures.Responder) {
				r.CRL.ThisUpdate, r.CRL.NextUpdate = r.Now.Add(-4*day), r.Now.Add(-8*time.Hour)
			}},
		{"stale-ocsp", "OCSP responses not renewed in time (Let's Encrypt, 2020)", "ocsp-br-update-long",
			func(r *fixtures.Responder) {
				r.OCSP.ProducedAt, r.OCSP.ThisUpdate, r.OCSP.NextUpdate = r.Now.Add(-5*day), r.Now.Add(-5*day), r.Now.Add(2*day)
			}},
		{"one-byte", "OCSP bodies of one byte (DigiCert, bug 1577014)", "ocsp-der-strict",
			func(r *fixtures.Responder) { r.OCSPHTTP.Body = []byte("0") }},
		{"http-404", "HTTP 404 from the responder (Google Trust Services, bug 1773556)", "http-status-200",
			func(r *fixtures.Responder) { r.OCSPHTTP.Code = 404 }},
	}
}

func demo(ctx context.Context, env *environment, args []string) (int, error) {
	f := flags("demo")
	format := f.String("format", "text", "")
	if err := parse(f, args); err != nil {
		return 0, err
	}
	if f.NArg() > 0 {
		return 0, hinted("demo: it takes no arguments, there is "+quoted(f.Arg(0)), "revprobe help demo")
	}
	if *format != "text" && *format != "json" {
		return 0, hinted("--format: there is no format "+quoted(*format)+" of demo", "there are text, json")
	}
	settings := judging{profile: "web", failOn: "error", format: *format}
	j, err := settings.check()
	if err != nil {
		return 0, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("serving the fake CAs on loopback: %w", err)
	}
	serving, stop := context.WithCancel(ctx)
	defer stop()
	fakes, enclosures := fakeCAs(env.now())
	if _, _, err := openZoo(serving, l, env.now, enclosures); err != nil {
		return 0, err
	}
	client, err := transport.New(transport.Options{AllowPrivate: true})
	if err != nil {
		return 0, err
	}
	var missed []string
	for i, in := range incidents() {
		r, err := checkFake(ctx, env, client, fakes[i], j)
		if err != nil {
			return 0, err
		}
		if err := showIncident(env, i, in, r, j); err != nil {
			return 0, &ownFailure{err}
		}
		if !asExpected(in, r) {
			missed = append(missed, in.title)
		}
	}
	return conclude(env, j, missed)
}

// fakeCAs builds the fake CA of each incident, with its enclosure.
func fakeCAs(now time.Time) ([]*fixtures.Responder, []zoo.Enclosure) {
	var fakes []*fixtures.Responder
	var enclosures []zoo.Enclosure
	for _, in := range incidents() {
		fake := conforming(now, in.change)
		fakes = append(fakes, fake)
		enclosures = append(enclosures, zoo.Enclosure{Rule: "demo", Case: in.slug, Bad: in.rule != "", Responder: fake})
	}
	return fakes, enclosures
}

// checkFake does to a fake CA what check does to a real one.
func checkFake(ctx context.Context, env *environment, client *transport.Client, fake *fixtures.Responder, j judge) (*conformance.Report, error) {
	seed := []byte("revprobe demo")
	run := &evidence.Run{Version: version, Seed: hex.EncodeToString(seed), Vantage: "this process", Started: env.now().UTC()}
	plan, err := probe.NewPlan(run, []probe.Target{fakeTarget(fake)}, probe.Options{Asks: needs(j.options.Rules), Serials: probe.Serials{Seed: seed}})
	if err != nil {
		return nil, err
	}
	probe.Run(ctx, plan, client, run)
	return conformance.Examine(run, j.options), nil
}

func showIncident(env *environment, number int, in incident, r *conformance.Report, j judge) error {
	code := exitCode(r, j.failOn)
	if j.format.Name == "json" {
		return report.JSON(env.stdout, r, code, report.ByType)
	}
	fmt.Fprintf(env.stdout, "=== %d. %s ===\n\n", number+1, in.title)
	err := report.Text(env.stdout, r, report.TextOptions{Color: env.color, Width: min(env.width, 120), FailOn: j.failOn, Exit: code})
	fmt.Fprintln(env.stdout)
	return err
}

// asExpected reports whether an incident was named by its rule, or nothing was found
// at the CA that conforms.
func asExpected(in incident, r *conformance.Report) bool {
	failures := slices.DeleteFunc(slices.Clone(r.Findings), func(f conformance.Finding) bool { return f.Outcome != conformance.Failed })
	if in.rule == "" {
		return len(failures) == 0
	}
	return slices.ContainsFunc(failures, func(f conformance.Finding) bool { return f.Rule.ID == in.rule })
}

func conclude(env *environment, j judge, missed []string) (int, error) {
	if j.format.Name != "json" {
		fmt.Fprintln(env.stdout, "=== What was found ===")
		fmt.Fprintln(env.stdout)
		for _, in := range incidents() {
			rule := in.rule
			if rule == "" {
				rule = "no finding"
			}
			if slices.Contains(missed, in.title) {
				rule = "MISSED: " + rule
			}
			fmt.Fprintf(env.stdout, "  %-26s %s\n", rule, in.title)
		}
	}
	if len(missed) > 0 {
		return exitFindings, nil
	}
	return exitClean, nil
}
