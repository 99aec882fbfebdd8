package revocation

import "encoding/binary"

// hashList holds millions of hashes by their first 50 bits: 10 say which bucket one is in,
// and 40 are written down there. To look for equal ones in one bucket after the other keeps
// to the processor's caches; one table of all would wait for memory at every entry.
//
// A bucket is a chain of chunks, which lie in slabs as they were begun. A position counts
// octets through all slabs.
type hashList struct {
	slabs  [][]byte
	chunks uint64          // how many were begun
	ends   [buckets]uint64 // position behind the last record of each bucket; 0 where there is none
	table  []uint32
}

const (
	buckets    = 1 << 10
	keptBits   = 50
	recordSize = 5
	chunkSize  = 1 << 9
	slabSize   = 1 << 19
	linkSize   = 4 // at the start of a chunk: the number, from 1, of the chunk before it in the bucket
	// chunkFull is where in a chunk no further record goes.
	chunkFull = linkSize + (chunkSize-linkSize)/recordSize*recordSize
)

// kept is what a hashList holds of a hash.
func kept(h uint64) uint64 { return h >> (64 - keptBits) }

func (l *hashList) add(hashes ...uint64) {
	for _, h := range hashes {
		bucket := h >> (64 - 10) % buckets
		end := l.ends[bucket]
		if in := end % chunkSize; in == 0 || in == chunkFull {
			end = l.grow(end)
		}
		record, to := kept(h), l.slabs[end/slabSize][end%slabSize:][:recordSize]
		binary.LittleEndian.PutUint32(to, uint32(record))
		to[recordSize-1] = byte(record >> 32)
		l.ends[bucket] = end + recordSize
	}
}

// grow begins another chunk behind the one that ends there, and returns where its first
// record goes.
func (l *hashList) grow(end uint64) uint64 {
	at := l.chunks * chunkSize
	if at%slabSize == 0 {
		l.slabs = append(l.slabs, make([]byte, slabSize))
	}
	l.chunks++
	binary.LittleEndian.PutUint32(l.chunk(l.chunks), uint32(chunkOf(end)))
	return at + linkSize
}

// chunkOf is the number of the chunk that a bucket ends in, 0 where it has none.
func chunkOf(end uint64) uint64 { return (end + chunkSize - 1) / chunkSize }

func (l *hashList) chunk(number uint64) []byte {
	at := (number - 1) * chunkSize
	return l.slabs[at/slabSize][at%slabSize:][:chunkSize]
}

// repeated adds to found what the bucket holds more than once.
func (l *hashList) repeated(bucket int, found map[uint64]bool) {
	count := 0
	last := chunkOf(l.ends[bucket])
	for number := last; number > 0; number = before(l.chunk(number)) {
		count += chunkSize / recordSize
	}
	l.clear(count)
	used := (l.ends[bucket]-1)%chunkSize + 1
	for number := last; number > 0; used = chunkFull {
		chunk := l.chunk(number)
		for at := uint64(linkSize); at < used; at += recordSize {
			low, high := binary.LittleEndian.Uint32(chunk[at:]), chunk[at+recordSize-1]
			if l.repeats(low, high) {
				found[uint64(bucket)<<40|uint64(high)<<32|uint64(low)] = true
			}
		}
		number = before(chunk)
	}
}

func before(chunk []byte) uint64 { return uint64(binary.LittleEndian.Uint32(chunk)) }

// clear empties the table, and makes it large enough for count records.
func (l *hashList) clear(count int) {
	size := 1 << 8
	for size < 3*count { // so that nearly every record finds its slot free at once
		size *= 2
	}
	if size > cap(l.table) {
		l.table = make([]uint32, size)
		return
	}
	l.table = l.table[:size]
	clear(l.table)
}

// repeats enters a record into the table and reports whether it seems to have been there
// before: an equal one certainly was, and of others few.
func (l *hashList) repeats(low uint32, high byte) bool {
	table := l.table
	mask := uint32(len(table) - 1)
	low = max(low, 1) // 0 is a free slot
	for slot := (low>>8 ^ uint32(high)*0x9e3779b1>>8) & mask; ; slot = (slot + 1) & mask {
		switch table[slot] {
		case 0:
			table[slot] = low
			return false
		case low:
			return true
		}
	}
}
