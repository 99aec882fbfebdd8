package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/report"
)

// objects writes r as JSON lines and reads them back.
func objects(t *testing.T, r *conformance.Report, exit int, layout report.Layout) []map[string]any {
	t.Helper()
	var out bytes.Buffer
	if err := report.JSON(&out, r, exit, layout); err != nil {
		t.Fatal(err)
	}
	return parsed(t, out.String())
}

func parsed(t *testing.T, text string) []map[string]any {
	t.Helper()
	var list []map[string]any
	for line := range strings.Lines(text) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatalf("the line %q is no object: %v", line, err)
		}
		list = append(list, object)
	}
	return list
}

func typesOf(list []map[string]any) string {
	var types []string
	for _, object := range list {
		types = append(types, object["type"].(string))
	}
	return strings.Join(types, " ")
}

func TestJSONGolden(t *testing.T) {
	for _, c := range []struct {
		file   string
		r      *conformance.Report
		layout report.Layout
	}{{"check.jsonl", checked(), report.ByType}, {"lint.jsonl", linted(), report.ByFile}} {
		var out bytes.Buffer
		if err := report.JSON(&out, c.r, 1, c.layout); err != nil {
			t.Fatal(err)
		}
		golden(t, c.file, out.Bytes())
	}
}

func TestJSONOrder(t *testing.T) {
	want := "run" + strings.Repeat(" exchange", 11) + strings.Repeat(" answer", 7) + " document document" + strings.Repeat(" finding", 5) + " tally"
	if got := typesOf(objects(t, checked(), 0, report.ByType)); got != want {
		t.Errorf("by type the order is %s", got)
	}
	if got, want := typesOf(objects(t, linted(), 0, report.ByFile)), "run document document finding document finding tally"; got != want {
		t.Errorf("by file the order is %s", got)
	}
}

func TestJSONByFileLosesNoFinding(t *testing.T) {
	r := linted()
	r.Documents = append(r.Documents, r.Documents[1]) // the same file named twice
	r.Findings[1].Source = "issuer.pem"               // no document
	list := objects(t, r, 0, report.ByFile)
	if got, want := typesOf(list), "run document document document document finding finding tally"; got != want {
		t.Errorf("the order is %s", got)
	}
	if list[5]["source"] != "old.ocsp" || list[6]["source"] != "issuer.pem" {
		t.Errorf("the findings are of %v and %v", list[5]["source"], list[6]["source"])
	}
}

// same compares an object with the fields it must have; a nil means that it must not.
func same(t *testing.T, object map[string]any, want map[string]any) {
	t.Helper()
	for name, value := range want {
		got, present := object[name]
		switch {
		case value == nil && present:
			t.Errorf("%v: %s is %v and should not be there", object["type"], name, got)
		case value != nil && !present:
			t.Errorf("%v: there is no %s", object["type"], name)
		case value != nil && !reflect.DeepEqual(got, value):
			t.Errorf("%v: %s is %#v, not %#v", object["type"], name, got, value)
		}
	}
}

type object = map[string]any

func TestJSONRunAndExchanges(t *testing.T) {
	list := objects(t, checked(), 0, report.ByType)
	same(t, list[0], object{"version": "0.1.0", "profile": "web", "seed": "00ff", "vantage": "a test", "started": "2026-11-20T10:00:00Z"})
	same(t, list[1], object{"id": "x1", "responder": responderURL, "distribution_point": nil, "ask": "resolve", "method": "", "url": responderURL,
		"failure": "", "code": 0.0, "body_sha256": "", "body_length": 0.0,
		"addresses": []any{object{"ip": "192.0.2.1", "connect": 0.01, "failure": ""}}})
	same(t, list[3], object{"id": "x3", "responder": responderURL, "distribution_point": nil, "ask": "unassigned-get", "method": "GET",
		"url": responderURL + "/MFEw%2B", "peer": "192.0.2.1:80", "failure": "", "code": 200.0,
		"timing":      object{"dns": 0.0015, "connect": 0.02, "tls": 0.0, "first_byte": 0.04, "total": 0.062},
		"body_sha256": "bebe2853a3485d1c2e5c5be4249183e0ddaff9f87de71652371700a89d937128", "body_length": 5.0, "at": "2026-11-20T10:00:03Z",
		"first_byte_by_kernel": nil})
	same(t, list[9], object{"id": "x9", "responder": nil, "distribution_point": crlURL, "ask": "fetch-crl", "method": "GET", "url": crlURL,
		"peer": "192.0.2.9:80", "failure": "connect-refused", "code": 0.0, "body_sha256": "", "body_length": 0.0, "detail": "connection refused"})
	same(t, list[11], object{"id": "x11", "responder": nil, "distribution_point": "", "ask": "handshake", "url": "tls://www.example:443"})
}

