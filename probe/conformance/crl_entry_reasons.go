package conformance

import (
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// caReasonsSince is when reasons began to bind for CA certificates, and certificateHold was
// banned (BR 7.2.2, ballot SC-031).
var caReasonsSince = mustDay("2020-09-30")

// caReasons are those of BR 7.2.2 for CA certificates, and cACompromise, which its table lacks.
var caReasons = append([]revocation.ReasonCode{revocation.ReasonCACompromise}, subscriberReasons...)

func crlReasonRules() []*Rule {
	return []*Rule{
		{
			ID:    "crl-reason-noncritical",
			Cites: []Citation{BR("7.2.2", Must), RFC5280("5.3.1", Must)},
			Says:  "reasonCode must not be critical.",
			Needs: evidence.FetchCRL,
			Entries: func(s *CRLSubject) EntryJudge {
				return &entryJudge{subject: s, want: "not critical", watch: revocation.MarkReasonCritical,
					words: func(*revocation.CRLEntry) string { return "reasonCode is critical" }}
			},
			Bad: []fixtures.Case{when("critical", func(r *fake) {
				r.CRL.Entries = entries(1, revocation.ReasonKeyCompromise)
				r.CRL.Entries[0].ReasonCritical = true
			})},
			Good: []fixtures.Case{when("not critical", func(r *fake) { r.CRL.Entries = entries(1, revocation.ReasonKeyCompromise) })},
		},
		{
			ID:     "crl-reason-no-hold",
			Cites:  []Citation{BR("7.2.2", Must).Since("2020-09-30"), BR("4.9.13", Must).Since("2020-09-30")},
			Says:   "No certificate may be put on hold.",
			Needs:  evidence.FetchCRL,
			Public: true,
			Entries: func(s *CRLSubject) EntryJudge {
				return &entryJudge{subject: s, want: "revoked for good", watch: revocation.MarkReason(revocation.ReasonCertificateHold), words: reasonText}
			},
			Bad:  []fixtures.Case{when("certificateHold", func(r *fake) { r.CRL.Entries = entries(1, revocation.ReasonCertificateHold) })},
			Good: []fixtures.Case{when("cessationOfOperation", func(r *fake) { r.CRL.Entries = entries(1, revocation.ReasonCessationOfOperation) })},
			Also: []string{"crl-reason-allowed"},
		},
		{
			ID:    "crl-reason-no-removefromcrl",
			Cites: []Citation{RFC5280("5.3.1", Must)},
			Says:  "removeFromCRL has its place in delta CRLs alone.",
			Needs: evidence.FetchCRL,
			Entries: func(s *CRLSubject) EntryJudge {
				return &entryJudge{subject: s, want: "no removeFromCRL in a complete CRL", watch: revocation.MarkReason(revocation.ReasonRemoveFromCRL), words: reasonText,
					settle: func(j *entryJudge, v Verdict) Verdict {
						if j.subject.CRL.IsDelta() {
							return skip()
						}
						return v
					}}
			},
			Bad: []fixtures.Case{when("in a complete CRL", func(r *fake) { r.CRL.Entries = entries(1, revocation.ReasonRemoveFromCRL) })},
			Good: []fixtures.Case{when("in a delta", func(r *fake) {
				r.CRL.Entries = entries(1, revocation.ReasonRemoveFromCRL)
				delta(true)(r)
			})},
			Also: []string{"crl-reason-allowed"},
		},
		{
			ID:     "crl-reason-ca-present",
			Cites:  []Citation{BR("7.2.2", Must).Since("2020-09-30"), MSTRP("2.1.7", Must).Since("2026-05-20"), CCADB("3.2", Must).Since("2026-03-20")},
			Says:   "The entry of a CA certificate must have a reasonCode.",
			Needs:  evidence.FetchCRL,
			Scope:  evidence.ScopeCA,
			Public: true,
			Entries: func(s *CRLSubject) EntryJudge {
				return &caReasonJudge{entryJudge: entryJudge{subject: s, want: "a reasonCode", watch: revocation.MarkNoReason,
					words: func(*revocation.CRLEntry) string { return "no reason" }}}
			},
			Bad: []fixtures.Case{
				when("none", caCRL(fixtures.CRLEntry{Serial: revokedSerial(1)})),
				when("none, revoked a second before the Baseline Requirements said so", caCRL(fixtures.CRLEntry{
					Serial: revokedSerial(1), Revoked: caReasonsSince.Add(-time.Second)})),
			},
			Good: []fixtures.Case{when("superseded", caCRL(fixtures.CRLEntry{Serial: revokedSerial(1), Reason: revocation.ReasonSuperseded}))},
			Also: []string{"crl-scope-covers-cert"},
		},
		{
			ID:     "crl-reason-ca-value",
			Cites:  []Citation{BR("7.2.2", Observed).Since("2020-09-30"), RFC5280("5.3.1", Observed)},
			Says:   "The reason of a CA certificate should be keyCompromise, cACompromise, affiliationChanged, superseded, cessationOfOperation or privilegeWithdrawn.",
			Needs:  evidence.FetchCRL,
			Scope:  evidence.ScopeCA,
			Marked: Notice,
			Entries: func(s *CRLSubject) EntryJudge {
				return &entryJudge{subject: s, want: "reason 1, 2, 3, 4, 5 or 9 (RFC 5280 5.3.1 has 2, the table of BR 7.2.2 lacks it)",
					watch: otherReasons(caReasons...), words: reasonText,
					settle: func(j *entryJudge, v Verdict) Verdict { return j.perhapsOfNoCA(v) }}
			},
			Bad: []fixtures.Case{
				when("aACompromise", caCRL(fixtures.CRLEntry{Serial: revokedSerial(1), Reason: revocation.ReasonAACompromise})),
				when("7, which is not used", caCRL(fixtures.CRLEntry{Serial: revokedSerial(1), Reason: 7})),
			},
			Good: []fixtures.Case{
				when("cACompromise", caCRL(fixtures.CRLEntry{Serial: revokedSerial(1), Reason: revocation.ReasonCACompromise})),
				when("privilegeWithdrawn", caCRL(fixtures.CRLEntry{Serial: revokedSerial(1), Reason: revocation.ReasonPrivilegeWithdrawn})),
			},
			Also: []string{"crl-scope-covers-cert"},
		},
	}
}

// caReasonJudge tells entries that the Baseline Requirements bind without doubt from those
// that are older than the clause or may be no CA's.
type caReasonJudge struct {
	entryJudge
	binding bool
}

// Visit implements EntryJudge.
func (j *caReasonJudge) Visit(e *revocation.CRLEntry) {
	j.binding = j.binding || !e.RevocationDate.Before(caReasonsSince)
	j.entryJudge.Visit(e)
}

// Verdict implements EntryJudge.
func (j *caReasonJudge) Verdict() Verdict {
	v := j.entryJudge.Verdict()
	if v.Outcome == Failed && !j.binding {
		v = v.atMost(Warning)
	}
	return j.perhapsOfNoCA(v)
}

// perhapsOfNoCA says so where a failure takes entries for those of CA certificates, and the
// CRL does not say that they are.
func (j *entryJudge) perhapsOfNoCA(v Verdict) Verdict {
	if idp := j.subject.CRL.IssuingDP; v.Outcome != Failed || idp != nil && idp.OnlyCACerts {
		return v
	}
	v.Got += "; nothing says that these are CA certificates"
	return v.atMost(Warning)
}
