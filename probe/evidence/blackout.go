package evidence

import "net/url"

// OwnTrouble reports whether an exchange failed for a reason on our side.
func (x *Exchange) OwnTrouble() bool {
	if x.Failure.Ours() {
		return true
	}
	for _, a := range x.Addresses {
		if !a.Failure.Ours() {
			return false
		}
	}
	return len(x.Addresses) > 0
}

// blackoutHosts is how many hosts have to fail alike before our own network is suspected.
const blackoutHosts = 3

// Blackout reports whether several hosts were asked and all of them kept silent in the
// same way. A refusal is an answer: it does not count.
func (r *Run) Blackout() bool {
	var s Silence
	for i := range r.Exchanges {
		s.Add(&r.Exchanges[i])
	}
	return s.Blackout()
}

// Silence gathers whether everybody who was asked keeps silent. The zero value is that of
// nobody.
type Silence struct {
	class  Failure
	broken bool
	hosts  map[string]bool
}

// Add takes a further exchange.
func (s *Silence) Add(x *Exchange) {
	if !x.Ask.Has(Resolve|HTTP) || s.broken {
		return
	}
	f := x.silence()
	if f == "" || s.class != "" && f != s.class {
		s.broken = true
		return
	}
	host := x.URL
	if u, err := url.Parse(x.URL); err == nil {
		host = u.Hostname()
	}
	if s.hosts == nil {
		s.hosts = map[string]bool{}
	}
	s.class, s.hosts[host] = f, true
}

// Blackout is Run.Blackout of what was added.
func (s *Silence) Blackout() bool { return !s.broken && len(s.hosts) >= blackoutHosts }

// silence returns the class of a failure that is no more than silence, or nothing.
func (x *Exchange) silence() Failure {
	f := x.Failure
	for i, a := range x.Addresses {
		if i > 0 && a.Failure != f {
			return ""
		}
		f = a.Failure
	}
	switch f {
	case DNSTimeout, ConnectTimeout, HTTPTimeout:
		return f
	}
	return ""
}
