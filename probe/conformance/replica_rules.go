package conformance

import (
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
)

// replicaRules compare the machines that one service is: what each address of its host
// answers, and what the same question is answered at several times.
func replicaRules() []*Rule {
	return []*Rule{
		{
			ID:     "ocsp-ip-consistent",
			Cites:  []Citation{BR("4.10.2", Observed), RFC6960("2.2", Observed)},
			Says:   "Every address of a responder must say the same of a certificate.",
			Needs:  evidence.UnassignedPOST | evidence.Assigned,
			Marked: Error,
			Service: func(s ServiceSubject) Verdict {
				return groups(s.replicated(evidence.UnassignedPOST|evidence.Assigned), consistent)
			},
			Bad: []fixtures.Case{
				when("good where the other address says unknown", behindSecond(func(r *fake) { r.OCSP.Assigned = fixtures.Unknown })),
				when("revoked before the answer of the other address", func(r *fake) {
					revokedAtSecond(r, r.Now.Add(-time.Hour))
				}),
				when("revoked after the answer of the other address", func(r *fake) {
					revokedAtSecond(r, r.Now.Add(-time.Hour+time.Second))
				}),
				when("unauthorized at one of two addresses", behindSecond(func(r *fake) { r.OCSP.Assigned = fixtures.Unauthorized })),
				when("503 at one of two addresses", behindSecond(func(r *fake) { r.OCSPHTTP.Code = 503 })),
			},
			Good: []fixtures.Case{
				when("the same at both addresses", behindSecond(func(*fake) {})),
				when("signed at another time", behindSecond(func(r *fake) { r.OCSP.ThisUpdate = r.Now.Add(-2 * time.Hour) })),
				when("the other address takes no connection", func(r *fake) { r.DNS.Dead = 1 }),
				when("the other address wants to be asked less often", behindSecond(func(r *fake) { r.OCSPHTTP.Code = 429 })),
			},
			Also: []string{"http-status-200", "ocsp-assigned-authoritative-15m"},
		},
		{
			ID:     "crl-replication",
			Cites:  []Citation{Apple("2.1.1", Observed), CCADB("6.2", Observed), RFC5280("4.2.1.13", Observed)},
			Says:   "Every address must give the newest CRL within 4 hours.",
			Needs:  evidence.FetchCRL,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return groups(s.replicated(evidence.FetchCRL), replication)
			},
			Bad: []fixtures.Case{when("4 hours and a second after the newer one", olderCRL(4*time.Hour+time.Second))},
			Good: []fixtures.Case{
				when("4 hours after the newer one", olderCRL(4*time.Hour)),
				when("the same for 5 hours", func(r *fake) {
					r.CRL.ThisUpdate = r.Now.Add(-5 * time.Hour)
					behindSecond(func(*fake) {})(r)
				}),
				when("one that is signed by somebody else, and older", olderCRLChanged(func(c *fixtures.CRL) { c.ByOtherKey = true })),
				when("one that is cut short, and older", olderCRLChanged(func(c *fixtures.CRL) {
					c.Tamper = func(der []byte) []byte { return der[:len(der)-1] }
				})),
				when("one whose thisUpdate is no time", olderCRLChanged(func(c *fixtures.CRL) {
					c.Edit = func(tbs *fixtures.Node) { asTime(0x17, "yesterday")(tbs.MustFind("thisUpdate")) }
				})),
				when("put there 4 hours ago, and older by what it says", func(r *fake) {
					olderCRL(5 * time.Hour)(r)
					r.CRLHTTP.Header = map[string][]string{"Last-Modified": {dated(r.Now.Add(-4 * time.Hour))}}
				}),
			},
		},
		{
			ID:     "http-ipv6-parity",
			Cites:  []Citation{BR("4.10.2", Observed), RFC5280("4.2.1.13", Observed), RFC6960("2.2", Observed)},
			Says:   "What a service gives over IPv4 it must give over IPv6 too, where it has addresses of both.",
			Needs:  evidence.UnassignedPOST | evidence.Assigned | evidence.FetchCRL,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return groups(s.replicated(evidence.UnassignedPOST|evidence.Assigned|evidence.FetchCRL), parity)
			},
			Bad: []fixtures.Case{
				when("no CRL over IPv6", overIPv6(func(r *fake) { r.CRLHTTP.Code = 404 })),
				when("unknown over IPv6", overIPv6(func(r *fake) { r.OCSP.Assigned = fixtures.Unknown })),
			},
			Good: []fixtures.Case{
				when("the same over both", overIPv6(func(*fake) {})),
				when("unknown at one of two addresses of IPv6", func(r *fake) {
					r.DNS.Addresses = []string{"2001:500:88:200::7", "2001:500:88:200::8"}
					behindSecond(func(r *fake) { r.OCSP.Assigned = fixtures.Unknown })(r)
				}),
			},
			Also: []string{"http-status-200", "ocsp-ip-consistent", "ocsp-assigned-authoritative-15m"},
		},
	}
}

// behindSecond changes what the second of a fake's two addresses gives.
func behindSecond(change func(*fake)) func(*fake) {
	return func(r *fake) { r.Replicas = []func(*fake){nil, change} }
}

// revokedAtSecond has the second address say that the leaf was revoked at a time; the first
// still says good, in an answer that is an hour old.
func revokedAtSecond(r *fake, at time.Time) {
	behindSecond(func(r *fake) {
		r.OCSP.Assigned, r.OCSP.RevocationTime, r.OCSP.ThisUpdate, r.OCSP.ProducedAt = fixtures.Revoked, at, r.Now, r.Now
	})(r)
}

// olderCRL has the first address give a CRL of so long ago, and the second one that is older
// by a second.
func olderCRL(age time.Duration) func(*fake) {
	return func(r *fake) {
		r.CRL.ThisUpdate = r.Now.Add(-age)
		behindSecond(func(r *fake) { r.CRL.ThisUpdate, r.CRL.Number = r.Now.Add(-age-time.Second), 999 })(r)
	}
}

// olderCRLChanged has the second address give a changed CRL, an hour older than the one of 5
// hours ago at the first.
func olderCRLChanged(change func(*fixtures.CRL)) func(*fake) {
	return func(r *fake) {
		r.CRL.ThisUpdate = r.Now.Add(-5 * time.Hour)
		behindSecond(func(r *fake) {
			r.CRL.ThisUpdate = r.Now.Add(-6 * time.Hour)
			change(&r.CRL)
		})(r)
	}
}

// overIPv6 changes what the second of a fake's addresses gives, which is one of IPv6.
func overIPv6(change func(*fake)) func(*fake) {
	return func(r *fake) {
		r.DNS.Addresses = []string{"192.0.43.8", "2001:500:88:200::8"}
		behindSecond(change)(r)
	}
}
