package conformance

import (
	"slices"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func crlOptionalExtensionRules() []*Rule {
	return []*Rule{
		{
			ID:     "crl-freshest",
			Cites:  []Citation{RFC5280("5.2.6", Must)},
			Says:   "freshestCRL must not be critical, names places alone, and has no place in a delta CRL.",
			Needs:  evidence.FetchCRL,
			Marked: Warning,
			CRL: func(s CRLSubject) Verdict {
				const field = "tbsCertList.crlExtensions.freshestCRL"
				x := revocation.FindExtension(s.CRL.Extensions, revocation.OIDFreshestCRL)
				switch {
				case x == nil:
					return skip()
				case x.Critical:
					return fail("not critical", "critical").in(field).at(x.Offset)
				case s.CRL.IsDelta():
					return fail("none in a delta CRL", "one").in(field).at(x.Offset)
				case slices.ContainsFunc(s.CRL.Freshest, func(p revocation.DistributionPoint) bool { return p.HasReasons || p.HasCRLIssuer }):
					return fail("neither reasons nor cRLIssuer", "a distribution point with one").in(field).at(x.Offset)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("critical", crlExtended(freshestCRL(true))),
				when("in a delta", func(r *fake) {
					delta(true)(r)
					crlExtended(freshestCRL(false))(r)
				}),
				when("with reasons", crlExtended(revocation.Extension{ID: revocation.OIDFreshestCRL,
					Value: fixtures.Sequence(fixtures.Sequence(fixtures.Implicit(1, fixtures.OctetString([]byte{6, 0x40})))).Encode()})),
			},
			Good: []fixtures.Case{when("not critical, in a complete CRL", crlExtended(freshestCRL(false)))},
			Also: []string{"crl-ext-allowed", "crl-no-delta"},
		},
		{
			ID:     "crl-aia",
			Cites:  []Citation{RFC5280("5.2.7", Must)},
			Says:   "authorityInfoAccess of a CRL must not be critical and must name caIssuers alone.",
			Needs:  evidence.FetchCRL,
			Marked: Notice,
			CRL: func(s CRLSubject) Verdict {
				const field = "tbsCertList.crlExtensions.authorityInfoAccess"
				x := revocation.FindExtension(s.CRL.Extensions, revocation.OIDAuthorityInfo)
				switch {
				case x == nil:
					return skip()
				case x.Critical:
					return fail("not critical", "critical").in(field).at(x.Offset)
				}
				list, faults := x.AccessDescriptions()
				for _, d := range list {
					if d.Method != revocation.OIDAccessIssuers {
						return fail("id-ad-caIssuers", "%s", d.Method).in(field).at(x.Offset)
					}
				}
				if len(faults) > 0 { // an empty list has one
					return fail("caIssuers with a location", "%s", deviationText(faults)).in(field).at(x.Offset)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("critical", crlExtended(crlAIA(true, revocation.OIDAccessIssuers))),
				when("OCSP besides", crlExtended(crlAIA(false, revocation.OIDAccessIssuers, revocation.OIDAccessOCSP))),
				when("empty", crlExtended(crlAIA(false))),
				when("caIssuers and an octet", func(r *fake) {
					x := crlAIA(false, revocation.OIDAccessIssuers)
					x.Value = append(x.Value, 0)
					crlExtended(x)(r)
				}),
			},
			Good: []fixtures.Case{when("caIssuers", crlExtended(crlAIA(false, revocation.OIDAccessIssuers)))},
			Also: []string{"crl-ext-allowed"},
		},
		{
			ID:     "crl-ms-next-publish",
			Clock:  true,
			Cites:  []Citation{MSTRP("3.2.3", Observed).Since("2026-05-20")},
			Says:   "Where a CA names no OCSP responder, a CRL must be replaced by the time that its Next CRL Publish gives.",
			Needs:  evidence.FetchCRL,
			Marked: Notice,
			CRL: func(s CRLSubject) Verdict {
				x := revocation.FindExtension(s.CRL.Extensions, revocation.OIDNextPublish)
				switch {
				case x == nil || s.Exchange.AtAssumed || s.Subject != nil && len(s.Subject.OCSPServer) > 0:
					return skip()
				case x.Time().IsZero():
					return fail("a time", "none that can be read").in(nextPublishField).at(x.Offset)
				case s.At.After(x.Time().Time):
					return fail("a newer CRL by "+stamp(x.Time().Time), "this one, %s later", span(s.At.Sub(x.Time().Time))).in(nextPublishField).at(x.Offset)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("a second ago", withoutResponder(publishedNext(func(now time.Time) time.Time { return now.Add(-time.Second) }))),
				when("no time", withoutResponder(crlExtended(revocation.Extension{ID: revocation.OIDNextPublish, Value: []byte{5, 0}}))),
			},
			Good: []fixtures.Case{
				when("this second", withoutResponder(publishedNext(func(now time.Time) time.Time { return now }))),
				when("a second ago, with OCSP", publishedNext(func(now time.Time) time.Time { return now.Add(-time.Second) })),
			},
			Also: []string{"crl-ext-allowed"},
		},
	}
}

const nextPublishField = "tbsCertList.crlExtensions.nextCRLPublish"

// delta makes the fake's CRL a delta to its predecessor.
func delta(critical bool) func(*fake) {
	return crlExtended(deltaOf(999, critical)...)
}

// freshestCRL says where the delta to a CRL is: nowhere that it could be fetched from.
func freshestCRL(critical bool) revocation.Extension {
	x := fixtures.FreshestCRL("ldap://revocation.example/CN=delta")
	x.Critical = critical
	return x
}

// crlAIA is an authorityInfoAccess with these methods.
func crlAIA(critical bool, methods ...revocation.OID) revocation.Extension {
	list := fixtures.Sequence()
	for _, method := range methods {
		uri := fixtures.Implicit(6, fixtures.OctetString([]byte("http://revocation.example/ca.crt")))
		list.Children = append(list.Children, fixtures.Sequence(fixtures.ObjectIdentifier(method), uri))
	}
	return revocation.Extension{ID: revocation.OIDAuthorityInfo, Critical: critical, Value: list.Encode()}
}

// publishedNext gives the fake's CRL Microsoft's Next CRL Publish.
func publishedNext(at func(now time.Time) time.Time) func(*fake) {
	return func(r *fake) {
		crlExtended(revocation.Extension{ID: revocation.OIDNextPublish, Value: fixtures.UTCTime(at(r.Now)).Encode()})(r)
	}
}

func hourAhead(now time.Time) time.Time { return now.Add(time.Hour) }

// withoutResponder has the leaf name no OCSP responder.
func withoutResponder(change func(*fake)) func(*fake) {
	return func(r *fake) {
		r.Leaf = withoutOCSP
		change(r)
	}
}
