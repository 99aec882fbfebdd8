package conformance

import (
	"crypto/x509"
	"slices"
	"strings"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// disclosedWithin is how long after the first certificate that names a CRL the CCADB may
// lack it (CCADB §6.2).
const disclosedWithin = 7 * day

// partitionRules are about CRLs that are each for a part of a CA's certificates.
func partitionRules() []*Rule {
	return []*Rule{
		{
			ID: "crl-idp-required",
			Cites: []Citation{BR("7.2.2.1", Must).Since("2023-01-15"), MRSP("5.2", Must), MRSP("6.1.2", Must),
				RFC5280("5.2.5", Observed)},
			Says:   "A partitioned CRL must name its distribution point in issuingDistributionPoint, or one part can be passed off as another.",
			Needs:  evidence.FetchCRL,
			Marked: Error,
			Issuer: func(s IssuerSubject) Verdict {
				parts, how := s.partitions()
				var list []Verdict
				for _, c := range parts {
					v := pass()
					switch {
					case c.namesPoint():
					case c.CRL.IssuingDP != nil && c.CRL.IssuingDP.OnlyCACerts: // disputed: letsencrypt/cp-cps#195
						v = fail("distributionPoint with its URL", "none in that of %s, which is for CA certificates only; %s", c.Exchange.URL, how).atMost(Warning)
					default:
						v = fail("distributionPoint with its URL", "none in the CRL at %s; %s", c.Exchange.URL, how)
					}
					list = append(list, v.about(c.Exchange.ID))
				}
				return together(list)
			},
			Bad: []fixtures.Case{
				when("two certificates with a CRL each", func(r *fake) {
					shards(r, ownPoint)
					r.Shards[0].Leaf, r.Shards[0].CRL.IssuingDP = true, nil
				}),
				when("two that the CCADB shows", func(r *fake) {
					shards(r, ownPoint)
					r.Disclose, r.Shards[0].CRL.IssuingDP = all, nil
				}),
				when("two certificates' CRLs, of which the CCADB shows one", func(r *fake) {
					shards(r, ownPoint)
					r.Shards[0].Leaf, r.Shards[0].CRL.IssuingDP = true, nil
					r.Disclose = func(urls []string) []string { return urls[:1] }
				}),
				when("two CRLs, one of which is for CAs and names no URL", func(r *fake) {
					shards(r, ownPoint)
					r.Shards[0].Leaf, r.Shards[0].CRL.IssuingDP = true, func(string) revocation.IssuingDistributionPoint {
						return revocation.IssuingDistributionPoint{OnlyCACerts: true}
					}
				}),
				when("two certificates' CRLs, the first of which names no URL", func(r *fake) {
					shards(r, ownPoint)
					r.Shards[0].Leaf, r.CRL.IssuingDP = true, nil
				}),
				when("two CRLs that may not replace each other any more", func(r *fake) {
					renewedElsewhere(replicatedWithin+time.Second, 1001)(r)
					r.Shards[0].Leaf = true
				}),
				when("two CRLs that may replace each other but for the URL of the first", func(r *fake) {
					renewedElsewhere(replicatedWithin, 1001)(r)
					r.Shards[0].Leaf, r.CRL.IssuingDP = true, ownPoint
				}),
				when("two CRLs that may replace each other but for the second's URL", func(r *fake) {
					renewedElsewhere(replicatedWithin, 1001)(r)
					r.Shards[0].Leaf, r.Shards[0].CRL.IssuingDP = true, ownPoint
				}),
				when("two that the CCADB shows, which may replace each other", func(r *fake) {
					renewedElsewhere(replicatedWithin, 1001)(r)
					r.Disclose = all
				}),
				when("one of two that the CCADB shows, the other of which was not had", func(r *fake) {
					r.Disclose = func(urls []string) []string { return append(urls, "http://revocation.example/other.crl") }
				}),
			},
			Good: []fixtures.Case{
				when("two with their URLs", func(r *fake) {
					shards(r, ownPoint)
					r.Shards[0].Leaf, r.Disclose = true, all
				}),
				when("two URLs of the same CRL", func(r *fake) {
					r.Shards = []fixtures.Shard{{Copy: true, Leaf: true}}
					r.Disclose = all
				}),
				when("two CRLs that may replace each other", func(r *fake) {
					renewedElsewhere(replicatedWithin, 1001)(r)
					r.Shards[0].Leaf = true
				}),
				when("one that the CCADB shows", func(r *fake) { r.Disclose = all }),
			},
			Also: []string{"http-crl-get-equals-disclosed", "crl-scope-covers-cert"},
		},
		{
			ID: "crl-idp-matches-cdp",
			Cites: []Citation{BR("7.2.2.1", Must).Since("2023-01-15"), RFC5280("5.2.5", Must), RFC5280("6.3.3", Must),
				MRSP("6.1.2", Must)},
			Says:  "A CRL that is for a distribution point must name it by the same octets as the certificates whose distribution point it is.",
			Needs: evidence.FetchCRL,
			Issuer: func(s IssuerSubject) Verdict {
				return s.eachPoint(func(c *CRLSubject, cert *x509.Certificate) Verdict {
					switch points := pointsAt(cert); {
					case !c.namesPoint():
						return skip()
					case !share(c.CRL.IssuingDP.URIs, points):
						return fail("one of "+listedURLs(points), "%s in the CRL", listedURLs(c.CRL.IssuingDP.URIs)).in("tbsCertList.crlExtensions.issuingDistributionPoint")
					}
					return pass()
				})
			},
			Bad: []fixtures.Case{
				when("https", pointing(func(own string) []string { return []string{"https" + strings.TrimPrefix(own, "http")} })),
				when("a slash more", pointing(func(own string) []string { return []string{own + "/"} })),
				when("another case", pointing(func(own string) []string { return []string{strings.Replace(own, "ca.crl", "CA.crl", 1)} })),
			},
			Good: []fixtures.Case{when("its own and another", pointing(func(own string) []string { return []string{own + "/", own} }))},
			Also: []string{"crl-scope-covers-cert"},
		},
		{
			ID:    "crl-idp-matches-fetch-url",
			Cites: []Citation{CCADB("6.2", Must)},
			Says:  "A partitioned CRL must name the URL that the CCADB shows for it, octet for octet.",
			Needs: evidence.FetchCRL,
			Issuer: func(s IssuerSubject) Verdict {
				var list []Verdict
				for _, c := range s.at(s.Disclosed) {
					v := pass()
					switch {
					case !c.namesPoint():
						v = skip() // a full CRL, or the business of crl-idp-required
					case !slices.Contains(c.CRL.IssuingDP.URIs, c.Exchange.URL):
						v = fail(c.Exchange.URL, "%s", listedURLs(c.CRL.IssuingDP.URIs)).in("tbsCertList.crlExtensions.issuingDistributionPoint")
					}
					list = append(list, v.about(c.Exchange.ID))
				}
				return together(list)
			},
			Bad: []fixtures.Case{when("a slash more", func(r *fake) {
				shards(r, ownPoint)
				r.Disclose, r.Shards[0].CRL.IssuingDP = all, func(own string) revocation.IssuingDistributionPoint {
					return revocation.IssuingDistributionPoint{URIs: []string{own + "/"}, OnlyUserCerts: true}
				}
			})},
			Good: []fixtures.Case{when("its own", func(r *fake) {
				shards(r, ownPoint)
				r.Disclose = all
			})},
		},
		{
			ID:    "crl-ccadb-disclosed",
			Cites: []Citation{CCADB("6.2", Must), Apple("2.1.2", Must), Chrome("1.1.2", Must)},
			Says:  "The CCADB must show every CRL that certificates name, octet for octet, within 7 days of the first of them.",
			Needs: evidence.FetchCRL,
			Issuer: func(s IssuerSubject) Verdict {
				if s.Disclosed == nil {
					return skip()
				}
				var list []Verdict
				for _, cert := range s.Certificates {
					for _, url := range pointsAt(cert) {
						list = append(list, s.shown(cert, url))
					}
				}
				return together(list)
			},
			Bad: []fixtures.Case{
				when("another URL, a second after 7 days", func(r *fake) {
					pointing(func(own string) []string { return []string{own} })(r)
					r.Leaf = issuedAt(r.Now.Add(-disclosedWithin - time.Second))
					r.Disclose = func(urls []string) []string { return []string{urls[0] + "/"} }
				}),
				when("none yet", func(r *fake) {
					pointing(func(own string) []string { return []string{own} })(r)
					r.Disclose = func([]string) []string { return nil }
				}),
			},
			Good: []fixtures.Case{
				when("another URL, for 7 days", func(r *fake) {
					pointing(func(own string) []string { return []string{own} })(r)
					r.Leaf = issuedAt(r.Now.Add(-disclosedWithin))
					r.Disclose = func(urls []string) []string { return []string{urls[0] + "/"} }
				}),
				when("its URL", func(r *fake) {
					pointing(func(own string) []string { return []string{own} })(r)
					r.Disclose = all
				}),
			},
		},
		{
			ID:     "crl-partition-complete",
			Cites:  []Citation{BR("4.9.7", Must).Since("2024-03-15"), BR("7.2", Must).Since("2024-03-15"), CCADB("6.2", Must)},
			Says:   "A revoked certificate must be on the CRL of its own distribution point, and on no other part.",
			Needs:  evidence.FetchCRL,
			Marked: Error,
			Issuer: func(s IssuerSubject) Verdict {
				list := []Verdict{s.twice()}
				for _, cert := range s.Certificates {
					list = append(list, s.placed(cert))
				}
				return together(list)
			},
			Bad: []fixtures.Case{
				when("on another part alone", misplaced),
				when("on two parts, of a certificate that nobody named", func(r *fake) {
					shards(r, ownPoint)
					other := &r.Shards[0].CRL
					r.CRL.Entries = append(r.CRL.Entries, other.Entries...)
					other.Entries = append(other.Entries, fixtures.CRLEntry{Serial: revokedSerial(201), Reason: revocation.ReasonSuperseded})
				}),
				when("on two parts", func(r *fake) {
					shards(r, ownPoint)
					own := fixtures.CRLEntry{Serial: fixtures.ShardSerial(0), Reason: revocation.ReasonSuperseded}
					r.CRL.Entries, r.Shards[0].CRL.Entries = append(r.CRL.Entries, own), append(r.Shards[0].CRL.Entries, own)
					r.Shards[0].Leaf = true
				}),
				when("on another part alone, of a certificate that expires with its own", func(r *fake) {
					misplaced(r)
					r.Shards[0].CRL.ThisUpdate = r.Now
					r.CRL.Entries[len(r.CRL.Entries)-1].Revoked = r.Now.Add(-2 * time.Hour)
					r.Leaf = func(c *x509.Certificate) { c.NotAfter = r.Now }
				}),
				when("half of a part on another", func(r *fake) {
					shards(r, ownPoint)
					r.CRL.Entries = append(r.CRL.Entries, r.Shards[0].CRL.Entries...)
					r.Shards[0].CRL.Entries = append(r.Shards[0].CRL.Entries, fixtures.CRLEntry{Serial: revokedSerial(201), Reason: revocation.ReasonSuperseded})
				}),
			},
			Good: []fixtures.Case{
				when("on another part alone, of a certificate that expired a second before its own", func(r *fake) {
					misplaced(r)
					r.Leaf = func(c *x509.Certificate) { c.NotAfter = r.Now.Add(-time.Hour - time.Second) }
				}),
				when("on another part, where its own has only the changes", func(r *fake) {
					misplaced(r)
					r.Shards[0].CRL.Extensions = deltaOf(1000, true)
				}),
				when("on two parts, off one of which it is taken", func(r *fake) {
					shards(r, ownPoint)
					other := r.Shards[0].CRL.Entries[0]
					other.Reason = revocation.ReasonRemoveFromCRL
					r.CRL.Entries = append(r.CRL.Entries, other)
				}),
				when("on two issues of one part", func(r *fake) {
					shards(r, ownPoint)
					point := func(string) revocation.IssuingDistributionPoint { return ownPoint(r.CRLURL()) }
					r.Shards[0].CRL = fixtures.CRL{IssuingDP: point, Number: 999, Entries: r.CRL.Entries}
				}),
				when("on its own", func(r *fake) {
					shards(r, ownPoint)
					r.Shards[0].CRL.Entries = append(r.Shards[0].CRL.Entries, fixtures.CRLEntry{Serial: fixtures.ShardSerial(0), Reason: revocation.ReasonSuperseded})
					r.Shards[0].Leaf = true
				}),
				when("twice on one part, which is another rule's", func(r *fake) {
					shards(r, ownPoint)
					r.CRL.Entries = append(r.CRL.Entries, r.CRL.Entries...)
				}),
				when("on one that lists all that another does, as a full CRL would", func(r *fake) {
					shards(r, ownPoint)
					r.CRL.Entries = append(r.CRL.Entries, r.Shards[0].CRL.Entries...)
				}),
				when("on two URLs of one part", func(r *fake) {
					shards(r, ownPoint)
					r.Shards = append(r.Shards, fixtures.Shard{Copy: true})
				}),
			},
		},
	}
}

// shown judges whether the CCADB shows a CRL that a certificate names. One for every
// certificate of the CA has a field of its own there, which is not at hand.
func (s *IssuerSubject) shown(cert *x509.Certificate, url string) Verdict {
	switch got := s.at([]string{url}); {
	case slices.Contains(s.Disclosed, url):
		return pass()
	case s.At.Sub(cert.NotBefore) <= disclosedWithin:
		return pass()
	case len(got) == 0 || !got[0].namesPoint():
		return skip()
	}
	return fail("a URL that the CCADB shows: "+listedURLs(s.Disclosed), "%s in the certificate with serial %s", url,
		revocation.SerialOf(cert.SerialNumber))
}

// ownPoint is the issuingDistributionPoint of a shard for user certificates.
func ownPoint(own string) revocation.IssuingDistributionPoint {
	return revocation.IssuingDistributionPoint{URIs: []string{own}, OnlyUserCerts: true}
}

// shards parts the CRL in two.
func shards(r *fake, point func(string) revocation.IssuingDistributionPoint) {
	r.CRL.IssuingDP = point
	r.CRL.Entries = entries(1, revocation.ReasonKeyCompromise)
	r.Shards = []fixtures.Shard{{CRL: fixtures.CRL{IssuingDP: point, Number: 2000,
		Entries: []fixtures.CRLEntry{{Serial: revokedSerial(200), Reason: revocation.ReasonSuperseded}}}}}
}

// misplaced has the certificate of one part on the other.
func misplaced(r *fake) {
	shards(r, ownPoint)
	r.CRL.Entries = append(r.CRL.Entries, fixtures.CRLEntry{Serial: fixtures.ShardSerial(0), Reason: revocation.ReasonSuperseded})
	r.Shards[0].Leaf = true
}

// pointing has the CRL name distribution points, given its own.
func pointing(uris func(own string) []string) func(*fake) {
	return func(r *fake) {
		r.CRL.IssuingDP = func(own string) revocation.IssuingDistributionPoint {
			return revocation.IssuingDistributionPoint{URIs: uris(own), OnlyUserCerts: true}
		}
	}
}

func all(urls []string) []string { return urls }
