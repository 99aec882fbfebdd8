package revocation

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"slices"
)

// DuplicateFinder finds entries of a CRL that have the serial number of an earlier entry,
// exactly, among millions, in little more than 5 octets an entry; in none where the serial
// numbers ascend. In return it may have to see the entries again:
//
//	for more := true; more; more = finder.Again() {
//		ReadCRLEntries(octets, finder.Visit) // the same octets every time
//	}
//
// In an indirect CRL (RFC 5280 §5.3.3) a serial number is one of the certificate issuer
// that the entry, or the last before it that names any, gives. The zero value is ready.
//
// It also finds what several CRLs have in common, where every walk tells by Of whose entries
// come:
//
//	for more := true; more; more = finder.Again() {
//		for i := range crls {
//			finder.Of(i)
//			ReadCRLEntries(octets[i], finder.Visit)
//		}
//	}
type DuplicateFinder struct {
	list    int  // whose entries come
	across  bool // entries of one CRL are not compared with each other
	walk    walk
	issuer  []byte // the certificateIssuer in force; empty at first
	prefix  uint64 // its hash
	seed    maphash.Seed
	ordered bool // the serial numbers ascended up to here
	last    []byte

	early   []uint64  // hashes that are not in the list yet
	hashes  *hashList // nil while there are few
	dropped bool      // hashes were dropped while the serial numbers ascended

	bucket   int             // of hashes, the next to look through
	suspects map[uint64]bool // hashes that came twice, as those are kept
	key      []byte
	seen     map[string]EntryPlace // the serial numbers of suspects
	found    []Repetition
	count    int
}

// EntryPlace is where an entry is.
type EntryPlace struct {
	List   int // the CRL, as Of had it; 0 where there is one
	Index  int
	Offset int64 // from the document's start
}

func (p EntryPlace) compare(q EntryPlace) int {
	return cmp.Or(cmp.Compare(p.List, q.List), cmp.Compare(p.Index, q.Index))
}

// Repetition is an entry that has the serial number of an earlier one.
type Repetition struct {
	Serial Serial
	EntryPlace
	First EntryPlace // where that serial number came first
}

// walk is what one look at all the entries is for.
type walk int

const (
	gathering walk = iota // hashes, unless the serial numbers ascend
	hashing               // the same, whatever their order
	settling              // which suspects do repeat
	settled
)

const (
	// maxEarly is how many hashes are kept before a list is made for them.
	maxEarly = 512
	// maxSuspects is how many are settled in one walk: a CRL that repeats itself over and
	// over shall cost time, not memory.
	maxSuspects = 1 << 16
	// maxFound is how many repetitions are told one by one.
	maxFound = 16
)

// Of tells that the entries of another CRL come, by its number: in every walk from 0 up, and in
// the same order. Then only entries that another CRL has as well are found.
func (f *DuplicateFinder) Of(list int) {
	f.list, f.across = list, true
	if list == 0 {
		f.begin()
	}
	f.issuer, f.prefix = f.issuer[:0], 0
}

// Visit is the EntryVisitor of every walk.
func (f *DuplicateFinder) Visit(e *CRLEntry) {
	if e.Index == 0 && !f.across {
		f.begin()
	}
	if e.Issuer != nil && !bytes.Equal(e.Issuer, f.issuer) {
		f.issuer = append(f.issuer[:0], e.Issuer...)
		f.prefix = maphash.Bytes(f.seed, f.issuer)
		f.ordered = false
	}
	serial := e.Serial.Minimal()
	switch f.walk {
	case gathering:
		f.gather(serial)
	case hashing:
		f.add(serial)
	case settling:
		f.settle(e, serial)
	}
}

func (f *DuplicateFinder) begin() {
	if f.early == nil {
		f.seed, f.early = maphash.MakeSeed(), make([]uint64, 0, maxEarly)
	}
	f.issuer, f.prefix = f.issuer[:0], 0
	f.ordered, f.last = true, f.last[:0]
}

