package conformance

import (
	"slices"
	"time"
)

// Profile is the set of documents that the services are held to.
type Profile struct {
	Name      string
	Says      string
	Documents []Standard
}

var rfcDocuments = []Standard{RFC6960Doc, RFC5280Doc, RFC2182Doc, RFC2585Doc, RFC7633Doc, RFC9110Doc, RFC9111Doc, RFC9608Doc, RFC9919Doc, RFC9654Doc}

// Profiles returns every profile, the default first. The Baseline Requirements adopt
// RFC 6960 and RFC 5280 (BR 4.9.9, 7), so every profile built on them holds the RFCs too.
func Profiles() []Profile {
	br := slices.Concat(rfcDocuments, []Standard{BRDoc, EVGDoc})
	return []Profile{
		{"web", "what a CA trusted by browsers is held to", slices.Concat(br, []Standard{MRSPDoc, AppleDoc, ChromeDoc, CCADBDoc})},
		{"rfc", "the RFCs alone, for private PKI", rfcDocuments},
		{"tls-br", "the RFCs and the CA/Browser Forum TLS Baseline Requirements", br},
		{"mozilla", "the RFCs and the Mozilla Root Store Policy", slices.Concat(rfcDocuments, []Standard{MRSPDoc})},
		{"apple", "the RFCs and the Apple Root Program", slices.Concat(rfcDocuments, []Standard{AppleDoc})},
		{"microsoft", "the RFCs and the Microsoft Trusted Root Program", slices.Concat(rfcDocuments, []Standard{MSTRPDoc})},
		{"ccadb", "the RFCs and the CCADB Policy", slices.Concat(rfcDocuments, []Standard{CCADBDoc})},
		{"all", "every document there is", slices.Concat(br, []Standard{MRSPDoc, AppleDoc, ChromeDoc, CCADBDoc, MSTRPDoc})},
	}
}

// ProfileNamed returns the profile of that name.
func ProfileNamed(name string) (Profile, bool) {
	for _, p := range Profiles() {
		if p.Name == name {
			return p, true
		}
	}
	return Profile{}, false
}

// Severity says how much a finding matters.
type Severity int

// The severities, mildest first.
const (
	Info Severity = iota + 1
	Notice
	Warning
	Error
	Critical
)

var severityNames = []string{"", "info", "notice", "warning", "error", "critical"}

func (s Severity) String() string { return severityNames[s] }

// Severities returns every severity, the worst first.
func Severities() []Severity { return []Severity{Critical, Error, Warning, Notice, Info} }

// SeverityNamed returns the severity of that name.
func SeverityNamed(name string) (Severity, bool) {
	i := slices.Index(severityNames, name)
	return Severity(i), i > 0
}

// citations returns those of the rule's citations that the profile recognises and that
// were in force when the document was signed.
func (p Profile) citations(r *Rule, signed time.Time) []Citation {
	binds := func(c Citation) bool { return slices.Contains(p.Documents, c.Document) && c.inForce(signed) }
	if !slices.ContainsFunc(r.Cites, func(c Citation) bool { return !binds(c) }) {
		return r.Cites
	}
	var list []Citation
	for _, c := range r.Cites {
		if binds(c) {
			list = append(list, c)
		}
	}
	return list
}

// severity derives a rule's severity from the strongest of the citations that bind.
func severity(r *Rule, binding []Citation) Severity {
	strongest := Keyword(0)
	for _, c := range binding {
		strongest = max(strongest, c.Force)
	}
	switch {
	case strongest == Practice:
		return Notice
	case strongest > Practice && r.Marked != 0:
		return r.Marked
	case strongest == Must:
		return Error
	case strongest == Should:
		return Warning
	}
	return Notice
}

// SeverityUnder returns the severity of a rule's finding about a document signed at that
// time, and false where the profile does not judge by the rule at all.
func (p Profile) SeverityUnder(r *Rule, signed time.Time) (Severity, bool) {
	binding := p.citations(r, signed)
	return severity(r, binding), len(binding) > 0
}
