package conformance

import (
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
)

// docket is what a finding needs to know of the subject that a rule was put to.
type docket struct {
	source   string
	exchange *evidence.Exchange // nil for a certificate
	service  string             // URL
	judged   *tally             // how rules came out there
	signed   time.Time          // by which the citations in force are chosen
	at       time.Time
	scope    scoped
	private  bool // neither the CA nor the certificate shows a policy of the CA/Browser Forum
}

// listed is a rule of the run with what is the same for every subject it is put to.
type listed struct {
	*Rule
	place int // among the rules of the run

	// binding is what the profile cites for documents signed from since on and before until;
	// zero times are no bound.
	known        bool
	since, until time.Time
	binding      []Citation
}

func listRules(rules []*Rule) []*listed {
	list, all := make([]*listed, len(rules)), make([]listed, len(rules))
	for i, r := range rules {
		all[i] = listed{Rule: r, place: i}
		list[i] = &all[i]
	}
	return list
}

// citations is Profile.citations. The documents of one run were signed between the same two
// days on which a clause came into force or ended, so that what was found serves again.
func (l *listed) citations(p Profile, signed time.Time) []Citation {
	if l.known && !signed.Before(l.since) && (l.until.IsZero() || signed.Before(l.until)) {
		return l.binding
	}
	l.known, l.since, l.until = true, time.Time{}, time.Time{}
	for _, c := range l.Cites {
		for _, day := range []time.Time{c.since, c.until} {
			switch {
			case day.IsZero():
			case !signed.Before(day):
				l.since = later(l.since, day)
			case l.until.IsZero() || day.Before(l.until):
				l.until = day
			}
		}
	}
	l.binding = p.citations(l.Rule, signed)
	return l.binding
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// put puts rules to a subject, one after the other, each as many times as times says; verdict
// is what a rule says of it, the i-th time.
func (e *examiner) put(rules []*listed, d docket, times func(*Rule) int, verdict func(r *Rule, i int) Verdict) {
	next, i := 0, 0
	work := func() {
		for ; next < len(rules); next, i = next+1, 0 {
			for r := rules[next]; i < times(r.Rule); i++ {
				if binding, ok := e.summon(r, &d); ok {
					if v := verdict(r.Rule, i); v.found() {
						e.conclude(r, d, binding, v)
					} else {
						d.judged.count(r, v.Outcome)
					}
				}
			}
		}
	}
	for next < len(rules) {
		if rule, panicked := e.guard(d.source, func() string { return rules[next].ID }, work); panicked {
			e.conclude(rules[next], d, rules[next].binding, unable("bug in rule %s, evidence kept", rule))
			i++
		}
	}
}

func once(*Rule) int { return 1 }

// summon tells which clauses a subject is held to by a rule, and whether it is by any.
func (e *examiner) summon(r *listed, d *docket) ([]Citation, bool) {
	binding := r.citations(e.report.Profile, d.signed)
	if len(binding) == 0 {
		return nil, false
	}
	if r.Scope != "" && r.Scope != d.scope.scope {
		d.judged.count(r, NotApplicable)
		return nil, false
	}
	return binding, true
}

// conclude counts what a rule said, and makes a finding of it where it is one.
func (e *examiner) conclude(r *listed, d docket, binding []Citation, v Verdict) {
	if r.Clock && v.Outcome == Failed && e.report.ClockError != 0 {
		v = unable("%s", clockText(e.report.ClockError))
	}
	if r.Tried && v.Outcome == Failed && len(e.tried) > 0 {
		v = e.settle(v, d)
	}
	if v.only != "" {
		binding = slices.DeleteFunc(slices.Clone(binding), func(c Citation) bool { return c.Document != v.only })
		if len(binding) == 0 {
			v = pass() // the profile knows no clause that this breaks
		}
	}
	d.judged.count(r, v.Outcome)
	if !v.found() {
		return
	}
	f := Finding{Rule: r.Rule, Outcome: v.Outcome, Source: d.source, Service: d.service, Exchanges: v.exchanges,
		Field: v.Field, Offset: v.Offset, Got: v.Got, Want: v.Want, Unanswered: v.unanswered, Citations: binding, At: d.at}
	if v.Outcome == Failed {
		f.Severity = v.severity(severity(r.Rule, binding))
	}
	if (r.Public || v.public) && d.private && f.Severity > Notice {
		f.Severity = Notice
		f.Assumed = "a private CA: neither it nor the certificate asserts a policy of the CA/Browser Forum"
	}
	if r.Scope != "" && d.scope.assumed {
		f.Assumed = "scope " + string(r.Scope) + ": nothing says which certificates the service covers, --scope does"
	}
	e.report.Findings = append(e.report.Findings, f)
}

// guard runs the code of rules and is the one place where a panic is caught: hostile bytes
// are daily bread, and one bad rule must not lose the others' verdicts. It names the rule
// that was at work.
func (e *examiner) guard(source string, atWork func() string, work func()) (rule string, panicked bool) {
	defer func() {
		if p := recover(); p != nil {
			rule, panicked = atWork(), true
			e.report.Bugs = append(e.report.Bugs, fmt.Sprintf("bug in rule %s over %s: %v\n%s", rule, source, p, debug.Stack()))
		}
	}()
	work()
	return "", false
}

// rulesFor returns the rules of one kind that look at one kind of question, in their order.
// Each kind of question is sorted out once.
func (e *examiner) rulesFor(sorted map[evidence.Ask][]*listed, ask evidence.Ask, kind func(*Rule) bool) []*listed {
	found, known := sorted[ask]
	if !known {
		for _, r := range e.rules {
			if r.Needs.Has(ask) && kind(r.Rule) {
				found = append(found, r)
			}
		}
		sorted[ask] = found
	}
	return found
}

// judging returns the rules of one kind, in their order.
func (e *examiner) judging(kind func(*Rule) bool) []*listed {
	found := e.sorting[:0]
	for _, r := range e.rules {
		if kind(r.Rule) {
			found = append(found, r)
		}
	}
	e.sorting = found
	return slices.Clone(found)
}

func onExchange(r *Rule) bool { return r.Exchange != nil }

func onResponse(r *Rule) bool { return r.Response != nil || r.OCSP != nil }

func onCertificate(r *Rule) bool { return r.Cert != nil }

func onCRL(r *Rule) bool { return r.CRL != nil || r.Entries != nil }
