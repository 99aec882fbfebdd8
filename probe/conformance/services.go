package conformance

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// services groups the exchanges of the run by the service they were with. A responder is
// (URL, issuer): one URL serves many CAs.
func (e *examiner) services() {
	type identity struct{ url, issuer string }
	index := map[identity]int{}
	for i := range e.report.Run.Exchanges {
		x := &e.report.Run.Exchanges[i]
		if x.Ask == evidence.File {
			continue
		}
		key := identity{x.URL, x.Issuer}
		at, known := index[key]
		if !known {
			at = len(e.report.Services)
			index[key] = at
			s := Service{URL: x.URL, Issuer: x.Issuer}
			if c := e.certificates[x.Issuer]; c != nil {
				s.Name = nameOf(c)
			}
			e.report.Services = append(e.report.Services, s)
		}
		s := &e.report.Services[at]
		s.Responder = s.Responder || x.Ask.Has(evidence.OCSP|evidence.NoncePOST|evidence.GETSpelling|evidence.UnissuablePOST)
		s.Exchanges = append(s.Exchanges, x)
	}
}

// word says in one word what an OCSP response answers.
func word(s *ResponseSubject) string {
	r := s.Response
	switch {
	case r.Nested:
		return "nested"
	case r.Broken != nil && r.Basic == nil && r.Status <= revocation.Successful:
		return "malformed"
	case r.Status != revocation.Successful:
		return dashed(r.Status.String())
	case r.Basic == nil:
		return "not-basic"
	case len(r.Basic.Singles) == 0:
		return "no-single-response"
	}
	single := s.match()
	if single == nil {
		return "other-certificate"
	}
	if single.Status == revocation.StatusRevoked && isExtendedRevoke(s, single) {
		return "extended-revoked"
	}
	return statusWord(single)
}

// statusWord says what one single says, and never takes a missing status for another.
func statusWord(single *revocation.SingleResponse) string {
	switch single.Status {
	case revocation.StatusGood, revocation.StatusRevoked, revocation.StatusUnknown:
		return single.Status.String()
	}
	return "no-status"
}

// dashed turns RFC 6960's tryLater into the try-later of our output.
func dashed(name string) string {
	var b strings.Builder
	for _, r := range name {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('-')
			r += 'a' - 'A'
		}
		if r == ' ' {
			r = '-'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// firstOctets shows how a body begins, as text where it is text.
func firstOctets(f revocation.Form) string {
	shown := f.First
	for _, b := range shown {
		if (b < 0x20 || b > 0x7e) && b != '\n' && b != '\r' && b != '\t' {
			return hex.EncodeToString(shown[:min(len(shown), 16)])
		}
	}
	return strings.TrimSpace(string(shown))
}

const blackoutText = "every host of this run failed alike, which may be our own network"

// answersIPv6 reports whether any IPv6 address of the run took a connection, or refused one,
// so that ours works.
func answersIPv6(run *evidence.Run) bool {
	return slices.ContainsFunc(run.Exchanges, func(x evidence.Exchange) bool {
		return slices.ContainsFunc(x.Addresses, func(a evidence.Address) bool {
			return isIPv6(a.IP) && (a.Failure == "" || a.Failure == evidence.ConnectRefused)
		})
	})
}

func isIPv6(address string) bool { return strings.Contains(address, ":") }

// nothingAsked reports whether no question of the run got through for reasons that are
// ours, or none was put and no document given.
func (e *examiner) nothingAsked() bool {
	asked := 0
	for i := range e.report.Run.Exchanges {
		x := &e.report.Run.Exchanges[i]
		if !x.Ask.Has(evidence.Resolve | evidence.HTTP) {
			continue
		}
		if asked++; !x.OwnTrouble() && !e.report.Blackout {
			return false
		}
	}
	return asked > 0 || len(e.report.Documents) == 0
}

// unheard finds the services that were given less time than they have, and took longer.
func (e *examiner) unheard() {
	for _, s := range e.report.Services {
		asked := sent(ServiceSubject{Service: s}.asked(evidence.HTTP))
		if len(asked) == 0 || slices.ContainsFunc(asked, func(x *evidence.Exchange) bool { return !x.GivenUpTooSoon() }) {
			continue
		}
		e.report.Unheard = append(e.report.Unheard, s.URL)
		e.report.Hints = append(e.report.Hints, fmt.Sprintf("%s gave no whole answer and was given up after %s, but has %s (BR 4.10.2): a longer --timeout shows whether it answers",
			s.URL, span(asked[0].Timing.Total), span(evidence.LateAfter)))
	}
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Hostname()
}

// reached reports whether the host of a URL had an address that took a connection when it
// was resolved.
func reached(run *evidence.Run, address string) bool {
	for i := range run.Exchanges {
		x := &run.Exchanges[i]
		if x.Ask != evidence.Resolve || !sameHost(x.URL, address) {
			continue
		}
		for _, a := range x.Addresses {
			if a.Failure == "" {
				return true
			}
		}
	}
	return false
}

func sameHost(a, b string) bool {
	left, errLeft := url.Parse(a)
	right, errRight := url.Parse(b)
	return errLeft == nil && errRight == nil && left.Host == right.Host
}
