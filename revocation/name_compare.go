package revocation

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// SameName reports whether two Names are the same by RFC 5280 §7.1: the same attributes in
// the same order, whatever string types they are encoded in, with case and runs of white
// space not counting. What cannot be read is no name.
func SameName(a, b []byte) bool {
	key := NameKey(a)
	return key != "" && key == NameKey(b)
}

// NameKey returns what all Names have in common that are the same by SameName, and no
// others; empty for what is no name.
func NameKey(der []byte) string {
	var name pkix.RDNSequence
	if len(der) > maxNameText {
		return ""
	}
	if rest, err := asn1.Unmarshal(der, &name); err != nil || len(rest) > 0 {
		return ""
	}
	key := []string{"name"}
	for _, set := range name {
		attributes := make([]string, len(set)) // of one relative distinguished name, which have no order
		for i, attribute := range set {
			text, ok := attribute.Value.(string)
			if !ok {
				return ""
			}
			attributes[i] = fmt.Sprintf("%s=%q", attribute.Type, strings.Map(folded, strings.Join(strings.Fields(text), " ")))
		}
		slices.Sort(attributes)
		key = append(key, strings.Join(attributes, "+"))
	}
	return strings.Join(key, ",")
}

// folded is the least of the runes that differ from r in case alone.
func folded(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return least
}
