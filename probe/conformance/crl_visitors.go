package conformance

import (
	"bytes"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/revprobe/revprobe/revocation"
)

// maxOffenders is how many entries a finding names; the rest are counted.
const maxOffenders = 3

// riders are the judges that ride on the one pass over a CRL.
type riders struct {
	list     []rider
	every    riderSet                   // who want to see every entry
	watching [revocation.Marks]riderSet // and by mark who want those that bear it
	marks    revocation.EntryMarks      // that anybody looks for
	visiting int                        // place in list of who is at work, or -1
}

type rider struct {
	rule  *Rule
	judge EntryJudge
}

// riderSet holds places in the list of riders, which are fewer than 64: beyond that no rule
// would see its own Bad cases.
type riderSet uint64

// ride sets up the judges of a CRL's entries.
func ride(rules []*listed, s *CRLSubject) *riders {
	r := &riders{visiting: -1, list: make([]rider, 0, 32)}
	for _, listed := range rules {
		if listed.Entries == nil {
			continue
		}
		judge, one, marks := listed.Entries(s), riderSet(1)<<len(r.list), revocation.EntryMarks(0)
		if m, ok := judge.(interface{ watched() revocation.EntryMarks }); ok {
			marks = m.watched()
		}
		for mark := range marks.All() {
			r.watching[mark] |= one
		}
		if marks == 0 {
			r.every |= one
		}
		r.list, r.marks = append(r.list, rider{listed.Rule, judge}), r.marks|marks
	}
	return r
}

// visit shows an entry to those who want to see it. Most entries bear no mark that anybody
// looks for, or one, so that a rule costs nothing for the others.
func (r *riders) visit(e *revocation.CRLEntry) {
	who := r.every
	for marks := e.Marks & r.marks; marks != 0; marks &= marks - 1 {
		who |= r.watching[bits.TrailingZeros32(uint32(marks))]
	}
	for ; who != 0; who &= who - 1 {
		place := bits.TrailingZeros64(uint64(who))
		r.visiting = place
		r.list[place].judge.Visit(e)
	}
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
	first [maxOffenders]offender
}

// offender is an entry that offends. What it is said to be is put into words when the rule
// fails the CRL, which it may not.
type offender struct {
	serial revocation.Serial
	index  int
	offset int64
	wrong  string
}

func (o offender) String() string {
	return fmt.Sprintf("%s: %s at entry %d, octet %d", o.serial, o.wrong, o.index, o.offset)
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
	if j.count < maxOffenders {
		j.first[j.count] = offender{bytes.Clone(e.Serial), e.Index, e.Offset, wrong}
	}
	j.count++
}

// Verdict implements EntryJudge.
func (j *entryJudge) Verdict() Verdict {
	v := pass()
	if j.count > 0 {
		var named []string
		for _, o := range j.first[:min(j.count, maxOffenders)] {
			named = append(named, o.String())
		}
		if j.count > maxOffenders {
			named = append(named, fmt.Sprintf("%d entries in all", j.count))
		}
		first := j.first[0]
		v = fail(j.want, "%s", strings.Join(named, "; ")).in(fmt.Sprintf("tbsCertList.revokedCertificates[%d]", first.index)).at(first.offset)
	}
	if j.settle != nil {
		return j.settle(j, v)
	}
	return v
}
