package dnswalk_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/probe/dnswalk"
	"github.com/revprobe/revprobe/probe/evidence"
)

// world is the replies of servers, by "server network name type", with "+cd" behind it where
// validation is switched off. Where there is none, a resolver answers SERVFAIL and a name
// server keeps silent.
type world struct {
	replies map[string]evidence.DNSReply
	asked   []string
	most    int // questions that are answered; zero: all
}

func (w *world) ask(q evidence.DNSQuestion) (evidence.DNSReply, bool) {
	key := fmt.Sprintf("%s %s %s %s", strings.TrimSuffix(q.Server, ":53"), q.Network, q.Name, q.Type)
	if q.Unchecked {
		key += "+cd"
	}
	if w.most > 0 && len(w.asked) == w.most {
		return evidence.DNSReply{}, false
	}
	w.asked = append(w.asked, key)
	reply, known := w.replies[key]
	switch {
	case known:
	case q.Recursive:
		reply.Code = evidence.DNSServerError
	default:
		reply.Failure = evidence.DNSTimeout
	}
	return reply, true
}

func records(texts ...string) []evidence.DNSRecord {
	var list []evidence.DNSRecord
	for _, text := range texts {
		fields := strings.SplitN(text, " ", 3)
		list = append(list, evidence.DNSRecord{Name: fields[0], Type: fields[1], TTL: 300, Data: fields[2]})
	}
	return list
}

func answer(texts ...string) evidence.DNSReply {
	return evidence.DNSReply{Code: evidence.DNSNoError, Answer: records(texts...)}
}

func authority(code string, texts ...string) evidence.DNSReply {
	return evidence.DNSReply{Code: code, Authority: records(texts...)}
}

func walk(w *world, sibling string) *evidence.DNSWalk {
	return dnswalk.Walk(w.ask, []string{"r:53"}, "CRL.ca.example", sibling)
}

const soa = "ca.example. SOA ns.ca.example. x.ca.example. 7 1 1 1 1"

// A zone with one name server of two addresses, and a host of one.
func healthy() map[string]evidence.DNSReply {
	return map[string]evidence.DNSReply{
		"r udp crl.ca.example. A":           answer("crl.ca.example. A 1.2.3.4"),
		"r udp crl.ca.example. AAAA":        authority(evidence.DNSNoError, soa),
		"r udp crl.ca.example. SOA":         authority(evidence.DNSNoError, soa),
		"r udp ca.example. NS":              answer("ca.example. NS ns.ca.example."),
		"r udp ns.ca.example. A":            answer("ns.ca.example. A 192.0.2.1", "ns.ca.example. A 192.0.2.2"),
		"r udp ns.ca.example. AAAA":         answer("ns.ca.example. AAAA 2001:db8::1"),
		"192.0.2.1 udp ca.example. SOA":     answer(soa),
		"[2001:db8::1] udp ca.example. SOA": answer(soa),
		"r udp beside.ca.example. A":        authority(evidence.DNSNameError, soa),
	}
}

func wantAsked(t *testing.T, w *world, want ...string) {
	t.Helper()
	if !slices.Equal(w.asked, want) {
		t.Errorf("asked\n%s\nwant\n%s", strings.Join(w.asked, "\n"), strings.Join(want, "\n"))
	}
}

func TestWalkOfAHealthyZone(t *testing.T) {
	w := &world{replies: healthy()}
	got := walk(w, "beside")
	wantAsked(t, w, "r udp crl.ca.example. A", "r udp crl.ca.example. AAAA", "r udp crl.ca.example. SOA", "r udp ca.example. NS",
		"r udp ns.ca.example. A", "r udp ns.ca.example. AAAA",
		"192.0.2.1 udp ca.example. SOA", "192.0.2.1 udp crl.ca.example. A", "192.0.2.1 udp crl.ca.example. AAAA", "192.0.2.1 tcp crl.ca.example. A",
		"[2001:db8::1] udp ca.example. SOA", "[2001:db8::1] udp crl.ca.example. A", "r udp beside.ca.example. A")
	if got.Zone != "ca.example." || got.Sibling != "beside.ca.example." || got.Cut || len(got.Replies) != len(w.asked) {
		t.Errorf("zone %q, sibling %q, cut %v, %d replies", got.Zone, got.Sibling, got.Cut, len(got.Replies))
	}
	if want := []string{"192.0.2.1", "192.0.2.2", "2001:db8::1"}; len(got.Servers) != 1 || !slices.Equal(got.Servers[0].Addresses, want) {
		t.Errorf("servers %v", got.Servers)
	}
}

