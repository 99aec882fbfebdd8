package conformance

import "slices"

// Row is one requirement of the catalogue. Either the rule of its id judges it, or Reason
// says why none does.
type Row struct {
	ID      string // of the catalogue, and of the rule where there is one
	Section string // of the catalogue, such as "A1"; "further" for what is in none
	Reason  string // what judging it waits for, or why one run cannot see it; empty where there is a rule
}

// Why rows have no rule.
const (
	needsList     = "needs CT or a list of issued certificates: "
	needsVantage  = "needs another vantage point: "
	judgedBy      = "asked by check --robustness, and judged by "
	needsQuestion = "needs a question that is not asked yet: "
	needsInsight  = "cannot be seen from outside: "
)

// Catalogue returns every requirement of the catalogue, in its order.
func Catalogue() []Row {
	return slices.Concat(
		robustnessRows(), structureRows(), timeRows(), statusRows(), signatureRows(), protocolRows(),
		crlFieldRows(), crlExtensionRows(), crlEntryRows(), crlContentRows(),
		httpRows(), ocspHTTPRows(), crlHTTPRows(), hostRows(),
		pointerRows(), issuerRows(), delegateRows(), furtherRows(),
	)
}

// furtherRows are what we judge beyond the catalogue: what no text requires, and those who
// serve Go programs want to know; and what RFC 5280 says of delta CRLs, which the web's CAs do
// not publish.
func furtherRows() []Row {
	return judged("further", "ocsp-stock-client", "crl-cadence", "crl-reason-not-downgraded", "rob-crl-range",
		"crl-delta-scope", "crl-delta-same-key", "crl-delta-number", "crl-delta-consistent", "crl-freshest-delta", "cert-freshest-noncritical")
}

// judged returns rows that have rules.
func judged(section string, ids ...string) []Row {
	var rows []Row
	for _, id := range ids {
		rows = append(rows, Row{ID: id, Section: section})
	}
	return rows
}
