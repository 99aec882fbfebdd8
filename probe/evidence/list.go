package evidence

// List is what became of the certificates of the lists that the operator gave, as far as
// the lists were read.
type List struct {
	Files           []string  `json:"files"`
	Certificates    int       `json:"certificates"`       // that were read, precertificates among them
	Precertificates int       `json:"precertificates"`    // of those
	Unreadable      int       `json:"unreadable"`         // places of a list where a certificate should be
	LeftOut         []LeftOut `json:"left_out,omitempty"` // those that nobody was asked about
}

// LeftOut is certificates of a list that nobody was asked about, for one reason.
type LeftOut struct {
	Why LeftOutReason `json:"why"`
	Of  string        `json:"of,omitempty"` // the issuer's name, or the responder's URL
	// Failure is that for which a responder was given up.
	Failure Failure  `json:"failure,omitempty"`
	Count   int      `json:"count"`
	First   []string `json:"first,omitempty"` // the serials of the first, hex
}

// LeftOutReason is why nobody was asked about a certificate.
type LeftOutReason string

// The reasons.
const (
	LeftExpired     LeftOutReason = "expired"
	LeftSame        LeftOutReason = "same-serial"  // another of the same issuer was asked about: a precertificate and its certificate
	LeftNoIssuer    LeftOutReason = "no-issuer"    // its issuer is none of those that were named
	LeftNoResponder LeftOutReason = "no-responder" // it names no OCSP responder that can be asked
	LeftGivenUp     LeftOutReason = "given-up"     // its responder had failed too often
)

// LeftOutReasons returns every LeftOutReason.
func LeftOutReasons() []LeftOutReason {
	return []LeftOutReason{LeftExpired, LeftSame, LeftNoIssuer, LeftNoResponder, LeftGivenUp}
}
