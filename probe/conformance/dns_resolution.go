package conformance

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
)

// Limits of section D of the catalogue.
const (
	maxAliasHops      = 8
	maxResolutionTime = 2 * time.Second
	minTTL            = 30    // seconds
	maxTTL            = 86400 // seconds
	minSignatureLeft  = 24 * time.Hour
	// lastingSignature is the validity from which a signature is taken for one that was made
	// beforehand. Servers that sign while they answer let theirs expire within hours.
	lastingSignature = 7 * 24 * time.Hour
)

func resolutionRules() []*Rule {
	return []*Rule{
		{
			ID:       "dns-cname-chain",
			Cites:    []Citation{BR("4.10.2", Observed), RFC5280("4.2.1.13", Observed)},
			Says:     "A chain of aliases must lead to an existing name, in at most 8 steps.",
			Needs:    evidence.WalkDNS,
			Marked:   Error,
			Exchange: walked(aliasesEnd),
			Bad: []fixtures.Case{
				when("nine aliases", func(r *fake) { r.DNS.Aliases = maxAliasHops + 1 }),
				when("a loop", func(r *fake) { r.DNS.Aliases, r.DNS.Loop = 2, true }),
				when("a target that does not exist", func(r *fake) { r.DNS.Dangling = true }),
			},
			Good: []fixtures.Case{
				when("eight aliases", func(r *fake) { r.DNS.Aliases = maxAliasHops }),
				when("none", func(*fake) {}),
				when("a target that one resolver does not know", func(r *fake) { r.DNS.Aliases, r.DNS.LastResolver = 1, evidence.DNSNXDomain }),
			},
			Also: []string{"dns-resolves"},
		},
		{
			ID:       "dns-dnssec-valid",
			Cites:    []Citation{BR("4.10.2", Observed), RFC5280("4.2.1.13", Observed)},
			Says:     "A zone that is signed must validate, and its signatures must be renewed in time.",
			Needs:    evidence.WalkDNS,
			Marked:   Error,
			Clock:    true,
			Exchange: walked(signaturesHold),
			Bad: []fixtures.Case{
				when("bogus", func(r *fake) { r.DNS.Bogus = true }),
				when("bogus by one of two resolvers", func(r *fake) { r.DNS.Bogus, r.DNS.LastResolver = true, evidence.DNSServFail }),
				when("24 h left", func(r *fake) { r.DNS.SignedUntil = r.Now.Add(minSignatureLeft) }),
			},
			Good: []fixtures.Case{
				when("24 h and a second left", func(r *fake) { r.DNS.SignedUntil = r.Now.Add(minSignatureLeft + time.Second) }),
				when("signed for hours", func(r *fake) {
					r.DNS.SignedUntil, r.DNS.SignedFor = r.Now.Add(time.Hour), lastingSignature-time.Second
				}),
				when("not signed", func(*fake) {}),
			},
			Also: []string{"dns-resolves"},
		},
		{
			ID:       "dns-ttl",
			Cites:    []Citation{BR("4.10.2", Observed), RFC5280("4.2.1.13", Observed)},
			Says:     "The host's records should be kept by resolvers for 30 seconds to one day.",
			Needs:    evidence.WalkDNS,
			Marked:   Info,
			Exchange: walked(keptLongEnough),
			Bad: []fixtures.Case{
				when("29 seconds", func(r *fake) { r.DNS.TTL = minTTL - 1 }),
				when("a day and a second", func(r *fake) { r.DNS.TTL = maxTTL + 1 }),
			},
			Good: []fixtures.Case{when("30 seconds", func(r *fake) { r.DNS.TTL = minTTL }), when("a day", func(r *fake) { r.DNS.TTL = maxTTL })},
		},
		{
			ID:       "dns-time",
			Cites:    []Citation{BR("4.10.2", Observed), RFC5280("4.2.1.13", Observed)},
			Says:     "The host's name should resolve within 2 seconds.",
			Needs:    evidence.WalkDNS,
			Marked:   Notice,
			Exchange: walked(resolvesQuickly),
			Bad:      []fixtures.Case{when("2 s and a millisecond", func(r *fake) { r.DNS.Slow = maxResolutionTime + time.Millisecond })},
			Good:     []fixtures.Case{when("2 s", func(r *fake) { r.DNS.Slow = maxResolutionTime })},
		},
	}
}

