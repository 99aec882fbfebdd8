package probe_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/evidence"
)

// confirmed runs a plan that confirms failures, and returns the tries as "try: ask, code".
func confirmed(t *testing.T, c probe.Confirmation, asks evidence.Ask, answer asker) (record evidence.Run, tries []string) {
	t.Helper()
	p, err := probe.NewPlan(&record, []probe.Target{targetOf(fake(nil))}, probe.Options{Asks: asks, Serials: seed, Confirmation: c})
	if err != nil {
		t.Fatal(err)
	}
	probe.Run(t.Context(), p, answer, &record)
	for _, x := range record.Exchanges {
		if x.Try > 0 {
			tries = append(tries, fmt.Sprintf("%d: %s %d", x.Try, x.Ask, x.Code))
		}
	}
	return record, tries
}

func of(failures, tries int) probe.Confirmation {
	return probe.Confirmation{Confirmation: evidence.Confirmation{Failures: failures, Tries: tries}, Interval: 10 * time.Second}
}

// failing answers as a fake does, but for the CRL, which fails as that says, from 1.
func failing(fails func(n int) bool) asker {
	r, n := fake(nil), 0
	return func(_ context.Context, q evidence.Question) evidence.Exchange {
		x := r.Respond(q)
		if q.Ask == evidence.FetchCRL {
			if n++; fails(n) {
				x.Code, x.Failure, x.Body = 503, evidence.HTTPStatus, nil
			}
		}
		return x
	}
}

func TestTriesEndWhenItIsSettled(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		fails func(n int) bool
		c     probe.Confirmation
		want  []string
	}{
		{"not at all", func(int) bool { return false }, of(3, 5), nil},
		{"not confirmed", func(n int) bool { return n == 1 }, of(3, 5), []string{"2: fetch-crl 200", "3: fetch-crl 200", "4: fetch-crl 200"}},
		{"always", func(int) bool { return true }, of(3, 5), []string{"2: fetch-crl 503", "3: fetch-crl 503"}},
		{"every second", func(n int) bool { return n%2 == 1 }, of(3, 5), []string{"2: fetch-crl 200", "3: fetch-crl 503", "4: fetch-crl 200", "5: fetch-crl 503"}},
		{"all have to", func(n int) bool { return n < 3 }, of(3, 3), []string{"2: fetch-crl 503", "3: fetch-crl 200"}},
		{"the first counts", func(int) bool { return true }, of(1, 1), nil},
		{"nobody wants it", func(int) bool { return true }, probe.Confirmation{}, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			record, tries := confirmed(t, test.c, evidence.FetchCRL, failing(test.fails))
			if !slices.Equal(tries, test.want) {
				t.Errorf("%s: %v, want %v", test.name, tries, test.want)
			}
			if took := time.Since(began); took != time.Duration(len(test.want))*10*time.Second {
				t.Errorf("%s: took %s", test.name, took)
			}
			if (record.Confirm != nil) != (test.c.Tries > 1) {
				t.Errorf("%s: the run says %v", test.name, record.Confirm)
			}
			repeated := slices.ContainsFunc(record.Exchanges, func(x evidence.Exchange) bool { return x.Repeat })
			if repeated != (test.c.Tries < 2 && test.fails(1)) {
				t.Errorf("%s: repeated at once: %v", test.name, repeated)
			}
		})
	}
}

// Of a responder that is down one question for each method is tried again, of one that fails
// at times a few; where it keeps silent they are sent all the same.
func TestFewQuestionsAreTriedAgain(t *testing.T) {
	t.Parallel()
	const ocsp = evidence.Assigned | evidence.Unassigned
	for _, test := range []struct {
		name string
		down func(q evidence.Question) bool
		want []string
	}{
		{"down", func(evidence.Question) bool { return true }, []string{"2: assigned-post 0", "2: assigned-get 0"}},
		{"all GETs", func(q evidence.Question) bool { return q.Method == http.MethodGet }, []string{"2: assigned-get 0"}},
		{"unassigned serials by GET", func(q evidence.Question) bool { return q.Ask == evidence.UnassignedGET },
			[]string{"2: unassigned-get 0", "2: unassigned-get 0", "2: unassigned-get 0"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := fake(nil)
			_, tries := confirmed(t, of(2, 2), ocsp, func(_ context.Context, q evidence.Question) evidence.Exchange {
				if test.down(q) {
					return evidence.Exchange{Failure: evidence.HTTPTimeout, Detail: "nothing came"}
				}
				return r.Respond(q)
			})
			if !slices.Equal(tries, test.want) {
				t.Errorf("%s: %v, want %v", test.name, tries, test.want)
			}
		})
	}
}

// What is our own doing, or no matter of availability, is not tried again; a host without an
// address, or with one that is dead, is.
func TestWhatIsTriedAgain(t *testing.T) {
	t.Parallel()
	for failure, want := range map[evidence.Failure]int{evidence.NoRoute: 0, evidence.Refused: 0, evidence.NotKept: 0, evidence.Redirect: 0, evidence.Oversize: 0,
		evidence.Reset: 1, evidence.Truncated: 1, evidence.ConnectRefused: 1, evidence.DNSNXDomain: 1, evidence.HTTPSyntax: 1} {
		synctest.Test(t, func(t *testing.T) {
			_, tries := confirmed(t, of(2, 2), evidence.FetchCRL, func(context.Context, evidence.Question) evidence.Exchange {
				return evidence.Exchange{Failure: failure}
			})
			if len(tries) != want {
				t.Errorf("%s: %v", failure, tries)
			}
		})
	}
	for name, change := range map[string]func(*fixtures.Responder){
		"resolve": func(r *fixtures.Responder) { r.DNS.Dead = 1 }, "fetch-crl": func(r *fixtures.Responder) { r.CRLHTTP.Delay = evidence.LateAfter + 1 },
	} {
		synctest.Test(t, func(t *testing.T) {
			r := fake(change)
			_, tries := confirmed(t, of(2, 2), evidence.FetchCRL|evidence.Resolve, func(_ context.Context, q evidence.Question) evidence.Exchange { return r.Respond(q) })
			if len(tries) != 1 || tries[0][:len("2: "+name)] != "2: "+name {
				t.Errorf("%s: %v", name, tries)
			}
		})
	}
	_, tries := confirmed(t, of(2, 2), evidence.FetchCRL, func(context.Context, evidence.Question) evidence.Exchange {
		return evidence.Exchange{Failure: evidence.HTTPStatus, Code: http.StatusTooManyRequests}
	})
	if len(tries) != 0 {
		t.Errorf("429: %v", tries)
	}
}

// When the run is stopped, so are the tries.
func TestTriesEndWithTheRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(context.Background(), 15*time.Second)
		defer stop()
		var record evidence.Run
		p, err := probe.NewPlan(&record, []probe.Target{targetOf(fake(nil))}, probe.Options{Asks: evidence.FetchCRL, Serials: seed, Confirmation: of(5, 5)})
		if err != nil {
			t.Fatal(err)
		}
		probe.Run(ctx, p, failing(func(int) bool { return true }), &record)
		if len(record.Exchanges) != 2 {
			t.Errorf("%d questions in 15 s", len(record.Exchanges))
		}
	})
}
