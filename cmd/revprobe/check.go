package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/report"
	"github.com/revprobe/revprobe/probe/target"
	"github.com/revprobe/revprobe/probe/transport"
)

// checking is the flags of check.
type checking struct {
	judging
	named                           target.Named
	resolvers                       []string
	rate                            float64
	timeout, jitter                 time.Duration
	contact, vantage, seed, archive string
	allowPrivate, dryRun            bool
	noDNSWalk, rdap                 bool
	ccadb                           string // a file of the URLs that the CCADB shows
	crossChecks                     int    // serials of each CRL to ask about; negative: not said
	stateFile                       string
	robustness                      bool
	replicas                        replicaFlags
	confirm                         confirmFlags
	spool                           transport.Spool // what is too large for memory
	known                           []string
	serials                         int
	population                      string
	issued                          []string // lists of certificates
	resume                          string   // the archive of an interrupted check of those
	get                             bool     // ask about those by GET
}

func check(ctx context.Context, env *environment, args []string) (int, error) {
	var c checking
	f := flags("check")
	c.judging.register(f)
	f.StringArrayVar(&c.named.Issuers, "issuer", nil, "")
	f.StringArrayVar(&c.named.Responders, "ocsp", nil, "")
	f.StringArrayVar(&c.named.CRLs, "crl", nil, "")
	f.StringArrayVar(&c.named.Siblings, "sibling", nil, "")
	f.StringVar(&c.ccadb, "ccadb", "", "")
	f.IntVar(&c.crossChecks, "cross-check", -1, "")
	f.StringArrayVar(&c.resolvers, "resolver", nil, "")
	f.Float64Var(&c.rate, "rate", 0, "")
	f.DurationVar(&c.timeout, "timeout", 0, "")
	f.DurationVar(&c.jitter, "jitter", 0, "")
	f.StringVar(&c.contact, "contact", "", "")
	f.StringVar(&c.vantage, "vantage", "", "")
	f.StringVar(&c.seed, "seed", "", "")
	f.StringArrayVar(&c.known, "known", nil, "")
	f.IntVar(&c.serials, "serials", 1, "")
	f.StringVar(&c.population, "population", "1e9", "")
	f.StringVar(&c.archive, "archive", "", "")
	f.StringVar(&c.stateFile, "state", "", "")
	f.BoolVar(&c.allowPrivate, "allow-private", false, "")
	f.BoolVar(&c.dryRun, "dry-run", false, "")
	f.BoolVar(&c.noDNSWalk, "no-dns-walk", false, "")
	f.BoolVar(&c.rdap, "rdap", false, "")
	f.BoolVar(&c.robustness, "robustness", false, "")
	f.StringArrayVar(&c.issued, "issued", nil, "")
	f.StringVar(&c.resume, "resume", "", "")
	f.BoolVar(&c.get, "get", false, "")
	c.replicas.register(f)
	c.confirm.register(f)
	if err := parse(f, args); err != nil {
		return 0, err
	}
	j, err := c.judging.check()
	if err != nil {
		return 0, err
	}
	c.named.Scope, c.named.Stdin = j.scope, env.stdin
	if err := errors.Join(urls("--ocsp", c.named.Responders), urls("--crl", c.named.CRLs)); err != nil {
		return 0, err
	}
	switch {
	case len(c.issued) > 0:
		return c.checkLists(ctx, env, f, j)
	case c.get:
		return 0, hinted("--get says nothing without --issued", "a certificate's responder is asked by both methods")
	case c.resume != "":
		return 0, hinted("--resume says nothing without --issued", "it goes on with a check of lists")
	}
	c.named.Targets = f.Args()
	o, population, err := c.unassigned(env, j.options)
	if err != nil {
		return 0, err
	}
	if o.Replicas, err = c.replicas.check(f.Changed("interval")); err != nil {
		return 0, err
	}
	if o.Confirmation, err = c.confirm.check(f.Changed("confirm-interval")); err != nil {
		return 0, err
	}
	if f.Changed("cross-check") && c.crossChecks < 0 {
		return 0, hinted(fmt.Sprintf("--cross-check: %d is no number of serials", c.crossChecks), "0 asks about none")
	}
	run := &evidence.Run{Version: version, Seed: hex.EncodeToString(o.Serials.Seed), Vantage: c.vantage, Started: env.now().UTC(), Scope: j.scope,
		Population: population}
	hosts := c.named.Hosts() // those of a list are not named by the user himself
	if err := c.disclosure(env, run); err != nil {
		return 0, err
	}
	defer func() { _ = c.spool.Close() }()
	client, err := c.client(f, hosts)
	switch {
	case err != nil:
		return 0, err
	case c.dryRun:
		return c.dry(ctx, env, run, o)
	}
	if code, err := c.delay(ctx, env); code != exitClean || err != nil {
		return code, err
	}
	run.Started = env.now().UTC()
	return c.run(ctx, env, client, j, run, o)
}

