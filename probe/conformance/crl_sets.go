package conformance

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// sameCRL reports whether two were signed as one: the same octets were signed, since the
// signatures are the same and hold.
func sameCRL(a, b *CRLSubject) bool { return bytes.Equal(a.CRL.Signature, b.CRL.Signature) }

// replicatedWithin is how long a new CRL may take to every place where it is published (CCADB
// §6.2 wants the current one to be had every 4 hours).
const replicatedWithin = 4 * time.Hour

// onItsWay reports whether one may be the successor of the other, too new to be everywhere.
func onItsWay(a, b *CRLSubject) bool {
	if a.CRL.ThisUpdate.Before(b.CRL.ThisUpdate.Time) {
		a, b = b, a
	}
	fetched := a.Exchange.At
	if b.Exchange.At.After(fetched) {
		fetched = b.Exchange.At
	}
	return a.CRL.ThisUpdate.After(b.CRL.ThisUpdate.Time) && fetched.Sub(a.CRL.ThisUpdate.Time) <= replicatedWithin &&
		(a.CRL.Number == nil || b.CRL.Number == nil || a.CRL.Number.Big().Cmp(b.CRL.Number.Big()) > 0)
}

// different says in which way two CRLs are not the same, number first: the one behind may
// still be on its way.
func different(a, b *CRLSubject) string {
	return a.Exchange.URL + " gives " + generation(a) + ", " + b.Exchange.URL + " gives " + generation(b)
}

func generation(c *CRLSubject) string {
	name := "the CRL without a number"
	if c.CRL.Number != nil {
		name = "CRL number " + c.CRL.Number.Big().String()
	}
	return name + " of " + stamp(c.CRL.ThisUpdate.Time)
}

// namesPoint reports whether a CRL is for distribution points that it names by URI.
func (c *CRLSubject) namesPoint() bool {
	return c.CRL.IssuingDP != nil && len(c.CRL.IssuingDP.URIs) > 0
}

// complete returns the CRLs that a client would heed and that are no delta.
func (s *IssuerSubject) complete() []*CRLSubject {
	return slices.DeleteFunc(s.heeded(), func(c *CRLSubject) bool { return c.CRL.IsDelta() })
}

// at returns the complete CRLs that were fetched from one of the URLs.
func (s *IssuerSubject) at(urls []string) []*CRLSubject {
	return slices.DeleteFunc(s.complete(), func(c *CRLSubject) bool { return !slices.Contains(urls, c.Exchange.URL) })
}

// partitions returns the CRLs that are certainly parts of one whole, by what is disclosed
// of them or by certificates that name different ones, and how that is known. CRLs that are
// the same at every URL are no partitions.
func (s *IssuerSubject) partitions() ([]*CRLSubject, string) {
	var urls []string
	how := "the CCADB shows them as partitioned CRLs"
	if len(s.Disclosed) > 1 {
		urls = s.Disclosed
	} else {
		how = "certificates of the CA name different distribution points"
		for i, a := range s.Certificates {
			for _, b := range s.Certificates[i+1:] {
				if one, other := pointsAt(a), pointsAt(b); a.IsCA == b.IsCA && len(one) > 0 && len(other) > 0 && !share(one, other) {
					urls = slices.Concat(urls, one, other)
				}
			}
		}
	}
	list := s.at(urls)
	certain := func(c *CRLSubject) bool {
		return !sameCRL(c, list[0]) && (len(s.Disclosed) > 1 || c.namesPoint() || list[0].namesPoint() || !onItsWay(c, list[0]))
	}
	if !slices.ContainsFunc(list, certain) && (len(list) > 1 || len(s.Disclosed) < 2) {
		return nil, ""
	}
	return list, how
}

// identical judges whether all of them are the same.
func identical(list []*CRLSubject) Verdict {
	verdict := skip()
	for i := 1; i < len(list); i++ {
		v := pass()
		if !sameCRL(list[0], list[i]) && !onItsWay(list[0], list[i]) {
			v = fail("one CRL at every URL", "%s", different(list[0], list[i]))
		}
		verdict = together([]Verdict{verdict, v.about(list[0].Exchange.ID, list[i].Exchange.ID)})
	}
	return verdict
}

