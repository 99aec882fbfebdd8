package probe_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// lines says of each question what is asked of whom, shortly.
func lines(questions []evidence.Question) []string {
	var list []string
	for _, q := range questions {
		line := q.Ask.String()
		if q.Strategy != "" {
			line += " " + q.Strategy
		}
		list = append(list, line+" "+q.URL)
	}
	return list
}

func TestPlanOfOneTarget(t *testing.T) {
	target := targetOf(fake(nil))
	target.Responders = append(target.Responders, "http://other.example/")
	ocsp := func(url string) []string {
		list := []string{"assigned-post " + url, "assigned-get " + url}
		for _, id := range ordinary {
			list = append(list, "unassigned-post "+id+" "+url)
			if slices.Contains(byGET, id) {
				list = append(list, "unassigned-get "+id+" "+url)
			}
		}
		return append(list, "unissuable-post ser-unissuable "+url, "unissuable-post ser-unissuable "+url, "foreign-post "+url, "sha256-post "+url)
	}
	want := slices.Concat(
		[]string{"walk-dns http://revocation.example/ca.crl", "resolve http://revocation.example/ca.crl", "walk-dns http://other.example/",
			"resolve http://other.example/", "fetch-crl http://revocation.example/ca.crl"},
		ocsp("http://revocation.example/ocsp"), ocsp("http://other.example/"))
	var kept evidence.Run
	p, err := probe.NewPlan(&kept, []probe.Target{target}, probe.Options{Asks: everything, Serials: seed})
	if err != nil {
		t.Fatal(err)
	}
	if got := lines(p.Questions()); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(kept.Issuers) != 1 {
		t.Fatalf("%d issuers, want 1: %+v", len(kept.Issuers), kept.Issuers)
	}
	var skipped []string
	for _, s := range kept.Issuers[0].Skipped {
		skipped = append(skipped, s.Strategy)
		if s.Why == "" {
			t.Errorf("nothing says why %s was skipped", s.Strategy)
		}
	}
	if !slices.Equal(skipped, []string{"ser-sibling", "ser-short"}) {
		t.Errorf("skipped %v", skipped)
	}
}

// ordinary are the strategies of a run that knows a leaf and nothing else, and byGET those
// of them that are asked by GET too.
var (
	ordinary = []string{"ser-random-20", "ser-random-19", "ser-random-16", "ser-random-8", "ser-highbit", "ser-ca-shaped", "ser-neighbour",
		"ser-top-flip", "ser-low-flip"}
	byGET = []string{"ser-random-20", "ser-random-8", "ser-highbit", "ser-ca-shaped", "ser-neighbour", "ser-low-flip"}
)

// Every CA is somebody's production: one responder with a CRL costs at most 40 requests,
// whatever comes back.
func TestPlanOfOneResponderIsSmall(t *testing.T) {
	r := fake(func(r *fixtures.Responder) { r.OCSP.Unassigned, r.CRLHTTP.Code = fixtures.Good, 500 })
	target := targetOf(r)
	target.Siblings = []*x509.Certificate{r.RootCertificate()}
	if n := len(plan(t, everything, target).Questions()); n > 40 || n < 15 {
		t.Errorf("%d questions are planned", n)
	}
	if n := len(run(t, target, inMemory(r))); n > 40 || n < 20 {
		t.Errorf("%d questions are asked when everything has to be confirmed", n)
	}
}

func TestPlanHoldsOnlyTheKindsWanted(t *testing.T) {
	target := targetOf(fake(nil))
	for asks := evidence.Resolve; asks <= evidence.File; asks <<= 1 {
		questions := plan(t, asks, target).Questions()
		for _, q := range questions {
			if q.Ask != asks {
				t.Errorf("%s was wanted, %s is planned", asks, q.Ask)
			}
		}
		if (everything | evidence.RDAP | evidence.Probes).Has(asks) == (len(questions) == 0) {
			t.Errorf("%s: %d questions", asks, len(questions))
		}
	}
}

func TestServicesAreAskedOnceForAllTargets(t *testing.T) {
	first, second := targetOf(fake(nil)), targetOf(fake(withSerial("6a112233445566778899aabbccddeeff")))
	p := plan(t, everything, first, second, first)
	want := []string{"assigned-post http://revocation.example/ocsp", "assigned-get http://revocation.example/ocsp"}
	if got := lines(p.Targets[1].OCSP); !slices.Equal(got, want) || len(p.Targets[1].CRLs)+len(p.Targets[1].Resolves) > 0 {
		t.Errorf("of another certificate of the same CA: %v and more", got)
	}
	if again := p.Targets[2]; len(again.OCSP)+len(again.CRLs)+len(again.Resolves) > 0 {
		t.Errorf("of the same certificate: %+v", again)
	}
	if n := len(plan(t, everything, first).Questions()) + len(want); n != len(p.Questions()) {
		t.Errorf("%d questions, want %d", len(p.Questions()), n)
	}
}

