package transport

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/revprobe/revprobe/probe/evidence"
)

// maxRetryAfter caps what a host may ask us to wait: a run shall end.
const maxRetryAfter = time.Minute

// maxJitter is the share by which the pause between two requests is lengthened at most,
// so that many hosts asked at once do not stay in step.
const maxJitter = 0.1

// pace keeps what we owe each host in politeness.
type pace struct {
	rate  float64 // requests a second
	mu    sync.Mutex
	hosts map[string]*queue
}

// queue is what one host is owed: one question at a time, then a pause.
type queue struct {
	rate    float64
	turn    chan struct{} // holds a token while a question is under way
	limiter *rate.Limiter
	// notBefore is when the host said it may be asked again; guarded by turn.
	notBefore time.Time
}

func newPace(rate float64) *pace { return &pace{rate: rate, hosts: map[string]*queue{}} }

// queue is that of the host, always the same one.
func (p *pace) queue(name string) *queue {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.hosts[name]
	if q == nil {
		q = &queue{rate: p.rate, turn: make(chan struct{}, 1), limiter: rate.NewLimiter(rate.Limit(p.rate), 1)}
		p.hosts[name] = q
	}
	return q
}

// enter waits until no other question to the host is under way.
func (q *queue) enter(ctx context.Context) error {
	select {
	case q.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (q *queue) leave() { <-q.turn }

// wait returns when the host may be sent the next request. Only who has entered calls it.
func (q *queue) wait(ctx context.Context) error {
	if err := sleep(ctx, time.Until(q.notBefore)); err != nil {
		return err
	}
	if err := q.limiter.Wait(ctx); err != nil {
		return err
	}
	q.limiter.SetLimit(rate.Limit(q.rate / (1 + maxJitter*rand.Float64())))
	return nil
}

// owe has the host wait for requests that were sent to it beyond the one that it waited for.
func (q *queue) owe(requests int, now time.Time) {
	if requests > 0 {
		q.notBefore = now.Add(time.Duration(float64(requests) / q.rate * float64(time.Second)))
	}
}

// retryAfter notes what the host asked for with status 429 or 503 (RFC 9110 §10.2.3):
// seconds, or a date.
func (q *queue) retryAfter(code int, value string, now time.Time) {
	if code != evidence.TooManyRequests && code != http.StatusServiceUnavailable || value == "" {
		return
	}
	var pause time.Duration
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		pause = time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	} else if date, err := http.ParseTime(strings.Replace(value, " UTC", " GMT", 1)); err == nil {
		pause = date.Sub(now)
	}
	q.notBefore = now.Add(min(pause, maxRetryAfter))
}

func sleep(ctx context.Context, pause time.Duration) error {
	if pause <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