// resolversAgree notes that some resolvers do not know a host that others do. Silence says
// nothing: it may be the resolver's own.
func resolversAgree(_ ExchangeSubject, w *evidence.DNSWalk) Verdict {
	knowing, answers := map[string]bool{}, map[string]string{}
	var servers []string
	for _, r := range resolverAnswers(w) {
		if r.Code == "" {
			continue
		}
		if answers[r.Server] == "" {
			servers = append(servers, r.Server)
		}
		answers[r.Server] = r.Code
		if r.Code == evidence.DNSNoError {
			answers[r.Server] = "no address"
		}
		knowing[r.Server] = knowing[r.Server] || len(addressesIn(r)) > 0
	}
	var others []string
	for _, server := range servers {
		if !knowing[server] {
			others = append(others, server+" answers "+answers[server])
		}
	}
	switch {
	case len(others) == len(servers):
		return skip() // a look-up of its own says so
	case len(others) > 0:
		return fail("an address from each resolver", "%d of %d resolvers do not know it: %s", len(others), len(servers), strings.Join(others, "; ")).atMost(Notice)
	}
	return pass()
}

// aliasChain follows the aliases that any of the servers gave, and says whether they go
// round in circles.
func aliasChain(w *evidence.DNSWalk) (chain []string, loop bool) {
	targets := map[string]string{}
	for _, r := range w.Replies {
		for _, record := range r.Answer {
			if record.Type == evidence.TypeCNAME {
				targets[strings.ToLower(record.Name)] = strings.ToLower(record.Data)
			}
		}
	}
	seen := map[string]bool{}
	for name := w.Host; targets[name] != ""; name = targets[name] {
		if seen[name] {
			return chain, true
		}
		seen[name] = true
		chain = append(chain, targets[name])
	}
	return chain, false
}

func aliasesEnd(_ ExchangeSubject, w *evidence.DNSWalk) Verdict {
	chain, loop := aliasChain(w)
	switch {
	case len(chain) == 0:
		return pass()
	case loop:
		return fail("a chain that ends", "%s is an alias of itself, through %s", w.Host, shownChain(chain))
	}
	for _, r := range resolverAnswers(w) {
		if r.Code == evidence.DNSNameError && len(r.Data(evidence.TypeCNAME)) > 0 {
			if resolves(w) {
				break // for another resolver it does: dns-resolves says that they differ
			}
			return fail("a target that exists", "%s does not exist, an alias target that somebody else may claim", chain[len(chain)-1]).atLeast(Critical)
		}
	}
	if len(chain) > maxAliasHops {
		return fail("at most 8 aliases", "%d: %s", len(chain), shownChain(chain))
	}
	return pass()
}

func shownChain(chain []string) string {
	const most = 10
	if len(chain) > most {
		return strings.Join(chain[:most], ", ") + " and so on"
	}
	return strings.Join(chain, ", ")
}

func signaturesHold(s ExchangeSubject, w *evidence.DNSWalk) Verdict {
	if v := bogus(s, w); v.Outcome == Failed {
		return v
	}
	signed := false
	for _, r := range resolverAnswers(w) {
		for _, data := range r.Data(evidence.TypeRRSIG) {
			from, until, ok := signatureTimes(data)
			if !ok {
				continue
			}
			signed = true
			if left := until.Sub(s.At); left <= minSignatureLeft && until.Sub(from) >= lastingSignature {
				return fail("more than 24h left", "the signature of %s is valid until %s, %s from now", w.Host, stamp(until), span(left)).atMost(Notice)
			}
		}
	}
	return skipUnless(signed)
}

