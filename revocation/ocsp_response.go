package revocation

import (
	"crypto/x509"
)

// OCSPResponse is RFC 6960 §4.2.1, decoded as far as it can be read.
type OCSPResponse struct {
	Raw          []byte
	Status       ResponseStatus
	HasBytes     bool // responseBytes is present
	ResponseType OID
	Basic        *BasicResponse // nil unless the type is basic and its outer structure could be read
	Nested       bool           // another OCSPResponse stands where the BasicOCSPResponse belongs
	Deviations   []Deviation
	Broken       *SyntaxError // where decoding had to stop; nil when everything was read
}

// ResponseStatus is OCSPResponseStatus (RFC 6960 §4.2.1); -1 where none was read or
// its encoding is no small number.
type ResponseStatus int

// The statuses of RFC 6960 §4.2.1; 4 is not used.
const (
	Successful       ResponseStatus = 0
	MalformedRequest ResponseStatus = 1
	InternalError    ResponseStatus = 2
	TryLater         ResponseStatus = 3
	SigRequired      ResponseStatus = 5
	Unauthorized     ResponseStatus = 6
)

// BasicResponse is BasicOCSPResponse with its ResponseData (RFC 6960 §4.2.1).
type BasicResponse struct {
	TBS             []byte // the whole ResponseData element: the octets that are signed
	Version         int    // 0 is v1
	ExplicitVersion bool
	ResponderID     ResponderID
	ProducedAt      Time
	Singles         []SingleResponse
	HasExtensions   bool
	Extensions      []Extension

	SignatureAlgorithm AlgorithmIdentifier
	Signature          []byte
	HasCertificates    bool // certs is present, even if empty
	Certificates       []EmbeddedCertificate
}

// ResponderID is one of two forms (RFC 6960 §4.2.1): exactly one field is set.
type ResponderID struct {
	ByName []byte // a whole Name
	ByKey  []byte // a KeyHash: SHA-1 of the signer's public key
}

// SingleResponse is the status of one certificate (RFC 6960 §4.2.1).
type SingleResponse struct {
	CertID         CertID
	Status         CertStatus
	RevocationTime Time // of a revoked certificate
	HasReason      bool
	Reason         ReasonCode
	ThisUpdate     Time
	NextUpdate     Time // not Present where the responder left it out
	HasExtensions  bool
	Extensions     []Extension
	Offset         int64
}

// CertStatus is the CHOICE of RFC 6960 §4.2.1.
type CertStatus int

// StatusAbsent is a SingleResponse without a certStatus, which must not be taken
// for any of the others.
const (
	StatusAbsent CertStatus = iota
	StatusGood
	StatusRevoked
	StatusUnknown
)

// EmbeddedCertificate is one element of certs.
type EmbeddedCertificate struct {
	Raw         []byte
	Certificate *x509.Certificate // nil where crypto/x509 cannot read it
	Problem     string            // why it cannot
	Offset      int64
}

// ReasonCode is CRLReason (RFC 5280 §5.3.1).
type ReasonCode int

// The reasons of RFC 5280 §5.3.1; 7 is not used.
const (
	ReasonUnspecified          ReasonCode = 0
	ReasonKeyCompromise        ReasonCode = 1
	ReasonCACompromise         ReasonCode = 2
	ReasonAffiliationChanged   ReasonCode = 3
	ReasonSuperseded           ReasonCode = 4
	ReasonCessationOfOperation ReasonCode = 5
	ReasonCertificateHold      ReasonCode = 6
	ReasonRemoveFromCRL        ReasonCode = 8
	ReasonPrivilegeWithdrawn   ReasonCode = 9
	ReasonAACompromise         ReasonCode = 10
)
