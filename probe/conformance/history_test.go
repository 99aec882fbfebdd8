package conformance_test

import (
	"slices"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/conformance"
)

// How grave it is that a service steps back depends on for how long it may do so honestly.
func TestSeverityOfHistory(t *testing.T) {
	t.Parallel()
	cachedFor := func(seconds string) func(*fixtures.Responder) {
		return func(r *fixtures.Responder) {
			header := map[string][]string{"Age": {seconds}}
			r.OCSPHTTP.Header, r.CRLHTTP.Header = header, header
		}
	}
	for _, c := range []struct {
		rule, bad string
		change    func(*fixtures.Responder)
		want      conformance.Severity
	}{
		{"crl-thisupdate-nonregress", "a second older", nil, conformance.Notice},
		{"crl-thisupdate-nonregress", "and for longer than caches lag", nil, conformance.Warning},
		{"crl-thisupdate-nonregress", "and for longer than caches lag", cachedFor("1"), conformance.Notice},
		{"ocsp-monotonic", "older by a second more than signers lag", nil, conformance.Warning},
		{"ocsp-monotonic", "older by a second more than signers lag", cachedFor("1798"), conformance.Warning}, // half an hour but for a second
		{"ocsp-monotonic", "older by a second more than signers lag", cachedFor("1799"), conformance.Notice},
		{"crl-update-24h-after-revocation", "on a partition", nil, conformance.Warning},
		{"crl-update-24h-after-revocation", "served for a second more after OCSP said so", nil, conformance.Error},
		{"crl-empty-suspicious", "none where there was one", nil, conformance.Notice},
		{"crl-empty-suspicious", "none where there were two", nil, conformance.Warning},
		{"http-24x7", "down for an hour and a second", nil, conformance.Error},
		{"http-24x7", "down for a day and a second", nil, conformance.Critical},
	} {
		t.Run(c.rule+" "+c.bad, func(t *testing.T) {
			t.Parallel()
			bad := badCase(t, c.rule, c.bad)
			if c.change != nil {
				change := bad.Change
				bad.Change = func(r *fixtures.Responder) { change(r); c.change(r) }
			}
			report := played(t, faked(fixtures.Kind{}, bad))
			if got := worst(report, c.rule); got != c.want {
				t.Errorf("%s is %v, want %v%s", c.rule, got, c.want, describe(report))
			}
		})
	}
}

func badCase(t *testing.T, id, name string) fixtures.Case {
	t.Helper()
	for _, r := range conformance.Rules() {
		at := slices.IndexFunc(r.Bad, func(c fixtures.Case) bool { return c.Name == name })
		if r.ID == id && at >= 0 {
			return r.Bad[at]
		}
	}
	t.Fatalf("%s has no case %q", id, name)
	return fixtures.Case{}
}

// By the RFCs a certificate may be released from a hold, and be nothing else after it.
func TestHoldsByTheRFCs(t *testing.T) {
	t.Parallel()
	for bad, want := range map[string]conformance.Severity{
		"good again, after a hold": 0, "unknown, after a hold": conformance.Critical, "good again": conformance.Critical,
	} {
		report := judgedUnder(t, "rfc", badCase(t, "ocsp-revoked-not-reverted", bad).Change, nil)
		if got := worst(report, "ocsp-revoked-not-reverted"); got != want {
			t.Errorf("%s: %s, want %s%s", bad, got, want, describe(report))
		}
	}
}