// Once a server has kept silent, no more is asked of it.
func TestASilentServerIsAskedOnce(t *testing.T) {
	w := &world{replies: healthy()}
	delete(w.replies, "192.0.2.1 udp ca.example. SOA")
	walk(w, "")
	if slices.ContainsFunc(w.asked, func(s string) bool { return strings.HasPrefix(s, "192.0.2.1") && !strings.HasSuffix(s, "SOA") }) {
		t.Errorf("asked %v", w.asked)
	}
}

// What is cut is asked again over TCP, and that answer counts.
func TestACutReplyIsAskedOverTCP(t *testing.T) {
	w := &world{replies: healthy()}
	w.replies["r tcp ca.example. NS"] = w.replies["r udp ca.example. NS"]
	w.replies["r udp ca.example. NS"] = evidence.DNSReply{Code: evidence.DNSNoError, Truncated: true}
	if got := walk(w, ""); len(got.Servers) != 1 || !slices.Contains(w.asked, "192.0.2.1 udp ca.example. SOA") {
		t.Errorf("servers %v, asked %v", got.Servers, w.asked)
	}
}

// The zone of an alias is found above it: below it is the target's.
func TestZoneOfAnAlias(t *testing.T) {
	w := &world{replies: healthy()}
	w.replies["r udp crl.ca.example. A"] = answer("crl.ca.example. CNAME edge.cdn.example.", "edge.cdn.example. A 1.2.3.4")
	w.replies["r udp ca.example. SOA"] = answer(soa)
	if got := walk(w, ""); got.Zone != "ca.example." || slices.Contains(w.asked, "r udp crl.ca.example. SOA") {
		t.Errorf("zone %q, asked %v", got.Zone, w.asked)
	}
}

// Where the resolver cannot look into a zone, the one above tells whose it is: by glue, and
// by names that are looked up.
func TestALameZoneIsFoundByItsDelegation(t *testing.T) {
	w := &world{replies: map[string]evidence.DNSReply{
		"r udp example. SOA":     answer("example. SOA a.nic.example. x.example. 1 1 1 1 1"),
		"r udp example. NS":      answer("example. NS a.nic.example."),
		"r udp a.nic.example. A": answer("a.nic.example. A 192.0.2.9"),
		"192.0.2.9 udp crl.ca.example. A": {Code: evidence.DNSNoError,
			Authority:  records("ca.example. NS ns.ca.example.", "ca.example. NS ns.other.test.", "other.example. NS ns.stray.test."),
			Additional: records("NS.ca.example. A 192.0.2.1", "ns.stray.example. A 192.0.2.8")},
		"r udp ns.other.test. A":        answer("ns.other.test. A 192.0.2.2"),
		"192.0.2.1 udp ca.example. SOA": {Code: evidence.DNSNotAllowed},
	}}
	got := walk(w, "")
	if got.Zone != "ca.example." || len(got.Servers) != 2 || !slices.Equal(got.Servers[0].Addresses, []string{"192.0.2.1"}) || !slices.Equal(got.Servers[1].Addresses, []string{"192.0.2.2"}) {
		t.Errorf("zone %q, servers %v", got.Zone, got.Servers)
	}
	for _, want := range []string{"192.0.2.1 udp crl.ca.example. A", "192.0.2.2 udp ca.example. SOA"} {
		if !slices.Contains(w.asked, want) {
			t.Errorf("%s was not asked: %v", want, w.asked)
		}
	}
}

