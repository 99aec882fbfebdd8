package conformance_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// A case of a rule, by the folder that it has in the zoo.
type namedCase struct {
	rule *conformance.Rule
	fixtures.Case
}

func (c namedCase) String() string { return c.rule.ID + "/" + zoo.Slug(c.Name) }

func allCases() []namedCase {
	var list []namedCase
	for _, r := range conformance.Rules() {
		for _, c := range slices.Concat(r.Bad, r.Good) {
			list = append(list, namedCase{r, c})
		}
	}
	return list
}

// takesTime reports whether a fake keeps its askers waiting, which no test does in real time.
func takesTime(r *fixtures.Responder) bool {
	all := []fixtures.HTTP{r.OCSPHTTP, r.CRLHTTP}
	for _, reaction := range r.Odd {
		if reaction.HTTP != nil {
			all = append(all, *reaction.HTTP)
		}
	}
	for _, h := range all {
		if h.Delay > 0 || h.Failure.TimedOut() {
			return true
		}
	}
	return r.DNS.Failure == evidence.DNSTimeout || r.DNS.Fault == fixtures.SilentServer || r.DNS.Slow > 0 || r.DNS.ConnectTime > 0
}

// Law 9: parity. Every case gives the same findings in memory and over loopback HTTP, with
// names that a loopback DNS server answers for.
func TestParity(t *testing.T) {
	t.Parallel()
	fakes, asks := map[string]*fixtures.Responder{}, map[string]evidence.Ask{}
	for _, c := range allCases() {
		if r := faked(fixtures.Kind{}, c.Case); !takesTime(r) {
			fakes[c.String()], asks[c.String()] = r, asksFor(c.rule)
		}
	}
	web := listen(t)
	names := listenForNames(t)
	serve(t, fakes, web, names)
	for name, fake := range fakes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := wireClient(t, fake, loopbackDial(fake, web[0], names))
			compare(t, fake, pinned{client, fake.Now, false}, asks[name])
		})
	}
}

// Law 9 for the cases that take time: the same client and server in a bubble whose clock
// is not real, over connections in memory.
func TestParityOfSlowCases(t *testing.T) {
	t.Parallel()
	slow := 0
	for _, c := range allCases() {
		if !takesTime(faked(fixtures.Kind{}, c.Case)) {
			continue
		}
		slow++
		t.Run(c.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := fixtures.Conforming(time.Now(), fixtures.NewAuthority(fixtures.Kind{}))
				c.Change(fake)
				web, names := newPipes(), map[string]*pipes{}
				var servers []server
				for _, known := range nameServers() {
					names[known] = newPipes()
					servers = append(servers, server{known: known, streams: names[known]})
				}
				serve(t, map[string]*fixtures.Responder{c.String(): fake}, []net.Listener{web}, servers)
				client := wireClient(t, fake, pipeDial(fake, web, names))
				compare(t, fake, pinned{client, fake.Now, true}, asksFor(c.rule))
			})
		})
	}
	if slow == 0 {
		t.Error("no case takes time: this test tests nothing")
	}
}

// listen opens a port for the zoo, and the same one at the addresses of two machines of one
// service. Another program may have it there: then another port is tried.
func listen(t *testing.T) []net.Listener {
	t.Helper()
	const tries = 20
	for range tries {
		web, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listeners := []net.Listener{web}
		for place := range 2 {
			at := netip.AddrPortFrom(zoo.ReplicaAddress(place), web.Addr().(*net.TCPAddr).AddrPort().Port())
			if l, err := net.Listen("tcp", at.String()); err == nil {
				listeners = append(listeners, l)
			}
		}
		if len(listeners) == 3 {
			return listeners
		}
		for _, l := range listeners {
			_ = l.Close()
		}
	}
	t.Fatal("no port is free at three addresses")
	return nil
}

