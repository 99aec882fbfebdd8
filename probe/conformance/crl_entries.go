package conformance

import (
	"fmt"
	"strings"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// What the duplicate finder is told to expect: entries are rarely shorter, and a file's length
// alone shall not make us set memory aside.
const (
	entryOctets = 32
	maxExpected = 1 << 20
)

// maxOffenders is how many entries a finding names; the rest are counted.
const maxOffenders = 3

func crlEntryRules() []*Rule {
	return []*Rule{
		{
			ID:    "crl-entry-serial-unique",
			Cites: []Citation{RFC5280("5.1.2.6", Must), RFC5280("5.3", Must)},
			Says:  "No serial number may be listed twice.",
			Needs: evidence.FetchCRL,
			Entries: func(s *CRLSubject) EntryJudge {
				j := &duplicateJudge{subject: s}
				j.seen.Expect(int(min(max(s.Exchange.BodyLength(), 0)/entryOctets, maxExpected)))
				return j
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
				return &entryJudge{want: "reason 1, 3, 4, 5 or 9", offends: func(e *revocation.CRLEntry) string {
					switch {
					case !e.HasReason:
						return ""
					case e.Reason == revocation.ReasonUnspecified: // crl-reason-unspecified-absent speaks of it
						return ""
					case subscriberReason(e.Reason):
						return ""
					}
					return fmt.Sprintf("%s (%d)", e.Reason, int(e.Reason))
				}}
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
		},
		{
			ID:    "crl-reason-unspecified-absent",
			Cites: []Citation{BR("7.2.2", Must).Since("2023-07-15"), RFC5280("5.3.1", Should)},
			Says:  "unspecified must be said by leaving the reason out, not by reason code 0.",
			Needs: evidence.FetchCRL,
			Entries: func(s *CRLSubject) EntryJudge {
				j := &unspecifiedJudge{subject: s}
				j.offends = func(e *revocation.CRLEntry) string {
					if !e.HasReason || e.Reason != revocation.ReasonUnspecified {
						return ""
					}
					j.binding = j.binding || !e.RevocationDate.Before(subscriberReasonsSince)
					return "unspecified (0)"
				}
				j.want = "no reasonCode"
				return j
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

func subscriberReason(r revocation.ReasonCode) bool {
	switch r {
	case revocation.ReasonKeyCompromise, revocation.ReasonAffiliationChanged, revocation.ReasonSuperseded,
		revocation.ReasonCessationOfOperation, revocation.ReasonPrivilegeWithdrawn:
		return true
	}
	return false
}

// entryJudge fails a CRL for the entries that offend, naming the first of them.
type entryJudge struct {
	want    string
	offends func(*revocation.CRLEntry) string // what is wrong with an entry, or nothing

	count int
	named []string
	field string
	first int64
}

// Visit implements EntryJudge.
func (j *entryJudge) Visit(e *revocation.CRLEntry) {
	if wrong := j.offends(e); wrong != "" {
		j.note(e, wrong)
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
	if j.count == 0 {
		return pass()
	}
	got := strings.Join(j.named, "; ")
	if j.count > maxOffenders {
		got += fmt.Sprintf("; %d entries in all", j.count)
	}
	return fail(j.want, "%s", got).in(j.field).at(j.first)
}

// unspecifiedJudge tells entries that the Baseline Requirements bind from those that only
// RFC 5280 advises on.
type unspecifiedJudge struct {
	entryJudge
	subject *CRLSubject
	binding bool
}

// Verdict implements EntryJudge.
func (j *unspecifiedJudge) Verdict() Verdict {
	v := j.entryJudge.Verdict()
	if v.Outcome == Failed && (!j.binding || j.subject.Scope == evidence.ScopeCA) {
		return v.atMost(Warning)
	}
	return v
}

// duplicateJudge finds serials that are listed twice.
type duplicateJudge struct {
	entryJudge
	subject *CRLSubject
	seen    revocation.SerialSet
}

// Visit implements EntryJudge.
func (j *duplicateJudge) Visit(e *revocation.CRLEntry) {
	if first, again := j.seen.Add(e.Serial, e.Index, e.Offset); again {
		j.note(e, fmt.Sprintf("already entry %d", first.Index))
	}
}

// Verdict implements EntryJudge.
func (j *duplicateJudge) Verdict() Verdict {
	j.want = "each serial once"
	v := j.entryJudge.Verdict()
	switch idp := j.subject.CRL.IssuingDP; {
	case idp != nil && idp.Indirect:
		return skip() // there, several CAs' serials stand side by side
	case v.Outcome == Passed && j.seen.Full():
		return unable("more entries than can be compared")
	}
	return v
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
