package conformance_test

import (
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// judgedUnder is the report on a fake that was asked everything, by a profile.
func judgedUnder(t *testing.T, profile string, change func(*fixtures.Responder), after func(*evidence.Run)) *conformance.Report {
	t.Helper()
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: change})
	run := ask(t, fake, zoo.Memory{Responder: fake}, everything)
	if after != nil {
		after(run)
	}
	chosen, _ := conformance.ProfileNamed(profile)
	return conformance.Examine(run, conformance.Options{Profile: chosen})
}

func nothing(*fixtures.Responder) {}

// each changes the exchanges of those kinds.
func each(kinds evidence.Ask, change func(*evidence.Exchange)) func(*evidence.Run) {
	return func(run *evidence.Run) {
		for i := range run.Exchanges {
			if run.Exchanges[i].Ask.Has(kinds) {
				change(&run.Exchanges[i])
			}
		}
	}
}

func failedAs(f evidence.Failure, code int) func(*evidence.Exchange) {
	return func(x *evidence.Exchange) { x.Failure, x.Code, x.Body = f, code, nil }
}

func getsOf(o func(*fixtures.OCSP)) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) { r.OCSP.ForGET = o }
}

// The traps of the catalogue: what looks like a breach and is none, or a lesser one.
func TestTraps(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	gets := evidence.AssignedGET | evidence.UnassignedGET
	for name, c := range map[string]struct {
		profile string
		change  func(*fixtures.Responder)
		after   func(*evidence.Run)
		rule    string
		want    conformance.Severity // zero: no failure
	}{
		"a CRL larger than we keep":   {"web", nothing, each(evidence.FetchCRL, failedAs(evidence.Oversize, 200)), "http-status-200", 0},
		"told to ask less often":      {"web", nothing, each(evidence.OCSP, failedAs(evidence.HTTPStatus, http.StatusTooManyRequests)), "http-status-200", 0},
		"a CRL that failed twice":     {"web", func(r *fixtures.Responder) { r.CRLHTTP.Code = 503 }, nil, "http-status-200", conformance.Error},
		"404 under the RFCs alone":    {"rfc", func(r *fixtures.Responder) { r.OCSPHTTP.Code = 404 }, nil, "http-status-200", conformance.Critical},
		"interrupted before the GETs": {"web", nothing, each(gets, failedAs(evidence.Interrupted, 0)), "http-ocsp-get", 0},
		"tryLater by GET":             {"web", getsOf(func(o *fixtures.OCSP) { o.Assigned = fixtures.TryLater }), nil, "ocsp-get-post-equal", 0},
		"a cached GET from before revocation": {"web", func(r *fixtures.Responder) {
			r.OCSP.Assigned = fixtures.Revoked
			r.OCSP.ForGET = func(o *fixtures.OCSP) {
				o.Assigned, o.ThisUpdate, o.ProducedAt = fixtures.Good, r.Now.Add(-day), r.Now.Add(-day)
			}
		}, nil, "ocsp-get-post-equal", conformance.Warning},
		"a GET that lost a revocation": {"web", func(r *fixtures.Responder) {
			r.OCSP.Assigned, r.OCSP.ThisUpdate, r.OCSP.ProducedAt = fixtures.Revoked, r.Now.Add(-day), r.Now.Add(-day)
			r.OCSP.ForGET = func(o *fixtures.OCSP) {
				o.Assigned, o.ThisUpdate, o.ProducedAt = fixtures.Good, time.Time{}, time.Time{}
			}
		}, nil, "ocsp-get-post-equal", conformance.Critical},
		"5 days without OCSP, for Mozilla": {"mozilla", func(r *fixtures.Responder) {
			r.Leaf = func(c *x509.Certificate) { c.OCSPServer = nil }
			r.CRL.ThisUpdate, r.CRL.NextUpdate = r.Now.Add(-5*day), r.Now.Add(2*day)
		}, nil, "crl-update-ee", 0},
		"5 days without OCSP, for the BR": {"web", func(r *fixtures.Responder) {
			r.Leaf = func(c *x509.Certificate) { c.OCSPServer = nil }
			r.CRL.ThisUpdate, r.CRL.NextUpdate = r.Now.Add(-5*day), r.Now.Add(2*day)
		}, nil, "crl-update-ee", conformance.Error},
		"8 days, for Mozilla": {"mozilla", func(r *fixtures.Responder) {
			r.CRL.ThisUpdate, r.CRL.NextUpdate = r.Now.Add(-8*day), r.Now.Add(day)
		}, nil, "crl-update-ee", conformance.Error},
		"v1 without extensions, under the RFCs": {"rfc", plainV1, nil, "crl-version", conformance.Error}, // RFC 5280 §5 asks for v2 always
		"the same serial of two CAs in an indirect CRL": {"web", func(r *fixtures.Responder) {
			indirect(r)
			r.CRL.Edit = func(n *fixtures.Node) {
				issuer := fixtures.Sequence(fixtures.Explicit(4, fixtures.Verbatim(r.RootCertificate().RawSubject))) // GeneralNames
				n.MustFind("revokedCertificates[1].crlEntryExtensions").Children = append(n.MustFind("revokedCertificates[1].crlEntryExtensions").Children,
					fixtures.Sequence(fixtures.ObjectIdentifier(revocation.OIDCertificateIssuer), fixtures.Boolean(true), fixtures.OctetString(issuer.Encode())))
			}
		}, nil, "crl-entry-serial-unique", 0},
		"the same serial of one CA in an indirect CRL": {"web", indirect, nil, "crl-entry-serial-unique", conformance.Error},
		"good, from a CA for precertificates": {"web", func(r *fixtures.Responder) {
			r.OCSP.Unassigned = fixtures.Good
			r.Issuer = func(c *x509.Certificate) {
				c.ExtKeyUsage, c.UnknownExtKeyUsage = nil, []asn1.ObjectIdentifier{{1, 3, 6, 1, 4, 1, 11129, 2, 4, 4}}
			}
		}, nil, "ocsp-unassigned-not-good", conformance.Critical},
		"https in a CDP before it was forbidden": {"web", func(r *fixtures.Responder) {
			r.Leaf = func(c *x509.Certificate) {
				c.NotBefore, c.CRLDistributionPoints = time.Date(2024, 3, 14, 23, 59, 59, 0, time.UTC), []string{"https://a.example/ca.crl"}
			}
		}, nil, "cert-cdp-format", 0},
		"https in a CDP since": {"web", func(r *fixtures.Responder) {
			r.Leaf = func(c *x509.Certificate) {
				c.NotBefore, c.CRLDistributionPoints = time.Date(2024, 3, 15, 0, 0, 0, 0, time.UTC), []string{"https://a.example/ca.crl"}
			}
		}, nil, "cert-cdp-format", conformance.Error},
		"an hour's validity of an unknown": {"web", func(r *fixtures.Responder) {
			r.OCSP.NextUpdate = r.Now.Add(time.Hour)
		}, each(evidence.Assigned|evidence.ListedPOST|evidence.SHA256POST, failedAs(evidence.NoRoute, 0)), "ocsp-br-validity-min", conformance.Warning},
		"revoked for a neighbour": {"web", func(r *fixtures.Responder) {
			r.OCSP.Strategies = map[string]fixtures.Status{"ser-neighbour": fixtures.Revoked}
		}, nil, "ocsp-unassigned-revoked-form", conformance.Warning},
		"given up after a second": {"web", nothing, each(evidence.OCSP, func(x *evidence.Exchange) {
			failedAs(evidence.HTTPTimeout, 0)(x)
			x.Timing.Total = time.Second
		}), "http-response-time-10s", 0},
		"good again after a hold, which the RFCs allow": {"rfc", onHold(fixtures.Good, time.Hour), nil, "ocsp-crl-consistent", 0},
		"unknown after a hold":                          {"rfc", onHold(fixtures.Unknown, time.Hour), nil, "ocsp-crl-consistent", conformance.Error},
		"an IPv6 address that is silent, as all are":    {"web", nothing, each(evidence.Resolve, alsoAt(evidence.ConnectTimeout)), "dns-aaaa-works", 0},
		"the same beside IPv4":                          {"web", nothing, each(evidence.Resolve, alsoAt(evidence.ConnectTimeout)), "tcp-connect-all", 0},
		"an IPv6 address that refuses":                  {"web", nothing, each(evidence.Resolve, alsoAt(evidence.ConnectRefused)), "dns-aaaa-works", conformance.Warning},
		"the CRL before at one of two URLs, for 4 h":    {"web", renewed(4 * time.Hour), nil, "crl-urls-identical", 0},
		"the CRL before at one of two URLs, for longer": {"web", renewed(4*time.Hour + time.Second), nil, "crl-urls-identical", conformance.Warning},
		"revoked, and not on a CRL for a name that cannot be compared": {"web", func(r *fixtures.Responder) {
			r.OCSP.Assigned, r.OCSP.Reason, r.OCSP.RevocationTime = fixtures.Revoked, revocation.ReasonSuperseded, r.Now.Add(-3*day)
			r.CRL.IssuingDP = func(string) revocation.IssuingDistributionPoint {
				return revocation.IssuingDistributionPoint{OtherNames: 1}
			}
		}, nil, "crl-revoked-appears", 0},
		"serial number 0 of a root": {"rfc", func(r *fixtures.Responder) {
			r.Root = func(c *x509.Certificate) { c.SerialNumber = new(big.Int) }
		}, nil, "cert-serial-range", conformance.Notice},
		"late three times, the rest not sent": {"web", nothing, func(run *evidence.Run) {
			asked := 0
			each(evidence.OCSP, func(x *evidence.Exchange) {
				asked++
				if asked > 8 {
					failedAs(evidence.HTTPTimeout, 0)(x)
					x.Spared, x.Timing.Total = asked > 11, 15*time.Second
				}
			})(run)
		}, "http-response-time-10s", conformance.Warning},
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

// onHold has the CRL hold the leaf, and OCSP say something of it that much later.
func onHold(status fixtures.Status, later time.Duration) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) {
		r.CRL.ThisUpdate = r.Now.Add(-time.Hour - later)
		r.CRL.Entries = []fixtures.CRLEntry{{Leaf: true, Revoked: r.Now.Add(-24 * time.Hour), Reason: revocation.ReasonCertificateHold}}
		r.OCSP.Assigned = status
	}
}