// hash is seeded so that nobody can make serial numbers of one hash. No answer depends on
// the seed, only how soon it is there.
func (f *DuplicateFinder) hash(serial Serial) uint64 {
	return maphash.Bytes(f.seed, serial) ^ f.prefix
}

// gather keeps nothing but the first few hashes while the serial numbers ascend. Where a
// later one does not, the entries have to be seen from the first again.
func (f *DuplicateFinder) gather(serial Serial) {
	if f.ordered = f.ordered && ascends(f.last, serial); f.ordered {
		f.last = append(f.last[:0], serial...)
		if f.dropped = len(f.early) == maxEarly; !f.dropped {
			f.early = append(f.early, f.hash(serial))
		}
	} else if !f.dropped {
		f.walk = hashing
		f.add(serial)
	}
}

// ascends reports whether b is later than a in the order of length, then octets: for
// positive numbers, the order of their values.
func ascends(a, b Serial) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return bytes.Compare(a, b) < 0
}

// add keeps a hash, in the list only with many others: put away one after the other, they
// wait for memory together.
func (f *DuplicateFinder) add(serial Serial) {
	if len(f.early) == maxEarly {
		f.flush()
	}
	f.early = append(f.early, f.hash(serial))
}

func (f *DuplicateFinder) flush() {
	if f.hashes == nil {
		f.hashes = new(hashList)
	}
	f.hashes.add(f.early...)
	f.early = f.early[:0]
}

// Again ends a walk and reports whether there has to be another.
func (f *DuplicateFinder) Again() bool {
	switch f.walk {
	case gathering:
		if f.walk = settled; f.dropped && !f.ordered {
			f.walk, f.early = hashing, f.early[:0]
		}
	case hashing, settling:
		f.suspect()
	}
	return f.walk != settled
}

// suspect looks for hashes that came twice: as many as one walk is to settle, since the
// last time that it was called.
func (f *DuplicateFinder) suspect() {
	f.walk, f.suspects, f.seen = settled, map[uint64]bool{}, nil
	if f.hashes == nil { // there are few
		slices.Sort(f.early)
		for i, h := range f.early[:max(len(f.early)-1, 0)] {
			if kept(h) == kept(f.early[i+1]) {
				f.suspects[kept(h)] = true
			}
		}
		f.early = f.early[:0]
	} else {
		f.flush()
		for ; f.bucket < buckets && len(f.suspects) < maxSuspects; f.bucket++ {
			f.hashes.repeated(f.bucket, f.suspects)
		}
		if f.bucket == buckets {
			f.hashes = nil
		}
	}
	if len(f.suspects) > 0 {
		f.walk, f.seen = settling, map[string]EntryPlace{}
	}
}

// settle compares the serial numbers of suspects themselves.
func (f *DuplicateFinder) settle(e *CRLEntry, serial Serial) {
	if !f.suspects[kept(f.hash(serial))] {
		return
	}
	f.key = binary.AppendUvarint(f.key[:0], uint64(len(f.issuer)))
	f.key = append(append(f.key, f.issuer...), serial...)
	place := EntryPlace{f.list, e.Index, e.Offset}
	first, again := f.seen[string(f.key)]
	if !again {
		f.seen[string(f.key)] = place
		return
	}
	if f.across && first.List == f.list {
		return
	}
	f.count++
	if n := len(f.found); n == maxFound && f.found[n-1].compare(place) < 0 {
		return
	}
	f.found = append(f.found, Repetition{bytes.Clone(e.Serial), place, first})
	slices.SortFunc(f.found, func(a, b Repetition) int { return a.compare(b.EntryPlace) })
	f.found = f.found[:min(len(f.found), maxFound)]
}

// Found returns the first repetitions, in the order of the CRL, and how many there are in
// all. It is to be called when Again has returned false.
func (f *DuplicateFinder) Found() (first []Repetition, count int) { return f.found, f.count }
