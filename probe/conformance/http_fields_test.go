package conformance

import (
	"net/http"
	"testing"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
)

func answered(fields ...string) *evidence.Exchange {
	x := &evidence.Exchange{Header: http.Header{}, Code: 200, At: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	for i := 0; i < len(fields); i += 2 {
		x.Header.Add(fields[i], fields[i+1])
	}
	return x
}

func TestCacheControl(t *testing.T) {
	for _, c := range []struct {
		fields []string
		name   string
		want   []time.Duration
	}{
		{[]string{"max-age=60"}, "max-age", []time.Duration{time.Minute}},
		{[]string{"public, MAX-AGE = 60 ,,no-transform"}, "max-age", []time.Duration{time.Minute}},
		{[]string{`max-age="60"`}, "max-age", []time.Duration{time.Minute}},
		{[]string{`a="x, max-age=1 \" , max-age=2", max-age=60`}, "max-age", []time.Duration{time.Minute}},
		{[]string{"max-age=60", "max-age=30"}, "max-age", []time.Duration{time.Minute, 30 * time.Second}},
		{[]string{"s-maxage=60"}, "max-age", nil},
		{[]string{"max-age"}, "max-age", nil},
		{[]string{"max-age=-1"}, "max-age", nil},
		{[]string{"max-age=1.5"}, "max-age", nil},
		{[]string{"max-age=99999999999999999999999"}, "max-age", []time.Duration{maxDelta * time.Second}},
		{[]string{"max-age=2147483647"}, "max-age", []time.Duration{(maxDelta - 1) * time.Second}},
		{[]string{"max-age=2147483649"}, "max-age", []time.Duration{maxDelta * time.Second}},
		{[]string{`=60, max age=60, "max-age"=60, max-age=60`}, "max-age", []time.Duration{time.Minute}},
		{[]string{`a="\\`, "max-age=60"}, "max-age", []time.Duration{time.Minute}},
		{[]string{"max-age=0"}, "max-age", []time.Duration{0}},
		{[]string{`max-age="60`}, "max-age", nil},
		{[]string{""}, "max-age", nil},
		{nil, "max-age", nil},
	} {
		x := answered()
		x.Header["Cache-Control"] = c.fields
		got := cacheControlOf(x).seconds(c.name)
		if len(got) != len(c.want) {
			t.Errorf("%q: %v, want %v", c.fields, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%q: %v, want %v", c.fields, got, c.want)
			}
		}
	}
	if c := cacheControlOf(answered("Cache-Control", "No-Cache=\"Set-Cookie, x\", private")); !c.has("no-cache") || !c.has("private") || c.has("x") {
		t.Errorf("directives %v", c.directives)
	}
}

func TestHTTPDate(t *testing.T) {
	at := time.Date(1994, 11, 6, 8, 49, 37, 0, time.UTC)
	for text, right := range map[string]bool{
		"Sun, 06 Nov 1994 08:49:37 GMT": true, "Sun, 06 Nov 1994 08:49:37 UTC": false, "Sunday, 06-Nov-94 08:49:37 GMT": false,
		"Sun Nov  6 08:49:37 1994": false, "Sun, 06 Nov 1994 09:49:37 +0100": false,
	} {
		got, wrong, ok := httpDate(text)
		if !ok || !got.Equal(at) || (wrong == "") != right {
			t.Errorf("%q: %v, %q, %t", text, got, wrong, ok)
		}
	}
	for _, text := range []string{"", "0", "-1", "now", "Sun, 06 Nov 1994", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 6 Nov 1994 08:49:37 GMT"} {
		if got, wrong, ok := httpDate(text); ok || wrong == "" {
			t.Errorf("%q is read as %v, %q", text, got, wrong)
		}
	}
}

// What an answer says of how long it may be kept, and how much of that is over.
func TestFreshness(t *testing.T) {
	const noon, hourAgo = "Fri, 20 Nov 2026 12:00:00 GMT", "Fri, 20 Nov 2026 11:00:00 GMT"
	for name, c := range map[string]struct {
		x    *evidence.Exchange
		want []freshness
	}{
		"max-age":                   {answered("Cache-Control", "max-age=60", "Date", noon), []freshness{{time.Minute, 0, "max-age"}}},
		"Age":                       {answered("Cache-Control", "max-age=60", "Date", noon, "Age", "7"), []freshness{{time.Minute, 7 * time.Second, "max-age"}}},
		"an old Date without Age":   {answered("Cache-Control", "max-age=60", "Date", hourAgo), []freshness{{time.Minute, time.Hour, "max-age"}}},
		"max-age before Expires":    {answered("Cache-Control", "max-age=60", "Date", hourAgo, "Expires", noon), []freshness{{time.Minute, time.Hour, "max-age"}}},
		"Expires alone":             {answered("Date", hourAgo, "Expires", noon), []freshness{{time.Hour, time.Hour, "Expires"}}},
		"Expires before Date":       {answered("Date", noon, "Expires", hourAgo), []freshness{{0, 0, "Expires"}}},
		"Expires that is no date":   {answered("Date", noon, "Expires", "0"), nil},
		"for shared caches besides": {answered("Cache-Control", "max-age=60, s-maxage=600"), []freshness{{time.Minute, 0, "max-age"}, {10 * time.Minute, 0, "s-maxage"}}},
		"the longer of two":         {answered("Cache-Control", "max-age=60", "Cache-Control", "max-age=90"), []freshness{{90 * time.Second, 0, "max-age"}}},
		"an Age that is none":       {answered("Cache-Control", "max-age=60", "Age", "-5"), []freshness{{time.Minute, 0, "max-age"}}},
		"nothing":                   {answered(), nil},
	} {
		got := freshnesses(c.x)
		if len(got) != len(c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
	}
}
