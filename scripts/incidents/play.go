package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/history"
	"github.com/revprobe/revprobe/revocation"
)

// incident is one class of symptoms by which CAs came to be reported.
type incident struct {
	number int // in the catalogue
	class  string
	scenes []scene
	unseen string // why no rule can name it from outside; empty where one does
}

// scene is one way in which an incident showed.
type scene struct {
	played string // in words
	rule   string // that has to name it
	least  conformance.Severity
	kind   fixtures.Kind
	odd    bool // check --robustness
	alone  bool // the CRL is checked alone, as by its URL and its issuer
	world  func(*fixtures.Responder)
	fault  func(*fixtures.Responder)

	// earlier are the runs before the one that is judged, by how long before it they were,
	// the first of them first; the fault is there in those no more than since before it.
	earlier []time.Duration
	since   time.Duration

	answer func(r *fixtures.Responder, q evidence.Question) evidence.Exchange // in place of r's own, where the fault is
}

// evening is when the last run of every scene is: the fakes' certificates are those of a day,
// and the earlier runs are of the same one.
var evening = time.Date(2026, 11, 20, 20, 0, 0, 0, time.UTC)

// authorities are made once: making the keys takes longer than all the rest.
type authorities map[fixtures.Kind]*fixtures.Authority

func (a authorities) of(kind fixtures.Kind) *fixtures.Authority {
	if a[kind] == nil {
		a[kind] = fixtures.NewAuthority(kind)
	}
	return a[kind]
}

// named plays a scene, and returns the worst finding of its rule, nil where there is none.
func (s *scene) named(ctx context.Context, a authorities) (*conformance.Finding, error) {
	report, err := s.play(ctx, a, true)
	if err != nil {
		return nil, err
	}
	var worst *conformance.Finding
	for i := range report.Findings {
		f := &report.Findings[i]
		if f.Rule.ID == s.rule && f.Outcome == conformance.Failed && (worst == nil || f.Severity > worst.Severity) {
			worst = f
		}
	}
	return worst, nil
}

// play has the scene's CA checked, with the fault or as its conforming twin.
func (s *scene) play(ctx context.Context, a authorities, faulty bool) (*conformance.Report, error) {
	run, err := s.runs(ctx, a, faulty)
	if err != nil {
		return nil, err
	}
	profile, _ := conformance.ProfileNamed("web")
	report := conformance.Examine(run, conformance.Options{Profile: profile})
	if len(report.Bugs) > 0 {
		return nil, fmt.Errorf("judging %q: %s", s.played, report.Bugs[0])
	}
	return report, nil
}

// runs makes all runs of a scene, and returns the last with what is known of the others.
func (s *scene) runs(ctx context.Context, a authorities, faulty bool) (*evidence.Run, error) {
	if len(s.earlier) == 0 {
		return s.run(ctx, a, 0, faulty)
	}
	dir, err := os.MkdirTemp("", "revprobe-incidents-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	store, err := history.Open(ctx, filepath.Join(dir, "state"))
	if err != nil {
		return nil, err
	}
	defer store.Close()
	for _, before := range s.earlier {
		run, err := s.run(ctx, a, before, faulty && before <= s.since)
		if err != nil {
			return nil, err
		}
		if err := store.Record(ctx, history.Observe(run)); err != nil {
			return nil, err
		}
	}
	last, err := s.run(ctx, a, 0, faulty)
	if err != nil {
		return nil, err
	}
	last.Past, err = store.Past(ctx, history.Observe(last))
	return last, err
}

// run checks the scene's CA once, so long before the last time.
func (s *scene) run(ctx context.Context, a authorities, before time.Duration, faulty bool) (*evidence.Run, error) {
	r := fixtures.Conforming(evening.Add(-before), a.of(s.kind))
	if len(s.earlier) > 0 {
		renew(r, before)
	}
	if s.world != nil {
		s.world(r)
	}
	asker := respondent{r, (*fixtures.Responder).Respond}
	if faulty {
		if s.fault != nil {
			s.fault(r)
		}
		if s.answer != nil {
			asker.answer = s.answer
		}
	}
	run := &evidence.Run{Started: r.Now}
	run.AddCertificate(r.RootCertificate().Raw, "root")
	if r.Disclose != nil {
		run.Disclosed = &evidence.Disclosure{URLs: r.Disclose(r.CRLURLs())}
	}
	plan, err := probe.NewPlan(run, s.targets(r, run.Disclosed), probe.Options{Asks: s.asks(), Serials: probe.Serials{Seed: []byte("incidents")}})
	if err != nil {
		return nil, fmt.Errorf("planning %q: %w", s.played, err)
	}
	probe.Run(ctx, plan, asker, run)
	return run, nil
}

// asks are the kinds of questions of an ordinary check with --rdap.
func (s *scene) asks() evidence.Ask {
	var asks evidence.Ask
	for _, r := range conformance.Rules() {
		asks |= r.Asks()
	}
	if !s.odd {
		asks &^= evidence.Optional
	}
	return asks
}

// targets is what check finds behind the CA's certificates, and what the CCADB shows.
func (s *scene) targets(r *fixtures.Responder, shown *evidence.Disclosure) []probe.Target {
	issuer := r.IssuerCertificate()
	if s.alone {
		return []probe.Target{{Issuer: issuer, DistributionPoints: []string{r.CRLURL()}}}
	}
	list := []probe.Target{{
		Certificate: r.LeafCertificate(), Issuer: issuer, Siblings: []*x509.Certificate{r.RootCertificate()},
		Responders: []string{r.OCSPURL()}, DistributionPoints: []string{r.CRLURL()}, IssuerLocations: []string{r.IssuersURL()},
	}}
	for _, leaf := range r.ShardLeaves() {
		list = append(list, probe.Target{Certificate: leaf, Issuer: issuer, Responders: []string{r.OCSPURL()}, DistributionPoints: leaf.CRLDistributionPoints})
	}
	if shown != nil && len(shown.URLs) > 0 {
		list = append(list, probe.Target{Issuer: issuer, DistributionPoints: shown.URLs})
	}
	return list
}

// respondent answers for a fake CA.
type respondent struct {
	*fixtures.Responder
	answer func(*fixtures.Responder, evidence.Question) evidence.Exchange
}

// Ask is that of probe.Asker.
func (a respondent) Ask(_ context.Context, q evidence.Question) evidence.Exchange {
	return a.answer(a.Responder, q)
}

// renew gives a CA that is checked several times a CRL of its own number in each hour, with
// entries that stay as they were.
func renew(r *fixtures.Responder, before time.Duration) {
	r.CRL.Number = 1000 - int64(before/time.Hour)
	for i, serial := range r.RevokedSerials() {
		reason := []revocation.ReasonCode{revocation.ReasonKeyCompromise, revocation.ReasonSuperseded}[i]
		r.CRL.Entries = append(r.CRL.Entries, fixtures.CRLEntry{Serial: serial, Revoked: revoked, Reason: reason})
	}
}

// revoked is when certificates were revoked of which an entry says no other time.
var revoked = evening.AddDate(0, 0, -3)

// loudest returns a finding of a report that failed, nil where there is none.
func loudest(report *conformance.Report) *conformance.Finding {
	i := slices.IndexFunc(report.Findings, func(f conformance.Finding) bool { return f.Outcome == conformance.Failed })
	if i < 0 {
		return nil
	}
	return &report.Findings[i]
}
