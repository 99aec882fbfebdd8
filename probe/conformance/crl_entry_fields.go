package conformance

import (
	"bytes"
	"fmt"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func crlEntryFieldRules() []*Rule {
	return []*Rule{
		{
			ID:    "crl-entry-serial-valid",
			Cites: []Citation{BR("7.2.2", Must).Since("2024-03-15"), RFC5280("4.1.2.2", Must)},
			Says:  "A serial number on a CRL must be that of the certificate, octet for octet: positive, and of at most 20 octets.",
			Needs: evidence.FetchCRL,
			Entries: func(s *CRLSubject) EntryJudge {
				return &serialJudge{entryJudge{subject: s, want: "1 to 20 octets, positive, as in the certificate", watch: revocation.MarkSerial,
					words: func(e *revocation.CRLEntry) string {
						return fmt.Sprintf("%d octets beginning %s", len(e.Serial), hexShort(e.Serial[:1]))
					}}}
			},
			Bad: []fixtures.Case{
				when("0", oddSerial(0)),
				when("negative", oddSerial(0x80, 0)),
				when("21 octets", oddSerial(append([]byte{0, 0x80}, make([]byte, 19)...)...)),
				when("the certificate's with a superfluous octet", leafRevoked(editCRL("revokedCertificates[0].userCertificate", func(n *fixtures.Node) {
					n.Content = append([]byte{0}, n.Content...)
				}))),
			},
			Good: []fixtures.Case{
				when("1", oddSerial(1)),
				when("20 octets", oddSerial(append([]byte{0x7f}, make([]byte, 19)...)...)),
				when("21 octets, as in the certificate", leafRevoked(func(r *fake) { r.Leaf = withLongSerial })),
			},
			Also: []string{"crl-der-strict"},
		},
		{
			ID:     "crl-entry-ext-allowed",
			Cites:  []Citation{BR("7.2.2", Should).Since("2024-03-15")},
			Says:   "An entry should have no extension but reasonCode.",
			Needs:  evidence.FetchCRL,
			Marked: Notice,
			Public: true,
			Entries: func(s *CRLSubject) EntryJudge {
				return &entryJudge{subject: s, want: "none", watch: revocation.MarkInvalidityDate | revocation.MarkOtherExtension, words: otherExtensions}
			},
			Bad: []fixtures.Case{
				when("invalidityDate", entryExtended(invalidityDate)),
				when("an unknown one", entryExtended(unknownOptional)),
			},
			Good: []fixtures.Case{when("reasonCode", entryExtended())},
		},
		{
			ID:     "crl-invaliditydate-format",
			Cites:  []Citation{RFC5280("5.3.2", Must)},
			Says:   "invalidityDate must be a GeneralizedTime in Greenwich time, with seconds and without fractions, and not critical.",
			Needs:  evidence.FetchCRL,
			Marked: Warning,
			Entries: func(s *CRLSubject) EntryJudge {
				return &entryJudge{subject: s, want: "a GeneralizedTime YYYYMMDDHHMMSSZ, not critical", watch: revocation.MarkInvalidityForm, words: invalidityText}
			},
			Bad: []fixtures.Case{
				when("critical", entryExtended(revocation.Extension{ID: revocation.OIDInvalidityDate, Critical: true, Value: invalidityDate.Value})),
				when("a UTCTime", entryExtended(revocation.Extension{ID: revocation.OIDInvalidityDate, Value: []byte("\x17\x0d261101000000Z")})),
				when("no seconds", entryExtended(revocation.Extension{ID: revocation.OIDInvalidityDate, Value: []byte("\x18\x0d202611010000Z")})),
			},
			Good: []fixtures.Case{when("as it should be", entryExtended(invalidityDate))},
			Also: []string{"crl-entry-ext-allowed"},
		},
		{
			ID:    "crl-certificateissuer-absent",
			Cites: []Citation{BR("7.2", Must).Since("2024-03-15"), RFC5280("5.3.3", Must)},
			Says:  "No entry may have a certificateIssuer, which only indirect CRLs need, and there as a critical extension.",
			Needs: evidence.FetchCRL,
			Entries: func(s *CRLSubject) EntryJudge {
				return &issuerJudge{entryJudge: entryJudge{subject: s, want: "none (BR 7.2; RFC 5280 5.3.3 has it in indirect CRLs)",
					watch: revocation.MarkCertificateIssuer, words: func(*revocation.CRLEntry) string { return "certificateIssuer" }}}
			},
			Bad: []fixtures.Case{
				when("one", entryExtended(certificateIssuer(true))),
				when("one that is not critical, in an indirect CRL", func(r *fake) {
					shard(func(dp *revocation.IssuingDistributionPoint) { dp.Indirect = true })(r)
					entryExtended(certificateIssuer(false))(r)
				}),
			},
			Good: []fixtures.Case{when("none", func(*fake) {})},
			Also: []string{"crl-no-indirect"},
		},
	}
}

// serialJudge heeds that a certificate's number has to be listed as it is, however wrong.
type serialJudge struct{ entryJudge }

// Verdict implements EntryJudge.
func (j *serialJudge) Verdict() Verdict {
	v, s := j.entryJudge.Verdict(), j.subject
	if v.Outcome != Failed {
		return v
	}
	if s.Listed != nil && s.Listed.Marks&revocation.MarkSerial != 0 {
		switch same := bytes.Equal(s.Listed.Serial, revocation.SerialOf(s.Subject.SerialNumber)); {
		case !same:
			return v
		case j.count == 1:
			return pass()
		}
	}
	return v.atMost(Warning) // the certificates may have these numbers
}

// issuerJudge tells what RFC 5280 forbids from what only the Baseline Requirements do.
type issuerJudge struct {
	entryJudge
	optional bool // one is not critical
}

// Visit implements EntryJudge.
func (j *issuerJudge) Visit(e *revocation.CRLEntry) {
	j.optional = j.optional || e.Marks&revocation.MarkIssuerNotCritical != 0
	j.entryJudge.Visit(e)
}

// Verdict implements EntryJudge.
func (j *issuerJudge) Verdict() Verdict {
	v := j.entryJudge.Verdict()
	if idp := j.subject.CRL.IssuingDP; v.Outcome == Failed && !j.optional && idp != nil && idp.Indirect {
		return v.under(BRDoc).ofPublic() // as crl-no-indirect is
	}
	return v
}

// otherExtensions names an entry's extensions but reasonCode.
func otherExtensions(e *revocation.CRLEntry) string {
	text := ""
	for _, x := range e.ReadExtensions() {
		if x.ID != revocation.OIDReasonCode && len(text) < 80 {
			text += " " + x.ID.String()
		}
	}
	return "extension" + text
}

func invalidityText(e *revocation.CRLEntry) string {
	x := revocation.FindExtension(e.ReadExtensions(), revocation.OIDInvalidityDate)
	switch {
	case x == nil:
		return "invalidityDate"
	case x.Critical:
		return "invalidityDate is critical"
	}
	return "invalidityDate " + hexShort(x.Value)
}

// invalidityDate is the extension in the form that it has to have.
var invalidityDate = revocation.Extension{ID: revocation.OIDInvalidityDate, Value: []byte("\x18\x0f20261101000000Z")}

// certificateIssuer is the extension for a certificate of a stranger.
func certificateIssuer(critical bool) revocation.Extension {
	names := fixtures.Sequence(fixtures.Explicit(4, fixtures.Verbatim(strangerName)))
	return revocation.Extension{ID: revocation.OIDCertificateIssuer, Critical: critical, Value: names.Encode()}
}

// oddSerial gives the fake's CRL one entry with those octets for a serial number.
func oddSerial(octets ...byte) func(*fake) {
	return func(r *fake) {
		r.CRL.Entries = []fixtures.CRLEntry{{Serial: octets, Reason: revocation.ReasonKeyCompromise}}
	}
}
