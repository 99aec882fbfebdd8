package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/probe/conformance"
)

// TestWordsFollowTheRules fails when a rule that a word stands for goes, and when one that
// a word waits for comes: then the word is to be judged.
func TestWordsFollowTheRules(t *testing.T) {
	seen := map[string]bool{}
	for _, table := range []map[string]defect{ocspDefects(), crlDefects(), certificateDefects(), laterDefects()} {
		for word, d := range table {
			if seen[word] {
				t.Errorf("%s is in two tables", word)
			}
			seen[word] = true
			for _, rule := range slices.Concat(d.ocsp, d.crl, d.cert) {
				if conformance.RuleNamed(rule) == nil {
					t.Errorf("%s stands for %s, which is no rule", word, rule)
				}
			}
			if d.later != "" && conformance.RuleNamed(d.later) != nil {
				t.Errorf("%s waits for %s, which there is", word, d.later)
			}
		}
	}
	for _, rule := range slices.Concat(askingRules(), syntaxRules("crl"), syntaxRules("ocsp-response")) {
		if conformance.RuleNamed(rule) == nil {
			t.Errorf("%s is no rule", rule)
		}
	}
}

// judgedAs is a result with a document of that kind and failures of those rules.
func judgedAs(d document, rules ...string) result {
	r := result{Document: d}
	for _, rule := range rules {
		r.Findings = append(r.Findings, finding{Rule: rule, Outcome: "failed", Severity: "error"})
	}
	return r
}

