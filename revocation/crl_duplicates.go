package revocation

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"sort"
)

// SerialSet finds serial numbers that occur twice among millions, exactly, in at most
// about 30 octets an entry at serials of 16; about 20 where they come in ascending
// order, for which no table is needed. The zero value is an empty set.
//
// It holds up to 4 GiB of serial numbers. Past that, Full reports true and later ones
// are no longer held, so that a repetition of one of those goes unseen.
type SerialSet struct {
	blocks [][]byte // records: length, step of index, step of offset (uvarints), octets
	marks  []serialMark
	count  int
	full   bool
	expect int // how many there may be, if somebody said so

	last      Duplicate // the one added last
	lastValue Serial    // its octets, in blocks
	unordered bool      // the serials did not ascend, so that the table is in use

	seed  maphash.Seed
	tags  []byte // of each slot: 0 where it is free, or seven bits of the hash and 1
	slots []uint32
}

// Duplicate is where a serial number occurred first.
type Duplicate struct {
	Index  int   // of the entry
	Offset int64 // of the entry, from the document's start
}

// serialMark is one record in every markStep, from which to count to those after it.
type serialMark struct {
	at   uint32 // of the record
	prev Duplicate
}

const (
	blockBits = 16 // a record begins in the first 64 KiB of a block
	maxBlocks = 1 << (32 - blockBits)
	markStep  = 128
	firstSize = 1 << 10 // slots of the first table
	largeSize = 1 << 19 // slots from which a table is doubled, and not quadrupled
)

// Add adds the serial number of the entry with that index and offset. If an equal
// number is there already, however either was padded, it changes nothing and returns
// where that one is, and true.
func (s *SerialSet) Add(serial Serial, index int, offset int64) (first Duplicate, dup bool) {
	serial = serial.minimal()
	if !s.unordered {
		if s.count == 0 || ascends(s.lastValue, serial) {
			s.append(serial, Duplicate{index, offset})
			return Duplicate{}, false
		}
		s.tabulate()
	}
	if 5*(s.count+1) > 4*len(s.slots) {
		s.rebuild(larger(len(s.slots)))
	}
	slot, tag := s.place(serial)
	for ; s.tags[slot] != 0; slot = s.following(slot) {
		if s.tags[slot] == tag && bytes.Equal(s.octets(s.slots[slot]), serial) {
			return s.find(s.slots[slot]), true
		}
	}
	if at, ok := s.append(serial, Duplicate{index, offset}); ok {
		s.tags[slot], s.slots[slot] = tag, at
	}
	return Duplicate{}, false
}

// Expect says that about n serial numbers will come, so that a table, where one is
// needed, is made once in the right size: twice as fast. It allocates nothing yet. The
// length of a CRL divided by 40 is a fair guess.
func (s *SerialSet) Expect(n int) { s.expect = n }

// Len returns how many different serial numbers were added.
func (s *SerialSet) Len() int { return s.count }

// Full reports whether serial numbers came that could not be held.
func (s *SerialSet) Full() bool { return s.full }

// ascends reports whether b is later than a in the order of length, then octets: for
// positive numbers, the order of their values.
func ascends(a, b Serial) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return bytes.Compare(a, b) < 0
}

// append adds a record and returns where it is.
func (s *SerialSet) append(serial Serial, entry Duplicate) (at uint32, ok bool) {
	n := len(s.blocks)
	if n == 0 || len(s.blocks[n-1])+len(serial)+3*binary.MaxVarintLen64 > 1<<blockBits {
		if n == maxBlocks {
			s.full = true
			return 0, false
		}
		s.blocks = append(s.blocks, make([]byte, 0, max(1<<blockBits, len(serial)+3*binary.MaxVarintLen64)))
		n++
	}
	block := s.blocks[n-1]
	at = uint32(n-1)<<blockBits | uint32(len(block))
	if s.count%markStep == 0 {
		s.marks = append(s.marks, serialMark{at, s.last})
	}
	length, index, offset := uint64(len(serial)), uint64(entry.Index-s.last.Index), uint64(entry.Offset-s.last.Offset)
	if length|index|offset < 0x80 {
		block = append(block, byte(length), byte(index), byte(offset))
	} else {
		block = binary.AppendUvarint(block, length)
		block = binary.AppendUvarint(block, index)
		block = binary.AppendUvarint(block, offset)
	}
	block = append(block, serial...)
	s.blocks[n-1] = block
	if s.last = entry; !s.unordered {
		s.lastValue = block[len(block)-len(serial):]
	}
	s.count++
	return at, true
}

// record is one serial number as it is held.
type record struct {
	octets []byte
	entry  Duplicate // where it was added; what was added before it must be known to tell
	size   int
}

func (s *SerialSet) record(at uint32, prev Duplicate) record {
	b := s.blocks[at>>blockBits][at&(1<<blockBits-1):]
	start, length := 3, int(b[0])
	index, offset := uint64(b[1]), uint64(b[2])
	if b[0]|b[1]|b[2] >= 0x80 {
		long, n := binary.Uvarint(b)
		steps, m := binary.Uvarint(b[n:])
		octets, k := binary.Uvarint(b[n+m:])
		start, length, index, offset = n+m+k, int(long), steps, octets
	}
	return record{
		octets: b[start : start+length],
		entry:  Duplicate{prev.Index + int(index), prev.Offset + int64(offset)},
		size:   start + length,
	}
}

func (s *SerialSet) octets(at uint32) []byte { return s.record(at, Duplicate{}).octets }

// after returns where the record behind that of size octets at at is.
func (s *SerialSet) after(at uint32, size int) uint32 {
	block, next := at>>blockBits, int(at&(1<<blockBits-1))+size
	if next == len(s.blocks[block]) {
		return (block + 1) << blockBits
	}
	return block<<blockBits | uint32(next)
}

// find counts from the mark before the record to what was added with it.
func (s *SerialSet) find(want uint32) Duplicate {
	i := sort.Search(len(s.marks), func(i int) bool { return s.marks[i].at > want }) - 1
	at, entry := s.marks[i].at, s.marks[i].prev
	for {
		r := s.record(at, entry)
		entry = r.entry
		if at == want {
			return entry
		}
		at = s.after(at, r.size)
	}
}

// tabulate enters what came in ascending order into the first table.
func (s *SerialSet) tabulate() {
	s.unordered, s.seed = true, maphash.MakeSeed()
	size := max(firstSize, s.expect+s.expect/4)
	for 5*(s.count+1) > 4*size {
		size = larger(size)
	}
	s.rebuild(size)
}

func larger(size int) int {
	if size < largeSize {
		return 4 * size
	}
	return 2 * size
}

func (s *SerialSet) rebuild(size int) {
	s.tags, s.slots = make([]byte, size), make([]uint32, size)
	for i, at := 0, uint32(0); i < s.count; i++ {
		r := s.record(at, Duplicate{})
		slot, tag := s.place(r.octets)
		for s.tags[slot] != 0 {
			slot = s.following(slot)
		}
		s.tags[slot], s.slots[slot] = tag, at
		at = s.after(at, r.size)
	}
}

// place returns the slot where a serial number belongs, and its tag. The seed keeps a
// list from being made so that everything falls into one slot; no answer depends on it.
func (s *SerialSet) place(serial []byte) (slot int, tag byte) {
	h := maphash.Bytes(s.seed, serial)
	high, _ := bits.Mul64(h, uint64(len(s.slots)))
	return int(high), byte(h) | 1
}

func (s *SerialSet) following(slot int) int {
	if slot++; slot < len(s.slots) {
		return slot
	}
	return 0
}
