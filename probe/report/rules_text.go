package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/revprobe/revprobe/probe/conformance"
)

// RulesText lists rules for people, each with its severity under the profile, the clauses
// it stands on and what it says. An error is w's.
func RulesText(w io.Writer, rules []*conformance.Rule, profile conformance.Profile, o TextOptions) error {
	const indent = 4
	p := newPage(o)
	for _, r := range rules {
		word, as := "not judged", plain
		if s, judged := profile.SeverityUnder(r, eventually()); judged {
			word, as = s.String(), styleOf(s)
		}
		p.paragraph(r.ID+"  ", bold, indent, "")
		p.paragraph(strings.Repeat(" ", indent)+word+"  ", as, indent, citations(r.Cites))
		p.paragraph(strings.Repeat(" ", indent), plain, indent, r.Says)
	}
	p.paragraph("", plain, indent, fmt.Sprintf("%s; severities under profile %s", plural(len(rules), "rule"), profile.Name))
	return p.writeTo(w)
}

// RuleText tells everything about one rule: what it says, the clauses it stands on with
// their force and since when, its severity under each profile, what it needs asked, and
// its bad and good cases by name. An error is w's.
func RuleText(w io.Writer, r *conformance.Rule, o TextOptions) error {
	const indent = 2
	p := newPage(o)
	p.title(r.ID, "")
	p.paragraph("  ", plain, indent, r.Says)
	p.WriteByte('\n')
	for i, c := range r.Cites {
		p.labelled(indent, first(i, "clause"), clause(c))
	}
	for i, line := range severityLines(r) {
		p.labelled(indent, first(i, "severity"), line)
	}
	p.labelled(indent, "judges", r.Subject())
	p.labelled(indent, "scope", scopeText(r.Scope))
	p.labelled(indent, "needs", needsText(r))
	for i, name := range badCases(r) {
		p.labelled(indent, first(i, "bad"), name)
	}
	for i, name := range goodCases(r) {
		p.labelled(indent, first(i, "good"), name)
	}
	p.labelled(indent, "also", strings.Join(r.Also, ", "))
	return p.writeTo(w)
}

// first gives a label to the first line of a list only.
func first(i int, label string) string {
	if i > 0 {
		return ""
	}
	return label
}
