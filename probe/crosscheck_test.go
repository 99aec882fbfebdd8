package probe_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// crossChecked returns the serials that are asked about because the CRL lists them.
func crossChecked(t *testing.T, o probe.Options, a probe.Asker, targets ...probe.Target) []string {
	t.Helper()
	var r evidence.Run
	o.Asks = evidence.FetchCRL | evidence.ListedPOST
	p, err := probe.NewPlan(&r, targets, o)
	if err != nil {
		t.Fatal(err)
	}
	probe.Run(t.Context(), p, a, &r)
	var serials []string
	for _, x := range only(r.Exchanges, evidence.ListedPOST) {
		serials = append(serials, x.Serial)
	}
	return serials
}

// entriesOf puts n certificates on the CRL.
func entriesOf(n int) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) {
		for i := range n {
			r.CRL.Entries = append(r.CRL.Entries, fixtures.CRLEntry{Serial: revocation.Serial{0x40, byte(i >> 8), byte(i)}, Reason: revocation.ReasonSuperseded})
		}
	}
}

func TestOneListedSerialIsAskedAbout(t *testing.T) {
	r := fake(entriesOf(50))
	got := crossChecked(t, probe.Options{Serials: seed}, inMemory(r), targetOf(r))
	if len(got) != 1 || !slices.ContainsFunc(r.RevokedSerials(), func(s revocation.Serial) bool { return s.String() == got[0] }) {
		t.Errorf("asked about %v", got)
	}
	other := crossChecked(t, probe.Options{Serials: probe.Serials{Seed: []byte("another seed")}}, inMemory(r), targetOf(r))
	again := crossChecked(t, probe.Options{Serials: seed}, inMemory(r), targetOf(r))
	if !slices.Equal(got, again) || slices.Equal(got, other) {
		t.Errorf("asked about %v, again %v, with another seed %v", got, again, other)
	}
}

func TestASampleIsAskedAboutOnce(t *testing.T) {
	r := fake(entriesOf(50))
	target := targetOf(r)
	got := crossChecked(t, probe.Options{Serials: seed, CrossChecks: 8}, inMemory(r), target, target)
	if slices.Sort(got); len(got) != 8 || len(slices.Compact(got)) != 8 {
		t.Errorf("asked about %v, want 8 different ones", got)
	}
	few := fake(entriesOf(3))
	if got := crossChecked(t, probe.Options{Serials: seed, CrossChecks: 8}, inMemory(few), targetOf(few)); len(got) != 3 {
		t.Errorf("asked about %v of a CRL of 3", got)
	}
}

// Each entry has the same chance: over many seeds all come about as often.
func TestSamplesAreFair(t *testing.T) {
	r, times := fake(entriesOf(10)), map[string]int{}
	for i := range 400 {
		for _, s := range crossChecked(t, probe.Options{Serials: probe.Serials{Seed: fmt.Append(nil, "seed ", i)}, CrossChecks: 2}, inMemory(r), targetOf(r)) {
			times[s]++
		}
	}
	for serial, n := range times { // 80 are expected, with a standard deviation of 8
		if n < 48 || n > 112 {
			t.Errorf("%s was drawn %d times of 400", serial, n)
		}
	}
	if len(times) != 10 {
		t.Errorf("%d of 10 were ever drawn", len(times))
	}
}

func TestWhatIsNeverDrawn(t *testing.T) {
	for name, change := range map[string]func(*fixtures.Responder){
		"nothing listed": func(r *fixtures.Responder) { r.CRL.NoEntries = true },
		"taken off again": func(r *fixtures.Responder) {
			r.CRL.Entries = []fixtures.CRLEntry{{Serial: revocation.Serial{1}, Reason: revocation.ReasonRemoveFromCRL}}
		},
		"no serial number": func(r *fixtures.Responder) { r.CRL.Entries = []fixtures.CRLEntry{{Serial: revocation.Serial{0xff}}} },
		"too long": func(r *fixtures.Responder) {
			r.CRL.Entries = []fixtures.CRLEntry{{Serial: slices.Repeat(revocation.Serial{1}, 21)}}
		},
		"of another CA":        func(r *fixtures.Responder) { r.CRL.ByOtherKey = true },
		"not served":           func(r *fixtures.Responder) { r.CRLHTTP.Code = 404 },
		"broken in the middle": func(r *fixtures.Responder) { r.CRL.Tamper = func(der []byte) []byte { return der[:len(der)-40] } },
	} {
		r := fake(change)
		if got := crossChecked(t, probe.Options{Serials: seed, CrossChecks: 5}, inMemory(r), targetOf(r)); len(got) > 0 {
			t.Errorf("%s: asked about %v", name, got)
		}
	}
}
