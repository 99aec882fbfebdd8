package conformance_test

import (
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// What OCSP and CRLs say of one certificate, at their limits, and how much that weighs.
func TestSeverityOfRevocations(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		profile string
		change  func(*fixtures.Responder)
		after   func(*evidence.Run)
		rule    string
		want    conformance.Severity // zero: no failure
	}{
		"good, overdue, and on hold since": {"web", func(r *fixtures.Responder) {
			overdue(r, r.Now.Add(-4*day-time.Second), r.Now.Add(3*day-time.Second))
			r.OCSP.Listed = fixtures.Good
			r.CRL.Entries = []fixtures.CRLEntry{{Serial: revocation.Serial{0x41, 2, 3}, Reason: revocation.ReasonCertificateHold}}
		}, nil, "ocsp-revoked-known", conformance.Error},
		"good, overdue, and on hold by a CRL of the same time": {"web", func(r *fixtures.Responder) {
			overdue(r, r.Now.Add(-4*day-time.Second), r.Now.Add(3*day-time.Second))
			r.OCSP.Listed, r.CRL.ThisUpdate, r.CRL.NextUpdate = fixtures.Good, r.Now.Add(-4*day-time.Second), r.Now.Add(day)
			r.CRL.Entries = []fixtures.CRLEntry{{Serial: revocation.Serial{0x41, 2, 3}, Reason: revocation.ReasonCertificateHold}}
		}, nil, "ocsp-revoked-known", conformance.Error},
		"on hold at two times": {"web", func(r *fixtures.Responder) {
			onHold(fixtures.Revoked, 0)(r)
			r.OCSP.Reason, r.OCSP.RevocationTime = revocation.ReasonCertificateHold, r.Now.Add(-day+time.Second)
		}, nil, "ocsp-crl-consistent", 0},
		"two reasons":                           {"web", twoReasons(revocation.ReasonCessationOfOperation, revocation.ReasonSuperseded), nil, "ocsp-reason-equals-crl", conformance.Warning},
		"no reason by OCSP":                     {"web", twoReasons(0, revocation.ReasonSuperseded), nil, "ocsp-reason-equals-crl", conformance.Notice},
		"no reason by CRL":                      {"web", twoReasons(revocation.ReasonSuperseded, 0), nil, "ocsp-reason-equals-crl", conformance.Notice},
		"due halfway of 8 h":                    {"web", listedAndGood(-4*time.Hour+time.Second, 4*time.Hour), nil, "crl-good-not-listed", 0},
		"a second after that":                   {"web", listedAndGood(-4*time.Hour, 4*time.Hour-time.Second), nil, "crl-good-not-listed", conformance.Error},
		"due 8 h before the end":                {"web", listedAndGood(-day, 8*time.Hour), nil, "crl-good-not-listed", 0},
		"a second less than 8 h before the end": {"web", listedAndGood(-day, 8*time.Hour-time.Second), nil, "crl-good-not-listed", conformance.Error},
		"of a CA, due after a year":             {"web", func(r *fixtures.Responder) { listedAndGood(r.Now.AddDate(-1, 0, 0).Sub(r.Now), day)(r) }, ofCA, "crl-good-not-listed", 0},
		"of a CA, a second after that":          {"web", func(r *fixtures.Responder) { listedAndGood(r.Now.AddDate(-1, 0, 0).Sub(r.Now)-time.Second, day)(r) }, ofCA, "crl-good-not-listed", conformance.Error},
		"unauthorized with SHA-256":             {"web", func(r *fixtures.Responder) { r.OCSP.SHA256 = fixtures.Unauthorized }, nil, "ocsp-certid-sha256-support", conformance.Info},
		"unknown with SHA-256":                  {"web", func(r *fixtures.Responder) { r.OCSP.SHA256 = fixtures.Unknown }, nil, "ocsp-certid-sha256-support", conformance.Notice},
		"a GET of the same time that lost a revocation": {"web", func(r *fixtures.Responder) {
			r.OCSP.Assigned = fixtures.Revoked
			r.OCSP.ForGET = func(o *fixtures.OCSP) { o.Assigned = fixtures.Good }
		}, nil, "ocsp-get-post-equal", conformance.Critical},
		"no nextUpdate":             {"web", func(r *fixtures.Responder) { r.OCSP.NoNextUpdate = true }, nil, "ocsp-nextupdate-present", conformance.Error},
		"no nextUpdate, of a CA":    {"web", func(r *fixtures.Responder) { r.OCSP.NoNextUpdate = true }, ofCA, "ocsp-nextupdate-present", conformance.Warning},
		"cACompromise of a CA":      {"web", withReason(revocation.ReasonCACompromise), ofCA, "ocsp-reason-allowed", conformance.Warning},
		"removeFromCRL of a CA":     {"web", withReason(revocation.ReasonRemoveFromCRL), ofCA, "ocsp-reason-allowed", conformance.Error},
		"a serial on two parts":     {"web", onTwoParts, nil, "crl-partition-complete", conformance.Warning},
		"five minutes ahead":        {"web", ahead(5 * time.Minute), nil, "ocsp-not-from-future", conformance.Warning},
		"five minutes and a second": {"web", ahead(5*time.Minute + time.Second), nil, "ocsp-not-from-future", conformance.Error},
		"the CRL before at one of two URLs, fetched a second later": {"web", renewed(4 * time.Hour), func(run *evidence.Run) {
			for i := range run.Exchanges {
				if x := &run.Exchanges[i]; x.Ask == evidence.FetchCRL && strings.HasSuffix(x.URL, "/ca.crl") {
					x.At = x.At.Add(time.Second)
				}
			}
		}, "crl-urls-identical", conformance.Warning},
		"two numbers at one time, of a delta": {"web", func(r *fixtures.Responder) {
			withDelta(r)
			r.Shards[0].CRL.ThisUpdate = r.Now.Add(-time.Hour)
		}, nil, "crl-delta-number", conformance.Notice},
		"revoked by a delta of one time alone": {"web", func(r *fixtures.Responder) {
			withDelta(r, fixtures.CRLEntry{Serial: revocation.Serial{0x41, 1}, Revoked: r.Now.Add(-day), Reason: revocation.ReasonSuperseded})
			r.Shards[0].CRL.Number, r.Shards[0].CRL.ThisUpdate = 1000, r.Now.Add(-time.Hour)
		}, nil, "crl-delta-consistent", conformance.Warning},
		"the leaf revoked by a delta of one time alone": {"web", func(r *fixtures.Responder) {
			withDelta(r, fixtures.CRLEntry{Leaf: true, Revoked: r.Now.Add(-day), Reason: revocation.ReasonSuperseded})
			r.Shards[0].CRL.Number, r.Shards[0].CRL.ThisUpdate = 1000, r.Now.Add(-time.Hour)
		}, nil, "crl-delta-consistent", conformance.Error},
		"taken off by a delta of one time alone": {"web", func(r *fixtures.Responder) {
			r.CRL.Entries = []fixtures.CRLEntry{{Serial: revocation.Serial{0x41, 1}, Revoked: r.Now.Add(-day), Reason: revocation.ReasonSuperseded}}
			withDelta(r, fixtures.CRLEntry{Serial: revocation.Serial{0x41, 1}, Revoked: r.Now.Add(-day), Reason: revocation.ReasonRemoveFromCRL})
			r.Shards[0].CRL.Number, r.Shards[0].CRL.ThisUpdate = 1000, r.Now.Add(-time.Hour)
		}, nil, "crl-delta-consistent", conformance.Warning},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := judgedUnder(t, c.profile, c.change, c.after)
			if got := worst(report, c.rule); got != c.want {
				t.Errorf("%s is %d, want %d%s", c.rule, got, c.want, describe(report))
			}
		})
	}
}

