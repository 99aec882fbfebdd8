package transport

import (
	"context"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
)

// maxAddresses is how many addresses of one host a Resolve connects to, one after the
// other: a large set that is dead as a whole shall not hold a run for minutes.
const maxAddresses = 16

// maxReasons is how many addresses a Detail accounts for one by one.
const maxReasons = 3

// candidate is an address of the host, and why it is not dialled.
type candidate struct {
	address netip.Addr
	refused *failure // nil: it may be dialled
}

// resolve finds the addresses of the host and applies the policy on private ones. It
// fails when there is none that may be dialled.
func (a *asking) resolve(ctx context.Context) ([]candidate, *failure) {
	addresses, problem := a.addresses(ctx)
	if problem != nil {
		return nil, problem
	}
	var found []candidate
	dialable := false
	for _, address := range addresses {
		c := candidate{address: address}
		kind := evidence.SpecialAddress(address)
		if kind != "" && !a.allowPrivate && !a.named[a.place.host] && !a.named[address.String()] {
			c.refused = failed(evidence.Refused, "%s is %s, and %s was not named by the operator; --allow-private asks it all the same",
				address, kind, a.place.host)
		}
		dialable = dialable || c.refused == nil
		found = append(found, c)
	}
	if !dialable {
		if a.x.Ask.Has(evidence.Resolve) {
			return nil, a.connectAll(ctx, nil, found)
		}
		return nil, found[0].refused
	}
	return found, nil
}

// addresses is at least one address of the host: the pinned one, the one the URL has, or
// those DNS gives.
func (a *asking) addresses(ctx context.Context) ([]netip.Addr, *failure) {
	literal := a.x.Address
	if literal == "" {
		literal = a.place.host
	}
	address, err := netip.ParseAddr(literal)
	switch {
	case err == nil:
		return []netip.Addr{address}, nil
	case a.x.Address != "":
		return nil, failed(evidence.BadURL, "address %q: %s", a.x.Address, plain(err))
	case isLocalhost(a.place.host):
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}, nil
	}
	found, took, problem := a.resolver.lookup(ctx, a.place.host, a.x.Ask.Has(evidence.Resolve))
	a.x.Timing.DNS = took
	return found, problem
}

// leavesMachine reports whether an address that may be dialled is not loopback.
func leavesMachine(found []candidate) bool {
	for _, c := range found {
		if c.refused == nil && !c.address.Unmap().IsLoopback() {
			return true
		}
	}
	return false
}

// connect takes the first address that takes the connection, in the order of found.
func (a *asking) connect(ctx context.Context, found []candidate) (net.Conn, *failure) {
	var problems []*failure
	for _, c := range found {
		if c.refused != nil {
			problems = append(problems, c.refused)
			continue
		}
		conn, took, problem := a.dialOne(ctx, c.address)
		a.x.Timing.Connect += took
		if problem == nil {
			a.x.Peer = a.place.at(c.address)
			return conn, nil
		}
		problems = append(problems, problem)
		if over(ctx) {
			break
		}
	}
	return nil, worst(problems)
}

// dialPatiently tries a host's only address again when it kept silent: one lost packet shall
// not make a service look dead.
func (a *asking) dialPatiently(ctx context.Context, address netip.Addr, only bool) (net.Conn, time.Duration, *failure) {
	conn, took, problem := a.dialOne(ctx, address)
	if !only || problem == nil || problem.class != evidence.ConnectTimeout || over(ctx) {
		return conn, took, problem
	}
	conn, again, problem := a.dialOne(ctx, address)
	return conn, took + again, problem
}

// over reports whether no time is left. A deadline that has come counts before its timer
// has told ctx.
func over(ctx context.Context) bool {
	end, bounded := ctx.Deadline()
	return ctx.Err() != nil || bounded && !time.Now().Before(end)
}

func (a *asking) dialOne(ctx context.Context, address netip.Addr) (net.Conn, time.Duration, *failure) {
	ctx, cancel := context.WithTimeout(ctx, a.connectTimeout)
	defer cancel()
	start := time.Now()
	conn, err := a.dial(ctx, "tcp", a.place.at(address))
	took := time.Since(start)
	if err != nil {
		return nil, took, connectFailure(a.place.at(address), took, err)
	}
	return conn, took, nil
}

// connectAll connects to every address and records how each took it. It fails when none
// did.
func (a *asking) connectAll(ctx context.Context, queue *queue, found []candidate) *failure {
	var problems []*failure
	for i, c := range found {
		at := evidence.Address{IP: c.address.String()}
		problem := c.refused
		switch {
		case problem != nil:
		case ctx.Err() != nil:
			problem = &failure{evidence.Interrupted, "not connected to before the run ended"}
		case i >= maxAddresses:
			problem = failed(evidence.Refused, "not connected to: only the first %d addresses are", maxAddresses)
		default:
			if i > 0 && a.wait(ctx, queue, found) != nil {
				problem = &failure{evidence.Interrupted, "not connected to before the run ended"}
				break
			}
			var conn net.Conn
			conn, at.Connect, problem = a.dialPatiently(ctx, c.address, len(found) == 1)
			a.x.Timing.Connect += at.Connect
			if problem == nil {
				a.useUp(ctx, conn)
			}
		}
		if problem != nil {
			at.Failure, at.Detail = problem.class, problem.detail
			problems = append(problems, problem)
		}
		a.x.Addresses = append(a.x.Addresses, at)
	}
	switch {
	case ctx.Err() != nil && len(problems) == 0:
		return &failure{evidence.Interrupted, "every address had taken a connection"}
	case ctx.Err() == nil && len(problems) < len(found):
		return nil
	}
	return worst(problems)
}

// useUp sends the question's request, if it has one, over a connection that was opened to
// see whether it is taken, and closes it when the answer has come. There are responders
// that serve nobody any more, or end, once a client goes without having asked anything:
// openssl ocsp is one.
func (a *asking) useUp(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	if a.x.Method == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, a.connectTimeout)
	defer cancel()
	defer guard(ctx, conn)()
	if a.place.secure {
		secured, problem := a.secure(conn)
		if problem != nil {
			return
		}
		conn = secured
	}
	if a.send(conn) == nil {
		_, _ = io.CopyN(io.Discard, conn, maxSmallBody) // whatever it answers: nobody judges it
	}
}

// worst sums up why no address took the connection. The class is that of the first
// failure which is the far end's: that our network lacks IPv6 does not excuse it.
func worst(problems []*failure) *failure {
	sum := failure{class: problems[0].class}
	for i := len(problems) - 1; i >= 0; i-- {
		if !problems[i].class.Ours() {
			sum.class = problems[i].class
		}
	}
	var reasons []string
	for _, problem := range problems[:min(len(problems), maxReasons)] {
		reasons = append(reasons, problem.detail)
	}
	sum.detail = strings.Join(reasons, "; ")
	if more := len(problems) - maxReasons; more > 0 {
		sum.detail += "; and so on for the other addresses"
	}
	return &sum
}
