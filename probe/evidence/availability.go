package evidence

import "time"

// LateAfter is what BR §4.10.2 allows a response to take.
const LateAfter = 10 * time.Second

// largeBody is, in octets, what an ordinary connection carries within LateAfter.
const largeBody = 4 << 20

// TooManyRequests is the HTTP status by which a server limits our rate (RFC 6585 §4): it is
// there, and it is we who shall ask less often.
const TooManyRequests = 429

// Confirmation says how many tries of how many have to fail before a service is said to have
// failed.
type Confirmation struct {
	Failures int `json:"failures"`
	Tries    int `json:"tries"`
}

// Late reports whether an answer took too long. A large CRL that comes in steadily may be
// held up by our own bandwidth: what counts then is when it began to come.
func (x *Exchange) Late() bool {
	if x.Ask == FetchCRL && x.Failure == "" && x.BodyLength() > largeBody {
		t := x.Timing
		return t.DNS+t.Connect+t.TLS+t.FirstByte > LateAfter
	}
	return x.Timing.Total > LateAfter
}

// GivenUpTooSoon reports whether we stopped waiting for an answer before LateAfter was over,
// so that nobody can tell whether it would have come in time.
func (x *Exchange) GivenUpTooSoon() bool {
	return x.Failure.TimedOut() && x.Timing.Total > 0 && !x.Late()
}

// Unavailable reports whether a service was asked in the ordinary way and was not there: it
// gave no whole answer with status 200 in time, its host has no address, or one of these
// takes no connection. What may be our own doing, and redirects, are none of this.
func (x *Exchange) Unavailable() bool {
	switch {
	case x.Ask == Resolve:
		for _, a := range x.Addresses {
			if a.Failure != "" && !a.Failure.Ours() {
				return true
			}
		}
		return x.Failure != "" && !x.Failure.Ours()
	case !x.Ask.Has(HTTP) || x.Spared || x.Failure.Ours() || x.Code == TooManyRequests:
		return false
	case x.Failure == Redirect || x.Failure == Oversize:
		return false
	}
	return x.Failure != "" || x.Late()
}
