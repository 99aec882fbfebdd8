package revocation

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"strings"
)

// SameName reports whether two Names are the same by RFC 5280 §7.1: the same attributes in
// the same order, whatever string types they are encoded in, with case and runs of white
// space not counting. What cannot be read is no name.
func SameName(a, b []byte) bool {
	left, right := readName(a), readName(b)
	return left != nil && right != nil && slices.EqualFunc(left, right, sameSet)
}

func readName(der []byte) pkix.RDNSequence {
	var name pkix.RDNSequence
	if len(der) > maxNameText {
		return nil
	}
	if rest, err := asn1.Unmarshal(der, &name); err != nil || len(rest) > 0 {
		return nil
	}
	return name
}

// sameSet compares two relative distinguished names, whose attributes have no order.
func sameSet(a, b pkix.RelativeDistinguishedNameSET) bool {
	if len(a) != len(b) {
		return false
	}
	for _, attribute := range a {
		if !slices.ContainsFunc([]pkix.AttributeTypeAndValue(b), func(other pkix.AttributeTypeAndValue) bool {
			return attribute.Type.Equal(other.Type) && sameText(attribute.Value, other.Value)
		}) {
			return false
		}
	}
	return true
}

func sameText(a, b any) bool {
	left, ok := a.(string)
	right, also := b.(string)
	return ok && also && strings.EqualFold(strings.Join(strings.Fields(left), " "), strings.Join(strings.Fields(right), " "))
}
