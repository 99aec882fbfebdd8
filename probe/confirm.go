package probe

import (
	"slices"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// Before anybody is accused of saying "good" for a serial that was never assigned, the
// questions that were answered so are asked again, and fresh serials are drawn.
const (
	repeats      = 3 // questions asked again, of different strategies
	freshSerials = 3 // new serials of the first strategy that was answered "good"
)

// confirm asks again where an unassigned serial was answered "good".
func (p *Plan) confirm(t *PlannedTarget, r *recorder, fetched []evidence.Exchange) {
	for _, responder := range t.Target.Responders {
		goods := goodQuestions(r.list, responder)
		if len(goods) == 0 {
			continue
		}
		for _, q := range goods[:min(len(goods), repeats)] {
			q.Repeat = true
			r.ask(q)
		}
		first := goods[0]
		for _, serial := range p.fresh(strategyNamed(first.Strategy), t.Target, fetched) {
			if q, err := question(first, t.Target, serial, first.Ask); err == nil {
				r.ask(q)
			}
		}
	}
}

// fresh makes up further serials of a strategy, without those that a fetched CRL lists.
func (p *Plan) fresh(strategy Strategy, t Target, answered []evidence.Exchange) []revocation.Serial {
	var drawn []revocation.Serial
	wanted := map[string]bool{}
	for i := range freshSerials {
		if serial, ok := p.unassigned(strategy, i+1, t, nil); ok {
			drawn = append(drawn, serial)
			wanted[serial.String()] = true
		}
	}
	listed := listedSerials(answered, wanted)
	return slices.DeleteFunc(drawn, func(s revocation.Serial) bool { return listed[s.String()] })
}

// goodQuestions returns the questions about unassigned serials that a responder answered
// "good", one for each strategy.
func goodQuestions(answered []evidence.Exchange, responder string) []evidence.Question {
	var goods []evidence.Question
	for _, x := range answered {
		known := slices.ContainsFunc(goods, func(q evidence.Question) bool { return q.Strategy == x.Strategy })
		if x.URL == responder && x.Ask.Has(evidence.Unassigned) && !x.Repeat && !known && saysGood(&x) {
			goods = append(goods, x.Question)
		}
	}
	return goods
}

// saysGood reports the fact that a response has the status good for the CertID asked about.
func saysGood(x *evidence.Exchange) bool {
	id := x.CertID()
	basic := revocation.ReadOCSPResponse(x.Body).Basic
	return id != nil && basic != nil && slices.ContainsFunc(basic.Singles, func(s revocation.SingleResponse) bool {
		return s.Status == revocation.StatusGood && s.CertID.Equal(*id)
	})
}
