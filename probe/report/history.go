package report

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
)

// latestCRLs is how many CRLs of one service the text shows; JSON has all.
const latestCRLs = 20

// HistoryTable writes a line for every service of a file of history: how often it answered,
// and what it is doing now. An error is w's.
func HistoryTable(w io.Writer, list []evidence.Timeline, o TextOptions) error {
	p := newPage(o)
	table := [][]string{{"service", "last asked", "1 day", "7 days", "30 days", "outages", "now"}}
	for i := range list {
		t := &list[i]
		row := []string{named(list, i), minute(t.Last)}
		for _, c := range t.Checks {
			row = append(row, share(c))
		}
		table = append(table, append(row, fmt.Sprint(len(t.Outages)), now(t)))
	}
	if len(list) == 0 {
		p.line("no service was asked yet")
		return p.writeTo(w)
	}
	if err := p.table(table); err != nil {
		return fmt.Errorf("laying out the services: %w", err)
	}
	p.WriteByte('\n')
	p.paragraph("", plain, 0, plural(len(list), "service")+"; windows end with the last check of each; times in UTC")
	return p.writeTo(w)
}

// named is a service's URL, with its CA where several are at that URL.
func named(list []evidence.Timeline, i int) string {
	t := &list[i]
	if i > 0 && list[i-1].URL == t.URL || i+1 < len(list) && list[i+1].URL == t.URL {
		return shown(t.URL) + " of " + shown(t.CA)
	}
	return shown(t.URL)
}

// HistoryText writes the timeline of each service for people. An error is w's.
func HistoryText(w io.Writer, list []evidence.Timeline, o TextOptions) error {
	p := newPage(o)
	for i := range list {
		if i > 0 {
			p.WriteByte('\n')
		}
		if err := p.timeline(&list[i]); err != nil {
			return fmt.Errorf("laying out the history of %s: %w", shown(list[i].URL), err)
		}
	}
	return p.writeTo(w)
}

func (p *page) timeline(t *evidence.Timeline) error {
	p.title(shown(t.URL), kindOf(t))
	p.labelled(2, "asked", fmt.Sprintf("%s, first at %s, last at %s", times(t.Asked), stamp(t.First), stamp(t.Last)))
	p.labelled(2, "now", now(t))
	if !t.Latency.SlowestAt.IsZero() {
		p.labelled(2, "latency", fmt.Sprintf("median %s, slowest %s at %s", t.Latency.Median, t.Latency.Slowest, stamp(t.Latency.SlowestAt)))
	}
	for _, rows := range [][][]string{availabilityRows(t), outageRows(t), crlRows(t), answerRows(t)} {
		if len(rows) < 2 {
			continue
		}
		p.WriteByte('\n')
		if err := p.table(rows); err != nil {
			return err
		}
	}
	if more := len(t.CRLs) - latestCRLs; more > 0 {
		p.line(fmt.Sprintf("  and %d earlier", more))
	}
	return nil
}

func availabilityRows(t *evidence.Timeline) [][]string {
	rows := [][]string{{"window", "answered", "checks", "failed", "since"}}
	for _, c := range t.Checks {
		rows = append(rows, []string{plural(int(c.Window/(24*time.Hour)), "day"), share(c), fmt.Sprint(c.Asked), fmt.Sprint(c.Failed), minute(c.Since)})
	}
	return rows
}

func outageRows(t *evidence.Timeline) [][]string {
	rows := [][]string{{"outage since", "until", "lasted", "checks", "cause"}}
	for _, o := range t.Outages {
		until := "it goes on"
		if !o.End.IsZero() {
			until = minute(o.End)
		}
		rows = append(rows, []string{minute(o.Start), until, o.Until(t.Last).Sub(o.Start).Round(time.Second).String(), fmt.Sprint(o.Checks), string(o.Cause)})
	}
	return rows
}

func crlRows(t *evidence.Timeline) [][]string {
	rows := [][]string{{"CRL", "thisUpdate", "nextUpdate", "entries", "change", "first seen", "last seen"}}
	for i, v := range t.CRLs {
		change := ""
		if i > 0 {
			change = fmt.Sprintf("%+d", v.Entries-t.CRLs[i-1].Entries)
		}
		if i >= len(t.CRLs)-latestCRLs {
			rows = append(rows, []string{crlNumber(v), minute(v.ThisUpdate), minute(v.NextUpdate), fmt.Sprint(v.Entries), change, minute(v.First), minute(v.Last)})
		}
	}
	return rows
}

func answerRows(t *evidence.Timeline) [][]string {
	rows := [][]string{{"serial", "status", "since", "thisUpdate", "nextUpdate", "last seen"}}
	for _, a := range t.Answers {
		rows = append(rows, []string{a.Serial, a.Status, minute(statusSince(a)), minute(a.ThisUpdate), minute(a.NextUpdate), minute(a.Seen)})
	}
	return rows
}

// statusSince is when a serial was first seen with the status that it has.
func statusSince(a evidence.PastAnswer) time.Time {
	switch a.Status {
	case "good":
		return a.FirstGood
	case "revoked":
		return a.FirstRevoked
	}
	return a.FirstSeen
}

func kindOf(t *evidence.Timeline) string {
	kind := "distribution point"
	switch {
	case t.Responder:
		kind = "responder"
	case len(t.CRLs) == 0:
		kind = "place of CRLs or certificates"
	}
	if t.CA != "" {
		kind += " of " + shown(t.CA)
	}
	return kind
}

// now is what a service was doing when it was asked the last time.
func now(t *evidence.Timeline) string {
	if o, down := t.Down(); down {
		return fmt.Sprintf("down since %s (%s)", minute(o.Start), o.Cause)
	}
	var said []string
	if n := len(t.CRLs); n > 0 {
		said = append(said, fmt.Sprintf("CRL %s, %s", crlNumber(t.CRLs[n-1]), entries(t.CRLs[n-1].Entries)))
	}
	if n := len(t.Answers); n > 0 {
		said = append(said, "tells of "+plural(n, "serial"))
	}
	if len(said) == 0 {
		return "answers"
	}
	return strings.Join(said, "; ")
}

func entries(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

func crlNumber(v evidence.CRLVersion) string {
	if len(v.Number) == 0 {
		return "without a number"
	}
	return "0x" + hex.EncodeToString(v.Number)
}

func share(c evidence.PastChecks) string {
	if c.Asked == 0 {
		return "-"
	}
	if c.Failed == 0 {
		return "100 %"
	}
	return fmt.Sprintf("%.2f %%", 100*float64(c.Asked-c.Failed)/float64(c.Asked))
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// minute writes a time in UTC to the minute, for tables.
func minute(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04")
}
