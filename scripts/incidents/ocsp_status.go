package main

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net/http"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// ocspStatusIncidents are what responders said of certificates, and where they said nothing.
func ocspStatusIncidents() []incident {
	return []incident{
		{number: 1, class: "ocsp-unknown-for-issued", scenes: []scene{
			{played: "unknown for a certificate ten days old", rule: "ocsp-assigned-authoritative-15m", least: conformance.Error,
				fault: func(r *fixtures.Responder) { r.OCSP.Assigned = fixtures.Unknown }},
			{played: "unauthorized for it", rule: "ocsp-assigned-authoritative-15m", least: conformance.Error,
				fault: func(r *fixtures.Responder) { r.OCSP.Assigned = fixtures.Unauthorized }},
			{played: "unauthorized for one that was good an hour ago", rule: "ocsp-served-until-expiry", least: conformance.Error, earlier: hours(1),
				fault: func(r *fixtures.Responder) { r.OCSP.Assigned = fixtures.Unauthorized }},
		}},
		{number: 2, class: "ocsp-unavailable", scenes: []scene{
			{played: "no answer in 15 s", rule: "http-response-time-10s", least: conformance.Error,
				fault: func(r *fixtures.Responder) { r.OCSPHTTP.Failure = evidence.HTTPTimeout }},
			{played: "404 for some serials", rule: "http-status-200", least: conformance.Error, answer: unless(aboutLeaf, http.StatusNotFound)},
			{played: "503 for two hours, checked every hour", rule: "http-24x7", least: conformance.Error, earlier: hours(3, 2, 1), since: 2 * time.Hour,
				fault: func(r *fixtures.Responder) { r.OCSPHTTP.Code = http.StatusServiceUnavailable }},
		}},
		{number: 8, class: "ocsp-precert-not-covered", scenes: []scene{
			{played: "unknown for a precertificate", rule: "ocsp-assigned-precert", least: conformance.Error, world: precertificate,
				fault: func(r *fixtures.Responder) { r.OCSP.Assigned = fixtures.Unknown }},
			{played: "unauthorized for a precertificate", rule: "ocsp-assigned-precert", least: conformance.Error, world: precertificate,
				fault: func(r *fixtures.Responder) { r.OCSP.Assigned = fixtures.Unauthorized }},
		}},
		{number: 9, class: "ocsp-wrong-status", scenes: []scene{
			{played: "good for serials that the CRL lists", rule: "ocsp-revoked-known", least: conformance.Error, world: listedLongAgo,
				fault: func(r *fixtures.Responder) { r.OCSP.Listed = fixtures.Good }},
			{played: "revoked three days ago, on no CRL", rule: "crl-revoked-appears", least: conformance.Error,
				fault: revokedUnlisted},
		}},
		{number: 12, class: "ocsp-get-broken", scenes: []scene{
			{played: "400 to a GET with two slashes in a row", rule: "http-ocsp-get-slash", least: conformance.Error,
				fault: oddly("slashes", fixtures.Reaction{HTTP: &fixtures.HTTP{Code: http.StatusBadRequest}})},
			{played: "400 to a GET in raw base64", rule: "http-ocsp-get-encodings", least: conformance.Notice, odd: true,
				fault: oddly("raw", fixtures.Reaction{HTTP: &fixtures.HTTP{Code: http.StatusBadRequest}})},
			{played: "405 to every GET", rule: "http-ocsp-get", least: conformance.Error,
				fault: func(r *fixtures.Responder) { r.OCSPHTTP.OnlyPOST = true }},
		}},
		{number: 13, class: "ocsp-issuer-not-configured", scenes: []scene{
			{played: "unauthorized for every serial of a CA", rule: "ocsp-assigned-authoritative-15m", least: conformance.Error,
				fault: func(r *fixtures.Responder) {
					r.OCSP.Assigned, r.OCSP.Unassigned, r.OCSP.Listed = fixtures.Unauthorized, fixtures.Unauthorized, fixtures.Unauthorized
				}},
			{played: "and 404 for its CRL", rule: "http-status-200", least: conformance.Error,
				fault: func(r *fixtures.Responder) {
					r.OCSP.Assigned, r.CRLHTTP.Code = fixtures.Unauthorized, http.StatusNotFound
				}},
		}},
		{number: 21, class: "ocsp-crl-inconsistent", scenes: []scene{
			{played: "keyCompromise by OCSP, superseded by the CRL", rule: "ocsp-reason-equals-crl", least: conformance.Warning,
				world: leafRevoked(revocation.ReasonSuperseded),
				answer: func(r *fixtures.Responder, q evidence.Question) evidence.Exchange {
					other := fixtures.Conforming(r.Now, r.Authority)
					leafRevoked(revocation.ReasonKeyCompromise)(other)
					return instead(aboutLeaf, other)(r, q)
				}},
			{played: "good by OCSP for a certificate on the CRL", rule: "ocsp-crl-consistent", least: conformance.Error,
				world: listedLongAgo,
				fault: func(r *fixtures.Responder) {
					r.CRL.Entries = []fixtures.CRLEntry{{Leaf: true, Revoked: evening.AddDate(0, 0, -6), Reason: revocation.ReasonSuperseded}}
					r.OCSP.Assigned = fixtures.Good
				}},
		}},
		{number: 27, class: "ocsp-certificatehold", scenes: []scene{
			{played: "revoked with certificateHold", rule: "ocsp-assigned-not-hold", least: conformance.Critical,
				fault: func(r *fixtures.Responder) {
					r.OCSP.Assigned, r.OCSP.Reason = fixtures.Revoked, revocation.ReasonCertificateHold
				}},
			{played: "certificateHold on a CRL", rule: "crl-reason-no-hold", least: conformance.Error,
				fault: listed(fixtures.CRLEntry{Reason: revocation.ReasonCertificateHold})},
			{played: "revoked, and good an hour later", rule: "ocsp-revoked-not-reverted", least: conformance.Critical, earlier: hours(1),
				world: leafRevoked(revocation.ReasonSuperseded),
				fault: func(r *fixtures.Responder) {
					r.CRL.Entries, r.OCSP.Assigned = r.CRL.Entries[:len(r.CRL.Entries)-1], fixtures.Good
				}},
		}},
		{number: 31, class: "ocsp-good-for-unassigned", scenes: []scene{
			{played: "good for serials that were never issued", rule: "ocsp-unassigned-not-good", least: conformance.Critical,
				fault: func(r *fixtures.Responder) { r.OCSP.Unassigned = fixtures.Good }},
		}},
		{number: 41, class: "ocsp-certid-hash-unsupported", scenes: []scene{
			{played: "unauthorized for a CertID of SHA-256", rule: "ocsp-certid-sha256-support", least: conformance.Info,
				fault: func(r *fixtures.Responder) { r.OCSP.SHA256 = fixtures.Unauthorized }},
		}},
		{number: 45, class: "ocsp-response-for-other-cert", scenes: []scene{
			{played: "the answer about another certificate", rule: "ocsp-single-for-each", least: conformance.Critical,
				fault: func(r *fixtures.Responder) { r.OCSP.Singles = nextSerials }},
			{played: "the answer about the certificate to all questions", rule: "http-ocsp-cachekey", least: conformance.Critical,
				fault: func(r *fixtures.Responder) {
					r.OCSP.Singles = func([]revocation.CertID) []revocation.CertID {
						return []revocation.CertID{r.CertID(crypto.SHA1, r.LeafSerial())}
					}
				}},
			{played: "that to Expect: 100-continue alone", rule: "http-expect-100", least: conformance.Error, odd: true,
				fault: oddly("expect", fixtures.Reaction{Says: fixtures.Good, OCSP: func(o *fixtures.OCSP) { o.Singles = nextSerials }})},
		}},
		{number: 49, class: "revocation-slow-to-publish", scenes: []scene{
			{played: "on no CRL a day after OCSP says that it was revoked", rule: "crl-revoked-appears", least: conformance.Error,
				fault: func(r *fixtures.Responder) {
					r.OCSP.Assigned, r.OCSP.Reason, r.OCSP.RevocationTime = fixtures.Revoked, revocation.ReasonSuperseded, evening.Add(-26*time.Hour)
				}},
			{played: "good by OCSP days after the CRL listed it", rule: "ocsp-revoked-known", least: conformance.Error, world: listedLongAgo,
				fault: func(r *fixtures.Responder) { r.OCSP.Listed = fixtures.Good }},
		}},
	}
}

