package conformance_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// BenchmarkJudge judges conforming responses by every rule, their signatures included: a
// hundred different ones of one run, and one file, which is how lint is given it. In turn
// with it x/crypto/ocsp parses and verifies the same octets: x-crypto is how many times as
// long as that ours takes, and x-direct, of delegated ones, how many times as long as our
// own of direct ones. Both are medians, so that other work on the machine weighs little.
func BenchmarkJudge(b *testing.B) {
	for _, kind := range []fixtures.Kind{{RSA: true}, {RSA: true, Delegated: true}, {}, {Delegated: true}} {
		direct := kind
		direct.Delegated = false
		b.Run(kind.String()+"/run-of-100", func(b *testing.B) {
			var other *workload
			if kind.Delegated {
				other = newWorkload(direct, 100)
			}
			newWorkload(kind, 100).benchmark(b, other)
		})
		b.Run(kind.String()+"/file", func(b *testing.B) {
			w := newWorkload(kind, 1)
			x := &w.run.Exchanges[0]
			x.ID, x.Question = "response.der", evidence.Question{Ask: evidence.File, Issuer: x.Issuer}
			w.benchmark(b, nil)
		})
	}
}

// BenchmarkJudgeAmongMany judges a hundred responses of a run of 400 further certificates, and
// in turn the same ones without those; x-alone is how many times as long it takes.
func BenchmarkJudgeAmongMany(b *testing.B) {
	for _, kind := range []fixtures.Kind{{RSA: true}, {RSA: true, Delegated: true}} {
		b.Run(kind.String(), func(b *testing.B) {
			many, alone := newWorkload(kind, 100), newWorkload(kind, 100)
			for _, der := range strangers(b, 400) {
				many.run.AddCertificate(der, "stranger")
			}
			var beside []float64
			b.ReportAllocs()
			for b.Loop() {
				beside = append(beside, float64(many.judge(b))/float64(alone.judge(b)))
			}
			b.ReportMetric(median(beside), "x-alone")
		})
	}
}

// strangers are certificates of CAs that sign nothing.
func strangers(b *testing.B, count int) [][]byte {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	var list [][]byte
	for i := range count {
		t := &x509.Certificate{SerialNumber: big.NewInt(int64(i) + 1), Subject: pkix.Name{CommonName: fmt.Sprint("Stranger ", i)},
			NotBefore: noon.Add(-time.Hour), NotAfter: noon.Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
		der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
		if err != nil {
			b.Fatal(err)
		}
		list = append(list, der)
	}
	return list
}

// workload is a run of answers, and who issued the certificates they speak of.
type workload struct {
	fake    *fixtures.Responder
	run     *evidence.Run
	options conformance.Options
}

func newWorkload(kind fixtures.Kind, answers int) *workload {
	fake := fixtures.Conforming(noon, fixtures.NewAuthority(kind))
	fake.OCSP.Unassigned = fixtures.Good // so that each question may have a serial of its own
	w := &workload{fake: fake, run: &evidence.Run{Version: "test", Started: noon}}
	w.options.Profile, _ = conformance.ProfileNamed("all")
	w.options.Rules = conformance.Rules()
	w.run.AddCertificate(fake.IssuerCertificate().Raw, "issuer")
	leaf := w.run.AddCertificate(fake.LeafCertificate().Raw, "certificate")
	for i := range answers {
		question := fake.OCSPQuestion(evidence.AssignedPOST, fake.CertID(crypto.SHA1, fixtures.UnassignedSerial(i)))
		question.Subject = leaf
		answer := fake.Respond(question)
		answer.ID = fmt.Sprint(i)
		w.run.Exchanges = append(w.run.Exchanges, answer)
	}
	return w
}

// judge judges every answer, and returns how long that took.
func (w *workload) judge(b *testing.B) time.Duration {
	began := time.Now()
	report := conformance.Examine(w.run, w.options)
	took := time.Since(began)
	if report.Outcomes.Failed > 0 || report.Outcomes.Passed < 20 ||
		slices.ContainsFunc(report.Documents, func(d conformance.Document) bool { return d.Signature != revocation.SignatureValid }) {
		b.Fatalf("outcomes %v%s", report.Outcomes, describe(report))
	}
	return took
}

// parse has x/crypto/ocsp parse and verify every answer, and returns how long that took.
func (w *workload) parse(b *testing.B) time.Duration {
	issuer := w.fake.IssuerCertificate()
	began := time.Now()
	for i := range w.run.Exchanges {
		if _, err := ocsp.ParseResponseForCert(w.run.Exchanges[i].Body, nil, issuer); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(began)
}

func (w *workload) benchmark(b *testing.B, direct *workload) {
	var ours, crypto, beside []float64
	b.ReportAllocs()
	for b.Loop() {
		took := w.judge(b)
		b.StopTimer()
		ours = append(ours, float64(took.Nanoseconds())/float64(len(w.run.Exchanges)))
		crypto = append(crypto, float64(took)/float64(w.parse(b)))
		if direct != nil {
			beside = append(beside, float64(took)/float64(direct.judge(b)))
		}
		b.StartTimer()
	}
	b.ReportMetric(median(ours), "ns/response")
	b.ReportMetric(median(crypto), "x-crypto")
	if direct != nil {
		b.ReportMetric(median(beside), "x-direct")
	}
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}
