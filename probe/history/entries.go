package history

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// mostEntries is how many entries of one CRL are kept; of a longer one only the header is.
const mostEntries = 8 << 20

// named is how many changed entries of each kind are named, and as many again of those whose
// certificates are known; the others are counted.
const named = 50

// entryList is the entries of a CRL in the order of their serials, one record after the
// other: the length of the serial, the serial, the revocationDate in Unix seconds and the
// reason with 1 added, both as varints.
type entryList []byte

// readCRL reads a CRL that was fetched; entries is nil where there are too many to keep. ok
// is false for what is no CRL, or ends too early.
func readCRL(x *evidence.Exchange) (crl *revocation.CRL, entries entryList, ok bool) {
	head := make([]byte, revocation.HeadSize)
	n, _ := io.ReadFull(x.BodyReader(), head)
	form := revocation.Recognise(head[:n], x.BodyLength())
	octets, err := revocation.Unwrap(form, x.BodyReader())
	if err != nil || form.Kind != revocation.KindCRL {
		return nil, nil, false
	}
	var gathered collector
	crl, err = revocation.ReadCRL(octets, gathered.visit)
	if err != nil || crl.Broken != nil || crl.ThisUpdate.IsZero() {
		return nil, nil, false
	}
	return crl, gathered.list(), true
}

// collector gathers entries in the order of a CRL.
type collector struct {
	records []byte
	starts  []uint32 // of each record, so that sorting moves four octets an entry
	tooMany bool
}

func (c *collector) visit(e *revocation.CRLEntry) {
	if c.tooMany = c.tooMany || len(c.starts) >= mostEntries || len(c.records) > 1<<31 || len(e.Serial) > 255; c.tooMany {
		return
	}
	c.starts = append(c.starts, uint32(len(c.records)))
	c.records = append(c.records, byte(len(e.Serial)))
	c.records = append(c.records, e.Serial...)
	c.records = binary.AppendVarint(c.records, e.RevocationDate.Unix())
	reason := int64(0)
	if e.HasReason {
		reason = int64(e.Reason) + 1
	}
	c.records = binary.AppendVarint(c.records, reason)
}

func (c *collector) serial(start uint32) []byte {
	return c.records[start+1 : start+1+uint32(c.records[start])]
}

// list returns the entries sorted; nil where there were too many.
func (c *collector) list() entryList {
	if c.tooMany {
		return nil
	}
	slices.SortStableFunc(c.starts, func(a, b uint32) int { return bytes.Compare(c.serial(a), c.serial(b)) })
	sorted := make(entryList, 0, len(c.records))
	for _, start := range c.starts {
		_, rest := next(c.records[start:])
		sorted = append(sorted, c.records[start:len(c.records)-len(rest)]...)
	}
	return sorted
}

// record is one entry.
type record struct {
	serial  []byte
	revoked int64
	reason  int64 // with 1 added; 0 for none
}

// next takes the first record off a list.
func next(list []byte) (record, []byte) {
	length := int(list[0])
	r := record{serial: list[1 : 1+length]}
	list = list[1+length:]
	var n int
	r.revoked, n = binary.Varint(list)
	list = list[n:]
	r.reason, n = binary.Varint(list)
	return r, list[n:]
}

func (r record) fact() evidence.EntryFact {
	return evidence.EntryFact{Revoked: time.Unix(r.revoked, 0).UTC(), Reason: int(r.reason) - 1}
}

// differences walks two lists side by side; nil where they are the same. known tells the
// serials of certificates that are known.
func differences(before, after entryList, known func(serial []byte) bool) *evidence.CRLDifferences {
	if bytes.Equal(before, after) {
		return nil
	}
	d := &changes{known: known}
	var old, current record
	takeOld, takeNew := true, true
	haveOld, haveNew := true, true
	for {
		if takeOld {
			if haveOld = len(before) > 0; haveOld {
				old, before = next(before)
			}
		}
		if takeNew {
			if haveNew = len(after) > 0; haveNew {
				current, after = next(after)
			}
		}
		if !haveOld && !haveNew {
			return &d.CRLDifferences
		}
		order := 0
		switch {
		case !haveOld:
			order = 1
		case !haveNew:
			order = -1
		default:
			order = bytes.Compare(old.serial, current.serial)
		}
		takeOld, takeNew = order <= 0, order >= 0
		switch {
		case order < 0:
			d.add(&d.Removed, old.serial, old.fact(), evidence.EntryFact{})
		case order > 0:
			d.add(&d.Added, current.serial, evidence.EntryFact{}, current.fact())
		default:
			d.compare(old, current)
		}
	}
}

// changes is differences while they are gathered.
type changes struct {
	evidence.CRLDifferences
	known func(serial []byte) bool
}

// compare notes how an entry that is in both lists changed.
func (d *changes) compare(old, current record) {
	if old.revoked != current.revoked {
		d.add(&d.Redated, old.serial, old.fact(), current.fact())
	}
	if old.reason != current.reason {
		d.add(&d.Rereasoned, old.serial, old.fact(), current.fact())
	}
}

func (d *changes) add(to *evidence.ChangedEntries, serial []byte, before, after evidence.EntryFact) {
	to.Count++
	if len(to.First) < named || len(to.First) < 2*named && d.known(serial) {
		to.First = append(to.First, evidence.EntryChange{Serial: revocation.Serial(serial).String(), Before: before, After: after})
	}
}
