package conformance

import (
	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
)

// spellingRules are about the ways in which the path of a GET can be written.
func spellingRules() []*Rule {
	return []*Rule{
		{
			ID:    "http-ocsp-get-encodings",
			Cites: []Citation{RFC6960("A.1", Must)},
			Says:  "A GET must be understood whose path has +, / and = percent-encoded in upper or lower case, and should be where they stand as they are.",
			Needs: evidence.GETSpelling,
			And:   evidence.UnassignedGET | evidence.Robustness,
			Service: func(s ServiceSubject) Verdict {
				return together([]Verdict{s.spelled("get-lower", "get-upper"), s.spelled("get-raw").atMost(Notice)})
			},
			Bad: []fixtures.Case{
				when("lower case is malformed", says("lower", fixtures.MalformedRequest)),
				when("404 to lower case", carried("lower", fixtures.HTTP{Code: 404})),
				when("unescaped characters are malformed", says("raw", fixtures.MalformedRequest)),
				when("unescaped characters are another certificate's", aboutAnother("raw")),
			},
			Good: []fixtures.Case{when("unauthorized to lower case", says("lower", fixtures.Unauthorized))},
		},
		{
			ID:    "http-ocsp-get-slash",
			Cites: []Citation{RFC6960("A.1", Must)},
			Says:  "Two slashes in a row in the base64 of a GET must not be made one, nor be redirected.",
			Needs: evidence.GETSpelling,
			And:   evidence.UnassignedGET | evidence.Robustness,
			Service: func(s ServiceSubject) Verdict {
				return together([]Verdict{s.spelled("get-slash"), s.spelled("get-slash-raw", "get-base-slash").atMost(Notice)})
			},
			Bad: []fixtures.Case{
				when("301", carried("slashes", fixtures.HTTP{Code: 301, Location: "http://revocation.example/ocsp/MF/"})),
				when("malformedRequest", says("slashes", fixtures.MalformedRequest)),
				when("404 to raw ones", carried("raw-slashes", fixtures.HTTP{Code: 404})),
				when("404 to a second slash after the base URL", carried("leading-slash", fixtures.HTTP{Code: 404})),
			},
			Good: []fixtures.Case{when("unauthorized", says("slashes", fixtures.Unauthorized))},
		},
	}
}

// spelled judges whether GETs of those spellings are understood, where GETs in the usual
// spelling always are: where some of those fail, a failure is no matter of spelling.
func (s ServiceSubject) spelled(variants ...string) Verdict {
	list := s.probed(variants...)
	asked, understood := 0, 0
	for _, a := range s.Answers {
		if a.Ask == evidence.UnassignedGET {
			asked++
			if a.Response != nil && a.Answer.Answer != "malformed-request" && a.Answer.Answer != "other-certificate" {
				understood++
			}
		}
	}
	switch {
	case len(list) == 0:
		return skip()
	case understood < asked || asked == 0:
		return unable("of %d GETs in the usual spelling %d were understood", asked, understood).about(exchangesOf(list)...)
	}
	var verdicts []Verdict
	for _, p := range list {
		verdicts = append(verdicts, p.understood().about(p.ID))
	}
	return together(verdicts)
}

// understood judges whether a request was read as it was meant.
func (p ProbeAnswer) understood() Verdict {
	const want = "the answer to the same request in the usual spelling"
	switch {
	case p.unasked():
		return unable("%s could not be asked: %s", p.Variant, outcomeOf(p.Exchange))
	case p.Response == nil || p.Code != statusOK || p.Said == "malformed-request" || p.Said == "other-certificate":
		return fail(want, "%s: %s", p.Variant, p.text())
	}
	return pass()
}

// oddPathRules are about paths of a GET that nobody has to understand.
func oddPathRules() []*Rule {
	notWrong := unless("the answer to the same request in the usual spelling, or a refusal", same, refused)
	return []*Rule{
		{
			ID:      "rob-get-nopad",
			Cites:   []Citation{RFC6960("A.1", Observed)},
			Says:    "A GET whose base64 lacks its padding may be refused.",
			Needs:   evidence.Robustness,
			Marked:  Warning,
			Service: func(s ServiceSubject) Verdict { return s.odd(upperGET, notWrong, "get-nopad") },
			Bad: []fixtures.Case{
				when("500", carried("no-padding", fixtures.HTTP{Code: 500})),
				when("an empty list", says("no-padding", fixtures.Good)),
			},
			Good: []fixtures.Case{when("404", carried("no-padding", fixtures.HTTP{Code: 404}))},
		},
		{
			ID:      "rob-get-base64url",
			Cites:   []Citation{RFC6960("A.1", Observed)},
			Says:    "A GET in base64url may be refused, but must not be given a status that another request has.",
			Needs:   evidence.Robustness,
			Marked:  Warning,
			Service: func(s ServiceSubject) Verdict { return s.odd(upperGET, notWrong, "get-base64url") },
			Bad: []fixtures.Case{
				when("the connection is reset", carried("base64url", fixtures.HTTP{Failure: evidence.Reset})),
				when("an empty list", says("base64url", fixtures.Good)),
			},
			Good: []fixtures.Case{when("400", carried("base64url", fixtures.HTTP{Code: 400}))},
		},
		{
			ID:      "rob-get-newline",
			Cites:   []Citation{RFC6960("A.1", Observed)},
			Says:    "A GET with a line end or a space within its base64 should be refused, or answered as if it were not there.",
			Needs:   evidence.Robustness,
			Marked:  Warning,
			Service: func(s ServiceSubject) Verdict { return s.odd(upperGET, notWrong, "get-newline", "get-space") },
			Bad: []fixtures.Case{
				when("500 to a line end", carried("newline", fixtures.HTTP{Code: 500})),
				when("500 to a space", carried("space", fixtures.HTTP{Code: 500})),
				when("good with a line end", says("newline", fixtures.Good)),
			},
			Good: []fixtures.Case{when("malformedRequest", says("newline", fixtures.MalformedRequest))},
		},
		{
			ID:      "rob-get-long",
			Cites:   []Citation{RFC6960("A.1", Observed)},
			Says:    "A GET of more than 255 or 2048 octets may be refused, but should not be the end of its connection.",
			Needs:   evidence.Robustness,
			Marked:  Warning,
			Service: func(s ServiceSubject) Verdict { return s.odd(plainGET, anything, "get-long-255", "get-long-2048") },
			Bad: []fixtures.Case{
				when("502", carried("long", fixtures.HTTP{Code: 502})),
				when("the connection is reset", carried("long", fixtures.HTTP{Failure: evidence.Reset})),
			},
			Good: []fixtures.Case{when("414", carried("long", fixtures.HTTP{Code: 414}))},
		},
		{
			ID:      "rob-get-query",
			Cites:   []Citation{RFC6960("A.1", Observed)},
			Says:    "A GET with a query behind its path should be refused, or answered as if it had none.",
			Needs:   evidence.Robustness,
			Marked:  Warning,
			Service: func(s ServiceSubject) Verdict { return s.odd(upperGET, notWrong, "get-query") },
			Bad: []fixtures.Case{
				when("500", carried("query", fixtures.HTTP{Code: 500})),
				when("good", says("query", fixtures.Good)),
			},
			Good: []fixtures.Case{when("404", carried("query", fixtures.HTTP{Code: 404}))},
		},
	}
}
