package conformance

import (
	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// rareRequestRules are about well-formed requests that few clients send.
func rareRequestRules() []*Rule {
	return []*Rule{
		{
			ID:     "rob-ext-dup",
			Cites:  []Citation{RFC6960("4.1.2", Observed)},
			Says:   "A request with the same extension twice should be refused, or answered like one without.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, mildly(Notice, unless("a refusal, or the ordinary answer", refused, same)), "ext-dup")
			},
			Bad: []fixtures.Case{
				when("500", carried("twice", fixtures.HTTP{Code: 500})),
				when("unknown", says("twice", fixtures.Unknown)),
			},
			Good: []fixtures.Case{when("malformedRequest", says("twice", fixtures.MalformedRequest))},
		},
		{
			ID:     "rob-acceptable",
			Cites:  []Citation{RFC6960("4.4.3", Observed)},
			Says:   "A client that accepts id-pkix-ocsp-basic must be answered like one that does not say so; one that accepts something else may be refused.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return together([]Verdict{
					s.odd(plainPOST, unless("the ordinary answer", same), "acceptable-basic"),
					s.odd(plainPOST, anything, "acceptable-unknown"),
				})
			},
			Bad: []fixtures.Case{
				when("malformedRequest", says("acceptable", fixtures.MalformedRequest)),
				when("the connection is reset", carried("acceptable", fixtures.HTTP{Failure: evidence.Reset})),
			},
			Good: []fixtures.Case{when("ignored", func(*fake) {})},
		},
		{
			ID:     "rob-servicelocator",
			Cites:  []Citation{RFC6960("4.4.6", Observed)},
			Says:   "A request with a service locator must be relayed, or answered as if there were none.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, anything, "servicelocator")
			},
			Bad: []fixtures.Case{
				when("500", carried("locator", fixtures.HTTP{Code: 500})),
				when("about another certificate", aboutAnother("locator")),
			},
			Good: []fixtures.Case{when("unauthorized", says("locator", fixtures.Unauthorized))},
		},
		{
			ID:     "rob-optsig-bogus",
			Cites:  []Citation{RFC6960("2.3", Observed)},
			Says:   "A request whose signature is wrong must be refused, or answered as if it had none.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, mildly(Notice, unless("a refusal, or the ordinary answer", refused, same)), "optsig-bogus")
			},
			Bad: []fixtures.Case{when("the connection is reset", carried("signed", fixtures.HTTP{Failure: evidence.Reset}))},
			Good: []fixtures.Case{
				when("unauthorized", says("signed", fixtures.Unauthorized)),
				when("malformedRequest", says("signed", fixtures.MalformedRequest)),
			},
			Also: []string{"ocsp-signed-request-ok"},
		},
		{
			ID:    "rob-sigrequired",
			Cites: []Citation{BR("2.4", Must), RFC6960("2.3", Practice)},
			Says:  "An unsigned request must not be answered sigRequired: a service for everybody cannot ask for signatures.",
			Needs: evidence.Robustness,
			Service: func(s ServiceSubject) Verdict {
				plain := s.probed(plainPOST)
				switch {
				case len(plain) == 0:
					return skip()
				case plain[0].Response == nil:
					return unable("the plain request was not answered: %s", outcomeOf(plain[0].Exchange))
				case plain[0].Said == "sig-required":
					return fail("an answer", "sigRequired")
				}
				return pass()
			},
			Bad:  []fixtures.Case{when("sigRequired", func(r *fake) { r.OCSP.Assigned = fixtures.SigRequired })},
			Good: []fixtures.Case{when("sigRequired only for requests with a bad signature", says("signed", fixtures.SigRequired))},
			Also: []string{"ocsp-assigned-authoritative-15m"},
		},
		{
			ID:     "rob-nonce-critical",
			Cites:  []Citation{RFC6960("4.1.2", Observed)},
			Says:   "A request with a critical nonce should be answered like one without.",
			Needs:  evidence.NoncePOST,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainNonce, mildly(Notice, unless("the ordinary answer", same)), "nonce-critical")
			},
			Bad: []fixtures.Case{
				when("500", carried("nonce-critical", fixtures.HTTP{Code: 500})),
				when("malformedRequest", says("nonce-critical", fixtures.MalformedRequest)),
			},
			Good: []fixtures.Case{when("echoed", func(r *fake) { r.OCSP.Nonce = echo })},
		},
	}
}

