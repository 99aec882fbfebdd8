package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/revprobe/revprobe/probe/conformance"
)

// RulesMarkdown writes the rules as a Markdown page: the profiles, and a section for each
// rule with the finding that example gives for it, as text; none where that is empty. An
// error is w's.
func RulesMarkdown(w io.Writer, rules []*conformance.Rule, example func(*conformance.Rule) string) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Rules\n\nWhat the services and their documents are judged by: %s. "+
		"This page is made from the rules themselves.\n\n", plural(len(rules), "rule"))
	b.WriteString("A severity is that of the strongest clause the profile recognises, once every clause cited is in force.\n\n")
	b.WriteString("| profile | what it is | documents |\n|---|---|---|\n")
	for _, p := range conformance.Profiles() {
		var documents []string
		for _, d := range p.Documents {
			documents = append(documents, string(d))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p.Name, markdown(p.Says), markdown(strings.Join(documents, ", ")))
	}
	for _, r := range rules {
		ruleSection(&b, r)
		if text := strings.Trim(example(r), "\n"); text != "" {
			b.WriteString("\nA finding of it:\n\n")
			codeBlock(&b, "text", text)
		}
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing the rules: %w", err)
	}
	return nil
}

func ruleSection(b *bytes.Buffer, r *conformance.Rule) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n", r.ID, markdown(r.Says))
	var clauses []string
	for _, c := range r.Cites {
		clauses = append(clauses, clause(c))
	}
	item := func(label, text string) {
		if text != "" {
			fmt.Fprintf(b, "- %s: %s\n", label, markdown(text))
		}
	}
	item("Clauses", strings.Join(clauses, "; "))
	item("Severity", strings.Join(severityLines(r), "; "))
	item("Judges", r.Subject())
	item("Scope", scopeText(r.Scope))
	item("Needs", needsText(r))
	item("Bad", strings.Join(badCases(r), "; "))
	item("Good", strings.Join(goodCases(r), "; "))
}

// codeBlock writes text in some language behind a fence longer than any in it.
func codeBlock(b *bytes.Buffer, language, text string) {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	fmt.Fprintf(b, "%s\n%s\n%s\n", fence+language, text, fence)
}

// markdown escapes what would be markup in running text.
func markdown(s string) string {
	return strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "<", "&lt;", "|", `\|`, "[", `\[`, "]", `\]`).Replace(s)
}
