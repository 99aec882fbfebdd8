package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// Markdown writes the evidence appendix of an incident report, as the CCADB asks for one:
// for each finding the requirement by its section, what was affected, when in UTC, how it
// was found, and commands that show it to anybody who pastes them. An error is w's.
func Markdown(w io.Writer, r *conformance.Report) error {
	b := appendix{report: r, exchanges: map[string]*evidence.Exchange{}}
	for i := range r.Run.Exchanges {
		b.exchanges[r.Run.Exchanges[i].ID] = &r.Run.Exchanges[i]
	}
	b.head()
	findings := mergedByPlace(counted(r))
	if len(findings) == 0 {
		b.WriteString("\nNo findings.\n")
	}
	for i, m := range findings {
		fmt.Fprintf(&b, "\n## %d. %s: %s\n\n%s\n\n", i+1, m.Severity, m.Rule.ID, markdown(m.Rule.Says))
		b.facts(m)
		b.commands(m)
	}
	if silenced := mergedByPlace(suppressed(r)); len(silenced) > 0 {
		b.WriteString("\n## Suppressed\n\n")
		for _, m := range silenced {
			fmt.Fprintf(&b, "- %s at %s until %s: %s\n", markdown(m.Rule.ID), markdown(shown(placeOf(m.Finding))), stamp(m.SuppressedUntil), markdown(shown(m.SuppressedFor)))
		}
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// appendix is the text while it is written.
type appendix struct {
	bytes.Buffer
	report    *conformance.Report
	exchanges map[string]*evidence.Exchange // by id
}

// mergedByPlace merges the findings of each service or file by themselves, the worst first.
func mergedByPlace(list []conformance.Finding) []*mergedFinding {
	places, order := map[string][]conformance.Finding{}, []string(nil)
	for _, f := range list {
		at := placeOf(f)
		if places[at] == nil {
			order = append(order, at)
		}
		places[at] = append(places[at], f)
	}
	var all []*mergedFinding
	for _, at := range order {
		all = append(all, merge(places[at])...)
	}
	sortBySeverity(all)
	return all
}

func (b *appendix) head() {
	r := b.report
	b.WriteString("# Evidence\n\n")
	item := func(label, text string) {
		if text != "" {
			fmt.Fprintf(b, "- %s: %s\n", label, markdown(text))
		}
	}
	item("Asked by", "revprobe "+shown(r.Run.Version)+", "+homepage)
	item("Started", stamp(r.Run.Started)+" (all times are UTC)")
	item("From", shown(r.Run.Vantage))
	item("Seed of the unassigned serial numbers", shown(r.Run.Seed))
	item("Profile", shown(r.Profile.Name)+": "+r.Profile.Says)
	item("Verdicts", counts(r))
	for _, hint := range r.Hints {
		item("Note", shown(hint))
	}
}

// facts says what an incident report has to: the requirement, what was seen, what
// is affected, when, and how it was found.
func (b *appendix) facts(m *mergedFinding) {
	row := func(label, text string) {
		if text != "" {
			fmt.Fprintf(b, "| %s | %s |\n", label, markdown(text))
		}
	}
	b.WriteString("| | |\n|---|---|\n")
	var clauses []string
	for _, c := range m.Citations {
		clauses = append(clauses, clause(c))
	}
	row("Requirement", strings.Join(clauses, "; "))
	row("Observed", found(m.Got))
	row("Required", found(m.Want))
	row("Field", fieldPlace(m.Finding))
	row("Affected", affected(b.report, m))
	row("Serial numbers", b.serials(m))
	row("Exchanges", fmt.Sprintf("%s (%s)", several(visibleAll(m.exchanges), 10), plural(m.times, "verdict")))
	row("First seen", stamp(m.At))
	if m.last.After(m.At) {
		row("Last seen", stamp(m.last))
	}
	if x := b.exchanges[m.exchanges[0]]; x != nil {
		row("How it was found", "exchange "+shown(x.ID)+asked(x))
	}
	row("Assumed", shown(m.Assumed))
}

// affected names the service with the CAs it was asked about, or the file.
func affected(r *conformance.Report, m *mergedFinding) string {
	text := shown(placeOf(m.Finding))
	var names []string
	for _, s := range r.Services {
		if s.URL == m.Service && s.Name != "" {
			names = append(names, shown(s.Name))
		}
	}
	if len(names) > 0 {
		text += " of " + several(names, 3)
	}
	return text
}

// serials lists the serial numbers that the finding's exchanges were about.
func (b *appendix) serials(m *mergedFinding) string {
	var list []string
	known := map[string]bool{}
	for _, id := range m.exchanges {
		if x := b.exchanges[id]; x != nil && x.Serial != "" && !known[x.Serial] {
			known[x.Serial] = true
			list = append(list, shown(x.Serial))
		}
	}
	return several(list, 20)
}

// commands writes what shows the finding again, and what shows the evidence that
// was kept.
func (b *appendix) commands(m *mergedFinding) {
	x := b.exchanges[m.exchanges[0]]
	if x == nil {
		return
	}
	if text := reproducer(x); text != "" {
		b.WriteString("\nTo ask the same again:\n\n")
		codeBlock(&b.Buffer, "sh", text)
	}
	if text := recorded(x); text != "" {
		fmt.Fprintf(b, "\nWhat was answered at %s:\n\n", stamp(x.At))
		codeBlock(&b.Buffer, "sh", text)
	}
}
