package conformance

import (
	"bytes"
	"math/big"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// usualLag is for how long the caches of one distribution point may serve a CRL that others
// have replaced, before that is more than a remark.
const usualLag = time.Hour

func crlHistoryRules() []*Rule {
	return []*Rule{
		{
			ID:    "crl-number-monotonic",
			Cites: []Citation{BR("7.2.2", Must).Since("2024-03-15"), RFC5280("5.2.3", Must)},
			Says:  "The CRLNumber must increase from each CRL of a distribution point to the next.",
			Needs: evidence.FetchCRL,
			History: func(s HistorySubject) Verdict {
				before, now, ok := s.newerCRL()
				switch {
				case !ok || now.Number == nil || before.Latest.Number == nil:
					return skip()
				case now.Number.Big().Cmp(revocation.Serial(before.Latest.Number).Big()) <= 0:
					return fail("more than "+numberText(before.Latest.Number)+", that of the CRL of "+stamp(before.Latest.ThisUpdate), "%s in the CRL of %s",
						numberText(now.Number), stamp(now.ThisUpdate.Time)).in("tbsCertList.crlExtensions.cRLNumber").about(s.CRL.Exchange.ID)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("the same number again", func(r *fake) { crlBefore(r, func(p *evidence.PastCRL) { p.Latest.Number = []byte{3, 232} }) }),
				when("one less", func(r *fake) { crlBefore(r, func(p *evidence.PastCRL) { p.Latest.Number = []byte{3, 233} }) }),
			},
			Good: []fixtures.Case{when("one more", func(r *fake) { crlBefore(r, func(*evidence.PastCRL) {}) })},
		},
		{
			ID:    "crl-number-distinct",
			Cites: []Citation{RFC5280("5.2.3", Must)},
			Says:  "Two CRLs with different content must not have the same CRLNumber.",
			Needs: evidence.FetchCRL,
			History: func(s HistorySubject) Verdict {
				before, now, ok := s.earlierCRL()
				switch {
				case !ok || now.Number == nil:
					return skip()
				case before.SameNumber != nil && !before.Known:
					return fail("another number for other content", "%s in the CRL of %s with %d entries and in that of %s with %d", numberText(now.Number),
						stamp(before.SameNumber.ThisUpdate), before.SameNumber.Entries, stamp(now.ThisUpdate.Time), now.Entries).
						in("tbsCertList.crlExtensions.cRLNumber").about(s.CRL.Exchange.ID)
				}
				return pass()
			},
			Bad: []fixtures.Case{when("the number of an earlier one", func(r *fake) {
				crlBefore(r, func(p *evidence.PastCRL) { p.Latest.Number = []byte{3, 232}; p.SameNumber = &p.Latest })
			})},
			Good: []fixtures.Case{
				when("a number of its own", func(r *fake) { crlBefore(r, func(*evidence.PastCRL) {}) }),
				when("the number of an earlier one, as was told", func(r *fake) {
					crlBefore(r, func(p *evidence.PastCRL) {
						p.Known, p.SameNumber, p.Latest.ThisUpdate = true, &p.Latest, r.Now.Add(-time.Hour)
					})
				}),
			},
			Also: []string{"crl-number-monotonic"},
		},
		{
			ID:    "crl-cadence",
			Cites: []Citation{BR("4.9.7", Must).Since("2024-03-15"), MRSP("6", Must)},
			Says:  "Between a CRL that covers Subscriber certificates and the next one, by its number, no more than 7 days may pass.",
			Needs: evidence.FetchCRL,
			Scope: evidence.ScopeEE,
			History: func(s HistorySubject) Verdict {
				before, now, ok := s.newerList()
				if !ok || !follows(now.Number, before.Latest.Number) {
					return skip() // there may have been others that no run saw
				}
				last := before.Latest
				gap, told := now.ThisUpdate.Sub(last.ThisUpdate), last.Last.Sub(last.ThisUpdate) > crlUpdate || last.Last.After(last.NextUpdate)
				if gap > crlUpdate && !told {
					return fail("a CRL by "+stamp(last.ThisUpdate.Add(crlUpdate)), "thisUpdate %s, %s after that of the CRL before, whose number is one less", stamp(now.ThisUpdate.Time),
						span(gap)).in("tbsCertList.thisUpdate").at(now.ThisUpdate.Offset).about(s.CRL.Exchange.ID)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("7 days and a second", func(r *fake) { rarely(r, crlUpdate+time.Second) }),
				when("the one before was last served when 7 days were over, and expired", func(r *fake) {
					rarely(r, crlUpdate+time.Second)
					v := &r.Past[0].CRL.Latest
					v.Last = v.ThisUpdate.Add(crlUpdate)
					v.NextUpdate = v.Last
				}),
			},
			Good: []fixtures.Case{
				when("7 days", func(r *fake) { rarely(r, crlUpdate) }),
				when("another one between them perhaps", func(r *fake) {
					rarely(r, crlUpdate+time.Second)
					r.CRL.Number = 1001
				}),
				when("the one before was served for longer, as crl-update-ee told", func(r *fake) {
					rarely(r, crlUpdate+time.Second)
					v := &r.Past[0].CRL.Latest
					v.Last = v.ThisUpdate.Add(crlUpdate + time.Second)
				}),
				when("the one before was served when it had expired, as crl-not-expired told", func(r *fake) {
					rarely(r, crlUpdate+time.Second)
					v := &r.Past[0].CRL.Latest
					v.NextUpdate = v.Last.Add(-time.Second)
				}),
			},
		},
		{
			ID:     "crl-thisupdate-nonregress",
			Cites:  []Citation{RFC5280("5.2.3", Observed)},
			Says:   "A distribution point does not go back to an older CRL.",
			Needs:  evidence.FetchCRL,
			Marked: Warning,
			History: func(s HistorySubject) Verdict {
				before, now, ok := s.earlierCRL()
				if !ok {
					return skip()
				}
				newer := before.Previous
				if !now.ThisUpdate.Before(newer.ThisUpdate) || newer.ThisUpdate.After(before.Latest.ThisUpdate) {
					return pass() // after one from the future the right one is no step back
				}
				v := fail("not before "+stamp(newer.ThisUpdate)+", which was served "+span(s.At.Sub(newer.Last))+" ago", "thisUpdate %s",
					stamp(now.ThisUpdate.Time)).in("tbsCertList.thisUpdate").about(s.CRL.Exchange.ID)
				if given(s.CRL.Exchange).Sub(newer.First) <= usualLag {
					return v.atMost(Notice)
				}
				return v
			},
			Bad: []fixtures.Case{
				when("a second older", func(r *fake) { servedNewer(r, time.Second, usualLag) }),
				when("and for longer than caches lag", func(r *fake) { servedNewer(r, time.Second, usualLag+time.Second) }),
			},
			Good: []fixtures.Case{
				when("the same one", func(r *fake) { servedNewer(r, 0, usualLag) }),
				when("an older one, as was told", func(r *fake) {
					servedNewer(r, time.Second, usualLag)
					p := r.Past[0].CRL
					p.Known, p.Previous.ThisUpdate = true, r.Now.Add(-time.Hour)
				}),
				when("after one from the future", func(r *fake) {
					crlBefore(r, func(p *evidence.PastCRL) { p.Previous = p.Latest; p.Previous.ThisUpdate = r.Now.Add(day) })
				}),
			},
		},
		{
			ID:     "crl-nextupdate-nonregress",
			Cites:  []Citation{RFC5280("5.1.2.5", Should)},
			Says:   "nextUpdate should not lie before that of an earlier CRL.",
			Needs:  evidence.FetchCRL,
			Marked: Notice,
			History: func(s HistorySubject) Verdict {
				before, now, ok := s.newerCRL()
				switch {
				case !ok || now.NextUpdate.IsZero() || before.Latest.NextUpdate.IsZero():
					return skip()
				case now.NextUpdate.Before(before.Latest.NextUpdate):
					return fail("not before "+stamp(before.Latest.NextUpdate), "nextUpdate %s", stamp(now.NextUpdate.Time)).
						in("tbsCertList.nextUpdate").at(now.NextUpdate.Offset).about(s.CRL.Exchange.ID)
				}
				return pass()
			},
			Bad:  []fixtures.Case{when("a second earlier", func(r *fake) { dueBefore(r, time.Second) })},
			Good: []fixtures.Case{when("the same second", func(r *fake) { dueBefore(r, 0) })},
		},
		{
			ID:     "crl-empty-suspicious",
			Cites:  []Citation{BR("7.2", Observed), RFC5280("3.3", Observed)},
			Says:   "A CRL does not lose all of its entries, or most of them, from one issue to the next.",
			Needs:  evidence.FetchCRL,
			Marked: Warning,
			History: func(s HistorySubject) Verdict {
				before, now, ok := s.newerList()
				if !ok {
					return skip()
				}
				kept := before.Latest.Entries - s.rightlyRemoved()
				switch {
				case kept > 0 && now.Entries == 0, kept >= manyEntries && 2*now.Entries < kept:
					mildest := Warning
					if kept == 1 {
						mildest = Notice // its certificate may well have expired
					}
					return fail("about as many entries as before", "%d entries, %d in the CRL of %s", now.Entries, before.Latest.Entries, stamp(before.Latest.ThisUpdate)).
						in("tbsCertList.revokedCertificates").about(s.CRL.Exchange.ID).atMost(mildest)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("none where there were two", func(r *fake) {
					r.CRL.NoEntries = true
					crlBefore(r, func(p *evidence.PastCRL) { p.Latest.Entries = 2 })
				}),
				when("none where there was one", func(r *fake) {
					r.CRL.NoEntries = true
					crlBefore(r, func(p *evidence.PastCRL) { p.Latest.Entries = 1 })
				}),
				when("less than half of many", func(r *fake) {
					r.CRL.Entries = manyRevoked(manyEntries/2 - 1)
					crlBefore(r, func(p *evidence.PastCRL) { p.Latest.Entries = manyEntries })
				}),
			},
			Good: []fixtures.Case{
				when("the last one, whose certificate had expired", func(r *fake) {
					r.CRL.NoEntries = true
					crlBefore(r, func(p *evidence.PastCRL) {
						changeIn(theRemoved, evidence.EntryChange{Serial: "5a", NotAfter: p.Latest.ThisUpdate})(p)
						p.Latest.Entries = 1
					})
				}),
				when("the last one, which was on hold", func(r *fake) {
					r.CRL.NoEntries = true
					crlBefore(r, func(p *evidence.PastCRL) {
						changeIn(theRemoved, evidence.EntryChange{Serial: "5a", Before: evidence.EntryFact{Reason: int(revocation.ReasonCertificateHold)}})(p)
						p.Latest.Entries = 1
					})
				}),
				when("half of many", func(r *fake) {
					r.CRL.Entries = manyRevoked(manyEntries / 2)
					crlBefore(r, func(p *evidence.PastCRL) { p.Latest.Entries = manyEntries })
				}),
				when("less than half of a few", func(r *fake) {
					r.CRL.Entries = manyRevoked(1)
					crlBefore(r, func(p *evidence.PastCRL) { p.Latest.Entries = manyEntries - 1 })
				}),
			},
		},
	}
}

// rightlyRemoved counts the entries that are gone after they were on a CRL that was issued
// when their certificates had expired, as far as those are known, and the holds among them.
func (s HistorySubject) rightlyRemoved() (count int) {
	if s.Past.CRL.Differences == nil {
		return 0
	}
	for _, c := range s.Past.CRL.Differences.Removed.First {
		if wasHeld(c) || !c.NotAfter.IsZero() && !s.Past.CRL.Latest.ThisUpdate.Before(c.NotAfter) {
			count++
		}
	}
	return count
}

// follows reports whether one CRLNumber is that of the next CRL after another.
func follows(number revocation.Serial, before []byte) bool {
	if number == nil || before == nil {
		return false
	}
	next := revocation.Serial(before).Big()
	return number.Big().Cmp(next.Add(next, big.NewInt(1))) == 0
}

// rarely lets the CRL before be that much older, and have been seen once.
func rarely(r *fake, by time.Duration) {
	crlBefore(r, func(p *evidence.PastCRL) {
		p.Latest.ThisUpdate = r.Now.Add(-time.Hour - by)
		p.Latest.NextUpdate = p.Latest.ThisUpdate.Add(10 * day)
		p.Latest.First = p.Latest.ThisUpdate.Add(time.Hour)
		p.Latest.Last = p.Latest.First
	})
}

// manyEntries is how many entries a CRL has to have had before losing half of them is
// remarkable.
const manyEntries = 20

func manyRevoked(n int) []fixtures.CRLEntry {
	var list []fixtures.CRLEntry
	for i := range n {
		list = append(list, fixtures.CRLEntry{Serial: revokedSerial(i + 1), Reason: revocation.ReasonSuperseded})
	}
	return list
}

// servedNewer lets the distribution point have served a CRL that is newer by that much, since
// so long ago. At no difference it is the same one.
func servedNewer(r *fake, by, since time.Duration) {
	crlBefore(r, func(p *evidence.PastCRL) {
		p.Latest.ThisUpdate = r.Now.Add(by - time.Hour)
		p.Latest.NextUpdate = p.Latest.ThisUpdate.Add(4 * day)
		p.Latest.First = r.Now.Add(-since)
		if by > 0 {
			p.Latest.Number = bytes.Clone([]byte{3, 233})
		}
	})
}

// dueBefore lets an earlier CRL have been due that much later than today's.
func dueBefore(r *fake, by time.Duration) {
	crlBefore(r, func(p *evidence.PastCRL) { p.Latest.NextUpdate = r.Now.Add(4*day - time.Hour + by) })
}
