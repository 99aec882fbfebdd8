package conformance

import (
	"crypto/x509"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// interleaving is by how much answers that several machines signed beforehand may follow
// each other in the wrong order.
const interleaving = 15 * time.Minute

// updateSlack is how long after a deadline a response is still taken to be on its way.
const updateSlack = 5 * time.Minute

// answerChange is what a responder said of a serial before, and says now.
type answerChange struct {
	before evidence.PastAnswer
	now    *ServiceAnswer             // the newest of the run
	single *revocation.SingleResponse // nil where the answer is an error
}

// newer reports whether the answer of the run is no older than those before it.
func (c answerChange) newer() bool {
	return c.single != nil && !c.single.ThisUpdate.Before(c.before.ThisUpdate)
}

// answerChanges pairs what was said before with the newest answer of the run. Answers that
// nobody with authority signed are not the responder's.
func (s HistorySubject) answerChanges() []answerChange {
	var list []answerChange
	for _, before := range s.Past.Answers {
		c := answerChange{before: before}
		for i := range s.Answers {
			a := &s.Answers[i]
			if a.Serial != before.Serial || !a.Ask.Has(evidence.Assigned) || a.Response == nil {
				continue
			}
			single := a.Response.match()
			signed := single != nil && a.Response.Signer.Signature.State == revocation.SignatureValid && a.Response.Signer.Authorized()
			switch {
			case single != nil && !signed, a.Response.Exchange.Replica(), single == nil && a.Response.Response.Status != revocation.Unauthorized:
			case c.now == nil || single != nil && (c.single == nil || single.ThisUpdate.After(c.single.ThisUpdate.Time)):
				c.now, c.single = a, single
			}
		}
		if c.now != nil {
			list = append(list, c)
		}
	}
	return list
}

// eachAnswer is the first failure of judge over what changed, else whether there was
// anything to judge.
func (s HistorySubject) eachAnswer(judge func(answerChange) Verdict) Verdict {
	all := skip()
	for _, c := range s.answerChanges() {
		v := judge(c)
		if v.Outcome == Failed {
			return v.about(c.now.Exchange)
		}
		if v.Outcome == Passed {
			all = v
		}
	}
	return all
}

func ocspHistoryRules() []*Rule {
	return []*Rule{
		{
			ID:     "ocsp-revoked-not-reverted",
			Cites:  []Citation{BR("4.10.1", Must), BR("4.9.13", Must), RFC6960("2.2", Observed)},
			Says:   "A certificate that was revoked must stay so until it has expired.",
			Needs:  evidence.Assigned,
			Marked: Critical,
			History: func(s HistorySubject) Verdict {
				return s.eachAnswer(func(c answerChange) Verdict {
					switch {
					case c.before.Status != "revoked" || !c.before.NotAfter.IsZero() && s.At.After(c.before.NotAfter):
						return skip()
					case c.single != nil && c.single.Status == revocation.StatusRevoked, c.before.LastStatus != "revoked" && !c.newer():
						return pass() // it is so, or that it is not was told
					}
					v := fail("revoked, as since "+stamp(c.before.FirstRevoked), "%s for serial %s", c.now.Answer.Answer, c.before.Serial)
					if c.before.Reason == int(revocation.ReasonCertificateHold) && c.single != nil && c.single.Status == revocation.StatusGood {
						v = v.under(BRDoc) // the RFCs let it be released
					}
					if c.single != nil && !c.newer() {
						return v.atMost(Warning) // an older answer that some cache still has
					}
					return v
				})
			},
			Bad: []fixtures.Case{
				when("good again", func(r *fake) { answerBefore(r, wasRevoked) }),
				when("good again, after a hold", func(r *fake) {
					answerBefore(r, func(a *evidence.PastAnswer) { wasRevoked(a); a.Reason = int(revocation.ReasonCertificateHold) })
				}),
				when("unknown, after a hold", func(r *fake) {
					answerBefore(r, func(a *evidence.PastAnswer) { wasRevoked(a); a.Reason = int(revocation.ReasonCertificateHold) })
					r.OCSP.Assigned = fixtures.Unknown
				}),
				when("unknown", func(r *fake) {
					answerBefore(r, wasRevoked)
					r.OCSP.Assigned = fixtures.Unknown
				}),
				when("good in an older answer", func(r *fake) {
					answerBefore(r, func(a *evidence.PastAnswer) { wasRevoked(a); a.ThisUpdate = r.Now.Add(-50 * time.Minute) })
				}),
				when("good in an answer that is no older, after an older one", func(r *fake) {
					answerBefore(r, func(a *evidence.PastAnswer) {
						wasRevoked(a)
						a.ThisUpdate, a.LastStatus = r.Now.Add(-time.Hour), "good"
					})
				}),
				when("in the second of its end", func(r *fake) {
					answerBefore(r, func(a *evidence.PastAnswer) { wasRevoked(a); a.NotAfter = r.Now })
				}),
			},
			Good: []fixtures.Case{
				when("still revoked", func(r *fake) {
					answerBefore(r, wasRevoked)
					r.OCSP.Assigned = fixtures.Revoked
				}),
				when("never issued, before it was", func(r *fake) {
					answerBefore(r, func(a *evidence.PastAnswer) {
						a.Status, a.Reason = "extended-revoked", int(revocation.ReasonCertificateHold)
					})
				}),
				when("good in an older answer, as was told", func(r *fake) {
					answerBefore(r, func(a *evidence.PastAnswer) {
						wasRevoked(a)
						a.ThisUpdate, a.LastStatus = r.Now.Add(time.Second-time.Hour), "good"
					})
				}),
				when("unauthorized, as was told", func(r *fake) {
					answerBefore(r, func(a *evidence.PastAnswer) { wasRevoked(a); a.LastStatus = "unauthorized" })
					r.OCSP.Assigned = fixtures.Unauthorized
				}),
				when("a second after its end", func(r *fake) {
					answerBefore(r, func(a *evidence.PastAnswer) { wasRevoked(a); a.NotAfter = r.Now.Add(-time.Second) })
				}),
			},
			Also: []string{"ocsp-assigned-authoritative-15m"},
		},
		{
			ID:     "ocsp-served-until-expiry",
			Cites:  []Citation{BR("4.10.2", Must), BR("4.9.9", Must), MRSP("6", Must), RFC6960("2.2", Observed)},
			Says:   "The status of a certificate must be told until it has expired.",
			Needs:  evidence.Assigned,
			Marked: Error,
			History: func(s HistorySubject) Verdict {
				return s.eachAnswer(func(c answerChange) Verdict {
					told := c.single != nil && (c.single.Status == revocation.StatusGood || c.single.Status == revocation.StatusRevoked)
					switch {
					case c.before.Status != "good", c.before.NotAfter.IsZero(), s.At.After(c.before.NotAfter):
						return skip() // of what was revoked ocsp-revoked-not-reverted speaks
					case told, c.before.LastStatus != "good" && c.before.LastStatus != "revoked":
						return pass() // it is told, or that it is not was
					}
					return fail("good, as at "+stamp(c.before.Seen)+", or revoked", "%s for serial %s, which expires at %s", c.now.Answer.Answer,
						c.before.Serial, stamp(c.before.NotAfter))
				})
			},
			Bad: []fixtures.Case{when("unauthorized in the second of its end", func(r *fake) {
				answerBefore(r, func(a *evidence.PastAnswer) { a.NotAfter = r.Now })
				r.OCSP.Assigned = fixtures.Unauthorized
			})},
			Good: []fixtures.Case{
				when("unauthorized a second after its end", func(r *fake) {
					answerBefore(r, func(a *evidence.PastAnswer) { a.NotAfter = r.Now.Add(-time.Second) })
					r.OCSP.Assigned = fixtures.Unauthorized
				}),
				when("good", func(r *fake) { answerBefore(r, func(*evidence.PastAnswer) {}) }),
				when("unauthorized, as was told", func(r *fake) {
					answerBefore(r, func(a *evidence.PastAnswer) { a.LastStatus = "unauthorized" })
					r.OCSP.Assigned = fixtures.Unauthorized
				}),
			},
			Also: []string{"ocsp-assigned-authoritative-15m"},
		},
		{
			ID:     "ocsp-monotonic",
			Cites:  []Citation{BR("4.9.9", Observed), RFC6960("2.4", Observed)},
			Says:   "A responder does not go back to an older answer.",
			Needs:  evidence.Assigned,
			Marked: Warning,
			History: func(s HistorySubject) Verdict {
				return s.eachAnswer(func(c answerChange) Verdict {
					switch {
					case c.single == nil || c.single.ThisUpdate.IsZero() || c.before.LastThisUpdate.IsZero():
						return skip()
					case c.before.LastThisUpdate.Sub(c.single.ThisUpdate.Time) <= interleaving:
						return pass()
					}
					v := fail("not before "+stamp(c.before.LastThisUpdate)+", as in the run before", "thisUpdate %s for serial %s",
						stamp(c.single.ThisUpdate.Time), c.before.Serial).in("responses[0].thisUpdate")
					if !given(c.now.Response.Exchange).After(c.before.LastThisUpdate.Add(interleaving)) {
						return v.atMost(Notice) // a cache has had it since the newer one was new
					}
					return v
				})
			},
			Bad: []fixtures.Case{when("older by a second more than signers lag", func(r *fake) { answeredNewer(r, interleaving+time.Second) })},
			Good: []fixtures.Case{
				when("older by what signers lag", func(r *fake) { answeredNewer(r, interleaving) }),
				when("older, as was told", func(r *fake) {
					answeredNewer(r, interleaving+time.Second)
					r.Past[0].Answers[0].LastThisUpdate = r.Now.Add(-time.Hour)
				}),
			},
		},
		{
			ID:    "ocsp-br-update-short",
			Cites: []Citation{BR("4.9.9", Must).Since("2020-09-30")},
			Says:  "Of a response valid for less than 16 hours the next one must be there before half of that is left.",
			Needs: evidence.Assigned,
			Scope: evidence.ScopeEE,
			Clock: true,
			History: func(s HistorySubject) Verdict {
				return s.eachAnswer(func(c answerChange) Verdict {
					if c.single == nil {
						return skip()
					}
					length, ok := validity(c.single)
					deadline := c.single.NextUpdate.Add(-length / 2)
					switch {
					case !ok || length >= shortValidity || !c.single.ThisUpdate.Equal(c.before.ThisUpdate):
						return skipUnless(ok)
					case given(c.now.Response.Exchange).After(deadline.Add(updateSlack)) && !c.before.Seen.After(deadline.Add(updateSlack)):
						return fail("a newer answer since "+stamp(deadline), "still that of %s, as at %s", stamp(c.before.ThisUpdate), stamp(c.before.Seen)).
							in("responses[0].thisUpdate").at(c.single.ThisUpdate.Offset)
					}
					return pass()
				})
			},
			Bad: []fixtures.Case{
				when("a second after the slack, seen before at the deadline", func(r *fake) { halfOver(r, updateSlack+time.Second, updateSlack+time.Second) }),
				when("seen before at the end of the slack", func(r *fake) { halfOver(r, updateSlack+time.Second, time.Second) }),
			},
			Good: []fixtures.Case{
				when("as long after the deadline as it may take", func(r *fake) { halfOver(r, updateSlack, updateSlack) }),
				when("later, as was told", func(r *fake) { halfOver(r, updateSlack+2*time.Second, time.Second) }),
				when("from a cache that got it in time", func(r *fake) {
					halfOver(r, updateSlack+time.Second, updateSlack+time.Second)
					r.OCSPHTTP.Header = map[string][]string{"Age": {"1"}}
				}),
			},
			Also: []string{"ocsp-ms-update-half"},
		},
		{
			ID:     "cert-ocsp-rotation",
			Cites:  []Citation{MRSP("6", Observed), RFC6960("4.2.2.2", Observed)},
			Says:   "A delegate's certificate is replaced before responses outlive it.",
			Needs:  evidence.Assigned,
			Marked: Notice,
			History: func(s HistorySubject) Verdict {
				return s.eachAnswer(func(c answerChange) Verdict {
					if c.single == nil || c.before.Signer == "" || c.single.NextUpdate.IsZero() {
						return skip()
					}
					due := c.before.SignerNotAfter.Add(-c.single.NextUpdate.Sub(c.single.ThisUpdate.Time))
					signer := c.now.Response.Signer.Certificate
					switch {
					case evidence.Fingerprint(signer.Raw) != c.before.Signer:
						return pass()
					case s.At.After(due) && !s.Past.Last.After(due):
						return fail("another delegate since "+stamp(due), "the one that ends at %s", stamp(c.before.SignerNotAfter))
					}
					return pass()
				})
			},
			Bad:  []fixtures.Case{when("a second after responses began to outlive it", func(r *fake) { delegateEnds(r, -time.Second) })},
			Good: []fixtures.Case{when("when they are about to", func(r *fake) { delegateEnds(r, 0) })},
		},
	}
}

// shortValidity is the interval from which BR 4.9.9 asks for the next response by other
// deadlines.
const shortValidity = 16 * time.Hour

func wasRevoked(a *evidence.PastAnswer) {
	a.Status, a.Reason, a.Revoked, a.FirstRevoked = "revoked", int(revocation.ReasonSuperseded), a.ThisUpdate.Add(-time.Hour), a.FirstSeen
}

// answeredNewer lets the responder have served an answer that is newer by that much.
func answeredNewer(r *fake, by time.Duration) {
	answerBefore(r, func(a *evidence.PastAnswer) { a.ThisUpdate = r.Now.Add(by - time.Hour) })
}

// halfOver makes answers of 10 hours, the last second included, of which half was over that
// long ago, and lets the same one have been seen that long before now.
func halfOver(r *fake, after, seen time.Duration) {
	this := r.Now.Add(time.Second - 5*time.Hour - after)
	r.OCSP.ProducedAt, r.OCSP.ThisUpdate, r.OCSP.NextUpdate = this, this, this.Add(10*time.Hour-time.Second)
	answerBefore(r, func(a *evidence.PastAnswer) { a.ThisUpdate, a.Seen = this, r.Now.Add(-seen) })
}

// delegateEnds has a delegate sign whose certificate ends that long after the first moment at
// which a response of four days would outlive it.
func delegateEnds(r *fake, after time.Duration) {
	r.OCSP.Signer = fixtures.Delegated
	end := r.Now.Add(4*day - time.Second + after)
	r.OCSP.Delegate = func(c *x509.Certificate) { c.NotAfter = end }
	signer := evidence.Fingerprint(r.DelegateCertificate().Raw)
	answerBefore(r, func(a *evidence.PastAnswer) { a.Signer, a.SignerNotAfter = signer, end })
}
