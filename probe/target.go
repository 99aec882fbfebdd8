package probe

import (
	"bytes"
	"crypto/x509"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// Target is one thing the user named and the services it leads to. All its certificates
// may be missing but one of Issuer and DistributionPoints.
type Target struct {
	Certificate        *x509.Certificate   // whose status is asked; nil for an issuer or a URL alone
	Issuer             *x509.Certificate   // of the certificates that the services speak of
	Siblings           []*x509.Certificate // certificates of other issuers of the same operator
	Responders         []string            // URLs
	DistributionPoints []string            // URLs, those of delta CRLs among them
	IssuerLocations    []string            // URLs that the certificate's AIA caIssuers names
	Scope              evidence.Scope      // what the operator said the issuer issues; empty when not said
}

// issuesCertificatesOfCAs reports whether the target's issuer is known to be a root that
// issues to CAs only: such serials may be few and sequential.
func (t Target) issuesCertificatesOfCAs() bool {
	switch {
	case t.Scope != "":
		return t.Scope == evidence.ScopeCA
	case t.Certificate != nil:
		return t.Certificate.IsCA
	}
	return t.Issuer != nil && bytes.Equal(t.Issuer.RawSubject, t.Issuer.RawIssuer)
}

// knownSerials returns the serials that the target shows to be assigned by its issuer.
func (t Target) knownSerials() []revocation.Serial {
	var known []revocation.Serial
	if t.Certificate != nil {
		known = append(known, revocation.SerialOf(t.Certificate.SerialNumber))
	}
	if t.Issuer != nil {
		known = append(known, revocation.SerialOf(t.Issuer.SerialNumber)) // a root's own serial is assigned by that root
	}
	return known
}
