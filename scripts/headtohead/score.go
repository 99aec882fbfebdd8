package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// absent stands in the table for a program that is not installed.
const absent = "absent"

// score is what every judge made of every response, ours first.
type score struct {
	trials   []trial
	judges   []judge
	opinions map[string][]opinion // of the trials, by judge; none of a judge that is absent
}

// catches reports whether a judge caught the fault of a response: by the right rule where
// it names rules. Whoever objects to a faultless response too has caught nothing.
func (s score) catches(j judge, number int) bool {
	t, said := s.trials[number], s.opinions[j.name][number]
	named := len(said.rules) == 0 || slices.Contains(said.rules, t.rule)
	return t.rule != "" && said.objects && named && !s.objectsToFaultless(j, t.delegated)
}

// objectsToFaultless reports whether a judge objects to the faultless response of the
// delegate, or of the CA.
func (s score) objectsToFaultless(j judge, delegated bool) bool {
	for i, t := range s.trials {
		if t.rule == "" && t.delegated == delegated && s.opinions[j.name][i].objects {
			return true
		}
	}
	return false
}

// caught counts the faults that a judge caught, and all of them.
func (s score) caught(j judge) (caught, seeded int) {
	for i, t := range s.trials {
		if t.rule != "" {
			seeded++
		}
		if s.catches(j, i) {
			caught++
		}
	}
	return caught, seeded
}

// exit is the exit code that the score makes.
func (s score) exit() int {
	us := s.judges[0]
	caught, seeded := s.caught(us)
	if caught < seeded || s.objectsToFaultless(us, false) || s.objectsToFaultless(us, true) {
		return exitMissed
	}
	return exitCaught
}

// cell is what a judge made of a response, in a word and the rule that it names.
func (s score) cell(j judge, number int) string {
	t, said := s.trials[number], s.opinions[j.name][number]
	switch {
	case t.rule == "" && said.objects:
		return strings.TrimSpace("objects " + strings.Join(said.rules, " "))
	case t.rule == "":
		return "accepts"
	case s.objectsToFaultless(j, t.delegated):
		return "no verdict"
	case s.catches(j, number) && len(said.rules) > 0:
		return "caught: " + t.rule
	case s.catches(j, number):
		return "caught"
	case said.objects:
		return "wrong rule: " + strings.Join(said.rules, " ")
	}
	return "not caught"
}

// write prints the table, with how many of the faults each judge caught.
func (s score) write(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	rows := make([][]string, len(s.trials)+2)
	rows[0], rows[len(rows)-1] = []string{"fault"}, []string{"faults caught"}
	for i, t := range s.trials {
		rows[i+1] = []string{t.name}
	}
	for _, j := range s.judges {
		for i, cell := range s.column(j) {
			rows[i] = append(rows[i], cell)
		}
	}
	for _, row := range rows {
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	return nil
}

// column is a judge's name, its cells and its count.
func (s score) column(j judge) []string {
	column := []string{j.name}
	if _, present := s.opinions[j.name]; !present {
		return append(column, slices.Repeat([]string{absent}, len(s.trials)+1)...)
	}
	for i := range s.trials {
		column = append(column, s.cell(j, i))
	}
	caught, seeded := s.caught(j)
	return append(column, fmt.Sprintf("%d of %d", caught, seeded))
}
