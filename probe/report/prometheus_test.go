package report_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/report"
	"github.com/revprobe/revprobe/revocation"
)

// samples reads what Prometheus writes with the client library's parser: name{labels in
// order} to value.
func samples(t *testing.T, r *conformance.Report, exit int) map[string]float64 {
	t.Helper()
	var b bytes.Buffer
	if err := report.Prometheus(&b, r, exit); err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(&b)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for name, family := range families {
		if family.GetType() != dto.MetricType_GAUGE || family.GetHelp() == "" {
			t.Errorf("%s: type %s, help %q", name, family.GetType(), family.GetHelp())
		}
		for _, m := range family.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			found[name+"{"+strings.Join(labels, ",")+"}"] = m.GetGauge().GetValue()
		}
	}
	return found
}

// matching returns the samples of a metric that have all of these labels.
func matching(found map[string]float64, name string, labels ...string) map[string]float64 {
	some := map[string]float64{}
next:
	for key, value := range found {
		if !strings.HasPrefix(key, name+"{") {
			continue
		}
		for _, label := range labels {
			if !strings.Contains(strings.NewReplacer("{", ",", "}", ",").Replace(key), ","+label+",") {
				continue next
			}
		}
		some[key] = value
	}
	return some
}

func only(t *testing.T, found map[string]float64, name string, labels ...string) float64 {
	t.Helper()
	some := matching(found, name, labels...)
	if len(some) != 1 {
		t.Errorf("%s %v: %d samples %v", name, labels, len(some), some)
	}
	for _, v := range some {
		return v
	}
	return -1
}

func TestPrometheus(t *testing.T) {
	t.Parallel()
	text := inFormat(t, "prometheus", checked())
	golden(t, "check.prom", text)
	if problems, err := promlint.New(bytes.NewReader(text)).Lint(); err != nil || len(problems) > 0 {
		t.Errorf("the client library's linter: %v %v", problems, err)
	}
	found := samples(t, checked(), 1)
	at := func(second int) float64 { return float64(clock(second).Unix()) }
	for _, c := range []struct {
		want   float64
		name   string
		labels []string
	}{
		{1, "revprobe_run_outcome", []string{"outcome=findings"}},
		{0, "revprobe_run_outcome", []string{"outcome=clean"}},
		{at(0), "revprobe_run_started_timestamp_seconds", nil},
		{at(10), "revprobe_run_last_answer_timestamp_seconds", nil},
		{1, "revprobe_service_up", []string{"kind=responder", "service=" + responderURL}},
		{at(8), "revprobe_service_last_answer_timestamp_seconds", []string{"service=" + responderURL}},
		{0.062, "revprobe_service_slowest_answer_seconds", []string{"service=" + responderURL, "phase=total"}},
		{1, "revprobe_ocsp_answer", []string{"serial=ser-random-20", "method=GET", "answer=unknown"}},
		{0, "revprobe_ocsp_answer", []string{"serial=ser-random-20", "method=GET", "answer=good"}},
		{2, "revprobe_findings", []string{"service=" + responderURL, "severity=critical"}},
		{0, "revprobe_findings", []string{"service=" + crlURL, "severity=critical"}},
		{4, "revprobe_rule_verdicts", []string{"service=" + responderURL, "rule=ocsp-not-expired", "outcome=passed"}},
	} {
		if got := only(t, found, c.name, c.labels...); got != c.want {
			t.Errorf("%s %v: %v, want %v", c.name, c.labels, got, c.want)
		}
	}
}

// A moment is the same number whenever the file is read, and what was not seen has none.
func TestPrometheusLeavesOutWhatWasNotSeen(t *testing.T) {
	t.Parallel()
	r := checked()
	r.Documents[1].NextUpdate = clock(20).Add(time.Hour)
	if got := only(t, samples(t, r, 0), "revprobe_soonest_next_update_timestamp_seconds", "document=crl"); got != float64(clock(20).Add(time.Hour).Unix()) {
		t.Errorf("nextUpdate %v", got)
	}
	for i := range r.Run.Exchanges {
		r.Run.Exchanges[i].Failure, r.Run.Exchanges[i].Code = evidence.NoRoute, 0
	}
	r.Answers, r.Documents = nil, nil
	found := samples(t, r, 3)
	for _, name := range []string{"revprobe_service_up", "revprobe_service_last_answer_timestamp_seconds", "revprobe_ocsp_answer",
		"revprobe_soonest_next_update_timestamp_seconds", "revprobe_run_last_answer_timestamp_seconds"} {
		if some := matching(found, name); len(some) > 0 {
			t.Errorf("%v", some)
		}
	}
	if only(t, found, "revprobe_run_outcome", "outcome=inconclusive") != 1 {
		t.Error("the run is not inconclusive")
	}
}

