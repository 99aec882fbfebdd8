package conformance

import (
	"slices"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
)

func methodRules() []*Rule {
	return []*Rule{
		{
			ID:     "ocsp-get-post-equal",
			Cites:  []Citation{BR("4.9.9", Observed), RFC6960("A.1", Observed)},
			Says:   "GET and POST should give the same answer about one certificate.",
			Needs:  evidence.Assigned | evidence.Unassigned,
			Marked: Warning,
			Service: func(s ServiceSubject) Verdict {
				compared := false
				for _, get := range s.Answers {
					post := s.posted(get)
					if post == nil || get.Response == nil || post.Response == nil {
						continue
					}
					compared = true
					if get.Answer.Answer == post.Answer.Answer || temporary(get) || temporary(*post) {
						continue // tryLater and internalError are availability, not status
					}
					v := fail("the same answer by GET and POST", "serial %s: %s by GET, %s by POST", get.Serial, get.Answer.Answer, post.Answer.Answer).
						in("responses[0].certStatus").about(get.Exchange, post.Exchange)
					if misleading(get, *post) {
						return v.atLeast(Critical)
					}
					return v
				}
				if !compared {
					return unable("no serial was answered by both GET and POST")
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("unauthorized by GET, unknown by POST", func(r *fake) {
					r.OCSP.ForGET = func(o *fixtures.OCSP) { o.Unassigned = fixtures.Unauthorized }
				}),
				when("revoked by GET, good by POST", func(r *fake) {
					r.OCSP.ForGET = func(o *fixtures.OCSP) { o.Assigned = fixtures.Revoked }
				}),
			},
			Good: []fixtures.Case{
				when("of another age", func(r *fake) {
					r.OCSP.ForGET = func(o *fixtures.OCSP) {
						o.ProducedAt, o.ThisUpdate, o.NextUpdate = r.Now.Add(-day), r.Now.Add(-day), r.Now.Add(3*day)
					}
				}),
				when("tryLater by POST", func(r *fake) {
					r.OCSP.Assigned = fixtures.TryLater
					r.OCSP.ForGET = func(o *fixtures.OCSP) { o.Assigned = fixtures.Good }
				}),
			},
		},
		{
			ID:      "http-ocsp-get",
			Cites:   []Citation{BR("4.9.9", Must).Since("2013-01-01"), RFC6960("A.1", Must)},
			Says:    "The responder must answer GET.",
			Needs:   evidence.Assigned | evidence.Unassigned,
			Tried:   true,
			Service: func(s ServiceSubject) Verdict { return s.method("GET", byGET, "POST", byPOST) },
			Bad:     []fixtures.Case{when("405", func(r *fake) { r.OCSPHTTP.OnlyPOST = true })},
			Good: []fixtures.Case{when("an error answer is an answer", func(r *fake) {
				r.OCSP.ForGET = func(o *fixtures.OCSP) {
					o.Assigned, o.Unassigned = fixtures.MalformedRequest, fixtures.MalformedRequest
				}
			})},
		},
		{
			ID:      "http-ocsp-post",
			Cites:   []Citation{RFC6960("A.1", Must), RFC9919("6", Practice)}, // BR 4.9.9 asks for GET alone
			Says:    "The responder must answer POST.",
			Needs:   evidence.Assigned | evidence.Unassigned,
			Tried:   true,
			Service: func(s ServiceSubject) Verdict { return s.method("POST", byPOST, "GET", byGET) },
			Bad:     []fixtures.Case{when("405", func(r *fake) { r.OCSPHTTP.OnlyGET = true })},
			Good: []fixtures.Case{when("an error answer is an answer", func(r *fake) {
				r.OCSP.Assigned, r.OCSP.Unassigned = fixtures.MalformedRequest, fixtures.MalformedRequest
				r.OCSP.ForGET = func(o *fixtures.OCSP) { o.Assigned, o.Unassigned = fixtures.Good, fixtures.Unknown }
			})},
		},
	}
}

// The questions about serials by method.
const (
	byGET  = evidence.AssignedGET | evidence.UnassignedGET
	byPOST = evidence.AssignedPOST | evidence.UnassignedPOST
)

// method judges whether a method is answered, where the other one shows that there is a
// responder.
func (s ServiceSubject) method(name string, kinds evidence.Ask, otherName string, other evidence.Ask) Verdict {
	asked := slices.DeleteFunc(s.asked(kinds), func(x *evidence.Exchange) bool { return x.Failure.Ours() })
	switch {
	case len(asked) == 0 || len(s.asked(other)) == 0:
		return skip()
	case s.responded(kinds):
		return pass()
	case !s.responded(other):
		return unable("neither GET nor POST was answered")
	}
	return fail("an OCSP response to "+name, "%s is answered, %s is not: %s", otherName, name, got(asked[0])).about(ids(asked)...)
}

// misleading reports whether two answers about one certificate tell its relying parties
// different statuses, other than that a revocation reached one method before the other:
// answers to GET are kept in caches for as long as they are valid.
func misleading(a, b ServiceAnswer) bool {
	statuses := []string{"good", "revoked"}
	if !slices.Contains(statuses, a.Answer.Answer) && !slices.Contains(statuses, b.Answer.Answer) {
		return false
	}
	older, newer := a, b
	if thisUpdate(a).After(thisUpdate(b)) {
		older, newer = b, a
	}
	return older.Answer.Answer != "good" || newer.Answer.Answer != "revoked" || thisUpdate(older).Equal(thisUpdate(newer))
}

func thisUpdate(a ServiceAnswer) time.Time {
	if single := a.Response.match(); single != nil {
		return single.ThisUpdate.Time
	}
	return time.Time{}
}

// temporary reports whether an answer says no more than that there is none now.
func temporary(a ServiceAnswer) bool {
	return a.Answer.Answer == "try-later" || a.Answer.Answer == "internal-error"
}

// posted returns the answer to a POST about the same serial as an answer to a GET, put to the
// same address in the same round.
func (s ServiceSubject) posted(get ServiceAnswer) *ServiceAnswer {
	if get.Method != "GET" {
		return nil
	}
	for i := range s.Answers {
		if a := &s.Answers[i]; a.Method == "POST" && a.Serial == get.Serial && a.Strategy == get.Strategy && a.Address == get.Address && a.Round == get.Round && !a.Repeat {
			return a
		}
	}
	return nil
}

// responded reports whether any question of those kinds brought an OCSPResponse.
func (s ServiceSubject) responded(kinds evidence.Ask) bool {
	for _, a := range s.Answers {
		if a.Ask.Has(kinds) && a.Response != nil && a.Response.Exchange.Failure == "" {
			return true
		}
	}
	return false
}
