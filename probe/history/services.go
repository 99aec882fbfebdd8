package history

import (
	"crypto/sha256"
	"crypto/x509"
	"slices"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
)

// service is what one run had to do with one service.
type service struct {
	url, fingerprint string
	ca               []byte            // names the CA whatever certificate it has; empty where it is not known
	issuer           *x509.Certificate // nil where it is not known
	responder        bool
	exchanges        []*evidence.Exchange

	served *servedCRL // what crl found; nil where it has not looked yet
}

// services groups the exchanges of a run that count.
func services(run *evidence.Run, certificates map[string]*x509.Certificate) []*service {
	var list []*service
	for i := range run.Exchanges {
		x := &run.Exchanges[i]
		if !x.Counts() {
			continue
		}
		at := slices.IndexFunc(list, func(s *service) bool { return s.url == x.URL && s.fingerprint == x.Issuer })
		if at < 0 {
			at = len(list)
			issuer := certificates[x.Issuer]
			list = append(list, &service{url: x.URL, fingerprint: x.Issuer, issuer: issuer, ca: identity(issuer)})
		}
		list[at].responder = list[at].responder || x.Ask.Has(evidence.OCSP)
		list[at].exchanges = append(list[at].exchanges, x)
	}
	return list
}

// parsed returns the certificates of a run by fingerprint, without those that crypto/x509
// cannot read.
func parsed(run *evidence.Run) map[string]*x509.Certificate {
	found := map[string]*x509.Certificate{}
	for _, c := range run.Certificates {
		if certificate, err := x509.ParseCertificate(c.DER); err == nil {
			found[evidence.Fingerprint(c.DER)] = certificate
		}
	}
	return found
}

// identity names a CA by its name and key, so that a renewed certificate is the same CA.
func identity(ca *x509.Certificate) []byte {
	if ca == nil {
		return []byte{}
	}
	sum := sha256.New()
	sum.Write(ca.RawSubject)
	sum.Write(ca.RawSubjectPublicKeyInfo)
	return sum.Sum(nil)[:16]
}

// check is how one service came out in one run as a whole, or when it was asked again.
type check struct {
	at      time.Time
	failure evidence.Failure // of the first question; empty where any was answered
	took    time.Duration    // of the slowest whole answer
}

// checks sums up a service: one check, or none where it was not asked, or failed for our own
// reasons alone. Where it failed, was asked again for that and then answered, that is a check
// of its own: the outage was short.
func (s *service) checks() []check {
	first, ok := sum(s.exchanges, func(x *evidence.Exchange) bool { return x.Try == 0 })
	if !ok {
		return nil
	}
	again, ok := sum(s.exchanges, func(x *evidence.Exchange) bool { return x.Try > 0 && x.Answered() })
	if !ok || first.failure == "" || !again.at.After(first.at) {
		return []check{first}
	}
	return []check{first, again}
}

func sum(exchanges []*evidence.Exchange, counts func(*evidence.Exchange) bool) (c check, ok bool) {
	answered := false
	for _, x := range exchanges {
		if !counts(x) {
			continue
		}
		ok, c.at = true, x.At
		if x.Answered() {
			answered, c.took = true, max(c.took, x.Timing.Total)
		} else if c.failure == "" {
			c.failure = x.Failure
		}
	}
	if answered {
		c.failure = ""
	}
	return c, ok
}
