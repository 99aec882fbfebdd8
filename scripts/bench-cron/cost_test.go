package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/history"
)

func TestBoundsOfCron(t *testing.T) {
	under := sizes{first: 40e6, day: 40.9e6, twoDays: 41e6}
	for name, c := range map[string]struct {
		cpu   time.Duration
		sizes sizes
		says  string
		code  int
	}{
		"both hold":                {9 * time.Second, under, "holds", exitHolds},
		"missed by little":         {11 * time.Second, under, "processor time: missed by less than a tenth", exitHolds},
		"clearly missed":           {11*time.Second + time.Millisecond, under, "processor time: MISSED", exitMissed},
		"the first day grows":      {time.Second, sizes{40e6, 41.2e6, 41.3e6}, "a day: MISSED", exitMissed},
		"the second day grows":     {time.Second, sizes{40e6, 40.1e6, 41.3e6}, "a day: MISSED", exitMissed},
		"a day grows by a little":  {time.Second, sizes{40e6, 41e6, 41e6}, "a day: missed by less than a tenth", exitHolds},
		"nothing grows by a thing": {time.Second, sizes{40e6, 40e6, 40e6}, "a day: holds", exitHolds},
	} {
		var out bytes.Buffer
		if code := judge(&out, []cost{{cpu: time.Second}, {cpu: c.cpu}}, c.sizes); code != c.code || !strings.Contains(out.String(), c.says) {
			t.Errorf("%s: %d\n%s", name, code, &out)
		}
	}
}

// Every CRL is issued at its own hour, and again after some of them.
func TestIssueHours(t *testing.T) {
	for _, c := range [][3]int{{0, 0, 0}, {0, 5, 0}, {0, 6, 6}, {1, 0, -1}, {1, 4, -1}, {1, 5, 5}, {7, 5, 5}} {
		if got := issueHour(c[0], c[1]); got != c[2] {
			t.Errorf("CA %d at hour %d: %d, not %d", c[0], c[1], got, c[2])
		}
	}
}

// The file of two days knows what was served in them.
func TestTwoDays(t *testing.T) {
	t.Parallel()
	w := newWorld(size{1, 2, 10}, 2*hoursOfDay, time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
	defer w.server.Close()
	state := filepath.Join(t.TempDir(), "state.db")
	s, err := w.twoDays(context.Background(), state)
	if err != nil || s.first <= 0 || s.day < s.first || s.twoDays < s.day {
		t.Fatalf("sizes %+v, %v", s, err)
	}
	list := timelines(t, state)
	if len(list) != 5 { // a responder, two distribution points, and where two CAs' certificates are
		t.Fatalf("%d services", len(list))
	}
	for _, one := range list {
		if one.Asked != 2*hoursOfDay {
			t.Errorf("%s was asked %d times", one.URL, one.Asked)
		}
		if strings.HasSuffix(one.URL, "ca-0/ca.crl") && (len(one.CRLs) != 8 || one.CRLs[7].Entries != one.CRLs[0].Entries+7*added) {
			t.Errorf("CRLs %+v", one.CRLs)
		}
	}
}

func timelines(t *testing.T, state string) []evidence.Timeline {
	t.Helper()
	store, err := history.OpenExisting(t.Context(), state)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	list, err := store.Timelines(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return list
}
