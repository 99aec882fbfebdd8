package conformance

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
)

// How near the end of a registration may come: most are renewed at the last moment, by
// themselves.
const (
	minRegistration  = 45 * 24 * time.Hour
	leftRegistration = 14 * 24 * time.Hour
)

// offline are the statuses (RFC 8056 §2) of a domain that DNS does not have, or will soon
// have no more.
var offline = []string{"client hold", "server hold", "redemption period", "pending delete"}

func registrationRules() []*Rule {
	return []*Rule{
		{
			ID:       "dns-domain-expiry",
			Cites:    []Citation{BR("4.10.2", Observed), RFC5280("4.2.1.13", Observed)},
			Says:     "The registration of a domain that the services need must not be about to end, nor be on hold.",
			Needs:    evidence.RDAP,
			Marked:   Warning,
			Clock:    true,
			Exchange: registered,
			Bad: []fixtures.Case{
				when("a second less than 45 days", func(r *fake) { r.Registration.Expires = r.Now.Add(minRegistration - time.Second) }),
				when("a second less than 14 days", func(r *fake) { r.Registration.Expires = r.Now.Add(leftRegistration - time.Second) }),
				when("on hold", func(r *fake) { r.Registration.Status = []string{"active", "client hold"} }),
			},
			Good: []fixtures.Case{
				when("45 days", func(r *fake) { r.Registration.Expires = r.Now.Add(minRegistration) }),
				when("a registry that does not say", func(r *fake) { r.Registration.NoExpiry = true }),
				when("a registry that does not know", func(r *fake) { r.Registration.Code = 404 }),
			},
		},
	}
}

// registered reads what RFC 9083 §5.3 has of a domain.
func registered(s ExchangeSubject) Verdict {
	var domain struct {
		Name   string   `json:"ldhName"`
		Status []string `json:"status"`
		Events []struct {
			Action string `json:"eventAction"`
			Date   string `json:"eventDate"`
		} `json:"events"`
	}
	if s.Failure != "" {
		return unable("%s", outcomeOf(s.Exchange))
	}
	if err := json.Unmarshal(s.Body, &domain); err != nil {
		return unable("the registry's answer cannot be read: %v", err)
	}
	for _, status := range domain.Status {
		if slices.Contains(offline, strings.ToLower(status)) {
			return fail("a domain that DNS has", "%s has the status %q", domain.Name, status).in("status").atLeast(Critical)
		}
	}
	for _, event := range domain.Events {
		until, err := time.Parse(time.RFC3339, event.Date)
		if event.Action != "expiration" || err != nil {
			continue
		}
		left := until.Sub(s.At)
		v := fail("45 days left", "%s is registered until %s, %s from now", domain.Name, stamp(until), span(left)).in("events")
		switch {
		case left >= minRegistration:
			return pass()
		case left < leftRegistration:
			return v.atLeast(Error)
		}
		return v
	}
	return skip()
}
