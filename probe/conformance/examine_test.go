package conformance_test

import (
	"crypto/x509"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// worst returns the highest severity at which a rule failed; zero when it did not.
func worst(report *conformance.Report, id string) conformance.Severity {
	severity := conformance.Severity(0)
	for _, f := range report.Findings {
		if f.Rule.ID == id {
			severity = max(severity, f.Severity)
		}
	}
	return severity
}

// constrained makes the issuing CA one that BR 7.1.2.5 calls technically constrained.
func constrained(c *x509.Certificate) {
	c.PermittedDNSDomains = []string{"example.com"}
	c.ExcludedIPRanges = []*net.IPNet{{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)}, {IP: net.IPv6zero, Mask: net.CIDRMask(0, 128)}}
}

func spoil(der []byte) []byte {
	if b := revocation.ReadOCSPResponse(der).Basic; b != nil {
		b.Signature[len(b.Signature)-1] ^= 1
	}
	return der
}

// One rule may weigh differently: these are the weights that the catalogue gives.
func TestSeverityOfCases(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	entry := func(revoked time.Time) []fixtures.CRLEntry {
		return []fixtures.CRLEntry{{Serial: revocation.Serial{1, 2, 3}, ExplicitUnspecified: true, Revoked: revoked}}
	}
	cases := []struct {
		name, rule string
		want       conformance.Severity
		change     func(*fixtures.Responder)
	}{
		{"good, confirmed", "ocsp-unassigned-not-good", conformance.Critical, func(r *fixtures.Responder) { r.OCSP.Unassigned = fixtures.Good }},
		{"good by POST only, confirmed", "ocsp-unassigned-not-good", conformance.Critical, func(r *fixtures.Responder) {
			r.OCSP.Unassigned = fixtures.Good
			r.OCSP.ForGET = func(o *fixtures.OCSP) { o.Unassigned = fixtures.Unknown }
		}},
		{"good for 8 octets only, confirmed", "ocsp-unassigned-not-good", conformance.Critical, func(r *fixtures.Responder) {
			r.OCSP.Strategies = map[string]fixtures.Status{"ser-random-8": fixtures.Good}
		}},
		{"good, not again", "ocsp-unassigned-not-good", conformance.Warning, func(r *fixtures.Responder) {
			r.OCSP.Unassigned, r.OCSP.Repeat = fixtures.Good, fixtures.Unknown
		}},
		{"good for neighbours only", "ocsp-unassigned-not-good", conformance.Warning, func(r *fixtures.Responder) {
			r.OCSP.Strategies = map[string]fixtures.Status{"ser-neighbour": fixtures.Good, "ser-ca-shaped": fixtures.Good, "ser-top-flip": fixtures.Good}
		}},
		{"good, but badly signed", "ocsp-unassigned-not-good", conformance.Warning, func(r *fixtures.Responder) {
			r.OCSP.Unassigned, r.OCSP.Tamper = fixtures.Good, spoil
		}},
		{"good, technically constrained CA", "ocsp-unassigned-not-good", conformance.Warning, func(r *fixtures.Responder) {
			r.OCSP.Unassigned, r.Issuer = fixtures.Good, constrained
		}},
		{"good, name constraints without addresses", "ocsp-unassigned-not-good", conformance.Critical, func(r *fixtures.Responder) {
			r.OCSP.Unassigned = fixtures.Good
			r.Issuer = func(c *x509.Certificate) { c.PermittedDNSDomains = []string{"example.com"} }
		}},
		{"GET and POST tell different errors", "ocsp-get-post-equal", conformance.Warning, func(r *fixtures.Responder) {
			r.OCSP.ForGET = func(o *fixtures.OCSP) { o.Unassigned = fixtures.Unauthorized }
		}},
		{"GET says revoked, POST good", "ocsp-get-post-equal", conformance.Critical, func(r *fixtures.Responder) {
			r.OCSP.ForGET = func(o *fixtures.OCSP) { o.Assigned = fixtures.Revoked }
		}},
		{"one address dead", "tcp-connect-all", conformance.Warning, func(r *fixtures.Responder) { r.DNS.Dead = 1 }},
		{"all addresses dead", "tcp-connect-all", conformance.Critical, func(r *fixtures.Responder) { r.DNS.Dead = 2 }},
		{"a minute and a second ahead", "ocsp-not-from-future", conformance.Warning, func(r *fixtures.Responder) {
			r.OCSP.ThisUpdate, r.OCSP.ProducedAt = r.Now.Add(61*time.Second), r.Now.Add(61*time.Second)
		}},
		{"five minutes and a second ahead", "ocsp-not-from-future", conformance.Error, func(r *fixtures.Responder) {
			r.OCSP.ThisUpdate, r.OCSP.ProducedAt = r.Now.Add(301*time.Second), r.Now.Add(301*time.Second)
		}},
		{"the CRL is redirected", "http-no-redirect", conformance.Warning, func(r *fixtures.Responder) { r.CRLHTTP.Code, r.CRLHTTP.Location = 302, "http://a.example/" }},
		{"OCSP is redirected", "http-no-redirect", conformance.Error, func(r *fixtures.Responder) { r.OCSPHTTP.Code, r.OCSPHTTP.Location = 302, "http://a.example/" }},
		{"unspecified since the BR forbid it", "crl-reason-unspecified-absent", conformance.Error, func(r *fixtures.Responder) {
			r.CRL.Entries = entry(time.Date(2023, 7, 15, 0, 0, 0, 0, time.UTC))
		}},
		{"unspecified from before", "crl-reason-unspecified-absent", conformance.Warning, func(r *fixtures.Responder) {
			r.CRL.Entries = entry(time.Date(2023, 7, 14, 23, 59, 59, 0, time.UTC))
		}},
		{"every OCSP answer 404", "http-status-200", conformance.Critical, func(r *fixtures.Responder) { r.OCSPHTTP.Code = 404 }},
		{"every OCSP answer late", "http-response-time-10s", conformance.Error, func(r *fixtures.Responder) { r.OCSPHTTP.Delay = 11 * time.Second }},
		{"two CRL answers late", "http-response-time-10s", conformance.Warning, func(r *fixtures.Responder) { r.CRLHTTP.Delay = 11 * time.Second }},
		{"no OCSP answer", "http-response-time-10s", conformance.Critical, func(r *fixtures.Responder) { r.OCSPHTTP.Failure = evidence.HTTPTimeout }},
		{"no OCSP answer to its end", "http-response-time-10s", conformance.Critical, func(r *fixtures.Responder) { r.OCSPHTTP.Failure = evidence.BodyTimeout }},
		{"no CRL in two tries", "http-response-time-10s", conformance.Error, func(r *fixtures.Responder) { r.CRLHTTP.Failure = evidence.HTTPTimeout }},
		{"https in AIA", "cert-aia-uri-http", conformance.Warning, func(r *fixtures.Responder) {
			r.Leaf = func(c *x509.Certificate) { c.OCSPServer = []string{"https://a.example/"} }
		}},
		{"ldap in AIA", "cert-aia-uri-http", conformance.Error, func(r *fixtures.Responder) {
			r.Leaf = func(c *x509.Certificate) { c.OCSPServer = []string{"ldap://a.example/"} }
		}},
		{"the delegate's algorithm is none of the list", "ocsp-sigalg-encoding", conformance.Warning, func(r *fixtures.Responder) {
			r.OCSP.Signer, r.OCSP.AlgorithmParameters = fixtures.Delegated, []byte{5, 0}
		}},
		{"no nextUpdate", "ocsp-nextupdate-present", conformance.Error, func(r *fixtures.Responder) { r.OCSP.NoNextUpdate = true }},
		{"revoked after producedAt only advises", "ocsp-time-order", conformance.Warning, func(r *fixtures.Responder) {
			r.OCSP.ProducedAt, r.OCSP.ThisUpdate = r.Now.Add(-2*day), r.Now.Add(-day)
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			report := played(t, faked(fixtures.Kind{}, fixtures.Case{Change: c.change}))
			if got := worst(report, c.rule); got != c.want {
				t.Errorf("%s is %v, want %v%s", c.rule, got, c.want, describe(report))
			}
		})
	}
}

