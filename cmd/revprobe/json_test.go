package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
)

// contract is what programs may rely on: the fields of each type of line that are always
// there.
var contract = map[string][]string{
	"run":      {"version", "profile", "seed", "vantage", "started"},
	"exchange": {"id", "ask", "method", "url", "peer", "failure", "code", "timing", "body_sha256", "body_length"},
	"answer":   {"responder", "strategy", "serial", "method", "answer"},
	"document": {"source", "kind", "encoding", "decoded", "signature", "status"},
	"status":   {"certificate", "name", "serial", "ocsp", "crl", "covered", "exchanges"},
	"finding":  {"source", "rule", "severity", "outcome", "field", "got", "want", "citations"},
	"bound":    {"issuer", "name", "serials", "population", "bits", "basis", "chance", "known", "entropy"},
	"tally":    {"outcomes", "severities", "exit"},
}

// wantContract fails the test for lines that lack a field, and for types that nobody knows.
func wantContract(t *testing.T, list []object) {
	t.Helper()
	for _, o := range list {
		name, _ := o["type"].(string)
		fields, known := contract[name]
		if !known {
			t.Errorf("a line of type %q", name)
		}
		for _, field := range fields {
			if _, there := o[field]; !there {
				t.Errorf("%s has no %s: %v", name, field, o)
			}
		}
	}
}

// order returns the types of the lines, each once for as long as it lasts.
func order(list []object) []string { return slices.Compact(texts(list, "type")) }

func TestJSONOfCheck(t *testing.T) {
	t.Parallel()
	s := serve(t, func(r *fixtures.Responder) { saysGood(r); servesPEM(r) }, nil)
	o := s.check(t, "--format", "json", "--vantage", "a test", "--profile", "tls-br")
	o.want(t, exitFindings)
	list := o.objects(t)
	wantContract(t, list)
	if got := order(list); !slices.Equal(got, []string{"run", "exchange", "answer", "bound", "document", "status", "finding", "tally"}) {
		t.Errorf("the lines are %v", got)
	}
	if run := list[0]; run["version"] != version || run["profile"] != "tls-br" || run["vantage"] != "a test" || run["seed"] != sixteenOctets {
		t.Errorf("%v", run)
	}
	for _, x := range typed(list, "exchange") {
		wantExchange(t, x, s)
	}
	posts := slices.DeleteFunc(typed(list, "answer"), func(a object) bool { return a["strategy"] != "ser-random-16" || a["method"] != "POST" })
	if len(posts) == 0 || posts[0]["answer"] != "good" || posts[0]["responder"] != s.fake.OCSPURL() || len(posts[0]["serial"].(string)) != 32 {
		t.Errorf("answers to ser-random-16: %v", posts)
	}
	crl := slices.DeleteFunc(typed(list, "document"), func(d object) bool { return d["kind"] != "crl" })
	if len(crl) != 1 || crl[0]["encoding"] != "pem" || crl[0]["decoded"] != true || crl[0]["signature"] != "valid" || crl[0]["status"] != "good" {
		t.Errorf("the CRL: %v", crl)
	}
	wantFindings(t, list)
}

func wantExchange(t *testing.T, x object, s *service) {
	t.Helper()
	timing, _ := x["timing"].(map[string]any)
	if got := slices.Sorted(maps.Keys(timing)); !slices.Equal(got, []string{"connect", "dns", "first_byte", "tls", "total"}) {
		t.Errorf("timing has %v", got)
	}
	total, _ := timing["total"].(float64)
	if total <= 0 || total > 10 {
		t.Errorf("%v took %v seconds", x["id"], total)
	}
	_, responder := x["responder"]
	_, point := x["distribution_point"]
	if responder == point {
		t.Errorf("%v is about a responder: %v, about a distribution point: %v", x["id"], responder, point)
	}
	if x["ask"] == "resolve" {
		return
	}
	hash, _ := x["body_sha256"].(string)
	if length, _ := x["body_length"].(float64); x["code"] != 200.0 || x["failure"] != "" || length < 5 || len(hash) != 64 {
		t.Errorf("%v", x)
	}
	if peer, _ := x["peer"].(string); !strings.HasPrefix(s.fake.OCSPURL(), "http://"+peer+"/") {
		t.Errorf("%v was answered by %q", x["id"], peer)
	}
}

func wantFindings(t *testing.T, list []object) {
	t.Helper()
	failed := slices.DeleteFunc(typed(list, "finding"), func(f object) bool { return f["outcome"] != "failed" })
	if got := slices.Sorted(slices.Values(texts(failed, "rule"))); !slices.Equal(got, []string{"crl-not-pem", "ocsp-unassigned-not-good"}) {
		t.Errorf("failed: %v", got)
	}
	for _, f := range failed {
		citations, _ := f["citations"].([]any)
		if len(citations) == 0 || f["got"] == "" || f["want"] == "" || f["severity"] == "" {
			t.Errorf("%v", f)
		}
	}
	tally := list[len(list)-1]
	outcomes, _ := tally["outcomes"].(map[string]any)
	severities, _ := tally["severities"].(map[string]any)
	if tally["exit"] != 1.0 || outcomes["failed"] != 2.0 || severities["critical"] != 1.0 || severities["error"] != 1.0 {
		t.Errorf("%v", tally)
	}
}

func TestJSONOfLint(t *testing.T) {
	t.Parallel()
	r := conforming(exampleTime, neverRenewed)
	crl := write(t, "ca.crl", r.CRLBody())
	leaf := write(t, "leaf.der", r.LeafCertificate().Raw)
	empty := write(t, "empty", nil)
	ca := write(t, "ca.pem", armoured(r.IssuerCertificate()))
	o := revprobe(t, "lint", "--format", "json", "--issuer", ca, "--at", exampleTime.Format("2006-01-02T15:04:05Z"), leaf, crl, empty)
	list := o.objects(t)
	wantContract(t, list)
	if got := texts(list, "type"); !slices.Equal(got, []string{"run", "document", "document", "finding", "document", "tally"}) {
		t.Errorf("the lines are %v", got)
	}
	if got := texts(typed(list, "document"), "source"); !slices.Equal(got, []string{leaf, crl, empty}) {
		t.Errorf("documents of %v", got)
	}
	if got := texts(typed(list, "document"), "kind"); !slices.Equal(got, []string{"certificate", "crl", "unrecognised"}) {
		t.Errorf("documents are %v", got)
	}
	if f := typed(list, "finding"); len(f) != 1 || f[0]["rule"] != "crl-nextupdate-present" || f[0]["source"] != crl {
		t.Errorf("findings %v", f)
	}
	if o.code != exitUsage || list[len(list)-1]["exit"] != 2.0 {
		t.Errorf("exit %d, the tally says %v", o.code, list[len(list)-1]["exit"])
	}
}
