package revocation

import (
	"bytes"
	"encoding/binary"
	"math/big"
	"runtime"
	"slices"
	"testing"
)

// find shows the entries to a finder as often as it wants to see them.
func find(t *testing.T, finder *DuplicateFinder, entries []CRLEntry) (found []Repetition, count, walks int) {
	t.Helper()
	for more := true; more; more = finder.Again() {
		if walks++; walks > 100 {
			t.Fatal("it never has enough")
		}
		for i := range entries {
			e := entries[i]
			e.Index = i
			if e.Offset == 0 {
				e.Offset = offsetOf(i)
			}
			finder.Visit(&e)
		}
	}
	found, count = finder.Found()
	return found, count, walks
}

func offsetOf(i int) int64 { return 1<<33 + 42*int64(i) + int64(i%3)*200 }

func numbered(serials ...Serial) []CRLEntry {
	var entries []CRLEntry
	for _, s := range serials {
		entries = append(entries, CRLEntry{Serial: s})
	}
	return entries
}

func scattered(n int) []CRLEntry {
	var entries []CRLEntry
	for i := range n {
		entries = append(entries, CRLEntry{Serial: scatteredSerial(i)})
	}
	return entries
}

func ascending(n int) []CRLEntry {
	var entries []CRLEntry
	for i := range n {
		entries = append(entries, CRLEntry{Serial: SerialOf(big.NewInt(int64(i+1) * 3))})
	}
	return entries
}

func TestDuplicatesAreFoundWhereverTheyAre(t *testing.T) {
	for _, n := range []int{2, 3, maxEarly - 1, maxEarly, maxEarly + 1, maxEarly + 2, 20_000} {
		for name, make := range map[string]func(int) []CRLEntry{"scattered": scattered, "ascending": ascending} {
			for _, at := range [][2]int{{0, n - 1}, {0, 1}, {n - 2, n - 1}, {n / 3, n / 2}, {0, n / 2}} {
				if at[0] == at[1] {
					continue
				}
				entries := make(n)
				entries[at[1]].Serial = entries[at[0]].Serial
				var finder DuplicateFinder
				found, count, _ := find(t, &finder, entries)
				want := Repetition{entries[at[0]].Serial, EntryPlace{0, at[1], offsetOf(at[1])}, EntryPlace{0, at[0], offsetOf(at[0])}}
				if count != 1 || len(found) != 1 || !found[0].Serial.Equal(want.Serial) || found[0].EntryPlace != want.EntryPlace || found[0].First != want.First {
					t.Errorf("%d %s entries, %d repeats %d: found %d, %v", n, name, at[1], at[0], count, found)
				}
			}
		}
	}
}

// Of several CRLs, what one has twice by itself is no matter, and an issuer that an entry of
// one names is not that of the next one's.
func TestCommonEntriesOfSeveralCRLs(t *testing.T) {
	for _, n := range []int{1, 3, maxEarly, 20_000} {
		for name, make := range map[string]func(int) []CRLEntry{"scattered": scattered, "ascending": ascending} {
			whole := make(4 * n)
			lists := [][]CRLEntry{whole[:n], nil, slices.Clone(whole[n : 2*n]), slices.Clone(whole[2*n:])}
			lists[0] = append(slices.Clone(lists[0]), lists[0][0])
			lists[2] = append(lists[2], whole[0])
			lists[3] = append(lists[3], whole[2*n-1], CRLEntry{Serial: whole[n].Serial, Issuer: []byte("another")})
			var finder DuplicateFinder
			for more := true; more; more = finder.Again() {
				for list, entries := range lists {
					finder.Of(list)
					for i := range entries {
						e := entries[i]
						e.Index = i
						finder.Visit(&e)
					}
				}
			}
			found, count := finder.Found()
			want := []Repetition{{whole[0].Serial, EntryPlace{2, n, 0}, EntryPlace{}}, {whole[2*n-1].Serial, EntryPlace{3, 2 * n, 0}, EntryPlace{2, n - 1, 0}}}
			if count != len(want) || !slices.EqualFunc(found, want, func(a, b Repetition) bool {
				return a.Serial.Equal(b.Serial) && a.EntryPlace == b.EntryPlace && a.First == b.First
			}) {
				t.Errorf("%d %s entries each: %d, %v, want %v", n, name, count, found, want)
			}
		}
	}
}

