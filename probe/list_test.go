package probe_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/evidence"
)

// answering answers as a function says, after a second, and notes how many it was asked at
// once by each host.
type answering struct {
	answer func(q evidence.Question, times int) evidence.Exchange
	mutex  sync.Mutex
	asked  []string // URL and serial
	busy   map[string]int
	most   int // hosts at once
	twice  int // questions to a host that was being asked
}

func (a *answering) Ask(ctx context.Context, q evidence.Question) evidence.Exchange {
	a.mutex.Lock()
	if a.busy == nil {
		a.busy = map[string]int{}
	}
	times := 0
	for _, before := range a.asked {
		if before == q.URL+" "+q.Serial {
			times++
		}
	}
	a.asked = append(a.asked, q.URL+" "+q.Serial)
	if a.busy[q.URL]++; a.busy[q.URL] > 1 {
		a.twice++
	}
	a.most = max(a.most, len(a.busy))
	a.mutex.Unlock()
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return evidence.Exchange{Failure: evidence.Interrupted}
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.busy[q.URL]--; a.busy[q.URL] == 0 {
		delete(a.busy, q.URL)
	}
	x := evidence.Exchange{Code: 200}
	if a.answer != nil {
		x = a.answer(q, times)
	}
	x.At = time.Now()
	return x
}

// about is so many questions, to hosts in turn.
func about(count int, hosts ...string) []evidence.Question {
	var list []evidence.Question
	for n := range count {
		list = append(list, evidence.Question{Ask: evidence.AssignedPOST, URL: "http://" + hosts[n%len(hosts)], Serial: fmt.Sprint(n)})
	}
	return list
}

// askList asks, and returns the exchanges and the questions that were given up.
func askList(ctx context.Context, a *answering, questions []evidence.Question) (kept []evidence.Exchange, givenUp []evidence.Question) {
	probe.AskList(ctx, slices.Values(questions), a, probe.ListOptions{
		Keep:    func(x *evidence.Exchange) { kept = append(kept, *x) },
		GivenUp: func(q evidence.Question, _ evidence.Failure) { givenUp = append(givenUp, q) },
	})
	return kept, givenUp
}

// Hosts are asked side by side, each one question at a time and in the order of the list.
func TestListsAreAskedHostByHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a answering
		began := time.Now()
		kept, givenUp := askList(t.Context(), &a, about(30, "a.example", "b.example", "c.example"))
		if took := time.Since(began); took != 10*time.Second || a.most != 3 || a.twice != 0 || len(givenUp) != 0 {
			t.Errorf("30 questions to 3 hosts took %s, %d hosts at once, %d times two questions, %d given up", took, a.most, a.twice, len(givenUp))
		}
		var ids, first []string
		for _, x := range kept {
			ids = append(ids, x.ID)
			if x.URL == "http://a.example" {
				first = append(first, x.Serial)
			}
		}
		if len(kept) != 30 || ids[0] != "issued.1" || ids[29] != "issued.30" || strings.Join(first, " ") != "0 3 6 9 12 15 18 21 24 27" {
			t.Errorf("%d exchanges %v, of the first host %v", len(kept), ids, first)
		}
	})
}

func TestFailuresAreAskedAgainOnce(t *testing.T) {
	for name, test := range map[string]struct {
		failed evidence.Exchange
		asked  int
	}{
		"a reset":         {evidence.Exchange{Failure: evidence.Reset}, 2},
		"500":             {evidence.Exchange{Failure: evidence.HTTPStatus, Code: 500}, 2},
		"404":             {evidence.Exchange{Failure: evidence.HTTPStatus, Code: 404}, 1},
		"a redirect":      {evidence.Exchange{Failure: evidence.Redirect, Code: 301}, 1},
		"a whole answer":  {evidence.Exchange{Code: 200}, 1},
		"our own network": {evidence.Exchange{Failure: evidence.NoRoute}, 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := answering{answer: func(_ evidence.Question, times int) evidence.Exchange {
				if times == 0 {
					return test.failed
				}
				return evidence.Exchange{Code: 200}
			}}
			kept, _ := askList(t.Context(), &a, about(1, "a.example"))
			if len(kept) != test.asked || kept[0].Repeat || test.asked == 2 && !kept[1].Repeat {
				t.Errorf("%s: %d exchanges, want %d", name, len(kept), test.asked)
			}
		})
	}
}