// rareCertIDRules are about CertIDs that name the issuer in a rare way or wrongly, and about
// several of them.
func rareCertIDRules() []*Rule {
	const turnedAway = "unknown, unauthorized, malformedRequest or HTTP 4xx"
	return []*Rule{
		{
			ID:    "rob-multi-issuer",
			Cites: []Citation{RFC6960("4.2.2.2", Must)},
			Says:  "Asked about certificates of two issuers at once, a responder must not speak for one whom it does not serve.",
			Needs: evidence.Robustness,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, func(p, _ ProbeAnswer) Verdict {
					if i := p.vouchedForStranger(); i >= 0 {
						single := p.Response.Response.Basic.Singles[i]
						return fail("no status for the CertID of an issuer that nobody knows", "%s: %s for it", p.Variant, statusWord(&single)).in(singleField(i, "certStatus"))
					}
					return pass()
				}, "multi-issuer")
			},
			Bad: []fixtures.Case{
				when("good for both", says("two-issuers", fixtures.Good)),
				when("revoked for both", says("two-issuers", fixtures.Revoked)),
				when("500", carried("two-issuers", fixtures.HTTP{Code: 500})),
			},
			Good: []fixtures.Case{
				when("unknown for both", says("two-issuers", fixtures.Unknown)),
				when("malformedRequest", says("two-issuers", fixtures.MalformedRequest)),
			},
		},
		{
			ID:     "rob-dup",
			Cites:  []Citation{RFC6960("4.1.1", Observed)},
			Says:   "Asked about one certificate twice in one request, a responder should say the same as to one question, or refuse.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, mildly(Notice, unless("the ordinary answer, or a refusal", same, refused)), "dup")
			},
			Bad: []fixtures.Case{
				when("unknown", says("same-twice", fixtures.Unknown)),
				when("the connection is reset", carried("same-twice", fixtures.HTTP{Failure: evidence.Reset})),
			},
			Good: []fixtures.Case{when("unauthorized", says("same-twice", fixtures.Unauthorized))},
		},
		{
			ID:    "rob-hash-mismatch",
			Cites: []Citation{RFC6960("2.3", Must), RFC6960("4.1.1", Must)},
			Says:  "A CertID with the right hash of the issuer's name or key and a wrong one of the other names nobody, and must not be answered good or revoked.",
			Needs: evidence.Robustness,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, unless(turnedAway, refused, unknown), "mismatch-name", "mismatch-key")
			},
			Bad: []fixtures.Case{
				when("good", says("mismatch", fixtures.Good)),
				when("good about the right CertID", oddly("mismatch", fixtures.Reaction{Says: fixtures.Good, OCSP: func(o *fixtures.OCSP) {
					o.Singles = changed(func(c *revocation.CertID) { c.IssuerNameHash = make([]byte, 20) })
				}})),
				when("the connection is reset", carried("mismatch", fixtures.HTTP{Failure: evidence.Reset})),
			},
			Good: []fixtures.Case{
				when("unknown", says("mismatch", fixtures.Unknown)),
				when("404", carried("mismatch", fixtures.HTTP{Code: 404})),
			},
		},
		{
			ID:    "rob-hash-wrong-length",
			Cites: []Citation{RFC6960("4.1.1", Must)},
			Says:  "A CertID whose hashes are not as long as those of its hash function names nobody, and must not be answered good or revoked.",
			Needs: evidence.Robustness,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, unless(turnedAway, refused, unknown), "hash-length-32", "hash-length-0")
			},
			Bad: []fixtures.Case{
				when("good", says("hash-length", fixtures.Good)),
				when("500", carried("hash-length", fixtures.HTTP{Code: 500})),
			},
			Good: []fixtures.Case{when("malformedRequest", says("hash-length", fixtures.MalformedRequest))},
		},
		{
			ID:    "rob-hash-alg",
			Cites: []Citation{RFC6960("4.1.1", Must), RFC9919("3.1.1", Practice)},
			Says:  "A certificate named by hashes of another function has the same status or is not spoken of, and what nobody can read names nobody.",
			Needs: evidence.Robustness,
			Service: func(s ServiceSubject) Verdict {
				return together([]Verdict{
					s.odd(plainPOST, anything, "hash-sha256"), // ocsp-certid-sha256-support holds the status against that by SHA-1
					s.odd(plainPOST, unless("the ordinary answer, unknown or a refusal", same, refused, unknown), "hash-sha384", "hash-sha512", "hash-md5", "hash-sha3"),
					s.odd(plainPOST, unless(turnedAway, refused, unknown), "hash-private"),
				})
			},
			Bad: []fixtures.Case{
				when("about another CertID by SHA-384", aboutAnother("sha384")),
				when("good for hashes that nobody can read", says("no-hash", fixtures.Good)),
				when("revoked by MD5, good by SHA-1", says("md5", fixtures.Revoked)),
				when("500 for SHA-512", carried("sha512", fixtures.HTTP{Code: 500})),
			},
			Good: []fixtures.Case{
				when("unauthorized by SHA-256", says("sha256", fixtures.Unauthorized)),
				when("404 for MD5", carried("md5", fixtures.HTTP{Code: 404})),
			},
		},
		{
			ID:     "rob-hash-params",
			Cites:  []Citation{RFC6960("4.1.1", Observed)},
			Says:   "The hash function of a CertID must be understood with NULL parameters and without any.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				understood := unless("the same answer whatever the parameters", same)
				return together([]Verdict{
					s.odd(plainPOST, understood, "params-sha1-absent"),
					s.odd("hash-sha256", understood, "params-sha256-null"),
				})
			},
			Bad: []fixtures.Case{
				when("SHA-1 without parameters is malformed", says("sha1-absent", fixtures.MalformedRequest)),
				when("SHA-256 with NULL is unknown", says("sha256-null", fixtures.Unknown)),
			},
			Good: []fixtures.Case{when("no SHA-256 at all", says("sha256", fixtures.Unauthorized))},
		},
	}
}

// vouchedForStranger returns the index of a single that gives a status to the second
// CertID that was asked about, or -1.
func (p ProbeAnswer) vouchedForStranger() int {
	if p.Response == nil || p.Response.Response.Basic == nil || len(p.Response.asked) < 2 {
		return -1
	}
	for i, single := range p.Response.Response.Basic.Singles {
		if single.CertID.Equal(p.Response.asked[1]) && statusWord(&single) != "unknown" {
			return i
		}
	}
	return -1
}
