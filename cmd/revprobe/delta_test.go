package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// publishDelta has a CA publish a delta that its CRL names: the next number, half an hour after
// the CRL, with these entries.
func publishDelta(r *fixtures.Responder, entries ...fixtures.CRLEntry) *fixtures.CRL {
	r.Shards = []fixtures.Shard{{FreshestOfCRL: true, CRL: fixtures.CRL{Number: 1001, ThisUpdate: r.Now.Add(-30 * time.Minute),
		Entries: entries, Extensions: []revocation.Extension{fixtures.DeltaCRLIndicator(1000)}}}}
	return &r.Shards[0].CRL
}

// leafOnDelta is an entry of the leaf, in force for some hours.
func leafOnDelta(r *fixtures.Responder) fixtures.CRLEntry {
	return fixtures.CRLEntry{Leaf: true, Revoked: r.Now.Add(-5 * time.Hour), Reason: revocation.ReasonSuperseded}
}

// A CA that publishes a delta beside its CRL as RFC 5280 has it hears nothing of it but that
// public ones should not, and the status of its certificate is that of both.
func TestCheckFetchesDeltas(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*fixtures.Responder)
		status string
	}{
		"named by the CRL": {func(r *fixtures.Responder) { publishDelta(r) }, "good"},
		"named by the certificate": {func(r *fixtures.Responder) {
			publishDelta(r)
			r.Shards[0].FreshestOfCRL, r.Shards[0].FreshestOfLeaf = false, true
		}, "good"},
		"named by both": {func(r *fixtures.Responder) {
			publishDelta(r)
			r.Shards[0].FreshestOfLeaf = true
		}, "good"},
		"that revokes the certificate": {func(r *fixtures.Responder) {
			entry := leafOnDelta(r)
			publishDelta(r, entry)
			r.OCSP.Assigned, r.OCSP.RevocationTime, r.OCSP.Reason = fixtures.Revoked, entry.Revoked, entry.Reason
		}, "revoked"},
		"that releases the certificate": {func(r *fixtures.Responder) {
			entry := leafOnDelta(r)
			entry.Reason = revocation.ReasonCertificateHold
			r.CRL.Entries = []fixtures.CRLEntry{entry}
			entry.Reason = revocation.ReasonRemoveFromCRL
			publishDelta(r, entry)
			r.OCSP.Assigned = fixtures.Good
		}, "good"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, test.change, nil)
			archive := filepath.Join(t.TempDir(), "run")
			o := s.check(t, "--profile", "rfc", "--format", "json", "--archive", archive)
			o.want(t, exitClean)
			list := o.objects(t)
			if findings := typed(list, "finding"); len(findings) > 0 {
				t.Errorf("findings %v", findings)
			}
			fetched := slices.DeleteFunc(typed(list, "exchange"), func(x object) bool { return x["ask"] != "fetch-crl" })
			if got := texts(fetched, "url"); !slices.Equal(got, s.fake.CRLURLs()) {
				t.Errorf("fetched %v, want %v", got, s.fake.CRLURLs())
			}
			if status := typed(list, "status"); len(status) != 1 || !strings.HasPrefix(status[0]["crl"].(string), test.status) || status[0]["covered"] != "yes" {
				t.Errorf("status %v", status)
			}
			if again := revprobe(t, "report", archive, "--profile", "rfc", "--format", "json"); again != o {
				t.Errorf("the archive says\n%s\nof the run\n%s", again.stdout, o.stdout)
			}
		})
	}
	s := serve(t, func(r *fixtures.Responder) { publishDelta(r) }, nil)
	s.check(t).want(t, exitClean, "notice    crl-ext-allowed")
	s.check(t, "--dry-run").want(t, exitClean, "then the delta CRLs are fetched that the CRLs turn out to name, from 4 places of each at most")
}

// What is wrong with a delta is named by its rule, and what OCSP says is held against it.
func TestCheckOfFaultyDeltas(t *testing.T) {
	t.Parallel()
	for rule, change := range map[string]func(*fixtures.Responder){
		"crl-not-expired": func(r *fixtures.Responder) { publishDelta(r).NextUpdate = r.Now.Add(-time.Minute) },
		"crl-delta-scope": func(r *fixtures.Responder) {
			publishDelta(r).IssuingDP = func(own string) revocation.IssuingDistributionPoint {
				return revocation.IssuingDistributionPoint{URIs: []string{own}, OnlyUserCerts: true}
			}
		},
		"crl-delta-number": func(r *fixtures.Responder) { publishDelta(r).Number = 1000 },
		"crl-no-delta":     func(r *fixtures.Responder) { publishDelta(r).Extensions[0].Critical = false },
		"crl-freshest": func(r *fixtures.Responder) {
			d := publishDelta(r)
			d.Extensions = append(d.Extensions, fixtures.FreshestCRL("http://127.0.0.1:1/never-fetched.crl"))
		},
		"crl-delta-consistent": func(r *fixtures.Responder) {
			d := publishDelta(r, fixtures.CRLEntry{Serial: revocation.Serial{0x41, 1}, Reason: revocation.ReasonSuperseded})
			d.Number, d.ThisUpdate = 1000, time.Time{}
		},
		"crl-freshest-delta": func(r *fixtures.Responder) { publishDelta(r).Extensions = nil },
		"ocsp-crl-consistent": func(r *fixtures.Responder) {
			entry := leafOnDelta(r)
			publishDelta(r, entry).ThisUpdate = r.Now.Add(-3 * time.Hour)
			r.CRL.ThisUpdate = r.Now.Add(-24 * time.Hour)
		},
		"crl-revoked-appears": func(r *fixtures.Responder) {
			publishDelta(r)
			r.OCSP.Assigned, r.OCSP.RevocationTime, r.OCSP.Reason = fixtures.Revoked, r.Now.Add(-25*time.Hour), revocation.ReasonSuperseded
		},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			s := serve(t, change, nil)
			o := s.check(t, "--profile", "rfc", "--format", "json", "--fail-on", "warning")
			o.want(t, exitFindings)
			found := texts(typed(o.objects(t), "finding"), "rule")
			slices.Sort(found)
			if found = slices.Compact(found); !slices.Equal(found, []string{rule}) {
				t.Errorf("found %v\n%s", found, o.stdout)
			}
		})
	}
}

// A delta that is not there is missed like any CRL, and asked for no more often.
func TestCheckOfAMissingDelta(t *testing.T) {
	t.Parallel()
	s := serve(t, func(r *fixtures.Responder) {
		r.CRL.Extensions = []revocation.Extension{fixtures.FreshestCRL("http://" + closedPort(t) + "/delta.crl")}
	}, nil)
	o := s.check(t, "--profile", "rfc", "--format", "json", "--rules", "crl-*,http-status-200,tcp-connect-all")
	o.want(t, exitFindings)
	if n := strings.Count(o.stdout, `"ask":"`+evidence.FetchCRL.String()+`"`); n != 3 {
		t.Errorf("%d CRLs were asked for, want the complete one and twice the delta\n%s", n, o.stdout)
	}
}
