package transport

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/revprobe/revprobe/probe/arrival"
	"github.com/revprobe/revprobe/probe/evidence"
)

// Defaults of Options.
const (
	// DefaultTimeout is longer than the 10 s of BR §4.10.2, so that an answer which is
	// late is still seen, and known to be late.
	DefaultTimeout        = 15 * time.Second
	DefaultConnectTimeout = 5 * time.Second
	DefaultMaxBody        = 1 << 30 // octets
	DefaultRate           = 1.0     // requests a second
	DefaultUserAgent      = "revprobe (+https://github.com/revprobe/revprobe)"
)

// maxSmallBody caps, in octets, every body but a CRL's.
const maxSmallBody = 1 << 20

// Options say how a Client asks. The zero value of each field means its default.
type Options struct {
	// Resolvers are the recursive resolvers, each "ip" or "ip:port", tried in this order.
	// Empty: those of /etc/resolv.conf, after the entries of /etc/hosts.
	Resolvers []string

	Timeout        time.Duration // of a whole exchange, politeness not counted
	ConnectTimeout time.Duration // of one TCP connection to one address
	MaxBody        int64         // octets of a CRL that are kept; other bodies are kept up to 1 MiB at most
	Spool          *Spool        // where CRLs go that are too large for memory; nil: memory
	UserAgent      string

	// Rate is the requests a second that one host is sent at most. Hosts that are loopback
	// addresses are never waited for.
	Rate float64

	// Named holds the hosts that the operator named himself, names and addresses without
	// port: they are asked wherever they are. Any other host (it came out of a certificate,
	// a redirect or a list) is Refused at a private address, unless AllowPrivate.
	Named        map[string]bool
	AllowPrivate bool

	// RDAPTransport carries the questions about registrations of domains; nil: HTTPS over Dial.
	RDAPTransport http.RoundTripper

	// Dial opens every connection, "tcp" and (for DNS) "udp"; nil dials the network. A DNS
	// connection that is no net.PacketConn has its messages framed as over TCP (RFC 1035
	// §4.2.2), whatever the network's name.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client asks Questions. It may be used by several goroutines at once: one host is
// still asked one thing at a time.
type Client struct {
	timeout        time.Duration
	connectTimeout time.Duration
	maxBody        int64
	spool          evidence.Store
	userAgent      string
	named          map[string]bool
	allowPrivate   bool
	dial           dialFunc
	resolver       *resolver
	pace           *pace
	clock          *arrival.Clock
	registries     registries
}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// New returns a Client. The error is about Options that make no sense, or about files of
// this machine that name its resolvers and cannot be read.
func New(o Options) (*Client, error) {
	c := &Client{
		timeout:        orDefault(o.Timeout, DefaultTimeout),
		connectTimeout: orDefault(o.ConnectTimeout, DefaultConnectTimeout),
		maxBody:        orDefault(o.MaxBody, DefaultMaxBody),
		userAgent:      orDefault(o.UserAgent, DefaultUserAgent),
		allowPrivate:   o.AllowPrivate,
		named:          make(map[string]bool, len(o.Named)),
		dial:           o.Dial,
	}
	if o.Spool != nil {
		c.spool = o.Spool
	}
	rate := orDefault(o.Rate, DefaultRate)
	switch {
	case c.timeout < 0 || c.connectTimeout < 0:
		return nil, errors.New("setting up the transport: a timeout is negative")
	case c.maxBody < 0 || c.maxBody == math.MaxInt64:
		return nil, errors.New("setting up the transport: the body limit is out of range")
	case rate < 0 || math.IsNaN(rate):
		return nil, errors.New("setting up the transport: the request rate is not positive")
	case strings.ContainsFunc(c.userAgent, func(r rune) bool { return r < ' ' || r > '~' }):
		return nil, fmt.Errorf("setting up the transport: the User-Agent %q is not printable ASCII", c.userAgent)
	}
	for host, named := range o.Named {
		c.named[canonicalHost(host)] = named
	}
	if c.dial == nil {
		c.dial = new(net.Dialer).DialContext
	}
	c.pace, c.clock = newPace(rate), arrival.NewClock()
	c.registries = c.reachRegistries(o.RDAPTransport)
	var err error
	if c.resolver, err = newResolver(o.Resolvers, c.timeout, c.dial); err != nil {
		return nil, err
	}
	return c, nil
}

func orDefault[T comparable](value, standard T) T {
	var zero T
	if value == zero {
		return standard
	}
	return value
}

// Ask asks one question and records what came back: everything of the Exchange but its
// ID. It waits until the host may be asked, opens a connection of its own, and follows
// nothing. Failures are data; when ctx ends before an answer came they are Interrupted.
func (c *Client) Ask(ctx context.Context, q evidence.Question) evidence.Exchange {
	a := &asking{Client: c, x: evidence.Exchange{Question: q}}
	ask := a.ask
	if q.Ask.Has(evidence.RDAP) {
		ask = a.askRegistry
	}
	problem := ask(ctx)
	end := time.Now()
	a.x.At = end.Round(0).UTC()
	if !a.began.IsZero() {
		a.x.Timing.Total = end.Sub(a.began) - a.waited
	}
	if problem != nil {
		if ctx.Err() != nil || problem.class == evidence.Interrupted {
			problem = &failure{evidence.Interrupted, "interrupted: " + problem.detail}
		}
		a.x.Failure, a.x.Detail = problem.class, problem.detail
	}
	return a.x
}

// asking is one exchange while it goes on.
type asking struct {
	*Client
	x      evidence.Exchange
	place  place
	began  time.Time
	waited time.Duration // for politeness, since began
}

func (a *asking) ask(ctx context.Context) *failure {
	var problem *failure
	if a.place, problem = placeOf(a.x.Question); problem != nil {
		return problem
	}
	if a.x.Ask.Has(evidence.WalkDNS) {
		a.began = time.Now()
		return a.walkDNS(ctx)
	}
	queue := a.pace.queue(a.place.host)
	if err := queue.enter(ctx); err != nil {
		return &failure{evidence.Interrupted, "waiting for an earlier question to " + a.place.host}
	}
	defer queue.leave()

	a.began = time.Now()
	found, problem := a.resolve(ctx)
	if problem != nil {
		return problem
	}
	if err := a.wait(ctx, queue, found); err != nil {
		return &failure{evidence.Interrupted, "waiting until " + a.place.host + " may be asked again"}
	}
	if a.x.Ask.Has(evidence.Resolve) {
		return a.connectAll(ctx, queue, found)
	}
	ctx, cancel := context.WithTimeout(ctx, a.timeout-a.x.Timing.DNS)
	defer cancel()
	if a.x.Ask.Has(evidence.Handshake) {
		return a.handshake(ctx, found)
	}
	problem = a.exchange(ctx, found)
	queue.owe(owed(a.x.Question), time.Now())
	queue.retryAfter(a.x.Code, a.x.Header.Get("Retry-After"), time.Now())
	return problem
}

// wait holds the exchange back until the host may be asked, unless all of its addresses
// are loopback.
func (a *asking) wait(ctx context.Context, queue *queue, found []candidate) error {
	if !leavesMachine(found) {
		return nil
	}
	start := time.Now()
	err := queue.wait(ctx)
	a.waited += time.Since(start)
	return err
}
