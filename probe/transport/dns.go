package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"github.com/revprobe/revprobe/probe/evidence"
)

const (
	// queryTimeout is of one query to one resolver. A zone that needs longer is mostly in
	// the resolver's cache by the second round.
	queryTimeout = 3 * time.Second
	// queryRounds is how often the whole list of resolvers is gone through.
	queryRounds = 2
	// cacheFor is how long addresses are used again: one service is asked some 40
	// questions in a row.
	cacheFor = 30 * time.Second
	// ednsSize is the UDP payload size that needs no fragments (RFC 9715 §3.2).
	ednsSize = 1232
	// maxAliases is how many CNAMEs of one answer are followed.
	maxAliases = 16
)

// resolver asks recursive resolvers for addresses. Names are absolute: search domains
// are a convenience of people, and no part of a certificate.
type resolver struct {
	servers []string
	source  string // where the servers were taken from, in words
	hosts   map[string][]netip.Addr
	dial    dialFunc
	timeout time.Duration // of everything that is asked about one host

	mu    sync.Mutex
	cache map[string]cached
}

type cached struct {
	addresses []netip.Addr
	until     time.Time
}

// newResolver takes the system's resolvers where none are given.
func newResolver(servers []string, timeout time.Duration, dial dialFunc) (*resolver, error) {
	r := &resolver{dial: dial, timeout: timeout, source: "the options", cache: map[string]cached{}}
	var err error
	if len(servers) > 0 {
		r.servers, err = resolverAddresses(servers)
		return r, err
	}
	r.source = "/etc/resolv.conf"
	if r.servers, err = systemResolvers(r.source); err != nil {
		return nil, err
	}
	r.hosts, err = systemHosts("/etc/hosts")
	return r, err
}

// lookup gives at least one address of the host, and how long DNS took. Unless fresh,
// addresses that were found a moment ago are taken again, in no time.
func (r *resolver) lookup(ctx context.Context, host string, fresh bool) ([]netip.Addr, time.Duration, *failure) {
	if known := r.hosts[host]; len(known) > 0 {
		return known, 0, nil
	}
	start := time.Now()
	r.mu.Lock()
	hit := r.cache[host]
	r.mu.Unlock()
	if !fresh && start.Before(hit.until) {
		return hit.addresses, 0, nil
	}
	addresses, problem := r.find(ctx, host)
	took := time.Since(start)
	if problem != nil {
		return nil, took, problem
	}
	r.mu.Lock()
	r.cache[host] = cached{addresses, start.Add(took + cacheFor)}
	r.mu.Unlock()
	return addresses, took, nil
}

// find asks for A, then AAAA. IPv4 comes first, so that a vantage with broken IPv6 is
// not slow everywhere; a Resolve sees the IPv6 addresses all the same. One type that
// gives addresses is enough.
func (r *resolver) find(ctx context.Context, host string) ([]netip.Addr, *failure) {
	inTime, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	v4, problem4 := r.ask(inTime, host, dns.TypeA)
	if problem4 != nil {
		switch problem4.class {
		case evidence.DNSTimeout, evidence.DNSRefused:
			if !r.alive(ctx) {
				problem4.class = evidence.NoResolver
				problem4.detail += "; and no resolver answers a query for the root either"
			}
			return nil, problem4
		case evidence.DNSNXDomain:
			return nil, problem4 // both types share the name (RFC 8020) and the resolvers
		}
	}
	v6, problem6 := r.ask(inTime, host, dns.TypeAAAA)
	switch found := slices.Concat(v4, v6); {
	case len(found) > 0:
		return found, nil
	case problem4 != nil:
		return nil, problem4
	case problem6 != nil:
		return nil, problem6
	}
	return nil, failed(evidence.DNSNoData, "looking up %s: the name has no A and no AAAA record", host)
}

// ask goes through the resolvers until one knows the name. NXDOMAIN is believed when no
// other resolver knows better: one may filter names, or be that of another network.
func (r *resolver) ask(ctx context.Context, host string, kind uint16) ([]netip.Addr, *failure) {
	what := host + " " + dns.TypeToString[kind]
	if len(r.servers) == 0 {
		return nil, failed(evidence.NoResolver, "looking up %s: %s names no resolver", what, r.source)
	}
	var absent, said, silent *failure
	useless := make([]bool, len(r.servers)) // it answered, and will say the same again
	for round := 0; round < queryRounds && absent == nil; round++ {
		for i, server := range r.servers {
			if useless[i] {
				continue
			}
			answer, err := r.query(ctx, server, host, kind)
			switch {
			case err != nil:
				silent = failed(evidence.DNSTimeout, "looking up %s: asking %s: %s", what, server, plain(err))
			case answer.Rcode == dns.RcodeSuccess:
				return addressesIn(answer, kind), nil
			case answer.Rcode == dns.RcodeNameError:
				absent = failed(evidence.DNSNXDomain, "looking up %s: %s answers NXDOMAIN%s", what, server, forAlias(answer))
			case answer.Rcode == dns.RcodeRefused:
				useless[i] = true
				said = failed(evidence.DNSRefused, "looking up %s: %s answers REFUSED", what, server)
			default:
				useless[i] = true
				said = failed(evidence.DNSServFail, "looking up %s: %s answers %s", what, server, rcodeName(answer.Rcode))
			}
		}
	}
	for _, problem := range []*failure{absent, said} {
		if problem != nil {
			return nil, problem
		}
	}
	return nil, silent
}