// Under the RFCs alone "good" for an unassigned serial is allowed, and only remarked on.
func TestGoodUnderTheRFCsAlone(t *testing.T) {
	t.Parallel()
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) { r.OCSP.Unassigned = fixtures.Good }})
	profile, _ := conformance.ProfileNamed("rfc")
	report := conformance.Examine(ask(t, fake, zoo.Memory{Responder: fake}, everything), conformance.Options{Profile: profile})
	if got := worst(report, "ocsp-unassigned-not-good"); got != conformance.Notice {
		t.Errorf("%v, want notice", got)
	}
}

// The scope comes from the operator, else from the certificate, else from the issuer being
// a root; where it had to be assumed the finding says so.
// What a mute service leaves undecided is for want of its answers, and of nobody else's.
func TestWantOfAnswers(t *testing.T) {
	t.Parallel()
	r := fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{}))
	r.OCSPHTTP.Failure = evidence.HTTPTimeout
	report := judge(t, ask(t, r, zoo.Memory{Responder: r}, everything))
	wanting := 0
	for _, f := range report.Findings {
		if f.Outcome != conformance.Inconclusive {
			continue
		}
		if f.Unanswered != (f.Service == r.OCSPURL()) {
			t.Errorf("%s at %s (%s) is for want of an answer: %v", f.Rule.ID, f.Service, f.Got, f.Unanswered)
		}
		wanting++
	}
	if wanting < 50 {
		t.Errorf("%d rules wanted an answer", wanting)
	}
}

