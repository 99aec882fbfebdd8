package conformance

import (
	"fmt"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// expiredCertsOnCRL is the extension of X.509 that says since when entries are kept.
var expiredCertsOnCRL = revocation.Extension{ID: revocation.OIDExpiredCerts, Value: []byte("\x18\x0f20250101000000Z")}

func crlExtensionListRules() []*Rule {
	return []*Rule{
		{
			ID:     "crl-ext-allowed",
			Cites:  []Citation{BR("7.2.2", Should).Since("2024-03-15")},
			Says:   "A CRL should have no extension but authorityKeyIdentifier, cRLNumber and issuingDistributionPoint.",
			Needs:  evidence.FetchCRL,
			Marked: Notice,
			Public: true,
			CRL: func(s CRLSubject) Verdict {
				for i, x := range s.CRL.Extensions {
					switch x.ID {
					case revocation.OIDAuthorityKeyID, revocation.OIDCRLNumber, revocation.OIDIssuingDP:
					case revocation.OIDNextPublish:
						return fail("none (BR 7.2.2; MSTRP 3.2.3 recommends this one)", "%s, Next CRL Publish", x.ID).in(crlExtension(i)).at(x.Offset)
					default:
						return fail("none", "%s", x.ID).in(crlExtension(i)).at(x.Offset)
					}
				}
				return skipUnless(s.CRL.Broken == nil)
			},
			Bad: []fixtures.Case{
				when("expiredCertsOnCRL", crlExtended(expiredCertsOnCRL)),
				when("Next CRL Publish", publishedNext(hourAhead)),
			},
			Good: []fixtures.Case{when("all three", plainShard)},
		},
		{
			ID:     "crl-ext-unique",
			Cites:  []Citation{RFC5280("4.2", Observed)},
			Says:   "No extension of a CRL or of an entry should occur twice.",
			Needs:  evidence.FetchCRL,
			Marked: Error,
			Entries: func(s *CRLSubject) EntryJudge {
				return &entryJudge{subject: s, want: "each extension once", watch: revocation.MarkRepeated,
					words: func(*revocation.CRLEntry) string { return "an extension twice" },
					settle: func(j *entryJudge, v Verdict) Verdict {
						if x, again := revocation.RepeatedExtension(j.subject.CRL.Extensions); again {
							return fail(j.want, "%s again", x.ID).in("tbsCertList.crlExtensions").at(x.Offset)
						}
						return v
					}}
			},
			Bad: []fixtures.Case{
				when("expiredCertsOnCRL twice", crlExtended(expiredCertsOnCRL, expiredCertsOnCRL)),
				when("an unknown one twice in an entry", entryExtended(unknownOptional, unknownOptional)),
				when("invalidityDate twice in an entry", entryExtended(invalidityDate, invalidityDate)),
			},
			Good: []fixtures.Case{when("two different ones", entryExtended(unknownOptional, invalidityDate))},
			Also: []string{"crl-ext-allowed", "crl-entry-ext-allowed"},
		},
		{
			ID:     "crl-ext-unknown-critical",
			Cites:  []Citation{RFC5280("5.2", Observed), RFC5280("5.3", Observed)},
			Says:   "A CRL should have no critical extension that nobody knows: it could not be used.",
			Needs:  evidence.FetchCRL,
			Marked: Error,
			Entries: func(s *CRLSubject) EntryJudge {
				return &entryJudge{subject: s, want: "no unknown critical extension", watch: revocation.MarkUnknownCritical,
					words: func(*revocation.CRLEntry) string { return "an unknown critical extension" },
					settle: func(j *entryJudge, v Verdict) Verdict {
						for i, x := range j.subject.CRL.Extensions {
							if x.Critical && !knownCRLExtension(x.ID) {
								return fail(j.want, "%s is critical", x.ID).in(crlExtension(i)).at(x.Offset)
							}
						}
						return v
					}}
			},
			Bad: []fixtures.Case{
				when("of the CRL", crlExtended(revocation.Extension{ID: unknownExtension, Critical: true, Value: []byte{5, 0}})),
				when("of an entry", entryExtended(revocation.Extension{ID: unknownExtension, Critical: true, Value: []byte{5, 0}})),
			},
			Good: []fixtures.Case{
				when("an unknown one that is not critical", crlExtended(unknownOptional)),
				when("the same in an entry", entryExtended(unknownOptional)),
				when("issuerAltName, which is known", crlExtended(revocation.Extension{ID: revocation.OIDIssuerAltName, Critical: true, Value: dnsAltName})),
			},
			Also: []string{"crl-ext-allowed", "crl-entry-ext-allowed"},
		},
		{
			ID:    "crl-ext-nonempty",
			Cites: []Citation{RFC5280("5.1", Must)},
			Says:  "A list of extensions must hold at least one.",
			Needs: evidence.FetchCRL,
			Entries: func(s *CRLSubject) EntryJudge {
				return &entryJudge{subject: s, want: "an extension, or no list", watch: revocation.MarkNoExtensions,
					words: func(*revocation.CRLEntry) string { return "a list without any" },
					settle: func(j *entryJudge, v Verdict) Verdict {
						if c := j.subject.CRL; c.HasExtensions && len(c.Extensions) == 0 && c.Broken == nil {
							return fail(j.want, "a list without any").in("tbsCertList.crlExtensions")
						}
						return v
					}}
			},
			Bad: []fixtures.Case{
				when("of the CRL", editCRL("crlExtensions", func(n *fixtures.Node) { n.Children = []*fixtures.Node{} })),
				when("of an entry", func(r *fake) {
					r.CRL.Entries = entries(1, revocation.ReasonUnspecified)
					r.CRL.Entries[0].Extensions = []revocation.Extension{}
				}),
			},
			Good: []fixtures.Case{
				when("one in each", entryExtended()),
				when("no list", func(r *fake) { r.CRL.NoAuthorityKeyID, r.CRL.NoNumber = true, true }),
			},
			Also: []string{"crl-aki-present", "crl-number-present"},
		},
	}
}

// unknownOptional is an extension that nobody knows and nobody has to.
var unknownOptional = revocation.Extension{ID: unknownExtension, Value: []byte{5, 0}}

// dnsAltName is the GeneralNames of a DNS name.
var dnsAltName = []byte("\x30\x0c\x82\x0aca.example")

func crlExtension(i int) string { return fmt.Sprintf("tbsCertList.crlExtensions[%d]", i) }

// knownCRLExtension reports whether RFC 5280 §5.2 knows the extension.
func knownCRLExtension(id revocation.OID) bool {
	switch id {
	case revocation.OIDAuthorityKeyID, revocation.OIDIssuerAltName, revocation.OIDCRLNumber, revocation.OIDDeltaCRL,
		revocation.OIDIssuingDP, revocation.OIDFreshestCRL, revocation.OIDAuthorityInfo:
		return true
	}
	return false
}
