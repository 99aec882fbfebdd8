// Package conformance holds the rules by which OCSP responders, distribution points and
// their documents are judged. Everything in it is a pure function over recorded evidence:
// it knows no network, no file, no clock, no randomness and no output format.
package conformance

import (
	"fmt"
	"slices"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// Rule is one requirement: what it stands on, how it is judged, and the fake responders
// that prove that it is. Exactly one of the judging functions is set.
type Rule struct {
	ID     string
	Cites  []Citation
	Says   string         // the requirement in one sentence
	Needs  evidence.Ask   // the kinds of answers it looks at; any one of them suffices
	And    evidence.Ask   // and besides any one of these; zero: nothing more
	Scope  evidence.Scope // judged only for services of this scope; empty: for all
	Public bool           // a profile of certificates: no more than remarked on where the CA shows no sign of being publicly trusted
	Clock  bool           // it holds a document against the time at which we saw it
	Counts bool           // a rule about a service that needs no more of whole and timely answers than their number
	Tried  bool           // it is about whether a service is there, which may take several tries to tell
	Marked Severity       // where it is not what the strongest citation gives

	Exchange func(ExchangeSubject) Verdict // an exchange, whatever came back
	Response func(ResponseSubject) Verdict // an OCSPResponse with its exchange
	OCSP     func(OCSPSubject) Verdict     // a SingleResponse
	CRL      func(CRLSubject) Verdict      // a CRL
	Entries  func(*CRLSubject) EntryJudge  // the entries of a CRL
	Cert     func(CertSubject) Verdict     // a certificate that points at the services
	Service  func(ServiceSubject) Verdict  // all exchanges of one service in one run
	Issuer   func(IssuerSubject) Verdict   // all that one run saw of one CA
	History  func(HistorySubject) Verdict  // what a service says now, and what it said in earlier runs

	Bad  []fixtures.Case // each fires this rule, one tick past the limit
	Good []fixtures.Case // each does not, on the limit
	Also []string        // rules that the Bad cases cannot help firing too
}

// EntryJudge rides on the one pass over a CRL and gives its verdict at the end.
type EntryJudge interface {
	Visit(*revocation.CRLEntry)
	Verdict() Verdict
}

// Asks returns the kinds of questions that have to be put for the rule to be judged.
func (r *Rule) Asks() evidence.Ask { return r.Needs | r.And }

// JudgesLists reports whether the rule is put to answers about lists of certificates that are
// asked about in that way.
func (r *Rule) JudgesLists(by evidence.Ask) bool {
	return r.Needs.Has(by) && (r.Exchange != nil || r.Response != nil || r.OCSP != nil || r.Counts)
}

// Subject names the kind of thing the rule judges.
func (r *Rule) Subject() string {
	switch {
	case r.Exchange != nil:
		return "exchange"
	case r.Response != nil:
		return "ocsp-response"
	case r.OCSP != nil:
		return "single-response"
	case r.CRL != nil:
		return "crl"
	case r.Entries != nil:
		return "crl-entries"
	case r.Cert != nil:
		return "certificate"
	case r.Issuer != nil:
		return "issuer"
	case r.History != nil:
		return "history"
	}
	return "service"
}

// Outcome is how one rule turned out for one subject.
type Outcome string

// The outcomes. A question that could not be asked is Inconclusive, never Passed.
const (
	Passed        Outcome = "passed"
	Failed        Outcome = "failed"
	NotApplicable Outcome = "not-applicable"
	Inconclusive  Outcome = "inconclusive"
)

// Outcomes returns every outcome.
func Outcomes() []Outcome { return slices.Clone(outcomes[:]) }

var outcomes = [...]Outcome{Passed, Failed, Inconclusive, NotApplicable}

// Counts is how many verdicts came out in each way.
type Counts struct{ Passed, Failed, Inconclusive, NotApplicable int }

// Of returns how many came out that way.
func (c Counts) Of(o Outcome) int { return *c.of(o) }

// Add counts others as well.
func (c *Counts) Add(others Counts) {
	for _, o := range outcomes {
		*c.of(o) += others.Of(o)
	}
}

func (c *Counts) of(o Outcome) *int {
	switch o {
	case Passed:
		return &c.Passed
	case Failed:
		return &c.Failed
	case Inconclusive:
		return &c.Inconclusive
	}
	return &c.NotApplicable
}

// Verdict is what a rule says of one subject.
type Verdict struct {
	Outcome Outcome
	Got     string // what was seen
	Want    string // what would have been right
	Field   string // path of the offending field, such as "responses[0].nextUpdate"
	Offset  int64  // of that field in the body, or -1

	only       Standard // the one document that it breaks, of those that the rule cites; empty: all
	public     bool     // it breaks what binds publicly trusted CAs, whether or not the whole rule is Public
	cap, floor Severity
	exchanges  []string // the exchanges it is about, where it looked at several
	unanswered bool     // there was no answer to look at
}

// found reports whether a finding is made of it.
func (v Verdict) found() bool { return v.Outcome == Failed || v.Outcome == Inconclusive }

func pass() Verdict { return Verdict{Outcome: Passed, Offset: -1} }

// skip says that the rule has nothing to say of the subject.
func skip() Verdict { return Verdict{Outcome: NotApplicable, Offset: -1} }

// unable says that the evidence does not suffice for a verdict, and why.
func unable(format string, args ...any) Verdict {
	return Verdict{Outcome: Inconclusive, Got: fmt.Sprintf(format, args...), Offset: -1}
}

// fail says that the subject breaks the rule: want is what would have been right, the
// rest what was seen.
func fail(want, format string, args ...any) Verdict {
	return Verdict{Outcome: Failed, Want: want, Got: fmt.Sprintf(format, args...), Offset: -1}
}

// in names the offending field.
func (v Verdict) in(field string) Verdict { v.Field = field; return v }

// at names the offending field's place in the body.
func (v Verdict) at(offset int64) Verdict { v.Offset = offset; return v }

// under names the one document that a failure breaks, of those that the rule cites.
func (v Verdict) under(d Standard) Verdict { v.only = d; return v }

// ofPublic says of a failure what Public says of a rule.
func (v Verdict) ofPublic() Verdict { v.public = true; return v }

// atMost caps the severity of a failure that the catalogue judges more mildly.
func (v Verdict) atMost(s Severity) Verdict { v.cap = s; return v }

// atLeast raises the severity of a failure that the catalogue judges more harshly.
func (v Verdict) atLeast(s Severity) Verdict { v.floor = s; return v }

// about names the exchanges that a verdict over several rests on.
func (v Verdict) about(ids ...string) Verdict { v.exchanges = ids; return v }

func (v Verdict) severity(derived Severity) Severity {
	if v.floor != 0 && derived > Notice {
		derived = max(derived, v.floor)
	}
	if v.cap != 0 {
		derived = min(derived, v.cap)
	}
	return derived
}

// stamp writes a time the way findings show it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// span writes a duration in the units people use for validity periods.
func span(d time.Duration) string {
	d = d.Round(time.Second)
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	days, rest := d/(24*time.Hour), d%(24*time.Hour)
	switch {
	case days == 0:
		return sign + rest.String()
	case rest == 0:
		return fmt.Sprintf("%s%dd", sign, days)
	}
	return fmt.Sprintf("%s%dd%s", sign, days, rest)
}
