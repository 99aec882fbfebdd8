package conformance

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/revocation"
)

// How long a Short-lived Subscriber Certificate lives at most by BR 1.6.1, both ends
// included, and when the limit became shorter. notBefore may lie 48 hours from the signing
// (BR 7.1.2.7), which is what counts.
const (
	shortLived        = 7 * 24 * time.Hour
	shortLivedBefore  = 10 * 24 * time.Hour
	issuanceTolerance = 48 * time.Hour
)

var (
	shortLivedKnown   = mustDay("2024-03-15") // SC-063
	shortLivedShorter = mustDay("2026-03-15")
)

// shortness is whether a certificate is short-lived, or could be.
type shortness int

const (
	longLived shortness = iota
	maybeShort
	short
)

// shortnessOf compares inclusive seconds: a certificate is valid in its last one too.
func shortnessOf(c *x509.Certificate) shortness {
	life := c.NotAfter.Sub(c.NotBefore) + time.Second
	switch {
	case c.NotBefore.Before(shortLivedKnown) || life > shortLivedBefore:
		return longLived
	case life <= shortLived:
		return short
	case c.NotBefore.Sub(shortLivedShorter).Abs() <= issuanceTolerance:
		return maybeShort
	case c.NotBefore.Before(shortLivedShorter):
		return short
	}
	return longLived
}

const shortnessUnclear = "whether it was issued before 2026-03-15, when 10 days still were short-lived, its notBefore does not tell"

