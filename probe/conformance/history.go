package conformance

import (
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// HistorySubject is what one service said in a run, with what it said in earlier ones. A
// rule about it speaks up in the run that is the first to see what is wrong.
type HistorySubject struct {
	ServiceSubject
	Past *evidence.PastService
	CRL  *CRLSubject // the newest that the run got from it and its CA signed; nil for a responder
	At   time.Time   // when it was asked, as its history counts

	run *IssuerSubject // all that the run saw of its CA, by which a serial is looked for in other CRLs
}

// histories judges every service that earlier runs knew.
func (e *examiner) histories() {
	for i := range e.report.Services {
		s := &e.report.Services[i]
		if past := e.report.Run.Past.Service(s.URL, s.Issuer); past != nil {
			e.history(s, past)
		}
	}
}

func (e *examiner) history(s *Service, past *evidence.PastService) {
	last := s.Exchanges[len(s.Exchanges)-1]
	subject := HistorySubject{ServiceSubject: e.serviceSubject(s), Past: past, At: last.At, run: &IssuerSubject{}}
	for _, x := range s.Exchanges {
		if x.Counts() && x.Try == 0 {
			subject.At = x.At
		}
	}
	for i := range e.report.Run.Exchanges {
		x := &e.report.Run.Exchanges[i]
		if c := e.crls[x.ID]; c != nil && x.Issuer == s.Issuer && x.Counts() {
			subject.run.CRLs = append(subject.run.CRLs, c)
		}
	}
	signed := last.At
	for _, c := range subject.run.heeded() {
		if c.Exchange.URL == s.URL && (subject.CRL == nil || c.CRL.ThisUpdate.After(subject.CRL.CRL.ThisUpdate.Time)) {
			subject.CRL, signed = c, c.signed()
		}
	}
	kinds := s.asks()
	limits := scopeOf(e.report.Run.Scope, nil, e.certificates[last.Subject], subject.Issuer)
	if subject.CRL != nil {
		limits = scopeOf(e.report.Run.Scope, subject.CRL.CRL.IssuingDP, subject.CRL.Subject, subject.Issuer)
	}
	rules := e.judging(func(r *Rule) bool { return r.History != nil && r.Needs.Has(kinds) })
	e.put(rules, e.docket(last, signed, limits), once, func(r *Rule, _ int) Verdict {
		v := r.History(subject)
		if len(v.exchanges) > 0 {
			return v
		}
		return v.about(ids(subject.asked(r.Needs))...)
	})
}

// earlierCRL returns the CRLs of earlier runs with this run's; ok is false where there are
// not both.
func (s HistorySubject) earlierCRL() (before *evidence.PastCRL, now *revocation.CRL, ok bool) {
	if s.CRL == nil || s.Past.CRL == nil {
		return nil, nil, false
	}
	return s.Past.CRL, s.CRL.CRL, true
}

// newerCRL is earlierCRL where this run's CRL is newer than all before it.
func (s HistorySubject) newerCRL() (before *evidence.PastCRL, now *revocation.CRL, ok bool) {
	before, now, ok = s.earlierCRL()
	return before, now, ok && now.ThisUpdate.After(before.Latest.ThisUpdate)
}

// newerList is newerCRL where the CRL lists all that its CA revoked, each by its serial: the
// entries of a delta come and go with its base, and those of an indirect one have several
// issuers.
func (s HistorySubject) newerList() (before *evidence.PastCRL, now *revocation.CRL, ok bool) {
	before, now, ok = s.newerCRL()
	return before, now, ok && !now.IsDelta() && (now.IssuingDP == nil || !now.IssuingDP.Indirect)
}

// partition reports whether the run's CRL may be one of several, between which entries move.
func (s HistorySubject) partition() bool { return s.CRL.CRL.IssuingDP != nil }

// delta reports whether entries may have been on a delta CRL before they came to this one.
func (s HistorySubject) delta() bool {
	return revocation.FindExtension(s.CRL.CRL.Extensions, revocation.OIDFreshestCRL) != nil ||
		slices.ContainsFunc(s.run.deltas(), func(d *CRLSubject) bool { return sameScope(s.CRL, d) })
}

// changed returns the entries that changed in one way, in a CRL that is newer than all
// before it.
func (s HistorySubject) changed(which func(*evidence.CRLDifferences) evidence.ChangedEntries) (list evidence.ChangedEntries, ok bool) {
	before, _, ok := s.newerList()
	switch {
	case !ok:
		return list, false
	case before.Differences == nil:
		return list, true
	}
	return which(before.Differences), true
}

// named lists the first of some serials and counts the others.
func named(serials []string, count int) string {
	const few = 3
	text := ""
	for i, s := range serials[:min(len(serials), few)] {
		if i > 0 {
			text += ", "
		}
		text += s
	}
	if more := count - few; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func numberText(number []byte) string {
	if len(number) == 0 {
		return "none"
	}
	return "0x" + hex.EncodeToString(number)
}

// pastOf is the past of a fake's service that was asked every hour of the last day and
// always answered.
func pastOf(r *fake, url string) evidence.PastService {
	begin, last := r.Now.Add(-24*time.Hour), r.Now.Add(-time.Hour)
	return evidence.PastService{URL: url, Issuer: evidence.Fingerprint(r.IssuerCertificate().Raw), First: begin, Last: last, LastAnswer: last,
		Checks: []evidence.PastChecks{{Window: day, Since: begin, Asked: 24}, {Window: 7 * day, Since: begin, Asked: 25}, {Window: 30 * day, Since: begin, Asked: 25}}}
}

// crlBefore lets the fake's distribution point have served a CRL a day ago, number 999 where
// today's is 1000, with the same entries.
func crlBefore(r *fake, change func(*evidence.PastCRL)) {
	v := evidence.CRLVersion{Number: []byte{3, 231}, ThisUpdate: r.Now.Add(-25 * time.Hour), NextUpdate: r.Now.Add(71 * time.Hour), TBS: make([]byte, 16),
		Entries: 2, First: r.Now.Add(-24 * time.Hour), Last: r.Now.Add(-time.Hour)}
	crl := &evidence.PastCRL{Latest: v}
	if change(crl); crl.Previous.ThisUpdate.IsZero() {
		crl.Previous = crl.Latest
	}
	past := pastOf(r, r.CRLURL())
	past.CRL = crl
	r.Past = append(r.Past, past)
}

// answerBefore lets the fake's responder have said good of the leaf a day ago.
func answerBefore(r *fake, change func(*evidence.PastAnswer)) {
	a := evidence.PastAnswer{Serial: r.LeafSerial().String(), Status: "good", Reason: -1, ThisUpdate: r.Now.Add(-25 * time.Hour), ProducedAt: r.Now.Add(-25 * time.Hour),
		NextUpdate: r.Now.Add(71 * time.Hour), Seen: r.Now.Add(-2 * time.Hour), FirstSeen: r.Now.Add(-24 * time.Hour), FirstGood: r.Now.Add(-24 * time.Hour),
		NotAfter: r.LeafCertificate().NotAfter}
	if change(&a); a.LastStatus == "" {
		a.LastStatus, a.LastThisUpdate = a.Status, a.ThisUpdate
	}
	past := pastOf(r, r.OCSPURL())
	past.Answers = []evidence.PastAnswer{a}
	r.Past = append(r.Past, past)
}

func historyRules() []*Rule {
	var list []*Rule
	for _, rules := range [][]*Rule{crlHistoryRules(), crlEntryHistoryRules(), ocspHistoryRules(), availabilityHistoryRules()} {
		list = append(list, rules...)
	}
	return list
}

// changeIn is the differences of a fake's CRLs where some entries changed in one way.
func changeIn(which func(*evidence.CRLDifferences) *evidence.ChangedEntries, changes ...evidence.EntryChange) func(*evidence.PastCRL) {
	return func(p *evidence.PastCRL) {
		p.Differences = &evidence.CRLDifferences{}
		*which(p.Differences) = evidence.ChangedEntries{Count: len(changes), First: changes}
	}
}
