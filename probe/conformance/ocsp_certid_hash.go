package conformance

import (
	"crypto"
	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func certIDHashRules() []*Rule {
	return []*Rule{{
		ID:    "ocsp-certid-sha256-support",
		Cites: []Citation{RFC9919("3.1.1", Practice)}, // which binds clients; no text obliges a responder
		Says:  "A question whose CertID is made with SHA-256 should get the status that it gets with SHA-1.",
		Needs: evidence.SHA256POST,
		And:   byPOST,
		Service: func(s ServiceSubject) Verdict {
			for _, a := range s.Answers {
				if !a.Ask.Has(evidence.SHA256POST) {
					continue
				}
				other := s.withSHA1(a)
				if other == nil {
					return unable("serial %s was not answered both ways", a.Serial)
				}
				switch sha256, sha1 := a.Answer.Answer, other.Answer.Answer; {
				case sha256 == sha1:
					return pass()
				case sha256 == "other-certificate":
					return skip() // ocsp-certid-echo speaks of it
				default:
					v := fail("the same status", "serial %s: %s with SHA-256, %s with SHA-1", a.Serial, sha256, sha1).
						in("responses[0].certStatus").about(a.Exchange, other.Exchange)
					if sha256 == dashed(revocation.Unauthorized.String()) {
						return v.atMost(Info) // as very many say
					}
					return v
				}
			}
			return skip()
		},
		Bad: []fixtures.Case{
			when("unknown, and good with SHA-1", func(r *fake) { r.OCSP.SHA256 = fixtures.Unknown }),
			when("unauthorized", func(r *fake) { r.OCSP.SHA256 = fixtures.Unauthorized }),
		},
		Good: []fixtures.Case{
			when("unknown with both", func(r *fake) { r.OCSP.Assigned, r.OCSP.SHA256 = fixtures.Unknown, fixtures.Unknown }),
			when("tryLater", func(r *fake) { r.OCSP.SHA256 = fixtures.TryLater }),
			when("tryLater with SHA-1", func(r *fake) { r.OCSP.Assigned, r.OCSP.SHA256 = fixtures.TryLater, fixtures.Good }),
			when("of another certificate, which is another rule's", func(r *fake) {
				r.OCSP.Singles = func(asked []revocation.CertID) []revocation.CertID {
					if asked[0].Hash() != crypto.SHA256 {
						return asked
					}
					return alwaysAbout(func() revocation.Serial { return revokedSerial(1) })(asked)
				}
			}),
		},
	}}
}

// withSHA1 returns the answer about the same serial by POST with a CertID of SHA-1, where
// both are answers that another time would not change.
func (s ServiceSubject) withSHA1(a ServiceAnswer) *ServiceAnswer {
	for i := range s.Answers {
		other := &s.Answers[i]
		if other.Ask.Has(byPOST) && other.Serial == a.Serial && !other.Repeat && other.Response != nil && a.Response != nil &&
			!temporary(a) && !temporary(*other) {
			return other
		}
	}
	return nil
}
