package conformance_test

import (
	"crypto"
	"crypto/x509"
	"slices"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// The severities that the catalogue gives these rows under each profile that knows them.
func TestSeveritiesOfOCSPRows(t *testing.T) {
	t.Parallel()
	names := []string{"web", "rfc", "mozilla", "microsoft"}
	for id, want := range map[string][4]string{
		"ocsp-version-v1":                   {"error", "error", "error", "error"},
		"ocsp-responderid-bykey-sha1":       {"error", "error", "error", "error"},
		"ocsp-responderid-bykey-preferred":  {"notice", "notice", "notice", "notice"},
		"ocsp-certid-serial-encoding":       {"error", "error", "error", "error"},
		"ocsp-certs-empty":                  {"warning", "warning", "warning", "warning"},
		"ocsp-certs-minimal":                {"notice", "notice", "notice", "notice"},
		"ocsp-ext-nonempty":                 {"error", "error", "error", "error"},
		"ocsp-ext-unique":                   {"warning", "warning", "warning", "warning"},
		"ocsp-ext-noncritical":              {"warning", "warning", "warning", "warning"},
		"ocsp-respext-lightweight":          {"notice", "notice", "notice", "notice"},
		"ocsp-archive-cutoff-form":          {"warning", "warning", "warning", "warning"},
		"ocsp-crlref-form":                  {"warning", "warning", "warning", "warning"},
		"ocsp-no-reasoncode-singleext":      {"error", "", "", ""},
		"ocsp-mozilla-nextupdate-max":       {"error", "", "error", ""},
		"ocsp-mozilla-update-4d":            {"error", "", "error", ""},
		"ocsp-ms-validity":                  {"", "", "", "warning"},
		"ocsp-ms-update-half":               {"", "", "", "warning"},
		"ocsp-ca-update-12m":                {"error", "", "", ""},
		"ocsp-nextupdate-signer-notafter":   {"error", "", "error", ""},
		"ocsp-assigned-not-hold":            {"critical", "notice", "notice", "notice"},
		"ocsp-extended-revoke-consistency":  {"warning", "warning", "warning", "warning"},
		"ocsp-unassigned-consistent":        {"notice", "notice", "notice", "notice"},
		"ocsp-revocationtime-sane":          {"warning", "warning", "warning", "warning"},
		"ocsp-ca-reason-present":            {"error", "", "", ""},
		"ocsp-reason-allowed":               {"error", "", "", ""},
		"ocsp-revoked-all-after-compromise": {"notice", "notice", "notice", "notice"},
		"ocsp-expired-cert":                 {"notice", "notice", "notice", "notice"},
	} {
		r := conformance.RuleNamed(id)
		if r == nil {
			t.Errorf("no rule %s", id)
			continue
		}
		for i, name := range names {
			profile, _ := conformance.ProfileNamed(name)
			got := ""
			if s, judged := profile.SeverityUnder(r, noon); judged {
				got = s.String()
			}
			if got != want[i] {
				t.Errorf("%s under %s: %q, want %q", id, name, got, want[i])
			}
		}
	}
}

// Where one rule weighs its cases differently, these are the weights.
func TestSeverityOfOCSPCases(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]map[string]conformance.Severity{
		"ocsp-single-extra": {
			"another certificate too":               conformance.Notice,
			"the same certificate twice":            conformance.Notice,
			"the same certificate good and unknown": conformance.Error,
		},
		"ocsp-response-size": {
			"an octet more than 4 KiB":  conformance.Info,
			"an octet more than 20 KiB": conformance.Notice,
		},
		"ocsp-reason-allowed": {
			"cACompromise":                       conformance.Warning,
			"0, which is said by leaving it out": conformance.Warning,
			"aACompromise":                       conformance.Warning,
			"aACompromise for a CA certificate":  conformance.Error,
		},
		"ocsp-revoked-all-after-compromise": {"keyCompromise": conformance.Info},
		"ocsp-expired-cert":                 {"expired a second ago": conformance.Info},
	} {
		r := conformance.RuleNamed(id)
		for name, severity := range want {
			at := slices.IndexFunc(r.Bad, func(c fixtures.Case) bool { return c.Name == name })
			if at < 0 {
				t.Errorf("%s has no case %q", id, name)
				continue
			}
			if got := worst(played(t, faked(fixtures.Kind{}, r.Bad[at])), id); got != severity {
				t.Errorf("%s, %s: %v, want %v", id, name, got, severity)
			}
		}
	}
}

