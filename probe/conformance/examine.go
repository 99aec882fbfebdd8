package conformance

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"slices"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// Options says by what a run is judged.
type Options struct {
	Profile Profile
	Rules   []*Rule // nil: all of them
	// Suppressions silence findings that are known.
	Suppressions []Suppression
}

// Examine judges a run: it decodes what came back, puts every rule to every subject it
// applies to, and never fails. A rule that panics becomes a bug in the report.
func Examine(run *evidence.Run, o Options) *Report {
	e := newExaminer(run, o)
	for _, c := range e.pool {
		e.wanted.addCertificate(c)
	}
	e.services()
	e.report.Blackout, e.clockOff, e.noIPv6 = run.Blackout(), clockOffset(run), !answersIPv6(run)
	e.report.ClockError = clockError(e.clockOff)
	e.tried = tried(run)
	e.exchanges()
	e.pointers()
	for i := range e.report.Services {
		e.service(&e.report.Services[i])
	}
	e.histories()
	e.authorities()
	e.unanswered()
	e.muteServices()
	e.report.Bounds = e.bounds()
	e.hints()
	e.unheard()
	e.suppress(o.Suppressions)
	e.tally()
	e.report.NothingAsked = e.nothingAsked()
	return e.report
}

// newExaminer knows the certificates of a run and the rules that it is to be judged by.
func newExaminer(run *evidence.Run, o Options) *examiner {
	e := &examiner{
		report:       &Report{Run: run, Profile: o.Profile, Interrupted: run.Interrupted},
		certificates: map[string]*x509.Certificate{},
		memory:       revocation.NewMemory(),
		origins:      map[string]string{},
		issuers:      map[*x509.Certificate]*x509.Certificate{},
		named:        map[string][]*x509.Certificate{},
		judged:       map[string]*tally{},
		delegates:    map[string]bool{},
		crls:         map[string]*CRLSubject{},
		onExchanges:  map[evidence.Ask][]*listed{},
		onResponses:  map[evidence.Ask][]*listed{},
	}
	if o.Rules == nil {
		o.Rules = Rules()
	}
	e.rules = listRules(o.Rules)
	for _, c := range run.Certificates {
		if parsed, err := x509.ParseCertificate(c.DER); err == nil {
			name := evidence.Fingerprint(c.DER)
			e.certificates[name], e.origins[name] = parsed, c.Origin
			e.pool = append(e.pool, parsed)
			if key := revocation.NameKey(parsed.RawSubject); key != "" {
				e.named[key] = append(e.named[key], parsed)
			}
			e.memory.Know(parsed)
		}
	}
	return e
}

type examiner struct {
	report       *Report
	clockOff     time.Duration
	noIPv6       bool // no IPv6 address of the run answered
	tried        []*tries
	rules        []*listed
	sorting      []*listed // room for those that judging picks out
	onExchanges  map[evidence.Ask][]*listed
	onResponses  map[evidence.Ask][]*listed
	certificates map[string]*x509.Certificate
	pool         []*x509.Certificate            // the same, in the order in which they came
	named        map[string][]*x509.Certificate // the same by what their names have in common
	memory       *revocation.Memory
	origins      map[string]string                       // where they came from, by fingerprint
	issuers      map[*x509.Certificate]*x509.Certificate // what issuerOf found
	asking       *evidence.Exchange                      // whose request was read last
	asked        []revocation.CertID                     // and what it is about
	answers      []ServiceAnswer                         // of every service
	probed       []ProbeAnswer                           // of every service
	delegates    map[string]bool                         // those that were judged, by their DER
	crls         map[string]*CRLSubject                  // by the id of the exchange that brought them
	wanted       wanted                                  // what is looked for in every CRL
	judged       map[string]*tally                       // by service, file or certificate
	tallies      []*tally                                // the same, in the order in which they came
}

