package conformance

import (
	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// cacheKeyRules compare the answers of one service about different certificates.
func cacheKeyRules() []*Rule {
	return []*Rule{{
		ID:     "http-ocsp-cachekey",
		Cites:  []Citation{RFC6960("3.2", Must)},
		Says:   "No answer must be given to a question about another certificate, as caches do that mix up requests.",
		Needs:  evidence.OCSP,
		Marked: Critical,
		Service: func(s ServiceSubject) Verdict {
			for i, a := range s.Answers {
				if other := s.answerTo(i); other != nil {
					return fail("an answer about serial "+a.Serial, "that about serial %s, which %s asked about", other.Serial, other.Exchange).
						about(a.Exchange, other.Exchange)
				}
			}
			return skipUnless(len(s.Answers) > 1)
		},
		Bad: []fixtures.Case{when("the leaf's for every question", func(r *fake) { r.OCSP.Singles = alwaysAbout(r.LeafSerial) })},
		Good: []fixtures.Case{when("of nobody who was asked about", func(r *fake) {
			r.OCSP.Singles = alwaysAbout(func() revocation.Serial { return revokedSerial(1) })
		})},
		Also: []string{"ocsp-certid-echo", "ocsp-single-for-each"},
	}}
}

// answerTo returns the answer to another question, and rightly to that one, that the i-th
// answer is about, where it is not about its own. A responder that looks up by serial alone and takes no notice of the
// issuer mixes up nothing.
func (s ServiceSubject) answerTo(i int) *ServiceAnswer {
	response := s.Answers[i].Response
	if response == nil || response.Response.Basic == nil || response.match() != nil || len(response.asked) == 0 {
		return nil
	}
	for j := range s.Answers {
		other := s.Answers[j].Response
		if other == nil || len(other.asked) == 0 || other.match() == nil || other.asked[0].Serial.Equal(response.asked[0].Serial) {
			continue
		}
		for k := range response.Response.Basic.Singles {
			if response.Response.Basic.Singles[k].CertID.Equal(other.asked[0]) {
				return &s.Answers[j]
			}
		}
	}
	return nil
}

// alwaysAbout answers every question about the same serial.
func alwaysAbout(serial func() revocation.Serial) func([]revocation.CertID) []revocation.CertID {
	return func(asked []revocation.CertID) []revocation.CertID {
		about := asked[0]
		about.Serial = serial()
		return []revocation.CertID{about}
	}
}
