package conformance

import (
	"strconv"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
)

// How many hosts have to disagree with our clock, and how alike, before it is the clock that
// is suspected and not they.
const (
	clockHosts  = 2
	clockSpread = time.Minute
)

// clockError returns by how much our clock seems to be ahead (negative: behind), judged by
// the Date fields of what several hosts answered; zero where they do not agree on more than
// a clock may be wrong.
func clockError(run *evidence.Run) time.Duration {
	hosts := map[string]bool{}
	var least, most time.Duration
	for i := range run.Exchanges {
		x := &run.Exchanges[i]
		said, ok := dateOf(x)
		if !ok {
			continue
		}
		ahead := x.At.Sub(said)
		if len(hosts) == 0 {
			least, most = ahead, ahead
		}
		least, most = min(least, ahead), max(most, ahead)
		hosts[hostOf(x.URL)] = true
	}
	middle := (least + most) / 2
	if len(hosts) < clockHosts || most-least > clockSpread || middle.Abs() <= skewError {
		return 0
	}
	return middle
}

// gmtDate is the one form of a Date (RFC 9110 §5.6.7) that is not obsolete.
const gmtDate = "Mon, 02 Jan 2006 15:04:05 GMT"

// dateOf returns the time at which a far end says it answered: its Date and, from a cache,
// its Age (RFC 9111 §4.2.3). Dates that do not end in GMT are read too.
func dateOf(x *evidence.Exchange) (time.Time, bool) {
	if x.Code == 0 || x.Spared {
		return time.Time{}, false
	}
	said, err := time.Parse(gmtDate, x.Header.Get("Date"))
	if err != nil {
		said, err = time.Parse(time.RFC1123, x.Header.Get("Date"))
	}
	if err != nil {
		return time.Time{}, false
	}
	age := uint64(0)
	if text := x.Header.Get("Age"); text != "" {
		if age, err = strconv.ParseUint(text, 10, 31); err != nil {
			age = 0
		}
	}
	return said.Add(time.Duration(age) * time.Second), true
}

func clockText(ahead time.Duration) string {
	word := "ahead of"
	if ahead < 0 {
		word = "behind"
	}
	return "our clock is " + span(ahead.Abs()) + " " + word + " the Date of every host that was asked: set it right and ask again"
}
