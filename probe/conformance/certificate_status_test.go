package conformance_test

import (
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/revocation"
)

// What a run says of the certificate that was named, by OCSP and by CRL.
func TestStatusOfACertificate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change    func(*fixtures.Responder)
		ocsp, crl string
		coverage  conformance.Coverage
	}{
		"conforming": {nothing, "good", "good", conformance.Covered},
		"on the CRL": {func(r *fixtures.Responder) {
			r.CRL.Entries = []fixtures.CRLEntry{{Leaf: true, Revoked: noon.AddDate(0, 0, -1), Reason: revocation.ReasonSuperseded}}
		}, "revoked", "revoked 2026-11-19T12:00:00Z (superseded)", conformance.Covered},
		"of CA certificates": {func(r *fixtures.Responder) {
			r.CRL.IssuingDP = func(string) revocation.IssuingDistributionPoint {
				return revocation.IssuingDistributionPoint{OnlyCACerts: true}
			}
		}, "good", "", conformance.NotCovered},
		"of some reasons": {func(r *fixtures.Responder) {
			r.CRL.IssuingDP = func(own string) revocation.IssuingDistributionPoint {
				return revocation.IssuingDistributionPoint{URIs: []string{own}, SomeReasons: true}
			}
		}, "good", "", conformance.PartlyOnly},
		"on the delta alone": {func(r *fixtures.Responder) {
			withDelta(r, fixtures.CRLEntry{Leaf: true, Revoked: noon.AddDate(0, 0, -1), Reason: revocation.ReasonSuperseded})
		}, "good", "revoked 2026-11-19T12:00:00Z (superseded)", conformance.Covered},
		"on hold, and released by the delta": {func(r *fixtures.Responder) {
			r.CRL.Entries = []fixtures.CRLEntry{leafOnHold}
			withDelta(r, leafFree)
			r.OCSP.Assigned = fixtures.Good
		}, "good", "good", conformance.Covered},
		"on hold, and not on the delta": {func(r *fixtures.Responder) {
			r.CRL.Entries = []fixtures.CRLEntry{leafOnHold}
			withDelta(r)
		}, "revoked", "revoked 2026-11-19T12:00:00Z (certificateHold)", conformance.Covered},
		"on hold by an older delta": {func(r *fixtures.Responder) {
			withDelta(r, leafOnHold)
			r.CRL.Number, r.CRL.ThisUpdate = 1001, noon.Add(-time.Minute)
		}, "good", "good", conformance.Covered},
		"on hold by a delta, and released by the next": {func(r *fixtures.Responder) {
			withDelta(r, leafFree)
			newer := r.Shards[0]
			newer.CRL.Number, newer.CRL.ThisUpdate = 1002, noon.Add(-time.Minute)
			withDelta(r, leafOnHold)
			r.Shards = append(r.Shards, newer)
		}, "good", "good", conformance.Covered},
		"released by a delta to a later CRL": {func(r *fixtures.Responder) {
			r.CRL.Entries, r.CRL.Number = []fixtures.CRLEntry{leafOnHold}, 998
			withDelta(r, leafFree)
			r.OCSP.Assigned = fixtures.Good
		}, "good", "revoked 2026-11-19T12:00:00Z (certificateHold)", conformance.Covered},
		"by another key": {func(r *fixtures.Responder) { r.CRL.ByOtherKey = true }, "good", "", conformance.Covered},
		"no CRL":         {func(r *fixtures.Responder) { r.CRLHTTP.Code, r.CRLHTTP.Body = 404, []byte("none") }, "good", "", ""},
	} {
		got := played(t, faked(fixtures.Kind{}, fixtures.Case{Name: name, Change: test.change})).Certificates
		if len(got) != 1 || got[0].OCSP != test.ocsp || got[0].CRL != test.crl || got[0].Coverage != test.coverage {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
