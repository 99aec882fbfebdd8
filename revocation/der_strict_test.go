package revocation

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestStrictDER(t *testing.T) {
	tests := map[string][]string{ // what is wrong, as "kind field"
		"":                   {"unreadable-element element"},
		"3000":               nil,
		"3003020100":         nil,
		"300302010000":       {"trailing-bytes element"},
		"308103020100":       {"non-minimal-length element"},
		"3004028101 00":      {"non-minimal-length element.0"},
		"3080020100 0000":    {"indefinite-length element"},
		"3080020100":         {"indefinite-length element", "unreadable-element element"},
		"3005020100":         {"unreadable-element element"},
		"30020201":           {"unreadable-element element.0"},
		"02020001":           {"non-minimal-integer element"},
		"0202ff80":           {"non-minimal-integer element"},
		"02020080":           nil,
		"0200":               {"unreadable-element element"},
		"0a020001":           {"non-minimal-integer element"},
		"010101":             {"boolean-value element"},
		"0101ff":             nil,
		"01020000":           {"unreadable-element element"},
		"0500":               nil,
		"050100":             {"null-content element"},
		"03020204":           nil,
		"03020202":           {"bit-string-unused element"},
		"03020800":           {"bit-string-unused element"},
		"030101":             {"bit-string-unused element"},
		"030100":             nil,
		"0300":               {"unreadable-element element"},
		"0603802b01":         {"oid-encoding element"},
		"06022b81":           {"unreadable-element element"},
		"06022b01":           nil,
		"2404 04020102":      {"constructed-string element"},
		"2c04 0c024142":      {"constructed-string element"},
		"3106 020102 020101": {"set-order element.1"},
		"3106 020101 020102": nil,
		"1003020100":         {"unexpected-tag element"},
		"30020000":           {"unexpected-tag element.0"},
		"8003020001":         nil, // primitive context-specific: opaque
		"a0 04 02020001":     {"non-minimal-integer element.0"},
		"0404 02020001":      nil, // OCTET STRING: opaque
		"3f8101 00":          {"unreadable-element element"},
		"30063004 31020500":  nil,
	}
	for text, want := range tests {
		var got []string
		for _, d := range StrictDER(unhex(text)) {
			got = append(got, d.Kind+" "+d.Field)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

// TestStrictDERBounds checks that hostile nesting and hostile numbers of elements come to an
// end, and are said.
func TestStrictDERBounds(t *testing.T) {
	deep := []byte{5, 0}
	for range 2 * maxDepth {
		deep = encodeDER(tagSequence, deep)
	}
	wide := encodeDER(tagSequence, bytes.Repeat([]byte{5, 0}, maxElements+10))
	endless := bytes.Repeat([]byte{0x30, 0x80}, 100000)
	for name, body := range map[string][]byte{"deep": deep, "wide": wide, "endless": endless} {
		got := StrictDER(body)
		if len(got) == 0 || got[len(got)-1].Kind != DevUnreadableDER {
			t.Errorf("%s: %v", name, got)
		}
		if len(got) > maxDeviations+1 {
			t.Errorf("%s: %d deviations", name, len(got))
		}
	}
	if got := StrictDER(deep); !strings.Contains(got[0].Detail, "nested") {
		t.Errorf("deep: %v", got)
	}
}

// TestStrictDEROffsets checks that an Offset is where the element begins.
func TestStrictDEROffsets(t *testing.T) {
	body := encodeDER(tagSequence, bytes.Repeat([]byte{5, 0}, 100), encodeDER(tagSequence, []byte{2, 2, 0, 1}))
	got := StrictDER(body)
	if len(got) != 1 || got[0].Field != "element.100.0" || !bytes.Equal(body[got[0].Offset:], []byte{2, 2, 0, 1}) {
		t.Errorf("%v in % x", got, body)
	}
}
