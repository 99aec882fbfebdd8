package report

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/revprobe/revprobe/probe/conformance"
)

const homepage = "https://github.com/revprobe/revprobe"

// SARIF writes a report in the Static Analysis Results Interchange Format 2.1.0 (OASIS): a
// result for each finding, located at the URL of the service or at the file. An error is
// w's, or of encoding.
func SARIF(w io.Writer, r *conformance.Report) error {
	driver := sarifDriver{Name: "revprobe", Version: r.Run.Version, InformationURI: homepage, Rules: []sarifRule{}}
	results, places := []sarifResult{}, map[string]int{}
	for _, f := range r.Findings {
		place, known := places[f.Rule.ID]
		if !known {
			place = len(driver.Rules)
			places[f.Rule.ID] = place
			driver.Rules = append(driver.Rules, sarifRule{ID: f.Rule.ID, ShortDescription: sarifText{f.Rule.Says},
				Help: sarifText{"Clauses: " + citations(f.Rule.Cites)}})
		}
		results = append(results, sarifResultOf(f, place))
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{{Tool: sarifTool{driver}, Results: results}}}); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// sarifResultOf is one finding, of the rule in that place. What could not be judged is of
// the kind "open", without a level.
func sarifResultOf(f conformance.Finding, rule int) sarifResult {
	message := found(f.Got)
	if f.Want != "" {
		message += ", want " + found(f.Want)
	}
	result := sarifResult{RuleID: f.Rule.ID, RuleIndex: rule, Kind: "fail", Level: sarifLevel(f.Severity),
		Message: sarifText{f.Rule.Says + " Got " + message},
		Properties: sarifProperties{Assumed: shown(f.Assumed), At: stamp(f.At), Citations: citationNames(f.Citations),
			Exchanges: visibleAll(sources(f)), Severity: severityOf(f).String()}}
	if f.Outcome == conformance.Inconclusive {
		result.Kind, result.Level = "open", "none"
	}
	location := sarifLocation{Physical: sarifPhysical{Artifact: sarifArtifact{artifact(placeOf(f))}}}
	if f.Offset >= 0 {
		location.Physical.Region = &sarifRegion{f.Offset}
	}
	if f.Field != "" {
		location.Logical = []sarifLogical{{shown(f.Field)}}
	}
	result.Locations = []sarifLocation{location}
	if f.Suppressed() {
		result.Suppressions = []sarifSuppression{{Kind: "external", Justification: shown(f.SuppressedFor)}}
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
	if u, err := url.Parse(place); err == nil && u.Host != "" {
		return strings.ReplaceAll(shown(place), " ", "%20")
	}
	file := url.URL{Path: place}
	return file.String()
}