// alsoAt gives every host an IPv6 address besides, which fails in that way.
func alsoAt(failure evidence.Failure) func(*evidence.Exchange) {
	return func(x *evidence.Exchange) {
		x.Addresses = append(slices.Clip(x.Addresses), evidence.Address{IP: "2620:0:2d0:200::8", Failure: failure})
	}
}

// renewed gives the CRL at a second URL that was made so long ago, and is not yet at the first.
func renewed(ago time.Duration) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) {
		r.CRL.ThisUpdate = r.Now.Add(-24 * time.Hour)
		r.Shards = []fixtures.Shard{{CRL: fixtures.CRL{Number: 1001, ThisUpdate: r.Now.Add(-ago), NextUpdate: r.Now.Add(24 * time.Hour)}}}
	}
}

func plainV1(r *fixtures.Responder) {
	r.CRL.NoVersion, r.CRL.NoAuthorityKeyID, r.CRL.NoNumber = true, true, true
}

// What was not read has not passed.
func TestEntriesOfABrokenCRLHaveNotPassed(t *testing.T) {
	t.Parallel()
	report := judgedUnder(t, "web", func(r *fixtures.Responder) {
		r.CRL.Tamper = func(der []byte) []byte { return der[:len(der)*2/3] }
	}, nil)
	for _, id := range []string{"crl-entry-serial-unique", "crl-reason-unspecified-absent"} {
		if !slices.ContainsFunc(report.Findings, func(f conformance.Finding) bool {
			return f.Rule.ID == id && f.Outcome == conformance.Inconclusive
		}) {
			t.Errorf("%s is not inconclusive", id)
		}
	}
}