// unpartitioned returns the complete CRLs that claim to be for every certificate of the CA,
// and that nothing shows to be partitions.
func (s *IssuerSubject) unpartitioned() []*CRLSubject {
	parts, _ := s.partitions()
	return slices.DeleteFunc(s.complete(), func(c *CRLSubject) bool {
		return c.CRL.IssuingDP != nil || c.Exchange.Ask != evidence.FetchCRL || slices.Contains(parts, c)
	})
}

// placed judges whether a certificate that a CRL lists is listed by its own.
func (s *IssuerSubject) placed(cert *x509.Certificate) Verdict {
	serial := revocation.SerialOf(cert.SerialNumber)
	var own, others []*CRLSubject
	for _, c := range s.complete() {
		entry, _ := c.says(serial)
		switch coverage, _ := c.covers(cert, s.Issuer); {
		case coverage == Covered && entry != nil:
			return pass()
		case coverage == Covered:
			own = append(own, c)
		case coverage == NotCovered && entry != nil:
			others = append(others, c)
		}
	}
	if len(own) == 0 || len(others) == 0 || cert.NotAfter.Before(own[0].CRL.ThisUpdate.Time) {
		return skip()
	}
	return fail("an entry on the CRL that covers it, "+own[0].Exchange.URL, "serial %s is on %s alone, which does not cover the certificate", serial,
		others[0].Exchange.URL).about(own[0].Exchange.ID, others[0].Exchange.ID)
}

// twice judges whether a serial is on two partitions. A list of all entries takes a few
// octets for each, so that it is made only where there are two.
func (s *IssuerSubject) twice() Verdict {
	parts := s.apart()
	if len(parts) < 2 {
		return skip()
	}
	var finder revocation.DuplicateFinder
	for more := true; more; more = finder.Again() {
		for i, c := range parts {
			finder.Of(i)
			err := c.entriesAgain(func(e *revocation.CRLEntry) {
				if revokes(e) {
					finder.Visit(e)
				}
			})
			if err != nil {
				return unable("the entries of %s could not be read again: %s", c.Exchange.URL, err).about(c.Exchange.ID)
			}
		}
	}
	found, count := finder.Found()
	switch {
	case count == 0:
		return pass()
	case byDesign(parts, count):
		return skip()
	}
	var told, about []string
	for _, r := range found[:min(len(found), maxOffenders)] {
		one, other := parts[r.First.List].Exchange, parts[r.List].Exchange
		told, about = append(told, fmt.Sprintf("serial %s is on %s and on %s", r.Serial, one.URL, other.URL)), append(about, one.ID, other.ID)
	}
	if count > len(told) {
		told = append(told, fmt.Sprintf("%d entries in all", count))
	}
	slices.Sort(about)
	return fail("each certificate on the CRL of its distribution point", "%s", strings.Join(told, "; ")).atMost(Warning).about(slices.Compact(about)...)
}

// byDesign reports whether more than half of what parts list beside the largest of them is on
// another as well: they are copies under URLs of their own, or one is a full CRL, and no
// certificate was misplaced.
func byDesign(parts []*CRLSubject, twice int) bool {
	all, largest := 0, 0
	for _, c := range parts {
		all, largest = all+c.CRL.Entries, max(largest, c.CRL.Entries)
	}
	return 2*twice > all-largest
}

// apart returns the complete CRLs that are each for distribution points of their own. One
// that is for some reasons only may have to share certificates with another.
func (s *IssuerSubject) apart() []*CRLSubject {
	var parts []*CRLSubject
	for _, c := range s.complete() {
		if !c.namesPoint() || c.CRL.IssuingDP.SomeReasons {
			continue
		}
		if !slices.ContainsFunc(parts, func(p *CRLSubject) bool { return share(c.CRL.IssuingDP.URIs, p.CRL.IssuingDP.URIs) }) {
			parts = append(parts, c)
		}
	}
	return parts
}

func listedURLs(urls []string) string {
	if len(urls) == 0 {
		return "none"
	}
	if further := len(urls) - maxOffenders; further > 0 {
		return strings.Join(urls[:maxOffenders], ", ") + ", ..."
	}
	return strings.Join(urls, ", ")
}
