package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/revprobe/revprobe/probe/conformance"
)

const homepage = "https://github.com/revprobe/revprobe"

// SARIF writes a report in the Static Analysis Results Interchange Format 2.1.0 (OASIS): a
// result for each finding, located at the URL of the service or at the file. An error is
// w's, or of encoding.
func SARIF(w io.Writer, r *conformance.Report) error {
	log := report.NewV210Report()
	run := sarif.NewRunWithInformationURI("revprobe", homepage)
	version := r.Run.Version
	run.Tool.Driver.Version = &version
	for _, f := range r.Findings {
		run.AddRule(f.Rule.ID).WithDescription(f.Rule.Says).
			WithHelp(sarif.NewMultiformatMessageString().WithText("Clauses: " + citations(f.Rule.Cites)))
		result := sarifResult(f)
		result.RuleIndex = run.GetRuleIndex(f.Rule.ID)
		run.AddResult(result)
	}
	log.AddRun(run)
	if err := log.PrettyWrite(w); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// sarifResult is one finding. What could not be judged is of the kind "open", without a
// level.
func sarifResult(f conformance.Finding) *sarif.Result {
	message := shown(f.Got)
	if f.Want != "" {
		message += ", want " + shown(f.Want)
	}
	result := sarif.NewRuleResult(f.Rule.ID).WithMessage(sarif.NewTextMessage(f.Rule.Says + " Got " + message))
	result.Kind, result.Level = "fail", sarifLevel(f.Severity)
	if f.Outcome == conformance.Inconclusive {
		result.Kind, result.Level = "open", "none"
	}
	physical := sarif.NewPhysicalLocation().WithArtifactLocation(sarif.NewSimpleArtifactLocation(artifact(placeOf(f))))
	if f.Offset >= 0 {
		physical.WithRegion(sarif.NewRegion().WithByteOffset(int(f.Offset)))
	}
	location := sarif.NewLocationWithPhysicalLocation(physical)
	if f.Field != "" {
		location.WithLogicalLocations([]*sarif.LogicalLocation{sarif.NewLogicalLocation().WithFullyQualifiedName(shown(f.Field))})
	}
	result.AddLocation(location)
	properties := sarif.NewPropertyBag()
	properties.Add("severity", severityOf(f).String())
	properties.Add("citations", citationNames(f.Citations))
	properties.Add("exchanges", visibleAll(sources(f)))
	properties.Add("at", stamp(f.At))
	if f.Assumed != "" {
		properties.Add("assumed", shown(f.Assumed))
	}
	result.WithProperties(properties)
	if f.Suppressed() {
		result.AddSuppression(sarif.NewSuppression().WithKind("external").WithJustification(shown(f.SuppressedFor)))
	}
	return result
}

// sarifLevel maps our severities to the three levels that SARIF has.
func sarifLevel(s conformance.Severity) string {
	switch {
	case s >= conformance.Error:
		return "error"
	case s == conformance.Warning:
		return "warning"
	}
	return "note"
}

// artifact is the place of a finding as a URI reference, which SARIF asks for.
func artifact(place string) string {
	return strings.ReplaceAll(shown(place), " ", "%20")
}