// A CRL for CA certificates says nothing of a leaf that it does not list.
func TestStatusByACRLOfAnotherScope(t *testing.T) {
	t.Parallel()
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) {
		r.CRL.Extensions = []revocation.Extension{{ID: revocation.OIDIssuingDP, Critical: true, Value: []byte{0x30, 3, 0x82, 1, 0xff}}}
	}})
	if d := lintCRL(t, fake, fake.CRLBody(), fake.IssuerCertificate()).Documents[0]; d.Status != "" {
		t.Errorf("document: %+v", d)
	}
}

type panicking struct{}

func (panicking) Visit(*revocation.CRLEntry)   { panic("a hostile entry") }
func (panicking) Verdict() conformance.Verdict { return conformance.Verdict{} }

// A rule that panics over an entry is a bug of its own, told by name.
func TestAPanicOverAnEntryIsABugNotACrash(t *testing.T) {
	t.Parallel()
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: nothing})
	bad := &conformance.Rule{ID: "panics", Cites: []conformance.Citation{conformance.RFC5280("5.3", conformance.Must)}, Needs: evidence.FetchCRL,
		Entries: func(*conformance.CRLSubject) conformance.EntryJudge { return panicking{} }}
	profile, _ := conformance.ProfileNamed("web")
	run := ask(t, fake, zoo.Memory{Responder: fake}, evidence.FetchCRL)
	report := conformance.Examine(run, conformance.Options{Profile: profile, Rules: []*conformance.Rule{bad}})
	if len(report.Bugs) != 1 || !strings.Contains(report.Bugs[0], "bug in rule panics") {
		t.Errorf("bugs: %q", report.Bugs)
	}
}

