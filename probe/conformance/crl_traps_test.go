package conformance_test

import (
	"crypto/x509"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func privateCA(change func(*fixtures.Responder)) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) {
		without := func(c *x509.Certificate) { c.Policies = nil }
		r.Issuer, r.Leaf = without, without
		change(r)
	}
}

func listing(e fixtures.CRLEntry) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) { r.CRL.Entries = []fixtures.CRLEntry{e} }
}

func limitedTo(dp revocation.IssuingDistributionPoint) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) {
		r.CRL.IssuingDP = func(string) revocation.IssuingDistributionPoint { return dp }
	}
}

// conformingShard makes the CRL a partition that names the URL it is fetched from.
func conformingShard(r *fixtures.Responder) {
	r.CRL.IssuingDP = func(own string) revocation.IssuingDistributionPoint {
		return revocation.IssuingDistributionPoint{URIs: []string{own}, OnlyUserCerts: true}
	}
}

// Law 1 for a partition.
func TestAConformingShardIsSilent(t *testing.T) {
	t.Parallel()
	for _, kind := range fixtures.Kinds() {
		report := played(t, faked(kind, fixtures.Case{Change: conformingShard}))
		if ids := fired(report); len(ids) > 0 {
			t.Errorf("%s: fires %v%s", kind, ids, describe(report))
		}
	}
}

