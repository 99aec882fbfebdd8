package revocation

import (
	"math/big"
	"testing"
	"time"
)

func TestSerial(t *testing.T) {
	for n, want := range map[int64]struct{ octets, text string }{
		0: {"00", "00"}, 1: {"01", "01"}, 127: {"7f", "7f"}, 128: {"0080", "80"}, 255: {"00ff", "ff"}, 256: {"0100", "0100"},
		-1: {"ff", "-1"}, -128: {"80", "-80"}, -129: {"ff7f", "-81"}, -256: {"ff00", "-100"}, -32769: {"ff7fff", "-8001"},
	} {
		s := SerialOf(big.NewInt(n))
		if string(s) != string(unhex(want.octets)) || s.Big().Int64() != n || s.String() != want.text {
			t.Errorf("%d: octets %x, value %s, text %s; want %+v", n, []byte(s), s.Big(), s, want)
		}
		padded := Serial(append([]byte{map[bool]byte{true: 0xff}[n < 0]}, s...))
		if !padded.Equal(s) || padded.String() != s.String() {
			t.Errorf("%d: the padded %x is another number", n, []byte(padded))
		}
	}
}

func TestSmallInteger(t *testing.T) {
	for octets, want := range map[string]int{"00": 0, "7f": 127, "ff": -1, "0080": 128, "7fffffff": 1<<31 - 1,
		"80000000": -1 << 31, "0000000001": 1, "0080000000": -1, "": -1} {
		if got := smallInteger(unhex(octets)); got != want {
			t.Errorf("%s: %d, want %d", octets, got, want)
		}
	}
}

func TestReadTime(t *testing.T) {
	tests := []struct {
		tag        byte
		text, want string // want in RFC 3339; empty: no time
		wellFormed bool
	}{
		{tagGeneralizedTime, "20260302120000Z", "2026-03-02T12:00:00Z", true},
		{tagGeneralizedTime, "202603021200Z", "2026-03-02T12:00:00Z", false},
		{tagGeneralizedTime, "20260302120000", "2026-03-02T12:00:00Z", false},
		{tagGeneralizedTime, "20260302130000+0100", "2026-03-02T12:00:00Z", false},
		{tagGeneralizedTime, "20260229120000Z", "", false},
		{tagGeneralizedTime, "20261302120000Z", "", false},
		{tagGeneralizedTime, "20260302126000Z", "", false},
		{tagGeneralizedTime, "", "", false},
		{tagGeneralizedTime, "00010101000000Z", "", false},
		{tagGeneralizedTime, "00010101000001Z", "0001-01-01T00:00:01Z", true},
		{tagUTCTime, "260302120000Z", "2026-03-02T12:00:00Z", true},
		{tagUTCTime, "500101000000Z", "1950-01-01T00:00:00Z", true},
		{tagUTCTime, "491231235959Z", "2049-12-31T23:59:59Z", true},
		{tagUTCTime, "6001010000Z", "1960-01-01T00:00:00Z", false},
		{tagUTCTime, "20260302120000Z", "", false},
	}
	for _, test := range tests {
		got := readTime(test.tag, []byte(test.text), 7)
		text := ""
		if !got.IsZero() {
			text = got.Format(time.RFC3339)
		}
		if text != test.want || got.WellFormed() != test.wellFormed || !got.Present() || got.Offset != 7 {
			t.Errorf("%02x %q: %q, well-formed %v; want %q, %v", test.tag, test.text, text, got.WellFormed(), test.want, test.wellFormed)
		}
	}
	if (Time{}).Present() {
		t.Error("the zero Time is present")
	}
}

func TestOIDString(t *testing.T) {
	for oid, want := range map[OID]string{OIDBasicResponse: "1.3.6.1.5.5.7.48.1.1", OIDSHA256: "2.16.840.1.101.3.4.2.1",
		OIDSHA1: "1.3.14.3.2.26", OIDMD5: "1.2.840.113549.2.5", OIDSHA256WithRSA: "1.2.840.113549.1.1.11", OIDRSAPSS: "1.2.840.113549.1.1.10",
		OIDECDSAWithSHA384: "1.2.840.10045.4.3.3", OIDEd25519: "1.3.101.112", OIDSHA1WithRSAOIW: "1.3.14.3.2.29",
		OIDDSAWithSHA256: "2.16.840.1.101.3.4.3.2", OIDSHA224: "2.16.840.1.101.3.4.2.4", "\x88\x37": "2.999"} {
		if oid.String() != want {
			t.Errorf("%x is %s, want %s", string(oid), oid, want)
		}
	}
}
