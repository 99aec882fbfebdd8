package report

import (
	"fmt"
	"io"
	"slices"

	"github.com/revprobe/revprobe/probe/conformance"
)

// ChangesText writes what changed between two runs for people. An error is w's.
func ChangesText(w io.Writer, before, after *conformance.Report, c *conformance.Changes, o TextOptions) error {
	p := newPage(o)
	p.line(fmt.Sprintf("from %s to %s: %d new, %d gone, %d still there, %d not judged again",
		stamp(before.Run.Started), stamp(after.Run.Started), len(c.New), len(c.Gone), len(c.Still), len(c.Unjudged)))
	if len(c.New) > 0 {
		p.WriteByte('\n')
		p.title("new", "")
	}
	for _, f := range c.New {
		p.finding(&mergedFinding{Finding: f, times: 1}, findingPlace(f))
	}
	p.changed("gone", c.Gone)
	p.changed("not judged again, so perhaps still there", c.Unjudged)
	p.changed("still there", c.Still)
	if len(c.Answers) > 0 {
		p.WriteByte('\n')
		p.title("answers", "")
	}
	for _, a := range c.Answers {
		p.paragraph("  ", plain, 6, fmt.Sprintf("%s, %s by %s: %s, before %s", shown(a.Responder), shown(a.Strategy), shown(a.Method), shown(a.After), shown(a.Before)))
	}
	p.listed(after, c.Listed)
	if len(c.CRLs) > 0 {
		p.WriteByte('\n')
		p.title("CRLs", "")
	}
	for _, crl := range c.CRLs {
		p.paragraph("  ", plain, 6, fmt.Sprintf("%s: %s, before %s", shown(crl.URL), crlState(crl.After), crlState(crl.Before)))
	}
	p.WriteByte('\n')
	p.line(fmt.Sprintf("exit %d", o.Exit))
	return p.writeTo(w)
}

// listed writes what was answered otherwise about certificates of lists, a line for those of
// which the same is said.
func (p *page) listed(after *conformance.Report, list []conformance.AnswerChange) {
	const few = 3
	type alike struct{ responder, issuer, before, after string }
	serials, order := map[alike][]string{}, []alike(nil)
	for _, a := range list {
		key := alike{a.Responder, a.Issuer, a.Before, a.After}
		if serials[key] == nil {
			order = append(order, key)
		}
		serials[key] = append(serials[key], shown(a.Serial))
	}
	if len(order) > 0 {
		p.WriteByte('\n')
		p.title("answers about the lists", "")
	}
	for _, key := range order {
		responder := shown(key.responder)
		for _, s := range after.List.Services {
			if s.Responder == key.responder && s.Issuer == key.issuer && s.Name != "" {
				responder += " of " + shown(s.Name)
			}
		}
		named := serials[key]
		p.paragraph("  ", plain, 6, fmt.Sprintf("%s: %s %s, before %s: serial %s", responder, plural(len(named), "certificate"), shown(key.after), shown(key.before), several(named, few)))
	}
}

// changed writes findings under a title, one a line.
func (p *page) changed(title string, list []conformance.Finding) {
	if len(list) == 0 {
		return
	}
	p.WriteByte('\n')
	p.title(title, "")
	for _, f := range list {
		text := f.Rule.ID + " at " + findingPlace(f)
		if field := fieldPlace(f); field != "" {
			text += ", " + field
		}
		p.paragraph(fmt.Sprintf("  %-8s  ", severityOf(f)), styleOf(severityOf(f)), 6, text)
	}
}

// findingPlace names the service of a finding and the exchange or file it was found in.
func findingPlace(f conformance.Finding) string {
	if f.Service == "" {
		return shown(f.Source)
	}
	return shown(f.Service) + ", " + shown(sources(f)[0])
}

func crlState(s conformance.CRLState) string {
	switch {
	case s == conformance.CRLState{}:
		return "no CRL"
	case s.Number == "":
		return "no number, thisUpdate " + stamp(s.ThisUpdate)
	}
	return "number " + shown(s.Number) + ", thisUpdate " + stamp(s.ThisUpdate)
}

type changesLine struct {
	Type     string `json:"type"`
	Before   string `json:"before"` // when the runs began
	After    string `json:"after"`
	New      int    `json:"new"`
	Gone     int    `json:"gone"`
	Still    int    `json:"still"`
	Unjudged int    `json:"unjudged"`
	Exit     int    `json:"exit"`
}

type changedFindingLine struct {
	findingLine
	Change string `json:"change"` // new, gone, unjudged or still
}

type changedAnswerLine struct {
	answerLine
	Before string `json:"before"`
}

type changedCRLLine struct {
	Type              string       `json:"type"`
	DistributionPoint string       `json:"distribution_point"`
	Before            crlStateLine `json:"before"`
	After             crlStateLine `json:"after"`
}

type crlStateLine struct {
	Number     string `json:"number"`
	ThisUpdate string `json:"this_update"`
	NextUpdate string `json:"next_update"`
}

// ChangesJSON writes what changed between two runs as JSON lines: changes, then findings,
// answers and CRLs. An error is w's.
func ChangesJSON(w io.Writer, before, after *conformance.Report, c *conformance.Changes, exit int) error {
	out := jsonLines{to: w}
	out.add(changesLine{"changes", stamp(before.Run.Started), stamp(after.Run.Started), len(c.New), len(c.Gone), len(c.Still), len(c.Unjudged), exit})
	for _, part := range []struct {
		change string
		list   []conformance.Finding
	}{{"new", c.New}, {"gone", c.Gone}, {"unjudged", c.Unjudged}, {"still", c.Still}} {
		for _, f := range part.list {
			out.add(changedFindingLine{findingLineOf(f), part.change})
		}
	}
	for _, a := range slices.Concat(c.Answers, c.Listed) {
		line := answerLineOf(a.Answer)
		line.Answer = a.After
		out.add(changedAnswerLine{line, a.Before})
	}
	for _, crl := range c.CRLs {
		out.add(changedCRLLine{"crl", crl.URL, crlStateLineOf(crl.Before), crlStateLineOf(crl.After)})
	}
	return out.end()
}

func crlStateLineOf(s conformance.CRLState) crlStateLine {
	return crlStateLine{s.Number, stamp(s.ThisUpdate), stamp(s.NextUpdate)}
}
