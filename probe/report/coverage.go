package report

import (
	"fmt"
	"io"

	"github.com/revprobe/revprobe/probe/conformance"
)

// CoverageText lists the requirements of the catalogue for people, each with the word rule
// where a rule of that id judges it and otherwise the reason why none does, and counts
// them. An error is w's.
func CoverageText(w io.Writer, rows []conformance.Row, o TextOptions) error {
	p := newPage(o)
	table, ruled := [][]string{{"section", "requirement", "judged by"}}, 0
	for _, row := range rows {
		by := row.Reason
		if by == "" {
			by, ruled = "rule", ruled+1
		}
		table = append(table, []string{row.Section, row.ID, by})
	}
	if err := p.table(table); err != nil {
		return fmt.Errorf("laying out the catalogue: %w", err)
	}
	p.WriteByte('\n')
	p.paragraph("", plain, 0, fmt.Sprintf("%s: %d judged by a rule, %d not yet or not in one run",
		plural(len(rows), "requirement"), ruled, len(rows)-ruled))
	return p.writeTo(w)
}

type rowLine struct {
	Type    string `json:"type"`
	ID      string `json:"id"`
	Section string `json:"section"`
	Rule    bool   `json:"rule"` // a rule of that id judges it
	Reason  string `json:"reason,omitempty"`
}

// CoverageJSON writes the requirements of the catalogue as JSON lines, one a line. An error
// is w's.
func CoverageJSON(w io.Writer, rows []conformance.Row) error {
	out := jsonLines{to: w}
	for _, row := range rows {
		out.add(rowLine{"requirement", row.ID, row.Section, row.Reason == "", row.Reason})
	}
	return out.end()
}
