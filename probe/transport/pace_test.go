package transport_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/transport"
)

// arrivals notes when connections to a server came.
type arrivals struct {
	mu    sync.Mutex
	at    []time.Time
	serve func(net.Conn)
}

func (a *arrivals) take(c net.Conn) {
	a.mu.Lock()
	a.at = append(a.at, time.Now())
	a.mu.Unlock()
	a.serve(c)
}

// gaps are the times between arrivals.
func (a *arrivals) gaps() (gaps []time.Duration) {
	for i := 1; i < len(a.at); i++ {
		gaps = append(gaps, a.at[i].Sub(a.at[i-1]))
	}
	return gaps
}

func TestRate(t *testing.T) {
	for rate, pause := range map[float64]time.Duration{0: time.Second, 4: time.Second / 4} {
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork()
			server := &arrivals{serve: answering(10*time.Millisecond, ok("x"))}
			n.serving["tcp "+web] = server.take
			c := n.client(t, transport.Options{Rate: rate})
			different := map[time.Duration]bool{}
			for range 30 {
				x := c.Ask(t.Context(), fetch("http://1.2.3.4/"))
				if x.Failure != "" || x.Timing.Total != 10*time.Millisecond {
					t.Fatalf("failure %q after %s: waiting must not count", x.Failure, x.Timing.Total)
				}
			}
			for _, gap := range server.gaps() {
				different[gap] = true
				if gap < pause || gap > pause*111/100 {
					t.Errorf("rate %v: %s between two requests", rate, gap)
				}
			}
			if len(different) < 10 {
				t.Errorf("rate %v: no jitter in %v", rate, server.gaps())
			}
		})
	}
}

// Two hosts do not wait for each other; one host is asked one thing at a time, however
// long it takes.
func TestConcurrencyPerHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		first := &arrivals{serve: answering(5*time.Second, ok("x"))}
		second := &arrivals{serve: answering(5*time.Second, ok("x"))}
		n.serving["tcp "+web], n.serving["tcp 1.2.3.5:80"] = first.take, second.take
		c := n.client(t, transport.Options{})
		start := time.Now()
		var asking sync.WaitGroup
		for range 3 {
			asking.Go(func() {
				x := c.Ask(t.Context(), fetch("http://1.2.3.4/"))
				if x.Failure != "" || x.Timing.Total != 5*time.Second {
					t.Errorf("failure %q after %s", x.Failure, x.Timing.Total)
				}
			})
			asking.Go(func() { c.Ask(t.Context(), fetch("http://1.2.3.5/")) })
		}
		asking.Wait()
		want := []time.Duration{5 * time.Second, 5 * time.Second}
		if !slices.Equal(first.gaps(), want) || !slices.Equal(second.gaps(), want) || time.Since(start) != 15*time.Second {
			t.Errorf("arrivals %v and %v apart, %s in all", first.gaps(), second.gaps(), time.Since(start))
		}
	})
}

func TestRetryAfter(t *testing.T) {
	for name, c := range map[string]struct {
		status, value string
		min, max      time.Duration
	}{
		"seconds":         {"429 Too Many Requests", "20", 20 * time.Second, 20 * time.Second},
		"date":            {"503 Unavailable", "Sat, 01 Jan 2000 00:00:30 GMT", 30 * time.Second, 30 * time.Second},
		"UTC date":        {"503 Unavailable", "Sat, 01 Jan 2000 00:00:30 UTC", 30 * time.Second, 30 * time.Second},
		"capped":          {"429 Too Many Requests", "3600", time.Minute, time.Minute},
		"capped date":     {"503 Unavailable", "Sat, 01 Jan 2000 01:00:00 GMT", time.Minute, time.Minute},
		"capped at once":  {"429 Too Many Requests", strings.Repeat("9", 30), time.Minute, time.Minute},
		"nonsense":        {"429 Too Many Requests", "soon", time.Second, 1100 * time.Millisecond},
		"in the past":     {"503 Unavailable", "Sat, 01 Jan 1999 00:00:30 GMT", time.Second, 1100 * time.Millisecond},
		"with other code": {"404 Not Found", "20", time.Second, 1100 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // the bubble's clock begins with 2000
				n := newNetwork()
				server := &arrivals{serve: answering(0, "HTTP/1.1 "+c.status+"\r\nRetry-After: "+c.value+"\r\n\r\n")}
				n.serving["tcp "+web] = server.take
				client := n.client(t, transport.Options{})
				for range 2 {
					client.Ask(t.Context(), fetch("http://1.2.3.4/"))
				}
				if gap := server.gaps()[0]; gap < c.min || gap > c.max {
					t.Errorf("asked again after %s, want %s to %s", gap, c.min, c.max)
				}
			})
		})
	}
}

func TestLoopbackIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["tcp 127.0.0.1:80"] = answering(0, "HTTP/1.1 429 Slow\r\nRetry-After: 20\r\n\r\n")
		c := n.client(t, transport.Options{AllowPrivate: true})
		start := time.Now()
		for range 20 {
			wantFailure(t, c.Ask(t.Context(), fetch("http://localhost/")), evidence.HTTPStatus, "429")
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("20 questions took %s", took)
		}
	})
}

// A pause that the run would not outlast is not begun.
func TestNoPauseBeyondTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serving["tcp "+web] = answering(0, ok("x"))
		c := n.client(t, transport.Options{Rate: 0.1})
		c.Ask(t.Context(), fetch("http://1.2.3.4/"))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		wantFailure(t, c.Ask(ctx, fetch("http://1.2.3.4/")), evidence.Interrupted, "interrupted: waiting until 1.2.3.4 may be asked")
		if took := time.Since(start); took != 0 {
			t.Errorf("waited %s in vain", took)
		}
	})
}

// Whoever waits, for the turn or for the pause, can be interrupted.
func TestInterruptedWhileWaiting(t *testing.T) {
	for name, c := range map[string]struct {
		pieces []string
		detail string
	}{
		"for the turn":  {nil, "waiting for an earlier question"},
		"for the pause": {[]string{"HTTP/1.1 503 Busy\r\nRetry-After: 9\r\n\r\n"}, "waiting until 1.2.3.4 may be asked"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork()
				n.serving["tcp "+web] = silent
				if c.pieces != nil {
					n.serving["tcp "+web] = answering(0, c.pieces...)
				}
				client := n.client(t, transport.Options{})
				go client.Ask(t.Context(), fetch("http://1.2.3.4/"))
				synctest.Wait()
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(2*time.Second, cancel)
				start := time.Now()
				x := client.Ask(ctx, fetch("http://1.2.3.4/"))
				wantFailure(t, x, evidence.Interrupted, c.detail)
				if time.Since(start) != 2*time.Second || x.Timing.Total != 0 {
					t.Errorf("after %s, of which %s count", time.Since(start), x.Timing.Total)
				}
				time.Sleep(time.Minute)
			})
		})
	}
}
