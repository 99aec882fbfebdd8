package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; -update rewrites it. Got:\n%s\nwant:\n%s", name, got, want)
	}
}

const (
	responderURL = "http://ocsp.example"
	crlURL       = "http://crl.example/ca.crl"
	authority    = "4e0a7d"
)

func clock(second int) time.Time {
	return time.Date(2026, 11, 20, 10, 0, second, 0, time.UTC)
}

func notGood() *conformance.Rule {
	return &conformance.Rule{
		ID: "ocsp-unassigned-not-good",
		Cites: []conformance.Citation{
			conformance.BR("4.9.9", conformance.Must).Since("2013-08-01"), conformance.RFC9919("3.2.3", conformance.Practice)},
		Says:    "A responder must not say good of a serial number that was never issued.",
		Needs:   evidence.Unassigned,
		Marked:  conformance.Critical,
		Service: func(conformance.ServiceSubject) conformance.Verdict { return conformance.Verdict{} },
		Bad:     []fixtures.Case{{Name: "good for every unassigned serial"}, {Name: "good by GET alone"}},
		Good:    []fixtures.Case{{Name: "extended-revoked"}},
		Also:    []string{"ocsp-get-post-differ"},
	}
}

func notExpired() *conformance.Rule {
	return &conformance.Rule{
		ID: "ocsp-not-expired",
		Cites: []conformance.Citation{
			conformance.RFC6960("4.2.2.1", conformance.Should), conformance.BR("4.9.9", conformance.Must)},
		Says:  "A response must not be served after its nextUpdate.",
		Needs: evidence.UnassignedPOST,
		Scope: evidence.ScopeEE,
		OCSP:  func(conformance.OCSPSubject) conformance.Verdict { return conformance.Verdict{} },
		Bad:   []fixtures.Case{{Name: "a second ago"}},
		Good:  []fixtures.Case{{Name: "this second"}},
	}
}

func mediaType() *conformance.Rule {
	return &conformance.Rule{
		ID:       "http-crl-content-type",
		Cites:    []conformance.Citation{conformance.RFC2585("4.2", conformance.Should)},
		Says:     "A CRL is served as application/pkix-crl.",
		Needs:    evidence.FetchCRL,
		Exchange: func(conformance.ExchangeSubject) conformance.Verdict { return conformance.Verdict{} },
		Bad:      []fixtures.Case{{Name: "octet-stream | *"}},
	}
}

// exchanges are what a run of a few questions recorded.
func exchanges() []evidence.Exchange {
	ocsp := func(id string, ask evidence.Ask, method, strategy, serial string, second int) evidence.Exchange {
		x := evidence.Exchange{ID: id, At: clock(second), Peer: "192.0.2.1:80", Code: 200, Body: []byte("0\x03\x0a\x01\x06"),
			Timing: evidence.Timing{DNS: 1500 * time.Microsecond, Connect: 20 * time.Millisecond, FirstByte: 40 * time.Millisecond, Total: 62 * time.Millisecond}}
		x.Question = evidence.Question{Ask: ask, URL: responderURL, Method: method, Strategy: strategy, Serial: serial, Issuer: authority}
		return x
	}
	get := ocsp("x3", evidence.UnassignedGET, "GET", "ser-random-20", "5b01", 3)
	get.Target = responderURL + "/MFEw%2B"
	refused := evidence.Exchange{ID: "x9", At: clock(9), Failure: evidence.ConnectRefused, Detail: "connection refused", Peer: "192.0.2.9:80"}
	refused.Question = evidence.Question{Ask: evidence.FetchCRL, URL: crlURL, Method: "GET", Issuer: authority}
	crl := evidence.Exchange{ID: "x10", At: clock(10), Code: 200, Peer: "192.0.2.9:80", Body: []byte("crl")}
	crl.Question = evidence.Question{Ask: evidence.FetchCRL, URL: crlURL, Method: "GET", Issuer: authority}
	resolve := evidence.Exchange{ID: "x1", At: clock(1), Addresses: []evidence.Address{{IP: "192.0.2.1", Connect: 10 * time.Millisecond}}}
	resolve.Question = evidence.Question{Ask: evidence.Resolve, URL: responderURL}
	handshake := evidence.Exchange{ID: "x11", At: clock(11), Failure: evidence.TLSFailure, Detail: "alert 40"}
	handshake.Question = evidence.Question{Ask: evidence.Handshake, URL: "tls://www.example:443"}
	return []evidence.Exchange{
		resolve,
		ocsp("x2", evidence.UnassignedPOST, "POST", "ser-random-20", "5b01", 2),
		get,
		ocsp("x4", evidence.UnassignedPOST, "POST", "ser-random-20", "5b01", 4),
		ocsp("x5", evidence.UnassignedPOST, "POST", "ser-neighbour", "77", 5),
		ocsp("x6", evidence.UnassignedPOST, "POST", "ser-neighbour", "78", 6),
		ocsp("x7", evidence.AssignedPOST, "POST", "", "76", 7),
		ocsp("x8", evidence.ForeignPOST, "POST", "", "76", 8),
		refused, crl, handshake,
	}
}

