package report

// sarifLog is a log file of SARIF 2.1.0 (§3.13), as far as findings fill it.
type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

const sarifSchema = "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/main/sarif-2.1/schema/sarif-schema-2.1.0.json"

type sarifRun struct {
	Results []sarifResult `json:"results"`
	Tool    sarifTool     `json:"tool"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	InformationURI string      `json:"informationUri"`
	Name           string      `json:"name"`
	Rules          []sarifRule `json:"rules"`
	Version        string      `json:"version"`
}

// sarifRule is a reportingDescriptor (§3.49).
type sarifRule struct {
	Help             sarifText `json:"help"`
	ID               string    `json:"id"`
	ShortDescription sarifText `json:"shortDescription"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifResult struct {
	Kind         string             `json:"kind"`
	Level        string             `json:"level"`
	Locations    []sarifLocation    `json:"locations"`
	Message      sarifText          `json:"message"`
	Properties   sarifProperties    `json:"properties"`
	RuleID       string             `json:"ruleId"`
	RuleIndex    int                `json:"ruleIndex"`
	Suppressions []sarifSuppression `json:"suppressions,omitempty"`
}

type sarifLocation struct {
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	Physical sarifPhysical  `json:"physicalLocation"`
}

type sarifLogical struct {
	FullyQualifiedName string `json:"fullyQualifiedName"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	ByteOffset int64 `json:"byteOffset"`
}

// sarifProperties is a property bag (§3.8): what a finding says that SARIF has no field for.
type sarifProperties struct {
	Assumed   string   `json:"assumed,omitempty"`
	At        string   `json:"at"`
	Citations []string `json:"citations"`
	Exchanges []string `json:"exchanges"`
	Severity  string   `json:"severity"`
}

type sarifSuppression struct {
	Justification string `json:"justification"`
	Kind          string `json:"kind"`
}