// client is what asks, as the flags say.
func (c *checking) client(f *pflag.FlagSet, named map[string]bool) (*transport.Client, error) {
	switch {
	case f.Changed("timeout") && c.timeout <= 0:
		return nil, hinted("--timeout: "+c.timeout.String()+" is no time to wait", "write it as --timeout 15s")
	case f.Changed("rate") && !(c.rate > 0):
		return nil, hinted(fmt.Sprintf("--rate: %v is no number of requests a second", c.rate), "write it as --rate 0.5")
	case strings.ContainsFunc(c.contact, func(r rune) bool { return r < ' ' || r > '~' }):
		return nil, hinted("--contact: "+quoted(c.contact)+" cannot stand in a User-Agent, which is ASCII", "an address of yours, such as mailto:me@example.com")
	}
	client, err := transport.New(transport.Options{Spool: &c.spool, Resolvers: c.resolvers, Timeout: c.timeout, Rate: c.rate, UserAgent: userAgent(c.contact),
		Named: named, AllowPrivate: c.allowPrivate})
	if err != nil && len(c.resolvers) > 0 {
		return nil, hinted("--resolver: "+err.Error(), "write it as --resolver 192.0.2.53 or --resolver 127.0.0.1:5353")
	}
	return client, err
}

// urls makes sure that the values of a flag can be asked.
func urls(flag string, values []string) error {
	for _, value := range values {
		if err := target.HTTPURL(value); err != nil {
			return hinted(flag+": "+err.Error(), "write it as "+flag+" http://pki.example.com/...")
		}
	}
	return nil
}

// checkLists checks lists of issued certificates in place of services.
func (c *checking) checkLists(ctx context.Context, env *environment, f *pflag.FlagSet, j judge) (int, error) {
	defer func() { _ = c.spool.Close() }()
	client, err := c.client(f, c.named.Hosts())
	if err != nil {
		return 0, err
	}
	l, err := c.lists(env, f, j)
	switch {
	case err != nil:
		return 0, err
	case c.dryRun:
		return l.dry()
	}
	if code, err := c.delay(ctx, env); code != exitClean || err != nil {
		return code, err
	}
	l.run.Started = env.now().UTC()
	return l.check(ctx, client)
}

// run asks, keeps and judges.
func (c *checking) run(ctx context.Context, env *environment, client *transport.Client, j judge, run *evidence.Run, o probe.Options) (int, error) {
	keep, err := openArchive(c.archive)
	if err != nil {
		return 0, err
	}
	defer keep.discard()
	before, err := openState(ctx, c.stateFile)
	if err != nil {
		return 0, err
	}
	o.Keep = keep.add
	plan, err := c.plan(ctx, client, run, o)
	if err != nil {
		return 0, err
	}
	keep.begin(run)
	if env.width > 0 && !j.quiet {
		fmt.Fprintf(env.stderr, "asking %d questions, one host one at a time\n", len(plan.Questions()))
	}
	probe.Run(ctx, plan, client, run)
	if run.Interrupted = ctx.Err() != nil; run.Interrupted {
		run.Notes = append(run.Notes, "interrupted: what had been answered by then was judged")
	}
	unkept := errors.Join(before.remember(ctx, run), keep.write(run))
	result := conformance.Examine(run, j.options)
	code, err := j.publish(env, result, report.ByType, exitClean)
	if result.ClockError == 0 { // what was seen at a wrong time would be held against every run to come
		unkept = errors.Join(unkept, before.record(ctx))
	}
	unkept = errors.Join(unkept, before.close())
	switch full := c.spool.Err(); {
	case unkept != nil:
		return 0, &ownFailure{errors.Join(unkept, err)} // after the report: what was asked is not lost
	case full != nil:
		return 0, &ownFailure{hinted(full.Error(), "TMPDIR names another folder for temporary files")}
	}
	return code, err
}

// asks is every kind of question that the rules need and the flags allow.
func (c *checking) asks(rules []*conformance.Rule) evidence.Ask {
	asks := needs(rules)
	if c.noDNSWalk {
		asks &^= evidence.WalkDNS
	}
	if !c.rdap {
		asks &^= evidence.RDAP // it leaves the hosts that were named
	}
	if c.crossChecks == 0 {
		asks &^= evidence.ListedPOST
	}
	if !c.robustness {
		asks &^= evidence.Optional
	}
	return asks
}

