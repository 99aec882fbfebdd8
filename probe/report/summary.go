package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// run writes what the run was: what is needed to ask the same again.
func (p *page) run(r *conformance.Report) {
	parts := []string{"revprobe " + shown(r.Run.Version)}
	for _, part := range []struct{ label, value string }{
		{"seed ", r.Run.Seed}, {"from ", r.Run.Vantage}, {"started ", stamp(r.Run.Started)}, {"scope ", string(r.Run.Scope)},
	} {
		if part.value != "" {
			parts = append(parts, part.label+shown(part.value))
		}
	}
	p.paragraph("", plain, 2, strings.Join(parts, ", "))
}

// firstFailure is the first failure of a run, in brackets.
func firstFailure(r *conformance.Report) string {
	for i := range r.Run.Exchanges {
		if x := &r.Run.Exchanges[i]; x.Failure != "" {
			return " (the first: " + failureOf(x) + ")"
		}
	}
	return ""
}

// summary writes how the whole came out: the counts in one paragraph, hints, bugs.
func (p *page) summary(r *conformance.Report, exit int) {
	switch {
	case r.NothingAsked && !askedAnything(r):
		p.paragraph("", plain, 2, "nothing could be asked: no service to ask was found")
	case r.NothingAsked:
		p.paragraph("", plain, 2, "nothing could be asked, for reasons of our own network"+firstFailure(r)+": nothing follows about the services")
	case !anyFailure(r, 0):
		p.paragraph("", plain, 2, "no findings")
	}
	p.paragraph("", plain, 2, fmt.Sprintf("profile %s: %s; exit %d", shown(r.Profile.Name), counts(r), exit))
	for _, m := range mergedByPlace(suppressed(r)) {
		p.paragraph("suppressed: ", plain, 12, fmt.Sprintf("%s at %s until %s: %s", m.Rule.ID, shown(placeOf(m.Finding)), stamp(m.SuppressedUntil), shown(m.SuppressedFor)))
	}
	for _, hint := range r.Hints {
		p.paragraph("hint: ", bold, 6, shown(hint))
	}
	for _, bug := range r.Bugs {
		// What follows the first line is a stack trace, which the JSON lines carry.
		first, _, _ := strings.Cut(bug, "\n")
		p.paragraph("our bug: ", styleOf(conformance.Error), 9, shown(first))
	}
}

// askedAnything reports whether a service was asked at all.
func askedAnything(r *conformance.Report) bool {
	return r.List != nil && r.List.Asked > 0 || slices.ContainsFunc(r.Run.Exchanges, func(x evidence.Exchange) bool { return x.Ask.Has(evidence.Resolve | evidence.HTTP) })
}

// counts says how many verdicts came out which way.
func counts(r *conformance.Report) string {
	const few = 5
	text := fmt.Sprintf("%d passed, %d failed", r.Outcomes.Passed, r.Outcomes.Failed-verdicts(suppressed(r)))
	if bySeverity := severityCounts(r); bySeverity != "" {
		text += " (" + bySeverity + ")"
	}
	if silenced := verdicts(suppressed(r)); silenced > 0 {
		text += fmt.Sprintf(", %d suppressed", silenced)
	}
	text += fmt.Sprintf(", %d inconclusive", r.Outcomes.Inconclusive)
	if reasons := undecided(r, few); len(reasons) > 0 {
		text += " (" + strings.Join(reasons, "; ") + ")"
	}
	return text + fmt.Sprintf(", %d not applicable", r.Outcomes.NotApplicable)
}

// counted returns the failures that nobody has silenced.
func counted(r *conformance.Report) []conformance.Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f conformance.Finding) bool { return !f.Counts() })
}

// suppressed returns the failures that somebody has silenced.
func suppressed(r *conformance.Report) []conformance.Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f conformance.Finding) bool { return !f.Suppressed() })
}

// verdicts is how many verdicts findings stand for.
func verdicts(list []conformance.Finding) int {
	sum := 0
	for _, f := range list {
		sum += f.Verdicts()
	}
	return sum
}

func severityCounts(r *conformance.Report) string {
	var parts []string
	failed := failuresBySeverity(r)
	for _, s := range conformance.Severities() {
		if failed[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", failed[s], s))
		}
	}
	return strings.Join(parts, ", ")
}

func failuresBySeverity(r *conformance.Report) map[conformance.Severity]int {
	times := map[conformance.Severity]int{}
	for _, f := range r.Findings {
		if f.Counts() {
			times[f.Severity] += f.Verdicts()
		}
	}
	return times
}

// undecided says why rules could not be judged: how many for want of any answer to judge, by
// service, and which others.
func undecided(r *conformance.Report, few int) []string {
	var reasons, services []string
	wanting := map[string]int{}
	for _, f := range r.Findings {
		if f.Unanswered {
			if wanting[f.Service]++; wanting[f.Service] == 1 {
				services = append(services, f.Service)
			}
		}
	}
	for _, service := range services[:min(len(services), few)] {
		reasons = append(reasons, fmt.Sprintf("%d for want of an answer from %s", wanting[service], shown(service)))
	}
	if more := len(services) - few; more > 0 {
		reasons = append(reasons, fmt.Sprintf("and so on for %d more services", more))
	}
	if others := inconclusiveRules(r); len(others) > 0 {
		reasons = append(reasons, several(others, few))
	}
	return reasons
}

// inconclusiveRules names the rules that could not be judged somewhere although there was an
// answer, each once.
func inconclusiveRules(r *conformance.Report) []string {
	var ids []string
	for _, f := range r.Findings {
		if f.Outcome == conformance.Inconclusive && !f.Unanswered && !slices.Contains(ids, f.Rule.ID) {
			ids = append(ids, f.Rule.ID)
		}
	}
	return ids
}
