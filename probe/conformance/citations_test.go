package conformance_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/probe/conformance"
)

// Law 6: citations exist. testdata/sections.txt holds every clause of the catalogue of
// requirements whose number was read in the document itself.
func TestCitationsExist(t *testing.T) {
	data, err := os.ReadFile("testdata/sections.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := strings.Split(strings.TrimSpace(string(data)), "\n")
	for _, r := range conformance.Rules() {
		for _, c := range r.Cites {
			if !slices.Contains(known, c.String()) {
				t.Errorf("%s cites %s, which is not among the clauses that were read", r.ID, c)
			}
		}
	}
}

// The severities that the catalogue gives these rows under the default profile, and what
// the RFCs alone make of them.
func TestSeverities(t *testing.T) {
	cases := map[string][2]string{ // web, rfc
		"ocsp-unassigned-not-good":        {"critical", "notice"},
		"ocsp-assigned-authoritative-15m": {"error", "not judged"},
		"ocsp-not-expired":                {"critical", "critical"},
		"ocsp-not-from-future":            {"error", "error"},
		"ocsp-extended-revoke-form":       {"warning", "warning"},
		"ocsp-br-validity-max":            {"error", "not judged"},
		"ocsp-sigalg-sha1":                {"error", "not judged"},
		"ocsp-nextupdate-present":         {"error", "notice"},
		"ocsp-get-post-equal":             {"warning", "warning"},
		"crl-not-pem":                     {"error", "error"},
		"crl-signature-valid":             {"critical", "critical"},
		"crl-issuer-dn-bytes":             {"error", "notice"},
		"crl-reason-unspecified-absent":   {"error", "warning"},
		"http-crl-content-type":           {"warning", "warning"},
		"http-body-magic":                 {"critical", "critical"},
		"tcp-connect-all":                 {"warning", "warning"},
		"dns-resolves":                    {"critical", "critical"},
	}
	for id, want := range cases {
		r := conformance.RuleNamed(id)
		if r == nil {
			t.Fatalf("no rule %s", id)
		}
		for i, name := range []string{"web", "rfc"} {
			profile, _ := conformance.ProfileNamed(name)
			got := "not judged"
			if s, judged := profile.SeverityUnder(r, noon); judged {
				got = s.String()
			}
			if got != want[i] {
				t.Errorf("%s under %s: %s, want %s", id, name, got, want[i])
			}
		}
	}
}

// A citation binds documents signed from its day on, not before.
func TestCitationsBindFromTheirDay(t *testing.T) {
	r := conformance.RuleNamed("ocsp-assigned-authoritative-15m")
	profile, _ := conformance.ProfileNamed("web")
	since := noon.Truncate(24*60*60*1e9).AddDate(-2, 0, 0)
	for since.Format("2006-01-02") != "2025-01-15" {
		since = since.AddDate(0, 0, 1)
	}
	if _, judged := profile.SeverityUnder(r, since.Add(-1)); judged {
		t.Error("judged a nanosecond before its day")
	}
	if _, judged := profile.SeverityUnder(r, since); !judged {
		t.Error("not judged on its day")
	}
}
