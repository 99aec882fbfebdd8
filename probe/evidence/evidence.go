// Package evidence holds what was asked and what came back, byte for byte, and the
// archive format that keeps it. It has no opinion on either.
package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/revprobe/revprobe/revocation"
)

// Run is everything one run recorded: enough to judge it again at any later time.
type Run struct {
	Version string    `json:"version"` // of the tool that asked
	Seed    string    `json:"seed"`    // hex; the unassigned serials derive from it
	Vantage string    `json:"vantage"` // where it was asked from, in the operator's words
	Started time.Time `json:"started"`
	Notes   []string  `json:"notes,omitempty"` // what could not be asked, and why
	// Interrupted is set where the run was stopped before everything had been asked.
	Interrupted bool  `json:"interrupted,omitempty"`
	Scope       Scope `json:"scope,omitempty"` // what the operator said the issuers issue; empty when not said
	// Population is how many certificates each issuer is taken to have ever issued.
	Population int64 `json:"population,omitempty"`
	// Confirm is what makes a failure of availability count; nil: the first one does.
	Confirm *Confirmation   `json:"confirm,omitempty"`
	Issuers []IssuerSerials `json:"issuers,omitempty"`

	// Certificates holds every certificate that a Question refers to by fingerprint, and
	// every one the operator gave, in the order in which they came.
	Certificates []Certificate `json:"certificates"`
	// Subjects are the fingerprints of those whose status is asked: the certificates that
	// the operator named.
	Subjects []string `json:"subjects,omitempty"`
	// Disclosed is what the CCADB shows as the JSON array of the issuer's partitioned CRLs; nil
	// where nobody said. A URL of a full CRL may stand there alone.
	Disclosed *Disclosure `json:"disclosed,omitempty"`
	// Past is what earlier runs saw of the same services; nil where no history is kept.
	Past *Past `json:"past,omitempty"`
	// List is what became of the lists of issued certificates that the operator gave; nil where
	// he gave none. Each exchange carries the certificate that it is about then, and the
	// exchanges are too many to be held: an ArchiveReader reads them one after the other.
	List      *List      `json:"list,omitempty"`
	Exchanges []Exchange `json:"-"`
}

// Disclosure is the URLs of an issuer's CRLs as the CCADB shows them, octet for octet; none
// where it has none yet.
type Disclosure struct {
	URLs []string `json:"urls"`
}

// Scope is which of the two sets of limits a service is held to (BR 4.9.7, 4.9.9).
type Scope string

// The scopes.
const (
	ScopeEE Scope = "ee" // end-entity (Subscriber) certificates
	ScopeCA Scope = "ca" // CA certificates
)

// Certificate is one certificate with where it came from.
type Certificate struct {
	DER    []byte `json:"der"`
	Origin string `json:"origin"` // file name, "host:port", or the URL it was fetched from
}

// Fingerprint names a certificate in Questions: the hex SHA-256 of its DER.
func Fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// Certificate returns the DER of the certificate with that fingerprint, or nil.
func (r *Run) Certificate(fingerprint string) []byte {
	for _, c := range r.Certificates {
		if Fingerprint(c.DER) == fingerprint {
			return c.DER
		}
	}
	return nil
}

// AddCertificate keeps der, once, and returns its fingerprint.
func (r *Run) AddCertificate(der []byte, origin string) string {
	if !slices.ContainsFunc(r.Certificates, func(c Certificate) bool { return bytes.Equal(c.DER, der) }) {
		r.Certificates = append(r.Certificates, Certificate{der, origin})
	}
	return Fingerprint(der)
}

