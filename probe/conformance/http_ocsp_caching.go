package conformance

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// byCachedGET are the questions whose answers caches may keep.
const byCachedGET = evidence.AssignedGET | evidence.UnassignedGET

// cachingRules are those of RFC 9919 §7.2 about the fields by which caches go, which a
// responder that claims RFC 6960 alone is only advised by.
func cachingRules() []*Rule {
	return []*Rule{
		{
			ID:    "http-ocsp-cache-headers",
			Cites: []Citation{RFC9919("7.2", Practice)},
			Says:  "Authoritative answers to GET should carry Cache-Control with max-age, Expires, Last-Modified and Date.",
			Needs: byCachedGET,
			Response: authoritative(func(s ResponseSubject, _ *revocation.SingleResponse) Verdict {
				var missing []string
				if !cacheControlOf(s.Exchange).has("max-age") {
					missing = append(missing, "max-age")
				}
				for _, name := range []string{"Expires", "Last-Modified", "Date"} {
					if s.Exchange.Header.Get(name) == "" {
						missing = append(missing, name)
					}
				}
				if len(missing) > 0 {
					return fail("max-age, Expires, Last-Modified and Date", "no %s", strings.Join(missing, ", no "))
				}
				return pass()
			}),
			Bad: []fixtures.Case{
				when("no Cache-Control", ocspField("Cache-Control")),
				when("no Expires", ocspField("Expires")),
				when("no Last-Modified", ocspField("Last-Modified")),
				when("no Date", ocspField("Date")),
			},
			Good: []fixtures.Case{when("all four", ocspField("Cache-Control", "max-age=60"))},
		},
		{
			ID:    "http-ocsp-no-nocache",
			Cites: []Citation{RFC9919("7.2", Practice)},
			Says:  "Authoritative answers must not forbid caching.",
			Needs: byCachedGET,
			Response: authoritative(func(s ResponseSubject, _ *revocation.SingleResponse) Verdict {
				if word := forbidsCaching(s.Exchange); word != "" {
					return fail("an answer that may be cached", "%s", word)
				}
				return pass()
			}),
			Bad: []fixtures.Case{
				when("no-store", ocspField("Cache-Control", "max-age=60, No-Store")),
				when("no-cache in a second field", ocspField("Cache-Control", "max-age=60", "no-cache")),
				when("Pragma", ocspField("Pragma", "no-cache")),
			},
			Good: []fixtures.Case{
				when("must-revalidate", ocspField("Cache-Control", "public, no-transform, must-revalidate, max-age=60")),
				when("no-cache in a quoted string", ocspField("Cache-Control", `max-age=60, extension="a, no-cache"`)),
			},
		},
		{
			ID:    "http-ocsp-nonauth-nocache",
			Cites: []Citation{RFC9919("7.2", Practice).Since("2026-07-01")},
			Says:  "Answers that are not authoritative (unknown, unauthorized, tryLater) should forbid caching.",
			Needs: byCachedGET,
			Response: func(s ResponseSubject) Verdict {
				if !cacheable(s) || !answersUnknown(s) && !refuses(s) {
					return skip()
				}
				lifetimes := cacheControlOf(s.Exchange).seconds("max-age")
				if forbidsCaching(s.Exchange) != "" || len(lifetimes) == 1 && lifetimes[0] == 0 {
					return pass()
				}
				return fail("no-cache, no-store or max-age=0", "%s for %s", cachingWords(s.Exchange), word(&s))
			},
			Bad: []fixtures.Case{
				when("a minute", ocspUnknownField("Cache-Control", "max-age=60")),
				when("nothing said", ocspUnknownField("Cache-Control")),
				when("a minute, of an error", func(r *fake) {
					r.OCSP.Unassigned = fixtures.Unauthorized
					ocspUnknownField("Cache-Control", "max-age=60")(r)
				}),
				when("Pragma about something else", func(r *fake) { ocspUnknownField("Cache-Control")(r); ocspUnknownField("Pragma", "yes")(r) }),
			},
			Good: []fixtures.Case{
				when("no seconds", ocspUnknownField("Cache-Control", "max-age=0")),
				when("Pragma", func(r *fake) { ocspUnknownField("Cache-Control")(r); ocspUnknownField("Pragma", "no-cache")(r) }),
			},
		},
		{
			ID:     "http-ocsp-max-age-bounds",
			Cites:  []Citation{RFC9919("7.2", Observed)},
			Says:   "A response must not be cached beyond its nextUpdate, and some time at least.",
			Needs:  byCachedGET,
			Marked: Error,
			Clock:  true,
			Response: authoritative(func(s ResponseSubject, single *revocation.SingleResponse) Verdict {
				control, next := cacheControlOf(s.Exchange), single.NextUpdate.Time
				for _, f := range freshnesses(s.Exchange) {
					if f.directive != "Expires" && f.until(s.At.Truncate(time.Second)).After(next) {
						return fail("not beyond nextUpdate "+stamp(next), "%s=%d, of age %s: until %s", f.directive, int64(f.lifetime.Seconds()), span(f.age), stamp(f.until(s.At))).in("Cache-Control")
					}
				}
				switch lifetimes := control.seconds("max-age"); {
				case len(control.directives["max-age"]) > 1:
					return fail("one max-age", "%d: %s", len(control.directives["max-age"]), cachingWords(s.Exchange)).in("Cache-Control").atMost(Notice)
				case control.has("max-age") && (len(lifetimes) == 0 || lifetimes[0] == 0):
					return fail("max-age of some seconds", "%s", cachingWords(s.Exchange)).in("Cache-Control").atMost(Notice)
				}
				return skipUnless(control.has("max-age") || control.has("s-maxage"))
			}),
			Bad: []fixtures.Case{
				when("a second beyond", freshFor(ocspLeft+time.Second, "max-age")),
				when("a second beyond in shared caches", freshFor(ocspLeft+time.Second, "max-age=60, s-maxage")),
				when("a second beyond, of some age", keptFor("max-age="+strconv.Itoa(int(ocspLeft.Seconds())+101), 100)),
				when("a second beyond in a second field", ocspField("Cache-Control", "public", "max-age="+strconv.Itoa(int(ocspLeft.Seconds())+1))),
				when("no time at all", ocspField("Cache-Control", "max-age=0")),
				when("no number", ocspField("Cache-Control", "max-age=a")),
				when("two times", ocspField("Cache-Control", "max-age=60", "max-age=30")),
			},
			Good: []fixtures.Case{
				when("to nextUpdate", freshFor(ocspLeft, "max-age")),
				when("to nextUpdate, of some age", keptFor("Max-Age="+strconv.Itoa(int(ocspLeft.Seconds())+100), 100)),
				when("in quotes", ocspField("Cache-Control", `max-age="60"`)),
				when("a second beyond by Expires, which is another rule's", func(r *fake) {
					ocspField("Cache-Control")(r)
					ocspField("Expires", dated(r.Now.Add(ocspLeft+time.Second)))(r)
				}),
			},
			Also: []string{"http-hop-consistency"},
		},
		{
			ID:    "http-ocsp-expires",
			Cites: []Citation{RFC9919("7.2", Practice)},
			Says:  "Expires should be nextUpdate, as a date of HTTP.",
			Needs: byCachedGET,
			Response: authoritative(func(s ResponseSubject, single *revocation.SingleResponse) Verdict {
				text := s.Exchange.Header.Get("Expires")
				at, _, _ := httpDate(text)
				switch v := fieldDate(s.Exchange, "Expires"); {
				case text == "":
					return skip() // http-ocsp-cache-headers says so
				case v.Outcome == Failed:
					return v
				case at.After(single.NextUpdate.Time):
					return fail("nextUpdate "+stamp(single.NextUpdate.Time), "%s", stamp(at)).in("Expires")
				}
				return pass()
			}),
			Bad: []fixtures.Case{
				when("a second after nextUpdate", func(r *fake) { ocspField("Expires", dated(r.Now.Add(ocspLeft+time.Second)))(r) }),
				when("in UTC", func(r *fake) { ocspField("Expires", datedUTC(r.Now.Add(ocspLeft)))(r) }),
				when("no date", ocspField("Expires", "-1")),
			},
			Good: []fixtures.Case{
				when("nextUpdate", func(r *fake) { ocspField("Expires", dated(r.Now.Add(ocspLeft)))(r) }),
				when("earlier", func(r *fake) { ocspField("Expires", dated(r.Now.Add(time.Hour)))(r) }),
			},
		},
		lastModifiedRule(),
		entityTagRule(),
		cacheNotStaleRule(),
	}
}

