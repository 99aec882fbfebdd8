package main

import (
	"crypto/x509"
	"strings"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// ocspIncidents are about how OCSP responses are made and signed.
func ocspIncidents() []incident {
	return []incident{
		{number: 14, class: "ocsp-validity-too-long", scenes: []scene{
			{played: "10 days and a second", rule: "ocsp-br-validity-max", least: conformance.Error,
				fault: func(r *fixtures.Responder) { r.OCSP.NextUpdate = r.Now.Add(10*24*time.Hour - time.Hour) }},
		}},
		{number: 23, class: "ocsp-not-refreshed", scenes: []scene{
			{played: "5 days old, and valid for two more", rule: "ocsp-br-update-long", least: conformance.Error, fault: fiveDaysOld},
			{played: "the same", rule: "ocsp-mozilla-update-4d", least: conformance.Error, fault: fiveDaysOld},
			{played: "an older answer than an hour ago", rule: "ocsp-monotonic", least: conformance.Warning, earlier: hours(1),
				fault: func(r *fixtures.Responder) {
					r.OCSP.ThisUpdate = evening.Add(-50 * time.Hour)
					r.OCSP.ProducedAt, r.OCSP.NextUpdate = r.OCSP.ThisUpdate, evening.Add(46*time.Hour)
				}},
		}},
		{number: 24, class: "ocsp-wrong-signer", scenes: []scene{
			{played: "a default signer for serials not known", rule: "ocsp-signer-authorized", least: conformance.Critical,
				answer: func(r *fixtures.Responder, q evidence.Question) evidence.Exchange {
					other := fixtures.Conforming(r.Now, r.Authority)
					other.OCSP.Signer = fixtures.AnyKey
					return instead(unassigned, other)(r, q)
				}},
			{played: "a delegate of another CA", rule: "ocsp-signer-authorized", least: conformance.Critical, kind: delegated,
				fault: func(r *fixtures.Responder) { r.OCSP.DelegateByOtherCA = true }},
			{played: "the root for all of its CAs", rule: "ocsp-signer-authorized", least: conformance.Critical,
				fault: func(r *fixtures.Responder) { r.OCSP.Signer = fixtures.Ancestor }},
		}},
		{number: 28, class: "ocsp-signer-expires-early", scenes: []scene{
			{played: "a delegate that ends a day before the responses", rule: "ocsp-nextupdate-signer-notafter", least: conformance.Error, kind: delegated,
				fault: delegate(func(c *x509.Certificate) { c.NotAfter = evening.Add(3 * 24 * time.Hour) })},
		}},
		{number: 30, class: "ocsp-empty-extensions", scenes: []scene{
			{played: "responseExtensions without any", rule: "ocsp-ext-nonempty", least: conformance.Error,
				fault: func(r *fixtures.Responder) { r.OCSP.Extensions = []revocation.Extension{} }},
		}},
		{number: 42, class: "ocsp-expired", scenes: []scene{
			{played: "still served 32 hours after its nextUpdate", rule: "ocsp-not-expired", least: conformance.Critical,
				fault: func(r *fixtures.Responder) {
					r.OCSP.NextUpdate = evening.Add(-32 * time.Hour)
					r.OCSP.ThisUpdate = r.OCSP.NextUpdate.Add(-4 * 24 * time.Hour)
					r.OCSP.ProducedAt = r.OCSP.ThisUpdate
				}},
		}},
		{number: 43, class: "ocsp-generalizedtime-not-der", scenes: []scene{
			{played: "thisUpdate with fractions of a second", rule: "ocsp-time-format", least: conformance.Error,
				fault: func(r *fixtures.Responder) {
					r.OCSP.Edit = func(data *fixtures.Node) {
						this := data.MustFind("responses[0].thisUpdate")
						this.Content = []byte(strings.Replace(string(this.Content), "Z", ".1234567Z", 1))
					}
				}},
		}},
		{number: 44, class: "ocsp-malformed-body", scenes: []scene{
			{played: "a body of one octet, with status 200", rule: "ocsp-der-strict", least: conformance.Error,
				fault: func(r *fixtures.Responder) { r.OCSPHTTP.Body = []byte{0x30} }},
		}},
		{number: 46, class: "ocsp-sha1-signer", scenes: []scene{
			{played: "a delegate's certificate signed with SHA-1", rule: "cert-ocsp-sha1", least: conformance.Error, kind: delegated,
				fault: delegate(func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 })},
			{played: "responses signed with SHA-1", rule: "ocsp-sigalg-sha1", least: conformance.Error,
				fault: func(r *fixtures.Responder) { r.OCSP.Algorithm = r.Authority.WithSHA1() }},
		}},
		{number: 52, class: "ocsp-nextupdate-missing", scenes: []scene{
			{played: "no nextUpdate", rule: "ocsp-nextupdate-present", least: conformance.Error,
				fault: func(r *fixtures.Responder) { r.OCSP.NoNextUpdate = true }},
		}},
		{number: 53, class: "ocsp-not-yet-valid", scenes: []scene{
			{played: "thisUpdate an hour ahead", rule: "ocsp-not-from-future", least: conformance.Error,
				fault: func(r *fixtures.Responder) {
					r.OCSP.ThisUpdate = evening.Add(time.Hour)
					r.OCSP.ProducedAt = r.OCSP.ThisUpdate
				}},
		}},
		{number: 54, class: "ocsp-signer-profile", scenes: []scene{
			{played: "a delegate's common name of 65 characters", rule: "cert-ocsp-subject", least: conformance.Error, kind: delegated,
				fault: delegate(func(c *x509.Certificate) { c.Subject.CommonName = strings.Repeat("n", 65) })},
		}},
	}
}

// unseenIncidents are those that no rule names, and why.
func unseenIncidents() []incident {
	return []incident{
		{number: 16, class: "ccadb-json-malformed", unseen: "the array is given by the operator: --ccadb refuses what is none, and says where it breaks off"},
		{number: 22, class: "ocsp-host-header-sensitive", unseen: "breaks no requirement: HTTP/1.1 makes Host mandatory, and a responder need not know who was meant"},
		{number: 36, class: "crl-issued-late", unseen: "later than the CA's own CPS says, which nobody outside can read off; the 7 days of BR 4.9.7 are those of crl-update-ee"},
		{number: 47, class: "ocsp-validity-exceeds-cps", unseen: "longer than the CA's own CPS says, within what the Baseline Requirements allow"},
		{number: 51, class: "crl-oversized", unseen: "breaks no requirement: a CRL may grow a hundredfold in a day"},
	}
}

// delegate changes the delegate's certificate.
func delegate(change func(*x509.Certificate)) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) { r.OCSP.Delegate = change }
}

// fiveDaysOld serves responses of 7 days for longer than they may be.
func fiveDaysOld(r *fixtures.Responder) {
	r.OCSP.ThisUpdate = evening.AddDate(0, 0, -5)
	r.OCSP.ProducedAt, r.OCSP.NextUpdate = r.OCSP.ThisUpdate, evening.AddDate(0, 0, 2)
}
