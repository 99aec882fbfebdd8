package probe

import (
	"crypto"
	"fmt"
	"net/http"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// prober makes the questions to one responder that are out of the ordinary. All but those
// about the spelling of paths are about one certificate, and differ from the plain
// question about it in one thing.
type prober struct {
	about   evidence.Question
	target  Target
	serials Serials
	id      revocation.CertID // SHA-1
	list    []evidence.Question
}

// probes plans the questions of evidence.Probes that are wanted. Those that may be the end
// of a responder come last.
func (p *Plan) probes(planned *PlannedTarget, about evidence.Question) error {
	o := &prober{about: about, target: planned.Target, serials: p.serials}
	serial := o.serial("robustness", 0)
	if o.target.Certificate != nil {
		serial = revocation.SerialOf(o.target.Certificate.SerialNumber)
	} else {
		o.about.Subject = ""
	}
	var err error
	if o.id, err = revocation.NewCertID(crypto.SHA1, o.target.Issuer, serial); err != nil {
		return fmt.Errorf("asking %s about serial %s: %w", about.URL, serial, err)
	}
	if p.asks.Has(evidence.GETSpelling) {
		o.spellings()
	}
	if p.asks.Has(evidence.NoncePOST) {
		o.nonces()
	}
	if p.asks.Has(evidence.Robustness) {
		o.post("plain", o.template())
		o.extensions()
		o.signatures()
		o.certIDs()
		o.transports()
		o.clients()
		o.otherSpellings()
		o.malformed()
		o.huge()
	}
	planned.Probes = append(planned.Probes, o.list...)
	return nil
}

// template is the plain request.
func (o *prober) template() revocation.RequestTemplate {
	return revocation.RequestTemplate{CertIDs: []revocation.CertID{o.id}}
}

// post adds a POST of the encoded template.
func (o *prober) post(variant string, template revocation.RequestTemplate) {
	o.add(variant, evidence.Question{Method: http.MethodPost, Request: revocation.BuildOCSPRequest(template)})
}

// add adds a question, which says what is special of it.
func (o *prober) add(variant string, q evidence.Question) {
	q.URL, q.Issuer, q.Subject, q.Variant = o.about.URL, o.about.Issuer, o.about.Subject, variant
	if q.Ask == 0 {
		q.Ask = evidence.Robustness
	}
	if id := q.CertID(); id != nil {
		q.Serial = id.Serial.String()
	}
	if q.Serial != o.id.Serial.String() {
		q.Subject = ""
	}
	o.list = append(o.list, q)
}

// random is octets of our own for that purpose.
func (o *prober) random(purpose string, index int) []byte {
	return o.serials.random(o.target.Issuer, purpose, index, 0)
}

// serial is one of 20 octets that was never issued.
func (o *prober) serial(purpose string, index int) revocation.Serial {
	return positive(o.random(purpose, index)[:20])
}

// unassigned is the CertID of a serial that was never issued.
func (o *prober) unassigned(index int) revocation.CertID {
	id := o.id
	id.Serial = o.serial("robustness", 1+index)
	return id
}
