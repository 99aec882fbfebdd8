package conformance

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// Options says by what a run is judged.
type Options struct {
	Profile Profile
	Rules   []*Rule // nil: all of them
}

// Examine judges a run: it decodes what came back, puts every rule to every subject it
// applies to, and never fails. A rule that panics becomes a bug in the report.
func Examine(run *evidence.Run, o Options) *Report {
	e := &examiner{
		report:       &Report{Run: run, Profile: o.Profile, Outcomes: map[Outcome]int{}},
		rules:        o.Rules,
		certificates: map[string]*x509.Certificate{},
		origins:      map[string]string{},
		issuers:      map[string]*x509.Certificate{},
		judged:       map[string]bool{},
		delegates:    map[string]bool{},
	}
	if e.rules == nil {
		e.rules = Rules()
	}
	for _, c := range run.Certificates {
		if parsed, err := x509.ParseCertificate(c.DER); err == nil {
			name := evidence.Fingerprint(c.DER)
			e.certificates[name], e.origins[name] = parsed, c.Origin
			e.pool = append(e.pool, parsed)
		}
	}
	e.services()
	e.report.Blackout, e.report.ClockError = blackout(run), clockError(run)
	for i := range run.Exchanges {
		e.exchange(&run.Exchanges[i])
	}
	e.pointers()
	for i := range e.report.Services {
		e.service(&e.report.Services[i])
	}
	e.unanswered()
	e.hints()
	e.report.NothingAsked = e.nothingAsked()
	return e.report
}

type examiner struct {
	report       *Report
	rules        []*Rule
	certificates map[string]*x509.Certificate
	pool         []*x509.Certificate          // the same, in the order in which they came
	origins      map[string]string            // where they came from, by fingerprint
	issuers      map[string]*x509.Certificate // what issuerOf found, by fingerprint
	answers      []ServiceAnswer              // of every service
	delegates    map[string]bool              // fingerprints of those that were judged
	judged       map[string]bool              // rule id and service, of what was judged at all
}

// docket is what a finding needs to know of the subject that a rule was put to.
type docket struct {
	source   string
	exchange *evidence.Exchange // nil for a certificate
	service  string             // URL
	signed   time.Time          // by which the citations in force are chosen
	at       time.Time
	scope    scoped
	private  bool // neither the CA nor the certificate shows a policy of the CA/Browser Forum
}

// judge puts one rule to one subject.
func (e *examiner) judge(r *Rule, d docket, verdict func() Verdict) {
	binding := e.report.Profile.citations(r, d.signed)
	if len(binding) == 0 {
		return
	}
	e.judged[r.ID+" "+d.service] = true
	if r.Scope != "" && r.Scope != d.scope.scope {
		e.report.Outcomes[NotApplicable]++
		return
	}
	v := e.caught(r, d, verdict)
	if r.Clock && v.Outcome == Failed && e.report.ClockError != 0 {
		v = unable("%s", clockText(e.report.ClockError))
	}
	if v.only != "" {
		binding = slices.DeleteFunc(binding, func(c Citation) bool { return c.Document != v.only })
		if len(binding) == 0 {
			v = pass() // the profile knows no clause that this breaks
		}
	}
	e.report.Outcomes[v.Outcome]++
	if v.Outcome != Failed && v.Outcome != Inconclusive {
		return
	}
	f := Finding{Rule: r, Outcome: v.Outcome, Source: d.source, Service: d.service, Exchanges: v.exchanges,
		Field: v.Field, Offset: v.Offset, Got: v.Got, Want: v.Want, Citations: binding, At: d.at}
	if v.Outcome == Failed {
		f.Severity = v.severity(severity(r, binding))
	}
	if r.Public && d.private && f.Severity > Notice {
		f.Severity = Notice
		f.Assumed = "a private CA: neither it nor the certificate asserts a policy of the CA/Browser Forum"
	}
	if r.Scope != "" && d.scope.assumed {
		f.Assumed = "scope " + string(r.Scope) + ": nothing says which certificates the service covers, --scope does"
	}
	e.report.Findings = append(e.report.Findings, f)
}

func (e *examiner) caught(r *Rule, d docket, verdict func() Verdict) Verdict {
	var v Verdict
	if rule, panicked := e.guard(d.source, func() string { return r.ID }, func() { v = verdict() }); panicked {
		return unable("bug in rule %s, evidence kept", rule)
	}
	return v
}

