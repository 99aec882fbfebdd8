package conformance_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe/evidence"
)

// A service that was given up within the 10 seconds that it has is not judged, and that is
// told; one that had them, or answered once, is.
func TestServicesGivenUpTooSoon(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		took    time.Duration
		answers int // of its questions
		unheard bool
		late    bool
	}{
		"after 2 s":              {2 * time.Second, 0, true, false},
		"after 10 s":             {evidence.LateAfter, 0, true, false},
		"a millisecond later":    {evidence.LateAfter + time.Millisecond, 0, false, true},
		"after 2 s, and answers": {2 * time.Second, 1, false, false},
	} {
		fake := faked(fixtures.Kind{}, fixtures.Case{Change: func(*fixtures.Responder) {}})
		run := ask(t, fake, zoo.Memory{Responder: fake}, evidence.AssignedPOST|evidence.UnassignedPOST|evidence.FetchCRL)
		for i := range run.Exchanges {
			if x := &run.Exchanges[i]; x.URL == fake.OCSPURL() && x.Ask.Has(evidence.OCSP) {
				if c.answers--; c.answers >= 0 {
					continue
				}
				x.Failure, x.Body, x.Code, x.Header, x.Timing = evidence.HTTPTimeout, nil, 0, nil, evidence.Timing{Total: c.took}
			}
		}
		report := judge(t, run)
		var want []string
		if c.unheard {
			want = []string{fake.OCSPURL()}
		}
		if !slices.Equal(report.Unheard, want) {
			t.Errorf("%s: unheard %v", name, report.Unheard)
		}
		if told := strings.Contains(strings.Join(report.Hints, "\n"), "was given up after "); told != c.unheard {
			t.Errorf("%s: hints %q", name, report.Hints)
		}
		if late := slices.Contains(fired(report), "http-response-time-10s"); late != c.late {
			t.Errorf("%s: fires %v", name, fired(report))
		}
	}
}
