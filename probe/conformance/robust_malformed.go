package conformance

import (
	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// malformedRules are about requests that are no OCSPRequest or are not in DER.
func malformedRules() []*Rule {
	const turnedDown = "malformedRequest or HTTP 4xx"
	return []*Rule{
		{
			ID:     "rob-post-empty",
			Cites:  []Citation{RFC6960("2.3", Observed)},
			Says:   "A POST without a body should be answered malformedRequest.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, mildly(Notice, unless(turnedDown, rejected)), "post-empty")
			},
			Bad: []fixtures.Case{
				when("the connection is reset", carried("empty", fixtures.HTTP{Failure: evidence.Reset})),
				when("500", carried("empty", fixtures.HTTP{Code: 500})),
				when("never answered", carried("empty", fixtures.HTTP{Failure: evidence.HTTPTimeout})),
				when("10 s and a millisecond", carried("empty", fixtures.HTTP{Delay: maxResponseTime + 1e6})),
				when("unauthorized", says("empty", fixtures.Unauthorized)),
				when("a web page", carried("empty", fixtures.HTTP{Body: []byte("<html>"), ContentType: "text/html"})),
			},
			Good: []fixtures.Case{
				when("400", carried("empty", fixtures.HTTP{Code: 400})),
				when("10 s", carried("empty", fixtures.HTTP{Delay: maxResponseTime})),
			},
			Also: []string{"ocsp-malformed-status"},
		},
		{
			ID:     "rob-get-empty",
			Cites:  []Citation{RFC6960("A.1", Observed)},
			Says:   "A GET without a request in its path should be answered, by whatever it be.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return s.whole(s.probed("get-empty", "get-empty-slash"))
			},
			Bad:  []fixtures.Case{when("503", carried("no-path", fixtures.HTTP{Code: 503}))},
			Good: []fixtures.Case{when("a web page", carried("no-path", fixtures.HTTP{Code: 200, Body: []byte("<html>"), ContentType: "text/html"}))},
		},
		{
			ID:     "rob-garbage",
			Cites:  []Citation{RFC6960("2.3", Observed)},
			Says:   "Octets that are no request should be answered malformedRequest.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, mildly(Notice, func(p, plain ProbeAnswer) Verdict {
					if p.Form.Encoding == revocation.EncodingHTTP {
						return fail("one HTTP answer", "%s: HTTP %d, and as its body a second HTTP answer", p.Variant, p.Code)
					}
					return unless(turnedDown, rejected)(p, plain)
				}), "garbage", "get-garbage")
			},
			Bad: []fixtures.Case{
				when("the connection is reset", carried("garbage", fixtures.HTTP{Failure: evidence.Reset})),
				when("echoed", carried("garbage", fixtures.HTTP{Body: []byte("\xff octets"), ContentType: "text/plain"})),
				when("400 with an HTTP answer in its body", carried("garbage", fixtures.HTTP{Code: 400, Body: []byte("HTTP/1.0 200 OK\r\n\r\n")})),
				when("500 to a path that is no base64", carried("no-base64", fixtures.HTTP{Code: 500})),
			},
			Good: []fixtures.Case{when("400", carried("garbage", fixtures.HTTP{Code: 400}))},
			Also: []string{"ocsp-malformed-status"},
		},
		{
			ID:     "rob-truncated",
			Cites:  []Citation{RFC6960("2.3", Observed)},
			Says:   "A request that lacks its last octet should be answered malformedRequest.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, mildly(Notice, unless(turnedDown, rejected)), "truncated")
			},
			Bad: []fixtures.Case{
				when("the connection is closed", carried("truncated", fixtures.HTTP{Failure: evidence.Reset})),
				when("unauthorized", says("truncated", fixtures.Unauthorized)),
			},
			Good: []fixtures.Case{when("400", carried("truncated", fixtures.HTTP{Code: 400}))},
			Also: []string{"ocsp-malformed-status"},
		},
		{
			ID:     "rob-trailing",
			Cites:  []Citation{RFC6960("4.1.1", Observed)},
			Says:   "A request with an octet after its end should be answered malformedRequest, or as if the octet were not there.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, mildly(Notice, unless(turnedDown+", or the ordinary answer", rejected, same)), "trailing")
			},
			Bad: []fixtures.Case{
				when("500", carried("trailing", fixtures.HTTP{Code: 500})),
				when("unauthorized", says("trailing", fixtures.Unauthorized)),
			},
			Good: []fixtures.Case{when("malformedRequest", says("trailing", fixtures.MalformedRequest))},
		},
		{
			ID:     "rob-ber",
			Cites:  []Citation{RFC6960("4.1.1", Observed), RFC9919("6", Practice)},
			Says:   "A request in BER that is no DER should be answered malformedRequest, or like the same in DER.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, mildly(Notice, unless(turnedDown+", or the ordinary answer", rejected, same)), "ber-version", "ber-length", "ber-indefinite")
			},
			Bad: []fixtures.Case{
				when("the connection is reset", carried("ber", fixtures.HTTP{Failure: evidence.Reset})),
				when("unauthorized", says("ber", fixtures.Unauthorized)),
			},
			Good: []fixtures.Case{when("malformedRequest", says("ber", fixtures.MalformedRequest))},
		},
		{
			ID:     "rob-empty-list",
			Cites:  []Citation{RFC6960("4.1.1", Observed)},
			Says:   "A request about no certificate should be answered malformedRequest.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, mildly(Notice, unless(turnedDown, refused)), "empty-list")
			},
			Bad: []fixtures.Case{
				when("the connection is closed", carried("empty-list", fixtures.HTTP{Failure: evidence.Reset})),
				when("successful, with an empty list", says("empty-list", fixtures.Good)),
			},
			Good: []fixtures.Case{when("unauthorized", says("empty-list", fixtures.Unauthorized))},
		},
		{
			ID:     "rob-huge",
			Cites:  []Citation{RFC6960("A.1", Observed)},
			Says:   "A request of 64 KiB or 1 MiB may be refused, but not keep its client waiting.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				var verdicts []Verdict
				for _, p := range s.probed("huge-64k", "huge-1m") {
					v := p.taken()
					if p.Failure == evidence.Reset || p.Failure == evidence.Closed || p.Failure == evidence.Truncated {
						v = pass() // it may be refused before it has been sent, and the answer then be lost
					}
					verdicts = append(verdicts, v.about(p.ID))
				}
				return together(verdicts)
			},
			Bad: []fixtures.Case{
				when("never answered", carried("huge", fixtures.HTTP{Failure: evidence.HTTPTimeout})),
				when("500", carried("huge", fixtures.HTTP{Code: 500})),
			},
			Good: []fixtures.Case{
				when("413", carried("huge", fixtures.HTTP{Code: 413})),
				when("the connection is reset", carried("huge", fixtures.HTTP{Failure: evidence.Reset})),
			},
		},
	}
}

// whole judges only that answers come whole and in time, whatever they are.
func (s ServiceSubject) whole(list []ProbeAnswer) Verdict {
	if len(list) == 0 {
		return skip()
	}
	var verdicts []Verdict
	for _, p := range list {
		v := p.taken()
		if !late(p.Exchange) && (p.Code == 200 && p.Failure == "" || p.Failure == evidence.Redirect) {
			v = pass()
		}
		verdicts = append(verdicts, v.about(p.ID))
	}
	return together(verdicts)
}
