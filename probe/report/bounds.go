package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// bound writes how likely it is that a serial which was made up for the issuer had been
// assigned, and which ways to make them up were left out.
func (p *page) bound(i issuer) {
	if i.bound == nil {
		return
	}
	p.paragraph("  ", plain, 4, boundText(*i.bound))
	if i.bound.Known == nil {
		return
	}
	var reasons []string
	left := map[string][]string{} // strategies by reason
	for _, skipped := range i.bound.Known.Skipped {
		if len(left[skipped.Why]) == 0 {
			reasons = append(reasons, skipped.Why)
		}
		left[skipped.Why] = append(left[skipped.Why], skipped.Strategy)
	}
	for _, why := range reasons {
		p.paragraph("  ", plain, 4, shown("no "+strings.Join(left[why], ", ")+": "+why))
	}
}

// boundText says the bound with what it takes for granted.
func boundText(b conformance.Bound) string {
	return fmt.Sprintf("The chance that one of the %d made-up serials was assigned is at most %s: %d x %.3g certificates (taken for granted) x 2^-%d (%s).",
		b.Serials, atMost(b.Chance()), b.Serials, float64(b.Population), b.Bits, basisText(b))
}

// atMost writes a chance with one digit, rounded up.
func atMost(chance float64) string {
	power := math.Floor(math.Log10(chance))
	if chance >= 1 || chance <= 0 {
		return fmt.Sprint(chance)
	}
	return fmt.Sprintf("%.0fe%.0f", math.Ceil(chance/math.Pow(10, power)), power)
}

func basisText(b conformance.Bound) string {
	switch b.Basis {
	case conformance.BasisSeen:
		return fmt.Sprintf("the bits that BR 7.1 demands, and %d vary in %d known serials", b.Known.Bits, b.Known.Known)
	case conformance.BasisDrawn:
		return "the bits that we drew ourselves, whatever the CA does"
	}
	return "the bits that BR 7.1 demands"
}

// bounds gives each issuer of the answers its bound.
func (o *outline) bounds(list []conformance.Bound) {
	for _, s := range o.list {
		for i := range s.issuers {
			at := slices.IndexFunc(list, func(b conformance.Bound) bool { return b.Issuer == s.issuers[i].fingerprint })
			if at >= 0 && slices.ContainsFunc(s.issuers[i].answers, madeUp) {
				s.issuers[i].bound = &list[at]
			}
		}
	}
}

// madeUp reports whether an answer is about a serial that was never assigned.
func madeUp(a conformance.Answer) bool {
	return a.Ask.Has(evidence.Unassigned | evidence.UnissuablePOST)
}

type boundLine struct {
	Type       string                     `json:"type"`
	Issuer     string                     `json:"issuer"` // fingerprint
	Name       string                     `json:"name"`
	Serials    int                        `json:"serials"`
	Population int64                      `json:"population"`
	Bits       int                        `json:"bits"`
	Basis      conformance.Basis          `json:"basis"`
	Chance     float64                    `json:"chance"`
	Known      int                        `json:"known"`
	Entropy    evidence.Entropy           `json:"entropy"`
	Varying    int                        `json:"varying,omitempty"`
	Why        string                     `json:"why,omitempty"`
	Skipped    []evidence.SkippedStrategy `json:"skipped,omitempty"`
}

func boundLineOf(b conformance.Bound) boundLine {
	line := boundLine{"bound", b.Issuer, b.Name, b.Serials, b.Population, b.Bits, b.Basis, b.Chance(), 0, evidence.EntropyUnknown, 0, "", nil}
	if b.Known != nil {
		line.Known, line.Entropy, line.Varying, line.Why, line.Skipped = b.Known.Known, b.Known.Entropy, b.Known.Bits, b.Known.Why, b.Known.Skipped
	}
	return line
}
