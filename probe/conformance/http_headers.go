package conformance

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
)

// maxErrorFreshness is how long an error may be kept: after five minutes the service may be
// well again.
const maxErrorFreshness = 5 * time.Minute

// maxDateSkew is how far a clock may be off before that is remarked on.
const maxDateSkew = time.Minute

// headerRules are those about the fields of any answer.
func headerRules() []*Rule {
	return []*Rule{
		{
			ID:     "http-content-length",
			Cites:  []Citation{RFC6960("A.2", Should)},
			Says:   "OCSP responses should say their length.",
			Needs:  evidence.OCSP,
			Marked: Notice,
			Exchange: func(s ExchangeSubject) Verdict {
				switch {
				case !s.Answered():
					return skip() // http-status-200 says that a body is shorter than was said
				case s.Header.Get("Content-Length") == "" && s.Header.Get("Transfer-Encoding") != "":
					return fail("Content-Length", "Transfer-Encoding: %.100s", s.Header.Get("Transfer-Encoding")).in("Content-Length")
				case s.Header.Get("Content-Length") == "":
					return fail("Content-Length", "none").in("Content-Length")
				}
				return pass()
			},
			Bad:  []fixtures.Case{when("none", func(r *fake) { setField(&r.OCSPHTTP.Header, "Content-Length", nil) })},
			Good: []fixtures.Case{when("the length", func(*fake) {})},
		},
		{
			ID:     "http-content-encoding",
			Cites:  []Citation{RFC9110("8.4", Observed), RFC9110("12.5.3", Should)},
			Says:   "An answer must not be compressed where that was not asked for.",
			Needs:  evidence.HTTP,
			Marked: Error,
			Exchange: func(s ExchangeSubject) Verdict {
				if !s.Answered() {
					return skip()
				}
				for _, field := range s.Header["Content-Encoding"] {
					if !strings.EqualFold(strings.TrimSpace(field), "identity") {
						return fail("no Content-Encoding, as Accept-Encoding: identity asks", "%.100s", field).in("Content-Encoding")
					}
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("compressed", func(r *fake) {
					setField(&r.CRLHTTP.Header, "Content-Encoding", []string{"gzip"})
					r.CRLHTTP.Body = compressed(fixtures.Conforming(r.Now, r.Authority).CRLBody())
				}),
				when("said to be compressed", func(r *fake) { setField(&r.OCSPHTTP.Header, "Content-Encoding", []string{"gzip"}) }),
			},
			Good: []fixtures.Case{when("identity", func(r *fake) { setField(&r.OCSPHTTP.Header, "Content-Encoding", []string{"Identity"}) })},
			Also: []string{"http-body-magic"},
		},
		{
			ID:    "http-date-skew",
			Cites: []Citation{RFC9110("6.6.1", Practice), RFC9919("7.2", Practice)},
			Says:  "Date must be the time of the answer within a minute, as a date of HTTP.",
			Needs: evidence.HTTP,
			Clock: true,
			Exchange: func(s ExchangeSubject) Verdict {
				said, wrong, known := dateOf(s.Exchange)
				if s.Code == 0 || s.Header.Get("Date") == "" {
					return skip()
				}
				if v := dateForm(s.Exchange, "Date", wrong); v.Outcome == Failed || !known {
					return v
				}
				// It was made between the question and the last octet, and cut to the second.
				arrived := s.At.Add(-s.ClockOff)
				ahead, behind := said.Sub(arrived), arrived.Add(-s.Timing.Total).Truncate(time.Second).Sub(said)
				switch {
				case ahead > maxDateSkew:
					return fail("within "+span(maxDateSkew)+" of "+stamp(arrived), "%s ahead", span(ahead)).in("Date")
				case behind > maxDateSkew:
					return fail("within "+span(maxDateSkew)+" of "+stamp(arrived), "%s behind, Age included", span(behind)).in("Date")
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("61 seconds ahead", crlDate(61*time.Second, nil)),
				when("75 seconds behind", crlDate(-75*time.Second, nil)),
				when("in UTC", func(r *fake) { setField(&r.CRLHTTP.Header, "Date", []string{datedUTC(r.Now)}) }),
			},
			Good: []fixtures.Case{
				when("a minute ahead", crlDate(time.Minute, nil)),
				when("a minute and a second behind", crlDate(-61*time.Second, nil)),
				when("an hour behind, of an hour's age", crlDate(-time.Hour, []string{"3600"})),
			},
		},
		{
			ID:     "http-error-not-cached",
			Cites:  []Citation{RFC9111("4.2.2", Observed), RFC9919("7.2", Practice).Since("2026-07-01")},
			Says:   "An error must not be cached for long.",
			Needs:  evidence.HTTP,
			Marked: Warning,
			Exchange: func(s ExchangeSubject) Verdict {
				if s.Code < 400 {
					return skip()
				}
				for _, f := range freshnesses(s.Exchange) {
					if f.lifetime > maxErrorFreshness && forbidsCaching(s.Exchange) == "" {
						return fail("at most "+span(maxErrorFreshness), "%d for %s by %s", s.Code, span(f.lifetime), f.directive).in("Cache-Control")
					}
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("a second more than 5 minutes", errorFor(301)),
				when("a second more than 5 minutes, for 400", func(r *fake) {
					errorFor(301)(r)
					r.CRLHTTP.Code = 400
				}),
				when("an hour by Expires", func(r *fake) {
					errorFor(0)(r)
					r.CRLHTTP.Header = map[string][]string{"Cache-Control": nil, "Expires": {dated(r.Now.Add(time.Hour))}}
				}),
			},
			Good: []fixtures.Case{when("5 minutes", errorFor(300))},
			Also: []string{"http-status-200"},
		},
		rateLimitRule(),
		hopsRule(),
	}
}

func rateLimitRule() *Rule {
	return &Rule{
		ID:    "http-rate-limit",
		Cites: []Citation{RFC9919("8.4", Practice)},
		Says:  "A limit of the rate should say when to ask again, and not bite at one question a second.",
		Needs: evidence.HTTP,
		Service: func(s ServiceSubject) Verdict {
			var last *evidence.Exchange
			for _, x := range sent(s.asked(evidence.HTTP)) {
				since := time.Duration(0)
				if last != nil {
					since = x.At.Add(-x.Timing.Total).Sub(last.At.Add(-last.Timing.Total))
				}
				switch last = x; {
				case x.Code != evidence.TooManyRequests:
				case x.Header.Get("Retry-After") == "":
					return fail("Retry-After with 429", "none").in("Retry-After").about(x.ID).atMost(Info)
				case since >= time.Second:
					return fail("an answer to one question a second", "429 %s after the question before", span(since)).about(x.ID).atMost(Info)
				}
			}
			return skipUnless(last != nil)
		},
		Bad: []fixtures.Case{when("without Retry-After", func(r *fake) { r.CRLHTTP.Code = evidence.TooManyRequests })},
		Good: []fixtures.Case{when("with it", func(r *fake) {
			r.CRLHTTP.Code, r.CRLHTTP.Header = evidence.TooManyRequests, map[string][]string{"Retry-After": {"5"}}
		})},
	}
}

func hopsRule() *Rule {
	return &Rule{
		ID:    "http-hop-consistency",
		Cites: []Citation{RFC9111("5.1", Practice)},
		Says:  "Caches between us and the service are told of: what they keep may be stale.",
		Needs: evidence.HTTP,
		Service: func(s ServiceSubject) Verdict {
			var seen, through []string
			for _, x := range sent(s.asked(evidence.HTTP)) {
				for _, name := range []string{"Age", "Via", "X-Cache", "Cf-Cache-Status", "X-Served-By"} {
					if len(x.Header[name]) == 0 || name == "Age" && ageOf(x) <= 0 {
						continue
					}
					if text := fmt.Sprintf("%s: %.100s", name, strings.Join(x.Header[name], ", ")); !slices.Contains(seen, text) {
						seen, through = append(seen, text), append(through, x.ID)
					}
				}
			}
			if len(seen) > 0 {
				return fail("an answer from the service itself", "%s", severalOf(seen)).about(slices.Compact(through)...).atMost(Info)
			}
			return skipUnless(len(s.asked(evidence.HTTP)) > 0)
		},
		Bad: []fixtures.Case{
			when("a proxy", func(r *fake) { setField(&r.CRLHTTP.Header, "Via", []string{"1.1 edge.example"}) }),
			when("of some age", func(r *fake) { setField(&r.CRLHTTP.Header, "Age", []string{"1"}) }),
		},
		Good: []fixtures.Case{when("of no age", func(r *fake) { setField(&r.CRLHTTP.Header, "Age", []string{"0"}) })},
	}
}

// severalOf joins texts, but no more than a reader needs.
func severalOf(list []string) string {
	if len(list) > manyPurposes {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:manyPurposes], "; "), len(list)-manyPurposes)
	}
	return strings.Join(list, "; ")
}

// crlDate has the CRL come with a Date so far from now, and an Age.
func crlDate(off time.Duration, age []string) func(*fake) {
	return func(r *fake) {
		r.CRLHTTP.Header = map[string][]string{"Date": {dated(r.Now.Add(off))}, "Age": age}
	}
}

// errorFor has the CRL be not found, for so many seconds.
func errorFor(seconds int) func(*fake) {
	return func(r *fake) {
		r.CRLHTTP.Code = 404
		setField(&r.CRLHTTP.Header, "Cache-Control", []string{fmt.Sprintf("max-age=%d", seconds)})
	}
}

func compressed(octets []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(octets) // memory takes it
	_ = w.Close()
	return b.Bytes()
}