// bogus finds resolvers that fail, time and again, as long as they validate. One alone may have
// a wrong clock, an old trust anchor or a bad way to the zone: it takes two, or a signature that
// has expired by our own clock.
func bogus(s ExchangeSubject, w *evidence.DNSWalk) Verdict {
	var accusing []string
	why, expired := "", ""
	for i := range w.Replies {
		cured := &w.Replies[i]
		if !cured.Unchecked || !cured.Settled() || cured.Name != w.Host || cured.Type != evidence.TypeA {
			continue
		}
		failures := 0
		for _, r := range repliesTo(w, true, w.Host, evidence.TypeA) {
			if r.Server != cured.Server || r.Code != evidence.DNSServerError {
				continue
			}
			failures++
			for _, e := range r.Errors {
				why = " (" + e.Text + ")"
			}
		}
		if failures < 2 || slices.Contains(accusing, cured.Server) {
			continue
		}
		accusing = append(accusing, cured.Server)
		expired = cmp.Or(expired, expiredSignatures(cured, s.At))
	}
	if len(accusing) == 0 {
		return pass()
	}
	got := strings.Join(accusing, " and ") + ": SERVFAIL" + why + ", but an answer when validation is switched off"
	v := fail("an answer that validates", "%s", got)
	switch {
	case slices.ContainsFunc(resolverAnswers(w), func(r *evidence.DNSReply) bool { return r.Authenticated }):
		v.Got += "; another resolver validates it"
		return v.atMost(Notice)
	case expired != "":
		v.Got += "; " + expired
	case len(accusing) == 1:
		v.Got += "; no second resolver says so, and it may be the fault of this one"
		return v.atMost(Warning)
	}
	return v
}

// expiredSignatures names records of a reply whose signatures have all expired; "" where
// there are none.
func expiredSignatures(r *evidence.DNSReply, at time.Time) string {
	last, of := map[string]time.Time{}, []string(nil)
	for _, record := range r.Answer {
		if record.Type != evidence.TypeRRSIG {
			continue
		}
		if _, until, ok := signatureTimes(record.Data); ok {
			covered, _, _ := strings.Cut(record.Data, " ")
			key := covered + " record of " + record.Name
			of, last[key] = append(of, key), later(last[key], until)
		}
	}
	for _, key := range of {
		if at.After(last[key]) {
			return "the signature of the " + key + " expired " + stamp(last[key])
		}
	}
	return ""
}

// signatureTimes reads inception and expiration of an RRSIG in presentation form (RFC 4034
// §3.2).
func signatureTimes(data string) (from, until time.Time, ok bool) {
	const layout = "20060102150405"
	fields := strings.Fields(data)
	if len(fields) < 6 {
		return from, until, false
	}
	until, errUntil := time.Parse(layout, fields[4])
	from, errFrom := time.Parse(layout, fields[5])
	return from, until, errUntil == nil && errFrom == nil
}

// keptLongEnough looks at what name servers say: a resolver counts down.
func keptLongEnough(_ ExchangeSubject, w *evidence.DNSWalk) Verdict {
	judged := false
	for _, kind := range []string{evidence.TypeA, evidence.TypeAAAA} {
		for _, r := range repliesTo(w, false, w.Host, kind) {
			for _, record := range r.Answer {
				if !r.Authoritative || record.Type != kind && record.Type != evidence.TypeCNAME {
					continue
				}
				judged = true
				if record.TTL < minTTL || record.TTL > maxTTL {
					return fail("30 seconds to 86400", "%d seconds for the %s record of %s", record.TTL, record.Type, record.Name)
				}
			}
		}
	}
	return skipUnless(judged)
}

// resolvesQuickly takes the fastest resolver: another may be slow for reasons of its own.
func resolvesQuickly(_ ExchangeSubject, w *evidence.DNSWalk) Verdict {
	fastest := time.Duration(-1)
	for _, r := range repliesTo(w, true, w.Host, evidence.TypeA) {
		if r.Settled() && (fastest < 0 || r.Took < fastest) {
			fastest = r.Took
		}
	}
	switch {
	case fastest < 0:
		return skip()
	case fastest > maxResolutionTime:
		return fail("at most 2s", "%s", fastest.Round(time.Millisecond))
	}
	return pass()
}
