package history

import (
	"crypto/x509"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// Observed is what one run saw, by service. Its CRLs are decoded once, for Past and for
// Record.
type Observed struct {
	run      *evidence.Run
	services []*service
	pool     []*x509.Certificate
	memory   *revocation.Memory
	room     int // octets that entries may still take up
}

// mostRoom is how many octets of entries stand in memory from Past to Record. Beyond it CRLs
// are decoded once more.
const mostRoom = 64 << 20

// Observe sorts what a run saw by service. The run must not change afterwards.
func Observe(run *evidence.Run) *Observed {
	certificates := parsed(run)
	o := &Observed{run: run, services: services(run, certificates), memory: revocation.NewMemory(), room: mostRoom}
	for _, c := range certificates {
		o.pool = append(o.pool, c)
		o.memory.Know(c)
	}
	return o
}

// servedCRL is the newest CRL that a service gave in a run.
type servedCRL struct {
	crl      *revocation.CRL // nil where it gave none
	at       time.Time       // when that was
	exchange *evidence.Exchange
	entries  entryList
	held     bool // entries is what the CRL has; otherwise it is read again
}

// crl returns the newest CRL of those that the service gave in the run. Those that another
// key signed are not its own.
func (o *Observed) crl(s *service) *servedCRL {
	if s.served != nil {
		return s.served
	}
	s.served = &servedCRL{}
	for _, x := range s.exchanges {
		if x.Ask != evidence.FetchCRL || !x.Answered() {
			continue
		}
		crl, entries, ok := readCRL(x)
		if !ok || s.issuer != nil && crl.Verify(s.issuer).State != revocation.SignatureValid {
			continue
		}
		if s.served.crl == nil || crl.ThisUpdate.After(s.served.crl.ThisUpdate.Time) {
			s.served = &servedCRL{crl, x.At, x, entries, true}
		}
	}
	if size := cap(s.served.entries); size <= o.room {
		o.room -= size
	} else {
		s.served.entries, s.served.held = nil, false
	}
	return s.served
}

// list returns the entries; nil where there were too many.
func (c *servedCRL) list() entryList {
	if c.held {
		return c.entries
	}
	_, entries, _ := readCRL(c.exchange)
	return entries
}

// release forgets the entries, which nobody is likely to look at again.
func (o *Observed) release(c *servedCRL) {
	if c.held {
		o.room += cap(c.entries)
		c.entries, c.held = nil, false
	}
}
