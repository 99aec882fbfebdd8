package probe

import (
	"cmp"
	"crypto/x509"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/revprobe/revprobe/revocation"
)

// Known is the serials that are known to be assigned, by the name of the issuer that
// assigned them. All keys of one name count as one issuer: RFC 6960 §2.2 counts what was
// issued with a previous key as issued. The zero value knows none. It may be used by
// several goroutines at once.
type Known struct {
	mu      sync.Mutex
	issuers map[string]*assigned // by what their names have in common
	anyones assigned             // whose issuer nobody said: they count for every one
	told    map[string]issuance
}

// assigned is the serials of one issuer. All of them are kept as hashes, so that a CRL of
// any length fits, and some of them whole.
type assigned struct {
	hashes []uint64
	sorted bool // and each once
	sample map[uint64]sampled
}

// sampled is a serial that is kept whole.
type sampled struct {
	serial revocation.Serial
	issued time.Time // notBefore of its certificate; zero where only the serial is known
}

// maxSample is how many serials of one issuer are kept whole: enough to see how they are
// made.
const maxSample = 4096

// AddCertificate adds the serial of a certificate for the issuer that it names.
func (k *Known) AddCertificate(c *x509.Certificate) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.of(c.RawIssuer).add(revocation.SerialOf(c.SerialNumber), c.NotBefore)
	k.told = nil
}

// AddSerial adds a serial of which nobody said who assigned it.
func (k *Known) AddSerial(s revocation.Serial) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.anyones.add(s, time.Time{})
	k.told = nil
}

// AddCRL adds every serial that a CRL lists, for the issuer that it names, and returns the
// CRL as read. Of an indirect CRL they count for every issuer (RFC 5280 §5.3.3). The error
// is that of r.
func (k *Known) AddCRL(r io.Reader) (*revocation.CRL, error) {
	var listed assigned
	crl, err := revocation.ReadCRLEntries(r, func(e *revocation.CRLEntry) { listed.add(slices.Clone(e.Serial), time.Time{}) })
	k.mu.Lock()
	defer k.mu.Unlock()
	to := &k.anyones
	if len(crl.Issuer) > 0 && (crl.IssuingDP == nil || !crl.IssuingDP.Indirect) {
		to = k.of(crl.Issuer)
	}
	to.hashes, to.sorted = append(to.hashes, listed.hashes...), false
	for hash, s := range listed.sample {
		to.keep(hash, s)
	}
	k.told = nil
	return crl, err
}

// Len is how many different serials are known, of all issuers together.
func (k *Known) Len() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := len(k.anyones.all())
	for _, a := range k.issuers {
		n += len(a.all())
	}
	return n
}

// Has reports whether a serial is known to be assigned by the issuer of that name. A nil
// Known has none.
func (k *Known) Has(issuer []byte, s revocation.Serial) bool {
	if k == nil {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	hash := hashOf(s)
	for _, a := range k.counting(issuer) {
		if _, found := slices.BinarySearch(a.all(), hash); found {
			return true
		}
	}
	return false
}

// of returns the serials of the issuer of that name, to be added to.
func (k *Known) of(name []byte) *assigned {
	key := issuerKey(name)
	if k.issuers[key] == nil {
		if k.issuers == nil {
			k.issuers = map[string]*assigned{}
		}
		k.issuers[key] = &assigned{}
	}
	return k.issuers[key]
}

// counting returns all that counts for the issuer of that name.
func (k *Known) counting(name []byte) []*assigned {
	list := []*assigned{&k.anyones}
	if a := k.issuers[issuerKey(name)]; a != nil {
		list = append(list, a)
	}
	return list
}

// issuerKey tells issuers apart; one whose name cannot be read is known by its octets.
func issuerKey(name []byte) string {
	if key := revocation.NameKey(name); key != "" {
		return key
	}
	return string(name)
}

// issuance returns what is known of how an issuer makes serials; a nil Known knows nothing.
func (k *Known) issuance(name []byte) issuance {
	if k == nil {
		return issuanceOf(nil, 0)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if told, ready := k.told[string(name)]; ready {
		return told
	}
	whole := map[uint64]sampled{}
	var hashes []uint64
	for _, a := range k.counting(name) {
		maps.Copy(whole, a.sample)
		hashes = append(hashes, a.all()...)
	}
	slices.Sort(hashes)
	told := issuanceOf(inOrder(whole), len(slices.Compact(hashes)))
	if k.told == nil {
		k.told = map[string]issuance{}
	}
	k.told[string(name)] = told
	return told
}

func (a *assigned) add(s revocation.Serial, issued time.Time) {
	hash := hashOf(s)
	a.hashes, a.sorted = append(a.hashes, hash), false
	a.keep(hash, sampled{s, issued})
}

// keep keeps a serial whole, and of too many those with the least hashes: a choice that
// has nothing to do with the order in which they were assigned, nor with that in the files.
func (a *assigned) keep(hash uint64, s sampled) {
	if a.sample == nil {
		a.sample = map[uint64]sampled{}
	}
	if old, there := a.sample[hash]; !there || old.issued.IsZero() {
		a.sample[hash] = s
	}
	if len(a.sample) < 2*maxSample {
		return
	}
	for _, surplus := range slices.Sorted(maps.Keys(a.sample))[maxSample:] {
		delete(a.sample, surplus)
	}
}

// all returns the hashes in order, each once.
func (a *assigned) all() []uint64 {
	if !a.sorted {
		slices.Sort(a.hashes)
		a.hashes, a.sorted = slices.Compact(a.hashes), true
	}
	return a.hashes
}

// inOrder returns the serials that are kept whole in the order of their hashes.
func inOrder(whole map[uint64]sampled) []sampled {
	var list []sampled
	for _, hash := range slices.Sorted(maps.Keys(whole)) {
		list = append(list, whole[hash])
		if len(list) == maxSample {
			break
		}
	}
	return list
}

// hashOf is the same for equal numbers, however they are encoded, and in every run. The
// multiplications spread FNV's octets over all bits (the finalizer of MurmurHash3).
func hashOf(s revocation.Serial) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, s.String())
	x := h.Sum64()
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// bySerial orders serials by their value.
func bySerial(a, b sampled) int {
	return cmp.Or(cmp.Compare(len(a.serial), len(b.serial)), slices.Compare(a.serial, b.serial))
}