func answer(ask evidence.Ask, strategy, serial, method, word, exchange string) conformance.Answer {
	return conformance.Answer{Responder: responderURL, Issuer: authority, Ask: ask, Strategy: strategy, Serial: serial,
		Method: method, Answer: word, Exchange: exchange, Signature: revocation.SignatureValid}
}

// checked is the report of a run that found something of each kind.
func checked() *conformance.Report {
	profile, _ := conformance.ProfileNamed("web")
	run := &evidence.Run{Version: "0.1.0", Seed: "00ff", Vantage: "a test", Started: clock(0), Exchanges: exchanges()}
	again := answer(evidence.UnassignedPOST, "ser-random-20", "5b01", "POST", "good", "x4")
	again.Repeat = true
	forged := answer(evidence.ForeignPOST, "foreign-issuer", "76", "POST", "unknown", "x8")
	forged.Signature = revocation.SignatureInvalid
	good := conformance.Finding{Rule: notGood(), Severity: conformance.Critical, Outcome: conformance.Failed, Service: responderURL,
		Source: "x2", Field: "responses[0].certStatus", Offset: 61, Got: "good", Want: "unknown, unauthorized or extended-revoked",
		Citations: notGood().Cites, At: clock(2)}
	expired, wrongType := notExpired(), mediaType()
	later := good
	later.Source, later.At = "x4", clock(4)
	return &conformance.Report{
		Run: run, Profile: profile, Services: servicesOf(run),
		Answers: []conformance.Answer{
			answer(evidence.AssignedPOST, "assigned", "76", "POST", "good", "x7"),
			answer(evidence.UnassignedPOST, "ser-random-20", "5b01", "POST", "good", "x2"),
			answer(evidence.UnassignedGET, "ser-random-20", "5b01", "GET", "unknown", "x3"),
			again,
			answer(evidence.UnassignedPOST, "ser-neighbour", "77", "POST", "unknown", "x5"),
			answer(evidence.UnassignedPOST, "ser-neighbour", "78", "POST", "unknown", "x6"),
			forged,
		},
		Documents: []conformance.Document{
			{Source: "x2", Kind: "ocsp-response", Encoding: "der", Decoded: true, Signature: revocation.SignatureValid},
			{Source: "x10", Kind: "crl", Encoding: "pem", Decoded: true, Signature: revocation.SignatureValid, Status: "good"},
		},
		Findings: []conformance.Finding{
			{Rule: expired, Outcome: conformance.Inconclusive, Service: responderURL, Source: "x5", Offset: -1, Got: "no nextUpdate", At: clock(5), Citations: notExpired().Cites},
			{Rule: expired, Severity: conformance.Error, Outcome: conformance.Failed, Service: responderURL, Source: "x7", Offset: -1,
				Field: "responses[0].nextUpdate", Got: "nextUpdate 2026-11-20T09:00:00Z, 1h0m7s ago", Want: "nextUpdate after 2026-11-20T10:00:07Z",
				Assumed: "scope ee", Citations: notExpired().Cites, At: clock(7)},
			good, later,
			{Rule: wrongType, Severity: conformance.Warning, Outcome: conformance.Failed, Service: crlURL, Source: "x10", Offset: -1,
				Exchanges: []string{"x9", "x10"}, Got: "text/plain", Want: "application/pkix-crl", Citations: mediaType().Cites, At: clock(10)},
		},
		Judged: []*conformance.Judged{
			{Rule: good.Rule, Service: responderURL, Source: "x2", Outcomes: conformance.Counts{Failed: 2}},
			{Rule: expired, Service: responderURL, Source: "x2", Outcomes: conformance.Counts{Passed: 4, Failed: 1, Inconclusive: 1}},
			{Rule: wrongType, Service: crlURL, Source: "x10", Outcomes: conformance.Counts{Failed: 1}},
		},
		Outcomes: conformance.Counts{Passed: 41, Failed: 4, Inconclusive: 1, NotApplicable: 7},
		Hints:    []string{"leaf.pem carries no CA/Browser Forum policy: if its CA is not publicly trusted, --profile rfc judges by the RFCs alone"},
		Bugs:     []string{"bug in rule x over x3: index out of range\ngoroutine 1 [running]:\n\tmain.go:1"},
	}
}

