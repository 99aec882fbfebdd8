package conformance

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// IssuerSubject is everything that one run saw of one CA, which is a name with a key:
// several certificates may speak of it.
type IssuerSubject struct {
	Issuer       *x509.Certificate // nil where it is not known
	Exchanges    []*evidence.Exchange
	CRLs         []*CRLSubject       // those fetched for it, whoever signed them
	Responses    []*ResponseSubject  // OCSP answers to questions about its certificates, whoever signed them
	Certificates []*x509.Certificate // those whose status the operator asked for and that it issued
	Disclosed    []string            // the CRLs that the CCADB shows of it; nil where nobody said
	At           time.Time           // when the last of it was seen

	anchorOf func(*x509.Certificate) *x509.Certificate // the root that a certificate chains to, or nil
}

// caKey names a CA by its name and key.
func caKey(c *x509.Certificate) string {
	return string(c.RawSubject) + string(c.RawSubjectPublicKeyInfo)
}

// authorities groups what was seen by the CA that it is about, and has each judged.
func (e *examiner) authorities() {
	var order []string
	byKey, byCertificate := map[string]*IssuerSubject{}, map[*x509.Certificate]*IssuerSubject{}
	at := func(ca *x509.Certificate, name []byte) *IssuerSubject {
		if s := byCertificate[ca]; s != nil && ca != nil {
			return s
		}
		key := string(name)
		if ca != nil {
			key = caKey(ca)
		}
		if byKey[key] == nil {
			byKey[key] = &IssuerSubject{Issuer: ca, Disclosed: disclosed(e.report.Run), anchorOf: e.anchorOf}
			order = append(order, key)
		}
		byCertificate[ca] = byKey[key]
		return byKey[key]
	}
	for i := range e.report.Run.Exchanges {
		x := &e.report.Run.Exchanges[i]
		if x.Replica() {
			continue // what machines of one service differ in says nothing of the CA's documents
		}
		ca := e.knownIssuer(x)
		crl := e.crls[x.ID]
		switch {
		case ca == nil && crl == nil:
			continue
		case ca == nil:
			ca = crl.Issuer
		}
		var name []byte
		if crl != nil {
			name = crl.CRL.Issuer
		}
		s := at(ca, name)
		s.Exchanges, s.At = append(s.Exchanges, x), x.At
		if crl != nil {
			s.CRLs = append(s.CRLs, crl)
		}
	}
	for _, a := range e.answers {
		if a.Response != nil && a.Response.Issuer != nil && !a.Ask.Has(evidence.ForeignPOST) && !a.Response.Exchange.Replica() {
			s := at(a.Response.Issuer, nil)
			s.Responses = append(s.Responses, a.Response)
		}
	}
	for _, name := range e.report.Run.Subjects {
		if c := e.certificates[name]; c != nil {
			if ca := e.issuerOf(c); ca != nil {
				s := at(ca, nil)
				s.Certificates = append(s.Certificates, c)
			}
		}
	}
	for _, key := range order {
		if s := byKey[key]; len(s.Exchanges) > 0 {
			s.combine()
			e.combined(s.CRLs)
			e.statuses(s)
			e.issuer(s)
		}
	}
}

// disclosed returns the URLs that the CCADB shows, and nil only where nobody said.
func disclosed(run *evidence.Run) []string {
	if run.Disclosed == nil {
		return nil
	}
	return append([]string{}, run.Disclosed.URLs...)
}

// maxPath is how many certificates up a root is looked for.
const maxPath = 8

// anchorOf returns the self-issued certificate to which c chains among those at hand, or nil.
func (e *examiner) anchorOf(c *x509.Certificate) *x509.Certificate {
	for range maxPath {
		if c == nil || selfSigned(c) {
			return c
		}
		c = e.issuerOf(c)
	}
	return nil
}

// issuer judges what was seen of one CA.
func (e *examiner) issuer(s *IssuerSubject) {
	for _, r := range e.judging(func(r *Rule) bool {
		return r.Issuer != nil && s.wasAsked(r.Needs) && (r.And == 0 || s.wasAsked(r.And))
	}) {
		kinds := r.Needs // a finding is told with the service that has to mend it
		if r.And != 0 {
			kinds = r.And
		}
		e.put([]*listed{r}, e.docket(s.last(kinds), s.signed(), scoped{}), once, func(r *Rule, _ int) Verdict {
			v := s.unanswered(r)
			if v.Outcome == Passed {
				v = r.Issuer(*s)
			}
			if len(v.exchanges) > 0 || !v.found() {
				return v
			}
			return v.about(ids(s.asked(r.Asks()))...)
		})
	}
}

// asked returns the exchanges of those kinds. A file that is a CRL counts as fetched.
func (s *IssuerSubject) asked(kinds evidence.Ask) []*evidence.Exchange {
	var list []*evidence.Exchange
	for _, x := range s.Exchanges {
		if s.isOf(x, kinds) {
			list = append(list, x)
		}
	}
	return list
}

