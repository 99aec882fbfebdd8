package conformance

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// fabricated is every question about a serial that was made up for the CA.
const fabricated = evidence.Unassigned | evidence.UnissuablePOST

// unassigned returns the answers to questions about unassigned serials that say so. A
// serial of a certificate that the run brought to light is none of them.
func (s ServiceSubject) unassigned(word string) []ServiceAnswer {
	var list []ServiceAnswer
	for _, a := range s.Answers {
		if a.Ask.Has(fabricated) && a.Answer.Answer == word && !s.brought(a.Serial) {
			list = append(list, a)
		}
	}
	return list
}

// brought reports whether the run holds a certificate of the issuer with that serial: one
// that was given, or a delegate's in a response.
func (s ServiceSubject) brought(serial string) bool {
	if s.Issuer == nil {
		return false
	}
	if serial == revocation.SerialOf(s.Issuer.SerialNumber).String() && selfSigned(s.Issuer) {
		return true
	}
	for _, a := range s.Answers {
		if a.Response == nil || a.Response.Response.Basic == nil {
			continue
		}
		for _, embedded := range a.Response.Response.Basic.Certificates {
			c := embedded.Certificate
			if c != nil && bytes.Equal(c.RawIssuer, s.Issuer.RawSubject) && revocation.SerialOf(c.SerialNumber).String() == serial {
				return true
			}
		}
	}
	return false
}

// goodVerdict is that unassigned serials were answered "good", with what makes that sure or
// keeps it from being so.
func goodVerdict(s ServiceSubject, goods []ServiceAnswer, remark string) Verdict {
	var strategies, exchanges []string
	for _, a := range goods {
		if !slices.Contains(strategies, a.Strategy) {
			strategies = append(strategies, a.Strategy)
		}
		exchanges = append(exchanges, a.Exchange)
	}
	got := fmt.Sprintf("good for %d of %d questions about unassigned serials, such as %s; ", len(goods), len(s.asked(fabricated)), goods[0].Serial)
	if how := s.lookup(goods); how != "" {
		got += how + "; "
	}
	return fail("unknown, unauthorized, or revoked in the form of RFC 6960 2.2", "%s%s; %s", got, remark, strings.Join(strategies, ", ")).
		in("responses[0].certStatus").about(exchanges...)
}

// doubtAbout says what keeps "good" answers from being proof, or nothing. A made-up serial
// can have been assigned by chance only with a probability that our own randomness bounds,
// whatever the CA does; serials close to a known one have that bound only where the CA's
// are seen to be random. A serial that no certificate may have needs no bound.
func (s ServiceSubject) doubtAbout(goods []ServiceAnswer) string {
	signed := slices.DeleteFunc(slices.Clone(goods), func(a ServiceAnswer) bool {
		return a.Signature != revocation.SignatureValid || !a.Response.Signer.Authorized()
	})
	proving := slices.DeleteFunc(slices.Clone(signed), func(a ServiceAnswer) bool { return !s.independent(a) })
	switch {
	case technicallyConstrained(s.Issuer):
		return "the CA is technically constrained (BR 7.1.2.3, 7.1.2.5): SHOULD NOT"
	case len(signed) == 0:
		return "none of these answers is validly signed by an authorized responder"
	case slices.ContainsFunc(signed, unissuable) && !s.takenBack():
		return ""
	case s.Serials != nil && s.Serials.Sequential:
		return "the issuer issues certificates of CAs, whose serials may be sequential: it would have to be known what it assigned"
	case s.Serials != nil && s.Serials.Entropy == evidence.EntropyLow:
		return s.Serials.Why + ": it would have to be known what it assigned"
	case len(proving) == 0:
		return "only for serials made from a known one, which a CA with sequential serials may have assigned"
	case !slices.ContainsFunc(proving, func(a ServiceAnswer) bool { return a.Repeat }):
		return "not confirmed: asked again, the responder did not say good"
	case serialsIn(proving) < fewestSerials:
		return fmt.Sprintf("not confirmed: %d independent serial(s) answered good, %d are proof", serialsIn(proving), fewestSerials)
	}
	return ""
}

// fewestSerials is how many independent serials answered "good" are proof: that three were
// assigned by chance has a probability of (N*2^-64)^3 at most.
const fewestSerials = 3

// proof says what makes "good" answers proof.
func (s ServiceSubject) proof(goods []ServiceAnswer) string {
	again, said := 0, 0
	for _, a := range s.Answers {
		if a.Ask.Has(fabricated) && a.Repeat {
			again++
			if a.Answer.Answer == "good" {
				said++
			}
		}
	}
	if i := slices.IndexFunc(goods, unissuable); i >= 0 && serialsIn(goods) < fewestSerials+1 {
		return "no certificate can have the serial " + goods[i].Serial
	}
	return fmt.Sprintf("confirmed: %d serials, and again for %d of %d", serialsIn(goods), said, again)
}

func serialsIn(list []ServiceAnswer) int {
	different := map[string]bool{}
	for _, a := range list {
		different[a.Serial] = true
	}
	return len(different)
}

func unissuable(a ServiceAnswer) bool { return a.Ask.Has(evidence.UnissuablePOST) }

// takenBack reports whether a serial that no certificate may have got another answer than
// "good" when it was asked about again.
func (s ServiceSubject) takenBack() bool {
	return slices.ContainsFunc(s.Answers, func(a ServiceAnswer) bool {
		return unissuable(a) && a.Repeat && a.Response != nil && a.Answer.Answer != "good"
	})
}

// independent reports whether a made-up serial says nothing of what the CA assigned: it was
// drawn at random, or the CA's own are random.
func (s ServiceSubject) independent(a ServiceAnswer) bool {
	return drawn(a.Strategy, a.Serial) || s.Serials != nil && s.Serials.Entropy == evidence.EntropyRandom
}

// drawn reports whether so many bits of a serial are our own randomness that the chance of
// hitting one that the CA assigned is bounded by them.
func drawn(strategy, serial string) bool { return drawnBits(strategy, serial) >= 60 }

// drawnBits is how many bits of a made-up serial are our own randomness, at the least.
func drawnBits(strategy, serial string) int {
	switch {
	case strings.HasPrefix(strategy, "ser-random-"), strategy == "ser-highbit", strategy == "ser-short", strategy == "ser-length",
		strategy == "ser-unissuable":
		return max(0, 8*(len(serial)/2)-2) // the top bit is set or not, and a top octet of zero is made another
	}
	return 0
}
