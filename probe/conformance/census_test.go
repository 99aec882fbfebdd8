package conformance_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// flips are the changes that the census makes to each octet: its last bit, its first, all.
var flips = []byte{0x01, 0x80, 0xff}

// Law 10: the corruption census. Each octet of a conforming document is changed in turn,
// and none goes unnoticed.
func TestCorruptionCensus(t *testing.T) {
	t.Parallel()
	for _, kind := range fixtures.Kinds() {
		for name, asks := range map[string]evidence.Ask{"OCSP response": evidence.UnassignedPOST, "CRL": evidence.FetchCRL} {
			t.Run(fmt.Sprintf("%s of %s", name, kind), func(t *testing.T) {
				t.Parallel()
				fake := fixtures.Conforming(noon, fixtures.NewAuthority(kind))
				run := ask(t, fake, zoo.Memory{Responder: fake}, asks)
				run.Exchanges = run.Exchanges[:1]
				if kind.ByName { // these differ in one signed field
					census(t, run, flips[:1])
					return
				}
				census(t, run, flips)
			})
		}
	}
}

func census(t *testing.T, run *evidence.Run, flips []byte) {
	t.Helper()
	whole := run.Exchanges[0].Body
	if ids := fired(judge(t, run)); len(ids) > 0 {
		t.Fatalf("uncorrupted, it fires %v", ids)
	}
	documentRules := slices.DeleteFunc(slices.Clone(everyRule()), func(r *conformance.Rule) bool {
		return r.Cert != nil || r.Service != nil || r.Issuer != nil || r.History != nil
	})
	unnoticed := 0
	for i := range whole {
		for _, flip := range flips {
			run.Exchanges[0].Body = bytes.Clone(whole)
			run.Exchanges[0].Body[i] ^= flip
			// The rules about the document itself come first, since one that fires suffices: the
			// certificates of the run are the same each time.
			if len(fired(judge(t, run, documentRules...))) == 0 && len(fired(judge(t, run))) == 0 {
				unnoticed++
				t.Errorf("octet %d of %d: %02x instead of %02x goes unnoticed", i, len(whole), whole[i]^flip, whole[i])
			}
		}
	}
	t.Logf("%d octets, %d changes each, %d unnoticed", len(whole), len(flips), unnoticed)
}

// Cut short at any octet, a document is never taken for a whole one, and nothing else is
// said of what is missing.
func TestTruncationCensus(t *testing.T) {
	t.Parallel()
	for rule, asks := range map[string]evidence.Ask{"ocsp-der-strict": evidence.UnassignedPOST, "crl-der-strict": evidence.FetchCRL} {
		fake := fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{Delegated: true}))
		run := ask(t, fake, zoo.Memory{Responder: fake}, asks)
		run.Exchanges = run.Exchanges[:1]
		whole := run.Exchanges[0].Body
		for n := range whole {
			run.Exchanges[0].Body = whole[:n]
			want := rule
			if n == 0 {
				want = "http-body-magic"
			}
			report := judge(t, run)
			if got := fired(report); !slices.Equal(got, []string{want}) || report.Worst() < conformance.Error {
				t.Errorf("cut after %d of %d octets it fires %v, want %s", n, len(whole), got, want)
			}
		}
	}
}
