package probe

import (
	"context"
	"crypto/x509"
	"fmt"
	"iter"
	"net/http"
	"sync"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// ListQuestion asks a responder about a certificate of a list, whose issuer is that.
func ListQuestion(responder string, issuer, c *x509.Certificate) (evidence.Question, error) {
	about := evidence.Question{URL: responder, Issuer: evidence.Fingerprint(issuer.Raw), Subject: evidence.Fingerprint(c.Raw), Certificate: c.Raw}
	return question(about, Target{Issuer: issuer}, revocation.SerialOf(c.SerialNumber), evidence.AssignedPOST)
}

// ByGET is the same question, put by GET: what answers then may be a cache.
func ByGET(q evidence.Question) evidence.Question {
	q.Ask, q.Method, q.Target = evidence.AssignedGET, http.MethodGet, GETURL(q.URL, q.Request)
	return q
}

// How often in a row a host may fail to answer before it is left alone for a while, for how
// long, and how often before it is given up. One that has never answered, which may be a
// wrong address, is asked its first question so many times, and not waited for long.
const (
	patience   = 3
	recess     = time.Minute
	maxSilent  = 10
	firstTries = 3
	firstPause = 20 * time.Second
	maxWaiting = 64 << 20 // octets of questions that wait, of all hosts together
)

// ListOptions say what becomes of the answers about a list. None of the functions is called
// by several goroutines at once.
type ListOptions struct {
	Kept int                      // how many exchanges there are already
	Keep func(*evidence.Exchange) // is given each exchange as soon as it is over
	// GivenUp is given each question that is not put, since its host had failed too often, the
	// last time so.
	GivenUp func(evidence.Question, evidence.Failure)
	// Waiting, where not nil, is told of each host that does not answer, when it is left alone
	// for the first time: for how long, and how often it may fail from then on.
	Waiting func(last *evidence.Exchange, pause time.Duration, more int)
}

// AskList puts questions as they come, several hosts at once, each host one question at a
// time. A host that fails is asked again, then left alone for a while, and given up in the
// end. When ctx ends it stops asking; nothing is said of what was not asked by then. It reads
// no further ahead than memory allows.
func AskList(ctx context.Context, questions iter.Seq[evidence.Question], asker Asker, o ListOptions) {
	l := &listing{ListOptions: o, ctx: ctx, asker: asker, hosts: map[string]*listedHost{}}
	l.room = sync.NewCond(&l.mutex)
	defer context.AfterFunc(ctx, func() {
		l.mutex.Lock()
		defer l.mutex.Unlock()
		l.room.Broadcast()
	})()
	for q := range questions {
		if !l.queue(q) {
			break
		}
	}
	l.wait.Wait()
}

// listing is a list while it is asked about.
type listing struct {
	ListOptions
	ctx   context.Context
	asker Asker
	wait  sync.WaitGroup

	mutex   sync.Mutex // guards all that follows
	room    *sync.Cond
	waiting int // octets
	hosts   map[string]*listedHost

	keeping sync.Mutex // one call of the options' functions at a time
}

// listedHost is one host with the questions that wait for it.
type listedHost struct {
	questions []evidence.Question
	working   bool
	answered  bool             // ever
	told      bool             // that it does not answer
	failed    int              // in a row
	givenUp   evidence.Failure // the last failure; empty: it is not given up
}

func weight(q evidence.Question) int { return len(q.Certificate) + len(q.Request) + 512 }

// queue adds a question to those of its host, and waits while too many wait; false when ctx
// ended.
func (l *listing) queue(q evidence.Question) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for l.waiting > maxWaiting && l.ctx.Err() == nil {
		l.room.Wait()
	}
	if l.ctx.Err() != nil {
		return false
	}
	l.waiting += weight(q)
	h := l.hosts[host(q.URL)]
	if h == nil {
		h = &listedHost{}
		l.hosts[host(q.URL)] = h
	}
	h.questions = append(h.questions, q)
	if !h.working {
		h.working = true
		l.wait.Go(func() { l.work(h) })
	}
	return true
}

