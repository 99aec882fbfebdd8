package main

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write RULES.md anew")

const rulesPage = "../../probe/conformance/RULES.md"

// Law 8: the documentation of the rules is what the registry renders, each rule with the
// finding that its own first bad case produces.
func TestRulesPageIsCurrent(t *testing.T) {
	var out, problems bytes.Buffer
	env := &environment{stdout: &out, stderr: &problems}
	if code := run(t.Context(), env, []string{"rules", "--format", "markdown"}); code != exitClean {
		t.Fatalf("exit %d: %s", code, &problems)
	}
	if *update {
		if err := os.WriteFile(rulesPage, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(rulesPage)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(page, out.Bytes()) {
		t.Error("RULES.md is not what the rules say: go test ./cmd/revprobe -run RulesPage -update")
	}
	if bytes.Contains(page, []byte("the JSON lines have all")) {
		t.Error("what a rule says of its first bad case does not fit into a text report")
	}
}
