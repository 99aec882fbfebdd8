package revocation

// OCSPRequest is RFC 6960 §4.1.1, decoded as far as it can be read.
type OCSPRequest struct {
	Raw             []byte
	TBS             []byte // the whole TBSRequest element
	Version         int    // 0 is v1
	ExplicitVersion bool
	RequestorName   []byte // the whole GeneralName; nil when absent
	Requests        []SingleRequest
	HasExtensions   bool
	Extensions      []Extension
	Signature       *RequestSignature // nil for an unsigned request
	Deviations      []Deviation
	Broken          *SyntaxError
}

// SingleRequest is one Request (RFC 6960 §4.1.1).
type SingleRequest struct {
	CertID        CertID
	HasExtensions bool
	Extensions    []Extension // singleRequestExtensions
}

// RequestSignature is the optionalSignature (RFC 6960 §4.1.1).
type RequestSignature struct {
	Algorithm    AlgorithmIdentifier
	Signature    []byte
	Certificates []EmbeddedCertificate
}

// Nonce returns the nonce of the requestExtensions and whether there is one (RFC 9654
// §2.1). One that is not wrapped in an OCTET STRING is returned as it is.
func (r *OCSPRequest) Nonce() ([]byte, bool) { return findNonce(r.Extensions) }

func findNonce(list []Extension) ([]byte, bool) {
	x := FindExtension(list, OIDNonce)
	if x == nil {
		return nil, false
	}
	if nonce, ok := nonceValue(x.Value); ok {
		return nonce, true
	}
	return x.Value, true
}
