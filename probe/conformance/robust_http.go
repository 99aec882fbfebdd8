package conformance

import (
	"slices"
	"strings"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// rareHTTPRules are about HTTP that is right but rare.
func rareHTTPRules() []*Rule {
	return []*Rule{
		{
			ID:     "http-head-and-others",
			Cites:  []Citation{RFC6960("A.1", Observed)},
			Says:   "HEAD, OPTIONS, PUT and DELETE should be answered or refused by HTTP 4xx or 501, and not be the end of a connection.",
			Needs:  evidence.Robustness,
			Marked: Info,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, func(p, _ ProbeAnswer) Verdict {
					if p.Method == "HEAD" && len(p.Body) > 0 {
						return fail("no body to HEAD", "%s: a body of %d octets", p.Variant, len(p.Body))
					}
					return pass()
				}, s.unimplemented("head", "options", "put", "delete")...)
			},
			Bad: []fixtures.Case{
				when("PUT resets the connection", carried("put", fixtures.HTTP{Failure: evidence.Reset})),
				when("500 to HEAD", carried("head", fixtures.HTTP{Code: 500})),
			},
			Good: []fixtures.Case{
				when("501 to PUT", carried("put", fixtures.HTTP{Code: 501})),
				when("405 to HEAD", carried("head", fixtures.HTTP{Code: 405})),
			},
		},
		{
			ID:     "http-http10-no-keepalive",
			Cites:  []Citation{RFC6960("A.1", Observed)},
			Says:   "HTTP/1.0, a Host field with a port, field names in another case and connections kept open should not change the answer.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return together([]Verdict{
					s.odd(plainPOST, mildly(Notice, unless("the ordinary answer", same)), "http10", "host-port", "header-case", "keep-alive"),
					s.whole(s.probed("http10-nohost")), // without Host nobody needs to know who was meant
				})
			},
			Bad: []fixtures.Case{
				when("505 to HTTP/1.0", carried("http10", fixtures.HTTP{Code: 505})),
				when("malformedRequest to HTTP/1.0", says("http10", fixtures.MalformedRequest)),
			},
			Good: []fixtures.Case{
				when("as ever", func(*fake) {}),
				when("tryLater to HTTP/1.0", says("http10", fixtures.TryLater)),
				when("internalError to HTTP/1.0", says("http10", fixtures.InternalError)),
				when("unknown to HTTP/1.0, and tryLater otherwise", func(r *fake) {
					everywhere(fixtures.TryLater)(r)
					says("http10", fixtures.Unknown)(r)
				}),
			},
		},
		{
			ID:     "http-expect-100",
			Cites:  []Citation{RFC6960("A.1", Observed)},
			Says:   "A POST with Expect: 100-continue must get the answer that it gets without.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, func(p, plain ProbeAnswer) Verdict {
					v := unless("the ordinary answer", same)(p, plain)
					if v.Outcome == Failed && p.Response != nil && p.Code == statusOK {
						return v.atLeast(Error)
					}
					return v.atMost(Notice) // refused with 417 or another status: not misled
				}, "expect")
			},
			Bad: []fixtures.Case{
				when("417", carried("expect", fixtures.HTTP{Code: 417})),
				when("unknown", says("expect", fixtures.Unknown)),
				when("about another certificate", aboutAnother("expect")),
			},
			Good: []fixtures.Case{when("as ever", func(*fake) {})},
		},
		{
			ID:     "rob-slow",
			Cites:  []Citation{RFC6960("A.1", Observed)},
			Says:   "A body in chunks, or of 100 octets a second, should be read like any other.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				ordinary := mildly(Notice, unless("the ordinary answer", same))
				return together([]Verdict{
					s.odd(plainPOST, ordinary, "chunked"),
					s.odd(plainPOST, ordinary, s.unhurried("slow")...),
				})
			},
			Bad: []fixtures.Case{
				when("411 to chunks", carried("chunked", fixtures.HTTP{Code: 411})),
				when("malformedRequest to chunks", says("chunked", fixtures.MalformedRequest)),
			},
			Good: []fixtures.Case{when("as ever", func(*fake) {})},
		},
		{
			ID:    "rob-pipelined",
			Cites: []Citation{RFC6960("3.2", Must)},
			Says:  "Requests that follow each other on one connection must be answered in their order, each about its own certificate.",
			Needs: evidence.Robustness,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, func(p, _ ProbeAnswer) Verdict { return p.inOrder() }, "pipelined")
			},
			Bad: []fixtures.Case{
				when("about another certificate", aboutAnother("kept-open")),
				when("about the first one always", func(r *fake) {
					oddly("kept-open", fixtures.Reaction{OCSP: func(o *fixtures.OCSP) { o.Singles = alwaysAbout(r.LeafSerial) }})(r)
				}),
			},
			Good: []fixtures.Case{
				when("unauthorized", says("kept-open", fixtures.Unauthorized)),
				when("the connection ends after the first", carried("kept-open", fixtures.HTTP{Header: map[string][]string{"Connection": {"close"}}})),
			},
			Also: []string{"http-http10-no-keepalive"},
		},
		{
			ID:     "rob-crl-conditional",
			Cites:  []Citation{RFC5280("4.2.1.13", Observed)},
			Says:   "A CRL that is asked for by who has it should come as it is or with 304, and never an older one.",
			Needs:  evidence.Robustness,
			And:    evidence.FetchCRL,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				var verdicts []Verdict
				for _, p := range s.probed("crl-conditional", "crl-inm") {
					verdicts = append(verdicts, p.notOlder().about(p.ID))
				}
				return together(verdicts)
			},
			Bad: []fixtures.Case{
				when("412", func(r *fake) { r.CRLHTTP.Conditional = &fixtures.HTTP{Code: 412} }),
				when("a second older", func(r *fake) { olderAfter(r, replicationTime+time.Second) }),
			},
			Good: []fixtures.Case{
				when("of the same time", func(r *fake) { r.CRLHTTP.Conditional = &fixtures.HTTP{Code: 200} }),
				when("of the same time, which it says", func(r *fake) { laterAs(r, statusOK, dated(r.Now.Add(-5*time.Hour))) }),
				when("of a time that cannot be read", func(r *fake) { laterAs(r, statusOK, "yesterday") }),
				when("an older time of what has not changed", func(r *fake) { laterAs(r, statusNotModified, dated(r.Now.Add(-6*time.Hour))) }),
				when("older, before the newer one has to be everywhere", func(r *fake) { olderAfter(r, replicationTime) }),
			},
			Also: []string{"http-conditional-304"},
		},
	}
}

