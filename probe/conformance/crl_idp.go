package conformance

import (
	"strings"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

const idpField = "tbsCertList.crlExtensions.issuingDistributionPoint"

func crlIDPRules() []*Rule {
	return []*Rule{
		{
			ID:    "crl-idp-critical",
			Cites: []Citation{RFC5280("5.2.5", Must), BR("7.2.2", Must).Since("2023-01-15")},
			Says:  "issuingDistributionPoint must be critical.",
			Needs: evidence.FetchCRL,
			CRL: func(s CRLSubject) Verdict {
				x := revocation.FindExtension(s.CRL.Extensions, revocation.OIDIssuingDP)
				switch {
				case x == nil:
					return skip()
				case !x.Critical:
					return fail("critical", "not critical").in(idpField).at(x.Offset)
				}
				return pass()
			},
			Bad: []fixtures.Case{when("not critical", func(r *fake) {
				plainShard(r)
				editCRLExtension(revocation.OIDIssuingDP, makeOptional)(r)
			})},
			Good: []fixtures.Case{when("critical", plainShard)},
		},
		{
			ID:     "crl-idp-uri-only",
			Cites:  []Citation{BR("7.2.2.1", Must).Since("2023-01-15")},
			Says:   "The distributionPoint of a CRL must be a fullName of URIs alone, and of at least one.",
			Needs:  evidence.FetchCRL,
			Public: true,
			CRL: func(s CRLSubject) Verdict {
				idp := s.CRL.IssuingDP
				switch {
				case idp == nil || !idp.HasName:
					return skip()
				case idp.RelativeName:
					return fail("fullName", "nameRelativeToCRLIssuer").in(idpField + ".distributionPoint")
				case idp.OtherNames > 0:
					return fail("URIs alone", "%d URIs and %d other names", len(idp.URIs), idp.OtherNames).in(idpField + ".distributionPoint.fullName")
				case len(idp.URIs) == 0:
					return fail("at least one URI", "none").in(idpField + ".distributionPoint")
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("a DNS name besides", shard(func(dp *revocation.IssuingDistributionPoint) { dp.OtherNames = 1 })),
				when("a DNS name alone", shard(func(dp *revocation.IssuingDistributionPoint) { dp.URIs, dp.OtherNames = nil, 1 })),
				when("a relative name", shard(func(dp *revocation.IssuingDistributionPoint) { dp.RelativeName = true })),
				when("no name", shard(func(dp *revocation.IssuingDistributionPoint) { dp.URIs = nil })),
			},
			Good: []fixtures.Case{
				when("one", plainShard),
				when("two", shard(func(dp *revocation.IssuingDistributionPoint) {
					dp.URIs = append(dp.URIs, "http://mirror.example/ca.crl")
				})),
			},
			Also: []string{"crl-der-strict"},
		},
		{
			ID:    "crl-idp-not-both",
			Cites: []Citation{BR("7.2.2.1", Must).Since("2023-01-15"), RFC5280("5.2.5", Must)},
			Says:  "A CRL must not be limited to user certificates and to CA certificates at once.",
			Needs: evidence.FetchCRL,
			CRL: func(s CRLSubject) Verdict {
				set := onlyFlags(s.CRL.IssuingDP)
				switch {
				case s.CRL.IssuingDP == nil:
					return skip()
				case len(set) > 1:
					return fail("one of them, or none", "%s", strings.Join(set, ", ")).in(idpField)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("both", shard(func(dp *revocation.IssuingDistributionPoint) { dp.OnlyCACerts = true })),
				when("users and attributes", shard(func(dp *revocation.IssuingDistributionPoint) { dp.OnlyAttributes = true })),
			},
			Good: []fixtures.Case{when("users alone", plainShard)},
			Also: []string{"crl-idp-no-attr", "crl-scope-covers-cert"},
		},
		{
			ID:     "crl-idp-no-attr",
			Cites:  []Citation{BR("7.2.2.1", Must).Since("2023-01-15")},
			Says:   "A CRL must not be limited to attribute certificates.",
			Needs:  evidence.FetchCRL,
			Public: true,
			CRL: func(s CRLSubject) Verdict {
				switch idp := s.CRL.IssuingDP; {
				case idp == nil:
					return skip()
				case idp.OnlyAttributes:
					return fail("onlyContainsAttributeCerts FALSE", "it is TRUE").in(idpField + ".onlyContainsAttributeCerts")
				}
				return pass()
			},
			Bad: []fixtures.Case{when("onlyContainsAttributeCerts", shard(func(dp *revocation.IssuingDistributionPoint) {
				dp.OnlyUserCerts, dp.OnlyAttributes = false, true
			}))},
			Good: []fixtures.Case{when("left out", plainShard)},
			Also: []string{"crl-scope-covers-cert"},
		},
		{
			ID:     "crl-idp-no-reasons",
			Cites:  []Citation{BR("7.2.2.1", Should).Since("2023-01-15")},
			Says:   "A CRL should not be limited to some reasons; if it is, another must be there for all of them.",
			Needs:  evidence.FetchCRL,
			Public: true,
			CRL: func(s CRLSubject) Verdict {
				switch idp := s.CRL.IssuingDP; {
				case idp == nil:
					return skip()
				case idp.SomeReasons:
					return fail("no onlySomeReasons", "it is there").in(idpField + ".onlySomeReasons")
				}
				return pass()
			},
			Bad:  []fixtures.Case{when("keyCompromise alone", shard(func(dp *revocation.IssuingDistributionPoint) { dp.SomeReasons = true }))},
			Good: []fixtures.Case{when("left out", plainShard)},
		},
		{
			ID:    "crl-idp-not-empty",
			Cites: []Citation{RFC5280("5.2.5", Must)},
			Says:  "issuingDistributionPoint must not be empty.",
			Needs: evidence.FetchCRL,
			CRL: func(s CRLSubject) Verdict {
				switch idp := s.CRL.IssuingDP; {
				case idp == nil:
					return skip()
				case !idp.HasName && !idp.SomeReasons && !idp.Indirect && len(onlyFlags(idp)) == 0:
					return fail("a field, or no extension", "an empty one").in(idpField)
				}
				return pass()
			},
			Bad: []fixtures.Case{when("empty", limited(revocation.IssuingDistributionPoint{}))},
			Good: []fixtures.Case{
				when("a flag alone", limited(revocation.IssuingDistributionPoint{OnlyCACerts: true})),
				when("a name alone", shard(func(dp *revocation.IssuingDistributionPoint) { dp.OnlyUserCerts = false })),
				when("some reasons alone", limited(revocation.IssuingDistributionPoint{SomeReasons: true})),
				when("indirectCRL alone", limited(revocation.IssuingDistributionPoint{Indirect: true})),
			},
		},
	}
}

func crlIDPScopeRules() []*Rule {
	return []*Rule{
		{
			ID:    "crl-idp-scope-flag",
			Cites: []Citation{RFC5280("5.2.5", Must), BR("7.2.2.1", Practice).Since("2023-01-15")},
			Says:  "onlyContainsUserCerts and onlyContainsCACerts must tell what a CRL covers.",
			Needs: evidence.FetchCRL,
			CRL: func(s CRLSubject) Verdict {
				const readings = " (RFC 5280 5.2.5 says that it must be, BR 7.2.2.1 that it may)"
				switch idp := s.CRL.IssuingDP; {
				case idp == nil || s.Signature.State != revocation.SignatureValid:
					return skip()
				case s.Listed != nil && idp.OnlyUserCerts && s.Subject.IsCA:
					return fail("user certificates alone", "it lists %s, a CA", nameOf(s.Subject)).in(idpField + ".onlyContainsUserCerts")
				case s.Listed != nil && idp.OnlyCACerts && !s.Subject.IsCA:
					return fail("CA certificates alone", "it lists %s, no CA", nameOf(s.Subject)).in(idpField + ".onlyContainsCACerts")
				case idp.HasName && !idp.Indirect && len(onlyFlags(idp)) == 0 && issuesNoCA(s):
					return fail("onlyContainsUserCerts"+readings, "no flag, and %s may issue no CA certificates", nameOf(s.Issuer)).in(idpField).atMost(Notice)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("a leaf among CA certificates", leafRevoked(limited(revocation.IssuingDistributionPoint{OnlyCACerts: true}))),
				when("a CA among user certificates", leafRevoked(func(r *fake) {
					plainShard(r)
					r.Leaf = asAuthority
				})),
				when("a shard of a CA that issues no CA certificates", shard(func(dp *revocation.IssuingDistributionPoint) { dp.OnlyUserCerts = false })),
			},
			Good: []fixtures.Case{
				when("a leaf among user certificates", leafRevoked(plainShard)),
				when("a CA among CA certificates", leafRevoked(func(r *fake) {
					limited(revocation.IssuingDistributionPoint{OnlyCACerts: true})(r)
					r.Leaf = asAuthority
				})),
				when("user certificates, where a CA is not listed", func(r *fake) {
					plainShard(r)
					r.Leaf = asAuthority
				}),
				when("a leaf among CA certificates, by another key", leafRevoked(func(r *fake) {
					limited(revocation.IssuingDistributionPoint{OnlyCACerts: true})(r)
					r.CRL.ByOtherKey = true
				})),
				when("an indirect one without flags", shard(func(dp *revocation.IssuingDistributionPoint) { dp.OnlyUserCerts, dp.Indirect = false, true })),
				when("a shard of a CA that may issue both", func(r *fake) {
					shard(func(dp *revocation.IssuingDistributionPoint) { dp.OnlyUserCerts = false })(r)
					r.Issuer = withoutPathLength
				}),
			},
			Also: []string{"crl-scope-covers-cert"},
		},
		{
			ID:     "crl-idp-full-not-recommended",
			Cites:  []Citation{BR("7.2.2.1", Should).Since("2024-03-15"), CCADB("6.2", Should).Since("2026-03-20")},
			Says:   "A full and complete CRL should have no issuingDistributionPoint.",
			Needs:  evidence.FetchCRL,
			Marked: Notice,
			Public: true,
			CRL: func(s CRLSubject) Verdict {
				switch idp := s.CRL.IssuingDP; {
				case idp == nil:
					return pass()
				case s.Signature.State != revocation.SignatureValid || idp.HasName || !idp.OnlyUserCerts || len(onlyFlags(idp)) > 1 || idp.SomeReasons || !issuesNoCA(s):
					return skip() // a partition, or nobody can tell
				}
				return fail("no issuingDistributionPoint (BR 7.2.2.1; RFC 5280 5.2.5 wants the flag)",
					"onlyContainsUserCerts, and %s may issue no others", nameOf(s.Issuer)).in(idpField)
			},
			Bad: []fixtures.Case{when("user certificates, of a CA that issues no others", limited(revocation.IssuingDistributionPoint{OnlyUserCerts: true}))},
			Good: []fixtures.Case{
				when("none", func(*fake) {}),
				when("a partition", plainShard),
				when("some reasons alone", limited(revocation.IssuingDistributionPoint{OnlyUserCerts: true, SomeReasons: true})),
				when("both kinds, which is another rule's", limited(revocation.IssuingDistributionPoint{OnlyUserCerts: true, OnlyCACerts: true})),
				when("user certificates, by another key", func(r *fake) {
					limited(revocation.IssuingDistributionPoint{OnlyUserCerts: true})(r)
					r.CRL.ByOtherKey = true
				}),
				when("user certificates, of a CA that may issue both", func(r *fake) {
					limited(revocation.IssuingDistributionPoint{OnlyUserCerts: true})(r)
					r.Issuer = withoutPathLength
				}),
			},
		},
	}
}

// onlyFlags names the kinds of certificates that a CRL is limited to.
func onlyFlags(idp *revocation.IssuingDistributionPoint) (set []string) {
	if idp == nil {
		return nil
	}
	for _, flag := range []struct {
		set  bool
		name string
	}{{idp.OnlyUserCerts, "onlyContainsUserCerts"}, {idp.OnlyCACerts, "onlyContainsCACerts"}, {idp.OnlyAttributes, "onlyContainsAttributeCerts"}} {
		if flag.set {
			set = append(set, flag.name)
		}
	}
	return set
}

// issuesNoCA reports whether no certificate that the issuer makes can be a CA's (RFC 5280
// §4.2.1.9). The CRL's signature is valid.
func issuesNoCA(s CRLSubject) bool { return s.Issuer.MaxPathLenZero }
