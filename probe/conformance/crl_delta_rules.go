package conformance

import (
	"bytes"
	"crypto/x509"
	"slices"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// deltaRules are about delta CRLs, and about what they are deltas to.
func deltaRules() []*Rule {
	return []*Rule{
		{
			ID:     "crl-no-delta",
			Cites:  []Citation{RFC5280("5.2.4", Observed)},
			Says:   "A distribution point must serve a complete CRL, not a delta; a delta's indicator is critical, and its base is no later than the complete CRL.",
			Needs:  evidence.FetchCRL,
			Marked: Error,
			Issuer: func(s IssuerSubject) Verdict {
				var list []Verdict
				for _, c := range s.CRLs {
					if x := revocation.FindExtension(c.CRL.Extensions, revocation.OIDDeltaCRL); x != nil {
						list = append(list, s.based(c, x).in("tbsCertList.crlExtensions.deltaCRLIndicator").at(x.Offset).about(c.Exchange.ID))
					} else if c.CRL.Broken == nil {
						list = append(list, pass())
					}
				}
				return together(list)
			},
			Bad: []fixtures.Case{
				when("at a certificate's distribution point", delta(true)),
				when("not critical", func(r *fake) {
					deltaBeside(r, func(d *fixtures.CRL) { d.Extensions = deltaOf(1000, false) })
				}),
				when("a second more than 4 hours old, on the number after that of the complete CRL", func(r *fake) {
					overtaken(r, replicatedWithin+time.Second)
				}),
				when("on the number after its own", func(r *fake) {
					r.CRL.Number = 2000
					deltaBeside(r, func(d *fixtures.CRL) { d.ThisUpdate, d.Extensions = r.Now.Add(-2*time.Hour), deltaOf(1002, true) })
				}),
			},
			Good: []fixtures.Case{
				when("a complete CRL", func(*fake) {}),
				when("beside the complete CRL that it builds on", func(r *fake) { deltaBeside(r, nil) }),
				when("5 hours old, on the number of the complete CRL", func(r *fake) {
					crlStartsAt(r, r.Now.Add(-6*time.Hour))
					deltaBeside(r, func(d *fixtures.CRL) { d.ThisUpdate = r.Now.Add(-5 * time.Hour) })
				}),
				when("5 hours old, on a number of another scope", func(r *fake) {
					overtaken(r, 5*time.Hour)
					r.Shards[0].CRL.IssuingDP = ownPoint
				}),
				when("without a number", func(r *fake) {
					deltaBeside(r, func(d *fixtures.CRL) { d.NoNumber = true })
				}),
				when("5 hours old, to a CRL without a number", func(r *fake) {
					overtaken(r, 5*time.Hour)
					r.CRL.NoNumber = true
				}),
				when("5 hours old, on what is no number", func(r *fake) {
					overtaken(r, 5*time.Hour)
					r.Shards[0].CRL.Extensions[0].Value = []byte{5, 0}
				}),
				when("4 hours old, on the number after that of the complete CRL", func(r *fake) { overtaken(r, replicatedWithin) }),
			},
			Also: []string{"crl-ext-allowed"},
		},
		{
			ID:    "crl-delta-scope",
			Cites: []Citation{RFC5280("5.2.4", Must), RFC5280("5.2.6", Must)},
			Says:  "A delta CRL must be for what the complete CRL is for that it is named by: both have the same issuingDistributionPoint, or none.",
			Needs: evidence.FetchCRL,
			Issuer: func(s IssuerSubject) Verdict {
				return s.eachBase(func(c, d *CRLSubject) Verdict {
					if sameScope(c, d) {
						return pass()
					}
					return fail(scopeText(c)+", as "+c.Exchange.URL, "%s, in the delta at %s", scopeText(d), d.Exchange.URL).in(idpField)
				})
			},
			Bad: []fixtures.Case{
				when("one in the delta alone", func(r *fake) {
					deltaBeside(r, func(d *fixtures.CRL) {
						d.IssuingDP = func(string) revocation.IssuingDistributionPoint { return ownPoint(r.CRLURL()) }
					})
				}),
				when("the delta's own URL in place of the complete CRL's", func(r *fake) {
					r.CRL.IssuingDP = ownPoint
					deltaBeside(r, func(d *fixtures.CRL) { d.IssuingDP = ownPoint })
				}),
			},
			Good: []fixtures.Case{
				when("none in both", func(r *fake) { deltaBeside(r, nil) }),
				when("the same in both", func(r *fake) {
					r.CRL.IssuingDP = ownPoint
					deltaBeside(r, func(d *fixtures.CRL) {
						d.IssuingDP = func(string) revocation.IssuingDistributionPoint { return ownPoint(r.CRLURL()) }
					})
				}),
			},
			Also: []string{"crl-ext-allowed"},
		},
		{
			ID:    "crl-delta-same-key",
			Cites: []Citation{RFC5280("5.2.4", Must)},
			Says:  "A delta CRL must be signed with the key that signed the complete CRL.",
			Needs: evidence.FetchCRL,
			Issuer: func(s IssuerSubject) Verdict {
				var list []Verdict
				for _, d := range s.CRLs {
					for _, c := range s.complete() {
						if !d.CRL.IsDelta() || d.Signature.State != revocation.SignatureValid || !slices.Contains(s.bases(d), c) {
							continue
						}
						v := pass()
						if !bytes.Equal(c.Issuer.RawSubjectPublicKeyInfo, d.Issuer.RawSubjectPublicKeyInfo) {
							v = fail("the key of subjectKeyIdentifier "+hexShort(c.Issuer.SubjectKeyId), "%s is signed with that of %s", d.Exchange.URL, hexShort(d.Issuer.SubjectKeyId))
						}
						list = append(list, v.about(c.Exchange.ID, d.Exchange.ID))
					}
				}
				return together(list)
			},
			Bad: []fixtures.Case{when("with that of another CA of the same name", func(r *fake) {
				r.Namesake = true
				deltaBeside(r, func(d *fixtures.CRL) { d.ByOtherKey = true })
			})},
			Good: []fixtures.Case{when("with the same", func(r *fake) {
				r.Namesake = true
				deltaBeside(r, nil)
			})},
			Also: []string{"crl-ext-allowed", "crl-aki-keyid"},
		},
		{
			ID:    "crl-delta-number",
			Cites: []Citation{RFC5280("5.2.3", Must)},
			Says:  "Complete CRLs and their deltas must be numbered in one sequence: those of one time have one number, a later one has a greater.",
			Needs: evidence.FetchCRL,
			Issuer: func(s IssuerSubject) Verdict {
				return s.eachBase(func(c, d *CRLSubject) Verdict { return inSequence(c, d).in("tbsCertList.crlExtensions.cRLNumber") })
			},
			Bad: []fixtures.Case{
				when("the number of a complete CRL a second older", func(r *fake) {
					deltaBeside(r, func(d *fixtures.CRL) { d.Number, d.ThisUpdate = 1000, r.Now.Add(time.Second-time.Hour) })
				}),
				when("two numbers at one time", func(r *fake) {
					deltaBeside(r, func(d *fixtures.CRL) { d.ThisUpdate = r.Now.Add(-time.Hour) })
				}),
				when("a smaller number an hour and a second later", func(r *fake) { numberedBelow(r, setBack+time.Second) }),
				when("a greater number an hour and a second earlier", func(r *fake) { deltaBefore(r, setBack+time.Second) }),
			},
			Good: []fixtures.Case{
				when("the next number, half an hour later", func(r *fake) { deltaBeside(r, nil) }),
				when("no number in the delta", func(r *fake) { deltaBeside(r, func(d *fixtures.CRL) { d.NoNumber = true }) }),
				when("no number in the complete CRL", func(r *fake) {
					deltaBeside(r, nil)
					r.CRL.NoNumber = true
				}),
				when("two numbers at one time, for other certificates", func(r *fake) {
					deltaBeside(r, func(d *fixtures.CRL) { d.ThisUpdate, d.IssuingDP = r.Now.Add(-time.Hour), ownPoint })
				}),
				when("the same number at the same time", func(r *fake) { deltaOfOneTime(r, nil) }),
				when("a smaller number an hour later, which may have been set back less", func(r *fake) { numberedBelow(r, setBack) }),
				when("a greater number an hour earlier, which may have been set back more", func(r *fake) { deltaBefore(r, setBack) }),
			},
			Also: []string{"crl-ext-allowed"},
		},
		{
			ID:    "crl-delta-consistent",
			Cites: []Citation{RFC5280("5.2.3", Must), RFC5280("5.2.4", Must)},
			Says:  "A delta CRL must say of certificates what a complete CRL of the same number says, and take none off but those on hold and those that have expired.",
			Needs: evidence.FetchCRL,
			Issuer: func(s IssuerSubject) Verdict {
				return s.eachBase(s.agree)
			},
			Bad: []fixtures.Case{
				when("revoked by the delta alone", func(r *fake) {
					deltaOfOneTime(r, []fixtures.CRLEntry{{Serial: revokedSerial(1), Reason: revocation.ReasonSuperseded}})
				}),
				when("the certificate at hand, revoked by the delta alone", func(r *fake) {
					deltaOfOneTime(r, []fixtures.CRLEntry{{Leaf: true, Reason: revocation.ReasonSuperseded, Revoked: r.Now.Add(-2 * time.Hour)}})
					revokedBefore(r, time.Hour)
				}),
				when("the certificate at hand, taken off by the delta alone", func(r *fake) {
					r.CRL.Entries = []fixtures.CRLEntry{{Leaf: true, Reason: revocation.ReasonSuperseded, Revoked: r.Now.Add(-2 * time.Hour)}}
					deltaOfOneTime(r, []fixtures.CRLEntry{{Leaf: true, Reason: revocation.ReasonRemoveFromCRL, Revoked: r.Now.Add(-2 * time.Hour)}})
				}),
				when("taken off by a delta with whose thisUpdate it expires", func(r *fake) {
					r.Leaf = func(c *x509.Certificate) { c.NotAfter = r.Now }
					r.CRL.Entries = []fixtures.CRLEntry{{Leaf: true, Reason: revocation.ReasonSuperseded, Revoked: r.Now.Add(-2 * time.Hour)}}
					deltaBeside(r, func(d *fixtures.CRL) {
						d.ThisUpdate = r.Now
						d.Entries = []fixtures.CRLEntry{{Leaf: true, Reason: revocation.ReasonRemoveFromCRL, Revoked: r.Now.Add(-time.Hour)}}
					})
				}),
				when("taken off by the delta alone", func(r *fake) {
					r.CRL.Entries = entries(1, revocation.ReasonSuperseded)
					deltaOfOneTime(r, []fixtures.CRLEntry{{Serial: r.CRL.Entries[0].Serial, Reason: revocation.ReasonRemoveFromCRL}})
				}),
				when("taken off by a later delta, and revoked for good", func(r *fake) {
					r.CRL.Entries = []fixtures.CRLEntry{{Leaf: true, Reason: revocation.ReasonSuperseded, Revoked: r.Now.Add(-2 * time.Hour)}}
					deltaBeside(r, func(d *fixtures.CRL) {
						d.Entries = []fixtures.CRLEntry{{Leaf: true, Reason: revocation.ReasonRemoveFromCRL, Revoked: r.Now.Add(-time.Hour)}}
					})
				}),
			},
			Good: []fixtures.Case{
				when("revoked by both", func(r *fake) {
					r.CRL.Entries = entries(1, revocation.ReasonSuperseded)
					deltaOfOneTime(r, r.CRL.Entries)
				}),
				when("revoked by a delta of the same number alone, half an hour later", func(r *fake) {
					deltaOfOneTime(r, revokedOnDelta)
					r.Shards[0].CRL.ThisUpdate = r.Now.Add(-deltaAge)
				}),
				when("revoked by a delta of the same time alone, of the next number", func(r *fake) {
					deltaOfOneTime(r, revokedOnDelta)
					r.Shards[0].CRL.Number = 1001
				}),
				when("revoked by the delta alone, for other certificates", func(r *fake) {
					deltaOfOneTime(r, revokedOnDelta)
					r.Shards[0].CRL.IssuingDP = ownPoint
				}),
				when("revoked by the delta alone, of several CAs", func(r *fake) {
					deltaOfOneTime(r, revokedOnDelta)
					r.CRL.IssuingDP = func(string) revocation.IssuingDistributionPoint {
						return revocation.IssuingDistributionPoint{Indirect: true}
					}
					r.Shards[0].CRL.IssuingDP = r.CRL.IssuingDP
				}),
				when("revoked by the delta alone, without a number", func(r *fake) {
					deltaOfOneTime(r, revokedOnDelta)
					r.Shards[0].CRL.NoNumber = true
				}),
				when("taken off by a delta to a later CRL, and revoked for good", func(r *fake) {
					overtaken(r, replicatedWithin)
					r.CRL.Entries = []fixtures.CRLEntry{{Leaf: true, Reason: revocation.ReasonSuperseded, Revoked: r.Now.Add(-day)}}
					r.Shards[0].CRL.Entries = []fixtures.CRLEntry{{Leaf: true, Reason: revocation.ReasonRemoveFromCRL, Revoked: r.Now.Add(-time.Hour)}}
				}),
				when("revoked by a later delta alone", func(r *fake) {
					deltaBeside(r, func(d *fixtures.CRL) {
						d.Entries = []fixtures.CRLEntry{{Serial: revokedSerial(1), Reason: revocation.ReasonSuperseded}}
					})
				}),
				when("revoked by a delta of another time, whose number is wrong", func(r *fake) {
					deltaBeside(r, func(d *fixtures.CRL) {
						d.Number, d.Entries = 1000, []fixtures.CRLEntry{{Serial: revokedSerial(1), Reason: revocation.ReasonSuperseded}}
					})
				}),
				when("released from a hold by a later delta", leafReleased),
				when("taken off by a later delta, an expired one", func(r *fake) {
					r.Leaf = func(c *x509.Certificate) { c.NotAfter = r.Now.Add(-deltaAge - time.Second) }
					r.CRL.Entries = []fixtures.CRLEntry{{Leaf: true, Reason: revocation.ReasonSuperseded}}
					deltaBeside(r, func(d *fixtures.CRL) {
						d.Entries = []fixtures.CRLEntry{{Leaf: true, Reason: revocation.ReasonRemoveFromCRL}}
					})
				}),
			},
			Also: []string{"crl-ext-allowed", "crl-reason-allowed"},
		},
		{
			ID:     "crl-freshest-delta",
			Cites:  []Citation{RFC5280("5.2.6", Observed), RFC5280("4.2.1.15", Observed)},
			Says:   "What freshestCRL names should be a delta CRL.",
			Needs:  evidence.FetchCRL,
			Marked: Warning,
			Issuer: func(s IssuerSubject) Verdict {
				var list []Verdict
				for _, c := range s.CRLs {
					switch {
					case c.CRL.Broken != nil || !s.asDelta(c):
					case !c.CRL.IsDelta():
						list = append(list, fail("a delta CRL", "%s gives a complete CRL", c.Exchange.URL).in("tbsCertList.crlExtensions").about(c.Exchange.ID))
					default:
						list = append(list, pass())
					}
				}
				return together(list)
			},
			Bad: []fixtures.Case{
				when("a complete CRL, where another says", func(r *fake) { r.Shards = []fixtures.Shard{{Copy: true, FreshestOfCRL: true}} }),
				when("a complete CRL, where a certificate says", func(r *fake) { r.Shards = []fixtures.Shard{{Copy: true, FreshestOfLeaf: true}} }),
			},
			Good: []fixtures.Case{
				when("a delta, where a complete CRL says", func(r *fake) { deltaBeside(r, nil) }),
				when("a delta, where a certificate says", func(r *fake) {
					deltaBeside(r, nil)
					r.Shards[0].FreshestOfCRL, r.Shards[0].FreshestOfLeaf = false, true
				}),
			},
			Also: []string{"crl-ext-allowed", "cert-freshestcrl"},
		},
	}
}

// based judges where a delta is, and to what it is one.
func (s *IssuerSubject) based(c *CRLSubject, x *revocation.Extension) Verdict {
	base, number := c.CRL.DeltaBase, c.CRL.Number
	switch {
	case slices.ContainsFunc(s.Certificates, c.fetchedFor):
		return fail("a complete CRL", "%s gives a delta CRL", c.Exchange.URL)
	case !x.Critical:
		return fail("critical", "not critical")
	case base != nil && number != nil && base.Big().Cmp(number.Big()) > 0:
		return fail("BaseCRLNumber at most cRLNumber, "+number.Big().String(), "%s", base.Big())
	}
	for _, complete := range s.bases(c) {
		have := complete.CRL.Number
		switch {
		case base == nil || have == nil || !sameScope(complete, c) || have.Big().Cmp(base.Big()) >= 0:
		case complete.Exchange.At.Sub(c.CRL.ThisUpdate.Time) <= replicatedWithin:
			return unable("%s is on number %s, which may be on its way to %s still", c.Exchange.URL, base.Big(), complete.Exchange.URL)
		default:
			return fail("BaseCRLNumber at most "+have.Big().String()+", that of the complete CRL at "+complete.Exchange.URL, "%s", base.Big())
		}
	}
	return pass()
}

// eachBase puts a question to every delta that a client would heed, with each complete CRL
// that it is to.
func (s *IssuerSubject) eachBase(judge func(complete, delta *CRLSubject) Verdict) Verdict {
	var list []Verdict
	for _, d := range s.deltas() {
		for _, c := range s.bases(d) {
			list = append(list, judge(c, d).about(c.Exchange.ID, d.Exchange.ID))
		}
	}
	return together(list)
}

// deltaOf is a deltaCRLIndicator.
func deltaOf(base int64, critical bool) []revocation.Extension {
	x := fixtures.DeltaCRLIndicator(base)
	x.Critical = critical
	return []revocation.Extension{x}
}

// revokedOnDelta is an entry that the complete CRL lacks.
var revokedOnDelta = []fixtures.CRLEntry{{Serial: revokedSerial(1), Reason: revocation.ReasonSuperseded}}

// deltaAge is how old the fake's delta is.
const deltaAge = 30 * time.Minute

// deltaBeside gives the fake's CRL a delta that it names: the next number, half an hour later,
// without entries.
func deltaBeside(r *fake, change func(*fixtures.CRL)) {
	if r.CRL.Number == 0 {
		r.CRL.Number = 1000 // wherever it is served
	}
	d := fixtures.CRL{Number: 1001, ThisUpdate: r.Now.Add(-deltaAge), Extensions: deltaOf(1000, true)}
	if change != nil {
		change(&d)
	}
	r.Shards = []fixtures.Shard{{CRL: d, FreshestOfCRL: true}}
}

// deltaOfOneTime gives it one that was issued with it, to the number before.
func deltaOfOneTime(r *fake, list []fixtures.CRLEntry) {
	deltaBeside(r, func(d *fixtures.CRL) {
		d.Number, d.ThisUpdate, d.Extensions, d.Entries = 1000, r.Now.Add(-time.Hour), deltaOf(999, true), list
	})
}

// overtaken gives it a delta of that age to a complete CRL that is not there yet.
func overtaken(r *fake, age time.Duration) {
	crlStartsAt(r, r.Now.Add(-age-time.Hour))
	deltaBeside(r, func(d *fixtures.CRL) {
		d.Number, d.ThisUpdate, d.Extensions = 1002, r.Now.Add(-age), deltaOf(1001, true)
	})
}

// numberedBelow gives it a delta that is so much later and has a smaller number.
func numberedBelow(r *fake, later time.Duration) {
	crlStartsAt(r, r.Now.Add(-3*time.Hour))
	deltaBeside(r, func(d *fixtures.CRL) {
		d.Number, d.ThisUpdate, d.Extensions = 999, r.Now.Add(later-3*time.Hour), deltaOf(998, true)
	})
}

// deltaBefore gives it a delta that is so much earlier and has a greater number.
func deltaBefore(r *fake, earlier time.Duration) {
	deltaBeside(r, func(d *fixtures.CRL) { d.ThisUpdate = r.Now.Add(-time.Hour - earlier) })
}

// leafReleased has the leaf on hold by the complete CRL, and released by the delta and OCSP.
func leafReleased(r *fake) {
	r.CRL.Entries = []fixtures.CRLEntry{{Leaf: true, Reason: revocation.ReasonCertificateHold, Revoked: r.Now.Add(-2 * day)}}
	deltaBeside(r, func(d *fixtures.CRL) {
		d.Entries = []fixtures.CRLEntry{{Leaf: true, Reason: revocation.ReasonRemoveFromCRL, Revoked: r.Now.Add(-2 * day)}}
	})
	r.OCSP.Assigned = fixtures.Good
}

// leafOnDelta has the leaf on the delta alone, since OCSP says so.
func leafOnDelta(r *fake) {
	deltaBeside(r, func(d *fixtures.CRL) {
		d.Entries = []fixtures.CRLEntry{{Leaf: true, Reason: r.OCSP.Reason, Revoked: r.OCSP.RevocationTime}}
	})
}

// goodBeforeDelta has the leaf on a delta alone that is so much older than OCSP's good.
func goodBeforeDelta(r *fake, older time.Duration) {
	crlStartsAt(r, r.Now.Add(-3*time.Hour))
	deltaBeside(r, func(d *fixtures.CRL) {
		d.ThisUpdate = r.Now.Add(-time.Hour - older)
		d.Entries = []fixtures.CRLEntry{{Leaf: true, Reason: revocation.ReasonSuperseded, Revoked: r.Now.Add(-day)}}
	})
}
