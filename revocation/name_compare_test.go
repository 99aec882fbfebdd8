package revocation

import "testing"

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
