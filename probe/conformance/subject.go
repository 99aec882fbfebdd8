package conformance

import (
	"bytes"
	"crypto/x509"
	"slices"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// ExchangeSubject is one exchange, whatever came back.
type ExchangeSubject struct {
	*evidence.Exchange
	Form     revocation.Form // what the body is
	Blackout bool            // every host of the run failed alike: it may be our own network
	NoIPv6   bool            // no IPv6 address of the run answered at all: ours may not work
	ClockOff time.Duration   // by which our clock is ahead of what several hosts say, if only a little

	Subject        *x509.Certificate   // the certificate that led here or is asked about; nil where it is not known
	Issuers        []*x509.Certificate // that a caIssuers location gave
	IssuersProblem string              // why not all of those could be read; empty where they could
}

// ResponseSubject is an OCSPResponse with all that is needed to judge it.
type ResponseSubject struct {
	Exchange *evidence.Exchange
	Response *revocation.OCSPResponse
	Issuer   *x509.Certificate // of the certificates asked about; nil where it is not known
	Subject  *x509.Certificate // the certificate asked about; nil for a made-up serial
	Signer   revocation.Signer // zero where the response carries no basic response
	Scope    evidence.Scope
	At       time.Time // when it was seen

	asked  []revocation.CertID
	memory *revocation.Memory
}

// OCSPSubject is a SingleResponse with its response.
type OCSPSubject struct {
	*ResponseSubject
	Single *revocation.SingleResponse
	Index  int
}

// field returns the path of one of the single's fields.
func (s OCSPSubject) field(name string) string { return singleField(s.Index, name) }

// asks reports whether it is known which certificates were asked about.
func (s ResponseSubject) asks() bool { return len(s.asked) > 0 || s.Subject != nil }

// names reports whether the single answers something that was asked.
func (s ResponseSubject) names(single *revocation.SingleResponse) bool {
	if len(s.asked) > 0 {
		return slices.ContainsFunc(s.asked, single.CertID.Equal)
	}
	return s.Subject != nil && single.CertID.Serial.Equal(revocation.SerialOf(s.Subject.SerialNumber)) &&
		(s.Issuer == nil || !single.CertID.KnownHash() || s.memory.NamesIssuer(single.CertID, s.Issuer))
}

// served reports whether the responder itself gave the response at the time it was seen:
// not a TLS server that had kept it, nor a file of which nobody knows when it was served.
func (s ResponseSubject) served() bool {
	return s.Exchange.Ask != evidence.Handshake && !s.Exchange.AtAssumed
}

// match returns the single that answers the first certificate asked about, or nil.
func (s ResponseSubject) match() *revocation.SingleResponse {
	if s.Response.Basic == nil {
		return nil
	}
	for i := range s.Response.Basic.Singles {
		if single := &s.Response.Basic.Singles[i]; s.names(single) {
			return single
		}
	}
	return nil
}

// gravest returns, of the singles that answer the first certificate asked about, the one
// that a client must heed: revoked before anything else, and good last.
func (s ResponseSubject) gravest() *revocation.SingleResponse {
	found := s.match()
	if found == nil {
		return nil
	}
	for i := range s.Response.Basic.Singles {
		single := &s.Response.Basic.Singles[i]
		if !s.names(single) || !single.CertID.Serial.Equal(found.CertID.Serial) || found.Status == revocation.StatusRevoked {
			continue
		}
		if single.Status == revocation.StatusRevoked || found.Status == revocation.StatusGood {
			found = single
		}
	}
	return found
}

// signed is when the response says it was signed, by which the rules in force are chosen.
func (s ResponseSubject) signed() time.Time {
	if basic := s.Response.Basic; basic != nil && !basic.ProducedAt.IsZero() {
		return basic.ProducedAt.Time
	}
	return s.At
}

// CRLSubject is a CRL with all that is needed to judge it. Entry judges get it before the
// pass and may look at CRL, Listed, Signature and Scope only when the pass is over.
type CRLSubject struct {
	Exchange  *evidence.Exchange
	Form      revocation.Form
	CRL       *revocation.CRL
	Issuer    *x509.Certificate    // nil where it is not known
	SameKey   []*x509.Certificate  // other certificates at hand of the issuer's key
	Subject   *x509.Certificate    // the certificate whose distribution point this is; nil where there is none
	Listed    *revocation.CRLEntry // of Subject, without its extensions; nil where it is not listed
	Signature revocation.Signature
	Scope     evidence.Scope
	At        time.Time

	found map[string]*revocation.CRLEntry // of the serials that were looked for, by their octets
	delta *CRLSubject                     // the newest that a complete CRL may be combined with; nil where there is none
}

func (s *CRLSubject) signed() time.Time {
	if s.CRL != nil && !s.CRL.ThisUpdate.IsZero() {
		return s.CRL.ThisUpdate.Time
	}
	return s.At
}

// entriesAgain shows the entries once more, as they are kept.
func (s *CRLSubject) entriesAgain(see revocation.EntryVisitor) error {
	octets, err := revocation.Unwrap(s.Form, openBody(s.Exchange).reader)
	if err == nil {
		_, err = revocation.ReadCRLEntries(octets, see)
	}
	return err
}

// CertSubject is a certificate that points at revocation services, or that speaks for one.
type CertSubject struct {
	Certificate *x509.Certificate
	Role        Role
	Origin      string              // file name, URL, or the exchange it came in
	Issuer      *x509.Certificate   // nil where it is not known
	Subject     *x509.Certificate   // whose status a delegate was asked for; nil where it is not known
	Known       []*x509.Certificate // all certificates at hand, itself perhaps among them
	Private     bool                // nothing at hand shows a policy of the CA/Browser Forum
	At          time.Time           // when it was seen
}

// Role is what a certificate is there for.
type Role string

// The roles.
const (
	RoleSubscriber Role = "subscriber" // whose status is asked
	RoleCA         Role = "ca"
	RoleDelegate   Role = "delegate" // an authorized responder (RFC 6960 §4.2.2.2)
)

// roleOf tells what a certificate is there for by its extensions. A TLS server that may sign
// OCSP responses too is still a server, which must not.
func roleOf(c *x509.Certificate) Role {
	switch {
	case c.IsCA:
		return RoleCA
	case speaksForIssuer(c) && !namesServer(c):
		return RoleDelegate
	}
	return RoleSubscriber
}

// ServiceSubject is everything one service said in one run.
type ServiceSubject struct {
	Service
	Issuer   *x509.Certificate
	Walk     *evidence.DNSWalk       // of its host; nil where there was none
	Reached  bool                    // its host had an address that took a connection
	Answers  []ServiceAnswer         // its OCSP answers; empty for a distribution point
	CRLs     []*CRLSubject           // those it gave
	Serials  *evidence.IssuerSerials // what is known of the issuer's serials; nil where nothing is
	Probes   []ProbeAnswer           // what was answered to questions out of the ordinary
	Blackout bool                    // every host of the run failed alike: it may be our own network
	Whole    int                     // further exchanges, about a list, that brought whole answers in time and are not kept
}

// ServiceAnswer is an answer with the response it was read from.
type ServiceAnswer struct {
	Answer
	Response *ResponseSubject // nil where no OCSPResponse came
}

// asked returns the exchanges of those kinds.
func (s ServiceSubject) asked(kinds evidence.Ask) []*evidence.Exchange {
	var list []*evidence.Exchange
	for _, x := range s.Exchanges {
		if x.Ask.Has(kinds) {
			list = append(list, x)
		}
	}
	return list
}

// scoped is which limits apply, and whether that had to be assumed.
type scoped struct {
	scope   evidence.Scope
	assumed bool
}

// scopeOf learns the scope from what the operator said, the IDP's flags, the certificate
// given, or the issuer being a root, in that order; where nothing says, it is ee.
func scopeOf(said evidence.Scope, idp *revocation.IssuingDistributionPoint, subject, issuer *x509.Certificate) scoped {
	switch {
	case said != "":
		return scoped{scope: said}
	case idp != nil && idp.OnlyUserCerts != idp.OnlyCACerts:
		if idp.OnlyCACerts {
			return scoped{scope: evidence.ScopeCA}
		}
		return scoped{scope: evidence.ScopeEE}
	case subject != nil && subject.IsCA:
		return scoped{scope: evidence.ScopeCA}
	case subject != nil:
		return scoped{scope: evidence.ScopeEE}
	case issuer != nil && selfSigned(issuer):
		return scoped{scope: evidence.ScopeCA}
	}
	return scoped{scope: evidence.ScopeEE, assumed: true}
}

func selfSigned(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }

// nameOf writes a certificate's subject for people, at bounded length.
func nameOf(c *x509.Certificate) string { return revocation.NameText(c.RawSubject) }