// overdue has every response run from one time to another.
func overdue(r *fixtures.Responder, from, to time.Time) {
	r.OCSP.ThisUpdate, r.OCSP.ProducedAt, r.OCSP.NextUpdate = from, from, to
}

// listedAndGood has the CRL list the leaf, and OCSP call it good from one time to another, in
// relation to now.
func listedAndGood(from, to time.Duration) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) {
		r.CRL.Entries = []fixtures.CRLEntry{{Leaf: true, Revoked: r.Now.Add(-24 * time.Hour), Reason: revocation.ReasonSuperseded}}
		r.OCSP.Assigned = fixtures.Good
		overdue(r, r.Now.Add(from), r.Now.Add(to))
	}
}

// ofCA has the certificates that are asked about be CAs'.
func ofCA(run *evidence.Run) { run.Scope = evidence.ScopeCA }

// twoReasons has OCSP and the CRL each give a reason for the leaf's revocation; 0 is none.
func twoReasons(ocsp, crl revocation.ReasonCode) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) {
		r.CRL.Entries = []fixtures.CRLEntry{{Leaf: true, Revoked: r.Now.Add(-24 * time.Hour), Reason: crl, NoReason: crl == 0}}
		r.OCSP.Assigned, r.OCSP.RevocationTime, r.OCSP.Reason, r.OCSP.NoReason = fixtures.Revoked, r.Now.Add(-24*time.Hour), ocsp, ocsp == 0
	}
}

func withReason(reason revocation.ReasonCode) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) { r.OCSP.Assigned, r.OCSP.Reason = fixtures.Revoked, reason }
}

func ahead(of time.Duration) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) { overdue(r, r.Now.Add(of), r.Now.Add(of+24*time.Hour)) }
}

// onTwoParts parts the CRL in two, with a serial on both.
func onTwoParts(r *fixtures.Responder) {
	part := func(serials ...byte) fixtures.CRL {
		c := fixtures.CRL{IssuingDP: func(own string) revocation.IssuingDistributionPoint {
			return revocation.IssuingDistributionPoint{URIs: []string{own}, OnlyUserCerts: true}
		}}
		for _, serial := range serials {
			c.Entries = append(c.Entries, fixtures.CRLEntry{Serial: revocation.Serial{0x41, serial}, Reason: revocation.ReasonSuperseded})
		}
		return c
	}
	r.CRL, r.Shards = part(1, 2, 3), []fixtures.Shard{{CRL: part(3, 4)}}
}
