package report

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/revprobe/revprobe/probe/conformance"
)

const (
	defaultWidth = 100
	minimalWidth = 40

	// shownLimit bounds, in characters, what one string of a far end can take of a
	// terminal. The archive and the JSON lines have all of it.
	shownLimit = 300
	// foundLimit bounds likewise what a finding got or wants, most of which is a rule's own words.
	foundLimit = 1000
)

// style is the parameters of an ANSI SGR sequence; empty is the terminal's own.
type style string

const (
	plain style = ""
	bold  style = "1"
)

func styleOf(s conformance.Severity) style {
	switch s {
	case conformance.Critical:
		return "1;31"
	case conformance.Error:
		return "31"
	case conformance.Warning:
		return "33"
	case conformance.Notice:
		return "36"
	}
	return plain
}

// page lays text out in lines of a terminal.
type page struct {
	bytes.Buffer
	width int
	color bool
}

func newPage(o TextOptions) *page {
	width := o.Width
	if width <= 0 {
		width = defaultWidth
	}
	return &page{width: max(width, minimalWidth), color: o.Color}
}

func (p *page) painted(s string, as style) string {
	if !p.color || as == plain || s == "" {
		return s
	}
	return "\x1b[" + string(as) + "m" + s + "\x1b[0m"
}

// paragraph writes lead, which is our own text, and after it text, wrapped at the page's
// width; the lines after the first begin at column hang.
func (p *page) paragraph(lead string, as style, hang int, text string) {
	lines := wrap(text, p.width-columns(lead), p.width-hang)
	word := strings.Trim(lead, " ")
	p.line(strings.Replace(lead, word, p.painted(word, as), 1) + lines[0])
	for _, line := range lines[1:] {
		p.line(strings.Repeat(" ", hang) + line)
	}
}

func (p *page) line(text string) { p.WriteString(strings.TrimRight(text, " ") + "\n") }

// labelled writes a paragraph in the second of two columns, the first being its label.
// Nothing is written where there is no text.
func (p *page) labelled(indent int, label, text string) {
	const labelWidth = 9
	if text != "" {
		lead := strings.Repeat(" ", indent) + fmt.Sprintf("%-*s", labelWidth, label)
		p.paragraph(lead, plain, indent+labelWidth, text)
	}
}

// title writes a name in bold and, after it, what it is.
func (p *page) title(name, what string) {
	lines := wrap(name, p.width, p.width)
	for _, line := range lines[:len(lines)-1] {
		p.line(p.painted(line, bold))
	}
	p.paragraph(lines[len(lines)-1]+"  ", bold, 2, what)
}

// wrap breaks text between words so that the first line takes at most first columns and
// each other at most rest. A word longer than a line is broken too. It returns at least
// one line.
func wrap(text string, first, rest int) []string {
	lines, line, room := []string(nil), "", max(first, 1)
	flush := func() {
		lines, line, room = append(lines, line), "", max(rest, 1)
	}
	for word := range strings.SplitSeq(text, " ") {
		if line != "" {
			if columns(line)+1+columns(word) <= room {
				line += " " + word
				continue
			}
			flush()
		}
		for columns(word) > room {
			if len(lines) == 0 && room < rest {
				flush()
				continue
			}
			at := fitting(word, room)
			line, word = word[:at], word[at:]
			flush()
		}
		line = word
	}
	flush()
	return lines
}

// fitting returns how many octets of word take at most room columns, at least one
// character.
func fitting(word string, room int) int {
	used := 0
	for at, r := range word {
		if used += columns(string(r)); used > room && at > 0 {
			return at
		}
	}
	return len(word)
}

// Visible replaces what a terminal would act upon or not show, and what is no UTF-8, by
// Go's escapes: a far end must not move our cursor, nor its letters our columns.
func Visible(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case unicode.IsPrint(r):
			b.WriteString(s[:size])
		default:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
		s = s[size:]
	}
	return b.String()
}

// shown is visible, and shortened to what one far end may take of a terminal.
func shown(s string) string { return upTo(shownLimit, s) }

// found is visible, and shortened to what a finding may take of a terminal.
func found(s string) string { return upTo(foundLimit, s) }

// upTo is visible, cut off after limit characters where there are more, which it says.
func upTo(limit int, s string) string {
	most := utf8.UTFMax * limit
	text := []rune(Visible(s[:min(len(s), most)]))
	if len(s) <= most && len(text) <= limit {
		return string(text)
	}
	return fmt.Sprintf("%s... (cut off: the JSON lines have all %d octets)", string(text[:min(len(text), limit)]), len(s))
}

// stamp writes a time in UTC, to the millisecond where it has any; nothing for no time.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.999Z07:00")
}

// several lists the first few of names and counts the others.
func several(names []string, few int) string {
	if len(names) <= few+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}