// notOlder judges what came of a CRL to one who has it already.
func (p ProbeAnswer) notOlder() Verdict {
	asked, _ := p.Wire.Field("If-Modified-Since")
	before, _, dated := httpDate(asked)
	after, _, datedToo := httpDate(p.Header.Get("Last-Modified"))
	switch {
	case p.unasked():
		return unable("%s could not be asked: %s", p.Variant, outcomeOf(p.Exchange))
	case p.Code != statusOK && p.Code != statusNotModified || late(p.Exchange):
		return fail("200 or 304 within 10s", "%s: %s", p.Variant, p.text())
	case p.Code == statusOK && dated && datedToo && after.Before(before) && p.At.Sub(before) > replicationTime:
		return fail("nothing older than "+asked, "Last-Modified %s", p.Header.Get("Last-Modified"))
	}
	return pass()
}

// olderAfter has a CRL that is so old come as one that is a second older to who has it.
func olderAfter(r *fake, after time.Duration) {
	r.CRL.ThisUpdate = r.Now.Add(-after)
	r.CRLHTTP.Conditional = &fixtures.HTTP{Code: statusOK, Header: map[string][]string{"Last-Modified": {dated(r.CRL.ThisUpdate.Add(-time.Second))}}}
}

// laterAs has a CRL of five hours ago come in that way to who has it, with that Last-Modified.
func laterAs(r *fake, code int, modified string) {
	r.CRL.ThisUpdate = r.Now.Add(-5 * time.Hour)
	r.CRLHTTP.Conditional = &fixtures.HTTP{Code: code, Header: map[string][]string{"Last-Modified": {modified}}}
}

// unimplemented leaves out the variants whose method the server says it does not have: that
// is right, however much 501 looks like a failure.
func (s ServiceSubject) unimplemented(variants ...string) []string {
	return slices.DeleteFunc(variants, func(variant string) bool {
		return slices.ContainsFunc(s.probed(variant), func(p ProbeAnswer) bool { return p.Code == statusNotImplemented })
	})
}

// unhurried leaves out the variants to which the server lost patience: nobody has to wait that
// long.
func (s ServiceSubject) unhurried(variants ...string) []string {
	return slices.DeleteFunc(variants, func(variant string) bool {
		return slices.ContainsFunc(s.probed(variant), func(p ProbeAnswer) bool { return p.Response == nil && !p.unasked() })
	})
}

// inOrder judges the answers to requests that were sent one behind the other. A server may
// answer fewer of them, the connection then being at its end.
func (p ProbeAnswer) inOrder() Verdict {
	if p.Wire == nil {
		return skip()
	}
	for i, answer := range p.Further {
		if i >= len(p.Wire.Follow) || answer.Code != statusOK {
			break
		}
		basic := revocation.ReadOCSPResponse(answer.Body).Basic
		asked := evidence.Question{Request: p.Wire.Follow[i]}.CertID()
		if basic == nil || asked == nil || len(basic.Singles) == 0 {
			continue
		}
		if !slices.ContainsFunc(basic.Singles, func(single revocation.SingleResponse) bool { return single.CertID.Equal(*asked) }) {
			return fail("each answer about its own question", "answer %d is about %s, question %d about %s", i+2,
				certIDText(basic.Singles[0].CertID), i+2, certIDText(*asked))
		}
	}
	return pass()
}

