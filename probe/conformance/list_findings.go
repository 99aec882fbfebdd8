package conformance

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
)

// Of the findings that are alike so many are named by their exchanges, and so many by the
// serial numbers that they are about.
const (
	maxExamples = 5
	maxSerials  = 3
)

// alikes makes one finding of those of a list that say the same of the same service.
type alikes struct {
	list     []*alike
	byKind   map[alikeness]*alike
	examples []evidence.Exchange // those that are named, each once
}

type alikeness struct {
	rule, service, field, assumed string
	severity                      Severity
	outcome                       Outcome
}

// alike is the first of several findings, with the others.
type alike struct {
	Finding
	others []string // serials
}

func newAlikes() *alikes { return &alikes{byKind: map[alikeness]*alike{}} }

// add takes a finding about an exchange.
func (a *alikes) add(f Finding, x *evidence.Exchange) {
	key := alikeness{f.Rule.ID, f.Service, index.ReplaceAllString(f.Field, "[]"), f.Assumed, f.Severity, f.Outcome}
	same := a.byKind[key]
	if same == nil {
		same = &alike{Finding: f}
		same.Exchanges = nil
		a.byKind[key] = same
		a.list = append(a.list, same)
	}
	same.Times++
	same.LastAt = f.At
	if len(same.Exchanges) == maxExamples {
		return
	}
	same.Exchanges = append(same.Exchanges, x.ID)
	if same.Times > 1 && same.Times <= maxSerials {
		same.others = append(same.others, x.Serial)
	}
	if f.Outcome == Failed {
		a.example(x)
	}
}

func (a *alikes) example(x *evidence.Exchange) {
	if !slices.ContainsFunc(a.examples, func(e evidence.Exchange) bool { return e.ID == x.ID }) {
		a.examples = append(a.examples, *x)
	}
}

// addWhole takes a finding about a service, and names the first exchanges that it rests on.
func (a *alikes) addWhole(f Finding, of []evidence.Exchange) {
	f.Exchanges = slices.Clone(f.Exchanges[:min(len(f.Exchanges), maxExamples)])
	if len(f.Exchanges) > 0 {
		f.Source = f.Exchanges[0]
	}
	for i := range of {
		if slices.Contains(f.Exchanges, of[i].ID) && f.Outcome == Failed {
			a.example(&of[i])
		}
	}
	a.list = append(a.list, &alike{Finding: f})
}

// gathered returns the findings, in the order of the first of each. Where our clock was wrong
// nothing follows from those that go by it.
func (a *alikes) gathered(clockOff time.Duration) []Finding {
	var list []Finding
	for _, same := range a.list {
		f := same.Finding
		if n := f.Times - 1; n > 0 && len(same.others) > 0 {
			text := strings.Join(same.others, ", ")
			if more := n - len(same.others); more > 0 {
				text += fmt.Sprintf(" and %d more", more)
			}
			f.Got += fmt.Sprintf("; likewise for serial %s", text)
		}
		if f.Rule.Clock && f.Outcome == Failed && clockOff != 0 {
			f.Outcome, f.Severity, f.Got = Inconclusive, 0, clockText(clockOff)
		}
		list = append(list, f)
	}
	return list
}