func TestJSONEmptyBodyOfAnAnswerIsHashed(t *testing.T) {
	r := checked()
	r.Run.Exchanges[1].Body, r.Run.Exchanges[1].Timing.Kernel = nil, true
	same(t, objects(t, r, 0, report.ByType)[2], object{"body_length": 0.0, "first_byte_by_kernel": true,
		"body_sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"})
}

func TestJSONAnswersAndDocuments(t *testing.T) {
	list := objects(t, checked(), 0, report.ByType)
	same(t, list[13], object{"responder": responderURL, "strategy": "ser-random-20", "serial": "5b01", "method": "POST", "answer": "good",
		"exchange": "x2", "repeat": nil})
	same(t, list[15], object{"strategy": "ser-random-20", "exchange": "x4", "repeat": true})
	same(t, list[19], object{"source": "x2", "kind": "ocsp-response", "encoding": "der", "decoded": true, "signature": "valid", "status": "",
		"problem": nil, "notes": nil})
	list = objects(t, linted(), 0, report.ByFile)
	same(t, list[4], object{"source": "page.html", "kind": "unrecognised", "encoding": "html", "decoded": false, "signature": "unchecked",
		"status": "", "problem": "it begins <html>"})
	same(t, list[2], object{"notes": []any{"explicit-default at octet 30 (tbsResponseData.version): version v1 is the default"}})
}

func TestJSONFindings(t *testing.T) {
	list := objects(t, checked(), 0, report.ByType)
	same(t, list[21], object{"source": "x5", "rule": "ocsp-not-expired", "severity": "info", "outcome": "inconclusive", "field": "",
		"got": "no nextUpdate", "want": "", "citations": []any{"RFC 6960 4.2.2.1", "BR 4.9.9"}, "offset": nil, "assumed": nil, "exchanges": nil})
	same(t, list[22], object{"assumed": "scope ee", "severity": "error", "offset": nil})
	same(t, list[23], object{"source": "x2", "rule": "ocsp-unassigned-not-good", "severity": "critical", "outcome": "failed",
		"field": "responses[0].certStatus", "got": "good", "want": "unknown, unauthorized or extended-revoked", "offset": 61.0,
		"service": responderURL, "at": "2026-11-20T10:00:02Z"})
	same(t, list[25], object{"exchanges": []any{"x9", "x10"}, "service": crlURL})
	r := checked()
	r.Findings = r.Findings[:1]
	r.Findings[0].Offset, r.Findings[0].Citations = 0, nil
	same(t, objects(t, r, 0, report.ByType)[21], object{"offset": 0.0, "citations": []any{}})
}

func TestJSONTally(t *testing.T) {
	list := objects(t, checked(), 4, report.ByType)
	same(t, list[len(list)-1], object{"exit": 4.0,
		"outcomes":   object{"passed": 41.0, "failed": 4.0, "inconclusive": 1.0, "not-applicable": 7.0},
		"severities": object{"critical": 2.0, "error": 1.0, "warning": 1.0, "notice": 0.0, "info": 0.0},
		"bugs":       []any{"bug in rule x over x3: index out of range\ngoroutine 1 [running]:\n\tmain.go:1"}})
	r := conforming()
	r.Outcomes = conformance.Counts{}
	list = objects(t, r, 0, report.ByType)
	same(t, list[len(list)-1], object{"exit": 0.0, "outcomes": object{"passed": 0.0, "failed": 0.0, "inconclusive": 0.0, "not-applicable": 0.0},
		"hints": nil, "bugs": nil})
}

func TestJSONHostileStringsComeBackWhole(t *testing.T) {
	hostile := "\x1b[2J\u009b31m\x7f\r\n\u202e\u2028<&>\"\\ é\U0001f600\x00"
	var out bytes.Buffer
	if err := report.JSON(&out, poisoned(checked(), hostile), 0, report.ByType); err != nil {
		t.Fatal(err)
	}
	for _, r := range strings.ReplaceAll(out.String(), "\n", "") {
		if unicode.IsControl(r) {
			t.Fatalf("the lines hold %q", r)
		}
	}
	list := parsed(t, out.String())
	same(t, list[22], object{"got": hostile, "want": hostile, "field": hostile, "assumed": hostile})
	same(t, list[13], object{"answer": hostile})

	out.Reset()
	if err := report.JSON(&out, poisoned(checked(), "a\xffb"), 0, report.ByType); err != nil {
		t.Fatal(err)
	}
	same(t, parsed(t, out.String())[22], object{"got": "a\ufffdb"})
}

func TestJSONKeepsEveryFinding(t *testing.T) {
	r := checked()
	template := r.Findings[1]
	r.Findings = nil
	for i := range 10_000 {
		f := template
		f.Source = fmt.Sprintf("x%d", i)
		r.Findings = append(r.Findings, f)
	}
	list := objects(t, r, 1, report.ByType)
	if got := strings.Count(typesOf(list), "finding"); got != 10_000 {
		t.Errorf("%d findings are left of 10000", got)
	}
}
