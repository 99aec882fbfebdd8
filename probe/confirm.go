package probe

import (
	"slices"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// Before anybody is accused of saying "good" for a serial that was never assigned, the
// questions that were answered so are asked again, and fresh serials are drawn.
const (
	repeats      = 3 // questions asked again, of different strategies as far as there are
	freshSerials = 3 // new serials of the first strategy that was answered "good"
)

// confirm asks again where an unassigned serial was answered "good".
func (p *Plan) confirm(t *PlannedTarget, r *recorder, seen seenSerials) {
	for _, responder := range t.Target.Responders {
		goods := goodQuestions(r.list, responder)
		if len(goods) == 0 {
			continue
		}
		again := toRepeat(goods)
		for _, q := range again {
			q.Repeat = true
			r.ask(q)
		}
		left := repeats - len(again)
		for _, q := range p.fresh(goods[0], t, seen) {
			if x := r.ask(q); x != nil && left > 0 && saysGood(x) {
				left--
				q.Repeat = true
				r.ask(q)
			}
		}
	}
}

// toRepeat chooses the first questions, and one about a serial that no certificate may have:
// "good" for it would need no others.
func toRepeat(goods []evidence.Question) []evidence.Question {
	again := slices.Clone(goods[:min(len(goods), repeats)])
	odd := slices.IndexFunc(goods, func(q evidence.Question) bool { return q.Ask.Has(evidence.UnissuablePOST) })
	if odd >= repeats {
		again[repeats-1] = goods[odd]
	}
	return again
}

// fresh makes further questions like one that was answered "good".
func (p *Plan) fresh(first evidence.Question, t *PlannedTarget, seen seenSerials) []evidence.Question {
	strategy := strategyNamed(first.Strategy)
	var questions []evidence.Question
	for i := range freshSerials {
		serial, ok := p.serials.Make(strategy, max(strategy.times(p.each), 1)+i, t.Target, seen)
		if !ok {
			continue
		}
		if q, err := question(first, t.Target, serial, first.Ask); err == nil {
			questions = append(questions, q)
		}
	}
	return questions
}

// goodQuestions returns the questions about unassigned serials that a responder answered
// "good", one for each strategy.
func goodQuestions(answered []evidence.Exchange, responder string) []evidence.Question {
	var goods []evidence.Question
	for _, x := range answered {
		known := slices.ContainsFunc(goods, func(q evidence.Question) bool { return q.Strategy == x.Strategy })
		asked := x.Ask.Has(evidence.Unassigned|evidence.UnissuablePOST) && x.URL == responder
		if asked && !x.Repeat && !known && saysGood(&x) {
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
