package revocation

import (
	"math/big"
	"runtime"
	"testing"
)

func TestSerialSetFindsTheFirst(t *testing.T) {
	orders := map[string]func(i int) Serial{
		"ascending":  func(i int) Serial { return SerialOf(big.NewInt(int64(i) * 3)) },
		"descending": func(i int) Serial { return SerialOf(big.NewInt(int64(1_000_000 - i))) },
		"scattered":  func(i int) Serial { return scatteredSerial(i) },
		"negative":   func(i int) Serial { return SerialOf(big.NewInt(int64(-i))) },
		"long":       func(i int) Serial { return append(make(Serial, 300), scatteredSerial(i)...) },
	}
	const n = 20_000
	for name, serial := range orders {
		var set SerialSet
		set.Expect(len(name) * 1000) // fewer than come
		offset := func(i int) int64 { return 1<<33 + 42*int64(i) + int64(i%3)*200 }
		for i := range n {
			if first, dup := set.Add(serial(i), i, offset(i)); dup {
				t.Fatalf("%s: %d repeats %d", name, i, first.Index)
			}
		}
		for i := n - 1; i >= 0; i-- {
			first, dup := set.Add(serial(i), n+i, offset(n+i))
			if !dup || first != (Duplicate{i, offset(i)}) {
				t.Fatalf("%s: repetition of %d: %v %v", name, i, first, dup)
			}
		}
		if set.Len() != n || set.Full() {
			t.Errorf("%s: %d different ones", name, set.Len())
		}
	}
}

func TestSerialSetComparesNumbers(t *testing.T) {
	var set SerialSet
	for i, serial := range []Serial{{1}, {0x80}, {0, 0x80}, {0}, {}} {
		if first, dup := set.Add(serial, i, 0); dup {
			t.Errorf("%x is not %d", serial, first.Index)
		}
	}
	for want, serial := range map[int]Serial{0: {0, 0, 1}, 1: {0xff, 0xff, 0x80}, 2: {0, 0, 0x80}, 3: {0, 0}} {
		if first, dup := set.Add(serial, 9, 9); !dup || first.Index != want {
			t.Errorf("%x: %v %v, want %d", serial, first, dup, want)
		}
	}
}

// The list repeats itself in the middle of an ascending one: nothing but the order of
// the last two tells that a table is needed.
func TestSerialSetRepetitionOfTheLast(t *testing.T) {
	var set SerialSet
	set.Add(Serial{5}, 0, 10)
	set.Add(Serial{6}, 1, 20)
	if first, dup := set.Add(Serial{6}, 2, 30); !dup || first != (Duplicate{1, 20}) {
		t.Errorf("%v %v", first, dup)
	}
	if first, dup := set.Add(Serial{5}, 3, 40); !dup || first != (Duplicate{0, 10}) {
		t.Errorf("%v %v", first, dup)
	}
}

func TestSerialSetMemory(t *testing.T) {
	const n = 600_000
	for _, c := range []struct {
		name   string
		serial func(i int) Serial
		most   uint64
	}{
		{"ascending", func(i int) Serial { return SerialOf(new(big.Int).Lsh(big.NewInt(int64(i+1<<30)), 90)) }, 20},
		{"scattered", func(i int) Serial { return scatteredSerial(i) }, 33},
	} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var set SerialSet
		for i := range n {
			set.Add(c.serial(i), i, 42*int64(i))
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if each := (after.HeapAlloc - before.HeapAlloc) / n; after.HeapAlloc < before.HeapAlloc || each > c.most {
			t.Errorf("%s: %d octets an entry, at most %d", c.name, each, c.most)
		}
		runtime.KeepAlive(&set)
	}
}

func TestSerialSetExpectMakesOneTable(t *testing.T) {
	const n = 50_000
	var set SerialSet
	set.Expect(n)
	for i := range n {
		set.Add(scatteredSerial(i), i, int64(i))
	}
	if size := len(set.slots); size != n+n/4 {
		t.Errorf("%d slots for %d serial numbers", size, n)
	}
}

func TestSerialSetFull(t *testing.T) {
	var set SerialSet
	set.Add(Serial{9}, 0, 0)
	set.Add(Serial{8}, 1, 0)
	set.blocks = append(set.blocks, make([][]byte, maxBlocks-len(set.blocks))...)
	set.blocks[maxBlocks-1] = make([]byte, 1<<blockBits)
	if _, dup := set.Add(Serial{7}, 2, 0); dup || !set.Full() || set.Len() != 2 {
		t.Errorf("duplicate %v, full %v, %d held", dup, set.Full(), set.Len())
	}
	if first, dup := set.Add(Serial{8}, 3, 0); !dup || first.Index != 1 {
		t.Errorf("what is held is not found: %v %v", first, dup)
	}
}
