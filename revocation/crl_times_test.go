package revocation

import (
	"fmt"
	"testing"
	"time"
)

func TestUTCDaysArePlainTimes(t *testing.T) {
	texts := []string{"\x00\x00\x00\x00\x00\x00120000Z", "26010112000", "260101120000", "260101120000z", "2601011200000", "26O101120000Z", "260101120000:", "/60101120000Z", "26010112000:Z"}
	for at := time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2050; at = at.Add(24*time.Hour + 61*time.Second) {
		texts = append(texts, at.Format("060102150405Z"))
	}
	for year := range 100 {
		for month := range 14 {
			for _, day := range []int{0, 1, 28, 29, 30, 31, 32} {
				texts = append(texts, fmt.Sprintf("%02d%02d%02d235959Z", year, month, day))
			}
		}
	}
	for _, clock := range []string{"240000", "006000", "000060", "235959", "000000"} {
		texts = append(texts, "260301"+clock+"Z")
	}
	var days utcDays
	for _, text := range texts {
		for _, tag := range []byte{tagUTCTime, tagGeneralizedTime} {
			want, wantOK := plainTime(tag, []byte(text))
			got, ok := days.instant(tag, []byte(text))
			if ok != wantOK || ok && !got.Equal(want) || ok && got.Location() != time.UTC {
				t.Errorf("%02x %s: %v %v, want %v %v", tag, text, got, ok, want, wantOK)
			}
		}
	}
}