// distributionPointRules are those about which certificates have cRLDistributionPoints,
// freshestCRL and noRevAvail.
func distributionPointRules() []*Rule {
	return []*Rule{
		{
			ID: "cert-cdp-ca",
			Cites: []Citation{BR("7.1.2.11.2", Must).Since(profilesSince), BR("7.1.2.6.1", Must).Since(profilesSince),
				MSTRP("3.1.10", Must)},
			Public: true,
			Says:   "A subordinate CA's certificate must have cRLDistributionPoints.",
			Needs:  pointed,
			Cert:   ofSubordinate(func(s CertSubject) Verdict { return extensionPresent(s, revocation.OIDCRLDP, "cRLDistributionPoints") }),
			Bad:    []fixtures.Case{when("absent", issuerWith(func(c *x509.Certificate) { c.CRLDistributionPoints = nil }))},
			Good:   []fixtures.Case{when("present", func(*fake) {})},
		},
		{
			ID:     "cert-cdp-ee",
			Public: true,
			Cites:  []Citation{BR("7.1.2.11.2", Must).Since("2024-03-15"), EVG("7.1.4.3", Must).Since("2024-03-15")},
			Says:   "A Subscriber certificate that names no OCSP responder must have cRLDistributionPoints, unless it is short-lived and not EV.",
			Needs:  pointed,
			Cert: func(s CertSubject) Verdict {
				list, _ := revocation.CertificateAIA(s.Certificate)
				if s.Role != RoleSubscriber || !servesTLS(s.Certificate) || accessPresent(list, revocation.OIDAccessOCSP, "").Outcome == Passed ||
					revocation.CertificateExtension(s.Certificate, revocation.OIDCRLDP) != nil {
					return skipUnless(s.Role == RoleSubscriber && servesTLS(s.Certificate))
				}
				switch v := fail("cRLDistributionPoints", "none, and no OCSP responder, for %s", span(s.Certificate.NotAfter.Sub(s.Certificate.NotBefore)+time.Second)); {
				case shortnessOf(s.Certificate) == longLived:
					return v.in("extensions")
				case extendedValidation(s.Certificate):
					// EVG 7.1.4.3 excepts nothing, BR 7.1.2.11.2 what is short-lived.
					return v.in("extensions").under(EVGDoc).atMost(Warning)
				case shortnessOf(s.Certificate) == maybeShort:
					return unable(shortnessUnclear).in("validity")
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("a second more than 7 days", leafWith(unrevocable(shortLived))),
				when("7 days, EV", leafWith(func(c *x509.Certificate) { unrevocable(shortLived - time.Second)(c); c.Policies = evPolicies() })),
			},
			Good: []fixtures.Case{
				when("7 days", leafWith(unrevocable(shortLived-time.Second))),
				when("OCSP instead", leafWith(func(c *x509.Certificate) { c.CRLDistributionPoints = nil })),
			},
			Also: []string{"cert-short-lived"},
		},
		{
			ID:     "cert-short-lived",
			Public: true,
			Cites:  []Citation{BR("1.6.1", Observed).Since("2024-03-15")},
			Says:   "A Short-lived Subscriber Certificate need not be revocable; that one is short-lived is said.",
			Needs:  pointed,
			Marked: Info,
			Cert: func(s CertSubject) Verdict {
				if s.Role != RoleSubscriber || !servesTLS(s.Certificate) {
					return skip()
				}
				switch shortnessOf(s.Certificate) {
				case maybeShort:
					return unable(shortnessUnclear).in("validity")
				case short:
					return fail("a longer life, if it has to be revocable", "%s, its last second included",
						span(s.Certificate.NotAfter.Sub(s.Certificate.NotBefore)+time.Second)).in("validity")
				}
				return pass()
			},
			Bad:  []fixtures.Case{when("7 days", leafWith(living(shortLived-time.Second)))},
			Good: []fixtures.Case{when("a second more", leafWith(living(shortLived)))},
		},
		{
			ID:     "cert-cdp-root",
			Public: true,
			Cites:  []Citation{BR("7.1.2.11.2", Should).Since(profilesSince), BR("7.1.2.1.2", Should).Since(profilesSince)},
			Says:   "A root's certificate should have neither cRLDistributionPoints nor authorityInfoAccess.",
			Needs:  pointed,
			Marked: Notice,
			Cert: func(s CertSubject) Verdict {
				if s.Role != RoleCA || !selfSigned(s.Certificate) || !servesTLS(s.Certificate) {
					return skip()
				}
				return extensionAbsent(s, revocation.OIDCRLDP, revocation.OIDAuthorityInfo)
			},
			Bad: []fixtures.Case{
				when("cRLDistributionPoints", rootWith(func(c *x509.Certificate) {
					c.NotBefore, c.CRLDistributionPoints = mustDay(profilesSince), []string{"http://revocation.example/root.crl"}
				})),
				when("authorityInfoAccess", rootWith(func(c *x509.Certificate) {
					c.NotBefore, c.IssuingCertificateURL = mustDay(profilesSince), []string{"http://revocation.example/root.crt"}
				})),
			},
			Good: []fixtures.Case{when("neither", rootWith(func(c *x509.Certificate) { c.NotBefore = mustDay(profilesSince) }))},
		},
		{
			ID:     "cert-cdp-noncritical",
			Cites:  []Citation{RFC5280("4.2.1.13", Should), BR("7.1.2.7.6", Must).Since(profilesSince), BR("7.1.2.6.1", Must).Since(profilesSince)},
			Public: true,
			Says:   "cRLDistributionPoints must not be critical.",
			Needs:  pointed,
			Cert: func(s CertSubject) Verdict {
				x := revocation.CertificateExtension(s.Certificate, revocation.OIDCRLDP)
				switch {
				case x == nil || s.Role == RoleDelegate:
					return skip()
				case x.Critical && servesTLS(s.Certificate):
					return fail("a non-critical extension", "a critical one").in("cRLDistributionPoints")
				case x.Critical:
					return fail("a non-critical extension", "a critical one").in("cRLDistributionPoints").under(RFC5280Doc)
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("critical", leafWith(criticalCDP(true))),
				when("critical, for mail", leafWith(func(c *x509.Certificate) {
					criticalCDP(true)(c)
					c.ExtKeyUsage, c.DNSNames = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}, nil
				})),
			},
			Good: []fixtures.Case{when("not critical", leafWith(criticalCDP(false)))},
		},
		freshestRule(),
		freshestCriticalRule(),
		noRevAvailRule(),
	}
}

func freshestRule() *Rule {
	return &Rule{
		ID: "cert-freshestcrl",
		Cites: []Citation{BR("7.1.2.11.5", Should).Since(profilesSince), BR("7.1.2.7.6", Should).Since(profilesSince),
			RFC5280("4.2.1.15", Practice)},
		Says:   "A certificate should not point at delta CRLs.",
		Public: true,
		Needs:  pointed,
		Marked: Notice,
		Cert: func(s CertSubject) Verdict {
			if s.Role == RoleDelegate || !servesTLS(s.Certificate) {
				return skip()
			}
			return extensionAbsent(s, revocation.OIDFreshestCRL).under(BRDoc)
		},
		Bad:  []fixtures.Case{when("present", leafWith(freshest(false)))},
		Good: []fixtures.Case{when("absent", func(*fake) {})},
	}
}

func freshestCriticalRule() *Rule {
	return &Rule{
		ID:    "cert-freshest-noncritical",
		Cites: []Citation{RFC5280("4.2.1.15", Must)},
		Says:  "A certificate's freshestCRL must not be critical.",
		Needs: pointed,
		Cert: func(s CertSubject) Verdict {
			switch x := revocation.CertificateExtension(s.Certificate, revocation.OIDFreshestCRL); {
			case x == nil:
				return skip()
			case x.Critical:
				return fail("a non-critical extension", "a critical one").in("freshestCRL")
			}
			return pass()
		},
		Bad:  []fixtures.Case{when("critical", leafWith(freshest(true)))},
		Good: []fixtures.Case{when("not critical", leafWith(freshest(false)))},
		Also: []string{"cert-freshestcrl"},
	}
}

func noRevAvailRule() *Rule {
	return &Rule{
		ID:     "cert-norevavail",
		Cites:  []Citation{RFC9608("2", Must), RFC9608("3", Must)},
		Says:   "A certificate that says that there is no revocation information must be no CA's, and point at none.",
		Needs:  pointed,
		Marked: Warning,
		Cert: func(s CertSubject) Verdict {
			x := revocation.CertificateExtension(s.Certificate, revocation.OIDNoRevAvail)
			list, _ := revocation.CertificateAIA(s.Certificate)
			switch {
			case x == nil || s.Role == RoleDelegate:
				return skip() // whether any is published elsewhere, no certificate tells
			case s.Role == RoleCA:
				return fail("no noRevAvail in a CA's certificate", "noRevAvail").in("noRevAvail")
			case x.Critical:
				return fail("a non-critical extension", "a critical one").in("noRevAvail")
			case accessPresent(list, revocation.OIDAccessOCSP, "").Outcome == Passed:
				return fail("no OCSP responder beside noRevAvail", "id-ad-ocsp").in("authorityInfoAccess")
			}
			return extensionAbsent(s, revocation.OIDCRLDP, revocation.OIDFreshestCRL)
		},
		Bad: []fixtures.Case{
			when("beside a responder", leafWith(func(c *x509.Certificate) { noRevAvail(c); c.CRLDistributionPoints = nil })),
			when("beside a CRL", leafWith(func(c *x509.Certificate) { noRevAvail(c); withoutOCSP(c) })),
			when("in a CA's certificate", issuerWith(noRevAvail)),
			when("critical", leafWith(func(c *x509.Certificate) {
				unrevocable(shortLived - time.Second)(c)
				c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{2, 5, 29, 56}, Critical: true, Value: []byte{5, 0}})
			})),
		},
		Good: []fixtures.Case{when("alone", leafWith(func(c *x509.Certificate) { noRevAvail(c); unrevocable(shortLived - time.Second)(c) }))},
		Also: []string{"cert-short-lived"},
	}
}