func TestScope(t *testing.T) {
	t.Parallel()
	change := fixtures.Case{Change: func(r *fixtures.Responder) { r.CRL.NextUpdate = r.Now.Add(30 * 24 * time.Hour) }}
	for name, c := range map[string]struct {
		scope   evidence.Scope
		target  func(*fixtures.Responder) probe.Target
		fires   bool
		assumed bool
	}{
		"leaf":             {target: target, fires: true},
		"leaf, --scope ca": {scope: evidence.ScopeCA, target: target},
		"issuer alone": {target: func(r *fixtures.Responder) probe.Target {
			return probe.Target{Issuer: r.IssuerCertificate(), DistributionPoints: []string{r.CRLURL()}}
		}, fires: true, assumed: true},
		"root alone": {target: func(r *fixtures.Responder) probe.Target {
			return probe.Target{Issuer: r.RootCertificate(), DistributionPoints: []string{r.CRLURL()}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := faked(fixtures.Kind{}, change)
			run := &evidence.Run{Started: noon, Scope: c.scope}
			plan, err := probe.NewPlan(run, []probe.Target{c.target(fake)}, probe.Options{Asks: everything, Serials: probe.Serials{Seed: []byte("seed")}})
			if err != nil {
				t.Fatal(err)
			}
			probe.Run(t.Context(), plan, zoo.Memory{Responder: fake}, run)
			report := judge(t, run)
			at := slices.IndexFunc(report.Findings, func(f conformance.Finding) bool {
				return f.Rule.ID == "crl-validity-ee" && f.Outcome == conformance.Failed
			})
			if (at >= 0) != c.fires {
				t.Fatalf("fires: %v, want %v%s", at >= 0, c.fires, describe(report))
			}
			if c.fires && (report.Findings[at].Assumed != "") != c.assumed {
				t.Errorf("assumed: %q", report.Findings[at].Assumed)
			}
		})
	}
}

// silentRun is a run in which hosts kept silent in some way.
func silentRun(failures map[string]evidence.Failure) *evidence.Run {
	run := &evidence.Run{Started: noon}
	for host, failure := range failures {
		run.Exchanges = append(run.Exchanges, evidence.Exchange{ID: host, At: noon, Failure: failure,
			Question: evidence.Question{Ask: evidence.Resolve, URL: "http://" + host + "/"}})
	}
	return run
}

func TestNobodyIsAccusedOverOurOwnNetwork(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		failures map[string]evidence.Failure
		accused  bool
	}{
		"three hosts silent alike":    {map[string]evidence.Failure{"a": evidence.DNSTimeout, "b": evidence.DNSTimeout, "c": evidence.DNSTimeout}, false},
		"two hosts silent alike":      {map[string]evidence.Failure{"a": evidence.DNSTimeout, "b": evidence.DNSTimeout}, true},
		"three hosts, one NXDOMAIN":   {map[string]evidence.Failure{"a": evidence.DNSTimeout, "b": evidence.DNSTimeout, "c": evidence.DNSNXDomain}, true},
		"no resolver":                 {map[string]evidence.Failure{"a": evidence.NoResolver}, false},
		"no route":                    {map[string]evidence.Failure{"a": evidence.NoRoute}, false},
		"a private address, unasked":  {map[string]evidence.Failure{"a": evidence.Refused}, false},
		"no resolver for one of them": {map[string]evidence.Failure{"a": evidence.NoResolver, "b": evidence.DNSServFail}, true},
	} {
		report := judge(t, silentRun(c.failures))
		if got := len(fired(report)) > 0; got != c.accused {
			t.Errorf("%s: accused %v, want %v%s", name, got, c.accused, describe(report))
		}
		if report.NothingAsked == c.accused {
			t.Errorf("%s: nothing asked is %v", name, report.NothingAsked)
		}
	}
}

