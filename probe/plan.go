package probe

import (
	"crypto"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// Plan is every question of a run, target by target. It is complete before anything is
// sent; only unassigned serials that a fetched CRL turns out to list are made anew, some
// of those that it lists are asked about, the deltas that it names are fetched, and which
// addresses there are is not known before.
type Plan struct {
	Targets []PlannedTarget
	asks    evidence.Ask
	serials Serials
	each    int
	granted []evidence.IssuerSerials // what the serials rest on

	crossChecks int
	keep        func(*evidence.Exchange)
	replicas    Replicas

	confirmation Confirmation

	planned map[string]bool // what was, by the words of once
}

// PlannedTarget is the questions about one target: first what the hosts are, then the CRLs
// and the issuer's certificate, then the responders, and at last how they take what is out
// of the ordinary.
type PlannedTarget struct {
	Target   Target
	Resolves []evidence.Question
	// Registrations are about the domains of the hosts.
	Registrations []evidence.Question
	CRLs          []evidence.Question
	Issuers       []evidence.Question
	OCSP          []evidence.Question
	Probes        []evidence.Question
	indexes       map[string]int // of unassigned serials, by strategy and serial
}

// Questions returns every question in the order in which it is asked.
func (p *Plan) Questions() []evidence.Question {
	var list []evidence.Question
	for _, t := range p.Targets {
		list = append(list, t.Resolves...)
		list = append(list, t.Registrations...)
		list = append(list, t.CRLs...)
		list = append(list, t.Issuers...)
		list = append(list, t.OCSP...)
		list = append(list, t.Probes...)
	}
	return list
}

// Options say what a plan asks.
type Options struct {
	Asks    evidence.Ask // the kinds of questions
	Serials Serials
	// CrossChecks is how many serials of each fetched CRL the responders of its CA are asked
	// about; zero: one, whatever the number of CRLs.
	CrossChecks int
	Each        int // how many serials are made up by each strategy; 0: the few of an ordinary run
	// Keep, where it is not nil, is given each exchange as soon as it is over, by several
	// goroutines at once.
	Keep         func(*evidence.Exchange)
	Replicas     Replicas
	Confirmation Confirmation
}

// NewPlan plans the questions about the targets. A service that several targets share is
// asked once. It adds the targets' certificates to the run and to the known serials, and to
// the run what is taken for granted of the issuers' serials.
func NewPlan(run *evidence.Run, targets []Target, o Options) (*Plan, error) {
	p := &Plan{asks: o.Asks, serials: o.Serials, each: o.Each, crossChecks: o.CrossChecks, keep: o.Keep, replicas: o.Replicas, confirmation: o.Confirmation,
		planned: map[string]bool{}}
	if o.Replicas.EveryAddress {
		p.asks |= evidence.Resolve // which says what the addresses are
	}
	if o.Confirmation.on() {
		run.Confirm = &o.Confirmation.Confirmation
	}
	p.learn(run, targets)
	for _, t := range targets {
		planned, err := p.target(run, t)
		if err != nil {
			return nil, err
		}
		p.Targets = append(p.Targets, planned)
	}
	run.Issuers = append(run.Issuers, p.granted...)
	return p, nil
}

// once reports whether what these words name is planned for the first time.
func (p *Plan) once(words ...string) bool {
	key := strings.Join(words, "\x00")
	first := !p.planned[key]
	p.planned[key] = true
	return first
}

func (p *Plan) target(run *evidence.Run, t Target) (PlannedTarget, error) {
	planned := PlannedTarget{Target: t, indexes: map[string]int{}}
	issuer, subject := "", ""
	if t.Issuer != nil {
		issuer = run.AddCertificate(t.Issuer.Raw, "issuer")
	}
	if t.Certificate != nil {
		subject = run.AddCertificate(t.Certificate.Raw, "certificate")
		run.Subjects = append(run.Subjects, subject)
	}
	for _, crl := range t.DistributionPoints {
		p.point(&planned, crl, issuer, subject)
	}
	p.issuers(run, &planned, issuer, subject)
	p.registrations(&planned, t.places(), issuer)
	for _, responder := range t.Responders {
		if t.Issuer == nil {
			return planned, fmt.Errorf("asking %s: the issuer's certificate is not known", responder)
		}
		p.lookUp(&planned, responder, issuer)
		if p.asks.Has(evidence.Resolve) && p.once("resolve", host(responder)) {
			q, err := p.knock(t, evidence.Question{URL: responder, Issuer: issuer})
			if err != nil {
				return planned, err
			}
			planned.Resolves = append(planned.Resolves, q)
		}
		if err := p.responder(&planned, responder, issuer, subject); err != nil {
			return planned, err
		}
		if err := p.answerAgain(&planned, evidence.Question{URL: responder, Issuer: issuer, Subject: subject}); err != nil {
			return planned, err
		}
		if p.asks.Has(evidence.Probes) && p.once("probes", responder, issuer) {
			if err := p.probes(&planned, evidence.Question{URL: responder, Issuer: issuer, Subject: subject}); err != nil {
				return planned, err
			}
		}
	}
	for _, q := range planned.CRLs {
		p.crlOddly(&planned, q)
	}
	return planned, nil
}

// point plans what is asked about a distribution point.
func (p *Plan) point(planned *PlannedTarget, crl, issuer, subject string) {
	p.lookUp(planned, crl, issuer)
	if p.asks.Has(evidence.Resolve) && p.once("resolve", host(crl)) {
		planned.Resolves = append(planned.Resolves, evidence.Question{Ask: evidence.Resolve, URL: crl, Method: http.MethodHead, Issuer: issuer})
	}
	q := evidence.Question{Ask: evidence.FetchCRL, URL: crl, Method: http.MethodGet, Issuer: issuer, Subject: subject}
	if p.asks.Has(evidence.FetchCRL) && p.once("crl", crl, issuer) {
		planned.CRLs = append(planned.CRLs, q)
	}
	p.crlAgain(planned, q)
}

// issuers plans to look into the hosts that the certificate's caIssuers names and to fetch what
// is there, unless that was asked already to find the issuer.
func (p *Plan) issuers(run *evidence.Run, planned *PlannedTarget, issuer, subject string) {
	for _, location := range planned.Target.IssuerLocations {
		p.lookUp(planned, location, issuer)
		if p.asks.Has(evidence.Resolve) && p.once("resolve", host(location)) {
			planned.Resolves = append(planned.Resolves, evidence.Question{Ask: evidence.Resolve, URL: location, Method: http.MethodHead, Issuer: issuer})
		}
		asked := slices.ContainsFunc(run.Exchanges, func(x evidence.Exchange) bool { return x.Ask == evidence.FetchIssuer && x.URL == location })
		if p.asks.Has(evidence.FetchIssuer) && !asked && p.once("issuer", location) {
			planned.Issuers = append(planned.Issuers, evidence.Question{Ask: evidence.FetchIssuer, URL: location, Method: http.MethodGet, Issuer: issuer, Subject: subject})
		}
	}
}

// responder plans the questions to one responder.
func (p *Plan) responder(planned *PlannedTarget, responder, issuer, subject string) error {
	t := planned.Target
	about := evidence.Question{URL: responder, Issuer: issuer, Subject: subject}
	if t.Certificate != nil && p.once("assigned", responder, subject) {
		err := p.plan(planned, about, revocation.SerialOf(t.Certificate.SerialNumber), evidence.AssignedPOST, evidence.AssignedGET)
		if err != nil {
			return err
		}
	}
	if !p.once("unassigned", responder, issuer) {
		return nil
	}
	if p.asks.Has(evidence.Unassigned|evidence.UnissuablePOST) && p.once("serials", issuer) {
		p.granted = append(p.granted, p.serials.granted(t, p.each, issuer))
	}
	if err := p.unassignedQuestions(planned, about); err != nil {
		return err
	}
	if p.asks.Has(evidence.ForeignPOST) {
		planned.OCSP = append(planned.OCSP, p.foreign(t, about))
	}
	if p.asks.Has(evidence.SHA256POST) {
		return p.bySHA256(planned, about)
	}
	return nil
}

// plan adds a question about one serial by the methods whose kinds are wanted.
func (p *Plan) plan(planned *PlannedTarget, about evidence.Question, serial revocation.Serial, kinds ...evidence.Ask) error {
	for _, kind := range kinds {
		if !p.asks.Has(kind) {
			continue
		}
		q, err := question(about, planned.Target, serial, kind)
		if err != nil {
			return err
		}
		planned.OCSP = append(planned.OCSP, q)
	}
	return nil
}

func question(about evidence.Question, t Target, serial revocation.Serial, kind evidence.Ask) (evidence.Question, error) {
	id, err := revocation.NewCertID(crypto.SHA1, t.Issuer, serial)
	if err != nil {
		return evidence.Question{}, fmt.Errorf("asking %s about serial %s: %w", about.URL, serial, err)
	}
	return asked(about, id, kind), nil
}

// asked completes a question about a CertID, by the method that its kind says.
func asked(about evidence.Question, id revocation.CertID, kind evidence.Ask) evidence.Question {
	q := about
	q.Ask, q.Serial, q.Method = kind, id.Serial.String(), http.MethodPost
	q.Request = revocation.BuildOCSPRequest(revocation.RequestTemplate{CertIDs: []revocation.CertID{id}})
	if kind.Has(evidence.AssignedGET | evidence.UnassignedGET) {
		q.Method, q.Target = http.MethodGet, GETURL(q.URL, q.Request)
	}
	return q
}

// knock resolves a responder's host. What is sent on the connection to each address is a
// question like any other, about a random serial: a connection that asks nothing, or
// something malformed, is the end of some responders.
func (p *Plan) knock(t Target, about evidence.Question) (evidence.Question, error) {
	serial := positive(p.serials.random(t.Issuer, "knock", 0, 0)[:20])
	return question(about, t, serial, evidence.Resolve)
}

// foreign asks about an issuer that the responder cannot serve: the hashes are random, the
// serial is one that it knows, where one is known, so that a lookup by serial alone shows.
func (p *Plan) foreign(t Target, about evidence.Question) evidence.Question {
	random := p.serials.random(t.Issuer, "foreign-issuer", 0, 0)
	key := p.serials.random(t.Issuer, "foreign-issuer", 1, 0)
	serial := positive(p.serials.random(t.Issuer, "foreign-issuer", 2, 0)[:20])
	if t.Certificate != nil {
		serial = revocation.SerialOf(t.Certificate.SerialNumber)
	}
	id := revocation.CertID{
		HashAlgorithm:  revocation.AlgorithmIdentifier{Algorithm: revocation.OIDSHA1, Parameters: []byte{5, 0}},
		IssuerNameHash: random[:20], IssuerKeyHash: key[:20], Serial: serial,
	}
	about.Subject = ""
	return asked(about, id, evidence.ForeignPOST)
}

// bySHA256 asks with a CertID of SHA-256, about the target's certificate or else about the
// first unassigned serial, which are both asked about with SHA-1 too.
func (p *Plan) bySHA256(planned *PlannedTarget, about evidence.Question) error {
	t := planned.Target
	var serial revocation.Serial
	if t.Certificate != nil {
		serial = revocation.SerialOf(t.Certificate.SerialNumber)
	} else {
		serial, _ = p.serials.Make(Strategies()[0], 0, t, nothingSeen)
	}
	id, err := revocation.NewCertID(crypto.SHA256, t.Issuer, serial)
	if err != nil {
		return fmt.Errorf("asking %s about serial %s: %w", about.URL, serial, err)
	}
	planned.OCSP = append(planned.OCSP, asked(about, id, evidence.SHA256POST))
	return nil
}

// GETURL is the URL by which RFC 6960 A.1 asks with GET: the base64 of the request,
// URL-encoded, behind exactly one slash.
func GETURL(responder string, request []byte) string {
	return strings.TrimSuffix(responder, "/") + "/" + url.QueryEscape(base64.StdEncoding.EncodeToString(request))
}

// host returns the host and port of a URL, by which names are resolved once.
func host(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return rawURL
	}
	return u.Scheme + "://" + u.Host
}
