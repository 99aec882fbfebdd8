// Package revocation decodes the documents by which a certificate authority
// revokes certificates: OCSP requests and responses (RFC 6960 §4.1, §4.2), CRLs
// (RFC 5280 §5) and what of a certificate points at them. It decodes everything
// it can and judges nothing: whatever a rule could object to becomes a field or a
// Deviation, and a decoder stops only where it cannot read on, saying where.
//
// It knows no network, no file, no clock and no rule.
package revocation
