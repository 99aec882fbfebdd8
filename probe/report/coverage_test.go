package report_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/report"
)

func someRows() []conformance.Row {
	return []conformance.Row{
		{ID: "ocsp-signed", Section: "A4"},
		{ID: "ocsp-monotonic", Section: "A2", Reason: "needs repeated observation (history): the thisUpdate of earlier answers"},
		{ID: "http-ocsp-get", Section: "C2"},
	}
}

func TestCoverageText(t *testing.T) {
	t.Parallel()
	got := written(t, func(b *bytes.Buffer) error { return report.CoverageText(b, someRows(), report.TextOptions{Width: 100}) })
	want := `  section  requirement     judged by
  A4       ocsp-signed     rule
  A2       ocsp-monotonic  needs repeated observation (history): the thisUpdate of earlier answers
  C2       http-ocsp-get   rule

3 requirements: 2 judged by a rule, 1 not yet or not in one run
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	narrow := written(t, func(b *bytes.Buffer) error { return report.CoverageText(b, someRows(), report.TextOptions{Width: 60}) })
	readable(t, narrow, 60)
	if words := strings.Join(strings.Fields(narrow), " "); !strings.Contains(words, "rule A2 ocsp-monotonic needs repeated observation") {
		t.Errorf("got\n%s", narrow)
	}
}

func TestCoverageJSON(t *testing.T) {
	t.Parallel()
	list := parsed(t, written(t, func(b *bytes.Buffer) error { return report.CoverageJSON(b, someRows()) }))
	if len(list) != 3 {
		t.Fatalf("%d lines for 3 requirements", len(list))
	}
	same(t, list[0], object{"type": "requirement", "id": "ocsp-signed", "section": "A4", "rule": true, "reason": nil})
	same(t, list[1], object{"type": "requirement", "id": "ocsp-monotonic", "section": "A2", "rule": false,
		"reason": "needs repeated observation (history): the thisUpdate of earlier answers"})
}

func TestCoverageThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	if err := report.CoverageText(fullDisk{}, someRows(), report.TextOptions{}); !errors.Is(err, errFullDisk) {
		t.Errorf("as text: %v", err)
	}
	if err := report.CoverageJSON(fullDisk{}, someRows()); !errors.Is(err, errFullDisk) {
		t.Errorf("as JSON: %v", err)
	}
}
