package conformance

import (
	"strconv"
	"strings"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
)

// cacheControl is the directives of every Cache-Control field of an answer (RFC 9111 §5.2).
type cacheControl struct {
	directives map[string][]string // by name in lower case: each argument, "" where there was none
}

// cacheControlOf reads what an answer says about caching. What is no directive stands under a
// name that nobody looks for.
func cacheControlOf(x *evidence.Exchange) cacheControl {
	c := cacheControl{directives: map[string][]string{}}
	for _, field := range x.Header["Cache-Control"] {
		for _, part := range listElements(field) {
			name, argument, given := strings.Cut(part, "=")
			name = strings.ToLower(strings.TrimSpace(name))
			if argument = strings.TrimSpace(argument); given {
				argument = unquoted(argument)
			}
			c.directives[name] = append(c.directives[name], argument)
		}
	}
	return c
}

func (c cacheControl) has(name string) bool { return len(c.directives[name]) > 0 }

// seconds returns the arguments of a directive that are delta-seconds (RFC 9111 §1.2.2). More
// than a cache can count is as much as it can.
func (c cacheControl) seconds(name string) []time.Duration {
	var list []time.Duration
	for _, argument := range c.directives[name] {
		if s, ok := deltaSeconds(argument); ok {
			list = append(list, s)
		}
	}
	return list
}

// maxDelta is what a cache takes for all that is larger (RFC 9111 §1.2.2).
const maxDelta = 1 << 31

func deltaSeconds(text string) (time.Duration, bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n > maxDelta {
		n = maxDelta
	}
	return time.Duration(n) * time.Second, true
}

// listElements parts a field at its commas, but for those in quoted strings (RFC 9110
// §5.6.1).
func listElements(field string) []string {
	var list []string
	start, quoted := 0, false
	for i := 0; i <= len(field); i++ {
		switch {
		case i == len(field) || field[i] == ',' && !quoted:
			if element := strings.TrimSpace(field[start:i]); element != "" {
				list = append(list, element)
			}
			start = i + 1
		case field[i] == '"':
			quoted = !quoted
		case field[i] == '\\' && quoted && i+1 < len(field):
			i++
		}
	}
	return list
}

// unquoted takes a quoted string (RFC 9110 §5.6.4) out of its quotes.
func unquoted(text string) string {
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return text
	}
	var b strings.Builder
	for i := 1; i < len(text)-1; i++ {
		if text[i] == '\\' && i+1 < len(text)-1 {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// freshness is how long a cache may go on giving an answer.
type freshness struct {
	lifetime  time.Duration // from when the answer was made
	age       time.Duration // how long ago that was
	directive string        // what says so; empty where nothing does
}

// until is when the answer stops being fresh.
func (f freshness) until(at time.Time) time.Time { return at.Add(f.lifetime - f.age) }

// freshnesses returns what the answer says to private caches and what to shared ones, where
// that is another lifetime; Expires counts where no max-age does (RFC 9111 §4.2.1). Of a
// directive given twice the longest counts: some caches will go by it.
func freshnesses(x *evidence.Exchange) []freshness {
	var list []freshness
	control := cacheControlOf(x)
	for _, name := range []string{"max-age", "s-maxage"} {
		if lifetimes := control.seconds(name); len(lifetimes) > 0 {
			f := freshness{age: ageOf(x), directive: name}
			for _, lifetime := range lifetimes {
				f.lifetime = max(f.lifetime, lifetime)
			}
			list = append(list, f)
		}
	}
	if !control.has("max-age") {
		expires, _, dated := httpDate(x.Header.Get("Expires"))
		made, _, known := httpDate(x.Header.Get("Date"))
		if dated && known {
			list = append(list, freshness{lifetime: max(0, expires.Sub(made)), age: ageOf(x), directive: "Expires"})
		}
	}
	return list
}

// ageOf is how old an answer is by its Age and its Date, whichever makes it older (RFC 9111
// §4.2.3).
func ageOf(x *evidence.Exchange) time.Duration {
	age, _ := deltaSeconds(strings.TrimSpace(x.Header.Get("Age")))
	if made, _, known := httpDate(x.Header.Get("Date")); known && !x.Moved {
		age = max(age, x.At.Truncate(time.Second).Sub(made))
	}
	return age
}

// given is when the service itself gave an answer, be it to a cache.
func given(x *evidence.Exchange) time.Time { return x.At.Add(-ageOf(x)) }

const (
	fixedDate = "Mon, 02 Jan 2006 15:04:05 GMT"
	utcDate   = "Mon, 02 Jan 2006 15:04:05 UTC"
)

// dated writes a date of HTTP.
func dated(t time.Time) string { return t.UTC().Format(fixedDate) }

// httpDate reads a date of HTTP (RFC 9110 §5.6.7), and says what is wrong with the way it is
// written: senders have one form, readers have to know three, and some senders end it in UTC.
func httpDate(text string) (at time.Time, wrong string, ok bool) {
	if text == "" {
		return time.Time{}, "no date of HTTP", false
	}
	for _, form := range []struct{ layout, wrong string }{
		{fixedDate, ""},
		{utcDate, "it ends in UTC where HTTP has GMT, which strict clients refuse"},
		{"Monday, 02-Jan-06 15:04:05 GMT", "an obsolete form"},
		{"Mon Jan _2 15:04:05 2006", "an obsolete form"},
	} {
		if at, err := time.Parse(form.layout, text); err == nil {
			return at.UTC(), form.wrong, true
		}
	}
	if at, err := time.Parse(time.RFC1123Z, text); err == nil {
		return at.UTC(), "it ends in a zone where HTTP has GMT", true
	}
	return time.Time{}, "no date of HTTP", false
}

// fieldDate judges a field that is a date as such.
func fieldDate(x *evidence.Exchange, name string) Verdict {
	_, wrong, _ := httpDate(x.Header.Get(name))
	return dateForm(x, name, wrong)
}

// dateForm tells what is wrong with the way that a date is written.
func dateForm(x *evidence.Exchange, name, wrong string) Verdict {
	if wrong != "" {
		return fail("a date of HTTP such as Sun, 06 Nov 1994 08:49:37 GMT", "%.100q: %s", x.Header.Get(name), wrong).in(name)
	}
	return pass()
}
