package transport_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/transport"
)

// Addresses of the in-memory network. They are public ones, since others are refused.
const (
	resolver1 = "9.9.9.1:53"
	resolver2 = "9.9.9.2:53"
	web       = "1.2.3.4:80"
)

// network is connections in memory: what serves each "network ip:port". Where nothing
// serves, connections are refused.
type network struct {
	mu      sync.Mutex
	serving map[string]func(net.Conn)
	failing map[string]error // instead of serving; nil: no answer ever
	dialled []string
	running sync.WaitGroup
}

func newNetwork() *network {
	return &network{serving: map[string]func(net.Conn){}, failing: map[string]error{}}
}

func (n *network) dial(ctx context.Context, kind, address string) (net.Conn, error) {
	n.mu.Lock()
	key := kind + " " + address
	n.dialled = append(n.dialled, key)
	serve := n.serving[key]
	err, fails := n.failing[key]
	n.mu.Unlock()
	switch {
	case fails && err == nil:
		<-ctx.Done()
		return nil, &net.OpError{Op: "dial", Net: kind, Err: ctx.Err()}
	case fails:
		return nil, &net.OpError{Op: "dial", Net: kind, Err: err}
	case serve == nil:
		return nil, &net.OpError{Op: "dial", Net: kind, Err: syscall.ECONNREFUSED}
	}
	ours, theirs := net.Pipe()
	n.running.Go(func() { serve(theirs) })
	return ours, nil
}

// count is how many connections were asked for.
func (n *network) count(kind, address string) (count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, key := range n.dialled {
		if key == kind+" "+address {
			count++
		}
	}
	return count
}

// client is one on that network, its resolvers being resolver1 and further ones.
func (n *network) client(t *testing.T, o transport.Options) *transport.Client {
	t.Helper()
	t.Cleanup(n.running.Wait) // which also finds a connection that the client left open
	o.Dial = n.dial
	if o.Resolvers == nil {
		o.Resolvers = []string{"9.9.9.1"}
	}
	c, err := transport.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// answering is a web server that reads the request and answers with these octets; the
// pieces are sent a pause apart, and the connection is closed at the end.
func answering(pause time.Duration, pieces ...string) func(net.Conn) {
	return func(c net.Conn) {
		defer c.Close()
		if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
			return
		}
		for _, piece := range pieces {
			time.Sleep(pause)
			if _, err := io.WriteString(c, piece); err != nil {
				return
			}
		}
	}
}

// silent is a server that reads all there is and never says anything.
func silent(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// ok is a whole answer with that body.
func ok(body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// zone is a resolver that knows these records and has these names fail with a code. A
// name it does not know is NXDOMAIN.
type zone struct {
	records []string
	codes   map[string]int
	pause   time.Duration
}

func (z zone) answer(question *dns.Msg) *dns.Msg {
	answer := new(dns.Msg).SetReply(question)
	asked := question.Question[0]
	name := asked.Name
	for {
		answer.Rcode = dns.RcodeNameError
		alias := ""
		for _, text := range z.records {
			record, err := dns.NewRR(text)
			if err != nil {
				panic(err)
			}
			if !strings.EqualFold(record.Header().Name, name) {
				continue
			}
			answer.Rcode = dns.RcodeSuccess
			if cname, is := record.(*dns.CNAME); is {
				alias = cname.Target
			}
			if alias != "" || record.Header().Rrtype == asked.Qtype {
				answer.Answer = append(answer.Answer, record)
			}
		}
		if code, set := z.codes[name]; set {
			answer.Rcode = code
		}
		if alias == "" {
			return answer
		}
		name = alias
	}
}

func (z zone) serve(c net.Conn) { z.serveEdited(c, func(*dns.Msg) {}) }

// serveEdited answers what edit makes of the answer.
func (z zone) serveEdited(c net.Conn, edit func(answer *dns.Msg)) {
	defer c.Close()
	conn := &dns.Conn{Conn: c}
	question, err := conn.ReadMsg()
	if err != nil {
		return
	}
	time.Sleep(z.pause)
	answer := z.answer(question)
	edit(answer)
	_ = conn.WriteMsg(answer)
}

// webZone has ca.example at the web server.
func webZone() zone { return zone{records: []string{"ca.example. 60 IN A 1.2.3.4"}} }

// noRoute is what the kernel says where there is no way to an address.
const noRoute = syscall.ENETUNREACH

func fetch(url string) evidence.Question {
	return evidence.Question{Ask: evidence.FetchCRL, Method: http.MethodGet, URL: url}
}

func wantFailure(t *testing.T, x evidence.Exchange, class evidence.Failure, detail string) {
	t.Helper()
	if x.Failure != class || !strings.Contains(x.Detail, detail) {
		t.Errorf("failure %q (%s), want %q with %q in it", x.Failure, x.Detail, class, detail)
	}
}