// exchanges judges every exchange: CRLs last, since by then it is known whose entries are
// looked for while they pass by. What was found is told in the order of the evidence.
func (e *examiner) exchanges() {
	e.wanted.addPast(e.report.Run.Past)
	e.expect(len(e.report.Run.Exchanges))
	order := map[string]int{}
	for _, crls := range []bool{false, true} {
		for i := range e.report.Run.Exchanges {
			x := &e.report.Run.Exchanges[i]
			order[x.ID] = i
			if (x.Ask == evidence.FetchCRL) == crls {
				e.wanted.addAsked(e.askedAbout(x))
				e.exchange(x)
			}
		}
	}
	slices.SortStableFunc(e.report.Findings, func(a, b Finding) int { return order[a.Source] - order[b.Source] })
	slices.SortStableFunc(e.report.Documents, func(a, b Document) int { return order[a.Source] - order[b.Source] })
}

// expect makes room for what each exchange may bring.
func (e *examiner) expect(exchanges int) {
	e.report.Documents = make([]Document, 0, exchanges)
	e.report.Answers, e.answers = make([]Answer, 0, exchanges), make([]ServiceAnswer, 0, exchanges)
}

// exchange judges one exchange and the documents it carries.
func (e *examiner) exchange(x *evidence.Exchange) {
	body := openBody(x)
	if x.Ask != evidence.File {
		subject := ExchangeSubject{Exchange: x, Form: body.form, Blackout: e.report.Blackout, NoIPv6: e.noIPv6, ClockOff: e.clockOff, Subject: e.certificates[x.Subject]}
		if x.Ask == evidence.FetchIssuer && carries(x) {
			subject.Issuers, subject.IssuersProblem = issuersOf(x, body.form)
			e.caIssuers(subject)
		}
		d := e.docket(x, x.At, scoped{})
		e.put(e.rulesFor(e.onExchanges, x.Ask, onExchange), d, once, func(r *Rule, _ int) Verdict { return r.Exchange(subject) })
	}
	e.documents(x, body)
}

func (e *examiner) docket(x *evidence.Exchange, signed time.Time, s scoped) docket {
	service := serviceURL(x)
	return docket{source: x.ID, exchange: x, service: service, judged: e.tallyOf(service, x.ID), signed: signed, at: x.At, scope: s,
		private: private(e.knownIssuer(x), e.certificates[x.Subject])}
}

func serviceURL(x *evidence.Exchange) string {
	if x.Ask == evidence.File {
		return ""
	}
	return x.URL
}

// pointers judges the certificates that led to the services asked, or should have, and
// those of the CAs above them that are at hand, each once.
func (e *examiner) pointers() {
	if len(e.judging(onCertificate)) == 0 {
		return // whose certificates have their signatures verified for nothing
	}
	seen := map[string]bool{}
	judge := func(name string, at time.Time) {
		for c := e.certificates[name]; c != nil && !seen[name]; name = evidence.Fingerprint(c.Raw) {
			seen[name] = true
			issuer := e.issuerOf(c)
			e.certificate(CertSubject{Certificate: c, Role: roleOf(c), Origin: e.origins[name], Issuer: issuer, At: at}, "")
			if c = issuer; c == nil {
				return
			}
		}
	}
	for i := range e.report.Run.Exchanges {
		x := &e.report.Run.Exchanges[i]
		if x.Ask != evidence.File {
			judge(x.Subject, x.At)
			judge(x.Issuer, x.At)
		}
	}
	for _, name := range e.report.Run.Subjects {
		judge(name, e.report.Run.Started)
	}
}

// delegate judges the certificate of an authorized responder, once.
func (e *examiner) delegate(s *ResponseSubject) {
	c := s.Signer.Certificate
	if c == nil || s.Signer.IsIssuer || s.Signer.Signature.State != revocation.SignatureValid {
		return
	}
	if !e.delegates[string(c.Raw)] {
		e.delegates[string(c.Raw)] = true
		e.wanted.addCertificate(c)
		e.certificate(CertSubject{Certificate: c, Role: RoleDelegate, Origin: s.Exchange.ID, Issuer: s.Issuer,
			Subject: e.certificates[s.Exchange.Subject], At: s.At}, serviceURL(s.Exchange))
	}
}

