package conformance

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// assignmentGrace is how long a responder has after a serial was first published (BR 4.9.9),
// with the two minutes that clocks may be apart.
const assignmentGrace = 15*time.Minute + 2*time.Minute

// signingLag is how far notBefore may lie from the signing (BR 7.1.2.7): without an SCT
// nothing in the certificate says more precisely when it was published.
const signingLag = 48 * time.Hour

func assignedRules() []*Rule {
	return []*Rule{{
		ID:    "ocsp-assigned-authoritative-15m",
		Cites: []Citation{BR("4.9.9", Must).Since("2025-01-15")},
		Says:  "An assigned serial must get an authoritative answer, not \"unknown\" or an error, within 15 minutes of its publication.",
		Needs: evidence.Assigned,
		Scope: evidence.ScopeEE,
		Response: func(s ResponseSubject) Verdict {
			if s.Subject != nil && revocation.IsPrecertificate(s.Subject) {
				return skip() // ocsp-assigned-precert speaks of those
			}
			return answersForAssigned(s)
		},
		Bad: []fixtures.Case{
			when("unknown, a second after the latest moment it can have been published", func(r *fake) {
				r.OCSP.Assigned = fixtures.Unknown
				r.Leaf = issuedAt(r.Now.Add(-signingLag - assignmentGrace - time.Second))
			}),
			when("unauthorized", func(r *fake) {
				r.OCSP.Assigned = fixtures.Unauthorized
				r.Leaf = issuedAt(r.Now.Add(-signingLag - assignmentGrace - time.Second))
			}),
		},
		Good: []fixtures.Case{when("unknown, while it may be younger", func(r *fake) {
			r.OCSP.Assigned = fixtures.Unknown
			r.Leaf = issuedAt(r.Now.Add(-signingLag - assignmentGrace))
		})},
	}, {
		ID:    "ocsp-assigned-precert",
		Cites: []Citation{BR("4.9.9", Must).Since("2025-01-15"), MRSP("5.4", Must).Since("2025-01-15")},
		Says:  "The serial of a precertificate must be answered as that of a certificate, whether or not the certificate was ever issued.",
		Needs: evidence.Assigned,
		Scope: evidence.ScopeEE,
		Response: func(s ResponseSubject) Verdict {
			if s.Subject == nil || !revocation.IsPrecertificate(s.Subject) {
				return skip()
			}
			return answersForAssigned(s)
		},
		Bad: []fixtures.Case{
			when("unknown, a second after the latest moment it can have been published", func(r *fake) {
				r.OCSP.Assigned = fixtures.Unknown
				r.Leaf = poisonedAt(r.Now.Add(-signingLag - assignmentGrace - time.Second))
			}),
		},
		Good: []fixtures.Case{
			when("unknown, while it may be younger", func(r *fake) {
				r.OCSP.Assigned = fixtures.Unknown
				r.Leaf = poisonedAt(r.Now.Add(-signingLag - assignmentGrace))
			}),
			when("good", func(r *fake) { r.Leaf = poisonedAt(r.Now.Add(-signingLag - assignmentGrace - time.Second)) }),
		},
	}}
}

// answersForAssigned judges whether the serial of a certificate or precertificate was answered
// with its status. One that a Precertificate Signing Certificate signed is another's
// (RFC 6962 §3.1): asked about under the signer's own name, nobody has to know it.
func answersForAssigned(s ResponseSubject) Verdict {
	switch {
	case s.Subject == nil || len(s.Subject.OCSPServer) == 0 || s.At.After(s.Subject.NotAfter) || s.Issuer != nil && revocation.SignsPrecertificates(s.Issuer):
		return skip() // the duty is to certificates that name a responder, until they expire
	}
	switch answer := word(&s); answer {
	case "unknown", "unauthorized", "try-later", "internal-error", "sig-required", "malformed-request":
		if withinGrace(s.Subject, s.At) {
			return unable("the certificate may be younger than 15 minutes")
		}
		return fail("good or revoked", "%s for the certificate with serial %s, published by %s",
			answer, revocation.SerialOf(s.Subject.SerialNumber), stamp(published(s.Subject))).in("responses[0].certStatus")
	case "good", "revoked", "extended-revoked":
		return pass()
	}
	return skip() // no answer that other rules would not object to
}

// poisonedAt makes a precertificate of a certificate's template.
func poisonedAt(notBefore time.Time) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.NotBefore = notBefore
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{1, 3, 6, 1, 4, 1, 11129, 2, 4, 3}, Critical: true, Value: []byte{5, 0}})
	}
}

// withinGrace reports whether a responder may, at that time, not yet know a certificate.
func withinGrace(c *x509.Certificate, at time.Time) bool {
	return !at.After(published(c).Add(assignmentGrace))
}

// published returns the moment by which a certificate's serial had certainly been
// published: the first log's timestamp, or the latest that notBefore allows.
func published(c *x509.Certificate) time.Time {
	if at, ok := revocation.EarliestSCT(c); ok {
		return at
	}
	return c.NotBefore.Add(signingLag)
}
