package conformance

import (
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// ListExaminer judges what was answered about lists of certificates, one exchange after the
// other. Of each it keeps no more than its answer in a few octets: findings that are alike
// are one, with their number and the first of them.
type ListExaminer struct {
	e        *examiner
	options  Options
	result   *ListReport
	findings *alikes
	silence  evidence.Silence
	clock    clockWatch
	asked    int
	ours     int // failed for reasons of our own
	services []*listService
	byPlace  map[[2]string]*listService // URL and issuer
	remarks  [remarks]int               // certificates that each holds of
}

// listService is one responder with one CA.
type listService struct {
	Service
	whole int                 // exchanges that brought a whole answer in time
	kept  []evidence.Exchange // the others, without what they carried

	last    string        // the serial that was asked about last
	holding [remarks]bool // of that certificate
}

// maxKept bounds what is kept of the exchanges with one service that failed.
const maxKept = 10_000

// NewListExaminer returns an examiner of a run's lists. The certificates of the run are those
// of the issuers.
func NewListExaminer(run *evidence.Run, o Options) *ListExaminer {
	e := newExaminer(run, o)
	e.noIPv6 = true // nothing was resolved by itself
	return &ListExaminer{e: e, options: o, result: &ListReport{}, findings: newAlikes(), byPlace: map[[2]string]*listService{}}
}

// Take judges one exchange. What it carries is not kept.
func (l *ListExaminer) Take(x *evidence.Exchange) {
	l.asked++
	if x.OwnTrouble() {
		l.ours++
	}
	l.silence.Add(x)
	l.clock.add(x)
	e := l.e
	c, _, err := revocation.ReadCertificate(x.Certificate)
	if err == nil {
		e.certificates[x.Subject] = c
		e.origins[x.Subject] = "the list"
	}
	e.exchange(x)
	s := l.service(x)
	if err == nil {
		l.remark(s, x, c)
		delete(e.certificates, x.Subject)
		delete(e.origins, x.Subject)
		delete(e.issuers, c)
	}
	for i := range e.report.Findings {
		l.findings.add(e.report.Findings[i], x)
	}
	for _, a := range e.report.Answers {
		l.result.add(a, s.Name, c)
	}
	if x.Answered() && !late(x) {
		s.whole++
	} else if len(s.kept) < maxKept {
		s.kept = append(s.kept, bare(x))
	}
	e.report.Findings, e.report.Answers, e.report.Documents, e.answers = e.report.Findings[:0], e.report.Answers[:0], e.report.Documents[:0], nil
	if len(e.delegates) > maxDelegates {
		clear(e.delegates)
	}
}

// maxDelegates is how many delegates are known to have been judged: a responder may send a new one
// with every answer.
const maxDelegates = 1000

// bare is an exchange without what it carried.
func bare(x *evidence.Exchange) evidence.Exchange {
	b := *x
	b.Certificate, b.Body, b.Header = nil, nil, nil
	return b
}

func (l *ListExaminer) service(x *evidence.Exchange) *listService {
	place := [2]string{x.URL, x.Issuer}
	s := l.byPlace[place]
	if s == nil {
		s = &listService{Service: Service{URL: x.URL, Responder: true, Issuer: x.Issuer}}
		if c := l.e.certificates[x.Issuer]; c != nil {
			s.Name = nameOf(c)
		}
		l.byPlace[place] = s
		l.services = append(l.services, s)
	}
	return s
}

// Report returns what was found, of the run as it is known when everything has been asked.
func (l *ListExaminer) Report(run *evidence.Run) *Report {
	e := l.e
	r := e.report
	r.List, l.result.List, l.result.Asked = l.result, run.List, l.asked
	r.Interrupted, r.Blackout, r.ClockError = run.Interrupted, l.silence.Blackout(), clockError(l.clock.offset())
	r.NothingAsked = l.asked == l.ours || r.Blackout
	for _, s := range l.services {
		l.counts(s)
	}
	r.Findings = l.findings.gathered(r.ClockError)
	shown := *run
	shown.Exchanges = l.findings.examples
	r.Run = &shown
	for _, s := range l.services {
		for i := range shown.Exchanges {
			if x := &shown.Exchanges[i]; x.URL == s.URL && x.Issuer == s.Issuer {
				s.Exchanges = append(s.Exchanges, x)
			}
		}
		if len(s.Exchanges) > 0 {
			r.Services = append(r.Services, s.Service)
		}
	}
	r.Hints = append(r.Hints, run.Notes...)
	if r.ClockError != 0 {
		r.Hints = append(r.Hints, clockText(r.ClockError))
	}
	r.Hints = append(r.Hints, l.remarked(r.Profile)...)
	e.suppress(l.options.Suppressions)
	e.tally()
	return r
}

// counts puts those rules about a whole service to it that need no more than numbers of what
// was whole and in time.
func (l *ListExaminer) counts(s *listService) {
	e := l.e
	subject := ServiceSubject{Service: s.Service, Issuer: e.certificates[s.Issuer], Reached: true, Blackout: e.report.Blackout, Whole: s.whole}
	for i := range s.kept {
		subject.Exchanges = append(subject.Exchanges, &s.kept[i])
	}
	d := docket{service: s.URL, judged: e.tallyOf(s.URL, "")}
	last := &evidence.Exchange{}
	if n := len(s.kept); n > 0 {
		last = &s.kept[n-1]
	}
	d.source, d.exchange, d.signed, d.at = last.ID, last, last.At, last.At
	rules := e.judging(func(r *Rule) bool { return r.Counts && r.Needs.Has(evidence.Assigned) })
	e.put(rules, d, once, func(r *Rule, _ int) Verdict {
		if subject.Blackout {
			return unable(blackoutText)
		}
		return r.Service(subject)
	})
	for _, f := range e.report.Findings {
		l.findings.addWhole(f, s.kept)
	}
	e.report.Findings = e.report.Findings[:0]
}
