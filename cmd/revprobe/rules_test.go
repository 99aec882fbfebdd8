package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/probe/conformance"
)

func TestCoverage(t *testing.T) {
	t.Parallel()
	text := revprobe(t, "rules", "--coverage")
	text.want(t, exitClean, "ocsp-monotonic", "needs CT or a list of issued certificates")
	var ids, ruled []string
	for _, row := range conformance.Catalogue() {
		ids = append(ids, row.ID)
		if row.Reason == "" {
			ruled = append(ruled, row.ID)
		}
		if !slices.Contains(strings.Fields(text.stdout), row.ID) {
			t.Errorf("%s is not listed", row.ID)
		}
	}
	text.want(t, exitClean, fmt.Sprintf("%d requirements: %d judged by a rule", len(ids), len(ruled)))

	objects := revprobe(t, "rules", "--coverage", "--format", "json").objects(t)
	if got := texts(objects, "id"); !slices.Equal(got, ids) {
		t.Errorf("as JSON: %v, want %v", got, ids)
	}
	for _, o := range objects {
		if id := o["id"].(string); o["rule"] != slices.Contains(ruled, id) {
			t.Errorf("%s as JSON: %v", id, o)
		}
	}
}

func TestCoverageTakesNothingThatItIgnores(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		line string
		want []string
	}{
		{"rules --coverage ocsp-signed", []string{"no rules", "hint: revprobe help rules"}},
		{"rules --coverage --profile rfc", []string{"no --profile", "hint: revprobe help rules"}},
		{"rules --coverage --format markdown", []string{`"markdown"`, "hint: there are text, json"}},
	} {
		revprobe(t, strings.Fields(test.line)...).wantUsage(t, test.want...)
	}
}