func TestPrometheusSaysDownWhereTheFarEndFailed(t *testing.T) {
	t.Parallel()
	r := checked()
	for i := range r.Run.Exchanges {
		r.Run.Exchanges[i].Failure, r.Run.Exchanges[i].Code = evidence.Reset, 0
	}
	if got := only(t, samples(t, r, 1), "revprobe_service_up", "kind=responder"); got != 0 {
		t.Errorf("up %v", got)
	}
}

func TestPrometheusOfHostileText(t *testing.T) {
	t.Parallel()
	r := checked()
	r.Services[2].Name = "CN=\"x\"\n\\, O=\xff"
	samples(t, r, 1)
}

func TestPrometheusCountsSuppressedFailuresApart(t *testing.T) {
	t.Parallel()
	r := checked()
	r.Findings[2].SuppressedFor, r.Findings[2].SuppressedUntil = "being mended", clock(59)
	found := samples(t, r, 1)
	if got := only(t, found, "revprobe_findings", "service="+responderURL, "severity=critical"); got != 1 {
		t.Errorf("%v critical findings, want 1", got)
	}
	if got := only(t, found, "revprobe_rule_verdicts", "rule=ocsp-unassigned-not-good", "outcome=suppressed"); got != 1 {
		t.Errorf("%v suppressed, want 1", got)
	}
	if got := only(t, found, "revprobe_rule_verdicts", "rule=ocsp-unassigned-not-good", "outcome=failed"); got != 1 {
		t.Errorf("%v failed, want 1", got)
	}
}

// What was answered about lists is counted by status, those that nobody got among them.
func TestPrometheusOfLists(t *testing.T) {
	t.Parallel()
	r := checked()
	r.List = &conformance.ListReport{
		List: &evidence.List{Files: []string{"issued.pem"}, Certificates: 9, LeftOut: []evidence.LeftOut{
			{Why: evidence.LeftNoIssuer, Of: "CN=A", Count: 2}, {Why: evidence.LeftNoIssuer, Of: "CN=B", Count: 1}}},
		Services: []*conformance.ListService{{Responder: responderURL, Issuer: authority, Name: "CN=Example CA", Certificates: 6, Answers: []conformance.ListAnswer{
			{Answer: "good", Signature: revocation.SignatureValid, Count: 3}, {Answer: "good", Signature: revocation.SignatureInvalid, Count: 1},
			{Answer: "http-timeout", Count: 2}}}},
	}
	found := samples(t, r, 0)
	for word, want := range map[string]float64{"good": 4, "http-timeout": 2, "unknown": 0} {
		got := matching(found, "revprobe_list_certificates", "service="+responderURL, "issuer_sha256="+authority, "answer="+word)
		for _, value := range got {
			if value != want {
				t.Errorf("%s: %v, want %v", word, got, want)
			}
		}
		if len(got) != 1 {
			t.Errorf("%s: %v", word, got)
		}
	}
	for reason, want := range map[string]float64{"no-issuer": 3, "expired": 0} {
		if got := found["revprobe_list_left_out{reason="+reason+"}"]; got != want {
			t.Errorf("%s: %v, want %v", reason, got, want)
		}
	}
	if one := matching(samples(t, checked(), 0), "revprobe_list_certificates"); len(one) > 0 {
		t.Errorf("without a list there are %v", one)
	}
}

// A finding about a list stands for all that are alike.
func TestPrometheusCountsAllThatASuppressedFindingStandsFor(t *testing.T) {
	t.Parallel()
	r := checked()
	r.Findings[2].Times, r.Findings[2].SuppressedFor, r.Findings[2].SuppressedUntil = 5, "being mended", clock(59)
	at := slices.IndexFunc(r.Judged, func(j *conformance.Judged) bool { return j.Rule.ID == r.Findings[2].Rule.ID })
	r.Judged[at].Outcomes.Failed += 4
	found := samples(t, r, 1)
	for outcome, want := range map[string]float64{"suppressed": 5, "failed": 1} {
		if got := only(t, found, "revprobe_rule_verdicts", "rule=ocsp-unassigned-not-good", "outcome="+outcome); got != want {
			t.Errorf("%v %s, want %v", got, outcome, want)
		}
	}
}
