package report

import (
	"io"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

type ruleLine struct {
	Type      string            `json:"type"`
	ID        string            `json:"id"`
	Says      string            `json:"says"`
	Subject   string            `json:"subject"`
	Citations []string          `json:"citations"` // as findings name them
	Needs     []string          `json:"needs"`
	Severity  map[string]string `json:"severity"` // by profile; a profile that does not judge by the rule is missing
	Scope     evidence.Scope    `json:"scope,omitempty"`
	Clauses   []clauseObject    `json:"clauses"` // the citations in full
}

type clauseObject struct {
	Document string `json:"document"`
	Section  string `json:"section"`
	Force    string `json:"force"`
	Since    string `json:"since,omitempty"` // UTC day, 2006-01-02
	Until    string `json:"until,omitempty"` // UTC day from which it binds no more
}

// RulesJSON writes rules as JSON lines, one rule a line. An error is w's.
func RulesJSON(w io.Writer, rules []*conformance.Rule) error {
	out := jsonLines{to: w}
	for _, r := range rules {
		line := ruleLine{Type: "rule", ID: r.ID, Says: r.Says, Subject: r.Subject(), Citations: citationNames(r.Cites),
			Needs: needs(r), Severity: severities(r), Scope: r.Scope, Clauses: []clauseObject{}}
		for _, c := range r.Cites {
			line.Clauses = append(line.Clauses, clauseObject{string(c.Document), c.Section, force(c.Force), c.Day(), c.End()})
		}
		out.add(line)
	}
	return out.end()
}
