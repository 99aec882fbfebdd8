// Command incidents plays what CAs were publicly reported for, class of symptoms by class,
// by fake CAs that are checked as revprobe check does, in memory, and holds that each is
// named by the rule that is there for it, as gravely as it deserves, and that nothing is
// said of the same CA without the fault:
//
//	go run ./scripts/incidents
//
// The classes are those of a catalogue of 120 reports of OCSP, CRLs and the pointers to
// them, by number. Where a symptom shows only from one run to the next, the earlier runs are
// played too, and kept in a file of history; where it takes more than the services say, what
// the operator would give is given: the CCADB's list of CRLs, or --robustness.
//
// Exit codes: 0 when every class that can be seen is named, 1 when one is missed or a
// conforming CA is objected to, 2 when something could not be played.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/revprobe/revprobe/fixtures"
)

const (
	exitNamed   = 0
	exitMissed  = 1
	exitTrouble = 2
)

func main() {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, "usage: go run ./scripts/incidents")
		os.Exit(exitTrouble)
	}
	code, err := run(context.Background(), os.Stdout, incidents())
	if err != nil {
		fmt.Fprintf(os.Stderr, "incidents: %v\n", err)
	}
	os.Exit(code)
}

// run plays every incident and prints what named it.
func run(ctx context.Context, out io.Writer, list []incident) (int, error) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	a := authorities{}
	missed, named := 0, 0
	for _, in := range list {
		if in.unseen != "" {
			fmt.Fprintf(table, "%d\t%s\t-\t%s\n", in.number, in.class, in.unseen)
			continue
		}
		all := true
		for i := range in.scenes {
			said, ok, err := verdict(ctx, a, &in.scenes[i])
			if err != nil {
				return exitTrouble, err
			}
			fmt.Fprintf(table, "%d\t%s\t%s\t%s\n", in.number, in.class, in.scenes[i].played, said)
			if !ok {
				all = false
				missed++
			}
		}
		if all {
			named++
		}
	}
	if err := table.Flush(); err != nil {
		return exitTrouble, err
	}
	if _, err := fmt.Fprintf(out, "\n%s\n", count(named, len(list))); err != nil {
		return exitTrouble, err
	}
	if missed > 0 {
		return exitMissed, nil
	}
	return exitNamed, nil
}

// count says how many of the classes are named.
func count(named, all int) string { return fmt.Sprintf("%d of the %d classes", named, all) }

// verdict says in words what named a scene, and whether that is as it should be.
func verdict(ctx context.Context, a authorities, s *scene) (said string, ok bool, err error) {
	finding, err := s.named(ctx, a)
	if err != nil {
		return "", false, err
	}
	twin, err := s.play(ctx, a, false)
	if err != nil {
		return "", false, err
	}
	switch objection := loudest(twin); {
	case finding == nil:
		return "NOT NAMED by " + s.rule, false, nil
	case finding.Severity < s.least:
		return fmt.Sprintf("%s, ONLY AS %s", s.rule, finding.Severity), false, nil
	case objection != nil:
		return fmt.Sprintf("%s, but the CA WITHOUT THE FAULT has %s: %s", s.rule, objection.Rule.ID, objection.Got), false, nil
	}
	return fmt.Sprintf("%s (%s)", s.rule, finding.Severity), true, nil
}

// incidents are all classes, in the order of their numbers.
func incidents() []incident {
	var list []incident
	for _, part := range [][]incident{ocspStatusIncidents(), pointerIncidents(), crlIncidents(), ocspIncidents(), unseenIncidents()} {
		list = append(list, part...)
	}
	return inOrder(list)
}

// delegated is a CA whose OCSP responses a delegate signs.
var delegated = fixtures.Kind{Delegated: true}
