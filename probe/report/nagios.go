package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// PluginState is the state of a service in the words and exit codes of the Monitoring
// Plugins Development Guidelines.
type PluginState int

// The states; the number is the exit code.
const (
	PluginOK PluginState = iota
	PluginWarning
	PluginCritical
	PluginUnknown
)

func (s PluginState) String() string {
	return [...]string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}[s]
}

// Plugin returns the state of what was checked, by the exit code that the command has
// otherwise: of findings, critical and error ones are CRITICAL and milder ones WARNING.
// Where nothing could be judged, or we failed ourselves, it is UNKNOWN: monitoring must not
// blame the CA for that.
func Plugin(r *conformance.Report, exit int) PluginState {
	switch {
	case exit == 0:
		return PluginOK
	case exit == 1 && r.Worst() >= conformance.Error:
		return PluginCritical
	case exit == 1:
		return PluginWarning
	}
	return PluginUnknown
}

// Nagios writes a report as the one line of a monitoring plugin: state, what is wrong, and
// performance data. An error is w's.
func Nagios(w io.Writer, r *conformance.Report, exit int) error {
	data := slices.Concat(severityData(r), timeData(r))
	state, summary := Plugin(r, exit), pluginSummary(r)
	if why := whyUnknown(r); state == PluginUnknown && why != "" && why != summary {
		summary = why + "; " + summary
	}
	_, err := fmt.Fprintf(w, "%s | %s\n", PluginText(state, summary), strings.Join(data, " "))
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// PluginText is the text of a plugin's line: one line whatever is in it, without the bar
// that begins the performance data.
func PluginText(s PluginState, text string) string {
	return "REVPROBE " + s.String() + " - " + strings.ReplaceAll(Visible(text), "|", "/")
}

// pluginSummary names the worst findings by rule and place, as many as a pager shows.
func pluginSummary(r *conformance.Report) string {
	const most = 5
	list := counted(r)
	if len(list) == 0 {
		return noFindings(r)
	}
	var names []string
	for _, m := range merge(list) {
		name := m.Severity.String() + " " + m.Rule.ID
		if at := placeOf(m.Finding); at != "" {
			name += " at " + shown(at)
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return several(names, most)
}

// noFindings says why there are none.
func noFindings(r *conformance.Report) string {
	if why := whyUnknown(r); why != "" {
		return why
	}
	return fmt.Sprintf("no findings, %d verdicts passed, %d inconclusive", r.Outcomes.Passed, r.Outcomes.Inconclusive)
}

// whyUnknown says why findings, or that there are none, do not tell the state of what was
// checked; empty where they do.
func whyUnknown(r *conformance.Report) string {
	switch {
	case len(r.Bugs) > 0:
		first, _, _ := strings.Cut(r.Bugs[0], "\n")
		return first
	case r.NothingAsked:
		return "nothing could be asked"
	case r.Interrupted:
		return "interrupted before everything was asked"
	case len(r.Unheard) > 0:
		return "given up before its time was over: " + several(visibleAll(r.Unheard), 3)
	}
	return ""
}

// placeOf names the service or the file that a finding is about.
func placeOf(f conformance.Finding) string {
	if f.Service != "" {
		return f.Service
	}
	return f.Source
}

// severityData counts the findings; one critical or error is a critical state, one warning
// a warning.
func severityData(r *conformance.Report) []string {
	times := failuresBySeverity(r)
	var data []string
	for _, s := range []conformance.Severity{conformance.Critical, conformance.Error, conformance.Warning, conformance.Notice} {
		data = append(data, fmt.Sprintf("%s=%d;;;0", s, times[s]))
	}
	return append(data, fmt.Sprintf("inconclusive=%d;;;0", r.Outcomes.Inconclusive))
}

// timeData is the slowest whole answer and how much time the first document to expire has
// left. What was not seen is left out: no number would be true of it.
func timeData(r *conformance.Report) []string {
	var data []string
	if r.List != nil {
		return nil // of which there are no more than examples of what went wrong
	}
	slowest, soonest, seen := time.Duration(0), time.Time{}, time.Time{}
	for i := range r.Run.Exchanges {
		if x := &r.Run.Exchanges[i]; x.Ask.Has(evidence.HTTP) && x.Answered() {
			slowest = max(slowest, x.Timing.Total)
			seen = later(seen, x.At)
		}
	}
	for _, d := range r.Documents {
		if !d.NextUpdate.IsZero() && (soonest.IsZero() || d.NextUpdate.Before(soonest)) {
			soonest = d.NextUpdate
		}
	}
	if slowest > 0 {
		data = append(data, fmt.Sprintf("slowest=%.3fs;;10;0", slowest.Seconds())) // BR 4.10.2
	}
	if !soonest.IsZero() && !seen.IsZero() {
		data = append(data, fmt.Sprintf("expires_in=%ds", int(soonest.Sub(seen).Seconds())))
	}
	return data
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
