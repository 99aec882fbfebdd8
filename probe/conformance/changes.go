package conformance

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// Changes is what differs between the reports of two runs over the same services. Of several
// findings that are alike but for an index or an exchange, there is the first.
type Changes struct {
	New   []Finding
	Gone  []Finding // the rule was judged again there, and did not fail
	Still []Finding // as of the later run
	// Unjudged were there before, and could not be judged in the later run.
	Unjudged []Finding
	Answers  []AnswerChange
	Listed   []AnswerChange // about certificates of lists
	CRLs     []CRLChange
}

// AnswerChange is a question that was put in both runs and answered otherwise in the later.
type AnswerChange struct {
	Answer        // of the later run
	Before string // what was said before; several words where there were several serials
	After  string
}

// CRLChange is a distribution point that served another CRL in the later run.
type CRLChange struct {
	URL           string
	Before, After CRLState // zero where no CRL could be read
}

// CRLState is which CRL a distribution point serves.
type CRLState struct {
	Number                 string // decimal, empty where it has none
	ThisUpdate, NextUpdate time.Time
}

// Worst returns the highest severity among the new findings; zero when there are none.
func (c *Changes) Worst() Severity {
	worst := Severity(0)
	for _, f := range c.New {
		worst = max(worst, f.Severity)
	}
	return worst
}

// Compare tells what changed from one report to a later one.
func Compare(before, after *Report) *Changes {
	c := &Changes{Answers: changedAnswers(before, after), Listed: changedListed(before.List, after.List), CRLs: changedCRLs(before, after)}
	old, now := failures(before), failures(after)
	judged := settled(after)
	for _, f := range now {
		if old.has(f) {
			c.Still = append(c.Still, f.Finding)
		} else {
			c.New = append(c.New, f.Finding)
		}
	}
	for _, f := range old {
		switch {
		case now.has(f):
		case judged[[2]string{f.Rule.ID, f.place}]:
			c.Gone = append(c.Gone, f.Finding)
		default:
			c.Unjudged = append(c.Unjudged, f.Finding)
		}
	}
	return c
}

// placed is a finding with what tells it from others.
type placed struct {
	Finding
	place, field string
}

type placedList []placed

func (l placedList) has(f placed) bool {
	return slices.ContainsFunc(l, func(other placed) bool {
		return other.Rule.ID == f.Rule.ID && other.place == f.place && other.field == f.field
	})
}

// index is the position of an element in a document, which the next document has elsewhere.
var index = regexp.MustCompile(`\[\d+\]`)

// failures returns the findings that count, each once.
func failures(r *Report) placedList {
	home := map[string]string{}
	for _, x := range r.Run.Exchanges {
		home[x.ID] = x.URL
	}
	var list placedList
	for _, f := range r.Findings {
		p := placed{f, f.Service, index.ReplaceAllString(f.Field, "[]")}
		if p.place == "" {
			p.place = f.Source
		}
		if at, known := home[p.place]; known {
			p.place = at
		}
		if f.Counts() && !list.has(p) {
			list = append(list, p)
		}
	}
	return list
}

// settled returns the rules and places where a rule came to a verdict every time.
func settled(r *Report) map[[2]string]bool {
	list := map[[2]string]bool{}
	for _, j := range r.Judged {
		list[[2]string{j.Rule.ID, j.Place()}] = j.Outcomes.Inconclusive == 0
	}
	return list
}

// question tells answers apart that a later run gives again. What a made-up serial is differs
// from run to run, how it was made does not.
type question struct {
	responder, issuer, strategy, method, serial string
	ask                                         evidence.Ask
}

func said(r *Report) (map[question][]string, []Answer) {
	words := map[question][]string{}
	var first []Answer
	for _, a := range r.Answers {
		key := questionOf(a)
		if a.Repeat || slices.Contains(words[key], a.Answer) {
			continue
		}
		if words[key] == nil {
			first = append(first, a)
		}
		words[key] = append(words[key], a.Answer)
	}
	return words, first
}

func questionOf(a Answer) question {
	q := question{a.Responder, a.Issuer, a.Strategy, a.Method, "", a.Ask}
	if a.Ask.Has(evidence.Assigned | evidence.ListedPOST) {
		q.serial = a.Serial
	}
	return q
}

func changedAnswers(before, after *Report) []AnswerChange {
	old, _ := said(before)
	now, list := said(after)
	var changes []AnswerChange
	for _, a := range list {
		was, is := spoken(old[questionOf(a)]), spoken(now[questionOf(a)])
		if was != "" && was != is {
			changes = append(changes, AnswerChange{a, was, is})
		}
	}
	return changes
}

// listedQuestion tells certificates of lists apart that a responder is asked about.
type listedQuestion struct{ responder, issuer, serial string }

func listedOf(a Answer) listedQuestion { return listedQuestion{a.Responder, a.Issuer, a.Serial} }

// lastListed is the last answer about each certificate of lists: one that took no answer is asked
// about again.
func lastListed(l *ListReport) map[listedQuestion]string {
	words := map[listedQuestion]string{}
	if l != nil {
		for a := range l.All() {
			words[listedOf(a)] = a.word()
		}
	}
	return words
}

// changedListed returns what was answered otherwise about certificates that both runs asked
// about, in the order of the later one.
func changedListed(before, after *ListReport) []AnswerChange {
	if before == nil || after == nil {
		return nil
	}
	old, now := lastListed(before), lastListed(after)
	var changes []AnswerChange
	for a := range after.All() {
		was, is := old[listedOf(a)], now[listedOf(a)]
		if was != "" && was != is && is == a.word() {
			changes = append(changes, AnswerChange{a, was, is})
			delete(old, listedOf(a)) // it is told once
		}
	}
	return changes
}

// word is the answer, and that its signature is wrong.
func (a Answer) word() string {
	if a.Signature == revocation.SignatureInvalid {
		return a.Answer + " (signature invalid)"
	}
	return a.Answer
}

func spoken(words []string) string { return strings.Join(slices.Sorted(slices.Values(words)), ", ") }

func changedCRLs(before, after *Report) []CRLChange {
	old, now := crlStates(before), crlStates(after)
	var changes []CRLChange
	for _, s := range after.Services {
		was, is := old[s.URL], now[s.URL]
		asked := slices.ContainsFunc(before.Services, func(earlier Service) bool { return earlier.URL == s.URL })
		listed := slices.ContainsFunc(changes, func(c CRLChange) bool { return c.URL == s.URL })
		if asked && !listed && was != is {
			changes = append(changes, CRLChange{s.URL, was, is})
		}
	}
	return changes
}

// crlStates returns the first CRL that each distribution point gave.
func crlStates(r *Report) map[string]CRLState {
	states := map[string]CRLState{}
	urls := map[string]string{}
	for _, x := range r.Run.Exchanges {
		if x.Ask == evidence.FetchCRL {
			urls[x.ID] = x.URL
		}
	}
	for _, d := range r.Documents {
		url, fetched := urls[d.Source]
		if _, known := states[url]; fetched && !known && d.Kind == revocation.KindCRL && d.Decoded {
			states[url] = CRLState{d.Number, d.ThisUpdate.UTC(), d.NextUpdate.UTC()}
		}
	}
	return states
}
