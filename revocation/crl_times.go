package revocation

import (
	"encoding/binary"
	"time"
)

// monthDays is the length of each month, of a leap year.
const monthDays = "\x00\x1f\x1d\x1f\x1e\x1f\x1e\x1f\x1f\x1e\x1f\x1e\x1f"

// unixDayZero is the day number of 1970-01-01 in the count of revocationTime, which
// has a leap day every fourth year.
const unixDayZero = 719483

// revocationTime is plainTime, several times faster for a UTCTime: the calendar of
// 1950 to 2049 knows no exceptional century, and twelve digits are decoded as two words.
func revocationTime(tag byte, raw []byte) (time.Time, bool) {
	if tag != tagUTCTime || len(raw) != 13 || raw[12] != 'Z' {
		return plainTime(tag, raw)
	}
	date, ok1 := digitPairs(binary.LittleEndian.Uint64(raw[:8]))
	clock, ok2 := digitPairs(binary.LittleEndian.Uint64(raw[4:12]))
	if !ok1 || !ok2 {
		return time.Time{}, false
	}
	year, month, day, hour := int64(date&0xff), date>>16&0xff, int64(date>>32&0xff), int64(date>>48)
	minute, second := int64(clock>>32&0xff), int64(clock>>48)
	if year += 1900; year < 1950 {
		year += 100
	}
	switch {
	case month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59,
		day < 1 || day > int64(monthDays[month]),
		day == 29 && month == 2 && year%4 != 0:
		return time.Time{}, false
	}
	// Years from March on, so that the leap day is the last of its year; without a branch,
	// since nobody can guess which way it goes.
	early := int64(month-3) >> 63 // -1 in January and February
	year, month = year+early, month+uint64(12&early)
	days := 365*year + year>>2 + (153*int64(month-3)+2)/5 + day - 1 - unixDayZero
	return time.Unix(86400*days+3600*hour+60*minute+second, 0).UTC(), true
}

// digitPairs makes four numbers, 16 bits apart, of the eight ASCII digits in word.
func digitPairs(word uint64) (pairs uint64, ok bool) {
	word ^= 0x3030303030303030
	if (word|(word+0x0606060606060606))&0xf0f0f0f0f0f0f0f0 != 0 {
		return 0, false
	}
	return (word*10 + word>>8) & 0x00ff00ff00ff00ff, true
}
