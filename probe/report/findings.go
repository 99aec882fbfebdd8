package report

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// mergedFinding is a finding with those that repeat it in other exchanges.
type mergedFinding struct {
	conformance.Finding          // the first of them
	times               int      // how many there are
	exchanges           []string // ids, or file names, each once
	unnamed             int      // further ones that nobody has kept
	otherGots           bool     // not all saw the same
	last                time.Time
}

// sameness is what two findings share to be shown as one.
type sameness struct {
	rule                            string
	severity                        conformance.Severity
	field, want, assumed, citations string
}

// merge makes one of the findings about one service that repeat the same rule, field and
// want, and orders them: the worst first, else as the evidence came.
func merge(findings []conformance.Finding) []*mergedFinding {
	var list []*mergedFinding
	index := map[sameness]*mergedFinding{}
	seen := map[*mergedFinding]map[string]bool{}
	times := regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	for _, f := range findings {
		// A want that names the moment of its exchange is the same want.
		key := sameness{f.Rule.ID, f.Severity, f.Field, times.ReplaceAllString(f.Want, "T"), f.Assumed, citations(f.Citations)}
		m := index[key]
		if m == nil {
			m = &mergedFinding{Finding: f, last: later(f.At, f.LastAt)}
			index[key], seen[m] = m, map[string]bool{}
			list = append(list, m)
		}
		m.times += f.Verdicts()
		m.unnamed += max(f.Times-len(f.Exchanges), 0)
		m.otherGots = m.otherGots || f.Got != m.Got
		m.last = later(m.last, later(f.At, f.LastAt))
		for _, id := range sources(f) {
			if !seen[m][id] {
				seen[m][id] = true
				m.exchanges = append(m.exchanges, id)
			}
		}
	}
	sortBySeverity(list)
	return list
}

// sortBySeverity puts the worst first and keeps the order of the others.
func sortBySeverity(list []*mergedFinding) {
	slices.SortStableFunc(list, func(a, b *mergedFinding) int { return int(b.Severity) - int(a.Severity) })
}

// sources returns the exchanges, or the file, that a finding rests on.
func sources(f conformance.Finding) []string {
	if len(f.Exchanges) > 0 {
		return f.Exchanges
	}
	return []string{f.Source}
}

func citations(list []conformance.Citation) string {
	return strings.Join(citationNames(list), ", ")
}

func citationNames(list []conformance.Citation) []string {
	names := make([]string, 0, len(list))
	for _, c := range list {
		names = append(names, c.String())
	}
	return names
}

// failures writes the findings of one section. A rule that failed in more ways than a
// person would read is cut short.
func (p *page) failures(s *section) {
	const mostWays = 4
	ways, further := map[string]int{}, map[string]int{}
	list := merge(s.failures)
	if len(list) > 0 && !s.file {
		p.WriteByte('\n')
	}
	for _, m := range list {
		if ways[m.Rule.ID]++; ways[m.Rule.ID] > mostWays {
			further[m.Rule.ID] += m.times
			continue
		}
		p.finding(m, s.where(m))
	}
	for _, m := range list {
		if n := further[m.Rule.ID]; n > 0 {
			p.paragraph("  ", plain, 6, fmt.Sprintf("and %s failed %d times more in other ways; the JSON lines have each", m.Rule.ID, n))
			delete(further, m.Rule.ID)
		}
	}
}

// fewExchanges is how many exchanges of a finding are named; the rest are counted.
const fewExchanges = 5

// where names the exchanges of a finding, the first with what was asked in it. A file
// that is the section's own need not be named again.
func (s *section) where(m *mergedFinding) string {
	if s.file && len(m.exchanges) == 1 && m.exchanges[0] == s.name {
		return ""
	}
	names := make([]string, 0, len(m.exchanges))
	for _, id := range m.exchanges {
		names = append(names, shown(id))
	}
	if x := s.byID[m.exchanges[0]]; x != nil {
		names[0] += asked(x)
	}
	if m.unnamed > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names, ", "), m.unnamed)
	}
	return several(names, fewExchanges)
}

// asked says in brackets what an exchange asked, of whom.
func asked(x *evidence.Exchange) string {
	parts := []string{x.Ask.String()}
	if x.Strategy != "" {
		parts = append(parts, shown(x.Strategy))
	}
	if x.Serial != "" {
		parts = append(parts, "serial "+shown(x.Serial))
	}
	if x.Peer != "" {
		parts = append(parts, "from "+shown(x.Peer))
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// FindingText writes one finding as Text does, but for what only a whole report tells.
// An error is w's.
func FindingText(w io.Writer, f *conformance.Finding, o TextOptions) error {
	p := newPage(o)
	m := merge([]conformance.Finding{*f})[0]
	p.finding(m, several(visibleAll(m.exchanges), fewExchanges))
	return p.writeTo(w)
}

func (p *page) finding(m *mergedFinding, where string) {
	const indent = 6
	severity := severityOf(m.Finding)
	id := m.Rule.ID
	if m.times > 1 {
		id += fmt.Sprintf(" (%d times)", m.times)
	}
	p.paragraph(fmt.Sprintf("  %-8s  ", severity), styleOf(severity), indent, id)
	p.paragraph(strings.Repeat(" ", indent), plain, indent, m.Rule.Says)
	p.labelled(indent, "clause", citations(m.Citations))
	got := found(m.Got)
	if m.otherGots {
		got += " (the first; others differ)"
	}
	p.labelled(indent, "got", got)
	p.labelled(indent, "want", found(m.Want))
	p.labelled(indent, "field", fieldPlace(m.Finding))
	p.labelled(indent, "where", where)
	at := stamp(m.At)
	if m.last.After(m.At) {
		at += " to " + stamp(m.last)
	}
	p.labelled(indent, "at", at)
	p.labelled(indent, "assumed", shown(m.Assumed))
}

// severityOf is the severity of a finding, info for one that could not be judged.
func severityOf(f conformance.Finding) conformance.Severity {
	if f.Outcome == conformance.Inconclusive {
		return conformance.Info
	}
	return f.Severity
}

// fieldPlace names the offending field and where in the body it is.
func fieldPlace(f conformance.Finding) string {
	switch {
	case f.Offset < 0:
		return shown(f.Field)
	case f.Field == "":
		return fmt.Sprintf("at octet %d", f.Offset)
	}
	return fmt.Sprintf("%s, at octet %d", shown(f.Field), f.Offset)
}
