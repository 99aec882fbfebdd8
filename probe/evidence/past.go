package evidence

import (
	"time"
)

// Past is what earlier runs saw of the services of a run: what a rule needs to hold before
// against after. The archive keeps it with the run, so that the run can be judged again
// without the file of history it came from. Times are when something was seen, in UTC.
type Past struct {
	Services []PastService `json:"services"`
}

// PastService is one service, which is a URL with the CA it was asked about.
type PastService struct {
	URL        string       `json:"url"`
	Issuer     string       `json:"issuer,omitempty"` // fingerprint, as in Question
	First      time.Time    `json:"first"`            // when it was first asked
	Last       time.Time    `json:"last"`             // when it was asked the last time
	LastAnswer time.Time    `json:"last_answer"`      // when a whole answer with status 200 came the last time; zero: never
	Checks     []PastChecks `json:"checks,omitempty"` // by window, this run included
	Outages    []Outage     `json:"outages,omitempty"`
	CRL        *PastCRL     `json:"crl,omitempty"`
	Answers    []PastAnswer `json:"answers,omitempty"` // what OCSP said of serials that this run asks about too
}

// PastChecks is how often a service was checked within a window that ends with this run, and
// how often it gave no whole answer. A check that failed for our own reasons is none.
type PastChecks struct {
	Window time.Duration `json:"window"`
	Since  time.Time     `json:"since"` // of the first check in the window
	Asked  int           `json:"asked"`
	Failed int           `json:"failed"`
}

// Outage is a time in which every check of a service failed. End is when it answered again;
// zero where it has not.
type Outage struct {
	Start  time.Time `json:"start"` // the first check that failed
	End    time.Time `json:"end"`
	Cause  Failure   `json:"cause"` // of the first
	Checks int       `json:"checks"`
}

// Until returns the end of an outage, or now while it goes on.
func (o Outage) Until(now time.Time) time.Time {
	if o.End.IsZero() {
		return now
	}
	return o.End
}

// PastCRL is the CRLs that a distribution point served before, against the one that this run
// got there.
type PastCRL struct {
	Latest     CRLVersion  `json:"latest"`                // with the latest thisUpdate, but none from the future
	Previous   CRLVersion  `json:"previous"`              // that was served the last time
	Known      bool        `json:"known"`                 // this run's was served before
	SameNumber *CRLVersion `json:"same_number,omitempty"` // an earlier CRL of this run's number with another tbsCertList
	// Differences is how the entries of this run's CRL differ from Latest's; nil where they
	// are the same, or where one of them was not kept or could not be read to its end.
	Differences *CRLDifferences `json:"differences,omitempty"`
}

// CRLVersion is one CRL, by its header.
type CRLVersion struct {
	Number     []byte    `json:"number,omitempty"` // as encoded; nil where it had none
	ThisUpdate time.Time `json:"this_update"`
	NextUpdate time.Time `json:"next_update"`
	TBS        []byte    `json:"tbs"` // the first 16 octets of the SHA-256 of the tbsCertList
	Entries    int       `json:"entries"`
	First      time.Time `json:"first"` // when it was first seen
	Last       time.Time `json:"last"`
}

// CRLDifferences counts what differs between two CRLs and names the first of each.
type CRLDifferences struct {
	Removed    ChangedEntries `json:"removed"`    // listed before and not any more
	Added      ChangedEntries `json:"added"`      // listed now and not before
	Redated    ChangedEntries `json:"redated"`    // with another revocationDate
	Rereasoned ChangedEntries `json:"rereasoned"` // with another reasonCode
}

// ChangedEntries is how many entries changed in one way, and the first few of them.
type ChangedEntries struct {
	Count int           `json:"count"`
	First []EntryChange `json:"first,omitempty"`
}

// EntryChange is one entry before and after; of one that is not in both, the times of the
// other are zero.
type EntryChange struct {
	Serial       string    `json:"serial"` // hex
	Before       EntryFact `json:"before"`
	After        EntryFact `json:"after"`
	NotAfter     time.Time `json:"not_after"`     // of its certificate, where one was ever given
	FirstRevoked time.Time `json:"first_revoked"` // when OCSP was first seen to say revoked; zero: never seen
}

// EntryFact is what a CRL says of a serial. Reason is -1 where it gives none.
type EntryFact struct {
	Revoked time.Time `json:"revoked"`
	Reason  int       `json:"reason"`
}

// PastAnswer is what an OCSP responder last said of a serial, by the answer with the latest
// thisUpdate whose signature was valid.
type PastAnswer struct {
	Serial         string    `json:"serial"` // hex
	Status         string    `json:"status"` // good, revoked, unknown, unauthorized, extended-revoked
	Reason         int       `json:"reason"` // -1 where it gave none
	Revoked        time.Time `json:"revoked"`
	ThisUpdate     time.Time `json:"this_update"`
	NextUpdate     time.Time `json:"next_update"`
	ProducedAt     time.Time `json:"produced_at"`
	Seen           time.Time `json:"seen"`             // when this answer was seen the last time
	FirstSeen      time.Time `json:"first_seen"`       // and the first time
	FirstGood      time.Time `json:"first_good"`       // when the serial was first seen good; zero: never
	FirstRevoked   time.Time `json:"first_revoked"`    // when it was first seen revoked; zero: never, or good since
	LastUnassigned time.Time `json:"last_unassigned"`  // when it was last seen as if never issued; zero: never
	LastStatus     string    `json:"last_status"`      // of the last run that got an answer, be it an older one
	LastThisUpdate time.Time `json:"last_this_update"` // of the same
	NotAfter       time.Time `json:"not_after"`        // of the certificate, where one was ever given
	Signer         string    `json:"signer,omitempty"` // fingerprint of the delegate that signed it
	SignerNotAfter time.Time `json:"signer_not_after"`
}

// Service returns what is known of a service's past; nil where this run is its first.
func (p *Past) Service(url, issuer string) *PastService {
	if p == nil {
		return nil
	}
	for i := range p.Services {
		if s := &p.Services[i]; s.URL == url && s.Issuer == issuer {
			return s
		}
	}
	return nil
}

// regular is every kind of question whose answer shows whether a service works.
const regular = FetchCRL | FetchIssuer | Assigned | Unassigned

// Counts reports whether an exchange is one of the regular questions to a service, by which
// it is known whether it works, and which its history keeps. Those to a single address are
// not, nor are those that failed for reasons of our own, our own impatience among them.
func (x *Exchange) Counts() bool {
	return x.Ask.Has(regular) && !x.Replica() && !x.OwnTrouble() && !x.GivenUpTooSoon()
}
