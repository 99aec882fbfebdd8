package evidence

import (
	"fmt"
	"strings"
)

// Ask is a kind of question, as a set: a rule names the kinds whose answers it needs,
// and a plan is the union of the needs of the selected rules.
type Ask uint64

// The kinds of question.
const (
	Resolve        Ask = 1 << iota // look up the host and connect to each address
	Handshake                      // take a chain and a stapled response from a TLS server
	FetchIssuer                    // an issuer certificate from AIA caIssuers
	FetchCRL                       // a CRL from a distribution point
	AssignedPOST                   // OCSP about a serial that is assigned
	AssignedGET                    //
	UnassignedPOST                 // OCSP about serials that were never issued
	UnassignedGET                  //
	ForeignPOST                    // OCSP about an issuer the responder does not serve
	ListedPOST                     // OCSP about serials taken from a CRL
	SHA256POST                     // OCSP with a CertID of SHA-256, about a serial that is also asked about with SHA-1
	WalkDNS                        // ask resolvers and name servers about the host
	RDAP                           // the registration of a domain
	UnissuablePOST                 // OCSP about serials that no certificate may have: any refusal will do
	NoncePOST                      // OCSP with a nonce; Variant says of what length
	GETSpelling                    // OCSP by GET whose path is spelled in another way; Variant says in which
	Robustness                     // odd requests, which only who asks for them sends; Variant says which
	Conditional                    // a document once more, should it have changed; Variant says against what
	File                           // a file that was given to be judged; nothing was asked
)

var askNames = []string{"resolve", "handshake", "fetch-issuer", "fetch-crl", "assigned-post", "assigned-get",
	"unassigned-post", "unassigned-get", "foreign-post", "listed-post", "sha256-post", "walk-dns", "rdap", "unissuable-post",
	"nonce-post", "get-spelling", "robustness", "conditional", "file"}

// OCSP is every Ask that has to be answered with an OCSPResponse over HTTP.
const OCSP = AssignedPOST | AssignedGET | UnassignedPOST | UnassignedGET | ForeignPOST | ListedPOST | SHA256POST

// Probes is every Ask about how requests out of the ordinary are taken. The rules about
// ordinary answers do not look at theirs.
const Probes = Optional | GETSpelling | Conditional

// Optional is every Ask that is put only where the operator wants it.
const Optional = NoncePOST | Robustness

// HTTP is every Ask for a document over HTTP in the ordinary way.
const HTTP = OCSP | FetchCRL | FetchIssuer

// Unassigned is both ways to ask about serials that were never issued.
const Unassigned = UnassignedPOST | UnassignedGET

// Assigned is both ways to ask about a serial that is assigned.
const Assigned = AssignedPOST | AssignedGET

// Has reports whether a and b share a kind.
func (a Ask) Has(b Ask) bool { return a&b != 0 }

func (a Ask) String() string {
	var names []string
	for i, name := range askNames {
		if a&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, "+")
}

// MarshalText writes the names of the set.
func (a Ask) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what MarshalText wrote; an unknown name is an error.
func (a *Ask) UnmarshalText(text []byte) error {
	*a = 0
next:
	for _, part := range strings.Split(string(text), "+") {
		for i, name := range askNames {
			if name == part {
				*a |= 1 << i
				continue next
			}
		}
		return fmt.Errorf("unknown kind of question %q", part)
	}
	return nil
}