// serve plays the fakes until the test ends, each under a name of its own.
func serve(t *testing.T, fakes map[string]*fixtures.Responder, web []net.Listener, names []server) {
	t.Helper()
	var enclosures []zoo.Enclosure
	for name, fake := range fakes {
		rule, slug, _ := strings.Cut(name, "/")
		enclosures = append(enclosures, zoo.Enclosure{Rule: rule, Case: slug, Responder: fake})
	}
	z, err := zoo.New(zoo.Options{Base: zoo.URL(web[0]), Named: true}, enclosures)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range questions(t, fakes) {
		z.Recognise(q.Serial, q.Strategy)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, len(web)+len(names))
	for _, l := range web {
		go func() { ended <- z.Serve(ctx, l) }()
	}
	for _, s := range names {
		go func() { ended <- z.ServeNames(ctx, s.known, s.packets, s.streams) }()
	}
	t.Cleanup(func() {
		stop()
		for range cap(ended) {
			<-ended
		}
	})
}

// questions are those about unassigned serials that the engine will ask any of the fakes,
// confirmations included.
func questions(t *testing.T, fakes map[string]*fixtures.Responder) []evidence.Question {
	t.Helper()
	var list []evidence.Question
	for _, fake := range fakes {
		for _, x := range ask(t, fake, zoo.Memory{Responder: fake}, everything).Exchanges {
			if x.Ask.Has(evidence.Unassigned | evidence.UnissuablePOST) {
				list = append(list, x.Question)
			}
		}
	}
	return list
}

// pinned has everything asked at the time that the fake takes for now, so that a case on
// its limit is still on it, and leaves out the words of a failure, which are the asker's
// own.
type pinned struct {
	probe.Asker
	now   time.Time // zero: the asker's clock is right
	timed bool      // the time that an answer took counts: it was seen so long after now
}

func (p pinned) Ask(ctx context.Context, q evidence.Question) evidence.Exchange {
	if q.Wire != nil && q.Wire.Pace > 0 { // which would take real time, and changes nothing that a fake sees
		hurried := *q.Wire
		hurried.Pace = 0
		q.Wire = &hurried
	}
	x := p.Asker.Ask(ctx, q)
	x.Detail = ""
	for i := range x.Addresses {
		x.Addresses[i].Detail = ""
	}
	if x.DNS != nil {
		for i := range x.DNS.Replies {
			x.DNS.Replies[i].Detail = ""
		}
	}
	if !p.now.IsZero() {
		x.At = p.now
	}
	if p.timed {
		x.At = p.now.Add(x.Timing.Total)
	}
	return x
}

func compare(t *testing.T, fake *fixtures.Responder, wire probe.Asker, asks evidence.Ask) {
	t.Helper()
	memory := findings(judge(t, ask(t, fake, pinned{Asker: zoo.Memory{Responder: fake}}, asks)))
	loopback := findings(judge(t, ask(t, fake, wire, asks)))
	if !slices.Equal(memory, loopback) {
		t.Errorf("in memory:\n%s\nover HTTP:\n%s", strings.Join(memory, "\n"), strings.Join(loopback, "\n"))
	}
}

// where masks addresses and ports, the only things that may differ.
var where = regexp.MustCompile(`\d+\.\d+\.\d+\.\d+(:\d+)?`)

func findings(report *conformance.Report) []string {
	var list []string
	for _, f := range report.Findings {
		list = append(list, fmt.Sprintf("%s %s %v %s %s %s; %s", f.Source, f.Outcome, f.Severity, f.Rule.ID, f.Field, where.ReplaceAllString(f.Got, "..."), f.Want))
	}
	return list
}

// pipes is a listener whose connections are in memory, so that they stand still with the
// clock of a bubble.
type pipes struct {
	waiting chan net.Conn
	closed  chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

func (p *pipes) dial() (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.waiting <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Accept implements net.Listener.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.waiting:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (p *pipes) Close() error {
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	return nil
}

// Addr implements net.Listener.
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }
