package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/revprobe/revprobe/probe/conformance"
)

// JUnit writes a report as JUnit XML: a suite for each service, file or certificate, in it
// a case for each rule that was put to it. A rule that could not be judged, or whose
// failures are all suppressed, is skipped with the reason; one that panicked is an error.
// An error is w's.
func JUnit(w io.Writer, r *conformance.Report) error {
	all := junit.Testsuites{Name: "revprobe"}
	var suites []*junit.Testsuite
	index := map[string]*junit.Testsuite{}
	for _, j := range r.Judged {
		suite := index[j.Place()]
		if suite == nil {
			suite = newSuite(r, j.Place(), len(suites))
			index[j.Place()] = suite
			suites = append(suites, suite)
		}
		suite.AddTestcase(testcase(r, j))
	}
	for _, suite := range suites {
		all.AddSuite(*suite)
	}
	if err := all.WriteXML(w); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func newSuite(r *conformance.Report, place string, id int) *junit.Testsuite {
	s := &junit.Testsuite{Name: shown(place), ID: id, Package: "revprobe", Hostname: "localhost", Time: "0",
		Timestamp: r.Run.Started.UTC().Format("2006-01-02T15:04:05"), SystemOut: &junit.Output{}, SystemErr: &junit.Output{}}
	for _, p := range []struct{ name, value string }{
		{"profile", r.Profile.Name}, {"version", r.Run.Version}, {"seed", r.Run.Seed}, {"vantage", r.Run.Vantage},
	} {
		if p.value != "" {
			s.AddProperty(p.name, shown(p.value))
		}
	}
	return s
}

// testcase is one rule at one place.
func testcase(r *conformance.Report, j *conformance.Judged) junit.Testcase {
	c := junit.Testcase{Name: j.Rule.ID, Classname: shown(j.Place()), Time: "0"}
	var failed, silenced, unable []conformance.Finding
	for _, f := range r.Findings {
		switch {
		case f.Rule != j.Rule || placeOf(f) != j.Place():
		case f.Counts():
			failed = append(failed, f)
		case f.Suppressed():
			silenced = append(silenced, f)
		default:
			unable = append(unable, f)
		}
	}
	switch {
	case len(failed) > 0:
		m := merge(failed)
		c.Failure = &junit.Result{Type: m[0].Severity.String(), Message: shown(m[0].Got), Data: failureText(m)}
	case len(silenced) > 0:
		f := silenced[0]
		c.Skipped = &junit.Result{Message: fmt.Sprintf("suppressed until %s: %s", stamp(f.SuppressedUntil), shown(f.SuppressedFor))}
	case len(unable) > 0:
		c.Skipped = &junit.Result{Message: "inconclusive: " + shown(unable[0].Got)}
	case j.Outcomes[conformance.Passed] == 0:
		c.Skipped = &junit.Result{Message: "not applicable"}
	}
	return c
}

// failureText is what one needs to read of the failures of one rule.
func failureText(list []*mergedFinding) string {
	var b strings.Builder
	for _, m := range list {
		fmt.Fprintf(&b, "%s\nclause: %s\ngot: %s\nwant: %s\n", m.Rule.Says, citations(m.Citations), shown(m.Got), shown(m.Want))
		if place := fieldPlace(m.Finding); place != "" {
			fmt.Fprintf(&b, "field: %s\n", place)
		}
		fmt.Fprintf(&b, "where: %s (%s)\nat: %s\n", several(visibleAll(m.exchanges), 5), plural(m.times, "verdict"), m.At.UTC().Format(time.RFC3339))
	}
	return b.String()
}

func visibleAll(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, shown(s))
	}
	return out
}
