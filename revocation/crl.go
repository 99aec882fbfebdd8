package revocation

import (
	"crypto"
)

// CRL is a CertificateList (RFC 5280 §5.1), decoded as far as it can be read, without
// its entries: those pass by the visitors of ReadCRL.
type CRL struct {
	Length        int64 // octets of the outermost element, or of all that could be read
	HasVersion    bool
	Version       int // the encoded number: 1 is v2; 0, explicit or absent, is v1
	TBSAlgorithm  AlgorithmIdentifier
	Issuer        []byte // the whole Name
	ThisUpdate    Time
	NextUpdate    Time // not Present where it was left out
	HasRevoked    bool // revokedCertificates is present, even if empty
	Entries       int
	HasExtensions bool
	Extensions    []Extension

	SignatureAlgorithm AlgorithmIdentifier
	Signature          []byte
	Deviations         []Deviation
	Broken             *SyntaxError

	// What the known extensions say; nil where the extension is absent or unreadable
	// (the latter is a Deviation of kind DevUnreadable).
	Number       Serial // cRLNumber, as encoded
	AuthorityKey *AuthorityKeyID
	IssuingDP    *IssuingDistributionPoint
	DeltaBase    Serial              // BaseCRLNumber of deltaCRLIndicator, as encoded
	Freshest     []DistributionPoint // of freshestCRL (RFC 5280 §5.2.6), as far as it can be read

	hash   crypto.Hash // what tbsCertList was hashed with while it passed
	digest []byte
	tbs    []byte // kept only where the algorithm signs the message itself (Ed25519)

	tbsTooLong bool // tbs would have been kept, but for MaxKeptTBS
}

// CRLEntry is one element of revokedCertificates. Its slices are valid only during
// the visit.
type CRLEntry struct {
	Index          int
	Offset         int64 // of the entry's first octet, from the document's start
	Serial         Serial
	RevocationDate Time
	HasReason      bool
	Reason         ReasonCode
	HasExtensions  bool
	Extensions     []byte // the whole crlEntryExtensions element; nil when absent
	Issuer         []byte // value of a certificateIssuer extension (RFC 5280 §5.3.3), GeneralNames; nil where there is none
	OnlyReason     bool   // Extensions is one non-critical reasonCode in DER: nothing else to look for
	Marks          EntryMarks
}

// IsDelta reports whether the CRL says that it is a delta (RFC 5280 §5.2.4), be it readable to
// which.
func (c *CRL) IsDelta() bool { return FindExtension(c.Extensions, OIDDeltaCRL) != nil }

// EntryVisitor sees each entry of a CRL once, in order.
type EntryVisitor func(*CRLEntry)

// AuthorityKeyID is RFC 5280 §4.2.1.1.
type AuthorityKeyID struct {
	KeyID     []byte // nil when absent
	HasIssuer bool   // authorityCertIssuer is present
	Serial    Serial // authorityCertSerialNumber; nil when absent
}

// IssuingDistributionPoint is RFC 5280 §5.2.5.
type IssuingDistributionPoint struct {
	HasName        bool // distributionPoint is present
	URIs           []string
	OtherNames     int  // names of fullName that are no URI
	RelativeName   bool // nameRelativeToCRLIssuer was used
	OnlyUserCerts  bool
	OnlyCACerts    bool
	OnlyAttributes bool
	Indirect       bool
	SomeReasons    bool
}

// DistributionPoint is one element of a certificate's cRLDistributionPoints (RFC 5280
// §4.2.1.13).
type DistributionPoint struct {
	HasName      bool
	URIs         []string
	OtherNames   int
	RelativeName bool
	HasReasons   bool
	HasCRLIssuer bool
}

// AccessDescription is one element of a certificate's authorityInfoAccess (RFC 5280
// §4.2.2.1).
type AccessDescription struct {
	Method OID
	IsURI  bool
	URI    string // the location, where it is a URI
}