// next takes the next question of a host; false where none waits.
func (l *listing) next(h *listedHost) (evidence.Question, bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if len(h.questions) == 0 || l.ctx.Err() != nil {
		h.working = false
		return evidence.Question{}, false
	}
	q := h.questions[0]
	h.questions[0] = evidence.Question{}
	h.questions = h.questions[1:]
	l.waiting -= weight(q)
	l.room.Signal()
	return q, true
}

// work asks a host until no question waits for it.
func (l *listing) work(h *listedHost) {
	for {
		q, more := l.next(h)
		switch {
		case !more:
			return
		case h.givenUp != "":
			l.giveUp(q, h.givenUp)
		default:
			l.put(h, q)
		}
	}
}

// put asks one question, and again where it failed in a way that may be chance.
func (l *listing) put(h *listedHost, q evidence.Question) {
	x, ok := l.ask(q)
	switch {
	case ok && !h.answered && absent(x):
		for n := 1; n < firstTries && ok && absent(x); n++ {
			l.leave(h, &x, firstPause, firstTries-n)
			q.Repeat = true
			x, ok = l.ask(q)
		}
		if ok && absent(x) {
			h.givenUp = x.Failure
			return
		}
	case ok && chance(x):
		q.Repeat = true
		x, ok = l.ask(q)
	}
	switch {
	case !ok:
		return
	case permanent(x):
		h.givenUp = x.Failure
	case silent(x):
		switch h.failed++; {
		case h.failed >= maxSilent:
			h.givenUp = x.Failure
		case h.failed >= patience:
			l.leave(h, &x, recess, maxSilent-h.failed)
		}
	default:
		h.failed, h.answered = 0, true
	}
}

// permanent reports whether the next question would fail like this one.
func permanent(x evidence.Exchange) bool {
	return x.Failure == evidence.Refused || x.Failure == evidence.BadURL
}

// absent reports whether an exchange leaves open that there is any responder. One that asks to
// be left alone is there.
func absent(x evidence.Exchange) bool {
	return silent(x) && !permanent(x) && x.Code != evidence.TooManyRequests
}

// ask puts a question and keeps what came back; false where it was interrupted.
func (l *listing) ask(q evidence.Question) (evidence.Exchange, bool) {
	x := l.asker.Ask(l.ctx, q)
	if x.Failure == evidence.Interrupted {
		return x, false
	}
	l.keeping.Lock()
	defer l.keeping.Unlock()
	l.Kept++
	x.Question, x.ID = q, ListID(l.Kept)
	l.Keep(&x)
	return x, true
}

// ListID names the n-th exchange about lists.
func ListID(n int) string { return fmt.Sprintf("issued.%d", n) }

func (l *listing) giveUp(q evidence.Question, f evidence.Failure) {
	l.keeping.Lock()
	defer l.keeping.Unlock()
	l.GivenUp(q, f)
}

// leave leaves a host alone that does not answer.
func (l *listing) leave(h *listedHost, last *evidence.Exchange, length time.Duration, more int) {
	if !h.told && l.Waiting != nil && l.ctx.Err() == nil {
		h.told = true
		l.keeping.Lock()
		l.Waiting(last, length, more)
		l.keeping.Unlock()
	}
	pause(l.ctx, length)
}

// chance reports whether an exchange may have failed by chance.
func chance(x evidence.Exchange) bool {
	switch x.Failure {
	case evidence.HTTPStatus:
		return x.Code >= http.StatusInternalServerError
	case "", evidence.Redirect, evidence.Oversize:
		return false
	}
	return !x.Failure.Ours()
}

// silent reports whether an exchange shows that the host, or our network, does not answer
// just now, or wants to be left alone.
func silent(x evidence.Exchange) bool {
	switch x.Failure {
	case "", evidence.Redirect, evidence.Oversize, evidence.HTTPSyntax:
		return false
	case evidence.HTTPStatus:
		switch x.Code {
		case evidence.TooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
		return false
	}
	return true
}