// guard runs the code of rules and is the one place where a panic is caught: hostile bytes
// are daily bread, and one bad rule must not lose the others' verdicts. It names the rule
// that was at work.
func (e *examiner) guard(source string, atWork func() string, work func()) (rule string, panicked bool) {
	defer func() {
		if p := recover(); p != nil {
			rule, panicked = atWork(), true
			e.report.Bugs = append(e.report.Bugs, fmt.Sprintf("bug in rule %s over %s: %v\n%s", rule, source, p, debug.Stack()))
		}
	}()
	work()
	return "", false
}

// exchange judges one exchange and the documents it carries.
func (e *examiner) exchange(x *evidence.Exchange) {
	body := openBody(x)
	if x.Ask != evidence.File {
		subject, d := ExchangeSubject{x, body.form, e.report.Blackout}, e.docket(x, x.At, scoped{})
		for _, r := range e.rules {
			if r.Exchange != nil && r.Needs.Has(x.Ask) {
				e.judge(r, d, func() Verdict { return r.Exchange(subject) })
			}
		}
	}
	e.documents(x, body)
}

func (e *examiner) docket(x *evidence.Exchange, signed time.Time, s scoped) docket {
	return docket{source: x.ID, exchange: x, service: serviceURL(x), signed: signed, at: x.At, scope: s,
		private: private(e.knownIssuer(x), e.certificates[x.Subject])}
}

func serviceURL(x *evidence.Exchange) string {
	if x.Ask == evidence.File {
		return ""
	}
	return x.URL
}

// pointers judges the certificates that led to the services asked, or should have, each
// once.
func (e *examiner) pointers() {
	seen := map[string]bool{}
	judge := func(name string, at time.Time) {
		if c := e.certificates[name]; c != nil && !seen[name] {
			seen[name] = true
			e.certificate(CertSubject{Certificate: c, Role: roleOf(c), Origin: e.origins[name], Issuer: e.issuerOf(c), At: at})
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
	if name := evidence.Fingerprint(c.Raw); !e.delegates[name] {
		e.delegates[name] = true
		e.certificate(CertSubject{Certificate: c, Role: RoleDelegate, Origin: s.Exchange.ID, Issuer: s.Issuer,
			Subject: e.certificates[s.Exchange.Subject], At: s.At})
	}
}

// issuerOf returns the certificate of the CA whose key signed c, where it is known. That is
// asked of the same certificate for every answer about it, and verified once.
func (e *examiner) issuerOf(c *x509.Certificate) *x509.Certificate {
	name := evidence.Fingerprint(c.Raw)
	issuer, known := e.issuers[name]
	if known {
		return issuer
	}
	for _, ca := range e.pool {
		if bytes.Equal(ca.RawSubject, c.RawIssuer) && revocation.VerifyCertificate(c, ca).State == revocation.SignatureValid {
			issuer = ca
			break
		}
	}
	e.issuers[name] = issuer
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

func (e *examiner) certificate(subject CertSubject) {
	for _, r := range e.rules {
		if r.Cert != nil {
			d := docket{source: subject.Origin, signed: subject.Certificate.NotBefore, at: subject.At, private: private(subject.Issuer, subject.Subject)}
			e.judge(r, d, func() Verdict { return r.Cert(subject) })
		}
	}
}

// service judges what one service said as a whole.
func (e *examiner) service(s *Service) {
	subject := ServiceSubject{Service: *s, Issuer: e.certificates[s.Issuer], Reached: reached(e.report.Run, s.URL), Blackout: e.report.Blackout}
	for _, a := range e.answers {
		if a.Responder == s.URL && a.Issuer == s.Issuer {
			subject.Answers = append(subject.Answers, a)
		}
	}
	for _, r := range e.rules {
		if r.Service == nil || len(subject.asked(r.Needs)) == 0 {
			continue
		}
		last := s.Exchanges[len(s.Exchanges)-1]
		e.judge(r, e.docket(last, last.At, scoped{}), func() Verdict {
			v := r.Service(subject)
			if len(v.exchanges) > 0 {
				return v
			}
			return v.about(ids(subject.asked(r.Needs))...)
		})
	}
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
		for _, r := range e.rules {
			asked := (ServiceSubject{Service: *s}).asked(r.Needs)
			if r.Cert != nil || len(asked) == 0 || e.judged[r.ID+" "+s.URL] {
				continue
			}
			first := asked[0]
			e.judge(r, docket{source: first.ID, exchange: first, service: s.URL, signed: first.At, at: first.At,
				scope: scoped{scope: r.Scope}}, func() Verdict {
				return unable("no answer to judge: %s", outcomeOf(first)).about(ids(asked)...)
			})
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
