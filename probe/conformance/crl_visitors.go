package conformance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/revprobe/revprobe/revocation"
)

// maxOffenders is how many entries a finding names; the rest are counted.
const maxOffenders = 3

// riders are the judges that ride on the one pass over a CRL.
type riders struct {
	list     []rider
	every    []int                   // of list: who want to see every entry
	watching [revocation.Marks][]int // and by mark who want those that bear it
	marks    revocation.EntryMarks   // that anybody looks for
	visiting int                     // of list: who is at work, or -1
}

type rider struct {
	rule  *Rule
	judge EntryJudge
	marks revocation.EntryMarks // that it looks for; zero: it wants every entry
}

// ride sets up the judges of a CRL's entries.
func ride(rules []*listed, s *CRLSubject) *riders {
	r := &riders{visiting: -1}
	for _, listed := range rules {
		if listed.Entries == nil {
			continue
		}
		one, place := rider{rule: listed.Rule, judge: listed.Entries(s)}, len(r.list)
		if m, ok := one.judge.(interface{ watched() revocation.EntryMarks }); ok {
			one.marks = m.watched()
		}
		for mark := range one.marks.All() {
			r.watching[mark] = append(r.watching[mark], place)
		}
		if one.marks == 0 {
			r.every = append(r.every, place)
		}
		r.list, r.marks = append(r.list, one), r.marks|one.marks
	}
	return r
}

// visit shows an entry to those who want to see it. Most entries bear no mark that anybody
// looks for, so that a rule costs nothing for them.
func (r *riders) visit(e *revocation.CRLEntry) {
	for _, place := range r.every {
		r.show(place, e)
	}
	for mark := range (e.Marks & r.marks).All() {
		for _, place := range r.watching[mark] {
			if e.Marks&r.list[place].marks&(1<<mark-1) == 0 { // it was not shown for an earlier one
				r.show(place, e)
			}
		}
	}
}

func (r *riders) show(place int, e *revocation.CRLEntry) {
	r.visiting = place
	r.list[place].judge.Visit(e)
}

// judge returns the one of a rule.
func (r *riders) judge(rule *Rule) EntryJudge {
	return r.list[slices.IndexFunc(r.list, func(one rider) bool { return one.rule == rule })].judge
}

// atWork names the rule that visits an entry.
func (r *riders) atWork() string {
	if r.visiting < 0 {
		return "of revprobe"
	}
	return r.list[r.visiting].rule.ID
}

// entryJudge fails a CRL for the entries that offend, naming the first of them.
type entryJudge struct {
	subject *CRLSubject
	want    string
	watch   revocation.EntryMarks              // which entries it is shown; zero: all
	words   func(*revocation.CRLEntry) string  // what is wrong with an entry that offends
	settle  func(*entryJudge, Verdict) Verdict // where set, has the last word, once the CRL is known

	count int
	named []string
	field string
	first int64
}

func (j *entryJudge) watched() revocation.EntryMarks { return j.watch }

// Visit implements EntryJudge: every entry with one of the marks offends.
func (j *entryJudge) Visit(e *revocation.CRLEntry) {
	if j.count < maxOffenders {
		j.note(e, j.words(e))
	} else {
		j.count++ // nobody reads any more words
	}
}

func (j *entryJudge) note(e *revocation.CRLEntry, wrong string) {
	if j.count == 0 {
		j.field, j.first = fmt.Sprintf("tbsCertList.revokedCertificates[%d]", e.Index), e.Offset
	}
	if j.count++; j.count <= maxOffenders {
		j.named = append(j.named, fmt.Sprintf("%s: %s at entry %d, octet %d", e.Serial, wrong, e.Index, e.Offset))
	}
}

// Verdict implements EntryJudge.
func (j *entryJudge) Verdict() Verdict {
	v := pass()
	if j.count > 0 {
		got := strings.Join(j.named, "; ")
		if j.count > maxOffenders {
			got += fmt.Sprintf("; %d entries in all", j.count)
		}
		v = fail(j.want, "%s", got).in(j.field).at(j.first)
	}
	if j.settle != nil {
		return j.settle(j, v)
	}
	return v
}