// A responder is a URL and an issuer: one URL serves many CAs, and each is another database.
func TestAResponderIsAskedAboutEachIssuer(t *testing.T) {
	here := targetOf(fake(nil))
	elsewhere := fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{RSA: true}))
	p := plan(t, everything, here, targetOf(elsewhere))
	if a, b := lines(p.Targets[0].OCSP), lines(p.Targets[1].OCSP); !slices.Equal(a, b) {
		t.Errorf("of the second issuer\n%v\nof the first\n%v", b, a)
	}
	if len(p.Targets[1].CRLs) != 1 || len(p.Targets[1].Resolves) != 0 {
		t.Errorf("%d CRLs and %d hosts of the second issuer", len(p.Targets[1].CRLs), len(p.Targets[1].Resolves))
	}
}

// What is next to one certificate may be another that was named too.
func TestPlanKnowsTheSerialsOfAllTargets(t *testing.T) {
	first := targetOf(fake(withSerial("6a112233445566778899aabbccddee00")))
	second := targetOf(fake(withSerial("6a112233445566778899aabbccddee01")))
	for _, q := range plan(t, everything, first, second).Questions() {
		if q.Ask.Has(evidence.Unassigned) && q.Serial == "6a112233445566778899aabbccddee01" {
			t.Errorf("%s asks about the second target's certificate", q.Strategy)
		}
	}
	if !slices.ContainsFunc(plan(t, everything, first).Questions(), func(q evidence.Question) bool { return q.Serial == "6a112233445566778899aabbccddee01" }) {
		t.Error("alone, the first target's neighbour is not asked about either")
	}
}

func TestPlannedRequestsAskWhatTheySay(t *testing.T) {
	r := fake(nil)
	target := targetOf(r)
	var kept evidence.Run
	p, err := probe.NewPlan(&kept, []probe.Target{target}, probe.Options{Asks: everything, Serials: seed})
	if err != nil {
		t.Fatal(err)
	}
	issuer, leaf := evidence.Fingerprint(target.Issuer.Raw), evidence.Fingerprint(target.Certificate.Raw)
	if kept.Certificate(issuer) == nil || kept.Certificate(leaf) == nil {
		t.Error("the run does not keep the certificates")
	}
	bySerial := map[string]string{}
	for _, q := range p.Targets[0].OCSP {
		id := q.CertID()
		if id == nil || id.Serial.String() != q.Serial || q.Issuer != issuer {
			t.Fatalf("%s %s: %+v", q.Ask, q.Strategy, q)
		}
		if err := requestError(q.Request); err != nil {
			t.Errorf("%s: %v", q.Ask, err)
		}
		assigned := q.Serial == r.LeafSerial().String()
		switch {
		case q.Ask.Has(evidence.ForeignPOST):
			if !assigned || q.Subject != "" || id.NamesIssuer(target.Issuer) || bytes.Equal(id.IssuerKeyHash, id.IssuerNameHash) {
				t.Errorf("foreign: %+v", q)
			}
			own := r.CertID(crypto.SHA1, id.Serial)
			if bytes.Equal(own.IssuerKeyHash, id.IssuerKeyHash) || bytes.Equal(own.IssuerNameHash, id.IssuerNameHash) {
				t.Error("foreign: one of the hashes is the issuer's own")
			}
		case q.Ask.Has(evidence.SHA256POST):
			if !assigned || q.Subject != leaf || id.Hash() != crypto.SHA256 || !id.NamesIssuer(target.Issuer) {
				t.Errorf("by SHA-256: %+v", q)
			}
		case !id.NamesIssuer(target.Issuer) || assigned != q.Ask.Has(evidence.Assigned) || q.Subject != leaf:
			t.Errorf("%s %s: %+v", q.Ask, q.Strategy, q)
		case q.Ask.Has(evidence.UnassignedPOST):
			bySerial[q.Serial] = q.Strategy
		case q.Ask.Has(evidence.UnassignedGET) && bySerial[q.Serial] != q.Strategy:
			t.Errorf("GET and POST of %s ask about different serials", q.Strategy)
		}
	}
	if len(bySerial) != len(ordinary) {
		t.Errorf("%d unassigned serials, want %d", len(bySerial), len(ordinary))
	}
}

func requestError(der []byte) error {
	if broken := revocation.ReadOCSPRequest(der).Broken; broken != nil {
		return broken
	}
	return nil
}

// RFC 6960 A.1: GET {url}/{url-encoding of base-64 encoding of the DER encoding}.
func TestGETURL(t *testing.T) {
	for _, test := range []struct{ responder, request, want string }{
		{"http://ca.example", "\xfb\xff\xfe", "http://ca.example/%2B%2F%2F%2B"},
		{"http://ca.example/", "\xfb\xff\xfe", "http://ca.example/%2B%2F%2F%2B"},
		{"http://ca.example/ocsp", "\xff", "http://ca.example/ocsp/%2Fw%3D%3D"},
		{"http://ca.example/ocsp/", "\xff\xff", "http://ca.example/ocsp/%2F%2F8%3D"},
		{"https://ca.example:8443/a/b/", "0\x00", "https://ca.example:8443/a/b/MAA%3D"},
	} {
		if got := probe.GETURL(test.responder, []byte(test.request)); got != test.want {
			t.Errorf("%s with %q: %s, want %s", test.responder, test.request, got, test.want)
		}
	}
}