// issuerOf returns the certificate of the CA whose key signed c, where it is known. That is
// asked of the same certificate for every answer about it, and verified once.
func (e *examiner) issuerOf(c *x509.Certificate) *x509.Certificate {
	issuer, known := e.issuers[c]
	if known {
		return issuer
	}
	for _, ca := range e.named[revocation.NameKey(c.RawIssuer)] {
		if revocation.VerifyCertificate(c, ca).State == revocation.SignatureValid {
			issuer = ca
			break
		}
	}
	e.issuers[c] = issuer
	return issuer
}

// namedIssuer returns the first other certificate that has the name of c's issuer, whoever
// signed c.
func (e *examiner) namedIssuer(c *x509.Certificate) *x509.Certificate {
	for _, ca := range e.pool {
		if ca != c && bytes.Equal(ca.RawSubject, c.RawIssuer) {
			return ca
		}
	}
	return nil
}

func (e *examiner) certificate(subject CertSubject, service string) {
	subject.Known, subject.Private = e.pool, e.privateCertificate(subject)
	d := docket{source: subject.Origin, service: service, judged: e.tallyOf(service, subject.Origin), signed: subject.Certificate.NotBefore, at: subject.At,
		private: subject.Private}
	e.put(e.judging(onCertificate), d, once, func(r *Rule, _ int) Verdict { return r.Cert(subject) })
}

func (e *examiner) serviceSubject(s *Service) ServiceSubject {
	subject := ServiceSubject{Service: *s, Issuer: e.certificates[s.Issuer], Reached: reached(e.report.Run, s.URL),
		Walk: walkOf(e.report.Run, s.URL), Blackout: e.report.Blackout, Serials: e.report.Run.SerialsOf(s.Issuer)}
	if s.Responder {
		subject.Answers = make([]ServiceAnswer, 0, len(s.Exchanges))
	}
	for _, a := range e.answers {
		if a.Responder == s.URL && a.Issuer == s.Issuer {
			subject.Answers = append(subject.Answers, a)
		}
	}
	for _, p := range e.probed {
		if p.URL == s.URL && p.Issuer == s.Issuer {
			subject.Probes = append(subject.Probes, p)
		}
	}
	for _, x := range s.Exchanges {
		if c := e.crls[x.ID]; c != nil {
			subject.CRLs = append(subject.CRLs, c)
		}
	}
	return subject
}

// service judges what one service said as a whole.
func (e *examiner) service(s *Service) {
	subject := e.serviceSubject(s)
	kinds := s.asks()
	last := s.Exchanges[len(s.Exchanges)-1]
	rules := e.judging(func(r *Rule) bool { return r.Service != nil && r.Needs.Has(kinds) })
	e.put(rules, e.docket(last, last.At, scoped{}), once, func(r *Rule, _ int) Verdict {
		v := r.Service(subject)
		if len(v.exchanges) > 0 || !v.found() {
			return v
		}
		return v.about(ids(subject.asked(r.Needs))...)
	})
}

func ids(list []*evidence.Exchange) []string {
	var names []string
	for _, x := range list {
		names = append(names, x.ID)
	}
	return names
}

// unanswered makes every rule inconclusive that needed an answer which a service did not
// give: the availability rules say what was wrong, these say what could not be judged.
func (e *examiner) unanswered() {
	for i := range e.report.Services {
		s := &e.report.Services[i]
		kinds, judged := s.asks(), e.tallyOf(s.URL, s.Exchanges[0].ID)
		rules := e.judging(func(r *Rule) bool { return r.Cert == nil && r.Issuer == nil && r.History == nil && r.Needs.Has(kinds) })
		for _, r := range rules {
			if judged.put(r) {
				continue
			}
			asked := (ServiceSubject{Service: *s}).asked(r.Needs)
			first := asked[0]
			d := docket{source: first.ID, exchange: first, service: s.URL, judged: judged, signed: first.At, at: first.At, scope: scoped{scope: r.Scope}}
			e.put([]*listed{r}, d, once, func(*Rule, int) Verdict {
				v := unable("no answer to judge: %s", outcomeOf(first)).about(ids(asked)...)
				v.unanswered = true
				return v
			})
		}
	}
}