// servicesOf groups exchanges as judging does: by URL and issuer.
func servicesOf(run *evidence.Run) []conformance.Service {
	list := []conformance.Service{
		{URL: crlURL, Issuer: authority, Name: "CN=Example CA"},
		{URL: responderURL},
		{URL: responderURL, Issuer: authority, Name: "CN=Example CA", Responder: true},
		{URL: "tls://www.example:443"},
	}
	for i := range run.Exchanges {
		x := &run.Exchanges[i]
		for j := range list {
			if s := &list[j]; s.URL == x.URL && s.Issuer == x.Issuer {
				s.Exchanges = append(s.Exchanges, x)
			}
		}
	}
	return list
}

// linted is the report of three files.
func linted() *conformance.Report {
	profile, _ := conformance.ProfileNamed("web")
	file := func(name string) evidence.Exchange {
		return evidence.Exchange{ID: name, Question: evidence.Question{Ask: evidence.File}}
	}
	return &conformance.Report{
		Run: &evidence.Run{Version: "0.1.0", Started: clock(0),
			Exchanges: []evidence.Exchange{file("good.crl"), file("old.ocsp"), file("page.html")}},
		Profile: profile,
		Documents: []conformance.Document{
			{Source: "good.crl", Kind: "crl", Encoding: "pem", Decoded: true, Signature: revocation.SignatureValid, Status: "revoked"},
			{Source: "old.ocsp", Kind: "ocsp-response", Encoding: "der", Decoded: true, Signature: revocation.SignatureUnchecked,
				Notes: []string{"explicit-default at octet 30 (tbsResponseData.version): version v1 is the default"}},
			{Source: "page.html", Kind: "unrecognised", Encoding: "html", Signature: revocation.SignatureUnchecked, Problem: "it begins <html>"},
		},
		Findings: []conformance.Finding{
			{Rule: notExpired(), Severity: conformance.Error, Outcome: conformance.Failed, Source: "old.ocsp", Offset: 77,
				Field: "responses[0].nextUpdate", Got: "nextUpdate 2026-11-20T09:00:00Z", Want: "later", Citations: notExpired().Cites, At: clock(0)},
			{Rule: mediaType(), Outcome: conformance.Inconclusive, Source: "page.html", Offset: -1, Got: "no CRL"},
		},
		Outcomes: conformance.Counts{Passed: 9, Failed: 1, Inconclusive: 1},
	}
}

// conforming is checked without anything wrong.
func conforming() *conformance.Report {
	r := checked()
	r.Findings, r.Hints, r.Bugs = nil, nil, nil
	r.Outcomes = conformance.Counts{Passed: 53}
	return r
}
