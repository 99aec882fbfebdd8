package conformance

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
)

// maxResponseTime is what BR 4.10.2 asks of a response under normal conditions.
const maxResponseTime = evidence.LateAfter

func availabilityRules() []*Rule {
	return []*Rule{
		{
			ID:     "dns-resolves",
			Cites:  []Citation{BR("4.10.2", Must), MRSP("6", Must), RFC5280("4.2.1.13", Observed)},
			Says:   "The host of a revocation service must have an address.",
			Needs:  evidence.Resolve | evidence.WalkDNS,
			Tried:  true,
			Marked: Critical,
			Exchange: func(s ExchangeSubject) Verdict {
				switch {
				case s.Ask == evidence.WalkDNS:
					return walked(resolversAgree)(s)
				case s.Failure.Ours():
					return unable("%s", outcomeOf(s.Exchange))
				case s.Blackout:
					return unable(blackoutText)
				case len(s.Addresses) == 0:
					return fail("an A or AAAA record", "%s", outcomeOf(s.Exchange))
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("NXDOMAIN", func(r *fake) { r.DNS.Failure = evidence.DNSNXDomain }),
				when("SERVFAIL", func(r *fake) { r.DNS.Failure = evidence.DNSServFail }),
				when("no address", func(r *fake) { r.DNS.Failure = evidence.DNSNoData }),
				when("REFUSED", func(r *fake) { r.DNS.Failure = evidence.DNSRefused }),
				when("no answer", func(r *fake) { r.DNS.Failure = evidence.DNSTimeout }),
				when("NXDOMAIN from one resolver", func(r *fake) { r.DNS.LastResolver = evidence.DNSNXDomain }),
			},
			Good: []fixtures.Case{when("two addresses", func(*fake) {}), when("one alias", func(r *fake) { r.DNS.Aliases = 1 })},
		},
		{
			ID:     "tcp-connect-all",
			Cites:  []Citation{BR("4.10.2", Observed), RFC5280("4.2.1.13", Observed)},
			Says:   "Every address of the host must take connections.",
			Needs:  evidence.Resolve,
			Tried:  true,
			Marked: Warning,
			Exchange: func(s ExchangeSubject) Verdict {
				dead, ours := s.deadAddresses(s.Addresses)
				switch {
				case len(s.Addresses) == 0:
					return skip()
				case len(ours) == len(s.Addresses):
					return unable("%s", strings.Join(ours, "; "))
				case len(dead) == 0:
					return pass()
				case s.Blackout:
					return unable(blackoutText)
				}
				v := fail("a connection on each of the addresses", "%d of %d addresses take none: %s", len(dead), len(s.Addresses), strings.Join(dead, "; "))
				if len(dead)+len(ours) == len(s.Addresses) {
					return v.atLeast(Critical)
				}
				return v
			},
			Bad: []fixtures.Case{
				when("one of two refuses", func(r *fake) { r.DNS.Dead = 1 }),
				when("both refuse", func(r *fake) { r.DNS.Dead = 2 }),
			},
			Good: []fixtures.Case{when("both take connections", func(*fake) {})},
		},
		{
			ID:     "http-status-200",
			Cites:  []Citation{BR("4.10.2", Must), MRSP("5.2", Must), RFC6960("A.2", Observed), RFC5280("4.2.1.13", Observed)},
			Says:   "A valid request must get a whole HTTP answer with status 200.",
			Needs:  evidence.HTTP,
			Counts: true,
			Tried:  true,
			Marked: Error,
			Service: func(s ServiceSubject) Verdict {
				reached := s.reachable()
				failed := broken(reached)
				switch {
				case len(reached)+s.Whole == 0:
					return unable("%s", outcomeOf(s.asked(evidence.HTTP)[0]))
				case len(failed)+s.Whole == 0 && !slices.ContainsFunc(reached, complete):
					return unable("%s", outcomeOf(reached[0]))
				case len(failed) == 0:
					return pass()
				case s.oneMethodFails(failed):
					return skip() // http-ocsp-get and http-ocsp-post say what that is
				}
				return brokenVerdict(failed, reached, s.Whole)
			},
			Bad: []fixtures.Case{
				when("404 for OCSP", func(r *fake) { r.OCSPHTTP.Code = 404 }),
				when("503 for the CRL", func(r *fake) { r.CRLHTTP.Code = 503 }),
				when("reset", func(r *fake) { r.OCSPHTTP.Failure = evidence.Reset }),
				when("closed without an octet", func(r *fake) { r.OCSPHTTP.Failure = evidence.Closed }),
				when("truncated", func(r *fake) { r.CRLHTTP.Failure = evidence.Truncated }),
			},
			Good: []fixtures.Case{when("200", func(r *fake) { r.OCSPHTTP.Code = 200 })},
		},
		{
			ID:     "http-no-redirect",
			Cites:  []Citation{RFC5280("8", Observed)},
			Says:   "The answer must come without a redirect.",
			Needs:  evidence.HTTP,
			Marked: Warning,
			Exchange: func(s ExchangeSubject) Verdict {
				if s.Failure != evidence.Redirect {
					return skipUnless(s.Code != 0)
				}
				v := fail("the document itself", "%d to %s", s.Code, s.Header.Get("Location"))
				if s.Ask.Has(evidence.OCSP) {
					return v.atLeast(Error) // a client that follows drops the body of a POST
				}
				return v
			},
			Bad: []fixtures.Case{
				when("301 of the CRL", func(r *fake) { r.CRLHTTP.Code, r.CRLHTTP.Location = 301, "https://revocation.example/ca.crl" }),
				when("307 of OCSP", func(r *fake) { r.OCSPHTTP.Code, r.OCSPHTTP.Location = 307, "https://revocation.example/ocsp" }),
			},
			Good: []fixtures.Case{when("200", func(*fake) {})},
			Also: []string{"http-not-https-only"},
		},
		{
			ID:     "http-response-time-10s",
			Cites:  []Citation{BR("4.10.2", Must), RFC6960("A.1", Practice), RFC5280("4.2.1.13", Practice)},
			Says:   "A response must be complete within 10 seconds.",
			Needs:  evidence.HTTP,
			Counts: true,
			Tried:  true,
			Service: func(s ServiceSubject) Verdict {
				reached := s.reachable()
				slow := slices.DeleteFunc(slices.Clone(reached), func(x *evidence.Exchange) bool { return !late(x) })
				asked := len(reached) + s.Whole
				switch {
				case asked == 0:
					return unable("%s", outcomeOf(s.asked(evidence.HTTP)[0]))
				case len(slow) == 0 && slices.ContainsFunc(reached, gaveUp):
					return unable("no complete answer, but given up before the 10s were over")
				case len(slow) == 0:
					return pass()
				case s.Blackout:
					return unable(blackoutText)
				}
				if v, silent := mute(reached, asked); silent {
					return v
				}
				v := fail("at most 10s", "%s, the first: %s", shares(slow, reached, s.Whole, "late"), lateness(slow[0])).about(ids(slow)...)
				if asked < 3 || 2*len(slow) <= asked {
					return v.atMost(Warning) // BR 4.10.2 speaks of normal operating conditions
				}
				return v
			},
			Bad: []fixtures.Case{
				when("10 s and a millisecond", func(r *fake) { r.OCSPHTTP.Delay = maxResponseTime + time.Millisecond }),
				when("never", func(r *fake) { r.CRLHTTP.Failure = evidence.HTTPTimeout }),
				when("stopped within the header", func(r *fake) { r.CRLHTTP.Failure = evidence.HeadTimeout }),
				when("stopped within the body", func(r *fake) { r.OCSPHTTP.Failure = evidence.BodyTimeout }),
			},
			Good: []fixtures.Case{when("10 s", func(r *fake) { r.OCSPHTTP.Delay = maxResponseTime })},
		},
	}
}

func (s ExchangeSubject) deadAddresses(list []evidence.Address) (dead, ours []string) {
	for _, a := range list {
		text := a.IP + " " + string(a.Failure)
		if a.Detail != "" {
			text = a.Detail
		}
		switch {
		case a.Failure == "":
		case a.Failure.Ours():
			ours = append(ours, text)
		case s.NoIPv6 && a.Failure == evidence.ConnectTimeout && isIPv6(a.IP):
			ours = append(ours, text+", as at every IPv6 address of this run: our own IPv6 may not work")
		default:
			dead = append(dead, text)
		}
	}
	return dead, ours
}

// reachable returns the exchanges that say something of the service itself. That its host
// could not be reached from the start is the business of dns-resolves and tcp-connect-all;
// that it could once and then not any more is not.
func (s ServiceSubject) reachable() []*evidence.Exchange {
	return slices.DeleteFunc(sent(s.asked(evidence.HTTP)), func(x *evidence.Exchange) bool {
		if s.Reached && !x.Failure.Ours() {
			return false
		}
		switch x.Failure {
		case evidence.DNSNXDomain, evidence.DNSServFail, evidence.DNSRefused, evidence.DNSNoData, evidence.DNSTimeout, evidence.ConnectRefused, evidence.ConnectTimeout:
			return true
		}
		return x.Failure.Ours()
	})
}

// broken returns the exchanges that brought no whole answer with status 200. Late ones and
// redirects have rules of their own; that we would keep no more of a body, or were told to
// ask less often, is not the service's failure.
func broken(list []*evidence.Exchange) []*evidence.Exchange {
	return slices.DeleteFunc(slices.Clone(list), func(x *evidence.Exchange) bool {
		switch x.Failure {
		case "", evidence.Redirect, evidence.Oversize:
			return true
		}
		return x.Failure.TimedOut() || x.Code == evidence.TooManyRequests
	})
}

// oneMethodFails reports whether it is the questions by GET or those by POST that fail, all
// of them, while the others are answered.
func (s ServiceSubject) oneMethodFails(failed []*evidence.Exchange) bool {
	for method, kinds := range map[string]evidence.Ask{"GET": byGET, "POST": byPOST} {
		others := slices.ContainsFunc(failed, func(x *evidence.Exchange) bool { return x.Method != method })
		if asked := s.asked(kinds); len(asked) > 0 && len(failed) >= len(asked) && !others && s.responded(byGET|byPOST) {
			return true
		}
	}
	return false
}

// persistent is how many questions have to fail, and none succeed, before a service is said
// to be down rather than to have failed.
const persistent = 3

func complete(x *evidence.Exchange) bool { return x.Answered() }

func brokenVerdict(failed, kept []*evidence.Exchange, whole int) Verdict {
	reached := len(kept) + whole
	v := fail("200 with the whole body", "%s, the first: %s", shares(failed, kept, whole, "failed"), got(failed[0])).about(ids(failed)...)
	switch {
	case len(failed) == reached && reached >= persistent:
		return v.atLeast(Critical)
	case len(failed) == 1 && reached > 1:
		return v.atMost(Warning) // a single failure that did not happen again
	}
	return v
}

// got says in words how an exchange came out on the HTTP level.
func got(x *evidence.Exchange) string {
	if x.Failure == evidence.HTTPStatus || x.Failure == "" {
		return fmt.Sprintf("HTTP %d to %s", x.Code, x.Method)
	}
	return outcomeOf(x)
}

// sent leaves out the questions that were spared because the ones before had failed alike.
func sent(list []*evidence.Exchange) []*evidence.Exchange {
	return slices.DeleteFunc(slices.Clone(list), func(x *evidence.Exchange) bool { return x.Spared })
}

func late(x *evidence.Exchange) bool { return x.Late() }

// gaveUp reports whether we stopped waiting for an answer.
func gaveUp(x *evidence.Exchange) bool { return x.Failure.TimedOut() }

func lateness(x *evidence.Exchange) string {
	total := x.Timing.Total.Round(time.Millisecond).String()
	switch x.Failure {
	case evidence.HTTPTimeout:
		return "not one octet of an answer after " + total
	case evidence.HeadTimeout:
		return "the header of the answer not complete after " + total
	case evidence.BodyTimeout:
		return fmt.Sprintf("the body of the answer not complete after %s, %d octets of it came", total, x.BodyLength())
	}
	return total
}

// mute judges a service that takes connections and answered not one of several questions in
// the time it was given: that is no slow answer, it is down.
func mute(reached []*evidence.Exchange, asked int) (v Verdict, silent bool) {
	if asked < 2 || asked > len(reached) || slices.ContainsFunc(reached, func(x *evidence.Exchange) bool { return !gaveUp(x) || !late(x) }) {
		return v, false
	}
	v = fail("an answer within 10s", "no answer to any of %d questions: connections are taken, and then %s", asked, lateness(reached[0])).about(ids(reached)...)
	if asked >= persistent {
		v = v.atLeast(Critical)
	}
	return v, true
}