// muteServices marks what could not be judged of services that answered nothing at all: it was not to
// be judged for want of an answer, whatever the rule says.
func (e *examiner) muteServices() {
	answered := map[string]bool{}
	for i := range e.report.Run.Exchanges {
		if x := &e.report.Run.Exchanges[i]; x.Ask.Has(evidence.HTTP) && x.Failure == "" {
			answered[x.URL] = true
		}
	}
	for i := range e.report.Findings {
		if f := &e.report.Findings[i]; f.Outcome == Inconclusive && f.Service != "" && !answered[f.Service] {
			f.Unanswered = true
		}
	}
}

// outcomeOf says in words why an exchange carried no document.
func outcomeOf(x *evidence.Exchange) string {
	switch {
	case x.Failure != "" && x.Detail != "":
		return string(x.Failure) + ", " + x.Detail
	case x.Failure != "":
		return string(x.Failure)
	}
	return "the body is not what was asked for"
}

// hints says what the operator may want to know about the way the run was judged.
func (e *examiner) hints() {
	e.report.Hints = append(e.report.Hints, e.report.Run.Notes...)
	if e.report.ClockError != 0 {
		e.report.Hints = append(e.report.Hints, clockText(e.report.ClockError))
	}
	if doubt := clockDoubt(e.report.Run); doubt != "" {
		e.report.Hints = append(e.report.Hints, doubt)
	}
	e.waiting()
	e.ended()
	seen := map[string]bool{}
	for _, x := range e.report.Run.Exchanges {
		leaf := e.certificates[x.Subject]
		if leaf == nil || leaf.IsCA || seen[x.Subject] {
			continue
		}
		seen[x.Subject] = true
		if !publicPolicy(leaf) && e.report.Profile.Name != "rfc" {
			e.report.Hints = append(e.report.Hints, fmt.Sprintf(
				"%s carries no CA/Browser Forum policy: if its CA is not publicly trusted, --profile rfc judges by the RFCs alone", e.origins[x.Subject]))
		}
	}
}

// private reports whether what is known of a CA and of one of its certificates shows no
// policy of the CA/Browser Forum, by which publicly trusted ones identify themselves (BR
// 7.1.6.1). Of a CA that is not known nothing is concluded.
func private(issuer, subject *x509.Certificate) bool {
	return issuer != nil && !publicPolicy(issuer) && (subject == nil || !publicPolicy(subject))
}

// privateCertificate reports whether neither the certificate, its issuer nor any certificate
// at hand that it issued shows a policy of the CA/Browser Forum. Roots have none
// of their own.
func (e *examiner) privateCertificate(s CertSubject) bool {
	switch {
	case s.Role == RoleDelegate:
		return private(s.Issuer, s.Subject)
	case publicPolicy(s.Certificate) || s.Issuer != nil && publicPolicy(s.Issuer):
		return false
	}
	return !slices.ContainsFunc(e.pool, func(c *x509.Certificate) bool {
		return publicPolicy(c) && bytes.Equal(c.RawIssuer, s.Certificate.RawSubject)
	})
}

// publicPolicy reports whether the certificate asserts a reserved policy of the CA/Browser
// Forum (2.23.140.1..., BR 7.1.6.1), or as a CA anyPolicy (BR 7.1.6.3).
func publicPolicy(c *x509.Certificate) bool {
	for _, p := range c.PolicyIdentifiers {
		if c.IsCA && p.Equal(asn1.ObjectIdentifier{2, 5, 29, 32, 0}) {
			return true
		}
		if len(p) >= 4 && p[0] == 2 && p[1] == 23 && p[2] == 140 && p[3] == 1 {
			return true
		}
	}
	return false
}
