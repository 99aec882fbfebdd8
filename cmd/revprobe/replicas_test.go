package main

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
)

// machines is a fake CA under one name with two addresses; the second is changed.
type machines struct {
	service
	resolver string
}

func serveMachines(t *testing.T, second func(*fixtures.Responder)) *machines {
	t.Helper()
	fake := conforming(time.Now(), func(r *fixtures.Responder) { r.Replicas = []func(*fixtures.Responder){nil, second} })
	web := atBothAddresses(t)
	z, err := zoo.New(zoo.Options{Base: zoo.URL(web[0]), Named: true}, []zoo.Enclosure{{Rule: "a-test", Case: "ca", Responder: fake}})
	if err != nil {
		t.Fatal(err)
	}
	names, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 3)
	for _, l := range web {
		go func() { ended <- z.Serve(ctx, l) }()
	}
	resolver := names.LocalAddr().String()
	go func() { ended <- z.ServeNames(ctx, resolver, names, nil) }()
	t.Cleanup(func() {
		stop()
		for range cap(ended) {
			<-ended
		}
	})
	m := &machines{resolver: resolver}
	m.fake = fake
	m.leaf, m.ca = write(t, "leaf.pem", armoured(fake.LeafCertificate())), write(t, "ca.pem", armoured(fake.IssuerCertificate()))
	return m
}

// atBothAddresses listens on one port of the addresses of two machines.
func atBothAddresses(t *testing.T) []net.Listener {
	t.Helper()
	const tries = 20
	for range tries {
		first, err := net.Listen("tcp", netip.AddrPortFrom(zoo.ReplicaAddress(0), 0).String())
		if err != nil {
			t.Fatal(err)
		}
		at := netip.AddrPortFrom(zoo.ReplicaAddress(1), first.Addr().(*net.TCPAddr).AddrPort().Port())
		if second, err := net.Listen("tcp", at.String()); err == nil {
			return []net.Listener{first, second}
		}
		_ = first.Close()
	}
	t.Fatal("no port is free at two addresses")
	return nil
}

func (m *machines) check(t *testing.T, args ...string) outcome {
	t.Helper()
	return m.service.check(t, append([]string{"--resolver", m.resolver, "--no-dns-walk"}, args...)...)
}

func TestEveryAddress(t *testing.T) {
	t.Parallel()
	m := serveMachines(t, func(r *fixtures.Responder) { r.OCSP.Assigned = fixtures.Unknown })
	m.check(t).want(t, exitClean) // the first address is all that it sees
	o := m.check(t, "--every-address")
	o.want(t, exitFindings, "ocsp-ip-consistent", "127.0.0.10: good; 127.0.0.11: unknown", "address     question         answer")
	o = m.check(t, "--every-address", "--format", "json")
	list := o.objects(t)
	wantContract(t, list)
	asked := map[string]int{}
	for _, x := range typed(list, "exchange") {
		if address, pinned := x["address"].(string); pinned {
			asked[address]++
			if peer, _ := x["peer"].(string); !strings.HasPrefix(peer, address+":") {
				t.Errorf("%v was asked in place of %s", peer, address)
			}
			if _, in := x["round"]; in {
				t.Errorf("there are no rounds: %v", x)
			}
		}
	}
	if len(asked) != 2 || asked["127.0.0.10"] != 4 || asked["127.0.0.11"] != 4 {
		t.Errorf("asked at addresses: %v, want 4 questions at each", asked)
	}
}

func TestRepeat(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, nil)
	o := s.check(t, "--repeat", "3", "--interval", "1ms", "--format", "json")
	o.want(t, exitClean)
	rounds := map[float64]int{}
	for _, x := range typed(o.objects(t), "exchange") {
		if round, in := x["round"].(float64); in {
			rounds[round]++
			if _, pinned := x["address"]; pinned {
				t.Errorf("no address was to be pinned: %v", x)
			}
		}
	}
	if len(rounds) != 3 || rounds[1] != 4 || rounds[3] != 4 {
		t.Errorf("questions by round: %v, want 4 in each of 3", rounds)
	}
	s.check(t, "--repeat", "2", "--interval", "1ms").want(t, exitClean, "no findings")
}

func TestSharesOfRepeatedQuestions(t *testing.T) {
	t.Parallel()
	m := serveMachines(t, func(r *fixtures.Responder) { r.CRLHTTP.Code = 503 })
	o := m.check(t, "--every-address", "--repeat", "3", "--interval", "1ms", "--format", "json")
	o.want(t, exitFindings)
	found := slices.DeleteFunc(typed(o.objects(t), "finding"), func(f object) bool { return f["rule"] != "http-status-200" || f["outcome"] != "failed" })
	const want = "of the questions put to compare machines, fetch-crl at 127.0.0.10 0 of 3, fetch-crl at 127.0.0.11 3 of 3 failed; of the others 0 of 1, the first: HTTP 503 to GET"
	if len(found) != 1 || found[0]["got"] != want {
		t.Errorf("%v, want\n%s", texts(found, "got"), want)
	}
}

func TestReplicaFlags(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, nil)
	for want, args := range map[string][]string{
		"--repeat: -1 is not between 0 and 1000":   {"--repeat", "-1"},
		"--repeat: 1001 is not between 0 and 1000": {"--repeat", "1001"},
		"\"often\"":                                {"--repeat", "often"},
		"--interval: -1s is negative":              {"--repeat", "2", "--interval", "-1s"},
		"--interval says nothing without --repeat": {"--interval", "10s"},
		"\"soon\"":                                 {"--repeat", "2", "--interval", "soon"},
		"\"all\"":                                  {"--every-address=all"},
	} {
		s.check(t, args...).wantUsage(t, want)
	}
	if n := s.connections.Load(); n != 0 {
		t.Errorf("%d connections were made all the same", n)
	}
	s.check(t, "--dry-run", "--every-address", "--repeat", "20", "--interval", "30s").
		want(t, exitClean, "then each address that takes connections, up to 16", "these are asked 20 times, 30s apart")
}
