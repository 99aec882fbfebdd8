package conformance

import (
	"bytes"
	"fmt"

	"github.com/revprobe/revprobe/probe/evidence"
)

// tries is what came of a question about availability that was put several times, because it
// had failed.
type tries struct {
	first         *evidence.Exchange
	failed, asked int
}

// tried returns the questions that were put several times to see whether a service is there.
func tried(run *evidence.Run) []*tries {
	if run.Confirm == nil {
		return nil
	}
	var list []*tries
	for i := range run.Exchanges {
		again := &run.Exchanges[i]
		if again.Try == 0 {
			continue
		}
		t := triesOf(list, again)
		if t == nil {
			t = &tries{first: firstTry(run, again), failed: 1, asked: 1}
			if t.first == nil {
				continue // an archive without it
			}
			list = append(list, t)
		}
		t.asked++
		if again.Unavailable() {
			t.failed++
		}
	}
	return list
}

func triesOf(list []*tries, x *evidence.Exchange) *tries {
	for _, t := range list {
		if sameTry(t.first, x) {
			return t
		}
	}
	return nil
}

func firstTry(run *evidence.Run, again *evidence.Exchange) *evidence.Exchange {
	for i := range run.Exchanges {
		if x := &run.Exchanges[i]; x.Try == 0 && sameTry(x, again) && x.Unavailable() {
			return x
		}
	}
	return nil
}

// sameTry reports whether two exchanges are tries of one question.
func sameTry(a, b *evidence.Exchange) bool {
	return a.Ask == b.Ask && a.Method == b.Method && a.URL == b.URL && a.Issuer == b.Issuer && a.Address == b.Address && a.Round == b.Round &&
		a.Repeat == b.Repeat && bytes.Equal(a.Request, b.Request)
}

// settling returns the tries that tell whether a failure counts: those of the question itself,
// or else of others that were put to the same service by the same method.
func (e *examiner) settling(x *evidence.Exchange) []*tries {
	if own := triesOf(e.tried, x); own != nil {
		return []*tries{own}
	}
	var list []*tries
	if x.Certificate != nil || x.Replica() {
		return nil // those about lists, or to compare machines, are put at another time
	}
	for _, t := range e.tried {
		if f := t.first; f.URL == x.URL && f.Issuer == x.Issuer && f.Method == x.Method && (f.Ask == evidence.Resolve) == (x.Ask == evidence.Resolve) {
			list = append(list, t)
		}
	}
	return list
}

// settle says of a failure of availability how many tries failed, and has it count for
// nothing where these were too few. What nobody asked about again counts as it is.
func (e *examiner) settle(v Verdict, d docket) Verdict {
	if d.exchange != nil && d.exchange.Try > 0 && len(v.exchanges) == 0 {
		return skip() // the first try speaks for all
	}
	var most *tries
	for _, x := range e.concerned(v, d) {
		list := e.settling(x)
		if len(list) == 0 && x.Unavailable() {
			return v
		}
		for _, t := range list {
			if most == nil || t.failed > most.failed {
				most = t
			}
		}
	}
	if most == nil {
		return v
	}
	needed := e.report.Run.Confirm
	v.Got += fmt.Sprintf("; %d of %d tries failed", most.failed, most.asked)
	if most.failed < needed.Failures {
		v.Got += fmt.Sprintf(", which does not count: %d of %d have to", needed.Failures, needed.Tries)
		return v.atMost(Info)
	}
	return v
}

// concerned returns the exchanges that a verdict is about.
func (e *examiner) concerned(v Verdict, d docket) []*evidence.Exchange {
	if len(v.exchanges) == 0 {
		return []*evidence.Exchange{d.exchange}
	}
	var list []*evidence.Exchange
	for _, id := range v.exchanges {
		if x := e.exchangeOf(id); x != nil {
			list = append(list, x)
		}
	}
	return list
}

func (e *examiner) exchangeOf(id string) *evidence.Exchange {
	for i := range e.report.Run.Exchanges {
		if x := &e.report.Run.Exchanges[i]; x.ID == id {
			return x
		}
	}
	return nil
}
