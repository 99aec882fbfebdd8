package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/report"
)

// remembered is two CAs at one URL, and a place that never gave a CRL.
func remembered() []evidence.Timeline {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	revoked := evidence.PastAnswer{Serial: "5a", Status: "revoked", Reason: 4, Revoked: at.Add(-time.Hour), ThisUpdate: at, Seen: at, FirstRevoked: at,
		FirstGood: at.Add(-24 * time.Hour), LastStatus: "good", NotAfter: at.AddDate(0, 1, 0)}
	return []evidence.Timeline{
		{URL: "http://a.example/ca.crt", CA: "CN=A", First: at, Last: at, Asked: 1, LastAnswer: at},
		{URL: "http://ocsp.example", CA: "CN=A", Responder: true, First: at, Last: at, Asked: 1, LastAnswer: at, Answers: []evidence.PastAnswer{revoked}},
		{URL: "http://ocsp.example", CA: "CN=B", Responder: true, First: at, Last: at, Asked: 1, LastAnswer: at,
			Outages: []evidence.Outage{{Start: at, Cause: evidence.HTTPStatus, Checks: 1}}},
	}
}

func TestHistoryForPeople(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		write func(*bytes.Buffer) error
		want  []string
	}{
		"table": {func(out *bytes.Buffer) error {
			return report.HistoryTable(out, remembered(), report.TextOptions{Width: 160})
		},
			[]string{"http://a.example/ca.crt ", "http://ocsp.example of CN=A", "http://ocsp.example of CN=B", "tells of 1 serial", "down since 2026-11-20 12:00 (http-status)", "3 services"}},
		"text": {func(out *bytes.Buffer) error {
			return report.HistoryText(out, remembered(), report.TextOptions{Width: 160})
		},
			[]string{"http://a.example/ca.crt  place of CRLs or certificates of CN=A", "http://ocsp.example  responder of CN=B", "5a      revoked  2026-11-20 12:00"}},
		"JSON": {func(out *bytes.Buffer) error { return report.HistoryJSON(out, remembered()) },
			[]string{`"answers":[{"serial":"5a","status":"revoked","since":"2026-11-20T12:00:00Z","revoked":"2026-11-20T11:00:00Z","reason":"superseded",` +
				`"this_update":"2026-11-20T12:00:00Z","next_update":"","last":"2026-11-20T12:00:00Z","last_status":"good","first_good":"2026-11-19T12:00:00Z",` +
				`"certificate_ends":"2026-12-20T12:00:00Z"}]`}},
	} {
		var out bytes.Buffer
		if err := c.write(&out); err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: %q is not in\n%s", name, want, &out)
			}
		}
	}
}