// A resolver that says nothing of a zone, not even that it has no such record, cannot look
// into it.
func TestAnEmptyAnswerIsNoZone(t *testing.T) {
	w := &world{replies: map[string]evidence.DNSReply{
		"r udp crl.ca.example. A": answer(), "r udp crl.ca.example. SOA": answer(), "r udp ca.example. SOA": answer(),
		"r udp example. SOA":     answer("example. SOA a.nic.example. x.example. 1 1 1 1 1"),
		"r udp example. NS":      answer("example. NS a.nic.example."),
		"r udp a.nic.example. A": answer("a.nic.example. A 192.0.2.9"),
		"192.0.2.9 udp crl.ca.example. A": {Code: evidence.DNSNoError,
			Authority: records("ca.example. NS ns.ca.example."), Additional: records("ns.ca.example. A 192.0.2.1")},
	}}
	if got := walk(w, ""); got.Zone != "ca.example." || len(got.Servers) != 1 {
		t.Errorf("zone %q, servers %v", got.Zone, got.Servers)
	}
}

// Bogus is what fails twice and is cured by CD between; then nothing more is validated.
func TestBogusZoneIsWalkedUnchecked(t *testing.T) {
	replies := map[string]evidence.DNSReply{}
	for key, reply := range healthy() {
		if strings.HasPrefix(key, "r ") {
			key += "+cd"
		}
		replies[key] = reply
	}
	w := &world{replies: replies}
	if got := walk(w, ""); got.Zone != "ca.example." || !slices.Contains(w.asked, "192.0.2.1 udp ca.example. SOA") {
		t.Errorf("zone %q, asked %v", got.Zone, w.asked)
	}
	if want := []string{"r udp crl.ca.example. A", "r udp crl.ca.example. A+cd", "r udp crl.ca.example. A"}; !slices.Equal(w.asked[:3], want) {
		t.Errorf("asked %v first", w.asked[:3])
	}
}

// Aliases that go round in circles are followed once round.
func TestLoopIsFollowedOnce(t *testing.T) {
	w := &world{replies: map[string]evidence.DNSReply{
		"r udp crl.ca.example. CNAME": answer("crl.ca.example. CNAME b.example."),
		"r udp b.example. CNAME":      answer("B.example. CNAME CRL.ca.example."),
	}}
	walk(w, "")
	if n := len(slices.DeleteFunc(w.asked, func(s string) bool { return !strings.HasSuffix(s, "CNAME") })); n != 2 {
		t.Errorf("%d aliases were looked up", n)
	}
}

// A registry's servers are left alone when a domain does not exist.
func TestUnregisteredDomain(t *testing.T) {
	registry := authority(evidence.DNSNameError, "example. SOA a.nic.example. x.example. 1 1 1 1 1")
	w := &world{replies: map[string]evidence.DNSReply{
		"r udp crl.ca.example. A": registry, "r udp crl.ca.example. AAAA": registry, "r udp crl.ca.example. SOA": registry}}
	if got := walk(w, ""); got.Zone != "example." || len(w.asked) != 3 {
		t.Errorf("zone %q, asked %v", got.Zone, w.asked)
	}
}

// Whatever servers answer, a walk ends, and says when it was cut short.
func TestAWalkIsBounded(t *testing.T) {
	w := &world{replies: healthy()}
	var many []string
	for i := range 40 {
		name := fmt.Sprintf("ns%02d.ca.example.", i)
		many = append(many, "ca.example. NS "+name)
		w.replies["r udp "+name+" A"] = answer(name + fmt.Sprintf(" A 192.0.2.%d", 10+i))
		w.replies[fmt.Sprintf("192.0.2.%d udp ca.example. SOA", 10+i)] = answer(soa)
	}
	w.replies["r udp ca.example. NS"] = answer(many...)
	if got := walk(w, "beside"); len(w.asked) > 70 || len(got.Servers) != 40 || got.Cut {
		t.Errorf("%d questions, %d servers, cut %v", len(w.asked), len(got.Servers), got.Cut)
	}
	w = &world{replies: healthy(), most: 7}
	if got := walk(w, "beside"); len(got.Replies) != 7 || !got.Cut {
		t.Errorf("%d replies, cut %v", len(got.Replies), got.Cut)
	}
	if got := dnswalk.Walk(w.ask, nil, "ca.example", ""); len(got.Replies) != 0 {
		t.Errorf("without a resolver: %v", got.Replies)
	}
}