// The traps of sections B1 to B3: the same octets, judged by whom they bind.
func TestCRLTraps(t *testing.T) {
	t.Parallel()
	held := fixtures.CRLEntry{Serial: revocation.Serial{0x41}, Reason: revocation.ReasonCertificateHold}
	reasonless := fixtures.CRLEntry{Serial: revocation.Serial{0x41}}
	onlyCA := revocation.IssuingDistributionPoint{OnlyCACerts: true}
	asCA := func(e fixtures.CRLEntry) func(*fixtures.Responder) {
		return func(r *fixtures.Responder) {
			listing(e)(r)
			limitedTo(onlyCA)(r)
		}
	}
	old := reasonless
	old.Revoked = time.Date(2020, 9, 29, 23, 59, 59, 0, time.UTC)
	file := each(evidence.FetchCRL, func(x *evidence.Exchange) { x.Ask, x.AtAssumed = evidence.File, true })
	scopeCA := func(run *evidence.Run) { run.Scope = evidence.ScopeCA }
	for name, c := range map[string]struct {
		profile string
		change  func(*fixtures.Responder)
		after   func(*evidence.Run)
		rule    string
		want    conformance.Severity
	}{
		"hold, publicly trusted":       {"web", listing(held), nil, "crl-reason-no-hold", conformance.Error},
		"hold, by a private CA":        {"web", privateCA(listing(held)), nil, "crl-reason-no-hold", conformance.Notice},
		"hold, by the RFCs":            {"rfc", listing(held), nil, "crl-reason-no-hold", 0},
		"indirect, by the RFCs":        {"rfc", limitedTo(revocation.IssuingDistributionPoint{Indirect: true}), nil, "crl-no-indirect", 0},
		"another issuer's entry":       {"web", indirectly, nil, "crl-certificateissuer-absent", conformance.Error},
		"the same by a private CA":     {"web", privateCA(indirectly), nil, "crl-certificateissuer-absent", conformance.Notice},
		"the same by the RFCs":         {"rfc", indirectly, nil, "crl-certificateissuer-absent", 0},
		"a private CA's, not indirect": {"web", privateCA(othersEntry(true)), nil, "crl-certificateissuer-absent", conformance.Error},
		"a private CA's, not critical": {"web", privateCA(func(r *fixtures.Responder) {
			indirectly(r)
			othersEntry(false)(r)
		}), nil, "crl-certificateissuer-absent", conformance.Error},
		"a CA without a reason":           {"web", asCA(reasonless), nil, "crl-reason-ca-present", conformance.Error},
		"a CA without a reason, long ago": {"web", asCA(old), nil, "crl-reason-ca-present", conformance.Warning},
		"perhaps a CA without a reason":   {"web", listing(reasonless), scopeCA, "crl-reason-ca-present", conformance.Warning},
		"a leaf without a reason":         {"web", listing(reasonless), nil, "crl-reason-ca-present", 0},
		"CAs without a reason, now and long ago": {"web", func(r *fixtures.Responder) {
			asCA(reasonless)(r)
			r.CRL.Entries = append(r.CRL.Entries, old)
		}, nil, "crl-reason-ca-present", conformance.Error},
		"code 0, now and long ago": {"web", func(r *fixtures.Responder) {
			for i, e := range []fixtures.CRLEntry{reasonless, old} {
				e.Serial, e.ExplicitUnspecified = revocation.Serial{0x41, byte(i)}, true
				r.CRL.Entries = append(r.CRL.Entries, e)
			}
		}, nil, "crl-reason-unspecified-absent", conformance.Error},
		"the certificate's number, and one that it may have": {"web", func(r *fixtures.Responder) {
			listing(fixtures.CRLEntry{Leaf: true, Reason: 1})(r)
			r.CRL.Entries = append(r.CRL.Entries, fixtures.CRLEntry{Serial: revocation.Serial{0}, Reason: 1})
			r.Leaf = func(c *x509.Certificate) { c.SerialNumber = new(big.Int).Lsh(big.NewInt(0x41), 160) }
		}, nil, "crl-entry-serial-valid", conformance.Warning},
		"a number that a certificate may have": {"web", listing(fixtures.CRLEntry{Serial: revocation.Serial{0}, Reason: 1}), nil, "crl-entry-serial-valid", conformance.Warning},
		"a delta as a file":                    {"web", deltaCRL, file, "crl-no-delta", 0},
		"a delta at a distribution point":      {"web", deltaCRL, nil, "crl-no-delta", conformance.Error},
		"Next CRL Publish, for the BR":         {"web", nextPublish, nil, "crl-ms-next-publish", 0},
		"Next CRL Publish, for Microsoft":      {"microsoft", nextPublish, nil, "crl-ms-next-publish", conformance.Notice},
		"Next CRL Publish of a file":           {"microsoft", nextPublish, each(evidence.FetchCRL, func(x *evidence.Exchange) { x.AtAssumed = true }), "crl-ms-next-publish", 0},
		"a CA's CRL of 13 months, as a file": {"web", func(r *fixtures.Responder) {
			limitedTo(onlyCA)(r)
			r.CRL.ThisUpdate, r.CRL.NextUpdate = r.Now.AddDate(0, -13, 0), r.Now.AddDate(0, 0, 1)
		}, each(evidence.FetchCRL, func(x *evidence.Exchange) { x.AtAssumed = true }), "crl-update-ca", 0},
		"cRLSign missing for another's CRL": {"web", func(r *fixtures.Responder) {
			r.CRL.ByOtherKey = true
			r.Issuer = func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature }
		}, nil, "crl-issuer-crlsign", 0},
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

// indirectly lists a certificate of another issuer in an indirect CRL (RFC 5280 §5.3.3).
func indirectly(r *fixtures.Responder) {
	limitedTo(revocation.IssuingDistributionPoint{Indirect: true})(r)
	othersEntry(true)(r)
}

func othersEntry(critical bool) func(*fixtures.Responder) {
	name := fixtures.Sequence(fixtures.Explicit(4, fixtures.Sequence()))
	return listing(fixtures.CRLEntry{Serial: revocation.Serial{0x41}, Reason: revocation.ReasonSuperseded,
		Extensions: []revocation.Extension{{ID: revocation.OIDCertificateIssuer, Critical: critical, Value: name.Encode()}}})
}

func deltaCRL(r *fixtures.Responder) {
	r.CRL.Extensions = []revocation.Extension{{ID: revocation.OIDDeltaCRL, Critical: true, Value: []byte{2, 1, 1}}}
}

func nextPublish(r *fixtures.Responder) {
	at := fixtures.UTCTime(r.Now.Add(-time.Second)).Encode()
	r.CRL.Extensions = []revocation.Extension{{ID: revocation.OIDNextPublish, Value: at}}
	r.Leaf = func(c *x509.Certificate) { c.OCSPServer = nil }
}

// However many entries offend, a finding names three and counts the rest.
func TestAFindingNamesTheFirstOffenders(t *testing.T) {
	t.Parallel()
	report := judgedUnder(t, "web", func(r *fixtures.Responder) {
		for i := range byte(5) {
			r.CRL.Entries = append(r.CRL.Entries, fixtures.CRLEntry{Serial: revocation.Serial{0x41 + i}, Reason: revocation.ReasonCertificateHold})
		}
	}, nil)
	i := slices.IndexFunc(report.Findings, func(f conformance.Finding) bool { return f.Rule.ID == "crl-reason-no-hold" })
	if i < 0 {
		t.Fatalf("it does not fire%s", describe(report))
	}
	f := report.Findings[i]
	for _, want := range []string{"41: certificateHold (6) at entry 0, octet ", "42: ", "43: ", "; 5 entries in all"} {
		if !strings.Contains(f.Got, want) {
			t.Errorf("%q is not in %q", want, f.Got)
		}
	}
	if strings.Contains(f.Got, "44: ") || f.Field != "tbsCertList.revokedCertificates[0]" || f.Offset <= 0 {
		t.Errorf("got %q in %s at %d", f.Got, f.Field, f.Offset)
	}
}

// Whether an entry is that of a CA certificate is said by the CRL alone.
func TestReasonsOfPerhapsNoCA(t *testing.T) {
	t.Parallel()
	hold := fixtures.CRLEntry{Serial: revocation.Serial{0x41}, Reason: revocation.ReasonCertificateHold}
	const doubt = "nothing says that these are CA certificates"
	for name, c := range map[string]struct {
		change func(*fixtures.Responder)
		after  func(*evidence.Run)
		doubt  bool
	}{
		"perhaps": {listing(hold), func(run *evidence.Run) { run.Scope = evidence.ScopeCA }, true},
		"certainly": {func(r *fixtures.Responder) {
			listing(hold)(r)
			limitedTo(revocation.IssuingDistributionPoint{OnlyCACerts: true})(r)
		}, nil, false},
	} {
		report := judgedUnder(t, "rfc", c.change, c.after)
		i := slices.IndexFunc(report.Findings, func(f conformance.Finding) bool { return f.Rule.ID == "crl-reason-ca-value" })
		if i < 0 || strings.Contains(report.Findings[i].Got, doubt) != c.doubt {
			t.Errorf("%s: %s", name, describe(report))
		}
	}
}
