package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// section is what a report has on one service or one file.
type section struct {
	name      string // URL, or file name
	file      bool
	responder bool
	asks      evidence.Ask
	issuers   []issuer
	exchanges []*evidence.Exchange
	byID      map[string]*evidence.Exchange // the same
	documents []conformance.Document
	failures  []conformance.Finding
}

// issuer is one of the CAs that a responder's URL serves, with the answers about it.
type issuer struct {
	fingerprint, name string
	answers           []conformance.Answer
	bound             *conformance.Bound // nil where no serial was made up for it
}

// outline gathers sections. Services come by their URL: one URL serves many CAs, and
// what was found of its host concerns them all.
type outline struct {
	list  []*section
	index map[place]*section
	home  map[string]string // exchange id to the URL of its service
}

type place struct {
	name string
	file bool
}

func (o *outline) at(name string, file bool) *section {
	key := place{name, file}
	if o.index[key] == nil {
		o.index[key] = &section{name: name, file: file, byID: map[string]*evidence.Exchange{}}
		o.list = append(o.list, o.index[key])
	}
	return o.index[key]
}

// of returns the section of a document or finding: its service's where it has one, else
// that of the file or certificate it was found in.
func (o *outline) of(service, source string) *section {
	if service == "" {
		service = o.home[source]
	}
	if service != "" {
		return o.at(service, false)
	}
	return o.at(source, true)
}

func (s *section) issuer(fingerprint string) *issuer {
	i := slices.IndexFunc(s.issuers, func(c issuer) bool { return c.fingerprint == fingerprint })
	if i < 0 {
		i = len(s.issuers)
		s.issuers = append(s.issuers, issuer{fingerprint: fingerprint})
	}
	return &s.issuers[i]
}

// sections puts the responders first, then the other services, then the files, each in
// the order of the evidence.
func sections(r *conformance.Report) []*section {
	o := &outline{index: map[place]*section{}, home: map[string]string{}}
	for i := range r.Services {
		o.service(&r.Services[i])
	}
	for _, a := range r.Answers {
		s := o.at(a.Responder, false)
		s.responder = true
		i := s.issuer(a.Issuer)
		i.answers = append(i.answers, a)
	}
	o.bounds(r.Bounds)
	for _, d := range r.Documents {
		s := o.of("", d.Source)
		s.documents = append(s.documents, d)
	}
	for _, f := range r.Findings {
		if f.Counts() {
			s := o.of(f.Service, f.Source)
			s.failures = append(s.failures, f)
		}
	}
	slices.SortStableFunc(o.list, func(a, b *section) int { return a.rank() - b.rank() })
	return o.list
}

func (o *outline) service(known *conformance.Service) {
	s := o.at(known.URL, false)
	s.responder = s.responder || known.Responder
	if known.Name != "" {
		s.issuer(known.Issuer).name = known.Name
	}
	for _, x := range known.Exchanges {
		s.asks |= x.Ask
		s.exchanges = append(s.exchanges, x)
		s.byID[x.ID] = x
		o.home[x.ID] = known.URL
	}
}

func (s *section) rank() int {
	switch {
	case s.responder:
		return 0
	case !s.file:
		return 1
	}
	return 2
}

// what says what kind of service it is, and for whom.
func (s *section) what() string {
	kind := "service"
	switch {
	case s.responder:
		kind = "OCSP responder"
	case s.asks.Has(evidence.FetchCRL):
		kind = "distribution point"
	case s.asks.Has(evidence.FetchIssuer):
		kind = "caIssuers location"
	case s.asks.Has(evidence.RDAP):
		kind = "registration of the domain"
	case s.asks.Has(evidence.Handshake):
		kind = "TLS server"
	}
	var names []string
	for _, i := range s.issuers {
		if i.name != "" && !slices.Contains(names, shown(i.name)) {
			names = append(names, shown(i.name))
		}
	}
	if len(names) == 0 {
		return kind
	}
	return kind + " of " + several(names, 3)
}

// section writes one section: what was answered or what it is, then what is wrong.
func (p *page) section(s *section) error {
	if s.file {
		p.fileLines(s)
	} else {
		p.title(shown(s.name), s.what())
		for _, i := range s.issuers {
			if err := p.answers(s, i); err != nil {
				return err
			}
		}
		if err := p.replicas(s); err != nil {
			return err
		}
		if !s.responder {
			p.fetched(s)
		}
	}
	p.failures(s)
	return nil
}

// fileLines writes what each document of a file is.
func (p *page) fileLines(s *section) {
	lead := shown(s.name) + ": "
	if len(s.documents) == 0 {
		p.title(shown(s.name), "")
	}
	for _, d := range s.documents {
		p.paragraph("", plain, 4, lead+describe(d))
		for _, note := range d.Notes {
			p.paragraph("    ", plain, 6, shown(note))
		}
	}
}

// describe says in a line what a document is and what became of reading it.
func describe(d conformance.Document) string {
	parts := []string{shown(string(d.Kind)), shown(string(d.Encoding))}
	if !d.Decoded {
		parts = append(parts, "not decoded")
	}
	parts = append(parts, "signature "+shown(string(d.Signature)))
	if d.Status != "" {
		parts = append(parts, "certificate "+shown(d.Status))
	}
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" || s == "signature " })
	text := strings.Join(parts, ", ")
	if d.Problem != "" {
		text += ": " + shown(d.Problem)
	}
	return text
}

// fetched writes what came of each question to a service that is no responder.
func (p *page) fetched(s *section) {
	const most = 8
	written := 0
	for _, x := range s.exchanges {
		if x.Ask.Has(evidence.Resolve|evidence.WalkDNS|evidence.Robustness|evidence.Conditional) || x.Replica() {
			continue
		}
		if written++; written <= most {
			p.paragraph("  ", plain, 6, shown(x.ID)+" "+arrived(x, s.documents))
		}
	}
	if written > most {
		p.paragraph("  ", plain, 6, fmt.Sprintf("and %d more", written-most))
	}
}

// failureOf is the class of a failure, and the failure in words.
func failureOf(x *evidence.Exchange) string {
	if x.Detail == "" {
		return shown(string(x.Failure))
	}
	return shown(string(x.Failure)) + ", " + shown(x.Detail)
}

// arrived says what one exchange brought.
func arrived(x *evidence.Exchange, documents []conformance.Document) string {
	text := x.Ask.String()
	if x.Failure != "" {
		text += ": " + failureOf(x)
	}
	if x.Code != 0 {
		text += fmt.Sprintf(": HTTP %d", x.Code)
	}
	for _, d := range documents {
		if d.Source == x.ID {
			text += ": " + describe(d)
		}
	}
	return text
}
