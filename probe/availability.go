package probe

import (
	"slices"
	"strings"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
)

// Confirmation says how failures of availability are confirmed. The zero value takes the
// first failure for what it is.
type Confirmation struct {
	evidence.Confirmation
	Interval time.Duration // between two tries; politeness may make it longer
}

// on reports whether anything is asked again.
func (c Confirmation) on() bool { return c.Tries > 1 }

// maxSeries is how many questions are asked again of a service that answers others by the
// same method. Where it answers none, one will do.
const maxSeries = 3

// series is a question that failed, asked again until it is settled what that means.
type series struct {
	question evidence.Question
	failures int
	tries    int
}

// settled reports whether no further try could change what the series says.
func (s *series) settled(c Confirmation) bool {
	return s.tries >= c.Tries || s.failures >= c.Failures || s.failures+c.Tries-s.tries < c.Failures
}

// confirmFailures asks again where services were not there.
func (p *Plan) confirmFailures(recorders []*recorder) {
	if !p.confirmation.on() {
		return
	}
	open := failedQuestions(recorders)
	inParallel(recorders, func(r *recorder) { p.tryAgain(r, open[r.target]) })
}

// tryAgain asks the open questions of one target, try after try.
func (p *Plan) tryAgain(r *recorder, open []*series) {
	for try := 2; ; try++ {
		open = slices.DeleteFunc(open, func(s *series) bool { return s.settled(p.confirmation) })
		if len(open) == 0 || r.ctx.Err() != nil {
			return
		}
		pause(r.ctx, p.confirmation.Interval)
		for _, s := range open {
			q := s.question
			q.Try = try
			x := r.ask(q)
			if x == nil {
				return
			}
			s.tries++
			if x.Unavailable() {
				s.failures++
			}
		}
	}
}

// failedQuestions picks the questions to be asked again, by target.
func failedQuestions(recorders []*recorder) [][]*series {
	answers := map[string]bool{} // the services that answered anything, by method
	for _, r := range recorders {
		for i := range r.list {
			if x := &r.list[i]; ordinarily(x) && !x.Unavailable() {
				answers[serviceMethod(x.Question)] = true
			}
		}
	}
	picked := map[string]int{}
	open := make([][]*series, len(recorders))
	for i, r := range recorders {
		for n := range r.list {
			x := &r.list[n]
			key := serviceMethod(x.Question)
			most := 1
			if answers[key] {
				most = maxSeries
			}
			if ordinarily(x) && x.Unavailable() && picked[key] < most {
				picked[key]++
				open[i] = append(open[i], &series{question: x.Question, failures: 1, tries: 1})
			}
		}
	}
	return open
}

// ordinarily reports whether a question was put for its own sake, and sent.
func ordinarily(x *evidence.Exchange) bool {
	return x.Ask.Has(evidence.HTTP|evidence.Resolve) && !x.Repeat && !x.Replica() && !x.Spared && !x.Failure.Ours()
}

func serviceMethod(q evidence.Question) string {
	if q.Ask == evidence.Resolve {
		return strings.Join([]string{"resolve", host(q.URL)}, " ")
	}
	return strings.Join([]string{q.Method, q.URL, q.Issuer}, " ")
}