// query asks one resolver once: over UDP, then without EDNS where that is not
// understood (RFC 6891 §7), and over TCP where the answer was cut (RFC 7766 §5).
func (r *resolver) query(ctx context.Context, server, host string, kind uint16) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	question := new(dns.Msg).SetQuestion(dns.Fqdn(host), kind)
	question.SetEdns0(ednsSize, false)
	answer, err := r.tell(ctx, "udp", server, question)
	if err == nil && answer.Truncated {
		answer, err = r.converse(ctx, "tcp", server, question)
	}
	return answer, err
}

// tell asks once, and once more without EDNS where that is not understood: question is left
// without it then.
func (r *resolver) tell(ctx context.Context, network, server string, question *dns.Msg) (*dns.Msg, error) {
	answer, err := r.converse(ctx, network, server, question)
	if err == nil && (answer.Rcode == dns.RcodeFormatError || answer.Rcode == dns.RcodeNotImplemented) {
		question.Id, question.Extra = dns.Id(), nil
		answer, err = r.converse(ctx, network, server, question)
	}
	return answer, err
}

func (r *resolver) converse(ctx context.Context, network, server string, question *dns.Msg) (*dns.Msg, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err() // the library would put its own deadline over that of guard
	}
	conn, err := r.dial(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer guard(ctx, conn)()
	client := dns.Client{Timeout: queryTimeout}
	answer, _, err := client.ExchangeWithConnContext(ctx, question, &dns.Conn{Conn: conn})
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err() // whatever the connection made of it
	case err != nil:
		return nil, err
	case !isAnswer(answer, question):
		return nil, errors.New("the answer is to another question")
	}
	return answer, nil
}

// isAnswer reports whether answer is to that question. A server that did not understand
// it may leave it out.
func isAnswer(answer, question *dns.Msg) bool {
	if len(answer.Question) == 0 {
		return answer.Response && answer.Rcode != dns.RcodeSuccess && answer.Rcode != dns.RcodeNameError
	}
	asked, said := question.Question[0], answer.Question[0]
	return answer.Response && said.Qtype == asked.Qtype && strings.EqualFold(said.Name, asked.Name)
}

// alive reports whether any resolver answers anything at all, or anything of ours: if none
// does, silence and REFUSED say nothing about the name that was asked for.
func (r *resolver) alive(ctx context.Context) bool {
	return slices.ContainsFunc(r.servers, func(server string) bool {
		answer, err := r.query(ctx, server, ".", dns.TypeNS)
		return err == nil && answer.Rcode != dns.RcodeRefused
	})
}

// addressesIn takes the addresses of the final name of the answer's CNAME chain.
func addressesIn(answer *dns.Msg, kind uint16) []netip.Addr {
	owner := finalName(answer)
	var found []netip.Addr
	for _, record := range answer.Answer {
		if !strings.EqualFold(record.Header().Name, owner) {
			continue
		}
		var ip net.IP
		switch record := record.(type) {
		case *dns.A:
			ip = record.A.To4()
		case *dns.AAAA:
			ip = record.AAAA.To16()
		}
		if address, ok := netip.AddrFromSlice(ip); ok && record.Header().Rrtype == kind && !slices.Contains(found, address) {
			found = append(found, address)
		}
	}
	return found
}

func finalName(answer *dns.Msg) string {
	name := answer.Question[0].Name
	for range maxAliases {
		i := slices.IndexFunc(answer.Answer, func(record dns.RR) bool {
			_, alias := record.(*dns.CNAME)
			return alias && strings.EqualFold(record.Header().Name, name)
		})
		if i < 0 {
			break
		}
		name = answer.Answer[i].(*dns.CNAME).Target
	}
	return name
}

// forAlias names the end of the CNAME chain, where the answer is about that.
func forAlias(answer *dns.Msg) string {
	if name := finalName(answer); !strings.EqualFold(name, answer.Question[0].Name) {
		return " for its alias " + name
	}
	return ""
}

func rcodeName(rcode int) string {
	if name, ok := dns.RcodeToString[rcode]; ok {
		return name
	}
	return "an unknown code"
}
