package conformance

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// replicaAnswer is one answer to a question that was put several times, to each address of
// the host or in several rounds.
type replicaAnswer struct {
	*evidence.Exchange
	machine  string // the address that was spoken to
	said     string // the status, the document, or how it failed
	answered bool   // the document asked for came, whatever it says
	response *ResponseSubject
	crl      *CRLSubject
}

// replicated returns the answers to each question that was put several times for the sake of
// comparison, the ordinary one among them. What failed for reasons of ours, or reached no
// machine at all, says nothing of one.
func (s ServiceSubject) replicated(kinds evidence.Ask) [][]replicaAnswer {
	if !slices.ContainsFunc(s.Exchanges, (*evidence.Exchange).Replica) {
		return nil
	}
	var groups [][]replicaAnswer
	for _, x := range s.asked(kinds) {
		at := slices.IndexFunc(groups, func(g []replicaAnswer) bool { return sameQuestion(g[0].Question, x.Question) })
		a := s.replicaAnswer(x)
		switch {
		case a.machine == "" || x.Repeat || x.Spared || x.Failure.Ours() || x.Code == evidence.TooManyRequests:
		case at < 0:
			groups = append(groups, []replicaAnswer{a})
		default:
			groups[at] = append(groups[at], a)
		}
	}
	return slices.DeleteFunc(groups, func(g []replicaAnswer) bool {
		return len(g) < 2 || !slices.ContainsFunc(g, func(a replicaAnswer) bool { return a.Replica() })
	})
}

func sameQuestion(a, b evidence.Question) bool {
	return a.Ask == b.Ask && bytes.Equal(a.Request, b.Request)
}

func (s ServiceSubject) replicaAnswer(x *evidence.Exchange) replicaAnswer {
	a := replicaAnswer{Exchange: x, machine: x.Machine(), said: string(x.Failure)}
	for i := range s.Answers {
		if s.Answers[i].Exchange == x.ID {
			a.response, a.said = s.Answers[i].Response, s.Answers[i].Answer.Answer
		}
	}
	for _, c := range s.CRLs {
		if c.Exchange == x {
			a.crl, a.said = c, "a CRL"
		}
	}
	switch {
	case x.Failure == evidence.HTTPStatus:
		a.said = fmt.Sprintf("HTTP %d", x.Code)
	case a.said == "":
		a.said = "no CRL"
	}
	a.answered = x.Failure == "" && (a.response != nil || a.crl != nil)
	return a
}

// isStatus reports whether a word is what an OCSP response says of a certificate.
func isStatus(word string) bool {
	return slices.Contains([]string{"good", "revoked", "extended-revoked", "unknown"}, word)
}

// machines are the addresses that answered, in the order of the run.
func machines(group []replicaAnswer) []string {
	var list []string
	for _, a := range group {
		if !slices.Contains(list, a.machine) {
			list = append(list, a.machine)
		}
	}
	return list
}

// lastingAnswers leaves out the failures of machines that at another time answered: those are the
// business of http-status-200.
func lastingAnswers(group []replicaAnswer) []replicaAnswer {
	return slices.DeleteFunc(slices.Clone(group), func(a replicaAnswer) bool {
		return !a.answered && slices.ContainsFunc(group, func(b replicaAnswer) bool { return b.answered && b.machine == a.machine })
	})
}

// words are what a group said, each once.
func words(group []replicaAnswer) []string {
	var list []string
	for _, a := range group {
		if !slices.Contains(list, a.said) {
			list = append(list, a.said)
		}
	}
	return list
}

// tell says what each machine said, and how often where it said several things.
func tell(group []replicaAnswer) string {
	const few = 6
	var parts []string
	for _, machine := range machines(group) {
		own := slices.DeleteFunc(slices.Clone(group), func(a replicaAnswer) bool { return a.machine != machine })
		var said []string
		for _, word := range words(own) {
			times := len(slices.DeleteFunc(slices.Clone(own), func(a replicaAnswer) bool { return a.said != word }))
			if len(words(own)) > 1 {
				word += " " + portion(times, len(own))
			}
			said = append(said, word)
		}
		parts = append(parts, machine+": "+strings.Join(said, ", "))
	}
	if more := len(parts) - few; more > 0 {
		parts = append(parts[:few], fmt.Sprintf("and so on for %d more", more))
	}
	return strings.Join(parts, "; ")
}

// replicaQuestion names what a group was asked; a CRL is asked for in one way.
func replicaQuestion(q evidence.Question) string {
	if q.Serial == "" {
		return ""
	}
	return q.Method + " about serial " + q.Serial
}

// consistent judges whether all machines said the same of a certificate, or at least the same
// kind of thing.
func consistent(group []replicaAnswer) Verdict {
	group = lastingAnswers(group)
	status := slices.DeleteFunc(slices.Clone(group), func(a replicaAnswer) bool { return !a.answered || !isStatus(a.said) })
	switch {
	case len(words(group)) < 2:
		return pass()
	case len(words(status)) < 2:
		return fail("an answer of the same kind from every address", "%s", tell(group)).about(replicaIDs(group)...).atMost(Warning)
	case beforeRevocation(status):
		return fail("the same status from every address", "%s, where the answers other than revoked are from before the revocation", tell(status)).
			about(replicaIDs(status)...).atMost(Warning)
	}
	return fail("the same status from every address", "%s", tell(status)).about(replicaIDs(status)...)
}

