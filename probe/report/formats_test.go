package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"slices"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/report"
)

func inFormat(t *testing.T, format string, r *conformance.Report) []byte {
	t.Helper()
	f, known := report.FormatNamed(format)
	if !known {
		t.Fatalf("there is no format %s", format)
	}
	var b bytes.Buffer
	if err := f.Write(&b, r, report.Options{Text: report.TextOptions{Exit: 1}}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Every format tells a finding by its rule, the same every time, and an error of the writer
// is one of ours.
func TestFormatsTellTheFindings(t *testing.T) {
	t.Parallel()
	for _, f := range report.Formats() {
		got := inFormat(t, f.Name, checked())
		if !bytes.Contains(got, []byte("ocsp-unassigned-not-good")) {
			t.Errorf("%s does not name the rule that failed:\n%s", f.Name, got)
		}
		if !bytes.Equal(got, inFormat(t, f.Name, checked())) {
			t.Errorf("%s differs from one time to the next", f.Name)
		}
		if err := f.Write(fullDisk{}, checked(), report.Options{}); err == nil || !strings.Contains(err.Error(), "no space") {
			t.Errorf("%s on a full disk: %v", f.Name, err)
		}
	}
}

// totals are what the suites of a JUnit report add up to.
type totals struct{ tests, failures, skipped, suites int }

func suites(t *testing.T, r *conformance.Report) totals {
	t.Helper()
	var all struct {
		Suites []struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Skipped  int `xml:"skipped,attr"`
			Cases    []struct {
				Failure *struct{} `xml:"failure"`
				Skipped string    `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(inFormat(t, "junit", r), &all); err != nil {
		t.Fatal(err)
	}
	sum := totals{suites: len(all.Suites)}
	for _, s := range all.Suites {
		var counted totals
		for _, c := range s.Cases {
			counted.tests++
			if c.Failure != nil {
				counted.failures++
			}
			if c.Skipped != "" {
				counted.skipped++
			}
		}
		if said := (totals{tests: s.Tests, failures: s.Failures, skipped: s.Skipped}); counted != said {
			t.Errorf("a suite says %+v of %+v", said, counted)
		}
		sum.tests, sum.failures, sum.skipped = sum.tests+s.Tests, sum.failures+s.Failures, sum.skipped+s.Skipped
	}
	return sum
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	r := checked()
	golden(t, "check.junit.xml", inFormat(t, "junit", r))
	all := suites(t, r)
	if got, want := all, (totals{tests: 3, failures: 3, suites: 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	r.Findings[2].SuppressedFor, r.Findings[3].SuppressedFor = "being mended", "being mended"
	if got, want := suites(t, r), (totals{tests: 3, failures: 2, skipped: 1, suites: 2}); got != want {
		t.Errorf("suppressed: %+v, want %+v", got, want)
	}
}

func TestSARIF(t *testing.T) {
	t.Parallel()
	golden(t, "check.sarif", inFormat(t, "sarif", checked()))
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Results []struct {
				RuleID, Level, Kind string
				RuleIndex           int
				Suppressions        []struct{ Justification string }
			}
		}
	}
	r := checked()
	r.Findings[1].SuppressedFor = "being mended"
	if err := json.Unmarshal(inFormat(t, "sarif", r), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	var levels []string
	for i, result := range run.Results {
		levels = append(levels, result.Kind+"/"+result.Level)
		if rule := run.Tool.Driver.Rules[result.RuleIndex].ID; rule != result.RuleID {
			t.Errorf("result %d: its index names %s, its id %s", i, rule, result.RuleID)
		}
		if got := len(result.Suppressions); (got == 1) != (i == 1) {
			t.Errorf("result %d has %d suppressions", i, got)
		}
	}
	if want := []string{"open/none", "fail/error", "fail/error", "fail/error", "fail/warning"}; log.Version != "2.1.0" || !slices.Equal(levels, want) {
		t.Errorf("version %s, %v, want %v", log.Version, levels, want)
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	r := checked()
	r.Run.Exchanges[1].Request = []byte("request")
	r.Findings[4].SuppressedFor, r.Findings[4].SuppressedUntil = "the CDN is being moved", clock(59)
	golden(t, "check.md", inFormat(t, "markdown", r))
}

// What a certificate names ends no quotation of the shell and no block of the page, and
// what a shell would not take as it stands is not offered to it.
func TestMarkdownOfHostileAddresses(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"http://a.example/'$(id)'":         `'http://a.example/'\''$(id)'\'''`,
		"http://a.example/```":             "\n````sh\n",
		"http://a.example/\nrm":            "",
		"http://a.example/\u202egnp.":      "",
		"http://a.example/#`id`;\"$HOME\"": "'http://a.example/#`id`;\"$HOME\"'",
	} {
		r := checked()
		r.Run.Exchanges[1].URL = url
		text := string(inFormat(t, "markdown", r))
		begin := strings.Index(text, "ocsp-unassigned-not-good")
		section, _, _ := strings.Cut(text[begin:], "\n## ")
		if want == "" && strings.Contains(section, "curl") || !strings.Contains(section, want) {
			t.Errorf("%q:\n%s", url, section)
		}
	}
}

// A file is a URI reference that leads to that file, a service the URL it was asked by.
func TestPlacesInSARIF(t *testing.T) {
	t.Parallel()
	for place, want := range map[string]string{
		"crls/ca.crl":               "crls/ca.crl",
		"/var/a#b%41?é \"<\x01.crl": "/var/a%23b%2541%3F%C3%A9%20%22%3C%01.crl",
		"x:y.crl":                   "./x:y.crl",
		"standard input":            "standard%20input",
		"http://crl.example/a%20b":  "http://crl.example/a%20b",
		"tls://www.example:443":     "tls://www.example:443",
		"http://crl.example/a b":    "http://crl.example/a%20b",
	} {
		r := linted()
		r.Findings[0].Source = place
		var log struct {
			Runs []struct {
				Results []struct {
					Locations []struct {
						PhysicalLocation struct{ ArtifactLocation struct{ URI string } }
					}
				}
			}
		}
		if err := json.Unmarshal(inFormat(t, "sarif", r), &log); err != nil {
			t.Fatal(err)
		}
		if got := log.Runs[0].Results[0].Locations[0].PhysicalLocation.ArtifactLocation.URI; got != want {
			t.Errorf("%q is %q, want %q", place, got, want)
		}
	}
}