// answered is a run of one question, to which these octets were the answer.
func answered(t *testing.T, fake *fixtures.Responder, ask evidence.Ask, change func(*evidence.Exchange)) *evidence.Run {
	t.Helper()
	run := &evidence.Run{Started: noon}
	x := fake.Respond(fake.Question(ask))
	x.ID = "1"
	x.Issuer = run.AddCertificate(fake.IssuerCertificate().Raw, "ca.pem")
	x.Subject = run.AddCertificate(fake.LeafCertificate().Raw, "leaf.pem")
	if change != nil {
		change(&x)
	}
	run.Exchanges = []evidence.Exchange{x}
	return run
}

// asFile has an answer be one of a file, about which no more is known than it says.
func asFile(x *evidence.Exchange) {
	x.Question = evidence.Question{Ask: evidence.File, Issuer: x.Issuer}
	x.AtAssumed = true
}

// A file about an unknown certificate may well be about one that was never issued.
func TestFilesAboutNobodyAreNotTakenForAssigned(t *testing.T) {
	t.Parallel()
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) { r.OCSP.Unassigned = fixtures.ExtendedRevoked }})
	if got := fired(judge(t, answered(t, fake, evidence.UnassignedPOST, asFile))); len(got) > 0 {
		t.Errorf("the form of RFC 6960 2.2 fires %v", got)
	}
	fake = faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) { r.OCSP.Assigned = fixtures.ExtendedRevoked }})
	report := judge(t, answered(t, fake, evidence.AssignedPOST, func(x *evidence.Exchange) {
		subject := x.Subject
		asFile(x)
		x.Subject = subject
	}))
	if got := fired(report); !slices.Equal(got, []string{"ocsp-assigned-not-hold"}) {
		t.Errorf("for a certificate that was given it fires %v%s", got, describe(report))
	}
	report = judge(t, answered(t, faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) {
		r.OCSP.Unassigned = fixtures.ExtendedRevoked
	}}), evidence.UnassignedPOST, func(x *evidence.Exchange) {
		subject := x.Subject
		asFile(x)
		x.Subject = subject
	}))
	if got := fired(report); !slices.Equal(got, []string{"ocsp-certid-echo", "ocsp-single-for-each"}) {
		t.Errorf("for another certificate than the one given it fires %v%s", got, describe(report))
	}
	hold := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) {
		r.OCSP.Unassigned, r.OCSP.Reason = fixtures.Revoked, revocation.ReasonCertificateHold
	}})
	if got := fired(judge(t, answered(t, hold, evidence.UnassignedPOST, asFile))); !slices.Equal(got, []string{"ocsp-reason-allowed"}) {
		t.Errorf("certificateHold in a file fires %v", got)
	}
}

// Nobody knows when a file was served, nor is it the responder's doing how long a TLS server
// keeps a response: no update is overdue by those.
func TestUpdatesAreOverdueWhereTheResponderServes(t *testing.T) {
	t.Parallel()
	overdue := []string{"ocsp-br-update-long", "ocsp-mozilla-update-4d", "ocsp-ms-update-half"}
	late := func(r *fixtures.Responder) {
		r.OCSP.ThisUpdate, r.OCSP.ProducedAt, r.OCSP.NextUpdate = noon.Add(-5*24*time.Hour), noon.Add(-5*24*time.Hour), noon.Add(24*time.Hour)
	}
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: late})
	if got := fired(judge(t, answered(t, fake, evidence.AssignedPOST, nil))); !slices.Equal(got, overdue) {
		t.Errorf("served, it fires %v", got)
	}
	if got := fired(judge(t, answered(t, fake, evidence.AssignedPOST, asFile))); len(got) > 0 {
		t.Errorf("in a file, it fires %v", got)
	}
	if got := fired(judge(t, answered(t, fake, evidence.AssignedPOST, func(x *evidence.Exchange) {
		x.Staple, x.Body, x.Ask = x.Body, nil, evidence.Handshake
	}))); len(got) > 0 {
		t.Errorf("stapled, it fires %v", got)
	}
}

