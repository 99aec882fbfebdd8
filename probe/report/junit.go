package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/revprobe/revprobe/probe/conformance"
)

// The elements of JUnit XML in the order that the schema of Jenkins's xUnit plugin asks for.
// The libraries for it write attributes that this schema does not know.
type (
	junitSuites struct {
		XMLName xml.Name      `xml:"testsuites"`
		Suites  []*junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Timestamp  string          `xml:"timestamp,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Skipped string        `xml:"skipped,omitempty"`
		Failure *junitFailure `xml:"failure"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",cdata"`
	}
)

// JUnit writes a report as JUnit XML: a suite for each service, file or certificate, in it
// a case for each rule that was put to it. A rule that could not be judged, or whose
// failures are all suppressed, is skipped with the reason. An error is w's.
func JUnit(w io.Writer, r *conformance.Report) error {
	var all junitSuites
	index := map[string]*junitSuite{}
	for _, j := range r.Judged {
		suite := index[j.Place()]
		if suite == nil {
			suite = newSuite(r, j.Place())
			index[j.Place()] = suite
			all.Suites = append(all.Suites, suite)
		}
		suite.add(testcase(r, j))
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func newSuite(r *conformance.Report, place string) *junitSuite {
	s := &junitSuite{Name: shown(place), Timestamp: r.Run.Started.UTC().Format("2006-01-02T15:04:05")}
	for _, p := range []junitProperty{
		{"profile", r.Profile.Name}, {"version", r.Run.Version}, {"seed", r.Run.Seed}, {"vantage", r.Run.Vantage},
	} {
		if p.Value != "" {
			s.Properties = append(s.Properties, junitProperty{p.Name, shown(p.Value)})
		}
	}
	return s
}

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	if c.Skipped != "" {
		s.Skipped++
	}
}

// testcase is one rule at one place.
func testcase(r *conformance.Report, j *conformance.Judged) junitCase {
	c := junitCase{Name: j.Rule.ID, Class: shown(j.Place())}
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
		c.Failure = &junitFailure{Type: m[0].Severity.String(), Message: found(m[0].Got), Text: failureText(m)}
	case len(silenced) > 0:
		f := silenced[0]
		c.Skipped = fmt.Sprintf("suppressed until %s: %s", stamp(f.SuppressedUntil), shown(f.SuppressedFor))
	case len(unable) > 0:
		c.Skipped = "inconclusive: " + found(unable[0].Got)
	case j.Outcomes.Passed == 0:
		c.Skipped = "not applicable"
	}
	return c
}

// failureText is what one needs to read of the failures of one rule.
func failureText(list []*mergedFinding) string {
	var b strings.Builder
	for _, m := range list {
		fmt.Fprintf(&b, "%s\nclause: %s\ngot: %s\nwant: %s\n", m.Rule.Says, citations(m.Citations), found(m.Got), found(m.Want))
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