// hours are earlier runs.
func hours(before ...int) []time.Duration {
	var list []time.Duration
	for _, n := range before {
		list = append(list, time.Duration(n)*time.Hour)
	}
	return list
}

// oddly has a responder take requests that are out of the ordinary in one way so.
func oddly(way string, reaction fixtures.Reaction) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) { r.Odd = map[string]fixtures.Reaction{way: reaction} }
}

// aboutLeaf reports whether a question is about the certificate that was named.
func aboutLeaf(q evidence.Question) bool { return q.Ask.Has(evidence.Assigned) }

func unassigned(q evidence.Question) bool { return q.Ask.Has(evidence.Unassigned) }

// unless answers with an HTTP status where that is so.
func unless(so func(evidence.Question) bool, code int) func(*fixtures.Responder, evidence.Question) evidence.Exchange {
	return func(r *fixtures.Responder, q evidence.Question) evidence.Exchange {
		other := fixtures.Conforming(r.Now, r.Authority)
		other.OCSPHTTP.Code = code
		return instead(so, other)(r, q)
	}
}

// instead has another responder answer where that is so.
func instead(so func(evidence.Question) bool, other *fixtures.Responder) func(*fixtures.Responder, evidence.Question) evidence.Exchange {
	return func(r *fixtures.Responder, q evidence.Question) evidence.Exchange {
		if so(q) {
			return other.Respond(q)
		}
		return r.Respond(q)
	}
}

