package probe

import (
	"crypto/x509"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// learn adds every certificate at hand to the known serials: a file may hold several of one
// issuer, and what is next to one may be another.
func (p *Plan) learn(run *evidence.Run, targets []Target) {
	if p.serials.Known == nil {
		p.serials.Known = &Known{}
	}
	for _, t := range targets {
		for _, c := range append([]*x509.Certificate{t.Certificate, t.Issuer}, t.Siblings...) {
			if c != nil {
				p.serials.Known.AddCertificate(c)
			}
		}
	}
	for _, kept := range run.Certificates {
		if c, err := x509.ParseCertificate(kept.DER); err == nil {
			p.serials.Known.AddCertificate(c)
		}
	}
}

// unassignedQuestions plans those about serials that were never assigned.
func (p *Plan) unassignedQuestions(planned *PlannedTarget, about evidence.Question) error {
	for _, strategy := range Strategies() {
		kinds := []evidence.Ask{evidence.UnassignedPOST}
		switch {
		case strategy.odd:
			kinds = []evidence.Ask{evidence.UnissuablePOST}
		case strategy.get:
			kinds = append(kinds, evidence.UnassignedGET)
		}
		about.Strategy = strategy.ID
		for index := range strategy.times(p.each) {
			serial, ok := p.serials.Make(strategy, index, planned.Target, nothingSeen)
			if !ok {
				continue
			}
			planned.indexes[strategy.ID+" "+serial.String()] = index
			if err := p.plan(planned, about, serial, kinds...); err != nil {
				return err
			}
		}
	}
	return nil
}

// granted is what is taken for granted of the serials of a target's issuer.
func (s Serials) granted(t Target, each int, issuer string) evidence.IssuerSerials {
	v := s.view(t)
	g := evidence.IssuerSerials{Issuer: issuer, Known: v.known, Entropy: v.entropy, Why: v.why, Bits: v.bits,
		Sequential: t.issuesCertificatesOfCAs()}
	for _, strategy := range Strategies() {
		why := strategy.refusal(v)
		if _, ok := s.Make(strategy, 0, t, nothingSeen); !ok && why == "" {
			why = "what it makes is assigned"
		}
		if why != "" && strategy.times(each) > 0 {
			g.Skipped = append(g.Skipped, evidence.SkippedStrategy{Strategy: strategy.ID, Why: why})
		}
	}
	return g
}

// seenSerials reports whether a serial of the target's issuer was seen in the run: a CRL
// lists it, or a response carries its certificate.
type seenSerials func(revocation.Serial) bool

func nothingSeen(revocation.Serial) bool { return false }

// unlessAssigned returns the question, with a serial made anew where the one that was
// planned has turned out to be assigned; false where there is no other.
func (p *Plan) unlessAssigned(q evidence.Question, t *PlannedTarget, seen seenSerials) (evidence.Question, bool) {
	id := q.CertID()
	if !q.Ask.Has(evidence.Unassigned|evidence.UnissuablePOST) || id == nil || !seen(id.Serial) {
		return q, true
	}
	serial, ok := p.serials.Make(strategyNamed(q.Strategy), t.indexes[q.Strategy+" "+q.Serial], t.Target, seen)
	if !ok {
		return q, false
	}
	again, err := question(q, t.Target, serial, q.Ask)
	return again, err == nil
}

// addFetched adds what the CRLs among the exchanges list, and returns each by the ID of its
// exchange.
func (k *Known) addFetched(answered []evidence.Exchange) map[string]*revocation.CRL {
	read := map[string]*revocation.CRL{}
	for _, x := range answered {
		if x.Ask != evidence.FetchCRL || !x.Answered() {
			continue
		}
		if octets, ok := openCRL(&x); ok {
			read[x.ID], _ = k.AddCRL(octets) // reading memory does not fail
		}
	}
	return read
}

// addEmbedded adds the certificates that an OCSP response carries, those of delegates.
func (k *Known) addEmbedded(x *evidence.Exchange) {
	if x == nil || len(x.Body) == 0 {
		return
	}
	basic := revocation.ReadOCSPResponse(x.Body).Basic
	if basic == nil {
		return
	}
	for _, embedded := range basic.Certificates {
		if embedded.Certificate != nil {
			k.AddCertificate(embedded.Certificate)
		}
	}
}

func strategyNamed(id string) Strategy {
	for _, s := range Strategies() {
		if s.ID == id {
			return s
		}
	}
	return Strategy{}
}
