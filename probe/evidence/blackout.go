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
	hosts := map[string]bool{}
	class := Failure("")
	for i := range r.Exchanges {
		x := &r.Exchanges[i]
		if !x.Ask.Has(Resolve | HTTP) {
			continue
		}
		f := x.silence()
		if f == "" || class != "" && f != class {
			return false
		}
		class = f
		host := x.URL
		if u, err := url.Parse(x.URL); err == nil {
			host = u.Hostname()
		}
		hosts[host] = true
	}
	return len(hosts) >= blackoutHosts
}

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
