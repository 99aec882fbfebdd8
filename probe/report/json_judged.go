package report

import (
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/revocation"
)

type answerLine struct {
	Type      string                    `json:"type"`
	Responder string                    `json:"responder"`
	Strategy  string                    `json:"strategy"`
	Serial    string                    `json:"serial"`
	Method    string                    `json:"method"`
	Answer    string                    `json:"answer"`
	Exchange  string                    `json:"exchange"`
	Issuer    string                    `json:"issuer,omitempty"`
	Repeat    bool                      `json:"repeat,omitempty"`
	Signature revocation.SignatureState `json:"signature,omitempty"`
}

func answerLineOf(a conformance.Answer) answerLine {
	return answerLine{"answer", a.Responder, a.Strategy, a.Serial, a.Method, a.Answer, a.Exchange, a.Issuer, a.Repeat, a.Signature}
}

type documentLine struct {
	Type      string                    `json:"type"`
	Source    string                    `json:"source"`
	Kind      revocation.Kind           `json:"kind"`
	Encoding  revocation.Encoding       `json:"encoding"`
	Decoded   bool                      `json:"decoded"`
	Signature revocation.SignatureState `json:"signature"`
	Status    string                    `json:"status"`
	Problem   string                    `json:"problem,omitempty"`
	Notes     []string                  `json:"notes,omitempty"`
}

func documentLineOf(d conformance.Document) documentLine {
	return documentLine{"document", d.Source, d.Kind, d.Encoding, d.Decoded, d.Signature, d.Status, d.Problem, d.Notes}
}

type findingLine struct {
	Type      string              `json:"type"`
	Source    string              `json:"source"`
	Rule      string              `json:"rule"`
	Severity  string              `json:"severity"`
	Outcome   conformance.Outcome `json:"outcome"`
	Field     string              `json:"field"`
	Got       string              `json:"got"`
	Want      string              `json:"want"`
	Citations []string            `json:"citations"`
	At        string              `json:"at,omitempty"`
	Offset    *int64              `json:"offset,omitempty"` // octets from the body's start
	Service   string              `json:"service,omitempty"`
	Exchanges []string            `json:"exchanges,omitempty"`
	Assumed   string              `json:"assumed,omitempty"`
	Times     int                 `json:"times,omitempty"` // how often it was found about a list
	// Suppressed is the reason for which it is silenced, Until the first moment at which it is not.
	Suppressed string `json:"suppressed,omitempty"`
	Until      string `json:"until,omitempty"`
}

func findingLineOf(f conformance.Finding) findingLine {
	line := findingLine{"finding", f.Source, f.Rule.ID, severityOf(f).String(), f.Outcome, f.Field, f.Got, f.Want,
		citationNames(f.Citations), stamp(f.At), nil, f.Service, f.Exchanges, f.Assumed, f.Times, f.SuppressedFor, stamp(f.SuppressedUntil)}
	if f.Offset >= 0 {
		line.Offset = &f.Offset
	}
	return line
}

type tallyLine struct {
	Type       string                      `json:"type"`
	Outcomes   map[conformance.Outcome]int `json:"outcomes"`   // verdicts, every outcome named
	Severities map[string]int              `json:"severities"` // failures, every severity named
	Exit       int                         `json:"exit"`
	Hints      []string                    `json:"hints,omitempty"`
	Bugs       []string                    `json:"bugs,omitempty"`
}

func tallyLineOf(r *conformance.Report, exit int) tallyLine {
	line := tallyLine{"tally", map[conformance.Outcome]int{}, map[string]int{}, exit, r.Hints, r.Bugs}
	for _, o := range conformance.Outcomes() {
		line.Outcomes[o] = r.Outcomes.Of(o)
	}
	times := failuresBySeverity(r)
	for _, s := range conformance.Severities() {
		line.Severities[s.String()] = times[s]
	}
	return line
}
