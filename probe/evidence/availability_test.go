package evidence_test

import (
	"testing"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
)

// A large CRL is late by when it begins to come, everything else by when it is there.
func TestLate(t *testing.T) {
	t.Parallel()
	const limit, tick, carried = 10 * time.Second, time.Nanosecond, 4 << 20
	of := func(ask evidence.Ask, octets int, first, total time.Duration) *evidence.Exchange {
		return &evidence.Exchange{Question: evidence.Question{Ask: ask}, Body: make([]byte, octets),
			Timing: evidence.Timing{DNS: time.Second, Connect: time.Second, TLS: time.Second, FirstByte: first - 3*time.Second, Total: total}}
	}
	for name, c := range map[string]struct {
		x    *evidence.Exchange
		want bool
	}{
		"a large CRL that begins in time": {of(evidence.FetchCRL, carried+1, limit, time.Hour), false},
		"a large CRL that begins late":    {of(evidence.FetchCRL, carried+1, limit+tick, time.Hour), true},
		"a CRL that is there in time":     {of(evidence.FetchCRL, carried, time.Second, limit), false},
		"a CRL that is there late":        {of(evidence.FetchCRL, carried, time.Second, limit+tick), true},
		"a large answer that is late":     {of(evidence.AssignedPOST, carried+1, time.Second, limit+tick), true},
	} {
		if got := c.x.Late(); got != c.want {
			t.Errorf("%s: late is %v", name, got)
		}
	}
	cut := of(evidence.FetchCRL, carried+1, time.Second, limit+tick)
	if cut.Failure = evidence.Truncated; !cut.Late() {
		t.Error("a large CRL that was cut off is in time")
	}
}
