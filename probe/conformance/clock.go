package conformance

import (
	"fmt"
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
	if !severalHosts(run) {
		return 0
	}
	var c clockWatch
	for i := range run.Exchanges {
		c.add(&run.Exchanges[i])
	}
	return c.offset()
}

// clockWatch gathers what the hosts' Date fields say of our clock.
type clockWatch struct {
	urls, hosts map[string]bool
	least, most time.Duration // by which our clock is ahead
}

func (c *clockWatch) add(x *evidence.Exchange) {
	said, _, ok := dateOf(x)
	if !ok {
		return
	}
	ahead := x.At.Sub(said)
	if c.urls == nil {
		c.urls, c.hosts, c.least, c.most = map[string]bool{}, map[string]bool{}, ahead, ahead
	}
	c.least, c.most = min(c.least, ahead), max(c.most, ahead)
	if !c.urls[x.URL] {
		c.urls[x.URL], c.hosts[hostOf(x.URL)] = true, true
	}
}

func (c *clockWatch) offset() time.Duration {
	if len(c.hosts) < clockHosts || c.most-c.least > clockSpread {
		return 0
	}
	return (c.least + c.most) / 2
}

// clockDoubt says that our clock or that of the only host that answered is wrong, where nobody can
// tell which; nothing where they agree, or where several hosts answered.
func clockDoubt(run *evidence.Run) string {
	var c clockWatch
	for i := range run.Exchanges {
		c.add(&run.Exchanges[i])
	}
	ahead := (c.least + c.most) / 2
	if len(c.hosts) != 1 || c.most-c.least > clockSpread || ahead.Abs() <= skewWarning {
		return ""
	}
	for host := range c.hosts {
		return fmt.Sprintf("our clock is %s the Date of %s, the only host that answered: if it is ours that is wrong, so is what is said about times", aheadOrBehind(ahead), host)
	}
	return ""
}

// severalHosts reports whether as many hosts answered as have to disagree with our clock.
func severalHosts(run *evidence.Run) bool {
	last, hosts := "", map[string]bool{}
	for i := range run.Exchanges {
		if x := &run.Exchanges[i]; x.Code != 0 && x.URL != last {
			last = x.URL
			hosts[hostOf(x.URL)] = true
		}
	}
	return len(hosts) >= clockHosts
}

// dateOf returns the time at which a far end says it answered: its Date and, from a cache,
// its Age (RFC 9111 §4.2.3). Dates that do not end in GMT are read too, and what is wrong with
// them told.
func dateOf(x *evidence.Exchange) (at time.Time, wrong string, known bool) {
	if x.Code == 0 || x.Spared {
		return time.Time{}, "", false
	}
	said, wrong, ok := httpDate(x.Header.Get("Date"))
	age, _ := deltaSeconds(x.Header.Get("Age"))
	return said.Add(age), wrong, ok && !x.Moved
}

func clockText(ahead time.Duration) string {
	return "our clock is " + aheadOrBehind(ahead) + " the Date of every host that was asked: set it right and ask again"
}

func aheadOrBehind(ahead time.Duration) string {
	if ahead < 0 {
		return span(-ahead) + " behind"
	}
	return span(ahead) + " ahead of"
}
