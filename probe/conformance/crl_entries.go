package conformance

import (
	"fmt"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func crlEntryRules() []*Rule {
	return []*Rule{
		{
			ID:    "crl-entry-serial-unique",
			Cites: []Citation{RFC5280("5.1.2.6", Must), RFC5280("5.3", Must)},
			Says:  "No serial number may be listed twice.",
			Needs: evidence.FetchCRL,
			Entries: func(s *CRLSubject) EntryJudge {
				return &duplicateJudge{entryJudge: entryJudge{subject: s, want: "each serial once"}}
			},
			Bad: []fixtures.Case{when("the same serial twice", func(r *fake) {
				r.CRL.Entries = entries(1, revocation.ReasonSuperseded, revocation.ReasonSuperseded)
				r.CRL.Entries[1].Serial = r.CRL.Entries[0].Serial
			})},
			Good: []fixtures.Case{when("serials a bit apart, descending", func(r *fake) {
				r.CRL.Entries = entries(-1, revocation.ReasonSuperseded, revocation.ReasonSuperseded, revocation.ReasonSuperseded)
			})},
		},
		{
			ID:    "crl-reason-allowed",
			Cites: []Citation{BR("7.2.2", Must).Since("2023-07-15"), MRSP("6.1.1", Must)},
			Says:  "The reason of a Subscriber certificate must be keyCompromise, affiliationChanged, superseded, cessationOfOperation or privilegeWithdrawn.",
			Needs: evidence.FetchCRL,
			Scope: evidence.ScopeEE,
			Entries: func(*CRLSubject) EntryJudge {
				return &entryJudge{want: "reason 1, 3, 4, 5 or 9", watch: otherReasons(subscriberReasons...), words: reasonText}
			},
			Bad: []fixtures.Case{
				when("certificateHold", func(r *fake) { r.CRL.Entries = entries(1, revocation.ReasonCertificateHold) }),
				when("cACompromise", func(r *fake) { r.CRL.Entries = entries(1, revocation.ReasonCACompromise) }),
				when("7, which is not used", func(r *fake) { r.CRL.Entries = entries(1, 7) }),
				when("removeFromCRL", func(r *fake) { r.CRL.Entries = entries(1, revocation.ReasonRemoveFromCRL) }),
				when("aACompromise", func(r *fake) { r.CRL.Entries = entries(1, revocation.ReasonAACompromise) }),
			},
			Good: []fixtures.Case{when("each that is allowed", func(r *fake) {
				r.CRL.Entries = entries(1, revocation.ReasonKeyCompromise, revocation.ReasonAffiliationChanged, revocation.ReasonSuperseded,
					revocation.ReasonCessationOfOperation, revocation.ReasonPrivilegeWithdrawn)
			})},
			Also: []string{"crl-reason-no-hold", "crl-reason-no-removefromcrl"},
		},
		{
			ID:    "crl-reason-unspecified-absent",
			Cites: []Citation{BR("7.2.2", Must).Since("2023-07-15"), RFC5280("5.3.1", Should)},
			Says:  "unspecified must be said by leaving the reason out, not by reason code 0.",
			Needs: evidence.FetchCRL,
			Entries: func(s *CRLSubject) EntryJudge {
				return &unspecifiedJudge{entryJudge: entryJudge{subject: s, want: "no reasonCode",
					watch: revocation.MarkReason(revocation.ReasonUnspecified), words: reasonText}}
			},
			Bad: []fixtures.Case{
				when("code 0", func(r *fake) { r.CRL.Entries = explicitUnspecified(time.Time{}) }),
				when("code 0, revoked a second before the Baseline Requirements said so", func(r *fake) {
					r.CRL.Entries = explicitUnspecified(subscriberReasonsSince.Add(-time.Second))
				}),
			},
			Good: []fixtures.Case{when("left out", func(r *fake) {
				r.CRL.Entries = entries(1, revocation.ReasonUnspecified)
				r.CRL.Entries[0].NoReason = true
			})},
		},
	}
}

// subscriberReasonsSince is when reason codes began to bind for Subscriber certificates
// (BR 7.2.2, ballot SC-061).
var subscriberReasonsSince = mustDay("2023-07-15")

// subscriberReasons are those of BR 7.2.2 for Subscriber certificates, but unspecified.
var subscriberReasons = []revocation.ReasonCode{revocation.ReasonKeyCompromise, revocation.ReasonAffiliationChanged,
	revocation.ReasonSuperseded, revocation.ReasonCessationOfOperation, revocation.ReasonPrivilegeWithdrawn}

// otherReasons marks the entries that give a reason that is none of these, nor unspecified,
// of which crl-reason-unspecified-absent speaks.
func otherReasons(allowed ...revocation.ReasonCode) revocation.EntryMarks {
	marks := revocation.MarkAnyReason &^ revocation.MarkReason(revocation.ReasonUnspecified)
	for _, r := range allowed {
		marks &^= revocation.MarkReason(r)
	}
	return marks
}

func reasonText(e *revocation.CRLEntry) string {
	return fmt.Sprintf("%s (%d)", e.Reason, int(e.Reason))
}

// unspecifiedJudge tells entries that the Baseline Requirements bind from those that only
// RFC 5280 advises on.
type unspecifiedJudge struct {
	entryJudge
	binding bool
}

// Visit implements EntryJudge.
func (j *unspecifiedJudge) Visit(e *revocation.CRLEntry) {
	j.binding = j.binding || !e.RevocationDate.Before(subscriberReasonsSince)
	j.entryJudge.Visit(e)
}

// Verdict implements EntryJudge.
func (j *unspecifiedJudge) Verdict() Verdict {
	v := j.entryJudge.Verdict()
	if v.Outcome == Failed && (!j.binding || j.subject.Scope == evidence.ScopeCA) {
		return v.atMost(Warning)
	}
	return v
}

// duplicateJudge finds serials that are listed twice. It reads the CRL again where it has
// to: the octets of a blob are not held.
type duplicateJudge struct {
	entryJudge
	finder revocation.DuplicateFinder
}

// Visit implements EntryJudge.
func (j *duplicateJudge) Visit(e *revocation.CRLEntry) { j.finder.Visit(e) }

// Verdict implements EntryJudge.
func (j *duplicateJudge) Verdict() Verdict {
	for j.finder.Again() {
		if err := j.subject.entriesAgain(j.finder.Visit); err != nil {
			return unable("the entries could not be read again: %s", err)
		}
	}
	found, count := j.finder.Found()
	for _, r := range found {
		j.note(&revocation.CRLEntry{Serial: r.Serial, Index: r.Index, Offset: r.Offset}, fmt.Sprintf("already entry %d", r.First.Index))
	}
	j.count = count
	return j.entryJudge.Verdict()
}

// entries makes one entry for each reason, with serials that step apart from each other.
func entries(step int, reasons ...revocation.ReasonCode) []fixtures.CRLEntry {
	var list []fixtures.CRLEntry
	for i, reason := range reasons {
		list = append(list, fixtures.CRLEntry{Serial: revokedSerial(100 + i*step), Reason: reason})
	}
	return list
}

func explicitUnspecified(revoked time.Time) []fixtures.CRLEntry {
	list := entries(1, revocation.ReasonUnspecified)
	list[0].ExplicitUnspecified, list[0].Revoked = true, revoked
	return list
}