func lastModifiedRule() *Rule {
	return &Rule{
		ID: "http-ocsp-last-modified",
		// The two sections contradict each other: producedAt in §6, thisUpdate in §7.2.
		Cites: []Citation{RFC9919("6", Practice), RFC9919("7.2", Practice)},
		Says:  "Last-Modified should be producedAt or thisUpdate, as a date of HTTP.",
		Needs: byCachedGET,
		Response: authoritative(func(s ResponseSubject, single *revocation.SingleResponse) Verdict {
			text := s.Exchange.Header.Get("Last-Modified")
			at, _, _ := httpDate(text)
			produced, this := s.Response.Basic.ProducedAt.Time, single.ThisUpdate.Time
			switch v := fieldDate(s.Exchange, "Last-Modified"); {
			case text == "":
				return skip() // http-ocsp-cache-headers says so
			case v.Outcome == Failed:
				return v.atMost(Info)
			case !at.Equal(produced.Truncate(time.Second)) && !at.Equal(this.Truncate(time.Second)):
				return fail("producedAt "+stamp(produced)+" (RFC 9919 6) or thisUpdate "+stamp(this)+" (7.2)", "%s", stamp(at)).in("Last-Modified").atMost(Info)
			}
			return pass()
		}),
		Bad: []fixtures.Case{
			when("a second later", func(r *fake) { ocspField("Last-Modified", dated(r.Now.Add(-time.Hour+time.Second)))(r) }),
			when("in UTC", func(r *fake) { ocspField("Last-Modified", datedUTC(r.Now.Add(-time.Hour)))(r) }),
		},
		Good: []fixtures.Case{
			when("producedAt", func(r *fake) {
				r.OCSP.ProducedAt, r.OCSP.ThisUpdate = r.Now.Add(-time.Hour), r.Now.Add(-2*time.Hour)
				ocspField("Last-Modified", dated(r.OCSP.ProducedAt))(r)
			}),
			when("thisUpdate", func(r *fake) {
				r.OCSP.ProducedAt, r.OCSP.ThisUpdate = r.Now.Add(-time.Hour), r.Now.Add(-2*time.Hour)
				ocspField("Last-Modified", dated(r.OCSP.ThisUpdate))(r)
			}),
		},
	}
}