// clientRules are about what clients say of themselves.
func clientRules() []*Rule {
	return []*Rule{
		{
			ID:     "http-ua-independent",
			Cites:  []Citation{BR("2.4", Observed), RFC6960("A.1", Observed)},
			Says:   "Whatever a client calls itself, it should get an answer.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, unless("an answer like that to any other client", func(p, plain ProbeAnswer) bool { return p.Code == plain.Code }), userAgents...)
			},
			Bad: []fixtures.Case{
				when("403 without a name", carried("nobody", fixtures.HTTP{Code: 403})),
				when("the connection of curl is reset", carried("curl", fixtures.HTTP{Failure: evidence.Reset})),
			},
			Good: []fixtures.Case{when("as ever", func(*fake) {})},
		},
		{
			ID:     "ocsp-client-independent",
			Cites:  []Citation{BR("2.4", Observed), RFC6960("2.2", Observed)},
			Says:   "Whatever a client calls itself, it should be told the same.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				answered := slices.DeleteFunc(slices.Clone(userAgents), func(v string) bool { // http-ua-independent speaks of the others
					return slices.ContainsFunc(s.probed(v), func(p ProbeAnswer) bool { return p.Response == nil })
				})
				return s.odd(plainPOST, unless("the ordinary answer", same), answered...)
			},
			Bad: []fixtures.Case{when("unknown to browsers", says("browser", fixtures.Unknown))},
			Good: []fixtures.Case{
				when("as ever", func(*fake) {}),
				when("403 to browsers, which is another rule's", carried("browser", fixtures.HTTP{Code: 403})),
			},
		},
		{
			ID:     "rob-accept-enc",
			Cites:  []Citation{RFC6960("A.2", Observed)},
			Says:   "To a client that takes gzip and br the response must come as it is, or in a coding that Content-Encoding names.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				list := s.probed("accept-gzip")
				if len(list) > 0 && list[0].Header.Get("Content-Encoding") != "" && list[0].Form.Encoding != revocation.EncodingDER {
					return s.whole(list)
				}
				return s.odd(plainPOST, unless("the ordinary answer", same), "accept-gzip")
			},
			Bad: []fixtures.Case{
				when("compressed without saying so", carried("accept-gzip", fixtures.HTTP{Body: []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00")})),
				when("406", carried("accept-gzip", fixtures.HTTP{Code: 406})),
			},
			Good: []fixtures.Case{when("compressed", carried("accept-gzip", fixtures.HTTP{
				Body: []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00"), Header: map[string][]string{"Content-Encoding": {"gzip"}}}))},
		},
		{
			ID:     "rob-accept",
			Cites:  []Citation{RFC6960("A.2", Observed)},
			Says:   "To a client that asks for text/html alone the response must still come as application/ocsp-response.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, func(p, plain ProbeAnswer) Verdict {
					if sent := p.Header.Get("Content-Type"); p.Response != nil && strings.HasPrefix(strings.ToLower(sent), "text/") {
						return fail("application/ocsp-response", "%s: Content-Type %s", p.Variant, sent).in("Content-Type")
					}
					return unless("the ordinary answer", same)(p, plain).atMost(Notice)
				}, "accept-html")
			},
			Bad: []fixtures.Case{
				when("406", carried("accept-html", fixtures.HTTP{Code: 406})),
				when("as text/html", carried("accept-html", fixtures.HTTP{ContentType: "text/html"})),
			},
			Good: []fixtures.Case{when("as ever", func(*fake) {})},
		},
		{
			ID:     "rob-ct-missing",
			Cites:  []Citation{RFC6960("A.1", Observed)},
			Says:   "A POST without Content-Type, with another one or with a charset may be refused with 415, or else be answered.",
			Needs:  evidence.Robustness,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainPOST, mildly(Notice, unless("the ordinary answer, malformedRequest or HTTP 4xx", same, rejected)), "ct-missing", "ct-wrong", "ct-charset")
			},
			Bad: []fixtures.Case{
				when("500 without a type", carried("no-type", fixtures.HTTP{Code: 500})),
				when("unknown with a charset", says("charset", fixtures.Unknown)),
			},
			Good: []fixtures.Case{when("415 for text", carried("text-type", fixtures.HTTP{Code: 415}))},
		},
		{
			ID:    "rob-inm",
			Cites: []Citation{RFC9919("7.2", Practice)},
			Says:  "A GET with the ETag of the answer before should be answered 304, or 200.",
			Needs: evidence.Robustness,
			Service: func(s ServiceSubject) Verdict {
				return s.odd(plainGET, unless("304, or the ordinary answer", unmodified, same), "inm")
			},
			Bad: []fixtures.Case{
				when("412", carried("conditional", fixtures.HTTP{Code: 412})),
				when("unknown", says("conditional", fixtures.Unknown)),
			},
			Good: []fixtures.Case{when("200", carried("conditional", fixtures.HTTP{Header: map[string][]string{"Etag": {`"another"`}}}))},
			Also: []string{"http-conditional-304"},
		},
	}
}

var userAgents = []string{"ua-browser", "ua-curl", "ua-cryptoapi", "ua-empty"}
