package conformance_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
)

// A conforming CRL of many entries is silent, however its serial numbers come.
func TestLargeCRLConforms(t *testing.T) {
	t.Parallel()
	for _, l := range []fixtures.LargeCRL{{Entries: 5000}, {Entries: 5000, Ascending: true}, {Entries: 1}} {
		r := conformance.Examine(largeRun(t, l), conformance.Options{Profile: mustProfile("all")})
		if ids := fired(r); len(ids) > 0 || len(r.Bugs) > 0 || r.Documents[0].Signature != "valid" {
			t.Errorf("%+v: %v %v %+v", l, ids, r.Bugs, r.Documents)
		}
	}
}

// The finding names the first offenders and a count, and is no longer for a million.
func TestLargeCRLNamesTheFirstOffenders(t *testing.T) {
	t.Parallel()
	r := conformance.Examine(largeRun(t, fixtures.LargeCRL{Entries: 4000, Duplicates: 1500}), conformance.Options{Profile: mustProfile("web")})
	if len(r.Findings) != 1 || r.Findings[0].Rule.ID != "crl-entry-serial-unique" || len(r.Findings[0].Got) > 400 {
		t.Fatalf("%v", describe(r))
	}
	f := r.Findings[0]
	for i := range 3 {
		if want := fmt.Sprintf("%s: already entry %d at entry %d", fixtures.LargeCRL{Entries: 4000}.Serial(i), i, 2500+i); !strings.Contains(f.Got, want) {
			t.Errorf("%q is not in %q", want, f.Got)
		}
	}
	if !strings.HasSuffix(f.Got, "; 1500 entries in all") || f.Field != "tbsCertList.revokedCertificates[2500]" || f.Offset < 2500*35 {
		t.Errorf("%+v", f)
	}
}

// Nothing is allocated for an entry, and nothing kept but 5 to 6 octets of its hash: none
// where the serial numbers ascend.
func TestLargeCRLTakesLittleMemory(t *testing.T) {
	const small, large = 20_000, 220_000
	options := conformance.Options{Profile: mustProfile("all")}
	measure := func(l fixtures.LargeCRL) (octets, count uint64) {
		run := largeRun(t, l)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := conformance.Examine(run, options)
		runtime.ReadMemStats(&after)
		if r.Documents[0].Signature != "valid" {
			t.Fatalf("%+v", r.Documents)
		}
		return after.TotalAlloc - before.TotalAlloc, after.Mallocs - before.Mallocs
	}
	for _, ascending := range []bool{false, true} {
		measure(fixtures.LargeCRL{Entries: 1}) // what is made once
		octets, count := measure(fixtures.LargeCRL{Entries: small, Ascending: ascending})
		more, larger := measure(fixtures.LargeCRL{Entries: large, Ascending: ascending})
		most := uint64(6*(large-small) + 1<<19)
		if ascending {
			most = 1 << 14
		}
		if more > octets+most || larger > count+50 {
			t.Errorf("ascending %v: %d octets in %d pieces for %d entries, %d in %d for %d", ascending, octets, count, small, more, larger, large)
		}
	}
}

// shrinking is a file that is shorter when it is read again.
type shrinking struct {
	*bytes.Reader
	left int64
}

func (s *shrinking) ReadAt(p []byte, at int64) (int, error) {
	if s.left -= int64(len(p)); s.left < 0 {
		return 0, io.ErrUnexpectedEOF
	}
	return s.Reader.ReadAt(p, at)
}

// Two entries of one hash are no finding until they were compared, and where that is not
// possible the rule cannot tell.
func TestDuplicatesThatCannotBeReadAgain(t *testing.T) {
	t.Parallel()
	run := largeRun(t, fixtures.LargeCRL{Entries: 20_000, Duplicates: 1})
	blob := run.Exchanges[0].Blob
	whole := make([]byte, blob.Length)
	if _, err := blob.Octets.ReadAt(whole, 0); err != nil {
		t.Fatal(err)
	}
	for left, want := range map[int64]conformance.Outcome{4 * blob.Length: conformance.Failed, blob.Length + 1<<17: conformance.Inconclusive} {
		run.Exchanges[0].Blob = &evidence.Blob{Octets: &shrinking{bytes.NewReader(whole), left}, Length: blob.Length}
		r := conformance.Examine(run, conformance.Options{Profile: mustProfile("web")})
		if len(r.Findings) != 1 || r.Findings[0].Rule.ID != "crl-entry-serial-unique" || r.Findings[0].Outcome != want {
			t.Errorf("%d octets of %d may be read: %v%s", left, blob.Length, r.Outcomes, describe(r))
		}
	}
}
