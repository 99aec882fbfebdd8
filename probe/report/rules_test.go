package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/report"
)

func written(t *testing.T, write func(*bytes.Buffer) error) string {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func example(t *testing.T) func(*conformance.Rule) string {
	return func(r *conformance.Rule) string {
		for _, f := range checked().Findings {
			if f.Outcome == conformance.Failed && f.Rule.ID == r.ID {
				return written(t, func(b *bytes.Buffer) error { return report.FindingText(b, &f, report.TextOptions{Width: 80}) })
			}
		}
		return ""
	}
}

func TestRulesGolden(t *testing.T) {
	rules := []*conformance.Rule{notGood(), notExpired(), mediaType()}
	rfc, _ := conformance.ProfileNamed("rfc")
	for file, write := range map[string]func(*bytes.Buffer) error{
		"rules.txt": func(b *bytes.Buffer) error {
			return report.RulesText(b, rules, rfc, report.TextOptions{Width: 70})
		},
		"rule.txt": func(b *bytes.Buffer) error { return report.RuleText(b, rules[0], report.TextOptions{Width: 70}) },
		"rules.jsonl": func(b *bytes.Buffer) error {
			return report.RulesJSON(b, rules)
		},
		"rules.md": func(b *bytes.Buffer) error { return report.RulesMarkdown(b, rules, example(t)) },
	} {
		got := written(t, write)
		if strings.HasSuffix(file, ".txt") {
			readable(t, got, 70)
		}
		golden(t, file, []byte(got))
	}
}

func TestRulesJSON(t *testing.T) {
	asksNothing := mediaType()
	asksNothing.Needs = 0
	list := parsed(t, written(t, func(b *bytes.Buffer) error {
		return report.RulesJSON(b, []*conformance.Rule{notGood(), notExpired(), asksNothing})
	}))
	if len(list) != 3 {
		t.Fatalf("%d lines for 3 rules", len(list))
	}
	same(t, list[0], object{"type": "rule", "id": "ocsp-unassigned-not-good", "says": notGood().Says, "subject": "service",
		"citations": []any{"BR 4.9.9", "RFC 9919 3.2.3"}, "needs": []any{"unassigned-post", "unassigned-get"}, "scope": nil,
		"severity": object{"web": "critical", "tls-br": "critical", "all": "critical", "rfc": "notice", "mozilla": "notice",
			"apple": "notice", "microsoft": "notice", "ccadb": "notice"},
		"clauses": []any{
			object{"document": "BR", "section": "4.9.9", "force": "MUST", "since": "2013-08-01"},
			object{"document": "RFC 9919", "section": "3.2.3", "force": "practice"}}})
	same(t, list[1], object{"subject": "single-response", "scope": "ee", "needs": []any{"unassigned-post"}})
	same(t, list[2], object{"subject": "exchange", "needs": []any{}})
}

func TestSeverityWaitsForEveryClause(t *testing.T) {
	r := mediaType()
	r.Cites = []conformance.Citation{
		conformance.BR("7.2", conformance.Should), conformance.BR("7.2.2", conformance.Must).Since("2031-01-01"), conformance.MRSP("6", conformance.Observed)}
	got := written(t, func(b *bytes.Buffer) error { return report.RuleText(b, r, report.TextOptions{}) })
	for _, part := range []string{"BR 7.2, SHOULD\n", "BR 7.2.2, MUST since 2031-01-01\n", "MRSP 6, observed\n",
		"error under web, tls-br, all\n", "notice under mozilla\n"} {
		if !strings.Contains(got, part) {
			t.Errorf("%q is not in\n%s", part, got)
		}
	}
	if strings.Contains(got, "rfc") {
		t.Errorf("a profile that cites none of the documents judges:\n%s", got)
	}
}

func TestRulesTextSaysWhatIsNotJudged(t *testing.T) {
	r := notExpired()
	r.Cites = r.Cites[1:]
	rfc, _ := conformance.ProfileNamed("rfc")
	got := written(t, func(b *bytes.Buffer) error {
		return report.RulesText(b, []*conformance.Rule{r}, rfc, report.TextOptions{})
	})
	if !strings.Contains(got, "not judged  BR 4.9.9") || !strings.Contains(got, "1 rule;") {
		t.Errorf("it reads\n%s", got)
	}
}

func TestMarkdownFencesHoldAnyExample(t *testing.T) {
	got := written(t, func(b *bytes.Buffer) error {
		return report.RulesMarkdown(b, []*conformance.Rule{mediaType()}, func(*conformance.Rule) string { return "got ``` and ````\n" })
	})
	if !strings.Contains(got, "\n`````text\ngot ``` and ````\n`````\n") {
		t.Errorf("the fence does not hold in\n%s", got)
	}
	if !strings.Contains(got, `octet-stream \| \*`) {
		t.Errorf("the case's name is markup in\n%s", got)
	}
	bare := written(t, func(b *bytes.Buffer) error {
		return report.RulesMarkdown(b, []*conformance.Rule{mediaType()}, func(*conformance.Rule) string { return "" })
	})
	if strings.Contains(bare, "```") {
		t.Errorf("there is a block without an example in\n%s", bare)
	}
}

func TestFindingTextOfWhatCouldNotBeJudged(t *testing.T) {
	f := checked().Findings[0]
	got := written(t, func(b *bytes.Buffer) error { return report.FindingText(b, &f, report.TextOptions{}) })
	if !strings.Contains(got, "info      ocsp-not-expired\n") || !strings.Contains(got, "got      no nextUpdate\n") || strings.Contains(got, "want") {
		t.Errorf("it reads\n%s", got)
	}
}