// What is in order is seen once and nothing of it kept; what only repeats is seen twice.
func TestDuplicatesTakeNoMoreWalksThanTheyNeed(t *testing.T) {
	late := ascending(2000)
	late[1999].Serial = Serial{1}
	same := numbered(slices.Repeat([]Serial{{7}}, 2000)...)
	for name, c := range map[string]struct {
		entries      []CRLEntry
		count, walks int
	}{
		"none":                        {nil, 0, 1},
		"one":                         {scattered(1), 0, 1},
		"ascending":                   {ascending(20_000), 0, 1},
		"scattered":                   {scattered(20_000), 0, 1},
		"a few":                       {scattered(3), 0, 1},
		"ascending, the last apart":   {late, 0, 2},
		"all the same":                {same, 1999, 2},
		"all of two, one after other": {append(ascending(1000), ascending(1000)...), 1000, 3},
	} {
		var finder DuplicateFinder
		if _, count, walks := find(t, &finder, c.entries); count != c.count || walks != c.walks {
			t.Errorf("%s: %d repeat, after %d walks; want %d, %d", name, count, walks, c.count, c.walks)
		}
	}
}

func TestDuplicatesAreComparedAsNumbers(t *testing.T) {
	entries := numbered(Serial{1}, Serial{0x80}, Serial{0, 0x80}, Serial{0}, Serial{}, Serial{0, 0, 1}, Serial{0xff, 0xff, 0x80}, Serial{0, 0, 0x80}, Serial{0, 0})
	var finder DuplicateFinder
	found, count, _ := find(t, &finder, entries)
	var pairs [][2]int
	for _, r := range found {
		pairs = append(pairs, [2]int{r.First.Index, r.Index})
	}
	if count != 4 || !slices.Equal(pairs, [][2]int{{0, 5}, {1, 6}, {2, 7}, {3, 8}}) {
		t.Errorf("%d: %v", count, pairs)
	}
}

// A serial number that comes thrice repeats the first, twice.
func TestDuplicatesNameTheFirst(t *testing.T) {
	entries := scattered(100)
	entries[40].Serial, entries[90].Serial = entries[7].Serial, entries[7].Serial
	var finder DuplicateFinder
	found, count, _ := find(t, &finder, entries)
	if count != 2 || found[0].Index != 40 || found[1].Index != 90 || found[0].First.Index != 7 || found[1].First.Index != 7 {
		t.Errorf("%d: %+v", count, found)
	}
}

// More repetitions than one walk settles: it takes more walks, and none is lost.
func TestManyDuplicates(t *testing.T) {
	half := scattered(3 * maxSuspects)
	entries := append(half, half...)
	var finder DuplicateFinder
	found, count, walks := find(t, &finder, entries)
	if count != len(half) || walks < 3 || walks > 6 || len(found) != maxFound {
		t.Fatalf("%d of %d in %d walks, %d told", count, len(half), walks, len(found))
	}
	for i, r := range found {
		if r.Index != len(half)+i || r.First.Index != i {
			t.Errorf("told as number %d: entry %d repeats %d", i, r.Index, r.First.Index)
		}
	}
}

func TestDuplicatesOfEachIssuer(t *testing.T) {
	a, b := []byte("\x30\x03\x82\x01a"), []byte("\x30\x03\x82\x01b")
	for name, c := range map[string]struct {
		issuers []([]byte)
		want    []int
	}{
		"one issuer":                 {[][]byte{nil, nil, nil}, []int{1, 2}},
		"another from the second on": {[][]byte{nil, a, nil}, []int{2}},
		"three":                      {[][]byte{nil, a, b}, nil},
		"and back":                   {[][]byte{a, b, a}, []int{2}},
		"named again":                {[][]byte{a, a, nil}, []int{1, 2}},
	} {
		for _, before := range []int{0, 3000} {
			entries := scattered(before)
			for _, issuer := range c.issuers {
				entries = append(entries, CRLEntry{Serial: Serial{5}, Issuer: issuer})
			}
			var finder DuplicateFinder
			found, _, _ := find(t, &finder, entries)
			var got []int
			for _, r := range found {
				got = append(got, r.Index-before)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s, after %d others: %v, want %v", name, before, got, c.want)
			}
		}
	}
}

// Hashes alone are never believed: suspects that are none are dropped, and one that is
// stands beside them.
func TestDuplicatesAreNoMatterOfHashes(t *testing.T) {
	entries := scattered(5000)
	entries[4000].Serial = entries[3].Serial
	var finder DuplicateFinder
	for i := range entries {
		entries[i].Index = i
		finder.Visit(&entries[i])
	}
	if !finder.Again() || len(finder.suspects) != 1 {
		t.Fatalf("%d suspects", len(finder.suspects))
	}
	for i := range entries {
		finder.suspects[kept(finder.hash(entries[i].Serial))] = true
	}
	for i := range entries {
		finder.Visit(&entries[i])
	}
	if found, count := finder.Found(); finder.Again() || count != 1 || found[0].Index != 4000 || found[0].First.Index != 3 {
		t.Errorf("%d: %+v", count, found)
	}
}

