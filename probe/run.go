package probe

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// Asker puts one question and records what came back. Failures are part of the record.
type Asker interface {
	Ask(ctx context.Context, q evidence.Question) evidence.Exchange
}

// maxTargets is how many targets are asked about at once. Each host is asked one question
// at a time whatever this is: that is the Asker's business.
const maxTargets = 16

// Run asks the questions of the plan and adds what came back to the run, in the order of
// the plan whatever order the answers came in. When ctx ends, it stops asking; everything
// that was answered is kept.
func Run(ctx context.Context, p *Plan, asker Asker, run *evidence.Run) {
	recorders := make([]*recorder, len(p.Targets))
	for i := range recorders {
		recorders[i] = &recorder{ctx: ctx, asker: asker, target: i, keep: p.keep, patient: p.confirmation.on(), silent: map[string]silence{}, sated: map[string]bool{}}
	}
	assigned := &Known{} // a CRL of one target may list serials of another's issuer
	inParallel(recorders, func(r *recorder) { r.reach(&p.Targets[r.target]) })
	p.reachDeltas(recorders, run, assigned)
	p.aliasRegistrations(recorders)
	fetched := exchanges(recorders)
	listed := p.crossCheck(fetched)
	inParallel(recorders, func(r *recorder) { p.ask(r, assigned, listed[r.target]) })
	p.confirmFailures(recorders)
	p.compareReplicas(recorders, fetched, run)
	inParallel(recorders, p.probe)
	for _, r := range recorders {
		run.Exchanges = append(run.Exchanges, r.list...)
	}
}

// exchanges returns what all of them have recorded.
func exchanges(recorders []*recorder) (list []evidence.Exchange) {
	for _, r := range recorders {
		list = append(list, r.list...)
	}
	return list
}

// inParallel does a part of the work for several targets at once, those that were named
// first before the others.
func inParallel(recorders []*recorder, part func(*recorder)) {
	slots := make(chan struct{}, maxTargets)
	var wait sync.WaitGroup
	for _, r := range recorders {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			part(r)
		})
	}
	wait.Wait()
}

// recorder numbers and keeps the exchanges of one target.
type recorder struct {
	ctx    context.Context
	asker  Asker
	target int
	keep   func(*evidence.Exchange) // or nil
	// patient is set where failures are asked about again later, and not at once.
	patient bool
	list    []evidence.Exchange
	silent  map[string]silence // by host, or host and method
	sated   map[string]bool    // hosts that asked for less: they are sent nothing odd any more
}

func (r *recorder) ask(q evidence.Question) *evidence.Exchange {
	if r.ctx.Err() != nil {
		return nil
	}
	x, ok := r.spared(q)
	if !ok {
		x = r.asker.Ask(r.ctx, q)
		r.listen(q, &x)
	}
	x.Question = q
	x.ID = fmt.Sprintf("%d.%d", r.target+1, len(r.list)+1)
	r.list = append(r.list, x)
	if r.keep != nil {
		r.keep(&x)
	}
	return &r.list[len(r.list)-1]
}

// reach resolves the hosts of a target and fetches its CRLs and its issuer's certificate.
func (r *recorder) reach(t *PlannedTarget) {
	for _, q := range t.Resolves {
		r.ask(q)
	}
	for _, q := range t.Registrations {
		r.ask(q)
	}
	for _, q := range t.CRLs {
		r.fetch(q)
	}
	for _, q := range t.Issuers {
		r.fetch(q)
	}
}

// ask puts the questions of a target to its responders, knowing every CRL of the run.
func (p *Plan) ask(r *recorder, assigned *Known, listed []evidence.Question) {
	t, embedded := &p.Targets[r.target], &Known{}
	seen := func(s revocation.Serial) bool {
		name := nameOf(t.Target.Issuer)
		return assigned.Has(name, s) || embedded.Has(name, s)
	}
	for _, q := range t.OCSP {
		if q, ok := p.unlessAssigned(q, t, seen); ok {
			embedded.addEmbedded(r.ask(q))
		}
	}
	for _, q := range listed {
		r.ask(q)
	}
	p.confirm(t, r, seen)
}

// probe puts the questions that are out of the ordinary.
func (p *Plan) probe(r *recorder) {
	for _, q := range p.Targets[r.target].Probes {
		if q, ok := completed(q, r.list); ok {
			r.ask(q)
		}
	}
}

// fetch asks for a document, and once more when it did not come: one failure may be chance.
func (r *recorder) fetch(q evidence.Question) {
	x := r.ask(q)
	if x != nil && !r.patient && x.Failure != "" && !x.Failure.Ours() && x.Failure != evidence.Redirect {
		q.Repeat = true
		r.ask(q)
	}
}

// openCRL returns the octets of the CRL that an exchange brought, without what they may be
// wrapped in; false where it brought none.
func openCRL(x *evidence.Exchange) (io.Reader, bool) {
	body := bufio.NewReaderSize(x.BodyReader(), revocation.HeadSize)
	start, _ := body.Peek(revocation.HeadSize)
	form := revocation.Recognise(start, x.BodyLength())
	if form.Kind != revocation.KindCRL {
		return nil, false
	}
	octets, err := revocation.Unwrap(form, body)
	return octets, err == nil
}