// precertificate makes the certificate that is asked about one of RFC 6962 §3.1.
func precertificate(r *fixtures.Responder) {
	poison := asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 3}
	r.Leaf = func(c *x509.Certificate) {
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: poison, Critical: true, Value: asn1.NullBytes})
	}
}

// leafRevoked has the certificate revoked, by OCSP and by the CRL.
func leafRevoked(reason revocation.ReasonCode) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) {
		r.CRL.Entries = append(r.CRL.Entries, fixtures.CRLEntry{Leaf: true, Revoked: revoked, Reason: reason})
		r.OCSP.Assigned = fixtures.Revoked
	}
}

// revokedUnlisted has OCSP alone call the certificate revoked.
func revokedUnlisted(r *fixtures.Responder) {
	r.OCSP.Assigned, r.OCSP.Reason, r.OCSP.RevocationTime = fixtures.Revoked, revocation.ReasonSuperseded, revoked
}

// listedLongAgo makes the CRL, and still more its entries, older than the answers of OCSP.
func listedLongAgo(r *fixtures.Responder) {
	r.CRL.ThisUpdate = evening.Add(-3 * time.Hour)
	for i, serial := range r.RevokedSerials() {
		reason := []revocation.ReasonCode{revocation.ReasonKeyCompromise, revocation.ReasonSuperseded}[i]
		r.CRL.Entries = append(r.CRL.Entries, fixtures.CRLEntry{Serial: serial, Revoked: evening.AddDate(0, 0, -6), Reason: reason})
	}
}

// nextSerials has certificates answered for that were not asked about.
func nextSerials(asked []revocation.CertID) []revocation.CertID {
	var list []revocation.CertID
	for _, id := range asked {
		id.Serial = append(revocation.Serial{}, id.Serial...)
		id.Serial[len(id.Serial)-1] ^= 1
		list = append(list, id)
	}
	return list
}

// listed gives the CRL that entry, which is of no certificate at hand.
func listed(entry fixtures.CRLEntry) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) {
		entry.Serial = fixtures.UnassignedSerial(1)
		r.CRL.Entries = []fixtures.CRLEntry{entry}
	}
}