func TestCompare(t *testing.T) {
	crl := document{Kind: "crl", Decoded: true, Signature: "valid", Status: "revoked"}
	broken := document{Kind: "crl", Signature: "unchecked"}
	inconclusive := result{Document: crl, Findings: []finding{{Rule: "crl-sigalg-match", Outcome: "inconclusive", Severity: "info"}}}
	warned := result{Document: crl, Findings: []finding{{Rule: "crl-time-order", Outcome: "failed", Severity: "warning"}}}
	for name, c := range map[string]struct {
		expected expected
		result   result
		want     []outcome
	}{
		"nothing expected":           {expected{Parses: "unknown", Signature: "unknown"}, judgedAs(crl), nil},
		"as expected":                {expected{Parses: "true", Signature: "true", Verdict: "revoked"}, judgedAs(crl), []outcome{met, met, met}},
		"otherwise":                  {expected{Parses: "true", Signature: "false", Verdict: "good"}, judgedAs(broken), []outcome{disagreed, disagreed, disagreed}},
		"not decoded":                {expected{Parses: "false", Verdict: "error", Defects: []string{"malformed"}}, judgedAs(broken), []outcome{met, met, met}},
		"syntax":                     {expected{Parses: "false", Defects: []string{"malformed"}}, judgedAs(crl, "crl-der-strict"), []outcome{met, met}},
		"no fault of syntax":         {expected{Parses: "false", Defects: []string{"malformed"}}, judgedAs(crl, "crl-sigalg-match"), []outcome{disagreed, disagreed}},
		"an error":                   {expected{Verdict: "error", Defects: []string{"sigalg-mismatch"}}, judgedAs(crl, "crl-sigalg-match"), []outcome{met, met}},
		"inconclusive is no failure": {expected{Verdict: "error", Defects: []string{"sigalg-mismatch"}}, inconclusive, []outcome{disagreed, disagreed}},
		"a warning is no error":      {expected{Verdict: "error", Defects: []string{"validity-negative"}}, warned, []outcome{disagreed, met}},
		"waits for rules":            {expected{Verdict: "error", Defects: []string{"ocsp-too-old"}, Absent: []string{"multiple-singles"}}, judgedAs(crl), []outcome{later, later, later}},
		"absent":                     {expected{Absent: []string{"aki-missing", "sigalg-mismatch"}}, judgedAs(crl, "crl-aki-present"), []outcome{disagreed, met}},
		"not judged":                 {expected{Parses: "false", Defects: []string{"ocsp-too-old"}, Absent: []string{"aki-missing"}}, result{Exit: 2}, []outcome{disagreed, later, disagreed}},
		"a word from nowhere":        {expected{Defects: []string{"gremlins"}}, judgedAs(crl), []outcome{later}},
	} {
		var got []outcome
		for _, v := range compare(item{Kind: "crl", Cert: "leaf.der", Expected: c.expected}, c.result) {
			got = append(got, v.outcome)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestVerdictNeedsACertificate(t *testing.T) {
	if list := compare(item{Kind: "crl", Expected: expected{Verdict: "good"}}, judgedAs(document{Kind: "crl"})); len(list) != 0 {
		t.Errorf("%v", list)
	}
}

func TestScore(t *testing.T) {
	good := document{Kind: "crl", Decoded: true}
	wrong := item{ID: "a/b", Kind: "crl", Expected: expected{Parses: "false"}}
	right := item{ID: "a/c", Kind: "crl", Expected: expected{Parses: "true"}}
	explained := []explanation{{"a/b", "parses", "Ours is right"}}
	for name, c := range map[string]struct {
		item      item
		result    result
		explained []explanation
		exit      int
		says      string
	}{
		"agreed":           {right, judgedAs(good), nil, exitAgreed, "0 disagreements"},
		"explained":        {wrong, judgedAs(good), explained, exitAgreed, "Explained: Ours is right (1):\n  a/b, parses"},
		"not explained":    {wrong, judgedAs(good), nil, exitDisputed, "Not explained (1):\n  a/b, parses"},
		"explained away":   {right, judgedAs(good), explained, exitDisputed, "1 explanations of none"},
		"a bug":            {right, result{Exit: 4, Document: good}, nil, exitDisputed, "a/c: exit 4"},
		"killed":           {right, result{Exit: -1, Document: good}, nil, exitDisputed, "a/c: exit -1"},
		"nobody asked one": {right, judgedAs(good, "ocsp-unknown-issuer"), nil, exitDisputed, "1 breakdowns"},
	} {
		var s score
		s.add(c.item, c.result)
		var out strings.Builder
		if exit := s.write(&out, c.explained); exit != c.exit || !strings.Contains(out.String(), c.says) {
			t.Errorf("%s: exit %d, want %d with %q:\n%s", name, exit, c.exit, c.says, out.String())
		}
	}
}

func TestReadExplanations(t *testing.T) {
	list, err := readExplanations(explanationsText)
	if err != nil || len(list) == 0 {
		t.Errorf("%d explanations, %v", len(list), err)
	}
	for _, wrong := range []string{"- `a/b` parses\n", "## Heading\n\n- `a/b`parses\n"} {
		if _, err := readExplanations(wrong); err == nil {
			t.Errorf("%q was read", wrong)
		}
	}
}

func TestReadLines(t *testing.T) {
	r, err := readLines([]byte(`{"type":"run"}
{"type":"document","kind":"crl","decoded":true,"signature":"valid","status":"good"}
{"type":"finding","rule":"crl-version","outcome":"failed","severity":"error"}
{"type":"tally"}
`))
	want := judgedAs(document{Kind: "crl", Decoded: true, Signature: "valid", Status: "good"}, "crl-version")
	if err != nil || r.Document != want.Document || !slices.Equal(r.Findings, want.Findings) {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := readLines([]byte("panic: no JSON\n")); err == nil {
		t.Error("a line that is no JSON was read")
	}
}

func TestArguments(t *testing.T) {
	got := strings.Join(arguments(item{File: "x.crl", Issuer: "ca", Extra: []string{"old"}, Cert: "leaf", At: "2026-01-01T00:00:00Z"}), " ")
	if want := "lint --format json --issuer ca --issuer old --cert leaf --at 2026-01-01T00:00:00Z x.crl"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
