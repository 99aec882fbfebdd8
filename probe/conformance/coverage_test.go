package conformance_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/probe/conformance"
)

// Every row of the catalogue is either a rule or has a reason, and never both.
func TestEveryRowIsARuleOrHasAReason(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, row := range conformance.Catalogue() {
		if seen[row.ID] {
			t.Errorf("%s is listed twice", row.ID)
		}
		seen[row.ID] = true
		switch ruled := conformance.RuleNamed(row.ID) != nil; {
		case ruled && row.Reason != "":
			t.Errorf("%s has a rule, and a reason to have none: %s", row.ID, row.Reason)
		case !ruled && row.Reason == "":
			t.Errorf("%s has no rule and no reason to have none", row.ID)
		case row.Reason != strings.TrimRight(row.Reason, " :."):
			t.Errorf("%s: the reason %q breaks off, or is a sentence", row.ID, row.Reason)
		}
	}
}

// A rule that is no row is not in the catalogue of requirements, or has been forgotten in
// the list.
func TestEveryRuleIsARow(t *testing.T) {
	t.Parallel()
	rows := map[string]bool{}
	for _, row := range conformance.Catalogue() {
		rows[row.ID] = true
	}
	for _, r := range conformance.Rules() {
		if !rows[r.ID] {
			t.Errorf("the rule %s is no row", r.ID)
		}
	}
}

// The sections are complete: the catalogue of requirements has so many rows of each.
func TestSectionsAreComplete(t *testing.T) {
	t.Parallel()
	got, order := map[string]int{}, []string(nil)
	for _, row := range conformance.Catalogue() {
		got[row.Section]++
		if order = append(order, row.Section); !slices.IsSorted(order) {
			t.Fatalf("%s of section %s is out of order", row.ID, row.Section)
		}
	}
	for section, want := range map[string]int{"2": 47, "A1": 27, "A2": 17, "A3": 24, "A4": 13, "A5": 13, "B1": 25, "B2": 26, "B3": 19, "B4": 15,
		"C1": 21, "C2": 16, "C3": 7, "D": 16, "E1": 19, "E2": 12, "E3": 17, "further": 10} {
		if got[section] != want {
			t.Errorf("section %s has %d rows, want %d", section, got[section], want)
		}
		delete(got, section)
	}
	if len(got) > 0 {
		t.Errorf("there are no sections %v", got)
	}
}