func TestHashListSuspectsWhatIsAlike(t *testing.T) {
	const h = 0x0123456789abcdef
	for name, c := range map[string]struct {
		other uint64
		want  bool
	}{
		"equal":                        {h, true},
		"apart in what is not kept":    {h ^ 1<<13, true},
		"apart in the last kept":       {h ^ 1<<14, false},
		"apart in the bucket":          {h ^ 1<<54, false},
		"apart in the high octet":      {h ^ 1<<53, false},
		"apart in all but 32 bits":     {h ^ 0xffc0_0000_0000_0000, false},
		"nothing is kept of one":       {0, false},
		"apart in a bit of the middle": {h ^ 1<<40, false},
	} {
		list := new(hashList)
		list.add(h)
		list.add(c.other)
		found := map[uint64]bool{}
		for b := range buckets {
			list.repeated(b, found)
		}
		if len(found) != map[bool]int{true: 1}[c.want] || c.want && !found[kept(h)] {
			t.Errorf("%s: %v", name, found)
		}
	}
	// Those whose first 32 of 40 bits are 0 and 1 share a place in the table, and are
	// settled like others.
	list := new(hashList)
	for range 2 {
		list.add(0)
	}
	found := map[uint64]bool{}
	if list.repeated(0, found); !found[0] {
		t.Errorf("0 comes twice: %v", found)
	}
}

const chunkHolds = (chunkSize - linkSize) / recordSize

// One bucket of several chunks, across their edges.
func TestHashListOfOneBucket(t *testing.T) {
	for _, n := range []int{chunkHolds - 1, chunkHolds, chunkHolds + 1, 10 * chunkHolds, 3000} {
		list := new(hashList)
		for i := range n {
			list.add(uint64(i*7919) << 14)
		}
		found := map[uint64]bool{}
		if list.repeated(0, found); len(found) > 0 {
			t.Errorf("%d different: %v", n, found)
		}
		for i := range n {
			list.add(uint64(i*7919) << 14)
		}
		if list.repeated(0, found); len(found) != n {
			t.Errorf("%d twice: %d found", n, len(found))
		}
	}
}

func TestDuplicateFinderMemory(t *testing.T) {
	const n = 1_000_000
	for _, c := range []struct {
		name   string
		serial func(i int) uint64
		most   uint64
	}{
		{"ascending", func(i int) uint64 { return uint64(i) << 30 }, 1 << 16},
		{"scattered", func(i int) uint64 { return uint64(i) * 0x9e3779b97f4a7c15 >> 1 }, 6*n + n/10},
	} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var finder DuplicateFinder
		serial := make(Serial, 16)
		e := CRLEntry{Serial: serial}
		for i := range n {
			binary.BigEndian.PutUint64(serial[1:], c.serial(i))
			serial[0] = 1
			e.Index = i
			finder.Visit(&e)
		}
		runtime.ReadMemStats(&after)
		if total := after.TotalAlloc - before.TotalAlloc; total > c.most {
			t.Errorf("%s: %d octets were set aside for %d entries, at most %d", c.name, total, n, c.most)
		}
		if count := after.Mallocs - before.Mallocs; count > 50 {
			t.Errorf("%s: %d allocations", c.name, count)
		}
		if finder.Again() {
			t.Errorf("%s: suspects among different ones", c.name)
		}
	}
}

// The whole of it over a CRL, whose last entry repeats the first.
func TestDuplicatesOfACRL(t *testing.T) {
	ca := newCRLAuthority(t, ecdsaKey)
	entries := encodedEntries(20_000)
	entries = append(entries, encoded(tagSequence, encoded(tagInteger, scatteredSerial(0)), encoded(tagUTCTime, []byte("260228120000Z")))...)
	der := ca.sign(t, tbsFields{entries: entries})
	var finder DuplicateFinder
	if _, err := ReadCRL(bytes.NewReader(der), finder.Visit); err != nil {
		t.Fatal(err)
	}
	for finder.Again() {
		crl, err := ReadCRLEntries(bytes.NewReader(der), finder.Visit)
		if err != nil || crl.Broken != nil || crl.Entries != 20_001 || crl.Verify(ca.certificate).State == SignatureValid {
			t.Fatal(err, crl.Broken, crl.Entries)
		}
	}
	found, count := finder.Found()
	if count != 1 || found[0].Index != 20_000 || found[0].First.Index != 0 || !bytes.HasPrefix(der[found[0].Offset:], entries[len(entries)-35:]) {
		t.Errorf("%d: %+v", count, found)
	}
}