func entityTagRule() *Rule {
	return &Rule{
		ID:    "http-ocsp-etag",
		Cites: []Citation{RFC9919("7.2", Practice)},
		Says:  "Authoritative answers to GET should carry a strong ETag.",
		Needs: byCachedGET,
		Response: authoritative(func(s ResponseSubject, _ *revocation.SingleResponse) Verdict {
			switch tag := s.Exchange.Header.Get("Etag"); {
			case tag == "":
				return fail("a strong entity tag", "no ETag").in("ETag").atMost(Info)
			case strings.HasPrefix(tag, "W/"):
				return fail("a strong entity tag", "%.100s", tag).in("ETag").atMost(Info)
			case len(tag) < 2 || tag[0] != '"' || tag[len(tag)-1] != '"' || strings.Contains(tag[1:len(tag)-1], `"`):
				return fail("an entity tag in quotes", "%.100s", tag).in("ETag").atMost(Info)
			}
			return pass()
		}),
		Bad: []fixtures.Case{
			when("none", ocspField("Etag")),
			when("weak", ocspField("Etag", `W/"1"`)),
			when("without quotes", ocspField("Etag", "1")),
			when("without the first quote", ocspField("Etag", `1"`)),
			when("without the last quote", ocspField("Etag", `"1`)),
			when("one quote", ocspField("Etag", `"`)),
			when("a quote within", ocspField("Etag", `"1"2"`)),
		},
		Good: []fixtures.Case{when("strong", ocspField("Etag", `"1"`)), when("empty", ocspField("Etag", `""`))},
	}
}

func cacheNotStaleRule() *Rule {
	return &Rule{
		ID:    "http-ocsp-cache-not-stale",
		Cites: []Citation{RFC9111("4.2.4", Must)},
		Says:  "A cache must not give a response for longer than it was told.",
		Needs: byCachedGET,
		Response: func(s ResponseSubject) Verdict {
			control := cacheControlOf(s.Exchange)
			age, known := deltaSeconds(strings.TrimSpace(s.Exchange.Header.Get("Age")))
			lifetimes := append(control.seconds("s-maxage"), control.seconds("max-age")...)
			if !cacheable(s) || !known || len(lifetimes) == 0 {
				return skip()
			}
			for _, extra := range append(control.seconds("stale-while-revalidate"), control.seconds("stale-if-error")...) {
				lifetimes[0] = max(lifetimes[0], lifetimes[0]+extra) // RFC 5861
			}
			if age <= lifetimes[0] {
				return pass()
			}
			// A cache that is cut off from its origin may, if nobody forbids it; and an origin may
			// have told its own otherwise, where nobody else sees it (RFC 9213).
			return fail("Age of at most "+span(lifetimes[0]), "%s", span(age)).in("Age").atMost(Warning)
		},
		Bad: []fixtures.Case{
			when("a second too old", keptFor("max-age=60, must-revalidate", 61)),
			when("a second too old for shared caches", keptFor("max-age=90, s-maxage=60", 61)),
		},
		Good: []fixtures.Case{
			when("of the last second", keptFor("max-age=60, must-revalidate", 60)),
			when("stale, as was allowed", keptFor("max-age=60, stale-while-revalidate=10", 70)),
		},
		Also: []string{"http-hop-consistency"},
	}
}