// apart has the CRL come from another host than the OCSP answers, and everything seen that
// much later than it was.
func apart(ahead time.Duration, crlToo bool) func(*evidence.Run) {
	return func(run *evidence.Run) {
		for i := range run.Exchanges {
			x := &run.Exchanges[i]
			if x.Ask == evidence.FetchCRL {
				x.URL = "http://crl.example/ca.crl"
			}
			if x.Ask != evidence.FetchCRL || crlToo {
				x.At = x.At.Add(ahead)
			}
		}
	}
}

// When several hosts' Date says that our clock is wrong, nobody is accused by it.
func TestOurClock(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		after   func(*evidence.Run)
		accused bool
	}{
		"30 days ahead of both hosts":        {apart(30*24*time.Hour, true), false},
		"30 days behind both hosts":          {apart(-30*24*time.Hour, true), false},
		"30 days ahead of one host":          {apart(30*24*time.Hour, false), true},
		"ahead of the only host":             {each(evidence.OCSP|evidence.FetchCRL, func(x *evidence.Exchange) { x.At = x.At.Add(30 * 24 * time.Hour) }), true},
		"five minutes behind, as clocks are": {apart(-5*time.Minute, true), false},
	} {
		report := judgedUnder(t, "web", nothing, c.after)
		ids := slices.DeleteFunc(fired(report), func(id string) bool { return !conformance.RuleNamed(id).Clock })
		if got := len(ids) > 0; got != c.accused {
			t.Errorf("%s: accused %v of %v, want %v%s", name, got, ids, c.accused, describe(report))
		}
	}
	if report := judgedUnder(t, "web", nothing, apart(30*24*time.Hour, true)); !slices.ContainsFunc(report.Hints, func(h string) bool {
		return strings.Contains(h, "our clock is 30d ahead")
	}) {
		t.Errorf("hints: %q", report.Hints)
	}
}

// Where one host alone answers, nobody can tell whose clock is wrong, and that is told.
func TestOurClockOrThatOfTheOnlyHost(t *testing.T) {
	t.Parallel()
	for ahead, want := range map[time.Duration]string{
		0: "", time.Minute: "", -time.Minute: "",
		time.Minute + time.Second: "our clock is 1m1s ahead of the Date of revocation.example, the only host", -10 * time.Minute: "our clock is 10m0s behind the Date of revocation.example, the only host",
	} {
		after := each(everything, func(x *evidence.Exchange) {
			x.At = x.At.Add(ahead)
		})
		hints := strings.Join(judgedUnder(t, "web", nothing, after).Hints, "\n")
		if want == "" && strings.Contains(hints, "our clock") || !strings.Contains(hints, want) {
			t.Errorf("%s ahead: %q", ahead, hints)
		}
	}
}

// A host that took a connection and then takes no more has failed, whatever came first.
func TestAHostThatGoesAwayHasFailed(t *testing.T) {
	t.Parallel()
	gone := each(evidence.OCSP, failedAs(evidence.ConnectRefused, 0))
	if got := worst(judgedUnder(t, "web", nothing, gone), "http-status-200"); got != conformance.Critical {
		t.Errorf("after it was reached: %d", got)
	}
	never := func(run *evidence.Run) {
		gone(run)
		each(evidence.Resolve, func(x *evidence.Exchange) {
			for i := range x.Addresses {
				x.Addresses[i].Failure = evidence.ConnectRefused
			}
		})(run)
	}
	if got := worst(judgedUnder(t, "web", nothing, never), "http-status-200"); got != 0 {
		t.Errorf("tcp-connect-all says it, http-status-200 too: %d", got)
	}
}