func extensionPresent(s CertSubject, id revocation.OID, name string) Verdict {
	if revocation.CertificateExtension(s.Certificate, id) == nil {
		return fail(name, "none").in("extensions")
	}
	return pass()
}

func extensionAbsent(s CertSubject, ids ...revocation.OID) Verdict {
	for _, id := range ids {
		if x := revocation.CertificateExtension(s.Certificate, id); x != nil {
			return fail("no such extension", "extension %s with the value %s", id, hexShort(x.Value)).in("extensions")
		}
	}
	return pass()
}

// extendedValidation reports whether a certificate asserts the EV policy of BR 7.1.6.1.
func extendedValidation(c *x509.Certificate) bool {
	return slices.ContainsFunc(c.PolicyIdentifiers, asn1.ObjectIdentifier{2, 23, 140, 1, 1}.Equal)
}

func evPolicies() []x509.OID {
	policy, err := x509.OIDFromInts([]uint64{2, 23, 140, 1, 1})
	if err != nil {
		panic(err) // a constant
	}
	return []x509.OID{policy}
}

// living gives a leaf so long from its notBefore to its notAfter.
func living(life time.Duration) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.NotBefore = c.NotBefore.AddDate(0, 0, 8)
		c.NotAfter = c.NotBefore.Add(life)
	}
}

// unrevocable is living without any pointer to a status.
func unrevocable(life time.Duration) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		living(life)(c)
		c.OCSPServer, c.CRLDistributionPoints = nil, nil
	}
}

func criticalCDP(critical bool) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		point := fixtures.Sequence(fixtures.Explicit(0, fixtures.Implicit(0, fixtures.Sequence(uriNode(c.CRLDistributionPoints[0])))))
		c.CRLDistributionPoints = nil
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{2, 5, 29, 31}, Critical: critical, Value: fixtures.Sequence(point).Encode()})
	}
}

// freshest gives a certificate a freshestCRL (RFC 5280 §4.2.1.15).
func freshest(critical bool) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{2, 5, 29, 46}, Critical: critical, Value: freshestCRL(critical).Value})
	}
}

func noRevAvail(c *x509.Certificate) {
	c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{2, 5, 29, 56}, Value: []byte{5, 0}})
}
