package revocation

import (
	"bytes"
	"testing"
)

// name encodes a Name of one attribute, commonName, in a string type.
func commonName(tag byte, text string) []byte {
	value := append([]byte{tag, byte(len(text))}, text...)
	attribute := append([]byte{0x30, byte(5 + len(value)), 6, 3, 0x55, 4, 3}, value...)
	set := append([]byte{0x31, byte(len(attribute))}, attribute...)
	return append([]byte{0x30, byte(len(set))}, set...)
}

func TestSameName(t *testing.T) {
	const utf8, printable = 0x0c, 0x13
	for name, c := range map[string]struct {
		a, b []byte
		want bool
	}{
		"the same octets":       {commonName(utf8, "A CA"), commonName(utf8, "A CA"), true},
		"another string type":   {commonName(utf8, "A CA"), commonName(printable, "A CA"), true},
		"another case":          {commonName(utf8, "A CA"), commonName(utf8, "a ca"), true},
		"another case of three": {commonName(utf8, "\u212aey"), commonName(utf8, "kEY"), true},
		"a sign that parts":     {commonName(utf8, "A,B"), commonName(utf8, "A+B"), false},
		"more white space":      {commonName(utf8, "A CA"), commonName(utf8, " A  CA "), true},
		"another name":          {commonName(utf8, "A CA"), commonName(utf8, "B CA"), false},
		"one is empty":          {commonName(utf8, "A CA"), []byte{0x30, 0}, false},
		"one is no name":        {commonName(utf8, "A CA"), []byte{1, 2, 3}, false},
		"one has more after it": {commonName(utf8, "A CA"), append(commonName(utf8, "A CA"), 0), false},
		"neither is there":      {nil, nil, false},
	} {
		if got := SameName(c.a, c.b); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Attributes of one relative distinguished name have no order, and those of several have one.
func TestOrderInNames(t *testing.T) {
	attribute := func(last byte, text string) []byte {
		value := append([]byte{0x0c, byte(len(text))}, text...)
		return append([]byte{0x30, byte(5 + len(value)), 6, 3, 0x55, 4, last}, value...)
	}
	set := func(attributes ...[]byte) []byte {
		content := bytes.Join(attributes, nil)
		return append([]byte{0x31, byte(len(content))}, content...)
	}
	name := func(sets ...[]byte) []byte {
		content := bytes.Join(sets, nil)
		return append([]byte{0x30, byte(len(content))}, content...)
	}
	a, b := attribute(3, "A"), attribute(10, "B")
	if !SameName(name(set(a, b)), name(set(b, a))) {
		t.Error("one set in another order is another name")
	}
	if SameName(name(set(a), set(b)), name(set(b), set(a))) || SameName(name(set(a, b)), name(set(a), set(b))) {
		t.Error("sets in another order are the same name")
	}
}
