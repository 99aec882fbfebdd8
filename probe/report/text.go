// Package report renders what was judged: findings as text for people and as JSON lines
// for programs, and the rules themselves. It judges nothing, and knows no network, no
// file and no terminal: width and colour are the caller's choice.
package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/revprobe/revprobe/probe/conformance"
)

// TextOptions says how text is laid out.
type TextOptions struct {
	Color  bool                 // use ANSI colours
	Width  int                  // columns of a line; 0 for 100, and never fewer than 40
	Quiet  bool                 // unless a failure is at or above FailOn print no more than why Exit is not 0
	FailOn conformance.Severity // zero: every failure counts
	Exit   int                  // the exit code of the command, to be told with the counts
}

// Text writes a report for people: a table of the certificates asked about; for each service a table of its answers, or what was
// fetched from it, and its findings, the worst first; for each file a line on what it is
// and its findings; then the counts, the hints and our own bugs. Nothing that a far end
// sent reaches w as a control character or as invalid UTF-8. An error is w's.
func Text(w io.Writer, r *conformance.Report, o TextOptions) error {
	p := newPage(o)
	if o.Quiet && !anyFailure(r, o.FailOn) {
		if o.Exit != 0 { // why it is not 0
			p.summary(r, o.Exit)
		}
		return p.writeTo(w)
	}
	list := sections(r)
	if len(r.Services) > 0 || r.List != nil {
		p.run(r)
	}
	if err := p.statuses(r.Certificates); err != nil {
		return err
	}
	if err := p.list(r.List); err != nil {
		return err
	}
	for i, s := range list {
		if !s.file || i > 0 && !list[i-1].file {
			p.WriteByte('\n')
		}
		if err := p.section(s); err != nil {
			return fmt.Errorf("laying out the answers of %s: %w", shown(s.name), err)
		}
	}
	if len(list) > 0 || r.List != nil {
		p.WriteByte('\n')
	}
	p.summary(r, o.Exit)
	return p.writeTo(w)
}

// anyFailure reports whether something failed with at least that severity.
func anyFailure(r *conformance.Report, least conformance.Severity) bool {
	for _, f := range r.Findings {
		if f.Counts() && f.Severity >= least {
			return true
		}
	}
	return false
}

func (p *page) writeTo(w io.Writer) error {
	if _, err := w.Write(p.Bytes()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// columns is how many columns of a terminal s takes.
func columns(s string) int { return twwidth.Width(s) }

// table writes rows under a header, indented, its widest columns wrapped as far as the
// page is too narrow for them.
func (p *page) table(rows [][]string) error {
	const indent = 2
	var out bytes.Buffer
	table := tablewriter.NewTable(&out,
		tablewriter.WithRenderer(renderer.NewBlueprint()),
		tablewriter.WithRendition(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Lines: tw.LinesNone, Separators: tw.SeparatorsNone},
		}),
		tablewriter.WithPadding(tw.Padding{Right: strings.Repeat(" ", columnGap), Overwrite: true}),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAlignment(tw.AlignLeft),
		tablewriter.WithRowAlignment(tw.AlignLeft),
	)
	fitted := fitColumns(rows, p.width-indent)
	table.Header(fitted[0])
	if err := table.Bulk(fitted[1:]); err != nil {
		return err
	}
	if err := table.Render(); err != nil {
		return err
	}
	for line := range strings.Lines(out.String()) {
		p.line(strings.Repeat(" ", indent) + strings.TrimSuffix(line, "\n"))
	}
	return nil
}

// columnGap is how many columns of a terminal part those of a table.
const columnGap = 2

// fitColumns wraps the cells of the widest columns of a table so that it fits in room,
// leaving alone the columns that are narrower than their share.
func fitColumns(rows [][]string, room int) [][]string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], columns(cell))
		}
	}
	limit := slices.Max(widths)
	for limit > 1 && capped(widths, limit) > room {
		limit--
	}
	fitted := make([][]string, len(rows))
	for i, row := range rows {
		for _, cell := range row {
			fitted[i] = append(fitted[i], strings.Join(wrap(cell, limit, limit), "\n"))
		}
	}
	return fitted
}

// capped is how wide a table is whose columns are no wider than limit.
func capped(widths []int, limit int) int {
	sum := -columnGap
	for _, width := range widths {
		sum += min(width, limit) + columnGap
	}
	return sum
}
