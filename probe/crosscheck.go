package probe

import (
	"math/rand/v2"
	"slices"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// maxSerial is how many octets a serial number may have (RFC 5280 §4.1.2.2).
const maxSerial = 20

// crossCheck makes questions about serials that the fetched CRLs list, for the responders
// of the CA whose CRL it is: by the index of their target. Nobody is asked twice about the
// same serial.
func (p *Plan) crossCheck(fetched []evidence.Exchange) map[int][]evidence.Question {
	questions := map[int][]evidence.Question{}
	if !p.asks.Has(evidence.ListedPOST) || !slices.ContainsFunc(p.Targets, func(t PlannedTarget) bool { return len(t.Target.Responders) > 0 }) {
		return questions
	}
	asked := map[string]bool{}
	for i := range fetched {
		crl, sample := p.sample(&fetched[i])
		if len(sample) == 0 {
			continue
		}
		for target, t := range p.Targets {
			if t.Target.Issuer == nil || crl.Verify(t.Target.Issuer).State != revocation.SignatureValid {
				continue
			}
			questions[target] = append(questions[target], p.listed(t.Target, sample, asked)...)
		}
	}
	return questions
}

// listed asks the responders of a target about the serials of a sample. Where nobody said
// how many, each responder is asked about one, whatever the number of CRLs.
func (p *Plan) listed(t Target, sample []revocation.Serial, asked map[string]bool) []evidence.Question {
	var questions []evidence.Question
	issuer, subject := evidence.Fingerprint(t.Issuer.Raw), ""
	if t.Certificate != nil {
		subject = evidence.Fingerprint(t.Certificate.Raw)
	}
	for _, responder := range t.Responders {
		for _, serial := range sample {
			key := responder + " " + issuer
			if p.crossChecks > 0 {
				key += " " + serial.String()
			}
			if asked[key] {
				continue
			}
			asked[key] = true
			about := evidence.Question{URL: responder, Issuer: issuer, Subject: subject}
			if q, err := question(about, t, serial, evidence.ListedPOST); err == nil {
				questions = append(questions, q)
			}
		}
	}
	return questions
}

// sample reads a fetched CRL once and draws serials of the certificates that it says are
// revoked. The seed decides which.
func (p *Plan) sample(x *evidence.Exchange) (*revocation.CRL, []revocation.Serial) {
	if x.Ask != evidence.FetchCRL || !x.Answered() {
		return nil, nil
	}
	octets, ok := openCRL(x)
	if !ok {
		return nil, nil
	}
	r := reservoir{room: max(p.crossChecks, 1), chance: p.serials.chance(x.URL)}
	crl, err := revocation.ReadCRL(octets, r.visit)
	if err != nil || crl.Broken != nil {
		return nil, nil
	}
	return crl, r.drawn
}

// chance is a source of numbers that the seed and a name decide.
func (s Serials) chance(name string) *rand.Rand {
	return rand.New(rand.NewChaCha8([32]byte(s.random(nil, "listed "+name, 0, 0))))
}

// reservoir draws from the entries of a CRL as they go by, each with the same probability.
type reservoir struct {
	room   int
	chance *rand.Rand
	seen   int
	drawn  []revocation.Serial
}

func (r *reservoir) visit(e *revocation.CRLEntry) {
	switch {
	case e.HasReason && e.Reason == revocation.ReasonRemoveFromCRL:
		return // it is not revoked any more
	case len(e.Serial) == 0 || len(e.Serial) > maxSerial || e.Serial[0] >= 0x80:
		return // no serial that a certificate may have
	}
	r.seen++
	if len(r.drawn) < r.room {
		r.drawn = append(r.drawn, slices.Clone(e.Serial))
	} else if at := r.chance.IntN(r.seen); at < r.room {
		r.drawn[at] = slices.Clone(e.Serial)
	}
}
