package revocation

import (
	"bytes"
	"testing"
)

// Each way of reading an entry, the quick one and the thorough one, gives it the same marks.
func TestEntryMarks(t *testing.T) {
	ca := newCRLAuthority(t, ecdsaKey)
	integer, utc := []byte{tagInteger, 1, 5}, encoded(tagUTCTime, []byte("260301120000Z"))
	with := func(list ...[]byte) []byte { return join(integer, utc, encoded(tagSequence, list...)) }
	dated := func(tag byte, text string) []byte { return join(integer, encoded(tag, []byte(text))) }
	numbered := func(octets ...byte) []byte { return join(encoded(tagInteger, octets), utc) }
	reason := func(code byte, critical bool) []byte {
		return extension(OIDReasonCode, critical, []byte{tagEnumerated, 1, code})
	}
	invalid := func(critical bool, tag byte, text string) []byte {
		return extension(OIDInvalidityDate, critical, encoded(tag, []byte(text)))
	}
	long := bytes.Repeat([]byte{0x11}, 21)
	for name, c := range map[string]struct {
		fields []byte
		want   EntryMarks
	}{
		"nothing at all":              {join(integer, utc), MarkNoReason},
		"unspecified":                 {with(reason(0, false)), MarkReason(ReasonUnspecified)},
		"keyCompromise":               {with(reason(1, false)), MarkReason(ReasonKeyCompromise)},
		"aACompromise":                {with(reason(10, false)), MarkReason(ReasonAACompromise)},
		"reason 11":                   {with(reason(11, false)), MarkOtherReason},
		"reason -1":                   {with(reason(0xff, false)), MarkOtherReason},
		"reason unreadable":           {with(extension(OIDReasonCode, false, []byte{tagInteger, 1, 1})), MarkNoReason},
		"reason critical":             {with(reason(1, true)), MarkReason(1) | MarkReasonCritical},
		"reason twice":                {with(reason(1, false), reason(4, false)), MarkReason(1) | MarkRepeated},
		"no extensions":               {with(), MarkNoReason | MarkNoExtensions},
		"invalidityDate":              {with(invalid(false, tagGeneralizedTime, "20260201000000Z")), MarkNoReason | MarkInvalidityDate},
		"invalidityDate and reason":   {with(reason(1, false), invalid(false, tagGeneralizedTime, "20260201000000Z")), MarkReason(1) | MarkInvalidityDate},
		"invalidityDate critical":     {with(invalid(true, tagGeneralizedTime, "20260201000000Z")), MarkNoReason | MarkInvalidityDate | MarkInvalidityForm},
		"invalidityDate as UTCTime":   {with(invalid(false, tagUTCTime, "260201000000Z")), MarkNoReason | MarkInvalidityDate | MarkInvalidityForm},
		"invalidityDate in February":  {with(invalid(false, tagGeneralizedTime, "20260230000000Z")), MarkNoReason | MarkInvalidityDate | MarkInvalidityForm},
		"certificateIssuer":           {with(extension(OIDCertificateIssuer, true, []byte{0x30, 0})), MarkNoReason | MarkCertificateIssuer},
		"certificateIssuer, optional": {with(extension(OIDCertificateIssuer, false, []byte{0x30, 0})), MarkNoReason | MarkCertificateIssuer | MarkIssuerNotCritical},
		"unknown":                     {with(extension("\x2a\x03", false, nil)), MarkNoReason | MarkOtherExtension},
		"unknown critical":            {with(extension("\x2a\x03", true, nil)), MarkNoReason | MarkOtherExtension | MarkUnknownCritical},
		"unknown twice":               {with(extension("\x2a\x03", false, nil), extension("\x2a\x03", false, nil)), MarkNoReason | MarkOtherExtension | MarkRepeated},
		"serial 0":                    {numbered(0), MarkNoReason | MarkSerial},
		"serial negative":             {numbered(0x80), MarkNoReason | MarkSerial},
		"serial padded":               {numbered(0, 0x7f), MarkNoReason | MarkSerial},
		"serial with a sign octet":    {numbered(0, 0x80), MarkNoReason},
		"serial of 20 octets":         {numbered(long[:20]...), MarkNoReason},
		"serial of 21 octets":         {numbered(long...), MarkNoReason | MarkSerial},
		"at thisUpdate":               {dated(tagUTCTime, "260301120000Z"), MarkNoReason},
		"a second after thisUpdate":   {dated(tagUTCTime, "260301120001Z"), MarkNoReason | MarkLate},
		"at the start of 1999":        {dated(tagUTCTime, "990101000000Z"), MarkNoReason},
		"a second before 1999":        {dated(tagUTCTime, "981231235959Z"), MarkNoReason | MarkAncient},
		"GeneralizedTime in 2049":     {dated(tagGeneralizedTime, "20491231235959Z"), MarkNoReason | MarkTimeForm | MarkLate},
		"GeneralizedTime in 2050":     {dated(tagGeneralizedTime, "20500101000000Z"), MarkNoReason | MarkLate},
		"GeneralizedTime in 1949":     {dated(tagGeneralizedTime, "19491231235959Z"), MarkNoReason | MarkAncient},
		"UTCTime without seconds":     {dated(tagUTCTime, "2603011200Z"), MarkNoReason | MarkTimeForm},
		"UTCTime with an offset":      {dated(tagUTCTime, "260301120000+0000"), MarkNoReason | MarkTimeForm},
		"no time at all":              {dated(tagUTCTime, "261301120000Z"), MarkNoReason},
	} {
		short := encoded(tagSequence, c.fields)
		for way, entry := range map[string][]byte{"quickly": short, "thoroughly": join([]byte{tagSequence, 0x82, 0, byte(len(c.fields))}, c.fields)} {
			seen := 0
			crl, err := ReadCRL(bytes.NewReader(ca.sign(t, tbsFields{entries: join(entry, short)})), func(e *CRLEntry) {
				if seen++; e.Marks != c.want {
					t.Errorf("%s, read %s: marks %b, want %b", name, way, e.Marks, c.want)
				}
			})
			if err != nil || crl.Broken != nil || seen != 2 {
				t.Errorf("%s, read %s: %d entries, %v, %v", name, way, seen, crl.Broken, err)
			}
		}
	}
}

// Whatever an entry's marks, to find them allocates nothing.
func TestMarksAllocateNothing(t *testing.T) {
	ca := newCRLAuthority(t, ecdsaKey)
	entry := encoded(tagSequence, []byte{tagInteger, 1, 5}, encoded(tagUTCTime, []byte("260301120001Z")), encoded(tagSequence,
		extension(OIDReasonCode, true, []byte{tagEnumerated, 1, 1}), extension(OIDInvalidityDate, false, encoded(tagGeneralizedTime, []byte("20260201000000Z")))))
	allocations := func(n int) float64 {
		der := ca.sign(t, tbsFields{entries: bytes.Repeat(entry, n)})
		return testing.AllocsPerRun(5, func() {
			if crl, err := ReadCRL(bytes.NewReader(der)); err != nil || crl.Entries != n {
				t.Fatal(crl.Entries, crl.Broken, err)
			}
		})
	}
	if few, many := allocations(10), allocations(5000); many > few+5 {
		t.Errorf("%g allocations for 10 entries, %g for 5000", few, many)
	}
}
