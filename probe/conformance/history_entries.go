package conformance

import (
	"slices"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// publishing is within how long of a revocation a CRL has to show it (BR 4.9.7).
const publishing = 24 * time.Hour

func crlEntryHistoryRules() []*Rule {
	return []*Rule{
		{
			ID:     "crl-no-early-removal",
			Cites:  []Citation{BR("7.2", Must), BR("4.10.1", Must), RFC5280("3.3", Must)},
			Says:   "An entry must stay until it was on a CRL that was issued after its certificate had expired.",
			Needs:  evidence.FetchCRL,
			Marked: Critical,
			History: func(s HistorySubject) Verdict {
				removed, ok := s.changed(func(d *evidence.CRLDifferences) evidence.ChangedEntries { return d.Removed })
				early, unknown := s.removedEarly(removed)
				switch {
				case len(early) > 0:
					v := fail("entries kept past the certificates' notAfter", "gone since the CRL of %s: %s", stamp(s.Past.CRL.Latest.ThisUpdate),
						named(early, len(early))).in("tbsCertList.revokedCertificates").about(s.CRL.Exchange.ID)
					if s.partition() {
						return v.atMost(Warning) // it may be on one that was not asked for
					}
					return v
				case unknown > 0:
					return fail("entries kept past the certificates' notAfter, which are not known", "%d entries gone since the CRL of %s, such as %s", unknown,
						stamp(s.Past.CRL.Latest.ThisUpdate), removed.First[0].Serial).in("tbsCertList.revokedCertificates").about(s.CRL.Exchange.ID).atMost(Notice)
				}
				return skipUnless(ok)
			},
			Bad: []fixtures.Case{
				when("a second before the certificate was on a CRL after its end", func(r *fake) { removedFrom(r, time.Second) }),
				when("of a certificate that is not known", func(r *fake) { removedFrom(r, 0) }),
				when("from a partition", func(r *fake) {
					removedFrom(r, time.Second)
					partitioned(r)
				}),
			},
			Good: []fixtures.Case{
				when("after a CRL of the second in which the certificate ended", func(r *fake) {
					crlBefore(r, changeIn(theRemoved, evidence.EntryChange{Serial: "5a", NotAfter: r.Now.Add(-25 * time.Hour)}))
				}),
				when("from a delta", func(r *fake) {
					removedFrom(r, time.Second)
					r.CRL.Extensions = deltaOf(1000, true)
				}),
				when("from an indirect CRL", func(r *fake) {
					removedFrom(r, time.Second)
					r.CRL.IssuingDP = func(own string) revocation.IssuingDistributionPoint {
						return revocation.IssuingDistributionPoint{URIs: []string{own}, Indirect: true}
					}
				}),
				when("released from a hold", func(r *fake) {
					crlBefore(r, changeIn(theRemoved, evidence.EntryChange{Serial: "5a", NotAfter: r.Now.Add(day),
						Before: evidence.EntryFact{Reason: int(revocation.ReasonCertificateHold)}}))
				}),
				when("moved to another shard", func(r *fake) {
					crlBefore(r, changeIn(theRemoved, evidence.EntryChange{Serial: revokedSerial(1).String(), NotAfter: r.Now.Add(day)}))
					r.CRL.Entries = manyRevoked(1)
				}),
			},
		},
		{
			ID:     "crl-entry-date-stable",
			Cites:  []Citation{BR("7.2.2", Observed).Since("2023-07-15"), RFC5280("5.3.2", Observed)},
			Says:   "The revocationDate of an entry stays, or is set back when a key turns out to have been compromised earlier.",
			Needs:  evidence.FetchCRL,
			Marked: Warning,
			History: func(s HistorySubject) Verdict {
				list, ok := s.changed(func(d *evidence.CRLDifferences) evidence.ChangedEntries { return d.Redated })
				later := slices.IndexFunc(list.First, func(c evidence.EntryChange) bool {
					return !wasHeld(c) && c.After.Revoked.After(c.Before.Revoked)
				})
				other := slices.IndexFunc(list.First, func(c evidence.EntryChange) bool {
					return !wasHeld(c) && c.After.Reason != int(revocation.ReasonKeyCompromise)
				})
				switch {
				case later >= 0:
					return redated(s, list, later)
				case other >= 0:
					return redated(s, list, other).atMost(Notice)
				}
				return skipUnless(ok)
			},
			Bad: []fixtures.Case{
				when("a second later", func(r *fake) { datedFrom(r, 0, time.Second, revocation.ReasonKeyCompromise) }),
				when("a second earlier, for no compromised key", func(r *fake) { datedFrom(r, time.Second, 0, revocation.ReasonSuperseded) }),
			},
			Good: []fixtures.Case{
				when("earlier, for a compromised key", func(r *fake) { datedFrom(r, time.Second, 0, revocation.ReasonKeyCompromise) }),
				when("later, of another hold", func(r *fake) { datedFrom(r, 0, time.Second, revocation.ReasonCertificateHold) }),
			},
		},
		{
			ID:     "crl-reason-not-downgraded",
			Cites:  []Citation{BR("7.2.2", Observed).Since("2023-07-15"), MRSP("6.1.1", Observed)},
			Says:   "An entry that says keyCompromise does not come to say another reason, or none.",
			Needs:  evidence.FetchCRL,
			Marked: Warning,
			History: func(s HistorySubject) Verdict {
				list, ok := s.changed(func(d *evidence.CRLDifferences) evidence.ChangedEntries { return d.Rereasoned })
				at := slices.IndexFunc(list.First, func(c evidence.EntryChange) bool { return c.Before.Reason == int(revocation.ReasonKeyCompromise) })
				if at < 0 {
					return skipUnless(ok)
				}
				c := list.First[at]
				return fail("keyCompromise", "%s for serial %s, keyCompromise in the CRL of %s", keptReason(c.After.Reason), c.Serial, stamp(s.Past.CRL.Latest.ThisUpdate)).
					in("tbsCertList.revokedCertificates").about(s.CRL.Exchange.ID)
			},
			Bad: []fixtures.Case{
				when("superseded", func(r *fake) { reasonFrom(r, revocation.ReasonKeyCompromise, int(revocation.ReasonSuperseded)) }),
				when("none", func(r *fake) { reasonFrom(r, revocation.ReasonKeyCompromise, -1) }),
			},
			Good: []fixtures.Case{when("from superseded to keyCompromise", func(r *fake) {
				reasonFrom(r, revocation.ReasonSuperseded, int(revocation.ReasonKeyCompromise))
			})},
		},
		{
			ID:    "crl-update-24h-after-revocation",
			Cites: []Citation{BR("4.9.7", Must).Since("2024-03-15")},
			Says:  "A CRL must show a revocation within 24 hours.",
			Needs: evidence.FetchCRL,
			History: func(s HistorySubject) Verdict {
				added, ok := s.changed(func(d *evidence.CRLDifferences) evidence.ChangedEntries { return d.Added })
				for _, c := range added.First {
					if v := s.lateEntry(c); v.Outcome == Failed {
						return v.in("tbsCertList.revokedCertificates").about(s.CRL.Exchange.ID)
					}
				}
				return skipUnless(ok)
			},
			Bad: []fixtures.Case{
				when("a second more after OCSP said so", func(r *fake) { toldBefore(r, publishing+time.Second) }),
				when("served for a second more after OCSP said so", func(r *fake) { servedOn(r, time.Second, true, revocation.ReasonSuperseded) }),
				when("served for a second more after its own date", func(r *fake) { servedOn(r, time.Second, false, revocation.ReasonSuperseded) }),
				when("on a partition", func(r *fake) {
					toldBefore(r, publishing+time.Second)
					partitioned(r)
				}),
			},
			Good: []fixtures.Case{
				when("24 hours after OCSP said so", func(r *fake) { toldBefore(r, publishing) }),
				when("served for no longer after OCSP said so", func(r *fake) { servedOn(r, 0, true, revocation.ReasonSuperseded) }),
				when("served for no longer after its own date", func(r *fake) { servedOn(r, 0, false, revocation.ReasonSuperseded) }),
				when("the date of a compromise", func(r *fake) { servedOn(r, time.Second, false, revocation.ReasonKeyCompromise) }),
				when("from a delta perhaps", func(r *fake) {
					toldBefore(r, publishing+time.Second)
					deltaBeside(r, nil)
				}),
				when("on a partition, from another one perhaps", func(r *fake) {
					servedOn(r, time.Second, false, revocation.ReasonSuperseded)
					partitioned(r)
				}),
			},
		},
		{
			ID:     "crl-entry-date-not-precede-earlier",
			Cites:  []Citation{RFC5280("5.3.2", Should), BR("7.2.2", Practice)},
			Says:   "A new entry should not be dated before an earlier CRL that lacked it, but for a key that was compromised.",
			Needs:  evidence.FetchCRL,
			Marked: Notice,
			History: func(s HistorySubject) Verdict {
				added, ok := s.changed(func(d *evidence.CRLDifferences) evidence.ChangedEntries { return d.Added })
				for _, c := range added.First {
					back := s.Past.CRL.Latest.ThisUpdate.Sub(c.After.Revoked)
					if back > publishing && !s.partition() && !s.delta() && c.After.Reason != int(revocation.ReasonKeyCompromise) {
						return fail("a revocationDate at most 24h before the CRL of "+stamp(s.Past.CRL.Latest.ThisUpdate)+", which lacked it", "%s for serial %s, %s before it",
							stamp(c.After.Revoked), c.Serial, span(back)).in("tbsCertList.revokedCertificates").about(s.CRL.Exchange.ID)
					}
				}
				return skipUnless(ok)
			},
			Bad: []fixtures.Case{when("24 hours and a second before it", func(r *fake) {
				addedTo(r, publishing+time.Second, revocation.ReasonSuperseded)
			})},
			Good: []fixtures.Case{
				when("24 hours before it", func(r *fake) { addedTo(r, publishing, revocation.ReasonSuperseded) }),
				when("for a compromised key", func(r *fake) { addedTo(r, publishing+time.Second, revocation.ReasonKeyCompromise) }),
				when("from a delta perhaps", func(r *fake) {
					addedTo(r, publishing+time.Second, revocation.ReasonSuperseded)
					deltaBeside(r, nil)
					r.Shards[0].FreshestOfCRL = false
				}),
				when("on a partition, from another one perhaps", func(r *fake) {
					addedTo(r, publishing+time.Second, revocation.ReasonSuperseded)
					partitioned(r)
				}),
			},
		},
	}
}

// lateEntry judges a new entry: whether a CRL without it was issued, or still served, longer
// after the revocation than it may take.
func (s HistorySubject) lateEntry(c evidence.EntryChange) Verdict {
	before := s.Past.CRL.Latest
	without := later(before.ThisUpdate, before.Last.Add(-usualLag))
	switch {
	case s.delta():
		return pass() // it may have been on one in time
	case !c.FirstRevoked.IsZero() && without.Sub(c.FirstRevoked) > publishing:
		v := fail("an entry within 24h", "serial %s was seen revoked by OCSP at %s; the CRL of %s, served until %s, did not have it", c.Serial,
			stamp(c.FirstRevoked), stamp(before.ThisUpdate), stamp(before.Last))
		if s.partition() {
			return v.atMost(Warning) // it may have been on one that was not asked for
		}
		return v
	case c.After.Reason == int(revocation.ReasonKeyCompromise), before.ThisUpdate.Sub(c.After.Revoked) > publishing:
		return skip() // whose date may lie before the revocation: of the others crl-entry-date-not-precede-earlier speaks
	case s.partition():
		return pass() // it may have come from another one
	case without.Sub(c.After.Revoked) > publishing:
		return fail("an entry within 24h", "serial %s is dated %s; the CRL of %s, served until %s, did not have it", c.Serial, stamp(c.After.Revoked),
			stamp(before.ThisUpdate), stamp(before.Last)).atMost(Warning)
	}
	return pass()
}

// removedEarly returns the removed serials whose certificates had not ended when the CRL
// before was issued and that no CRL of the run lists, and counts those not known.
func (s HistorySubject) removedEarly(removed evidence.ChangedEntries) (early []string, unknown int) {
	unknown = removed.Count - len(removed.First)
	for _, c := range removed.First {
		switch {
		case s.listedElsewhere(c.Serial), wasHeld(c):
		case c.NotAfter.IsZero():
			unknown++
		case s.Past.CRL.Latest.ThisUpdate.Before(c.NotAfter):
			early = append(early, c.Serial)
		}
	}
	return early, unknown
}

// wasHeld reports whether an entry was a hold, which may be released, and put again (RFC 5280
// §5.3.1).
func wasHeld(c evidence.EntryChange) bool {
	return c.Before.Reason == int(revocation.ReasonCertificateHold)
}

// listedElsewhere reports whether any CRL that the run got from the CA lists a serial.
func (s HistorySubject) listedElsewhere(serial string) bool {
	for _, c := range s.run.heeded() {
		for octets := range c.found {
			if revocation.Serial(octets).String() == serial {
				return true
			}
		}
	}
	return false
}

func redated(s HistorySubject, list evidence.ChangedEntries, at int) Verdict {
	c := list.First[at]
	return fail(stamp(c.Before.Revoked)+" as in the CRL of "+stamp(s.Past.CRL.Latest.ThisUpdate), "%s for serial %s, %s", stamp(c.After.Revoked), c.Serial,
		keptReason(c.After.Reason)).in("tbsCertList.revokedCertificates").about(s.CRL.Exchange.ID)
}

func keptReason(reason int) string {
	if reason < 0 {
		return "no reason"
	}
	return revocation.ReasonCode(reason).String()
}

func theRemoved(d *evidence.CRLDifferences) *evidence.ChangedEntries { return &d.Removed }

// removedFrom lets an entry be gone whose certificate ended that long after the CRL before
// was issued; of a certificate that is not known where that is nothing.
func removedFrom(r *fake, after time.Duration) {
	change := evidence.EntryChange{Serial: "5a"}
	change.Before.Reason = int(revocation.ReasonSuperseded)
	if after > 0 {
		change.NotAfter = r.Now.Add(-25*time.Hour + after)
	}
	crlBefore(r, changeIn(theRemoved, change))
}

// datedFrom lets an entry's date go from one time after a moment to another.
func datedFrom(r *fake, before, after time.Duration, reason revocation.ReasonCode) {
	at := r.Now.Add(-3 * day)
	crlBefore(r, changeIn(func(d *evidence.CRLDifferences) *evidence.ChangedEntries { return &d.Redated }, evidence.EntryChange{Serial: "5a",
		Before: evidence.EntryFact{Revoked: at.Add(before), Reason: int(reason)}, After: evidence.EntryFact{Revoked: at.Add(after), Reason: int(reason)}}))
}

func reasonFrom(r *fake, before revocation.ReasonCode, after int) {
	at := r.Now.Add(-3 * day)
	crlBefore(r, changeIn(func(d *evidence.CRLDifferences) *evidence.ChangedEntries { return &d.Rereasoned }, evidence.EntryChange{Serial: "5a",
		Before: evidence.EntryFact{Revoked: at, Reason: int(before)}, After: evidence.EntryFact{Revoked: at, Reason: after}}))
}

func theAdded(d *evidence.CRLDifferences) *evidence.ChangedEntries { return &d.Added }

// toldBefore lets an entry be new that OCSP was seen to call revoked that long before the
// last CRL without it.
func toldBefore(r *fake, by time.Duration) {
	change := evidence.EntryChange{Serial: "5a", FirstRevoked: r.Now.Add(-25*time.Hour - by),
		After: evidence.EntryFact{Revoked: r.Now.Add(-25 * time.Hour), Reason: int(revocation.ReasonSuperseded)}}
	crlBefore(r, func(p *evidence.PastCRL) {
		changeIn(theAdded, change)(p)
		p.Latest.Last = p.Latest.ThisUpdate
	})
}

// servedOn lets an entry be new whose certificate was revoked, as OCSP told or as the entry
// says, that long before caches can still have had a CRL without it, and 24 hours.
func servedOn(r *fake, by time.Duration, told bool, reason revocation.ReasonCode) {
	change := evidence.EntryChange{Serial: "5a", After: evidence.EntryFact{Revoked: r.Now.Add(-25 * time.Hour), Reason: int(reason)}}
	last := change.After.Revoked.Add(publishing + usualLag + by)
	if told {
		change.FirstRevoked, change.After.Reason = change.After.Revoked, int(revocation.ReasonKeyCompromise)
	}
	crlBefore(r, func(p *evidence.PastCRL) {
		changeIn(theAdded, change)(p)
		p.Latest.Last = last
	})
}

// partitioned makes the CRL one of several.
func partitioned(r *fake) {
	r.CRL.IssuingDP = func(own string) revocation.IssuingDistributionPoint {
		return revocation.IssuingDistributionPoint{URIs: []string{own}, OnlyUserCerts: true}
	}
}

// addedTo lets an entry be new that is dated that long before the last CRL without it.
func addedTo(r *fake, by time.Duration, reason revocation.ReasonCode) {
	crlBefore(r, changeIn(theAdded, evidence.EntryChange{Serial: "5a", After: evidence.EntryFact{Revoked: r.Now.Add(-25*time.Hour - by), Reason: int(reason)}}))
}