// last returns the last exchange of those kinds, one that brought a delta CRL only where there
// is no other.
func (s *IssuerSubject) last(kinds evidence.Ask) *evidence.Exchange {
	list := s.asked(kinds)
	for _, x := range slices.Backward(list) {
		if !slices.ContainsFunc(s.CRLs, func(c *CRLSubject) bool { return c.Exchange == x && c.CRL.IsDelta() }) {
			return x
		}
	}
	return list[len(list)-1]
}

func (s *IssuerSubject) wasAsked(kinds evidence.Ask) bool {
	return slices.ContainsFunc(s.Exchanges, func(x *evidence.Exchange) bool { return s.isOf(x, kinds) })
}

func (s *IssuerSubject) isOf(x *evidence.Exchange, kinds evidence.Ask) bool {
	return x.Ask.Has(kinds) || x.Ask == evidence.File && kinds.Has(evidence.FetchCRL) && s.answered(x)
}

// names reports whether a serial is that of one of the certificates at hand.
func (s *IssuerSubject) names(serial revocation.Serial) bool {
	return slices.ContainsFunc(s.Certificates, func(c *x509.Certificate) bool { return revocation.SerialOf(c.SerialNumber).Equal(serial) })
}

// unanswered is inconclusive where a rule needs an answer of some kind, and none came that
// the CA signed.
func (s *IssuerSubject) unanswered(r *Rule) Verdict {
	for _, kinds := range [...]evidence.Ask{r.Needs, r.And} {
		if kinds == 0 || slices.ContainsFunc(s.Exchanges, func(x *evidence.Exchange) bool { return s.isOf(x, kinds) && s.answered(x) }) {
			continue
		}
		asked := s.asked(kinds)
		return unable("no answer to judge by: %s", outcomeOf(asked[0])).about(ids(asked)...)
	}
	return pass()
}

func (s *IssuerSubject) answered(x *evidence.Exchange) bool {
	return slices.ContainsFunc(s.CRLs, func(c *CRLSubject) bool { return c.Exchange == x }) ||
		slices.ContainsFunc(s.Responses, func(r *ResponseSubject) bool { return r.Exchange == x })
}

// signed is when the newest CRL says it was signed, by which the rules in force are chosen.
func (s *IssuerSubject) signed() time.Time {
	newest := time.Time{}
	for _, c := range s.CRLs {
		if at := c.signed(); at.After(newest) {
			newest = at
		}
	}
	if newest.IsZero() {
		return s.At
	}
	return newest
}

// heeded returns the CRLs that a client would heed: whole, and signed by the CA's key.
func (s *IssuerSubject) heeded() []*CRLSubject {
	return slices.DeleteFunc(slices.Clone(s.CRLs), func(c *CRLSubject) bool {
		return c.Signature.State != revocation.SignatureValid || c.CRL.Broken != nil || c.CRL.ThisUpdate.IsZero() || c.byAnotherKey(s.Issuer)
	})
}

// revocationAnswer is what the CA's responder said of one certificate: good, revoked or
// unknown.
type revocationAnswer struct {
	*ResponseSubject
	single *revocation.SingleResponse
}

// answers returns what was said, with the CA's authority and on its own connections, in
// answer to questions of those kinds.
func (s *IssuerSubject) answers(kinds evidence.Ask) []revocationAnswer {
	var list []revocationAnswer
	for _, r := range s.Responses {
		if !r.Exchange.Ask.Has(kinds) || !r.served() || r.Signer.Signature.State != revocation.SignatureValid || !r.Signer.Authorized() {
			continue
		}
		if single := r.gravest(); single != nil && !single.ThisUpdate.IsZero() {
			list = append(list, revocationAnswer{r, single})
		}
	}
	return list
}

// together makes one verdict of several: the failures first, the worst of them leading, and
// no more of them told than a person would read.
func together(list []Verdict) Verdict {
	rank := map[Outcome]int{NotApplicable: 0, Passed: 1, Inconclusive: 2, Failed: 3}
	whole, same := skip(), []Verdict(nil)
	for _, v := range list {
		switch {
		case rank[v.Outcome] > rank[whole.Outcome] || v.Outcome == Failed && whole.Outcome == Failed && v.graver(whole):
			same = slices.Insert(slices.DeleteFunc(same, func(o Verdict) bool { return o.Outcome != v.Outcome }), 0, v)
			whole = v
		case v.Outcome == whole.Outcome:
			same = append(same, v)
		}
	}
	if !whole.found() {
		return whole
	}
	var got []string
	whole.exchanges = nil
	for _, v := range same {
		if !slices.Contains(got, v.Got) {
			got = append(got, v.Got)
		}
		for _, id := range v.exchanges {
			if !slices.Contains(whole.exchanges, id) {
				whole.exchanges = append(whole.exchanges, id)
			}
		}
	}
	if further := len(got) - maxOffenders; further > 0 {
		got = append(got[:maxOffenders], fmt.Sprintf("%d more", further))
	}
	whole.Got = strings.Join(got, "; ")
	return whole
}
