// Package arrival tells when octets arrived on a TCP connection: by the kernel's clock, where
// the kernel says so (Linux), which is before the program itself got to see them. It knows
// nothing of what they mean.
package arrival

import (
	"net"
	"os"
	"time"
)

// Watch times how long the first octet of an answer takes. The time that counts is the
// kernel's, taken when the octet came, where it can be had: the program itself sees the octet
// later, by as much as it waits for a processor.
type Watch struct {
	began time.Time // before the request was handed to the kernel
	asked time.Time // when all of it was
	conn  *Conn
}

// Clock has the kernel ready to tell times for as long as it is kept.
type Clock struct{ kept *os.File }

// NewClock returns a Clock, which tells the program's own times where the kernel has none.
func NewClock() *Clock { return &Clock{socket()} }

// Watch has the kernel note when octets arrive on conn, and returns the connection to read
// the answer from, be it through TLS.
func (c *Clock) Watch(conn net.Conn) (net.Conn, *Watch) {
	stamped := Stamp(conn)
	return stamped, &Watch{conn: stamped}
}

// Begin is called before the request is sent.
func (w *Watch) Begin() { w.began = time.Now() }

// Sent is called when it has been.
func (w *Watch) Sent() {
	w.asked = time.Now()
	w.conn.Note()
}

// Seen is called when the first octet has been read; it returns how long that took since the
// request was sent, and whether the kernel says so.
func (w *Watch) Seen() (took time.Duration, byKernel bool) {
	now := time.Now()
	took = now.Sub(w.asked)
	arrived := w.conn.Noted()
	if arrived.IsZero() {
		return took, false
	}
	sending := w.asked.Sub(w.began)
	if kernel, ok := firstOctet(took, sending, wall(now).Sub(wall(w.began)), wall(now).Sub(arrived)); ok {
		return kernel, true
	}
	return took, false
}

// wall leaves of a time only what the clock on the wall shows, which is the kernel's for
// what arrives.
func wall(t time.Time) time.Time { return t.Round(0) }

// maxStep is by how much the clock on the wall and the monotonic one may come apart while one
// answer is waited for, beside a thousandth of that time: NTP slows the former or speeds it up
// by half of that. More is a step, and the kernel's times are of no use then.
const maxStep = time.Millisecond

// firstOctet is how long the first octet took after the request was sent, given how long the
// program waited for it and had taken to send the request, both by the monotonic clock, how
// long both took by the clock on the wall, and how long the octet had been there by that
// clock. It is false where that cannot be.
func firstOctet(waited, sending, byWall, lay time.Duration) (time.Duration, bool) {
	both := waited + sending
	if step := (byWall - both).Abs(); step > maxStep+both/1000 || lay < 0 || lay >= both {
		return 0, false
	}
	if took := waited - lay; took > 0 {
		return took, true
	}
	return both - lay, true // the answer overtook our own return from sending
}