// A stapled response is the responder's evidence, but how long it was kept is the TLS
// server's doing.
func TestStaple(t *testing.T) {
	t.Parallel()
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) {
		r.OCSP.ThisUpdate, r.OCSP.ProducedAt, r.OCSP.NextUpdate = noon.Add(-6*24*time.Hour), noon.Add(-6*24*time.Hour), noon.Add(-time.Second)
	}})
	run := ask(t, fake, zoo.Memory{Responder: fake}, evidence.AssignedPOST)
	x := run.Exchanges[0]
	staple := evidence.Exchange{ID: "0.1", At: noon, Staple: x.Body,
		Question: evidence.Question{Ask: evidence.Handshake, URL: "tls://a.example:443", Issuer: x.Issuer, Subject: x.Subject}}
	run.Exchanges = []evidence.Exchange{staple}
	report := judge(t, run)
	if got := fired(report); !slices.Equal(got, []string{"ocsp-not-expired"}) || worst(report, "ocsp-not-expired") != conformance.Warning {
		t.Errorf("fires %v%s", got, describe(report))
	}
	if len(report.Documents) != 1 || report.Documents[0].Status != "good" || report.Documents[0].Signature != revocation.SignatureValid {
		t.Errorf("documents: %+v", report.Documents)
	}
}

