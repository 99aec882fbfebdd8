package revocation

import "time"

// Time is a time as a document encodes it: the instant, and how it was written.
// The instant is zero where the field is absent or does not spell a time; the first second
// of the year 1, which no document can mean, counts as no time.
type Time struct {
	time.Time
	Tag    byte   // 0x17 UTCTime, 0x18 GeneralizedTime, 0 where the field is absent
	Raw    []byte // the content octets
	Offset int64
}

// Present reports whether the field was there at all, readable or not.
func (t Time) Present() bool { return t.Tag != 0 }

// Generalized reports whether the field was a GeneralizedTime.
func (t Time) Generalized() bool { return t.Tag == tagGeneralizedTime }

// time reads a GeneralizedTime of that name. A UTCTime in its place is kept as such and
// noted, since its instant can still be judged.
func (c *cursor) time(name string) (Time, bool) {
	if c.peek() == tagUTCTime {
		p := c.path.in(name)
		e, ok := c.next(p)
		if !ok {
			return Time{}, false
		}
		c.notes.deviate(DevTag, e.offset, p, "UTCTime where GeneralizedTime belongs")
		return c.instant(e, p), true
	}
	e, ok := c.expect(tagGeneralizedTime, name)
	if !ok {
		return Time{}, false
	}
	if at, ok := plainTime(e.tag, e.content); ok {
		return Time{Time: at, Tag: e.tag, Raw: e.content, Offset: e.offset}, true
	}
	return c.instant(e, c.path.in(name)), true
}

// instant reads a UTCTime or GeneralizedTime and notes one whose text gives no instant,
// which rules about times have to pass over.
func (c *cursor) instant(e element, p *path) Time {
	t := readTime(e.tag, e.content, e.offset)
	if t.IsZero() {
		c.notes.deviate(DevTime, e.offset, p, "%s %q gives no instant", tagName(e.tag), head(e.content, 32))
	}
	return t
}

// WellFormed reports whether the text has the one form that RFC 5280 §4.1.2.5
// leaves: seconds present, no fraction, Zulu.
func (t Time) WellFormed() bool {
	want := len("YYMMDDHHMMSSZ")
	if t.Tag == tagGeneralizedTime {
		want = len("YYYYMMDDHHMMSSZ")
	}
	return !t.IsZero() && len(t.Raw) == want && t.Raw[want-1] == 'Z'
}

// PlainForm reports whether the time is in the one form that RFC 5280 §5.1.2.4 leaves it in a
// CRL: well-formed, UTCTime through 2049 and GeneralizedTime from 2050 on. Years before 1950,
// of which it says nothing, no UTCTime can say.
func (t Time) PlainForm() bool {
	return t.WellFormed() && t.Generalized() == (t.Year() < 1950 || t.Year() >= 2050)
}

// timeLayouts are every spelling that X.680 §46, §47 allow, the DER one first.
var timeLayouts = map[byte][]string{
	tagUTCTime: {"060102150405Z0700", "0601021504Z0700"},
	tagGeneralizedTime: {"20060102150405Z0700", "200601021504Z0700", "2006010215Z0700",
		"20060102150405.999999999Z0700", "20060102150405,999999999Z0700", "20060102150405", "200601021504", "2006010215"},
}

// readTime reads a UTCTime or GeneralizedTime in any spelling.
func readTime(tag byte, raw []byte, offset int64) Time {
	t := Time{Tag: tag, Raw: raw, Offset: offset}
	if at, ok := plainTime(tag, raw); ok {
		t.Time = at
		return t
	}
	for _, layout := range timeLayouts[tag] {
		if at, err := time.Parse(layout, string(raw)); err == nil {
			if tag == tagUTCTime {
				at = pivot(at)
			}
			t.Time = at.UTC()
			break
		}
	}
	return t
}

// pivot applies RFC 5280 §4.1.2.5.1: two-digit years from 50 are of the 20th century.
func pivot(at time.Time) time.Time {
	switch year := at.Year(); {
	case year >= 2050:
		return at.AddDate(-100, 0, 0)
	case year < 1950:
		return at.AddDate(100, 0, 0)
	}
	return at
}

// plainTime reads the one spelling that DER and the profiles leave, without
// allocating: it is every time of a well-made CRL.
func plainTime(tag byte, raw []byte) (time.Time, bool) {
	year, digits := 0, raw
	switch {
	case tag == tagUTCTime && len(raw) == 13 && raw[12] == 'Z':
		yy, ok := twoDigits(digits)
		if !ok {
			return time.Time{}, false
		}
		year, digits = 1900+yy, digits[2:]
		if yy < 50 {
			year += 100
		}
	case tag == tagGeneralizedTime && len(raw) == 15 && raw[14] == 'Z':
		high, ok1 := twoDigits(digits)
		low, ok2 := twoDigits(digits[2:])
		if !ok1 || !ok2 {
			return time.Time{}, false
		}
		year, digits = high*100+low, digits[4:]
	default:
		return time.Time{}, false
	}
	var part [5]int
	for i := range part {
		v, ok := twoDigits(digits[2*i:])
		if !ok {
			return time.Time{}, false
		}
		part[i] = v
	}
	month, day, hour, minute, second := part[0], part[1], part[2], part[3], part[4]
	if month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	at := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	return at, at.Day() == day && !at.IsZero()
}

func twoDigits(b []byte) (int, bool) {
	if len(b) < 2 || b[0] < '0' || b[0] > '9' || b[1] < '0' || b[1] > '9' {
		return 0, false
	}
	return int(b[0]-'0')*10 + int(b[1]-'0'), true
}
