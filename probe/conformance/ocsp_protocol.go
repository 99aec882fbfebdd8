package conformance

import (
	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// protocolRules are about how a responder takes what requests may hold.
func protocolRules() []*Rule {
	ordinary := unless("the ordinary answer", same)
	return []*Rule{
		{
			ID:    "ocsp-requestorname-ignored",
			Cites: []Citation{RFC9919("3.1.2", Practice)},
			Says:  "An unsigned request with a requestorName should be answered as if it had none.",
			Needs: evidence.Robustness,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, ordinary, "reqname")
			},
			Bad: []fixtures.Case{
				when("malformedRequest", says("requestor", fixtures.MalformedRequest)),
				when("sigRequired", says("requestor", fixtures.SigRequired)),
			},
			Good: []fixtures.Case{when("as ever", func(*fake) {})},
		},
		{
			ID:    "ocsp-signed-request-ok",
			Cites: []Citation{RFC9919("3.1.2", Practice), RFC6960("2.3", Practice)},
			Says:  "A request that an unknown key signed should be answered, or unauthorized.",
			Needs: evidence.Robustness,
			Service: func(s ServiceSubject) Verdict {
				unauthorized := func(p, _ ProbeAnswer) bool { return p.Said == "unauthorized" }
				return s.odd(plainPOST, unless("the ordinary answer, or unauthorized", same, unauthorized), "optsig-valid")
			},
			Bad: []fixtures.Case{
				when("malformedRequest", says("signed", fixtures.MalformedRequest)),
				when("500", carried("signed", fixtures.HTTP{Code: 500})),
			},
			Good: []fixtures.Case{when("unauthorized", says("signed", fixtures.Unauthorized))},
			Also: []string{"rob-optsig-bogus"},
		},
		{
			ID:     "ocsp-unknown-noncritical-ext",
			Cites:  []Citation{RFC6960("4.1.2", Must)},
			Says:   "An extension of a request that is unknown and not critical must be ignored.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, ordinary, "ext-unknown", "ext-unknown-single")
			},
			Bad: []fixtures.Case{
				when("malformedRequest", says("extension", fixtures.MalformedRequest)),
				when("500", carried("extension", fixtures.HTTP{Code: 500})),
			},
			Good: []fixtures.Case{when("as ever", func(*fake) {})},
		},
		{
			ID:     "ocsp-unknown-critical-ext",
			Cites:  []Citation{RFC6960("4.1.2", Observed)},
			Says:   "A request with a critical extension that the responder does not know should get an error, since it may be ignored only where it is not critical.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, mildly(Notice, func(p, _ ProbeAnswer) Verdict {
					if p.Response != nil && p.Response.Response.Basic != nil {
						return fail("an error, RFC 6960 not saying which", "%s: %s, as if the extension were not there", p.Variant, p.Said)
					}
					return pass()
				}), "ext-critical")
			},
			Bad: []fixtures.Case{
				when("good", says("critical", fixtures.Good)),
				when("the connection is reset", carried("critical", fixtures.HTTP{Failure: evidence.Reset})),
			},
			Good: []fixtures.Case{
				when("unauthorized", says("critical", fixtures.Unauthorized)),
				when("400", carried("critical", fixtures.HTTP{Code: 400})),
			},
		},
		{
			ID:    "ocsp-malformed-status",
			Cites: []Citation{RFC6960("2.3", Practice)},
			Says:  "What is no request should be answered with the OCSP status malformedRequest, under HTTP 200.",
			Needs: evidence.Robustness,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, func(p, _ ProbeAnswer) Verdict {
					if p.Said == "malformed-request" && p.Code == statusOK {
						return pass()
					}
					return fail("malformedRequest under HTTP 200", "%s: %s", p.Variant, p.text())
				}, "post-empty", "garbage", "truncated")
			},
			Bad: []fixtures.Case{
				when("unauthorized to nothing", says("empty", fixtures.Unauthorized)),
				when("unauthorized to half a request", says("truncated", fixtures.Unauthorized)),
				when("400 to garbage", carried("garbage", fixtures.HTTP{Code: 400})),
				when("malformedRequest under 400 to garbage", oddly("garbage", fixtures.Reaction{Says: fixtures.MalformedRequest, HTTP: &fixtures.HTTP{Code: 400, Body: []byte{0x30, 3, 0x0a, 1, 1}}})),
			},
			Good: []fixtures.Case{when("as ever", func(*fake) {})},
			Also: []string{"rob-post-empty", "rob-truncated"},
		},
		{
			ID:    "ocsp-error-mapping",
			Cites: []Citation{RFC6960("2.3", Must)},
			Says:  "tryLater and internalError are for a while: a responder that gives no other answer does not serve.",
			Needs: evidence.OCSP,
			Service: func(s ServiceSubject) Verdict {
				var list []string
				for _, a := range s.Answers {
					switch {
					case a.Response == nil || !a.Ask.Has(evidence.OCSP):
					case !temporary(a):
						return pass()
					default:
						list = append(list, a.Exchange)
					}
				}
				if len(list) < persistent {
					return skip()
				}
				return fail("an answer", "tryLater or internalError in each of %d answers", len(list)).about(list...)
			},
			Bad: []fixtures.Case{
				when("tryLater", everywhere(fixtures.TryLater)),
				when("internalError", everywhere(fixtures.InternalError)),
			},
			Good: []fixtures.Case{when("tryLater by POST alone", func(r *fake) {
				everywhere(fixtures.TryLater)(r)
				r.OCSP.ForGET = func(o *fixtures.OCSP) { o.Assigned = fixtures.Good }
			})},
			Also: []string{"ocsp-assigned-authoritative-15m"},
		},
		{
			ID:     "ocsp-multi-request",
			Cites:  []Citation{RFC6960("4.2.2.3", Observed), RFC9919("3.1.1", Practice)},
			Says:   "A request about several certificates should be answered for each, for the first, or with unauthorized.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, mildly(Info, unless("the first certificate's status, or a refusal", same, refused)), "multi-2", "multi-20")
			},
			Bad: []fixtures.Case{
				when("unknown for both", says("two", fixtures.Unknown)),
				when("the connection is reset by 20", carried("many", fixtures.HTTP{Failure: evidence.Reset})),
			},
			Good: []fixtures.Case{
				when("unauthorized", says("two", fixtures.Unauthorized)),
				when("the first only", oddly("two", fixtures.Reaction{OCSP: firstOnly})),
			},
		},
		{
			ID:     "ocsp-preferred-sigalgs",
			Cites:  []Citation{RFC6960("4.4.7.1", Observed)},
			Says:   "A list of preferred signature algorithms should be heeded or ignored, and never be a reason for an error.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, mildly(Info, unless("the ordinary answer", same)), "prefsig")
			},
			Bad: []fixtures.Case{
				when("malformedRequest", says("preferred", fixtures.MalformedRequest)),
				when("500", carried("preferred", fixtures.HTTP{Code: 500})),
			},
			Good: []fixtures.Case{when("ignored", func(*fake) {})},
		},
	}
}

// everywhere has a fake answer everything alike.
func everywhere(status fixtures.Status) func(*fake) {
	return func(r *fake) {
		r.OCSP.Assigned, r.OCSP.Unassigned, r.OCSP.Listed, r.OCSP.Foreign = status, status, status, status
	}
}

// firstOnly has a fake answer about the first certificate that is asked about alone.
func firstOnly(o *fixtures.OCSP) {
	o.Singles = func(asked []revocation.CertID) []revocation.CertID { return asked[:1] }
}