// A file is judged by what it is. How long something may be served is not asked of a file
// of which nobody knows when it was.
func TestFiles(t *testing.T) {
	t.Parallel()
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) {
		r.CRL.PEM = true
		r.CRL.ThisUpdate, r.CRL.NextUpdate = noon.Add(-9*24*time.Hour), noon.Add(24*time.Hour)
	}})
	run := &evidence.Run{Started: noon}
	issuer := run.AddCertificate(fake.IssuerCertificate().Raw, "ca.pem")
	subject := run.AddCertificate(fake.LeafCertificate().Raw, "leaf.pem")
	for name, body := range map[string][]byte{"crl": fake.CRLBody(), "leaf": fake.LeafCertificate().Raw, "nothing": {}, "text": []byte("hello, world"),
		"request": fixtures.OCSPRequest(fake.CertID(5, fake.LeafSerial()))} {
		run.Exchanges = append(run.Exchanges, evidence.Exchange{ID: name, At: noon, AtAssumed: true, Body: body,
			Question: evidence.Question{Ask: evidence.File, Subject: subject, Issuer: issuer}})
	}
	report := judge(t, run)
	if got := fired(report); !slices.Equal(got, []string{"crl-not-pem"}) || worst(report, "crl-not-pem") != conformance.Notice {
		t.Errorf("fires %v%s", got, describe(report))
	}
	kinds := map[string]revocation.Kind{}
	for _, d := range report.Documents {
		kinds[d.Source] = d.Kind
		if d.Source == "crl" && (d.Status != "good" || d.Signature != revocation.SignatureValid || !d.Decoded) {
			t.Errorf("the CRL: %+v", d)
		}
		if d.Kind == revocation.KindUnrecognised && !strings.Contains(d.Problem, "was expected") && !strings.Contains(d.Problem, "hello, world") {
			t.Errorf("%s: %q", d.Source, d.Problem)
		}
	}
	want := map[string]revocation.Kind{"crl": "crl", "leaf": "certificate", "nothing": "unrecognised", "text": "unrecognised", "request": "ocsp-request"}
	for name, kind := range want {
		if kinds[name] != kind {
			t.Errorf("%s is taken for a %s", name, kinds[name])
		}
	}
	for i := range run.Exchanges {
		run.Exchanges[i].AtAssumed = false
	}
	if got := fired(judge(t, run)); !slices.Contains(got, "crl-update-ee") {
		t.Errorf("said to be served at that time, it fires %v", got)
	}
}

// When a serial turns out to be on the CRL it is assigned, and another is made up.
func TestListedSerialsAreNotUsedAsUnassigned(t *testing.T) {
	t.Parallel()
	first := faked(fixtures.Kind{}, fixtures.Case{Change: func(*fixtures.Responder) {}})
	var taken []fixtures.CRLEntry
	for _, x := range ask(t, first, zoo.Memory{Responder: first}, everything).Exchanges {
		if x.Ask.Has(evidence.UnassignedPOST) {
			serial := revocation.ReadOCSPRequest(x.Request).Requests[0].CertID.Serial
			taken = append(taken, fixtures.CRLEntry{Serial: serial, Reason: revocation.ReasonSuperseded})
		}
	}
	second := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) { r.CRL.Entries = taken }})
	asked := 0
	for _, x := range ask(t, second, zoo.Memory{Responder: second}, everything).Exchanges {
		if !x.Ask.Has(evidence.Unassigned) {
			continue
		}
		asked++
		for _, e := range taken {
			if e.Serial.String() == x.Serial {
				t.Errorf("%s %s is on the CRL and is asked about as unassigned", x.Strategy, x.Serial)
			}
		}
	}
	if asked == 0 {
		t.Error("no unassigned serial is left to ask about")
	}
}

// lintCRL judges a CRL as a file, with the fake's leaf as the certificate that is asked
// about and these CA certificates given.
func lintCRL(t *testing.T, fake *fixtures.Responder, body []byte, issuers ...*x509.Certificate) *conformance.Report {
	t.Helper()
	run := &evidence.Run{Started: noon}
	for _, c := range issuers {
		run.AddCertificate(c.Raw, "ca.pem")
	}
	subject := run.AddCertificate(fake.LeafCertificate().Raw, "leaf.pem")
	run.Exchanges = []evidence.Exchange{{ID: "ca.crl", At: noon, Body: body, Question: evidence.Question{Ask: evidence.File, Subject: subject}}}
	return judge(t, run)
}

// What a CRL says of a serial is of no account for the certificates of another CA.
func TestCRLOfAnotherCA(t *testing.T) {
	t.Parallel()
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) {
		r.CRL.Issuer, r.CRL.ByOtherKey = []byte("\x30\x13\x31\x11\x30\x0f\x06\x03\x55\x04\x03\x0c\x08Stranger"), true
	}})
	report := lintCRL(t, fake, fake.CRLBody(), fake.IssuerCertificate(), fake.RootCertificate())
	if got := fired(report); !slices.Contains(got, "crl-signature-valid") || !slices.Contains(got, "crl-issuer-dn-bytes") {
		t.Errorf("fires %v", got)
	}
	if d := report.Documents[0]; d.Status != "" || d.Signature != revocation.SignatureInvalid {
		t.Errorf("document: %+v", d)
	}
	good := faked(fixtures.Kind{}, fixtures.Case{Change: func(*fixtures.Responder) {}})
	if d := lintCRL(t, good, good.CRLBody(), good.IssuerCertificate(), good.RootCertificate()).Documents[0]; d.Status != "good" {
		t.Errorf("the right CRL: %+v", d)
	}
}

