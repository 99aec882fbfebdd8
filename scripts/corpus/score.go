package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// score is what became of all expectations.
type score struct {
	counts     map[row]*count
	disputes   []dispute
	unjudged   map[string]int // by what it waits for, and the expectation
	breakdowns []string
}

// row is one line of the table.
type row struct{ kind, class string }

type count struct{ stated, met, disagreed, later int }

// dispute is an expectation that was not met.
type dispute struct {
	id string
	verdict
}

func (s *score) add(it item, r result) {
	if r.Exit < 0 || r.Exit > 2 {
		s.breakdowns = append(s.breakdowns, fmt.Sprintf("%s: exit %d: %s", it.ID, r.Exit, strings.TrimSpace(r.Stderr)))
	}
	if r.failed(askingRules()...) {
		s.breakdowns = append(s.breakdowns, it.ID+": a rule failed that judges the answer to a made-up question, and nobody asked one")
	}
	for _, v := range compare(it, r) {
		c := s.count(row{it.Kind, v.class()})
		c.stated++
		switch v.outcome {
		case met:
			c.met++
		case disagreed:
			c.disagreed++
			s.disputes = append(s.disputes, dispute{it.ID, v})
		case later:
			c.later++
			s.later(v)
		}
	}
}

func (s *score) count(r row) *count {
	if s.counts == nil {
		s.counts = map[row]*count{}
	}
	if s.counts[r] == nil {
		s.counts[r] = &count{}
	}
	return s.counts[r]
}

func (s *score) later(v verdict) {
	if s.unjudged == nil {
		s.unjudged = map[string]int{}
	}
	s.unjudged[v.why+": "+v.expectation]++
}

// write prints the table, what is not judged yet, and the disagreements with their
// explanations, and returns the exit code.
func (s *score) write(out io.Writer, explained []explanation) int {
	s.writeTable(out)
	var waiting []string
	for _, name := range slices.Sorted(maps.Keys(s.unjudged)) {
		waiting = append(waiting, fmt.Sprintf("%s, %d times", name, s.unjudged[name]))
	}
	writeList(out, "Not judged yet, by the rule that is to come", waiting)
	unexplained := s.writeDisputes(out, explained)
	stale := s.stale(explained)
	writeList(out, "Explained, but not disagreed upon (any more)", stale)
	writeList(out, "Broken down", s.breakdowns)
	fmt.Fprintf(out, "\n%d disagreements, %d not explained; %d explanations of none; %d breakdowns\n",
		len(s.disputes), unexplained, len(stale), len(s.breakdowns))
	if unexplained+len(stale)+len(s.breakdowns) > 0 {
		return exitDisputed
	}
	return exitAgreed
}

func (s *score) writeTable(out io.Writer) {
	rows := slices.SortedFunc(maps.Keys(s.counts), func(a, b row) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.class, b.class))
	})
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "kind\texpectation\tstated\tmet\tdisagreed\tnot judged yet\t")
	var sum count
	for _, r := range rows {
		c := s.counts[r]
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%d\t\n", r.kind, r.class, c.stated, c.met, c.disagreed, c.later)
		sum = count{sum.stated + c.stated, sum.met + c.met, sum.disagreed + c.disagreed, sum.later + c.later}
	}
	fmt.Fprintf(table, "all\t\t%d\t%d\t%d\t%d\t\n", sum.stated, sum.met, sum.disagreed, sum.later)
	_ = table.Flush() // out keeps its own error
}

// writeDisputes prints the disagreements, those not explained first, and counts these.
func (s *score) writeDisputes(out io.Writer, explained []explanation) int {
	under := map[string][]string{}
	var open []string
	for _, d := range s.disputes {
		line := fmt.Sprintf("%s, %s: %s", d.id, d.expectation, d.why)
		if heading, ok := explain(explained, d.id, d.expectation); ok {
			under[heading] = append(under[heading], line)
		} else {
			open = append(open, line)
		}
	}
	writeList(out, "Not explained", open)
	for _, heading := range slices.Sorted(maps.Keys(under)) {
		writeList(out, "Explained: "+heading, under[heading])
	}
	return len(open)
}

func writeList(out io.Writer, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(out, "\n%s (%d):\n", title, len(lines))
	for _, line := range lines {
		fmt.Fprintf(out, "  %s\n", line)
	}
}

// stale lists the explanations of what is not disagreed upon.
func (s *score) stale(explained []explanation) []string {
	var list []string
	for _, e := range explained {
		if !slices.ContainsFunc(s.disputes, func(d dispute) bool { return d.id == e.item && d.expectation == e.expectation }) {
			list = append(list, fmt.Sprintf("%s, %s, under %q", e.item, e.expectation, e.heading))
		}
	}
	return list
}
