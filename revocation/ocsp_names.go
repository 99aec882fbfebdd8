package revocation

import "fmt"

// String gives the name of RFC 6960 §4.2.1, such as "tryLater"; "status 4" for a number
// without one, and "unreadable status" where there is no number.
func (r ResponseStatus) String() string {
	switch r {
	case Successful:
		return "successful"
	case MalformedRequest:
		return "malformedRequest"
	case InternalError:
		return "internalError"
	case TryLater:
		return "tryLater"
	case SigRequired:
		return "sigRequired"
	case Unauthorized:
		return "unauthorized"
	}
	if r < 0 {
		return "unreadable status"
	}
	return fmt.Sprintf("status %d", int(r))
}

// String gives the name of RFC 6960 §4.2.1: "good", "revoked", "unknown"; or "absent".
func (s CertStatus) String() string {
	switch s {
	case StatusAbsent:
		return "absent"
	case StatusGood:
		return "good"
	case StatusRevoked:
		return "revoked"
	case StatusUnknown:
		return "unknown"
	}
	return fmt.Sprintf("certStatus %d", int(s))
}

// String gives the name of RFC 5280 §5.3.1, such as "keyCompromise"; "reason 7" for a
// number without one.
func (r ReasonCode) String() string {
	switch r {
	case ReasonUnspecified:
		return "unspecified"
	case ReasonKeyCompromise:
		return "keyCompromise"
	case ReasonCACompromise:
		return "cACompromise"
	case ReasonAffiliationChanged:
		return "affiliationChanged"
	case ReasonSuperseded:
		return "superseded"
	case ReasonCessationOfOperation:
		return "cessationOfOperation"
	case ReasonCertificateHold:
		return "certificateHold"
	case ReasonRemoveFromCRL:
		return "removeFromCRL"
	case ReasonPrivilegeWithdrawn:
		return "privilegeWithdrawn"
	case ReasonAACompromise:
		return "aACompromise"
	}
	return fmt.Sprintf("reason %d", int(r))
}

// Nonce returns the nonce of the responseExtensions and whether there is one (RFC 9654
// §2.1). One that is not wrapped in an OCTET STRING is returned as it is.
func (b *BasicResponse) Nonce() ([]byte, bool) { return findNonce(b.Extensions) }

// ExtendedRevoke reports whether the responseExtensions carry extended-revoke (RFC 6960
// §4.4.8), whatever its value.
func (b *BasicResponse) ExtendedRevoke() bool {
	return FindExtension(b.Extensions, OIDExtendedRevoke) != nil
}

// ArchiveCutoff returns the archive cutoff of the singleExtensions (RFC 6960 §4.4.4). It
// is not Present where there is none or its value is no time.
func (s *SingleResponse) ArchiveCutoff() Time {
	x := FindExtension(s.Extensions, OIDArchiveCutoff)
	if x == nil {
		return Time{}
	}
	var n notes
	c := n.cursor(x.Value, 0, root(""))
	at, ok := c.time("archiveCutoff")
	if !ok || !c.empty() {
		return Time{}
	}
	at.Offset += x.Offset + int64(len(x.Raw)-len(x.Value))
	return at
}