// Of what is expired only that is said: it is overdue in every respect.
func TestExpiredResponsesAreNotAlsoOverdue(t *testing.T) {
	t.Parallel()
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) {
		r.OCSP.ThisUpdate, r.OCSP.ProducedAt, r.OCSP.NextUpdate = noon.AddDate(-2, 0, 0), noon.AddDate(-2, 0, 0), noon.AddDate(-2, 0, 6)
		r.Issuer = func(c *x509.Certificate) { c.NotBefore = noon.AddDate(-3, 0, 0) }
	}})
	for _, scope := range []evidence.Scope{evidence.ScopeEE, evidence.ScopeCA} {
		run := answered(t, fake, evidence.AssignedPOST, nil)
		run.Scope = scope
		if got := fired(judge(t, run)); !slices.Equal(got, []string{"ocsp-not-expired"}) {
			t.Errorf("%s: it fires %v", scope, got)
		}
	}
}

// Reasons bind for Subscriber certificates from the first second of their day.
func TestReasonsBindFromTheirDay(t *testing.T) {
	t.Parallel()
	bound := time.Date(2023, 7, 15, 0, 0, 0, 0, time.UTC)
	for produced, want := range map[time.Time]conformance.Severity{bound: conformance.Warning, bound.Add(-time.Second): 0} {
		fake := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) {
			r.OCSP.Assigned, r.OCSP.Reason, r.OCSP.ProducedAt = fixtures.Revoked, revocation.ReasonCACompromise, produced
		}})
		if got := worst(played(t, fake), "ocsp-reason-allowed"); got != want {
			t.Errorf("signed %s: %v, want %v", produced, got, want)
		}
	}
}

// A 00 that was one too many in the question may be left out of the answer.
func TestSuperfluousOctetOfTheQuestion(t *testing.T) {
	t.Parallel()
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) {
		r.OCSP.Singles = func(asked []revocation.CertID) []revocation.CertID {
			short := slices.Clone(asked)
			short[0].Serial = short[0].Serial[1:]
			return short
		}
	}})
	for first, fires := range map[byte]bool{0x7f: false, 0x80: true} {
		padded := revocation.Serial{0, first, 1, 2, 3, 4, 5, 6, 7, 8}
		run := answered(t, fake, evidence.UnassignedPOST, func(x *evidence.Exchange) {
			*x = fake.Respond(fake.OCSPQuestion(evidence.UnassignedPOST, fake.CertID(crypto.SHA1, padded)))
			x.ID = "1"
		})
		if got := fired(judge(t, run)); slices.Contains(got, "ocsp-certid-serial-encoding") != fires {
			t.Errorf("asked about %x it fires %v", padded, got)
		}
	}
}

// A root's own status is left out of the 12 months, and so is what is not a CA's.
func TestTwelveMonthsAreForSubordinates(t *testing.T) {
	t.Parallel()
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) {
		r.OCSP.ThisUpdate, r.OCSP.ProducedAt, r.OCSP.NextUpdate = noon.AddDate(-2, 0, 0), noon.AddDate(-2, 0, 0), noon.Add(24*time.Hour)
	}})
	for name, c := range map[string]struct {
		scope   evidence.Scope
		subject *x509.Certificate
		fires   bool
	}{
		"ee":             {evidence.ScopeEE, fake.LeafCertificate(), false},
		"ca":             {evidence.ScopeCA, fake.LeafCertificate(), true},
		"the root's own": {evidence.ScopeCA, fake.RootCertificate(), false},
	} {
		run := answered(t, fake, evidence.AssignedPOST, nil)
		run.Scope = c.scope
		run.Exchanges[0].Subject = run.AddCertificate(c.subject.Raw, "subject.pem")
		if got := fired(judge(t, run)); slices.Contains(got, "ocsp-ca-update-12m") != c.fires {
			t.Errorf("%s: it fires %v", name, got)
		}
	}
}

