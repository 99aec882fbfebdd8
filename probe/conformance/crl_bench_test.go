package conformance_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// largeRun is a run with one CRL of that many entries, given as a file.
func largeRun(t testing.TB, l fixtures.LargeCRL) *evidence.Run {
	t.Helper()
	fake := fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{}))
	var crl bytes.Buffer
	if err := fake.WriteLargeCRL(&crl, l); err != nil {
		t.Fatal(err)
	}
	run := &evidence.Run{Version: "test", Started: noon, Scope: evidence.ScopeEE}
	run.AddCertificate(fake.IssuerCertificate().Raw, "issuer")
	run.Exchanges = []evidence.Exchange{{ID: "large.crl", At: noon, Question: evidence.Question{Ask: evidence.File},
		Blob: &evidence.Blob{Octets: bytes.NewReader(crl.Bytes()), Length: int64(crl.Len())}}}
	return run
}

// BenchmarkLargeCRL judges a CRL of 300,000 entries by every rule, its signature and exact
// duplicates included, beside what crypto/x509 takes to parse it and SHA-256 to hash it.
// scripts/bench-crl does the same with whole processes, and measures memory.
func BenchmarkLargeCRL(b *testing.B) {
	const entries = 300_000
	run := largeRun(b, fixtures.LargeCRL{Entries: entries})
	der := make([]byte, run.Exchanges[0].Blob.Length)
	if _, err := run.Exchanges[0].Blob.Octets.ReadAt(der, 0); err != nil {
		b.Fatal(err)
	}
	each := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*entries), "ns/entry")
	}
	options := conformance.Options{Profile: mustProfile("all"), Rules: conformance.Rules()}
	b.Run("Examine", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if r := conformance.Examine(run, options); len(fired(r)) > 0 || !r.Documents[0].Decoded {
				b.Fatal(fired(r), r.Documents[0])
			}
		}
		each(b)
	})
	b.Run("ParseRevocationList", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := x509.ParseRevocationList(der); err != nil {
				b.Fatal(err)
			}
		}
		each(b)
	})
	b.Run("SHA256", func(b *testing.B) {
		for b.Loop() {
			_ = sha256.Sum256(der)
		}
		each(b)
	})
}

func mustProfile(name string) conformance.Profile {
	p, ok := conformance.ProfileNamed(name)
	if !ok {
		panic("no profile " + name)
	}
	return p
}