// ocspLeft is how long a conforming response has to its nextUpdate.
const ocspLeft = 4*24*time.Hour - time.Hour - time.Second

// cacheable reports whether a response came by GET from the responder itself, and answers no
// nonce, for which no other question would get it.
func cacheable(s ResponseSubject) bool {
	if s.Exchange.Method != "GET" || !s.Exchange.Answered() || !s.served() {
		return false
	}
	if s.Response.Basic == nil {
		return true
	}
	_, nonce := s.Response.Basic.Nonce()
	return !nonce
}

// isAuthoritative reports whether the responder knows the certificate: it is good or revoked.
func isAuthoritative(s ResponseSubject) bool {
	single := s.match()
	return single != nil && (single.Status == revocation.StatusGood || single.Status == revocation.StatusRevoked)
}

func answersUnknown(s ResponseSubject) bool {
	single := s.match()
	return single != nil && single.Status == revocation.StatusUnknown
}

// refuses reports whether the response is nothing but one of the errors of RFC 6960 §4.2.1.
func refuses(s ResponseSubject) bool {
	switch s.Response.Status {
	case revocation.MalformedRequest, revocation.InternalError, revocation.TryLater, revocation.SigRequired, revocation.Unauthorized:
		return s.Response.Basic == nil
	}
	return false
}

// authoritative puts a judgement to authoritative responses that caches may keep. Those that
// have expired or never do are the business of rules about their times.
func authoritative(judge func(ResponseSubject, *revocation.SingleResponse) Verdict) func(ResponseSubject) Verdict {
	return func(s ResponseSubject) Verdict {
		if !cacheable(s) || !isAuthoritative(s) {
			return skip()
		}
		single := s.match()
		if single.NextUpdate.IsZero() || !single.NextUpdate.Time.After(s.At) {
			return skip()
		}
		return judge(s, single)
	}
}

// forbidsCaching returns what keeps an answer out of caches, or nothing.
func forbidsCaching(x *evidence.Exchange) string {
	control := cacheControlOf(x)
	for _, name := range []string{"no-store", "no-cache"} {
		if control.has(name) {
			return "Cache-Control: " + name
		}
	}
	for _, field := range x.Header["Pragma"] {
		if strings.EqualFold(strings.TrimSpace(field), "no-cache") {
			return "Pragma: no-cache"
		}
	}
	return ""
}

func cachingWords(x *evidence.Exchange) string {
	if fields := x.Header["Cache-Control"]; len(fields) > 0 {
		return fmt.Sprintf("Cache-Control: %.200q", strings.Join(fields, " | "))
	}
	return "no Cache-Control"
}

// ocspField has authoritative answers to GET carry a field with these values, one a line, in
// place of its own; without any, not at all.
func ocspField(name string, values ...string) func(*fake) {
	return func(r *fake) { setField(&r.OCSPHTTP.Cached, name, values) }
}

// ocspUnknownField is ocspField for the answers that are not authoritative.
func ocspUnknownField(name string, values ...string) func(*fake) {
	return func(r *fake) { setField(&r.OCSPHTTP.Uncached, name, values) }
}

func setField[H ~map[string][]string](header *H, name string, values []string) {
	if *header == nil {
		*header = H{}
	}
	(*header)[name] = values
}

// freshFor gives authoritative answers that directive with that many seconds.
func freshFor(lifetime time.Duration, directive string) func(*fake) {
	return ocspField("Cache-Control", directive+"="+strconv.Itoa(int(lifetime.Seconds())))
}

// keptFor gives authoritative answers an age, and what caches are told.
func keptFor(control string, seconds int) func(*fake) {
	return func(r *fake) {
		ocspField("Cache-Control", control)(r)
		ocspField("Age", strconv.Itoa(seconds))(r)
		ocspField("Date", dated(r.Now.Add(-time.Duration(seconds)*time.Second)))(r)
	}
}

// datedUTC writes a date of HTTP as some servers do.
func datedUTC(t time.Time) string { return strings.Replace(dated(t), "GMT", "UTC", 1) }