// What a file is held against is a CA that was given and has to do with it, not any.
func TestAnUnrelatedIssuerAccusesNobody(t *testing.T) {
	t.Parallel()
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: nothing})
	other := faked(fixtures.Kind{RSA: true}, fixtures.Case{Change: func(r *fixtures.Responder) {
		r.Issuer = func(c *x509.Certificate) { c.Subject.CommonName = "Another CA" }
	}})
	leaf := ask(t, fake, zoo.Memory{Responder: fake}, evidence.AssignedPOST)
	for name, body := range map[string][]byte{"CRL": fake.CRLBody(), "OCSP response": leaf.Exchanges[0].Body} {
		run := &evidence.Run{Started: noon}
		run.AddCertificate(other.IssuerCertificate().Raw, "other.pem")
		run.Exchanges = []evidence.Exchange{{ID: name, At: noon, Body: body, Question: evidence.Question{Ask: evidence.File}}}
		if got := fired(judge(t, run)); len(got) > 0 {
			t.Errorf("%s of another CA fires %v", name, got)
		}
	}
}

// A certificate that was named is judged even where nothing in it could be asked.
func TestANamedCertificateIsJudged(t *testing.T) {
	t.Parallel()
	for name, uri := range map[string]string{"ldap": "ldap://a.example/ca.crl", "a space": "http://a.example/my crl.crl", "a port that is none": "http://a.example:99999/ca.crl"} {
		fake := faked(fixtures.Kind{}, fixtures.Case{Change: func(r *fixtures.Responder) {
			r.Leaf = func(c *x509.Certificate) { c.CRLDistributionPoints = []string{uri} }
		}})
		run := &evidence.Run{Started: noon}
		run.Subjects = []string{run.AddCertificate(fake.LeafCertificate().Raw, "leaf.pem")}
		if got := fired(judge(t, run)); !slices.Contains(got, "cert-cdp-format") {
			t.Errorf("%s: fires %v", name, got)
		}
	}
}

// indirect lists one serial twice in an indirect CRL, where no entry names another CA than
// the issuer of the CRL (RFC 5280 §5.3.3).
func indirect(r *fixtures.Responder) {
	entry := fixtures.CRLEntry{Serial: revocation.Serial{1, 2, 3}, Reason: revocation.ReasonSuperseded}
	r.CRL.Entries = []fixtures.CRLEntry{entry, entry}
	r.CRL.Extensions = []revocation.Extension{fixtures.IssuingDistributionPoint(revocation.IssuingDistributionPoint{Indirect: true})}
}

// A host that the operator named may have special addresses, and more than are asked.
func TestManySpecialAddressesOfANamedHost(t *testing.T) {
	fake := fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{}))
	fake.DNS.Addresses = []string{"10.0.0.1", "10.0.0.2"}
	run := ask(t, fake, zoo.Memory{Responder: fake}, evidence.Resolve)
	run.Exchanges[0].Addresses[1].Failure = evidence.Refused
	if got := fired(judge(t, run, conformance.RuleNamed("dns-no-special-address"))); len(got) > 0 {
		t.Errorf("fires %v", got)
	}
}

// The last request that a responder took is named where it took no connection behind it, and
// nothing is where it took one again.
func TestTheEndOfAResponderIsTold(t *testing.T) {
	t.Parallel()
	const said = "took no connection any more after the request "
	refusedFrom := func(first, behind int) func(*evidence.Run) {
		return func(run *evidence.Run) {
			n := 0
			each(evidence.Robustness, func(*evidence.Exchange) { n++ })(run)
			odd := 0
			each(evidence.Robustness, func(x *evidence.Exchange) {
				if odd++; odd > first && odd <= n-behind {
					failedAs(evidence.ConnectRefused, 0)(x)
				}
			})(run)
		}
	}
	web, _ := conformance.ProfileNamed("web")
	told := func(after func(*evidence.Run)) []string {
		fake := faked(fixtures.Kind{}, fixtures.Case{Change: nothing})
		run := ask(t, fake, zoo.Memory{Responder: fake}, evidence.AssignedPOST|evidence.Probes)
		after(run)
		return slices.DeleteFunc(conformance.Examine(run, conformance.Options{Profile: web}).Hints, func(h string) bool { return !strings.Contains(h, said) })
	}
	if got := told(refusedFrom(10, 0)); len(got) != 1 || !strings.Contains(got[0], "which may have been the end of it: the ") {
		t.Errorf("refused from the eleventh on: %q", got)
	}
	for name, after := range map[string]func(*evidence.Run){
		"answered":            func(*evidence.Run) {},
		"one refused between": refusedFrom(10, 1),
		"never reached":       each(evidence.OCSP|evidence.Probes, failedAs(evidence.ConnectRefused, 0)),
	} {
		if got := told(after); len(got) > 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
}
