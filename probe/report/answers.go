package report

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// answers writes the table of what a responder answered about one CA's serials: a row
// for each strategy, the unassigned ones first, and a column for each method.
func (p *page) answers(s *section, i issuer) error {
	if len(i.answers) == 0 {
		return nil
	}
	if len(s.issuers) > 1 {
		name := i.name
		if name == "" {
			name = "issuer " + i.fingerprint
		}
		p.paragraph("  ", plain, 4, shown(name))
	}
	if text := s.muteness(i.answers); text != "" {
		p.paragraph("  ", plain, 4, text)
		return nil
	}
	methods := []string{http.MethodPost, http.MethodGet}
	if slices.ContainsFunc(i.answers, func(a conformance.Answer) bool { return methodColumn(a) == otherMethods }) {
		methods = append(methods, otherMethods)
	}
	rows := [][]string{append([]string{"serial"}, methods...)}
	for _, strategy := range i.strategies() {
		row := []string{shown(strategy)}
		for _, method := range methods {
			row = append(row, cell(i.answers, strategy, method))
		}
		rows = append(rows, row)
	}
	if err := p.table(rows); err != nil {
		return err
	}
	p.bound(i)
	return nil
}

// muteness says in place of a table how a responder failed that answered none of several
// questions, where it failed in one way.
func (s *section) muteness(answers []conformance.Answer) string {
	var first *evidence.Exchange
	asked, spared := 0, 0
	for _, a := range answers {
		x := s.byID[a.Exchange]
		if x == nil {
			return ""
		}
		if first == nil {
			first = x
		}
		if x.Failure == "" || x.Failure != first.Failure || x.Code != first.Code || x.Replica() {
			return ""
		}
		asked++
		if x.Spared {
			spared++
		}
	}
	if asked < 2 {
		return ""
	}
	text := fmt.Sprintf("no answer to any of %d questions", asked-spared)
	if spared > 0 {
		text += fmt.Sprintf(", %d more were not sent", spared)
	}
	return text + ": " + failureOf(first)
}

// strategies returns those asked by, each once: those of unassigned serials first.
func (i issuer) strategies() []string {
	var list []string
	for _, unassigned := range []bool{true, false} {
		for _, a := range i.answers {
			if madeUp(a) == unassigned && !slices.Contains(list, a.Strategy) {
				list = append(list, a.Strategy)
			}
		}
	}
	return list
}

const otherMethods = "other methods"

// methodColumn names the column of an answer. No plan has other methods than the two; an
// archive may.
func methodColumn(a conformance.Answer) string {
	if a.Method == http.MethodPost || a.Method == http.MethodGet {
		return a.Method
	}
	return otherMethods
}

// cell says what was answered to one strategy by one method: the words with how often
// each came, and apart from them those that came when it was asked again.
func cell(answers []conformance.Answer, strategy, method string) string {
	var first, again wordCount
	for _, a := range answers {
		switch {
		case a.Strategy != strategy || methodColumn(a) != method || a.Address != "" || a.Round > 0: // a table of its own has those
		case a.Repeat:
			again.add(answerWord(a))
		default:
			first.add(answerWord(a))
		}
	}
	switch {
	case len(first.words)+len(again.words) == 0:
		return "-"
	case len(again.words) == 0:
		return first.String()
	case len(first.words) == 0:
		return "again " + again.String()
	}
	return first.String() + "; again " + again.String()
}

func answerWord(a conformance.Answer) string {
	word := shown(a.Answer)
	if a.Signature == revocation.SignatureInvalid {
		word += " (signature invalid)"
	}
	return word
}

// wordCount counts words in the order of their first coming.
type wordCount struct {
	words []string
	times []int
}

func (c *wordCount) add(word string) {
	i := slices.Index(c.words, word)
	if i < 0 {
		i = len(c.words)
		c.words, c.times = append(c.words, word), append(c.times, 0)
	}
	c.times[i]++
}

func (c *wordCount) String() string {
	if len(c.words) == 1 && c.times[0] == 1 {
		return c.words[0]
	}
	var parts []string
	for i, word := range c.words {
		parts = append(parts, fmt.Sprintf("%d %s", c.times[i], word))
	}
	return strings.Join(parts, ", ")
}
