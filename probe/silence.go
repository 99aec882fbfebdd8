package probe

import (
	"fmt"
	"strings"

	"github.com/revprobe/revprobe/probe/evidence"
)

// maxSilence is how many questions in a row may fail alike, for a reason that takes long to
// show, before the rest is not sent: twenty timeouts say no more than three.
const maxSilence = 3

// maxOddSilence is the same for odd requests: that a responder keeps silent to one of them
// says little about the next.
const maxOddSilence = 10

// silence is the last failures of a host, all of one class.
type silence struct {
	failure evidence.Failure
	count   int
	last    evidence.Exchange
}

// place is what a failure condemns: the whole host, or the pinned address, where nothing
// connects, one method where connections are made and nothing is answered, and of that
// method odd requests alone where it was one that was not answered.
func place(q evidence.Question, f evidence.Failure) string {
	where := host(q.URL) + q.Address
	switch {
	case f.TimedOut() && q.Ask.Has(evidence.Robustness):
		return where + " " + q.Method + oddly
	case f.TimedOut():
		return where + " " + q.Method
	}
	return where
}

const oddly = " oddly"

// listen counts failures that take long to show, and heeds a host that asks for less.
func (r *recorder) listen(q evidence.Question, x *evidence.Exchange) {
	if x.Code == evidence.TooManyRequests {
		r.sated[host(q.URL)] = true
	}
	gone := x.Failure == evidence.ConnectRefused && q.Ask.Has(evidence.Optional) // an odd request was the end of it
	switch {
	case gone, slow(x.Failure):
		s := r.silent[place(q, x.Failure)]
		if s.failure != x.Failure {
			s = silence{failure: x.Failure}
		}
		s.count++
		s.last = *x
		r.silent[place(q, x.Failure)] = s
	default:
		delete(r.silent, place(q, ""))
		delete(r.silent, place(q, evidence.HTTPTimeout))
	}
}

// slow reports whether a failure takes long to show, be it that each try waits until the host
// may be asked again.
func slow(f evidence.Failure) bool {
	switch f {
	case evidence.DNSTimeout, evidence.NoResolver, evidence.NoRoute, evidence.ConnectTimeout, evidence.TLSFailure:
		return true
	}
	return f.TimedOut()
}

// spared returns, for a question that is not worth sending any more, the failure that the
// ones before had.
func (r *recorder) spared(q evidence.Question) (evidence.Exchange, bool) {
	if r.sated[host(q.URL)] && q.Ask.Has(evidence.Optional) {
		return evidence.Exchange{At: r.list[len(r.list)-1].At, Spared: true, Failure: evidence.Refused,
			Detail: "not sent: the host answered 429, and odd requests can wait"}, true
	}
	if q.Try > 0 {
		return evidence.Exchange{}, false // which is to show whether it still keeps silent
	}
	keys := []string{place(q, ""), place(q, evidence.HTTPTimeout)}
	if q.Address == "" {
		keys = append(keys, host(q.URL)+" "+q.Method)
	}
	for _, key := range keys {
		limit := maxSilence
		if strings.HasSuffix(key, oddly) {
			limit = maxOddSilence
		}
		if s := r.silent[key]; s.count >= limit {
			return evidence.Exchange{At: s.last.At, Spared: true, Failure: s.failure,
				Detail: fmt.Sprintf("not sent after %d failures alike: %s", s.count, s.last.Detail)}, true
		}
	}
	return evidence.Exchange{}, false
}
