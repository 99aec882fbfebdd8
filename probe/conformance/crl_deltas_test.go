package conformance_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/revocation"
)

// leafOnHold and released are of the leaf.
var (
	leafOnHold = fixtures.CRLEntry{Leaf: true, Revoked: noon.AddDate(0, 0, -1), Reason: revocation.ReasonCertificateHold}
	leafFree   = fixtures.CRLEntry{Leaf: true, Revoked: noon.AddDate(0, 0, -1), Reason: revocation.ReasonRemoveFromCRL}
)

// withDelta has the CA publish a delta that its CRL and the leaf name, half an hour after the
// CRL, with these entries.
func withDelta(r *fixtures.Responder, entries ...fixtures.CRLEntry) {
	r.Shards = []fixtures.Shard{{FreshestOfCRL: true, FreshestOfLeaf: true, CRL: fixtures.CRL{Number: 1001, ThisUpdate: r.Now.Add(-30 * time.Minute),
		Entries: entries, Extensions: []revocation.Extension{fixtures.DeltaCRLIndicator(999)}}}}
}

// Nothing is said of a CA that publishes deltas as RFC 5280 has it, but that the web's CAs
// should not; and each document says of the certificate what it says, or both do.
func TestHealthyDeltas(t *testing.T) {
	t.Parallel()
	revoked := fixtures.CRLEntry{Leaf: true, Revoked: noon.AddDate(0, 0, -1), Reason: revocation.ReasonSuperseded}
	other := fixtures.CRLEntry{Serial: revocation.Serial{0x41, 1}, Revoked: noon.AddDate(0, 0, -1), Reason: revocation.ReasonSuperseded}
	byOCSP := func(r *fixtures.Responder, e fixtures.CRLEntry) {
		r.OCSP.Assigned, r.OCSP.Reason, r.OCSP.RevocationTime = fixtures.Revoked, e.Reason, e.Revoked
	}
	for name, c := range map[string]struct {
		change func(*fixtures.Responder)
		status string // by the complete CRL with the delta, and by the delta
	}{
		"without entries":  {func(r *fixtures.Responder) { withDelta(r) }, "good "},
		"of another":       {func(r *fixtures.Responder) { withDelta(r, other) }, "good "},
		"of the leaf":      {func(r *fixtures.Responder) { withDelta(r, revoked); byOCSP(r, revoked) }, "revoked revoked"},
		"the leaf on hold": {func(r *fixtures.Responder) { withDelta(r, leafOnHold); byOCSP(r, leafOnHold) }, "revoked revoked"},
		"the leaf released": {func(r *fixtures.Responder) {
			r.CRL.Entries = []fixtures.CRLEntry{leafOnHold}
			withDelta(r, leafFree)
			r.OCSP.Assigned = fixtures.Good
		}, "good good"},
		"the leaf released, and an older answer": {func(r *fixtures.Responder) {
			r.CRL.Entries = []fixtures.CRLEntry{leafOnHold}
			withDelta(r, leafFree)
			byOCSP(r, leafOnHold)
		}, "good good"},
		"revoked by both": {func(r *fixtures.Responder) {
			r.CRL.Entries = []fixtures.CRLEntry{revoked}
			withDelta(r, revoked)
		}, "revoked revoked"},
		"revoked before": {func(r *fixtures.Responder) {
			r.CRL.Entries = []fixtures.CRLEntry{revoked}
			withDelta(r)
		}, "revoked "},
		"issued with the CRL": {func(r *fixtures.Responder) {
			r.CRL.Entries = []fixtures.CRLEntry{revoked, other}
			withDelta(r, revoked)
			r.Shards[0].CRL.Number, r.Shards[0].CRL.ThisUpdate = 1000, time.Time{}
		}, "revoked revoked"},
		"of a part": {func(r *fixtures.Responder) {
			url := r.CRLURL()
			part := func(string) revocation.IssuingDistributionPoint {
				return revocation.IssuingDistributionPoint{URIs: []string{url}, OnlyUserCerts: true}
			}
			r.CRL.IssuingDP = part
			withDelta(r, revoked)
			r.Shards[0].CRL.IssuingDP = part
			byOCSP(r, revoked)
		}, "revoked revoked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := judgedUnder(t, "rfc", c.change, nil)
			for _, id := range fired(report) {
				if id != "ocsp-assigned-not-hold" { // which has nothing to do with CRLs
					t.Errorf("fires %s%s", id, describe(report))
				}
			}
			var got []string
			for _, d := range report.Documents {
				if d.Kind == revocation.KindCRL {
					got = append(got, d.Status)
				}
			}
			if text := strings.Join(got, " "); text != c.status {
				t.Errorf("the CRLs say %q, want %q", text, c.status)
			}
		})
	}
	report := judgedUnder(t, "web", func(r *fixtures.Responder) { withDelta(r, other) }, nil)
	if got := fired(report); !slices.Equal(got, []string{"cert-freshestcrl", "crl-ext-allowed"}) || report.Worst() != conformance.Notice {
		t.Errorf("by the web's rules it fires %v%s", got, describe(report))
	}
}

// What a delta says is held against OCSP where a complete CRL says nothing of it.
func TestDeltaAgainstOCSP(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*fixtures.Responder)
		rule   string
	}{
		"good for what the delta lists": {func(r *fixtures.Responder) {
			r.OCSP.ThisUpdate = r.Now.Add(-3 * 24 * time.Hour)
			withDelta(r, fixtures.CRLEntry{Leaf: true, Revoked: noon.AddDate(0, 0, -5), Reason: revocation.ReasonSuperseded})
			r.CRL.ThisUpdate, r.Shards[0].CRL.ThisUpdate = r.Now.Add(-6*24*time.Hour), r.Now.Add(-4*24*time.Hour)
			r.CRL.NextUpdate = r.Now.Add(24 * time.Hour)
			r.Shards[0].CRL.NextUpdate = r.CRL.NextUpdate
		}, "ocsp-crl-consistent"},
		"revoked, and taken off by the delta": {func(r *fixtures.Responder) {
			r.CRL.Entries = []fixtures.CRLEntry{leafOnHold}
			withDelta(r, leafFree)
			r.OCSP.Assigned, r.OCSP.Reason, r.OCSP.RevocationTime = fixtures.Revoked, revocation.ReasonSuperseded, noon.AddDate(0, 0, -2)
		}, "crl-revoked-appears"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := judgedUnder(t, "rfc", c.change, nil)
			if got := fired(report); !slices.Equal(got, []string{c.rule}) {
				t.Errorf("fires %v, want %s%s", got, c.rule, describe(report))
			}
		})
	}
}

// How grave a fault of a delta is depends on what else may explain it.
func TestSeverityOfDeltas(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule, bad string
		want      conformance.Severity
	}{
		{"crl-delta-consistent", "revoked by the delta alone", conformance.Warning}, // it may have expired
		{"crl-delta-consistent", "taken off by the delta alone", conformance.Warning},
		{"crl-delta-consistent", "the certificate at hand, revoked by the delta alone", conformance.Error},
		{"crl-delta-number", "two numbers at one time", conformance.Notice}, // one may have followed the other within the second
		{"crl-delta-number", "the number of a complete CRL a second older", conformance.Error},
		{"crl-freshest-delta", "a complete CRL, where another says", conformance.Warning},
	} {
		report := judgedUnder(t, "rfc", badCase(t, c.rule, c.bad).Change, nil)
		if got := worst(report, c.rule); got != c.want {
			t.Errorf("%s, %s: %s, want %s%s", c.rule, c.bad, got, c.want, describe(report))
		}
	}
}