// A CRL that another CA signed correctly is still the wrong CRL for this certificate.
func TestCRLOfAKnownButOtherCA(t *testing.T) {
	t.Parallel()
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: func(*fixtures.Responder) {}})
	other := faked(fixtures.Kind{RSA: true}, fixtures.Case{Change: func(r *fixtures.Responder) {
		r.Issuer = func(c *x509.Certificate) { c.Subject.CommonName = "Another CA" }
	}})
	report := lintCRL(t, fake, other.CRLBody(), fake.IssuerCertificate(), other.IssuerCertificate())
	if got := fired(report); !slices.Contains(got, "crl-signature-valid") {
		t.Errorf("fires %v%s", got, describe(report))
	}
}

// Where singles about one certificate contradict each other, the gravest counts.
func TestContradictingSingles(t *testing.T) {
	t.Parallel()
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) {
		r.OCSP.Singles = func(asked []revocation.CertID) []revocation.CertID { return append(slices.Clone(asked), asked...) }
		r.OCSP.Edit = func(data *fixtures.Node) {
			status := data.MustFind("responses[1].certStatus")
			status.Tag, status.Content, status.Children = 0xa1, nil, []*fixtures.Node{fixtures.GeneralizedTime(noon.Add(-2 * time.Hour))}
		}
	}})
	report := judge(t, ask(t, fake, zoo.Memory{Responder: fake}, evidence.AssignedPOST))
	if d := report.Documents[0]; d.Status != "revoked" {
		t.Errorf("good and revoked for one certificate: %+v", d)
	}
}

// What was read before a CRL breaks off is judged all the same.
func TestVersionOfABrokenCRL(t *testing.T) {
	t.Parallel()
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) {
		r.CRL.Version = 4
		r.CRL.Edit = func(tbs *fixtures.Node) { tbs.MustFind("signature").Tag = 0x31 }
	}})
	if got := fired(judge(t, ask(t, fake, zoo.Memory{Responder: fake}, evidence.FetchCRL))); !slices.Contains(got, "crl-version") || !slices.Contains(got, "crl-der-strict") {
		t.Errorf("fires %v", got)
	}
}

// A delegate's certificate is held to the profile of the Baseline Requirements only where
// something shows that the CA is publicly trusted.
func TestPrivateCAs(t *testing.T) {
	t.Parallel()
	odd := func(r *fixtures.Responder) {
		r.OCSP.Signer = fixtures.Delegated
		r.OCSP.Delegate = func(c *x509.Certificate) { c.DNSNames = []string{"ocsp.example"} }
	}
	unmarked := func(c *x509.Certificate) { c.PolicyIdentifiers, c.Policies = nil, nil }
	for name, c := range map[string]struct {
		change func(*fixtures.Responder)
		want   conformance.Severity
	}{
		"both say so":    {odd, conformance.Error},
		"the leaf alone": {func(r *fixtures.Responder) { odd(r); r.Issuer = unmarked }, conformance.Error},
		"the CA alone":   {func(r *fixtures.Responder) { odd(r); r.Leaf = unmarked }, conformance.Error},
		"neither":        {func(r *fixtures.Responder) { odd(r); r.Issuer, r.Leaf = unmarked, unmarked }, conformance.Notice},
	} {
		report := played(t, faked(fixtures.Kind{}, fixtures.Case{Change: c.change}))
		if got := worst(report, "cert-ocsp-no-san-nc"); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
