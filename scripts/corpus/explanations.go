package main

import (
	"fmt"
	"strings"
)

// explanation says why we do not share one expectation.
type explanation struct {
	item, expectation string
	heading           string // of the section that explains it
}

// readExplanations reads the sections of disagreements.md: a heading, the reason in prose,
// and a list with one line for each disagreement that it explains, such as
//
//   - `webpki/crl-crl.valid` verdict
func readExplanations(text string) ([]explanation, error) {
	var list []explanation
	heading := ""
	for number, line := range strings.Split(text, "\n") {
		if title, found := strings.CutPrefix(line, "## "); found {
			heading = title
			continue
		}
		entry, found := strings.CutPrefix(line, "- `")
		if !found {
			continue
		}
		id, expectation, whole := strings.Cut(entry, "` ")
		if !whole || heading == "" {
			return nil, fmt.Errorf("reading disagreements.md, line %d: %q is not an item in backquotes and an expectation under a heading", number+1, line)
		}
		list = append(list, explanation{id, strings.TrimSpace(expectation), heading})
	}
	return list, nil
}

// explain returns the heading under which a disagreement is explained.
func explain(list []explanation, id, expectation string) (heading string, ok bool) {
	for _, e := range list {
		if e.item == id && e.expectation == expectation {
			return e.heading, true
		}
	}
	return "", false
}
