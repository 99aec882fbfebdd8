package conformance

import (
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
)

// How many hosts have to disagree with our clock, and how alike, before it is the clock that
// is suspected and not they.
const (
	clockHosts  = 2
	clockSpread = time.Minute
)

// clockError returns the offset of our clock; zero where it is no more than a clock may be
// wrong.
func clockError(off time.Duration) time.Duration {
	if off.Abs() > skewError {
		return off
	}
	return 0
}

// clockOffset returns by how much our clock seems to be ahead (negative: behind), however
// little: judged by the Date fields of what several hosts answered, and zero where they do
// not agree.
func clockOffset(run *evidence.Run) time.Duration {
	urls, hosts := map[string]bool{}, map[string]bool{}
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
		if !urls[x.URL] {
			urls[x.URL], hosts[hostOf(x.URL)] = true, true
		}
	}
	middle := (least + most) / 2
	if len(hosts) < clockHosts || most-least > clockSpread {
		return 0
	}
	return middle
}

// dateOf returns the time at which a far end says it answered: its Date and, from a cache,
// its Age (RFC 9111 §4.2.3). Dates that do not end in GMT are read too.
func dateOf(x *evidence.Exchange) (time.Time, bool) {
	if x.Code == 0 || x.Spared {
		return time.Time{}, false
	}
	said, _, ok := httpDate(x.Header.Get("Date"))
	age, _ := deltaSeconds(x.Header.Get("Age"))
	return said.Add(age), ok
}

func clockText(ahead time.Duration) string {
	word := "ahead of"
	if ahead < 0 {
		word = "behind"
	}
	return "our clock is " + span(ahead.Abs()) + " " + word + " the Date of every host that was asked: set it right and ask again"
}