// Without the issuer's certificate it cannot be said until when a response may last whose
// signer sent none, nor how old its responder is.
func TestWithoutTheIssuer(t *testing.T) {
	t.Parallel()
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) {
		r.OCSP.ByName = true
		r.Issuer = func(c *x509.Certificate) { c.NotBefore, c.NotAfter = noon.Add(-24*time.Hour), noon.Add(24*time.Hour) }
		r.OCSP.Singles = func(asked []revocation.CertID) []revocation.CertID {
			return append(slices.Clone(asked), r.CertID(crypto.SHA256, asked[0].Serial))
		}
	}})
	run := answered(t, fake, evidence.AssignedPOST, func(x *evidence.Exchange) { x.Issuer, x.Subject = "", "" })
	with := judge(t, answered(t, fake, evidence.AssignedPOST, nil))
	run.Certificates = nil
	without := judge(t, run)
	for _, id := range []string{"ocsp-nextupdate-signer-notafter", "ocsp-responderid-bykey-preferred"} {
		if !slices.Contains(fired(with), id) || slices.Contains(fired(without), id) {
			t.Errorf("%s: with the issuer %v, without %v", id, fired(with), fired(without))
		}
	}
	if slices.Contains(fired(without), "ocsp-single-extra") {
		t.Errorf("the same serial by another hash function is taken for another certificate%s", describe(without))
	}
	unable := slices.ContainsFunc(without.Findings, func(f conformance.Finding) bool {
		return f.Rule.ID == "ocsp-nextupdate-signer-notafter" && f.Outcome == conformance.Inconclusive
	})
	if !unable {
		t.Error("until when the response may last is taken to be known")
	}
}

// A stranger's certificate that expires too soon counts among those sent along, and one that
// cannot be read is needless.
func TestEveryCertificateSentAlongCounts(t *testing.T) {
	t.Parallel()
	other := fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{}))
	other.Leaf = func(c *x509.Certificate) { c.NotAfter = noon.Add(time.Hour) }
	delegated := func(sent ...[]byte) fixtures.Case {
		return fixtures.Case{Change: func(r *fixtures.Responder) {
			r.OCSP.Signer = fixtures.Delegated
			r.OCSP.Certificates = func(own [][]byte) [][]byte { return append(slices.Clone(own), sent...) }
		}}
	}
	report := played(t, faked(fixtures.Kind{}, delegated(other.LeafCertificate().Raw)))
	if got := fired(report); !slices.Equal(got, []string{"ocsp-certs-minimal", "ocsp-nextupdate-signer-notafter"}) {
		t.Errorf("one that expires soon fires %v%s", got, describe(report))
	}
	report = played(t, faked(fixtures.Kind{}, delegated([]byte{0x30, 0})))
	if got := fired(report); !slices.Equal(got, []string{"ocsp-certs-minimal"}) {
		t.Errorf("one that cannot be read fires %v%s", got, describe(report))
	}
}

// Any answer that carries extended-revoke counts, and the finding names it.
func TestExtendedRevokeOfAnotherAnswer(t *testing.T) {
	t.Parallel()
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) {
		r.OCSP.Unassigned = fixtures.Good
		r.OCSP.Strategies = map[string]fixtures.Status{"ser-random-8": fixtures.ExtendedRevoked}
	}})
	rule := conformance.RuleNamed("ocsp-extended-revoke-consistency")
	report := judge(t, ask(t, fake, zoo.Memory{Responder: fake}, everything), rule)
	if len(report.Findings) != 1 || len(report.Findings[0].Exchanges) != 2 || report.Findings[0].Exchanges[0] == report.Findings[0].Exchanges[1] {
		t.Errorf("findings: %+v", report.Findings)
	}
}
