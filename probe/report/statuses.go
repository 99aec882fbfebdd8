package report

import (
	"fmt"

	"github.com/revprobe/revprobe/probe/conformance"
)

// mostStatuses is how many certificates the table has; the JSON lines have each.
const mostStatuses = 20

// statuses writes a table of the certificates whose status was asked: a row for each, with
// what OCSP and the CRLs say of it.
func (p *page) statuses(list []conformance.CertificateStatus) error {
	if len(list) == 0 {
		return nil
	}
	p.WriteByte('\n')
	rows := [][]string{{"certificate", "by OCSP", "by CRL", "covered by the CRL"}}
	for _, s := range list[:min(len(list), mostStatuses)] {
		rows = append(rows, []string{shown(s.Name) + ", serial " + shown(s.Serial), orDash(s.OCSP), orDash(s.CRL), coverage(s)})
	}
	if err := p.table(rows); err != nil {
		return fmt.Errorf("laying out the certificates: %w", err)
	}
	if further := len(list) - mostStatuses; further > 0 {
		p.paragraph("  ", plain, 2, fmt.Sprintf("and %d more; the JSON lines have each", further))
	}
	return nil
}

func coverage(s conformance.CertificateStatus) string {
	if s.Why != "" {
		return string(s.Coverage) + ": " + shown(s.Why)
	}
	return orDash(string(s.Coverage))
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return shown(s)
}

type statusLine struct {
	Type        string               `json:"type"`
	Certificate string               `json:"certificate"` // SHA-256 of its DER, hex
	Name        string               `json:"name"`
	Serial      string               `json:"serial"`
	OCSP        string               `json:"ocsp"`
	CRL         string               `json:"crl"`
	Covered     conformance.Coverage `json:"covered"`
	Why         string               `json:"why,omitempty"`
	Exchanges   []string             `json:"exchanges"`
}

func statusLineOf(s conformance.CertificateStatus) statusLine {
	return statusLine{"status", s.Fingerprint, s.Name, s.Serial, s.OCSP, s.CRL, s.Coverage, s.Why, append([]string{}, s.Exchanges...)}
}