// plan finds the services behind what was named and plans to ask them.
func (c *checking) plan(ctx context.Context, asker probe.Asker, run *evidence.Run, o probe.Options) (*probe.Plan, error) {
	targets, err := target.Resolve(ctx, c.named, asker, run)
	if err != nil {
		return nil, err
	}
	return probe.NewPlan(run, withDisclosed(targets, run), o)
}

// delay holds the run back as --jitter says. Where nothing shall be asked any more it returns
// an exit code or an error.
func (c *checking) delay(ctx context.Context, env *environment) (int, error) {
	if c.jitter < 0 {
		return 0, hinted("--jitter: "+c.jitter.String()+" is negative", "write it as --jitter 10m")
	}
	if err := c.holdBack(ctx, env); err != nil {
		warn(env, err)
		return exitInconclusive, nil
	}
	return exitClean, nil
}

// holdBack waits for a random part of --jitter.
func (c *checking) holdBack(ctx context.Context, env *environment) error {
	if c.jitter == 0 {
		return nil
	}
	part, err := rand.Int(env.random, big.NewInt(int64(c.jitter)))
	if err != nil {
		return fmt.Errorf("drawing a part of --jitter: %w", err)
	}
	select {
	case <-time.After(time.Duration(part.Int64())):
		return nil
	case <-ctx.Done():
		return errors.New("interrupted before anything was asked")
	}
}

func userAgent(contact string) string {
	agent := "revprobe/" + version + " (+https://github.com/revprobe/revprobe"
	if contact != "" {
		agent += "; " + contact
	}
	return agent + ")"
}

// dry prints every request that check would send, and sends nothing.
func (c *checking) dry(ctx context.Context, env *environment, run *evidence.Run, o probe.Options) (int, error) {
	var first notAsking
	plan, err := c.plan(ctx, &first, run, o)
	if err != nil {
		return 0, err
	}
	var out bytes.Buffer
	questions := plan.Questions()
	fmt.Fprintf(&out, "%d requests would be sent, none was; seed %s\n", len(first.questions)+len(questions), run.Seed)
	for _, q := range first.questions {
		fmt.Fprintln(&out, requestLine(q))
	}
	if len(first.questions) > 0 {
		fmt.Fprintln(&out, "more would follow from what is answered to these")
	}
	for _, q := range questions {
		fmt.Fprintln(&out, requestLine(q))
	}
	for _, i := range run.Issuers {
		for _, skipped := range i.Skipped {
			fmt.Fprintf(&out, "no serial is made by %s: %s\n", skipped.Strategy, skipped.Why)
		}
	}
	for _, note := range run.Notes {
		fmt.Fprintln(&out, report.Visible(note))
	}
	if o.Asks.Has(evidence.Unassigned) && len(questions) > 0 {
		if o.Confirmation.Tries < 2 {
			out.WriteString("a CRL or an issuer's certificate that does not come is asked for once more; ")
		}
		fmt.Fprintln(&out, "where an unassigned serial is answered \"good\", up to 6 questions follow to confirm it")
	}
	if slices.ContainsFunc(plan.Targets, func(t probe.PlannedTarget) bool { return len(t.CRLs) > 0 }) {
		fmt.Fprintf(&out, "then the delta CRLs are fetched that the CRLs turn out to name, from %d places of each at most\n", probe.MaxDeltas)
	}
	if o.Asks.Has(evidence.ListedPOST) && slices.ContainsFunc(plan.Targets, func(t probe.PlannedTarget) bool { return len(t.OCSP) > 0 && len(t.CRLs) > 0 }) {
		fmt.Fprintf(&out, "then OCSP is asked about serials that the CRLs turn out to list: %s\n", c.crossChecked())
	}
	out.WriteString(c.replicas.announced())
	out.WriteString(c.confirm.announced(o.Confirmation))
	if _, err := env.stdout.Write(out.Bytes()); err != nil {
		return 0, &ownFailure{fmt.Errorf("writing the plan: %w", err)}
	}
	return exitClean, nil
}

// notAsking is the Asker of a dry run.
type notAsking struct{ questions []evidence.Question }

// Ask implements probe.Asker.
func (n *notAsking) Ask(_ context.Context, q evidence.Question) evidence.Exchange {
	n.questions = append(n.questions, q)
	return evidence.Exchange{Question: q, Failure: evidence.Interrupted, Detail: "this is a dry run"}
}