func TestPlannedGETsCarryTheirRequest(t *testing.T) {
	for _, slash := range []string{"", "/"} {
		target := targetOf(fake(nil))
		target.Responders[0] += slash
		seen := 0
		for _, q := range plan(t, everything, target).Questions() {
			if !q.Ask.Has(evidence.AssignedGET | evidence.UnassignedGET) {
				if q.Target != "" {
					t.Errorf("%s has a target of its own: %s", q.Ask, q.Target)
				}
				continue
			}
			seen++
			encoded, below := strings.CutPrefix(q.RequestURL(), "http://revocation.example/ocsp/")
			text, err := url.PathUnescape(encoded)
			request, err64 := base64.StdEncoding.DecodeString(text)
			if !below || err != nil || err64 != nil || !bytes.Equal(request, q.Request) || strings.ContainsAny(encoded, "/+=") || q.Method != "GET" {
				t.Errorf("%s %s: %s", q.Method, q.Strategy, q.RequestURL())
			}
		}
		if want := 1 + len(byGET); seen != want {
			t.Errorf("%d questions by GET, want %d", seen, want)
		}
	}
}

func TestAResponderNeedsAnIssuer(t *testing.T) {
	_, err := probe.NewPlan(&evidence.Run{}, []probe.Target{{Responders: []string{"http://ca.example/ocsp"}}}, probe.Options{Asks: everything, Serials: seed})
	if err == nil || !strings.Contains(err.Error(), "http://ca.example/ocsp") || !strings.Contains(err.Error(), "issuer") {
		t.Errorf("error %v", err)
	}
	alone := probe.Target{DistributionPoints: []string{"http://ca.example/ca.crl"}}
	if got := lines(plan(t, everything, alone).Questions()); len(got) != 3 {
		t.Errorf("a CRL alone: %v", got)
	}
}

// The serials of different CAs' responders must not tell that one tool asked both.
func TestIssuersAreAskedAboutDifferentSerials(t *testing.T) {
	serials := func(kind fixtures.Kind) []string {
		var list []string
		for _, q := range plan(t, evidence.UnassignedPOST, targetOf(fixtures.Conforming(noon, fixtures.NewAuthority(kind)))).Questions() {
			if q.Strategy != "ser-neighbour" { // both fakes have a leaf of the same serial
				list = append(list, q.Serial)
			}
		}
		return list
	}
	here, there := serials(fixtures.Kind{}), serials(fixtures.Kind{RSA: true})
	for _, s := range here {
		if slices.Contains(there, s) {
			t.Errorf("%s is asked of both", s)
		}
	}
}

// What caIssuers names is fetched once, however many certificates name it, and not again
// where that was needed to find the issuer.
func TestCaIssuersAreFetchedOnce(t *testing.T) {
	r := fake(nil)
	first := targetOf(r)
	first.IssuerLocations = []string{r.IssuersURL()}
	second := first
	if fetched := kinds(plan(t, evidence.FetchIssuer, first, second), evidence.FetchIssuer); fetched != 1 {
		t.Errorf("fetched %d times", fetched)
	}
	run := &evidence.Run{Exchanges: []evidence.Exchange{{Question: evidence.Question{Ask: evidence.FetchIssuer, URL: r.IssuersURL()}}}}
	again, err := probe.NewPlan(run, []probe.Target{first}, probe.Options{Asks: evidence.FetchIssuer, Serials: seed})
	if err != nil {
		t.Fatal(err)
	}
	if fetched := kinds(again, evidence.FetchIssuer); fetched != 0 {
		t.Errorf("fetched %d times more", fetched)
	}
	if fetched := kinds(plan(t, evidence.FetchCRL, first), evidence.FetchIssuer); fetched != 0 {
		t.Errorf("fetched %d times though no rule asks", fetched)
	}
}

func kinds(p *probe.Plan, asks evidence.Ask) int {
	n := 0
	for _, q := range p.Questions() {
		if q.Ask.Has(asks) {
			n++
		}
	}
	return n
}

// Without a certificate, the question with a SHA-256 CertID is about a serial that is asked
// about with SHA-1 as well.
func TestSHA256IsAskedAboutASerialOfThePlan(t *testing.T) {
	target := targetOf(fake(nil))
	target.Certificate = nil
	asked := map[evidence.Ask][]string{}
	for _, q := range plan(t, everything, target).Questions() {
		asked[q.Ask] = append(asked[q.Ask], q.Serial)
	}
	if by := asked[evidence.SHA256POST]; len(by) != 1 || !slices.Contains(asked[evidence.UnassignedPOST], by[0]) {
		t.Errorf("asked about %v by SHA-256, about %v by SHA-1", by, asked[evidence.UnassignedPOST])
	}
}
