package conformance

import (
	"crypto/x509"
	"fmt"

	"github.com/revprobe/revprobe/probe/evidence"
)

// What may hold of a certificate of a list and is no finding; how many there are is told.
const (
	isPrivate  = iota // carries no policy of the CA/Browser Forum
	isNameless        // has no status, and names no responder that would have to tell one
	isYoung           // has no status, and may have been published within the grace of BR 4.9.9
	remarks    = iota
)

// remark notes what holds of a certificate that was asked about, in place of what held of it
// when it was asked about before.
func (l *ListExaminer) remark(s *listService, x *evidence.Exchange, c *x509.Certificate) {
	if x.Repeat && s.last == x.Serial {
		for i, held := range s.holding {
			if held {
				l.remarks[i]--
			}
		}
	}
	statusless := false
	for _, a := range l.e.report.Answers {
		statusless = statusless || a.Answer == "unknown" || a.Answer == "unauthorized"
	}
	nameless := len(c.OCSPServer) == 0
	s.last = x.Serial
	s.holding = [remarks]bool{
		isPrivate:  !publicPolicy(c) && !c.IsCA,
		isNameless: statusless && nameless,
		isYoung:    statusless && !nameless && withinGrace(c, x.At),
	}
	for i, holds := range s.holding {
		if holds {
			l.remarks[i]++
		}
	}
}

// remarked returns what was noted, as hints.
func (l *ListExaminer) remarked(p Profile) []string {
	var hints []string
	if n := l.remarks[isNameless]; n > 0 {
		hints = append(hints, fmt.Sprintf("%d of the certificates answered unknown or unauthorized name no OCSP responder: nobody has to answer about them", n))
	}
	if n := l.remarks[isYoung]; n > 0 {
		hints = append(hints, fmt.Sprintf("%d of the certificates answered unknown or unauthorized may be younger than the 15 minutes of BR 4.9.9 (where no SCT tells, until two days after notBefore): nothing follows about them", n))
	}
	if n := l.remarks[isPrivate]; n > 0 && p.Name != "rfc" {
		hints = append(hints, fmt.Sprintf("%d of the certificates asked about carry no CA/Browser Forum policy: if their CA is not publicly trusted, --profile rfc judges by the RFCs alone", n))
	}
	return hints
}
