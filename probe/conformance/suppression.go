package conformance

import (
	"fmt"
	"path"
	"time"
)

// Suppression silences the findings of some rules at one service, or at all of them, for a
// reason and until a day: what is known and being mended need not wake anybody.
type Suppression struct {
	Rules   string    // id or pattern, such as "crl-*"
	Service string    // URL of the service, or name of the file; empty: wherever it is found
	Reason  string    // told wherever the finding is
	Until   time.Time // the first moment at which it silences nothing any more
}

// Suppressed reports whether the finding is silenced.
func (f Finding) Suppressed() bool { return f.SuppressedFor != "" }

// Counts reports whether the finding is a failure that nobody has silenced.
func (f Finding) Counts() bool { return f.Outcome == Failed && !f.Suppressed() }

func (s Suppression) matches(f Finding) bool {
	matched, err := path.Match(s.Rules, f.Rule.ID)
	return err == nil && matched && (s.Service == "" || s.Service == f.Service || f.Service == "" && s.Service == f.Source)
}

// suppress marks the failures that a suppression matches at the time at which they were
// seen, and says of those whose suppression has ended that it has.
func (e *examiner) suppress(list []Suppression) {
	ended := map[Suppression]bool{}
	for i := range e.report.Findings {
		f := &e.report.Findings[i]
		if f.Outcome != Failed {
			continue
		}
		for _, s := range list {
			switch {
			case !s.matches(*f) || f.Suppressed():
			case f.At.Before(s.Until):
				f.SuppressedFor, f.SuppressedUntil = s.Reason, s.Until
			case !ended[s]:
				ended[s] = true
				e.report.Hints = append(e.report.Hints, fmt.Sprintf("the suppression of %s (%s) ended at %s, and what it silenced is still so", s.Rules, s.Reason, stamp(s.Until)))
			}
		}
	}
}
