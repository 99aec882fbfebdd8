package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/miekg/dns"

	"github.com/revprobe/revprobe/probe/dnswalk"
	"github.com/revprobe/revprobe/probe/evidence"
)

const (
	// walkTimeout is of a whole walk: a zone of dead name servers shall not hold up a run.
	walkTimeout = 30 * time.Second
	// serverTimeout is of one question to a name server, which has nobody to ask itself.
	serverTimeout = 2 * time.Second
	// walkTries is how often a question is sent over UDP: a packet may be lost.
	walkTries = 2
)

// walkDNS asks the resolvers and the name servers about the host. It fails when no resolver
// answered.
func (a *asking) walkDNS(ctx context.Context) *failure {
	if isAddress(a.place.host) {
		return failed(evidence.BadURL, "%s is an address: DNS does not come into it", a.place.host)
	}
	inTime, cancel := context.WithTimeout(ctx, walkTimeout)
	defer cancel()
	a.x.DNS = dnswalk.Walk(func(q evidence.DNSQuestion) (evidence.DNSReply, bool) {
		if over(inTime) {
			return evidence.DNSReply{}, false
		}
		if problem := a.private(q); problem != nil {
			return evidence.DNSReply{Failure: problem.class, Detail: problem.detail}, true
		}
		return a.resolver.put(inTime, q), true
	}, a.resolver.servers, a.place.host, a.x.Sibling)
	for _, reply := range a.x.DNS.Replies {
		a.x.Timing.DNS += reply.Took
	}
	switch answered := slices.ContainsFunc(a.x.DNS.Replies, func(r evidence.DNSReply) bool { return r.Code != "" }); {
	case ctx.Err() != nil && a.x.DNS.Cut:
		return &failure{evidence.Interrupted, "walking the servers of " + a.place.host}
	case answered:
		return nil
	case len(a.resolver.servers) == 0:
		return failed(evidence.NoResolver, "looking up %s: %s names no resolver", a.place.host, a.resolver.source)
	case a.resolver.alive(ctx):
		return failed(evidence.DNSTimeout, "looking up %s: no resolver answers", a.place.host)
	}
	return failed(evidence.NoResolver, "looking up %s: no resolver answers, nor for the root", a.place.host)
}

// private refuses name servers at addresses that only the operator may send us to.
func (a *asking) private(q evidence.DNSQuestion) *failure {
	host, _, err := net.SplitHostPort(q.Server)
	if q.Recursive || err != nil || a.allowPrivate || a.named[a.place.host] || a.named[host] {
		return nil
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return nil // which no name server has
	}
	if kind := evidence.SpecialAddress(address); kind != "" {
		return failed(evidence.Refused, "the name server %s is %s; --allow-private asks it all the same", host, kind)
	}
	return nil
}

// put asks one server one question, as it is: what was cut is not asked again.
func (r *resolver) put(ctx context.Context, q evidence.DNSQuestion) evidence.DNSReply {
	reply := evidence.DNSReply{DNSQuestion: q}
	start := time.Now()
	for reply.Tries = 1; ; reply.Tries++ {
		answer, err := r.putOnce(ctx, q)
		reply.Took = time.Since(start)
		if err == nil {
			fillIn(&reply, answer)
			return reply
		}
		if q.Network != "udp" || !timedOut(err) || reply.Tries == walkTries || over(ctx) {
			problem := replyFailure(q, err)
			reply.Failure, reply.Detail = problem.class, problem.detail
			return reply
		}
	}
}

func (r *resolver) putOnce(ctx context.Context, q evidence.DNSQuestion) (*dns.Msg, error) {
	timeout := serverTimeout
	if q.Recursive {
		timeout = queryTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	question := new(dns.Msg).SetQuestion(dns.Fqdn(q.Name), dns.StringToType[q.Type])
	question.RecursionDesired, question.CheckingDisabled = q.Recursive, q.Unchecked
	question.SetEdns0(ednsSize, q.Recursive)
	return r.tell(ctx, q.Network, q.Server, question)
}

func replyFailure(q evidence.DNSQuestion, err error) *failure {
	class := evidence.Reset
	switch {
	case errors.Is(err, context.Canceled):
		class = evidence.Interrupted
	case timedOut(err):
		class = evidence.DNSTimeout
	case errors.Is(err, syscall.ECONNREFUSED):
		class = evidence.ConnectRefused
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL):
		class = evidence.NoRoute
	}
	return failed(class, "asking %s for %s %s: %s", q.Server, q.Name, q.Type, plain(err))
}

// fillIn notes what an answer says.
func fillIn(reply *evidence.DNSReply, answer *dns.Msg) {
	reply.Code, reply.Authoritative, reply.Truncated = rcodeName(answer.Rcode), answer.Authoritative, answer.Truncated
	reply.Authenticated = answer.AuthenticatedData
	reply.Answer, reply.Authority, reply.Additional = records(answer.Answer), records(answer.Ns), records(answer.Extra)
	if options := answer.IsEdns0(); options != nil {
		for _, option := range options.Option {
			if extended, is := option.(*dns.EDNS0_EDE); is {
				text := strings.TrimSpace(dns.ExtendedErrorCodeToString[extended.InfoCode] + " " + extended.ExtraText)
				reply.Errors = append(reply.Errors, evidence.DNSError{Code: extended.InfoCode, Text: text})
			}
		}
	}
}

func records(list []dns.RR) []evidence.DNSRecord {
	var out []evidence.DNSRecord
	for _, record := range list {
		header := record.Header()
		if header.Rrtype == dns.TypeOPT {
			continue
		}
		out = append(out, evidence.DNSRecord{Name: header.Name, Type: dns.TypeToString[header.Rrtype], TTL: header.Ttl,
			Data: strings.TrimPrefix(record.String(), header.String())})
	}
	return out
}
