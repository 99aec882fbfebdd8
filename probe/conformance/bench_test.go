package conformance_test

import (
	"fmt"
	"testing"

	"golang.org/x/crypto/ocsp"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// BenchmarkJudge judges a conforming response by every rule, its signature included, signed
// with RSA-2048 by the CA and by a delegate: as a file, which is how lint is given it, as
// the one answer of a run, and as one of a hundred answers of a run. x-crypto is what
// x/crypto/ocsp takes to parse and verify the same octets. Compare ns/response.
func BenchmarkJudge(b *testing.B) {
	for _, kind := range []fixtures.Kind{{RSA: true}, {RSA: true, Delegated: true}} {
		fake := fixtures.Conforming(noon, fixtures.NewAuthority(kind))
		answer := fake.Respond(fake.Question(evidence.AssignedPOST))
		file := evidence.Exchange{ID: "response.der", At: noon, Body: answer.Body,
			Question: evidence.Question{Ask: evidence.File, Issuer: answer.Issuer, Subject: answer.Subject}}
		hundred := make([]evidence.Exchange, 100)
		for i := range hundred {
			hundred[i] = answer
			hundred[i].ID = fmt.Sprint(i)
		}
		b.Run(kind.String()+"/file", func(b *testing.B) { benchmarkExamine(b, fake, file) })
		b.Run(kind.String()+"/run", func(b *testing.B) { benchmarkExamine(b, fake, answer) })
		b.Run(kind.String()+"/run-of-100", func(b *testing.B) { benchmarkExamine(b, fake, hundred...) })
		b.Run(kind.String()+"/x-crypto", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ocsp.ParseResponseForCert(answer.Body, nil, fake.IssuerCertificate()); err != nil {
					b.Fatal(err)
				}
			}
			perResponse(b, 1)
		})
	}
}

func benchmarkExamine(b *testing.B, fake *fixtures.Responder, exchanges ...evidence.Exchange) {
	profile, _ := conformance.ProfileNamed("all")
	options := conformance.Options{Profile: profile, Rules: conformance.Rules()}
	run := &evidence.Run{Version: "test", Started: noon, Exchanges: exchanges}
	run.AddCertificate(fake.IssuerCertificate().Raw, "issuer")
	run.AddCertificate(fake.LeafCertificate().Raw, "certificate")
	b.ReportAllocs()
	for b.Loop() {
		report := conformance.Examine(run, options)
		if report.Outcomes[conformance.Failed] > 0 || report.Outcomes[conformance.Passed] < 20 {
			b.Fatalf("outcomes %v%s", report.Outcomes, describe(report))
		}
	}
	perResponse(b, len(exchanges))
}

// perResponse reports the time of one of the responses that each turn judges.
func perResponse(b *testing.B, responses int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*responses), "ns/response")
}
