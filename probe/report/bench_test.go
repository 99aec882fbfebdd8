package report_test

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/report"
)

// BenchmarkSurvey writes reports of two surveys in turn, of which the second is ten times as
// large as the first, and gives how many times as long it took: ten where each exchange
// takes the same time.
func BenchmarkSurvey(b *testing.B) {
	small, large := mute(1000), mute(10000)
	for _, f := range report.Formats() {
		b.Run(f.Name, func(b *testing.B) {
			var took [2]time.Duration
			for b.Loop() {
				for i, r := range []*conformance.Report{small, large} {
					begin := time.Now()
					if err := f.Write(io.Discard, r, report.Options{}); err != nil {
						b.Fatal(err)
					}
					took[i] += time.Since(begin)
				}
			}
			b.ReportMetric(float64(took[1])/float64(took[0]), "times-as-long")
		})
	}
}

// mute is a report of responders that answer none of a hundred questions each.
func mute(questions int) *conformance.Report {
	const each = 100
	r := &conformance.Report{Run: &evidence.Run{Version: "0.1.0", Started: clock(0)}, Profile: checked().Profile}
	for i := range questions {
		r.Run.Exchanges = append(r.Run.Exchanges, evidence.Exchange{
			Question: evidence.Question{Ask: evidence.UnassignedPOST, URL: fmt.Sprintf("http://ocsp%d.example", i/each), Method: "POST",
				Serial: fmt.Sprintf("%040x", i), Issuer: authority, Strategy: "ser-random-20"},
			ID: fmt.Sprintf("1.%d", i), At: clock(1), Failure: evidence.HTTPStatus, Code: 503})
	}
	for i := range r.Run.Exchanges {
		x := &r.Run.Exchanges[i]
		if i%each == 0 {
			r.Services = append(r.Services, conformance.Service{URL: x.URL, Responder: true, Issuer: authority, Name: "CN=Test CA"})
		}
		s := &r.Services[len(r.Services)-1]
		s.Exchanges = append(s.Exchanges, x)
		r.Answers = append(r.Answers, conformance.Answer{Responder: x.URL, Issuer: authority, Ask: x.Ask, Strategy: x.Strategy,
			Serial: x.Serial, Method: x.Method, Answer: "http-status", Exchange: x.ID})
		r.Documents = append(r.Documents, conformance.Document{Source: x.ID})
		if i%10 == 0 {
			r.Findings = append(r.Findings, conformance.Finding{Rule: notGood(), Severity: conformance.Critical, Outcome: conformance.Failed,
				Source: x.ID, Service: x.URL, Offset: -1, Got: "503", Want: "200", At: x.At})
		}
	}
	return r
}
