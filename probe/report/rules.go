package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// eventually is a time at which every clause that any rule cites is in force.
func eventually() time.Time { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }

// force names the keyword with which a clause asks.
func force(k conformance.Keyword) string {
	switch k {
	case conformance.Must:
		return "MUST"
	case conformance.Should:
		return "SHOULD"
	case conformance.Observed:
		return "observed"
	}
	return "practice"
}

// clause writes a citation with its force and since when it has it.
func clause(c conformance.Citation) string {
	text := c.String() + ", " + force(c.Force)
	if day := c.Day(); day != "" {
		text += " since " + day
	}
	if day := c.End(); day != "" {
		text += ", until " + day
	}
	return text
}

// severities tells what the rule's finding weighs under each profile that judges by it,
// once all the clauses it cites are in force.
func severities(r *conformance.Rule) map[string]string {
	under := map[string]string{}
	for _, p := range conformance.Profiles() {
		if s, judged := p.SeverityUnder(r, eventually()); judged {
			under[p.Name] = s.String()
		}
	}
	return under
}

// severityLines groups the profiles by severity, the worst first, in words.
func severityLines(r *conformance.Rule) []string {
	under := severities(r)
	var lines []string
	for _, s := range conformance.Severities() {
		var profiles []string
		for _, p := range conformance.Profiles() {
			if under[p.Name] == s.String() {
				profiles = append(profiles, p.Name)
			}
		}
		if len(profiles) > 0 {
			lines = append(lines, s.String()+" under "+strings.Join(profiles, ", "))
		}
	}
	return lines
}

// needs names the kinds of question whose answers the rule looks at.
func needs(r *conformance.Rule) []string {
	return askNames(r.Asks())
}

func askNames(asks evidence.Ask) []string {
	if asks == 0 {
		return []string{}
	}
	return strings.Split(asks.String(), "+")
}

func needsText(r *conformance.Rule) string {
	switch {
	case r.Needs == 0:
		return "nothing asked"
	case r.And != 0:
		return answerTo(r.Needs) + ", and " + answerTo(r.And)
	}
	return answerTo(r.Needs)
}

func answerTo(asks evidence.Ask) string {
	names := askNames(asks)
	if len(names) == 1 {
		return "an answer to " + names[0]
	}
	return "an answer to any of " + strings.Join(names, ", ")
}

func scopeText(s evidence.Scope) string {
	switch s {
	case evidence.ScopeEE:
		return "only services for end-entity certificates"
	case evidence.ScopeCA:
		return "only services for CA certificates"
	}
	return ""
}

// badCases and goodCases name what the rule is proven with.
func badCases(r *conformance.Rule) []string {
	var names []string
	for _, c := range r.Bad {
		names = append(names, c.Name)
	}
	return names
}

func goodCases(r *conformance.Rule) []string {
	var names []string
	for _, c := range r.Good {
		names = append(names, c.Name)
	}
	return names
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
