package conformance

import (
	"fmt"
	"time"
)

// Standard is a text that a rule can cite.
type Standard string

// The documents, by the names under which findings cite them.
const (
	RFC6960Doc Standard = "RFC 6960"
	RFC5280Doc Standard = "RFC 5280"
	RFC2585Doc Standard = "RFC 2585"
	RFC2182Doc Standard = "RFC 2182"
	RFC9919Doc Standard = "RFC 9919" // obsoletes RFC 5019
	RFC7633Doc Standard = "RFC 7633" // the TLS feature extension
	RFC9110Doc Standard = "RFC 9110" // HTTP
	RFC9111Doc Standard = "RFC 9111" // HTTP caching
	RFC9608Doc Standard = "RFC 9608" // noRevAvail
	EVGDoc     Standard = "EVG"      // CA/Browser Forum EV Guidelines 2.0.2
	RFC9654Doc Standard = "RFC 9654" // the OCSP nonce; obsoletes RFC 8954
	BRDoc      Standard = "BR"       // CA/Browser Forum TLS Baseline Requirements 2.2.6
	MRSPDoc    Standard = "MRSP"     // Mozilla Root Store Policy 3.1
	CCADBDoc   Standard = "CCADB"
	AppleDoc   Standard = "Apple"
	MSTRPDoc   Standard = "MSTRP" // Microsoft Trusted Root Program Requirements
	ChromeDoc  Standard = "Chrome"
)

// Keyword is the force with which a document asks for something.
type Keyword int

// The forces, weakest first.
const (
	Practice Keyword = iota + 1 // good practice, or a text that does not bind this service: a notice
	Observed                    // no text asks for it in so many words, but the service fails its purpose: as the rule marks
	Should                      // SHOULD, SHOULD NOT, (NOT) RECOMMENDED: a warning
	Must                        // MUST, MUST NOT, SHALL, or what follows from one: an error
)

// Citation is the clause a rule stands on.
type Citation struct {
	Document Standard
	Section  string
	Force    Keyword
	since    time.Time // zero: always
	until    time.Time // the first day on which it binds no more; zero: it still does
}

func (c Citation) String() string { return string(c.Document) + " " + c.Section }

// Since returns the citation as in force from that day (UTC, 2006-01-02) on.
func (c Citation) Since(day string) Citation {
	c.since = mustDay(day)
	return c
}

// Until returns the citation as in force to the end of the day before that one (UTC,
// 2006-01-02).
func (c Citation) Until(day string) Citation {
	c.until = mustDay(day)
	return c
}

// Day returns the day (UTC, 2006-01-02) from which the citation is in force; empty where it
// always was.
func (c Citation) Day() string {
	if c.since.IsZero() {
		return ""
	}
	return c.since.Format(time.DateOnly)
}

// End returns the day (UTC, 2006-01-02) from which the citation is in force no more; empty
// where it still is.
func (c Citation) End() string {
	if c.until.IsZero() {
		return ""
	}
	return c.until.Format(time.DateOnly)
}

func (c Citation) inForce(signed time.Time) bool {
	return !signed.Before(c.since) && (c.until.IsZero() || signed.Before(c.until))
}

// mustDay reads a day that stands in the source; the laws run every one of them.
func mustDay(day string) time.Time {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(fmt.Sprintf("a rule cites the day %q", day))
	}
	return at
}

// RFC6960 cites the OCSP standard.
func RFC6960(section string, force Keyword) Citation {
	return Citation{Document: RFC6960Doc, Section: section, Force: force}
}

// RFC5280 cites the certificate and CRL profile.
func RFC5280(section string, force Keyword) Citation {
	return Citation{Document: RFC5280Doc, Section: section, Force: force}
}

// RFC2585 cites the transport of certificates and CRLs over HTTP.
func RFC2585(section string, force Keyword) Citation {
	return Citation{Document: RFC2585Doc, Section: section, Force: force}
}

// RFC2182 cites the best current practice of serving a zone of DNS.
func RFC2182(section string, force Keyword) Citation {
	return Citation{Document: RFC2182Doc, Section: section, Force: force}
}

// RFC9919 cites the lightweight OCSP profile. A responder need not claim the profile, so
// rules cite it with the force of Practice unless another document binds.
func RFC9919(section string, force Keyword) Citation {
	return Citation{Document: RFC9919Doc, Section: section, Force: force}
}

// RFC7633 cites the TLS feature extension, of which "must staple" is one use.
func RFC7633(section string, force Keyword) Citation {
	return Citation{Document: RFC7633Doc, Section: section, Force: force}
}

// RFC9110 cites HTTP.
func RFC9110(section string, force Keyword) Citation {
	return Citation{Document: RFC9110Doc, Section: section, Force: force}
}

// RFC9111 cites HTTP caching.
func RFC9111(section string, force Keyword) Citation {
	return Citation{Document: RFC9111Doc, Section: section, Force: force}
}

// RFC9608 cites the extension that says that there is no revocation information.
func RFC9608(section string, force Keyword) Citation {
	return Citation{Document: RFC9608Doc, Section: section, Force: force}
}

// EVG cites the EV Guidelines.
func EVG(section string, force Keyword) Citation {
	return Citation{Document: EVGDoc, Section: section, Force: force}
}

// RFC9654 cites the OCSP nonce.
func RFC9654(section string, force Keyword) Citation {
	return Citation{Document: RFC9654Doc, Section: section, Force: force}
}

// BR cites the TLS Baseline Requirements.
func BR(section string, force Keyword) Citation {
	return Citation{Document: BRDoc, Section: section, Force: force}
}

// MRSP cites the Mozilla Root Store Policy.
func MRSP(section string, force Keyword) Citation {
	return Citation{Document: MRSPDoc, Section: section, Force: force}
}

// CCADB cites the CCADB Policy.
func CCADB(section string, force Keyword) Citation {
	return Citation{Document: CCADBDoc, Section: section, Force: force}
}

// MSTRP cites the Microsoft Trusted Root Program Requirements.
func MSTRP(section string, force Keyword) Citation {
	return Citation{Document: MSTRPDoc, Section: section, Force: force}
}

// Apple cites the Apple Root Program Policy.
func Apple(section string, force Keyword) Citation {
	return Citation{Document: AppleDoc, Section: section, Force: force}
}

// Chrome cites the Chrome Root Program Policy.
func Chrome(section string, force Keyword) Citation {
	return Citation{Document: ChromeDoc, Section: section, Force: force}
}
