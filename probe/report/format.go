package report

import (
	"fmt"
	"io"

	"github.com/revprobe/revprobe/probe/conformance"
)

// Format is a form in which a report can be written.
type Format struct {
	Name  string
	Says  string // what it is for, in a few words
	write func(io.Writer, *conformance.Report, Options) error
}

// Options says how a report is written.
type Options struct {
	Text   TextOptions
	Layout Layout // of the JSON lines
}

// Formats returns every format, the one for people first.
func Formats() []Format {
	return []Format{
		{"text", "for people", func(w io.Writer, r *conformance.Report, o Options) error { return Text(w, r, o.Text) }},
		{"json", "JSON lines for programs", func(w io.Writer, r *conformance.Report, o Options) error { return JSON(w, r, o.Text.Exit, o.Layout) }},
		{"markdown", "the evidence appendix of an incident report", func(w io.Writer, r *conformance.Report, _ Options) error { return Markdown(w, r) }},
		{"nagios", "one line with performance data, for monitoring plugins", func(w io.Writer, r *conformance.Report, o Options) error { return Nagios(w, r, o.Text.Exit) }},
		{"prometheus", "a file for node_exporter's textfile collector", func(w io.Writer, r *conformance.Report, o Options) error { return Prometheus(w, r, o.Text.Exit) }},
		{"junit", "JUnit XML: a suite for each service, a case for each rule", func(w io.Writer, r *conformance.Report, _ Options) error { return JUnit(w, r) }},
		{"sarif", "SARIF 2.1.0", func(w io.Writer, r *conformance.Report, _ Options) error { return SARIF(w, r) }},
	}
}

// FormatNamed returns the format of that name.
func FormatNamed(name string) (Format, bool) {
	for _, f := range Formats() {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}

// Write writes a report in the format. An error is w's, or of encoding it.
func (f Format) Write(w io.Writer, r *conformance.Report, o Options) error {
	if err := f.write(w, r, o); err != nil {
		return fmt.Errorf("as %s: %w", f.Name, err)
	}
	return nil
}
