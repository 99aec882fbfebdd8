package revocation

import (
	"encoding/binary"
	"time"
)

// utcMonth is a month of a UTCTime's calendar.
type utcMonth struct {
	before uint16 // days of the year that lie before it
	days   uint8  // 0: there is no such month
}

// utcMonths are the months by their number, of common years and of leap years.
var utcMonths = [2][16]utcMonth{
	{{}, {0, 31}, {31, 28}, {59, 31}, {90, 30}, {120, 31}, {151, 30}, {181, 31}, {212, 31}, {243, 30}, {273, 31}, {304, 30}, {334, 31}},
	{{}, {0, 31}, {31, 29}, {60, 31}, {91, 30}, {121, 31}, {152, 30}, {182, 31}, {213, 31}, {244, 30}, {274, 31}, {305, 30}, {335, 31}},
}

// from1950 is the first day of 1950, in seconds since 1970.
const from1950 = -20*365*86400 - 5*86400

// utcDays turns times into instants. It keeps the last day, which is that of the next entry
// too where a CRL is in the order of time.
type utcDays struct {
	day   uint64 // YYMMDD as it was read, the first digit in the lowest octet, below a seal
	start int64  // its first second
}

// instant is plainTime, several times faster for a UTCTime: the calendar of
// 1950 to 2049 knows no exceptional century, and six digits are decoded as a word of
// three numbers.
func (d *utcDays) instant(tag byte, raw []byte) (time.Time, bool) {
	if tag != tagUTCTime || len(raw) != len("YYMMDDHHMMSSZ") || raw[12] != 'Z' {
		return plainTime(tag, raw)
	}
	if day := binary.LittleEndian.Uint64(raw) | seal; day != d.day {
		start, ok := utcDay(day)
		if !ok {
			return time.Time{}, false
		}
		d.day, d.start = day, start
	}
	clock, ok := digitPairs(binary.LittleEndian.Uint64(raw[4:]) >> 16)
	if !ok || ((carries|latestClock)-clock)&carries != carries {
		return time.Time{}, false
	}
	return time.Unix(d.start+int64(clock&0xff*3600+clock>>16&0xff*60+clock>>32), 0).UTC(), true
}

const (
	latestClock = 23 | 59<<16 | 59<<32
	// carries are lent to the numbers of latestClock, and are gone where a larger one is
	// taken from them.
	carries = 0x8000_8000_8000
)

// utcDay returns the first second of a day YYMMDD.
func utcDay(digits uint64) (int64, bool) {
	date, ok := digitPairs(digits)
	number := date >> 16 & 0xff
	if !ok || number > 12 {
		return 0, false
	}
	year := (date&0xff + 50) % 100 // from 1950 on
	month := utcMonths[1<<2>>(year&3)&1][number]
	day := date>>32 - 1
	if day >= uint64(month.days) {
		return 0, false
	}
	return from1950 + 86400*int64(year*365+(year+1)>>2+uint64(month.before)+day), true
}

// seal takes the place of the two octets behind YYMMDD. No day is that of the zero value.
const seal = 0xffff << 48

// digitPairs makes three numbers, 16 bits apart, of the six ASCII digits in the
// lowest octets of word.
func digitPairs(word uint64) (pairs uint64, ok bool) {
	word ^= 0x303030303030
	if (word|(word+0x060606060606))&0xf0f0f0f0f0f0 != 0 {
		return 0, false
	}
	return (word*10 + word>>8) & 0x00ff00ff00ff, true
}
