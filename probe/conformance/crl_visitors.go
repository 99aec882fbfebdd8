package conformance

import (
	"fmt"
	"strings"

	"github.com/revprobe/revprobe/revocation"
)

// maxOffenders is how many entries a finding names; the rest are counted.
const maxOffenders = 3

// riders are the judges that ride on the one pass over a CRL.
type riders struct {
	judges   map[*Rule]EntryJudge
	every    []rider // who want to see every entry
	marked   []rider // who want those with one of their marks
	marks    revocation.EntryMarks
	visiting *Rule // the rule that is at work
}

type rider struct {
	rule  *Rule
	judge EntryJudge
	marks revocation.EntryMarks
}

// ride sets up the judges of a CRL's entries.
func ride(rules []*listed, s *CRLSubject) *riders {
	r := &riders{judges: map[*Rule]EntryJudge{}}
	for _, listed := range rules {
		rule := listed.Rule
		if rule.Entries == nil {
			continue
		}
		judge := rule.Entries(s)
		r.judges[rule] = judge
		if m, ok := judge.(interface{ watched() revocation.EntryMarks }); ok && m.watched() != 0 {
			r.marked = append(r.marked, rider{rule, judge, m.watched()})
			r.marks |= m.watched()
		} else {
			r.every = append(r.every, rider{rule: rule, judge: judge})
		}
	}
	return r
}

// visit shows an entry to those who want to see it. Most entries bear no mark that anybody
// looks for, so that a rule costs nothing for them.
func (r *riders) visit(e *revocation.CRLEntry) {
	for i := range r.every {
		r.visiting = r.every[i].rule
		r.every[i].judge.Visit(e)
	}
	if e.Marks&r.marks == 0 {
		return
	}
	for i := range r.marked {
		if e.Marks&r.marked[i].marks != 0 {
			r.visiting = r.marked[i].rule
			r.marked[i].judge.Visit(e)
		}
	}
}

// atWork names the rule that visits an entry.
func (r *riders) atWork() string {
	if r.visiting == nil {
		return "of revprobe"
	}
	return r.visiting.ID
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