// beforeRevocation reports whether a certificate was revoked, and whoever says otherwise does
// so in a response from before that: caches may keep those.
func beforeRevocation(status []replicaAnswer) bool {
	revoked := time.Time{}
	for _, a := range status {
		if single := a.response.gravest(); a.said == "revoked" && single != nil {
			revoked = later(revoked, single.RevocationTime.Time)
		}
	}
	return !revoked.IsZero() && !slices.ContainsFunc(status, func(a replicaAnswer) bool {
		single := a.response.gravest()
		return a.said != "revoked" && (single == nil || !single.ThisUpdate.Before(revoked))
	})
}

func replicaIDs(group []replicaAnswer) []string {
	var list []string
	for _, a := range group {
		list = append(list, a.ID)
	}
	return list
}

// families are the answers over IPv4 and those over IPv6.
func families(group []replicaAnswer) (four, six []replicaAnswer) {
	for _, a := range group {
		switch address, err := netip.ParseAddr(a.machine); {
		case err != nil:
		case address.Unmap().Is4():
			four = append(four, a)
		default:
			six = append(six, a)
		}
	}
	return four, six
}

// parity judges whether one family of addresses gives what the other does not.
func parity(group []replicaAnswer) Verdict {
	four, six := families(lastingAnswers(group))
	switch {
	case len(four) == 0 || len(six) == 0:
		return skip()
	case slices.ContainsFunc(words(six), func(word string) bool { return slices.Contains(words(four), word) }):
		return pass()
	}
	return fail("the same over IPv6 as over IPv4", "%s", tell(slices.Concat(four, six))).about(replicaIDs(six)...)
}

// replicationTime is for how long a CRL that is not the newest may still be given: CCADB §6.2
// and Apple §2.1.1 have the current one retrievable every 4 hours.
const replicationTime = 4 * time.Hour

// replication judges whether an old CRL is still given once a newer one has been there for
// longer than that. A CRL is taken to be there from the later of its thisUpdate and its
// Last-Modified on.
func replication(group []replicaAnswer) Verdict {
	list := slices.DeleteFunc(slices.Clone(group), func(a replicaAnswer) bool {
		return a.crl == nil || a.crl.CRL.Broken != nil || a.crl.CRL.ThisUpdate.IsZero() || a.crl.Signature.State == revocation.SignatureInvalid
	})
	if len(list) < 2 {
		return skip()
	}
	newest := slices.MaxFunc(list, func(a, b replicaAnswer) int { return a.crl.CRL.ThisUpdate.Compare(b.crl.CRL.ThisUpdate.Time) })
	there := newest.crl.CRL.ThisUpdate.Time
	if modified, _, ok := httpDate(newest.Header.Get("Last-Modified")); ok {
		there = later(there, modified)
	}
	stale := slices.DeleteFunc(slices.Clone(list), func(a replicaAnswer) bool {
		return !a.crl.CRL.ThisUpdate.Before(newest.crl.CRL.ThisUpdate.Time) || a.At.Sub(there) <= replicationTime
	})
	if len(stale) == 0 {
		return pass()
	}
	return fail(edition(newest)+" from every address", "%s, %s after the newer one was there", tellStale(stale, list), span(stale[0].At.Sub(there))).
		about(replicaIDs(stale)...)
}

// edition names the CRL that a machine gave.
func edition(a replicaAnswer) string {
	number := crlNumberText(a.crl.CRL.Number)
	if number == "" {
		number = "none"
	}
	return "the CRL of " + stamp(a.crl.CRL.ThisUpdate.Time) + " (number " + number + ")"
}

// tellStale says which machines give an older CRL, and how often where they give others too.
func tellStale(stale, all []replicaAnswer) string {
	const few = 4
	var parts []string
	for _, machine := range machines(stale) {
		others := func(a replicaAnswer) bool { return a.machine != machine }
		own, older := slices.DeleteFunc(slices.Clone(all), others), slices.DeleteFunc(slices.Clone(stale), others)
		text := machine + ": " + edition(older[0])
		if len(own) > 1 {
			text += ", " + portion(len(older), len(own)) + " times an older one"
		}
		parts = append(parts, text)
	}
	if more := len(parts) - few; more > 0 {
		parts = append(parts[:few], fmt.Sprintf("and so on for %d more", more))
	}
	return strings.Join(parts, "; ")
}

// groups judges each group, and makes one verdict of it that says what the groups were asked,
// those of which the same is to be said together.
func groups(list [][]replicaAnswer, judge func([]replicaAnswer) Verdict) Verdict {
	var verdicts []Verdict
	var asked []string
	for _, group := range list {
		v, question := judge(group), replicaQuestion(group[0].Question)
		at := slices.IndexFunc(verdicts, func(o Verdict) bool { return o.Outcome == v.Outcome && o.Got == v.Got && o.Want == v.Want })
		if at >= 0 && question != "" {
			verdicts[at].exchanges = append(verdicts[at].exchanges, v.exchanges...)
			asked[at] += " and " + question
			continue
		}
		verdicts, asked = append(verdicts, v), append(asked, question)
	}
	for i, question := range asked {
		if verdicts[i].Got != "" && question != "" {
			verdicts[i].Got = question + ": " + verdicts[i].Got
		}
	}
	return together(verdicts)
}