// Question is one thing asked of one service, exactly as it was sent. A Resolve sends its
// request to every address, to use up the connections that it tries; the answers to that
// are not kept.
type Question struct {
	Ask      Ask    `json:"ask"`
	URL      string `json:"url"`              // of the service: responder, distribution point or caIssuers; "tls://host:port" for a handshake, "rdap:domain" for RDAP
	Method   string `json:"method,omitempty"` // GET, POST or HEAD; empty where no HTTP is spoken
	Target   string `json:"target,omitempty"` // the URL of the request line when it is not URL (OCSP by GET)
	Request  []byte `json:"request,omitempty"`
	Variant  string `json:"variant,omitempty"`  // which of the questions of its kind, where a kind has several forms
	Strategy string `json:"strategy,omitempty"` // how an unassigned serial was made, such as "ser-random-20"
	Serial   string `json:"serial,omitempty"`   // hex, of the certificate asked about
	Issuer   string `json:"issuer,omitempty"`   // fingerprint of the issuing CA's certificate
	Subject  string `json:"subject,omitempty"`  // fingerprint of the certificate that led here or is asked about
	// Certificate is the DER of the Subject, of a question about one of a list.
	Certificate []byte `json:"certificate,omitempty"`
	Address     string `json:"address,omitempty"` // ip to dial in place of what DNS says
	Sibling     string `json:"sibling,omitempty"` // of a WalkDNS: a made-up label beside the host's first one
	Repeat      bool   `json:"repeat,omitempty"`  // asked again to confirm an earlier answer
	Wire        *Wire  `json:"wire,omitempty"`    // how it is put on the wire, where not in the usual way
	Round       int    `json:"round,omitempty"`   // which of several rounds of the same questions, from 1; 0: asked in none
	Try         int    `json:"try,omitempty"`     // which of the tries that show whether a service is there, from 2; 0: none of those
}

// RequestURL is the URL of the request line.
func (q Question) RequestURL() string {
	if q.Target != "" {
		return q.Target
	}
	return q.URL
}

// HasBody reports whether the HTTP request carries Request as its body.
func (q Question) HasBody() bool { return q.Method == http.MethodPost || q.Method == http.MethodPut }

// Replica reports whether the question was put once more, to one of the host's addresses or
// some time later, so that the answers of machines that should say the same can be compared.
func (q Question) Replica() bool { return q.Address != "" || q.Round > 0 }

// Exchange is a Question and what came back.
type Exchange struct {
	ID string `json:"id"`
	Question
	// At is when the last octet arrived, or when we gave up. It is the only clock a rule
	// ever sees.
	At time.Time `json:"at"`
	// AtAssumed is set for a file that is judged as of now, because nobody said when it was
	// served: it may have been replaced in time.
	AtAssumed bool `json:"at_assumed,omitempty"`
	// Moved is set where At is another time to judge by than that of the answer, with which
	// its Date has nothing to do.
	Moved   bool        `json:"-"`
	Timing  Timing      `json:"timing"`
	Peer    string      `json:"peer,omitempty"`   // ip:port that was spoken to
	Spared  bool        `json:"spared,omitempty"` // not sent: the same service had failed alike several times
	Failure Failure     `json:"failure,omitempty"`
	Detail  string      `json:"detail,omitempty"` // the failure in words
	Code    int         `json:"code,omitempty"`   // HTTP status; 0 where no status line came
	Proto   string      `json:"proto,omitempty"`  // such as "HTTP/1.0"
	Header  http.Header `json:"header,omitempty"`
	Body    []byte      `json:"body,omitempty"`
	// Blob is the body in place of Body where that is too large to be held, and for a file
	// that is judged.
	Blob      *Blob     `json:"blob,omitempty"`
	Interim   []int     `json:"interim,omitempty"`   // of a Question with Wire: the 1xx statuses before the answer (RFC 9110 §15.2)
	Further   []Answer  `json:"further,omitempty"`   // of a Question with Wire.Follow: the answers after the first, in their order
	Sent      []byte    `json:"sent,omitempty"`      // of a Question with Wire: the octets that were sent, as far as they are kept
	Received  []byte    `json:"received,omitempty"`  // of a Question with Wire: the octets that came back, as far as they are kept
	Addresses []Address `json:"addresses,omitempty"` // of a Resolve: what DNS gave and how each took a connection
	DNS       *DNSWalk  `json:"dns,omitempty"`       // of a WalkDNS
	Chain     [][]byte  `json:"chain,omitempty"`     // of a Handshake: DER of the certificates the server sent, in its order
	Staple    []byte    `json:"staple,omitempty"`    // of a Handshake: the stapled OCSP response (RFC 6066 §8), as sent
}

