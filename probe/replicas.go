package probe

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
)

// Replicas says how the machines that should all answer alike are found and compared. The
// zero value asks nothing more than a plan without it.
type Replicas struct {
	EveryAddress bool          // put the key questions to each address of a host
	Rounds       int           // and put them so many times
	Interval     time.Duration // between the beginnings of two rounds; politeness may make it longer
}

// MaxPinned is how many addresses of one host are asked one by one.
const MaxPinned = 16

// keyKinds are the questions by whose answers machines are compared: one of each for a
// responder and a CA.
const keyKinds = evidence.UnassignedPOST | evidence.Assigned | evidence.FetchCRL

func (o Replicas) rounds() int {
	if o.EveryAddress {
		return max(o.Rounds, 1)
	}
	return o.Rounds
}

// compareReplicas asks the key questions again: each address, or as many times as is wanted.
func (p *Plan) compareReplicas(recorders []*recorder, fetched []evidence.Exchange, run *evidence.Run) {
	if p.replicas.rounds() == 0 {
		return
	}
	addresses := addressesOf(fetched)
	if p.replicas.EveryAddress {
		run.Notes = append(run.Notes, notPinned(addresses)...)
	}
	keys := keyQuestions(recorders)
	inParallel(recorders, func(r *recorder) { p.askReplicas(r, keys[r.target], addresses) })
}

// askReplicas puts the key questions of one target, round by round.
func (p *Plan) askReplicas(r *recorder, keys []evidence.Question, addresses map[string][]evidence.Address) {
	for round := range p.replicas.rounds() {
		began := time.Now()
		for _, q := range keys {
			q.Round = 0
			if p.replicas.Rounds > 0 {
				q.Round = round + 1
			}
			for _, address := range p.pins(q, addresses) {
				q.Address = address
				r.ask(q)
			}
		}
		if round+1 < p.replicas.rounds() && len(keys) > 0 {
			pause(r.ctx, p.replicas.Interval-time.Since(began))
		}
	}
}

// pins are the addresses that a question is put to, one after the other; "" leaves it to DNS.
// An address that took no connection is not asked again.
func (p *Plan) pins(q evidence.Question, addresses map[string][]evidence.Address) []string {
	if !p.replicas.EveryAddress {
		return []string{""}
	}
	var pinned []string
	for _, a := range addresses[host(q.URL)] {
		if a.Failure == "" && len(pinned) < MaxPinned {
			pinned = append(pinned, a.IP)
		}
	}
	if len(pinned) == 1 && p.replicas.Rounds == 0 {
		return nil // it has been asked already
	}
	return pinned
}

// pause waits, or until the run ends.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// keyQuestions picks from what was asked the first question of each kind about each service
// and CA, by target.
func keyQuestions(recorders []*recorder) [][]evidence.Question {
	keys := make([][]evidence.Question, len(recorders))
	picked := map[string]bool{}
	for i, r := range recorders {
		for _, x := range r.list {
			key := strings.Join([]string{x.Ask.String(), x.URL, x.Issuer}, " ")
			if x.Ask.Has(keyKinds) && x.Variant == "" && !x.Repeat && !picked[key] {
				picked[key] = true
				keys[i] = append(keys[i], x.Question)
			}
		}
	}
	return keys
}

// addressesOf is what the hosts were found to resolve to.
func addressesOf(asked []evidence.Exchange) map[string][]evidence.Address {
	found := map[string][]evidence.Address{}
	for _, x := range asked {
		if x.Ask == evidence.Resolve {
			found[host(x.URL)] = append(found[host(x.URL)], x.Addresses...)
		}
	}
	return found
}

// notPinned says which addresses are not asked one by one because they are too many.
func notPinned(addresses map[string][]evidence.Address) []string {
	var notes []string
	for name, list := range addresses {
		if len(list) > MaxPinned {
			notes = append(notes, fmt.Sprintf("%s has %d addresses: the first %d that take connections are asked one by one, the others are not", name, len(list), MaxPinned))
		}
	}
	slices.Sort(notes)
	return notes
}
