package main

import (
	"net/http"
	"slices"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// crlIncidents are about CRLs.
func crlIncidents() []incident {
	return append([]incident{
		{number: 4, class: "crl-http-error", scenes: []scene{
			{played: "404 with a web page, as application/pkix-crl", rule: "http-status-200", least: conformance.Error,
				fault: func(r *fixtures.Responder) {
					r.CRLHTTP = fixtures.HTTP{Code: http.StatusNotFound, ContentType: "application/pkix-crl", Body: []byte("<html>not found</html>")}
				}},
			{played: "403", rule: "http-status-200", least: conformance.Error,
				fault: func(r *fixtures.Responder) { r.CRLHTTP.Code = http.StatusForbidden }},
		}},
		{number: 5, class: "crl-signature-invalid", scenes: []scene{
			{played: "an octet of the signature changed", rule: "crl-signature-valid", least: conformance.Critical,
				fault: func(r *fixtures.Responder) {
					r.CRL.Tamper = func(der []byte) []byte { der = slices.Clone(der); der[len(der)-1] ^= 1; return der }
				}},
			{played: "signed with another key", rule: "crl-signature-valid", least: conformance.Critical,
				fault: func(r *fixtures.Responder) { r.CRL.ByOtherKey = true }},
		}},
		{number: 17, class: "crl-content-type", scenes: []scene{
			{played: "application/x-pkcs7-crl", rule: "http-crl-content-type", least: conformance.Warning,
				fault: func(r *fixtures.Responder) { r.CRLHTTP.ContentType = "application/x-pkcs7-crl" }},
		}},
		{number: 18, class: "crl-entry-removed-early", scenes: []scene{
			{played: "a revoked certificate gone from the next CRL", rule: "crl-no-early-removal", least: conformance.Critical, earlier: hours(1),
				world: leafRevoked(revocation.ReasonSuperseded),
				fault: func(r *fixtures.Responder) { r.CRL.Entries = r.CRL.Entries[:len(r.CRL.Entries)-1] }},
		}},
		{number: 19, class: "crl-expired", scenes: []scene{
			{played: "still served 8 hours after its nextUpdate", rule: "crl-not-expired", least: conformance.Critical,
				fault: func(r *fixtures.Responder) {
					r.CRL.ThisUpdate, r.CRL.NextUpdate = r.Now.AddDate(0, 0, -4), r.Now.Add(-8*time.Hour)
				}},
		}},
		{number: 20, class: "crl-issuer-mismatch", scenes: []scene{
			{played: "the issuer's parts in reverse order", rule: "crl-issuer-dn-bytes", least: conformance.Error, fault: issuerReversed},
			{played: "the CRL of another CA", rule: "crl-scope-covers-cert", least: conformance.Critical, fault: othersCRL},
		}},
		{number: 26, class: "crl-empty-revokedcertificates", scenes: []scene{
			{played: "an empty list where there must be none", rule: "crl-revoked-absent-if-empty", least: conformance.Error,
				fault: func(r *fixtures.Responder) { r.CRL.EmptyEntries = true }},
		}},
		{number: 29, class: "crl-validity-too-long", scenes: []scene{
			{played: "10 days and a second", rule: "crl-validity-ee", least: conformance.Error,
				fault: func(r *fixtures.Responder) { r.CRL.NextUpdate = r.Now.Add(10*24*time.Hour - time.Hour + time.Second) }},
			{played: "12 months and a second, for CA certificates", rule: "crl-validity-ca", least: conformance.Error, alone: true, world: forCAs,
				fault: func(r *fixtures.Responder) {
					r.CRL.NextUpdate = r.Now.Add(-time.Hour).AddDate(1, 0, 0).Add(time.Second)
				}},
		}},
		{number: 34, class: "crl-duplicate-entry", scenes: []scene{
			{played: "a serial twice", rule: "crl-entry-serial-unique", least: conformance.Error,
				fault: func(r *fixtures.Responder) {
					entry := fixtures.CRLEntry{Serial: fixtures.UnassignedSerial(1), Reason: revocation.ReasonSuperseded}
					r.CRL.Entries = []fixtures.CRLEntry{entry, entry}
				}},
		}},
		{number: 35, class: "crl-intermittent-error", scenes: []scene{
			{played: "404 to one of two fetches", rule: "http-status-200", least: conformance.Warning,
				answer: func(r *fixtures.Responder, q evidence.Question) evidence.Exchange {
					if q.Ask != evidence.FetchCRL || q.Repeat {
						return r.Respond(q)
					}
					other := fixtures.Conforming(r.Now, r.Authority)
					other.CRLHTTP = fixtures.HTTP{Code: http.StatusNotFound, ContentType: "text/html",
						Body: []byte("java.io.FileNotFoundException: the file is being used by another process")}
					return other.Respond(q)
				}},
		}},
		{number: 37, class: "crl-pem-encoded", scenes: []scene{
			{played: "PEM", rule: "crl-not-pem", least: conformance.Error, fault: func(r *fixtures.Responder) { r.CRL.PEM = true }},
		}},
		{number: 39, class: "crl-rollback", scenes: []scene{
			{played: "an older CRL than two hours ago", rule: "crl-thisupdate-nonregress", least: conformance.Warning, earlier: hours(2),
				fault: func(r *fixtures.Responder) { r.CRL.ThisUpdate, r.CRL.Number = evening.Add(-20*time.Hour), 980 }},
		}},
		{number: 40, class: "crl-signature-alg-mismatch", scenes: []scene{
			{played: "RSA outside, ECDSA inside", rule: "crl-sigalg-match", least: conformance.Error,
				fault: func(r *fixtures.Responder) { r.CRL.OuterAlgorithm = fixtures.SHA256WithRSA }},
			{played: "RSA in both places, of an ECDSA key", rule: "crl-signature-valid", least: conformance.Critical,
				fault: func(r *fixtures.Responder) {
					r.CRL.OuterAlgorithm = fixtures.SHA256WithRSA
					r.CRL.Edit = func(tbs *fixtures.Node) {
						tbs.MustFind("signature").Children = []*fixtures.Node{fixtures.ObjectIdentifier(fixtures.SHA256WithRSA), fixtures.Null()}
					}
				}},
		}},
		{number: 50, class: "crl-incomplete", scenes: []scene{
			{played: "without a certificate that OCSP calls revoked", rule: "crl-revoked-appears", least: conformance.Error, fault: revokedUnlisted},
			{played: "no entries left an hour later", rule: "crl-empty-suspicious", least: conformance.Warning, earlier: hours(1),
				fault: func(r *fixtures.Responder) { r.CRL.NoEntries = true }},
		}},
	}, reasonIncidents()...)
}

// reasonIncidents are about the reasons on CRLs.
func reasonIncidents() []incident {
	return []incident{
		{number: 11, class: "crl-reason-wrong", scenes: []scene{
			{played: "reason code 0", rule: "crl-reason-unspecified-absent", least: conformance.Error,
				fault: listed(fixtures.CRLEntry{ExplicitUnspecified: true})},
			{played: "a reason that no Subscriber certificate may have", rule: "crl-reason-allowed", least: conformance.Error,
				fault: listed(fixtures.CRLEntry{Reason: revocation.ReasonCACompromise})},
		}},
		{number: 38, class: "crl-reason-missing", scenes: []scene{
			{played: "CA certificates without a reason", rule: "crl-reason-ca-present", least: conformance.Error, alone: true, world: forCAs,
				fault: listed(fixtures.CRLEntry{NoReason: true})},
			{played: "keyCompromise on the CRL of an hour ago, nothing now", rule: "crl-reason-not-downgraded", least: conformance.Warning, earlier: hours(1),
				fault: func(r *fixtures.Responder) {
					for i := range r.CRL.Entries {
						r.CRL.Entries[i].NoReason = true
					}
				}},
		}},
	}
}

// forCAs makes the CRL one of CA certificates alone.
func forCAs(r *fixtures.Responder) {
	r.CRL.IssuingDP = func(string) revocation.IssuingDistributionPoint {
		return revocation.IssuingDistributionPoint{OnlyCACerts: true}
	}
}

// issuerReversed writes the parts of the CRL's issuer in the reverse order.
func issuerReversed(r *fixtures.Responder) {
	r.CRL.Issuer = fixtures.Rewrite(r.IssuerCertificate().RawSubject, func(name *fixtures.Node) { slices.Reverse(name.Children) })
}

// inOrder puts incidents into the order of their numbers.
func inOrder(list []incident) []incident {
	slices.SortFunc(list, func(a, b incident) int { return a.number - b.number })
	return list
}