// Timing is the phases of one exchange. They do not overlap; Total spans them all.
// DNS is 0 where addresses found a moment ago were taken again, and Connect sums every
// address that was tried. What was waited out of politeness is in none of them.
type Timing struct {
	DNS       time.Duration `json:"dns"`
	Connect   time.Duration `json:"connect"`
	TLS       time.Duration `json:"tls"`
	FirstByte time.Duration `json:"first_byte"` // from the request's last octet to the answer's first
	// Kernel is set where the kernel said when that octet came: FirstByte has nothing in it of
	// what the program waited for a processor to read it.
	Kernel bool          `json:"kernel,omitempty"`
	Total  time.Duration `json:"total"`
}

// Address is one address of a host and what became of a TCP connection to it.
type Address struct {
	IP      string        `json:"ip"`
	Connect time.Duration `json:"connect"`
	Failure Failure       `json:"failure,omitempty"`
	Detail  string        `json:"detail,omitempty"`
}

// Failure classes what kept an answer from arriving whole.
type Failure string

// Failures of the far end: availability is a requirement, and these breach it.
const (
	DNSNXDomain    Failure = "dns-nxdomain"
	DNSServFail    Failure = "dns-servfail"
	DNSRefused     Failure = "dns-refused"
	DNSNoData      Failure = "dns-nodata"
	DNSTimeout     Failure = "dns-timeout"
	ConnectRefused Failure = "connect-refused"
	ConnectTimeout Failure = "connect-timeout"
	TLSFailure     Failure = "tls"
	HTTPTimeout    Failure = "http-timeout"      // the connection was taken, and not one octet of an answer came
	HeadTimeout    Failure = "http-head-timeout" // the answer stopped within its status line or header
	BodyTimeout    Failure = "http-body-timeout" // it stopped within its body
	Reset          Failure = "reset"             // the far end broke the connection
	Closed         Failure = "closed"            // the far end closed it in good order before one octet of an answer
	Truncated      Failure = "truncated"         // it closed it within the header or the body
	Oversize       Failure = "oversize"
	Redirect       Failure = "redirect"    // 3xx: recorded, never followed
	HTTPStatus     Failure = "http-status" // any other status but 200
	HTTPSyntax     Failure = "http-syntax" // bytes came that are no HTTP
)

// Failures of our own, which say nothing about the far end.
const (
	NoRoute     Failure = "no-route"    // our network has no way there
	NoResolver  Failure = "no-resolver" // no resolver of ours answers at all
	Refused     Failure = "refused"     // our own policy: a private address that nobody named
	BadURL      Failure = "bad-url"     // not a URL we can ask
	Interrupted Failure = "interrupted" // the operator stopped the run
	NotKept     Failure = "not-kept"    // the answer could not be written down, as on a full disk
)

// Ours reports whether the failure is on our side, so that nothing follows from it.
func (f Failure) Ours() bool {
	switch f {
	case NoRoute, NoResolver, Refused, BadURL, Interrupted, NotKept:
		return true
	}
	return false
}

// TimedOut reports whether a server that took the connection did not answer whole in the time
// that it was given.
func (f Failure) TimedOut() bool { return f == HTTPTimeout || f == HeadTimeout || f == BodyTimeout }

// Machine is the address that the exchange was with, or was to be with.
func (x *Exchange) Machine() string {
	if peer, err := netip.ParseAddrPort(x.Peer); err == nil {
		return peer.Addr().String()
	}
	return x.Address
}

// Answered reports whether a whole HTTP answer with status 200 came back.
func (x *Exchange) Answered() bool { return x.Failure == "" && x.Code == http.StatusOK }

// CertID returns the CertID the OCSP request asked about, or nil.
func (q Question) CertID() *revocation.CertID {
	if len(q.Request) == 0 {
		return nil
	}
	request := revocation.ReadOCSPRequest(q.Request)
	if len(request.Requests) == 0 {
		return nil
	}
	return &request.Requests[0].CertID
}
