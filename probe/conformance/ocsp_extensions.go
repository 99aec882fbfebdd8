package conformance

import (
	"fmt"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// unknownExtension is an identifier that means nothing to anybody: 2.25.1, of the UUID 1.
const unknownExtension revocation.OID = "\x69\x01"

func ocspExtensionRules() []*Rule {
	return []*Rule{
		{
			ID:    "ocsp-ext-nonempty",
			Cites: []Citation{RFC5280("4.1", Must), RFC6960("B.1", Must)},
			Says:  "A list of extensions must hold at least one.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				return s.eachExtensionList(func(l extensionList) Verdict {
					if len(l.list) == 0 {
						return fail("an extension, or no list", "a list without any").in(l.field)
					}
					return pass()
				})
			},
			Bad: []fixtures.Case{
				when("responseExtensions", func(r *fake) { r.OCSP.Extensions = []revocation.Extension{} }),
				when("singleExtensions", func(r *fake) { r.OCSP.SingleExtensions = []revocation.Extension{} }),
			},
			Good: []fixtures.Case{when("one", singleExtension(cutoffAgo(day)))},
		},
		{
			ID:     "ocsp-ext-unique",
			Cites:  []Citation{RFC5280("4.2", Observed)},
			Says:   "No extension should occur twice in one list.",
			Needs:  evidence.OCSP,
			Marked: Warning,
			Response: func(s ResponseSubject) Verdict {
				return s.eachExtensionList(func(l extensionList) Verdict {
					seen := map[revocation.OID]bool{}
					for i, x := range l.list {
						if seen[x.ID] {
							return fail("each extension once", "%s again", x.ID).in(fmt.Sprintf("%s[%d]", l.field, i)).at(x.Offset)
						}
						seen[x.ID] = true
					}
					return pass()
				})
			},
			Bad: []fixtures.Case{when("an archive cutoff twice", func(r *fake) {
				r.OCSP.SingleExtensions = []revocation.Extension{cutoffAgo(day)(r), cutoffAgo(day)(r)}
			})},
			Good: []fixtures.Case{when("two different ones", func(r *fake) {
				r.OCSP.SingleExtensions = []revocation.Extension{cutoffAgo(day)(r), {ID: unknownExtension, Value: []byte{5, 0}}}
			})},
		},
		{
			ID:    "ocsp-ext-noncritical",
			Cites: []Citation{RFC6960("4.4", Should)},
			Says:  "No extension of a response should be critical.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				return s.eachExtensionList(func(l extensionList) Verdict {
					for i, x := range l.list {
						if x.Critical && x.ID != revocation.OIDExtendedRevoke { // ocsp-extended-revoke-form speaks of that one
							return fail("not critical", "%s is critical", x.ID).in(fmt.Sprintf("%s[%d]", l.field, i)).at(x.Offset)
						}
					}
					return pass()
				})
			},
			Bad: []fixtures.Case{
				when("one of singleExtensions", func(r *fake) {
					x := cutoffAgo(day)(r)
					x.Critical = true
					r.OCSP.SingleExtensions = []revocation.Extension{x}
				}),
				when("one of responseExtensions", func(r *fake) {
					r.OCSP.Extensions = []revocation.Extension{{ID: unknownExtension, Critical: true, Value: []byte{5, 0}}}
				}),
			},
			Good: []fixtures.Case{when("not critical", singleExtension(cutoffAgo(day)))},
			Also: []string{"ocsp-respext-lightweight", "ocsp-stock-client"},
		},
		{
			ID:    "ocsp-respext-lightweight",
			Cites: []Citation{RFC9919("3.2.1", Practice)},
			Says:  "A pre-produced response should have no responseExtensions but a nonce or extended-revoke.",
			Needs: evidence.OCSP,
			Response: func(s ResponseSubject) Verdict {
				if !s.readable() || !s.Response.Basic.HasExtensions {
					return skip()
				}
				for i, x := range s.Response.Basic.Extensions {
					switch x.ID {
					case revocation.OIDNonce, revocation.OIDExtendedRevoke:
					case revocation.OIDArchiveCutoff, revocation.OIDCrlID: // other rules say that they belong elsewhere
					default:
						return fail("no responseExtensions", "%s", x.ID).in(fmt.Sprintf("responseExtensions[%d]", i)).at(x.Offset)
					}
				}
				return pass()
			},
			Bad: []fixtures.Case{when("one that nobody asked for", func(r *fake) {
				r.OCSP.Extensions = []revocation.Extension{{ID: unknownExtension, Value: []byte{5, 0}}}
			})},
			Good: []fixtures.Case{when("extended-revoke", func(r *fake) { r.OCSP.Unassigned = fixtures.ExtendedRevoked })},
		},
		{
			ID:     "ocsp-archive-cutoff-form",
			Cites:  []Citation{RFC6960("4.4.4", Must)},
			Says:   "An archive cutoff must be a GeneralizedTime not after producedAt, among the singleExtensions.",
			Needs:  evidence.OCSP,
			Marked: Warning,
			Response: func(s ResponseSubject) Verdict {
				return s.singleOnly(revocation.OIDArchiveCutoff, func(single *revocation.SingleResponse, x *revocation.Extension) Verdict {
					cutoff, produced := single.ArchiveCutoff(), s.Response.Basic.ProducedAt
					switch {
					case !cutoff.Generalized() || !cutoff.WellFormed():
						return fail("GeneralizedTime YYYYMMDDHHMMSSZ", "%s", hexShort(x.Value))
					case !produced.IsZero() && cutoff.After(produced.Time):
						return fail("not after producedAt "+stamp(produced.Time), "%s", stamp(cutoff.Time))
					}
					return pass()
				})
			},
			Bad: []fixtures.Case{
				when("a second after producedAt", func(r *fake) {
					r.OCSP.SingleExtensions = []revocation.Extension{cutoffAgo(time.Hour - time.Second)(r)}
				}),
				when("UTCTime", func(r *fake) {
					x := revocation.Extension{ID: revocation.OIDArchiveCutoff, Value: fixtures.UTCTime(r.Now.Add(-day)).Encode()}
					r.OCSP.SingleExtensions = []revocation.Extension{x}
				}),
				when("among the responseExtensions", func(r *fake) { r.OCSP.Extensions = []revocation.Extension{cutoffAgo(day)(r)} }),
			},
			Good: []fixtures.Case{when("producedAt itself", singleExtension(cutoffAgo(time.Hour)))},
		},
		{
			ID:     "ocsp-crlref-form",
			Cites:  []Citation{RFC6960("4.4.2", Must)},
			Says:   "A CRL reference must be a CrlID, among the singleExtensions.",
			Needs:  evidence.OCSP,
			Marked: Warning,
			Response: func(s ResponseSubject) Verdict {
				return s.singleOnly(revocation.OIDCrlID, func(_ *revocation.SingleResponse, x *revocation.Extension) Verdict {
					ref, faults := revocation.ReadCRLReference(*x)
					switch {
					case len(faults) > 0:
						return fail("crlUrl [0] IA5String, crlNum [1] INTEGER, crlTime [2] GeneralizedTime", "%s", deviationText(faults))
					case ref.Time.Present() && !ref.Time.WellFormed():
						return fail("GeneralizedTime YYYYMMDDHHMMSSZ", "crlTime %.32q", ref.Time.Raw)
					}
					return pass()
				})
			},
			Bad: []fixtures.Case{
				when("a UTF8String for crlUrl", crlReference(fixtures.Explicit(0, &fixtures.Node{Tag: 0x0c, Content: []byte("http://revocation.example/ca.crl")}))),
				when("UTCTime for crlTime", func(r *fake) { crlReference(fixtures.Explicit(2, fixtures.UTCTime(r.Now)))(r) }),
				when("an offset in crlTime", crlReference(fixtures.Explicit(2, &fixtures.Node{Tag: 0x18, Content: []byte("20261120120000+0000")}))),
				when("crlNum without its tag", crlReference(fixtures.Integer(1000))),
				when("among the responseExtensions", func(r *fake) {
					crlReference(fixtures.Explicit(1, fixtures.Integer(1000)))(r)
					r.OCSP.Extensions, r.OCSP.SingleExtensions = r.OCSP.SingleExtensions, nil
				}),
			},
			Good: []fixtures.Case{when("all three", func(r *fake) {
				crlReference(fixtures.Explicit(0, &fixtures.Node{Tag: 0x16, Content: []byte("http://revocation.example/ca.crl")}),
					fixtures.Explicit(1, fixtures.Integer(1000)), fixtures.Explicit(2, fixtures.GeneralizedTime(r.Now.Add(-time.Hour))))(r)
			})},
		},
		{
			ID:    "ocsp-no-reasoncode-singleext",
			Cites: []Citation{BR("7.3.2", Must).Since("2020-09-30")},
			Says:  "singleExtensions must not hold the CRL entry extension reasonCode.",
			Needs: evidence.OCSP,
			OCSP: func(s OCSPSubject) Verdict {
				if x := revocation.FindExtension(s.Single.Extensions, revocation.OIDReasonCode); x != nil {
					return fail("the reason in revocationReason", "reasonCode %s", hexShort(x.Value)).in(s.field("singleExtensions")).at(x.Offset)
				}
				return pass()
			},
			Bad: []fixtures.Case{when("keyCompromise", func(r *fake) {
				x := revocation.Extension{ID: revocation.OIDReasonCode, Value: fixtures.Enumerated(int64(revocation.ReasonKeyCompromise)).Encode()}
				r.OCSP.SingleExtensions = []revocation.Extension{x}
			})},
			Good: []fixtures.Case{when("an archive cutoff", singleExtension(cutoffAgo(day)))},
		},
	}
}

