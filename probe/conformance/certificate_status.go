package conformance

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// CertificateStatus is what a run learnt of one certificate whose status was asked.
type CertificateStatus struct {
	Fingerprint string
	Name        string // the subject, for people
	Serial      string // hex
	OCSP        string // the words of the answers about it, each once; empty where none came
	CRL         string // good, revoked with time and reason, or empty where no CRL tells
	Coverage    Coverage
	Why         string   // it is not covered, or only partly
	Exchanges   []string // that it was learnt from
}

// statuses adds what was learnt of the certificates that a CA issued.
func (e *examiner) statuses(s *IssuerSubject) {
	for _, cert := range s.Certificates {
		st := CertificateStatus{Fingerprint: evidence.Fingerprint(cert.Raw), Name: nameOf(cert), Serial: revocation.SerialOf(cert.SerialNumber).String()}
		var words []string
		for _, a := range e.answers {
			if a.Ask.Has(evidence.Assigned) && a.Subject == st.Fingerprint {
				st.Exchanges = append(st.Exchanges, a.Exchange)
				if !slices.Contains(words, a.Answer.Answer) {
					words = append(words, a.Answer.Answer)
				}
			}
		}
		st.OCSP = strings.Join(words, ", ")
		st.byCRL(s, cert)
		e.report.Certificates = append(e.report.Certificates, st)
	}
}

// byCRL takes the word of the CRLs that a client would heed, one that lists the certificate
// before all others.
func (st *CertificateStatus) byCRL(s *IssuerSubject, cert *x509.Certificate) {
	rank := map[Coverage]int{"": 0, NotCovered: 1, PartlyOnly: 2, Covered: 3}
	speaking := s.speaking()
	for _, c := range s.CRLs {
		coverage, why := c.covers(cert, s.Issuer)
		if rank[coverage] > rank[st.Coverage] {
			st.Coverage, st.Why = coverage, why
		}
		if coverage == NotCovered || c.CRL.Broken != nil || c.Signature.State != revocation.SignatureValid {
			continue
		}
		if c.CRL.IsDelta() && !slices.Contains(speaking, c) {
			continue
		}
		entry, by := c.says(revocation.SerialOf(cert.SerialNumber))
		switch {
		case entry != nil:
			st.CRL = "revoked " + stamp(entry.RevocationDate.Time)
			if entry.HasReason {
				st.CRL += fmt.Sprintf(" (%s)", entry.Reason)
			}
			st.Exchanges = append(st.Exchanges, by.Exchange.ID)
		case coverage == Covered && st.CRL == "":
			st.CRL = "good"
			st.Exchanges = append(st.Exchanges, by.Exchange.ID)
		}
	}
}