// A host that fails is left alone for a while and given up in the end, soon where it never
// answered; others are asked on.
func TestASilentHostIsGivenUp(t *testing.T) {
	timeout, busy := evidence.Exchange{Failure: evidence.ConnectTimeout}, evidence.Exchange{Failure: evidence.HTTPStatus, Code: 503}
	later, cutOff := evidence.Exchange{Failure: evidence.HTTPStatus, Code: 429}, evidence.Exchange{Failure: evidence.NoRoute}
	for name, test := range map[string]struct {
		failed  evidence.Exchange
		first   int // answered before it fails
		kept    int
		seconds int
		told    string
	}{
		"timeouts":               {timeout, 1, 21, 21 + 7*60, "1m0s 7"},
		"503":                    {busy, 1, 21, 21 + 7*60, "1m0s 7"},
		"429":                    {later, 1, 11, 11 + 7*60, "1m0s 7"},
		"no route":               {cutOff, 1, 11, 11 + 7*60, "1m0s 7"},
		"never but timeouts":     {timeout, 0, 3, 3 + 2*20, "20s 2"},
		"never but 503":          {busy, 0, 3, 3 + 2*20, "20s 2"},
		"never but 429":          {later, 0, 10, 10 + 7*60, "1m0s 7"},
		"never any route":        {cutOff, 0, 3, 3 + 2*20, "20s 2"},
		"a private address":      {evidence.Exchange{Failure: evidence.Refused}, 0, 1, 1, ""},
		"404, which is none":     {evidence.Exchange{Failure: evidence.HTTPStatus, Code: 404}, 0, 25, 25, ""},
		"HTML, which is none":    {evidence.Exchange{Code: 200}, 0, 25, 25, ""},
		"404, and then timeouts": {timeout, 1, 21, 21 + 7*60, "1m0s 7"},
	} {
		synctest.Test(t, func(t *testing.T) {
			answered := 0
			a := answering{answer: func(q evidence.Question, _ int) evidence.Exchange {
				switch {
				case q.URL == "http://good.example":
					return evidence.Exchange{Code: 200}
				case answered < test.first && strings.HasPrefix(name, "404"):
					answered++
					return evidence.Exchange{Failure: evidence.HTTPStatus, Code: 404}
				case answered < test.first:
					answered++
					return evidence.Exchange{Code: 200}
				}
				return test.failed
			}}
			began, last := time.Now(), map[string]int{}
			var kept []evidence.Exchange
			givenUp, told := 0, []string(nil)
			probe.AskList(t.Context(), slices.Values(about(50, "bad.example", "good.example")), &a, probe.ListOptions{
				Keep:    func(x *evidence.Exchange) { kept = append(kept, *x) },
				GivenUp: func(evidence.Question, evidence.Failure) { givenUp++ },
				Waiting: func(x *evidence.Exchange, pause time.Duration, more int) {
					if x.URL != "http://bad.example" || x.Failure != test.failed.Failure {
						t.Errorf("%s: told of %s: %s", name, x.URL, x.Failure)
					}
					told = append(told, fmt.Sprint(pause, " ", more))
				},
			})
			count, asked := map[string]int{}, map[string]bool{}
			for _, x := range kept {
				count[x.URL]++
				last[x.URL] = int(x.At.Sub(began) / time.Second)
				asked[x.URL+x.Serial] = true
			}
			if count["http://bad.example"] != test.kept || last["http://bad.example"] != test.seconds || count["http://good.example"] != 25 || last["http://good.example"] != 25 ||
				len(asked)+givenUp != 50 || strings.Join(told, ", ") != test.told {
				t.Errorf("%s: %v exchanges, the last after %v s, %d given up; told %q", name, count, last, givenUp, told)
			}
		})
	}
}

// A host whose first question fails at first is asked it again, and then the others.
func TestAHostThatAnswersInTheEndIsNotGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := answering{answer: func(_ evidence.Question, times int) evidence.Exchange {
			if times < 2 {
				return evidence.Exchange{Failure: evidence.ConnectRefused}
			}
			return evidence.Exchange{Code: 200}
		}}
		kept, givenUp := askList(t.Context(), &a, about(1, "a.example"))
		if len(kept) != 3 || !kept[1].Repeat || !kept[2].Repeat || kept[2].Code != 200 || len(givenUp) != 0 {
			t.Errorf("%d exchanges, %d given up", len(kept), len(givenUp))
		}
	})
}

// One answer is enough to begin to count anew.
func TestAHostThatComesBackIsAskedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		a := answering{answer: func(evidence.Question, int) evidence.Exchange {
			if n++; n > 1 && n%20 < 18 {
				return evidence.Exchange{Failure: evidence.ConnectTimeout}
			}
			return evidence.Exchange{Code: 200}
		}}
		if _, givenUp := askList(t.Context(), &a, about(100, "a.example")); len(givenUp) > 0 {
			t.Errorf("%d given up", len(givenUp))
		}
	})
}

func TestAnInterruptedListEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, answer := range map[string]func(evidence.Question, int) evidence.Exchange{
			"answers": nil,
			"failures": func(evidence.Question, int) evidence.Exchange {
				return evidence.Exchange{Failure: evidence.ConnectTimeout}
			},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second+time.Millisecond)
			began := time.Now()
			kept, givenUp := askList(ctx, &answering{answer: answer}, about(1000, "a.example"))
			cancel()
			if took := time.Since(began); took > 31*time.Second || len(givenUp) > 0 || name == "answers" && len(kept) != 30 {
				t.Errorf("%s: after %s %d exchanges, %d given up", name, took, len(kept), len(givenUp))
			}
		}
	})
}

// A list is not read further ahead than memory allows.
func TestAListIsReadAsItIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		der := make([]byte, 1<<20)
		var read atomic.Int64
		var kept, ahead int64
		questions := func(yield func(evidence.Question) bool) {
			for n := range 300 {
				if read.Add(1); !yield(evidence.Question{URL: "http://a.example", Serial: fmt.Sprint(n), Certificate: der}) {
					return
				}
			}
		}
		probe.AskList(t.Context(), questions, &answering{}, probe.ListOptions{Keep: func(*evidence.Exchange) {
			kept++
			ahead = max(ahead, read.Load()-kept)
		}})
		if kept != 300 || ahead > 67 {
			t.Errorf("%d exchanges, %d MiB ahead", kept, ahead)
		}
	})
}