// extensionList is one list of extensions that is present, with its field path.
type extensionList struct {
	field string
	list  []revocation.Extension
}

// eachExtensionList judges every list of extensions in turn, until one fails.
func (s ResponseSubject) eachExtensionList(judge func(extensionList) Verdict) Verdict {
	if !s.readable() {
		return skip()
	}
	var lists []extensionList
	if s.Response.Basic.HasExtensions {
		lists = append(lists, extensionList{"responseExtensions", s.Response.Basic.Extensions})
	}
	for i := range s.Response.Basic.Singles {
		if single := &s.Response.Basic.Singles[i]; single.HasExtensions {
			lists = append(lists, extensionList{singleField(i, "singleExtensions"), single.Extensions})
		}
	}
	for _, l := range lists {
		if v := judge(l); v.Outcome == Failed {
			return v
		}
	}
	return skipUnless(len(lists) > 0)
}

// singleOnly judges an extension that belongs into singleExtensions, wherever it occurs.
func (s ResponseSubject) singleOnly(id revocation.OID, judge func(*revocation.SingleResponse, *revocation.Extension) Verdict) Verdict {
	if !s.readable() {
		return skip()
	}
	if x := revocation.FindExtension(s.Response.Basic.Extensions, id); x != nil {
		return fail("among the singleExtensions", "among the responseExtensions").in("responseExtensions").at(x.Offset)
	}
	found := false
	for i := range s.Response.Basic.Singles {
		single := &s.Response.Basic.Singles[i]
		x := revocation.FindExtension(single.Extensions, id)
		if x == nil {
			continue
		}
		found = true
		if v := judge(single, x); v.Outcome == Failed {
			return v.in(singleField(i, "singleExtensions")).at(x.Offset)
		}
	}
	return skipUnless(found)
}

// cutoffAgo is an archive cutoff that long ago.
func cutoffAgo(ago time.Duration) func(*fake) revocation.Extension {
	return func(r *fake) revocation.Extension {
		return revocation.Extension{ID: revocation.OIDArchiveCutoff, Value: fixtures.GeneralizedTime(r.Now.Add(-ago)).Encode()}
	}
}

func singleExtension(make func(*fake) revocation.Extension) func(*fake) {
	return func(r *fake) { r.OCSP.SingleExtensions = []revocation.Extension{make(r)} }
}

// crlReference puts a CrlID of these fields among the singleExtensions.
func crlReference(fields ...*fixtures.Node) func(*fake) {
	return func(r *fake) {
		x := revocation.Extension{ID: revocation.OIDCrlID, Value: fixtures.Sequence(fields...).Encode()}
		r.OCSP.SingleExtensions = []revocation.Extension{x}
	}
}
