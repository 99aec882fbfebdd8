package report

import (
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain, é and 中文":     "plain, é and 中文",
		"a\x1b[31mb":          `a\x1b[31mb`,
		"tab\tline\r\n":       `tab\tline\r\n`,
		"\x00\x07\x7f":        `\x00\a\x7f`,
		"c1 \u009b31m":        `c1 \u009b31m`,
		"bad \xff\xc3(":       `bad \xff\xc3(`,
		"bidi \u202egood":     `bidi \u202egood`,
		"hidden \u200b\ufeff": `hidden \u200b\ufeff`,
		"line \u2028":         `line \u2028`,
		"tag \U000e0041":      `tag \U000e0041`,
		"quote ' \" \\":       "quote ' \" \\",
		"its own \ufffd":      "its own \ufffd",
	} {
		if got := Visible(in); got != want {
			t.Errorf("%q is shown as %q, not %q", in, got, want)
		}
	}
}

// What is cut off says so, and where the whole is.
func TestShownKeepsTheLimit(t *testing.T) {
	for limit, show := range map[int]func(string) string{shownLimit: shown, foundLimit: found} {
		for _, c := range []struct {
			in   string
			kept int
			cut  bool
		}{
			{strings.Repeat("a", limit), limit, false},
			{strings.Repeat("a", limit+1), limit, true},
			{strings.Repeat("\U0001f600", limit), limit, false},
			{strings.Repeat("\U0001f600", limit+1), limit, true},
			{strings.Repeat("\U0001f600", limit) + "a", limit, true},
			{strings.Repeat("a", 10*limit), limit, true},
			{"", 0, false},
		} {
			got := show(c.in)
			text, rest, cut := strings.Cut(got, "... (")
			if utf8.RuneCountInString(text) != c.kept || cut != c.cut {
				t.Errorf("%d octets are shown as %q", len(c.in), got)
			}
			if cut && rest != "cut off: the JSON lines have all "+strconv.Itoa(len(c.in))+" octets)" {
				t.Errorf("what was cut off is said to be %q", rest)
			}
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text        string
		first, rest int
		want        string
	}{
		{"", 10, 10, ""},
		{"one two three", 7, 7, "one two|three"},
		{"one two three", 13, 3, "one two three"},
		{"one two three", 3, 9, "one|two three"},
		{"four", 3, 9, "|four"},
		{"abcdefghij", 4, 4, "abcd|efgh|ij"},
		{"an abcdefghij", 4, 4, "an|abcd|efgh|ij"},
		{"中文字", 4, 4, "中文|字"},
		{"ab", 0, 0, "a|b"},
	} {
		if got := strings.Join(wrap(c.text, c.first, c.rest), "|"); got != c.want {
			t.Errorf("%q in %d and %d columns is %q, not %q", c.text, c.first, c.rest, got, c.want)
		}
	}
}

func TestSeveral(t *testing.T) {
	names := strings.Split("a b c d", " ")
	for few, want := range map[int]string{2: "a, b and 2 more", 3: "a, b, c, d", 4: "a, b, c, d"} {
		if got := several(names, few); got != want {
			t.Errorf("%d of four are %q, not %q", few, got, want)
		}
	}
}

func FuzzVisibleThenWrapped(f *testing.F) {
	for _, seed := range []string{"", "a b", "\x1b[31m", "\xff\xfe", "\u202e中文 e\u0301", strings.Repeat("ab ", 99)} {
		f.Add(seed, 20, 15)
	}
	f.Fuzz(func(t *testing.T, s string, first, rest int) {
		first, rest = 4+(first&0x3f), 4+(rest&0x3f)
		text := shown(s)
		if !utf8.ValidString(text) {
			t.Fatalf("%q is no UTF-8", text)
		}
		for _, r := range text {
			if !unicode.IsPrint(r) {
				t.Fatalf("%q holds %q", text, r)
			}
		}
		lines := wrap(text, first, rest)
		for i, line := range lines {
			room := rest
			if i == 0 {
				room = first
			}
			if columns(line) > room {
				t.Fatalf("line %q takes %d columns of %d", line, columns(line), room)
			}
		}
		letters := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if letters(strings.Join(lines, "")) != letters(text) {
			t.Fatalf("%q became %q", text, lines)
		}
	})
}
