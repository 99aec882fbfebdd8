package report_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/report"
)

// pluginLine is the output of the Monitoring Plugins Development Guidelines: a text without
// a bar, then 'label'=value[UOM];[warn];[crit];[min];[max].
var pluginLine = regexp.MustCompile(`^REVPROBE (OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+ \|( [a-z_]+=-?\d+(\.\d+)?(s|%|B|c)?(;[0-9.]*){0,4})+\n$`)

func plugin(t *testing.T, r *conformance.Report, exit int) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Nagios(&b, r, exit); err != nil {
		t.Fatal(err)
	}
	if !pluginLine.MatchString(b.String()) {
		t.Errorf("%q is not a plugin's line", b.String())
	}
	return b.String()
}

func TestNagiosLine(t *testing.T) {
	t.Parallel()
	golden(t, "check.nagios", []byte(plugin(t, checked(), 1)+plugin(t, conforming(), 0)))
}

func TestNagiosOfAServiceGivenUpTooSoon(t *testing.T) {
	t.Parallel()
	r := conforming()
	r.Unheard = []string{"http://ocsp.example"}
	if line := plugin(t, r, 3); !strings.HasPrefix(line, "REVPROBE UNKNOWN - given up before its time was over: http://ocsp.example |") {
		t.Errorf("%q", line)
	}
}

func TestNagiosStateFollowsTheExitCode(t *testing.T) {
	t.Parallel()
	mild := checked()
	mild.Findings = mild.Findings[len(mild.Findings)-1:]
	for _, c := range []struct {
		name   string
		report *conformance.Report
		exit   int
		state  report.PluginState
	}{
		{"nothing found", conforming(), 0, report.PluginOK},
		{"below --fail-on", mild, 0, report.PluginOK},
		{"a warning", mild, 1, report.PluginWarning},
		{"critical", checked(), 1, report.PluginCritical},
		{"bad input", checked(), 2, report.PluginUnknown},
		{"our own network", conforming(), 3, report.PluginUnknown},
		{"our own bug", conforming(), 4, report.PluginUnknown},
	} {
		if got := report.Plugin(c.report, c.exit); got != c.state {
			t.Errorf("%s: %s, want %s", c.name, got, c.state)
		}
		if line := plugin(t, c.report, c.exit); !strings.HasPrefix(line, "REVPROBE "+c.state.String()+" - ") {
			t.Errorf("%s: %q", c.name, line)
		}
	}
}

// Where the state is not known, the line says why before it says what was found all the same.
func TestNagiosSaysWhyItIsUnknown(t *testing.T) {
	t.Parallel()
	mild := checked()
	mild.Findings = mild.Findings[len(mild.Findings)-1:]
	found := strings.TrimPrefix(strings.Split(plugin(t, mild, 0), " | ")[0], "REVPROBE OK - ")
	mild.Bugs, mild.NothingAsked = nil, true
	if line := plugin(t, mild, 3); !strings.HasPrefix(line, "REVPROBE UNKNOWN - nothing could be asked; "+found+" | ") {
		t.Errorf("%q", line)
	}
	mild.NothingAsked, mild.Interrupted = false, true
	if line := plugin(t, mild, 3); !strings.HasPrefix(line, "REVPROBE UNKNOWN - interrupted before everything was asked; "+found+" | ") {
		t.Errorf("%q", line)
	}
	if line := plugin(t, mild, 1); !strings.HasPrefix(line, "REVPROBE WARNING - "+found+" | ") {
		t.Errorf("%q", line)
	}
}

// What a far end sends begins neither another line nor the performance data.
func TestNagiosLineOfHostileText(t *testing.T) {
	t.Parallel()
	r := checked()
	for i := range r.Findings {
		r.Findings[i].Service = "http://a.example/|x=1\nOK"
	}
	if line := plugin(t, r, 1); strings.Count(line, "|") != 1 || strings.Count(line, "\n") != 1 {
		t.Errorf("%q", line)
	}
}
