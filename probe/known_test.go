package probe_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// octetsOf is 32 octets without any order, the same for the same index.
func octetsOf(index int) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "serial %d", index))
	return sum[:]
}

// randomSerial is as a CA makes them that puts random octets behind its prefix.
func randomSerial(prefix string, octets int) func(int) revocation.Serial {
	return func(i int) revocation.Serial { return append(revocation.Serial(prefix), octetsOf(i)[:octets]...) }
}

func counted(step uint64) func(int) revocation.Serial {
	return func(i int) revocation.Serial {
		return revocation.SerialOf(new(big.Int).SetUint64(0x1000_0000_0000 + step*uint64(i)))
	}
}

// known is what n serials are known of.
func known(n int, serial func(int) revocation.Serial) *probe.Known {
	var k probe.Known
	for i := range n {
		k.AddSerial(serial(i))
	}
	return &k
}

// grantedTo is what a plan takes for granted of a CA's serials where those are known.
func grantedTo(t *testing.T, k *probe.Known) evidence.IssuerSerials {
	t.Helper()
	var r evidence.Run
	if _, err := probe.NewPlan(&r, []probe.Target{targetOf(fake(nil))}, probe.Options{Asks: everything, Serials: probe.Serials{Seed: []byte("seed"), Known: k}}); err != nil {
		t.Fatal(err)
	}
	if len(r.Issuers) != 1 {
		t.Fatalf("%d issuers", len(r.Issuers))
	}
	return r.Issuers[0]
}

func TestEntropyOfKnownSerials(t *testing.T) {
	t.Parallel()
	close20 := func(i int) revocation.Serial {
		if i == 30 {
			return revocation.SerialOf(new(big.Int).Add(randomSerial("\x5f", 19)(7).Big(), big.NewInt(1<<20)))
		}
		return randomSerial("\x5f", 19)(i)
	}
	steady := func(i int) revocation.Serial {
		s := randomSerial("\x5f", 19)(i)
		s[14] = byte(i % 3)
		return s
	}
	counter := func(i int) revocation.Serial {
		return append(revocation.Serial("\x5f\x00\x00\x00\x00"), binary.BigEndian.AppendUint64(nil, 40_000+uint64(i)*1_000_003)...)
	}
	for name, c := range map[string]struct {
		n      int
		serial func(int) revocation.Serial
		want   evidence.Entropy
		bits   int
		why    string
	}{
		"19 and the leaf's own, random":   {19, randomSerial("\x5f", 19), evidence.EntropyRandom, 152, ""},
		"18 and the leaf's own":           {18, randomSerial("\x5f", 19), evidence.EntropyUnknown, 0, "19 serial(s)"},
		"20 octets":                       {500, randomSerial("\x5f", 19), evidence.EntropyRandom, 152, ""},
		"64 bits behind a prefix":         {500, randomSerial("\x5f\x01\x02", 8), evidence.EntropyRandom, 64, ""},
		"56 bits behind a prefix":         {500, randomSerial("\x5f\x01\x02", 7), evidence.EntropyLow, 56, "only 56 bits vary"},
		"counted by one":                  {500, counted(1), evidence.EntropyLow, 0, "bits vary"},
		"counted in steps":                {500, counted(1_000_003), evidence.EntropyLow, 0, "bits vary"},
		"a counter behind a prefix":       {500, counter, evidence.EntropyLow, 0, "bits vary"},
		"two of them close to each other": {500, close20, evidence.EntropyLow, 152, "apart"},
		"an octet with three values":      {500, steady, evidence.EntropyLow, 0, "very few values"},
	} {
		got := grantedTo(t, known(c.n, c.serial))
		if got.Entropy != c.want || c.bits != 0 && got.Bits != c.bits || !strings.Contains(got.Why, c.why) || (got.Why == "") != (c.why == "") {
			t.Errorf("%s: %s, %d bits, %q; want %s, %d bits, %q", name, got.Entropy, got.Bits, got.Why, c.want, c.bits, c.why)
		}
		if got.Known != c.n+1 {
			t.Errorf("%s: %d known, want %d and the leaf's", name, got.Known, c.n)
		}
	}
}

// certificateOf is a certificate of the fake CA with that serial, from that day on.
func certificateOf(t *testing.T, s revocation.Serial, day int) *x509.Certificate {
	t.Helper()
	return fake(func(r *fixtures.Responder) {
		r.Leaf = func(c *x509.Certificate) {
			c.SerialNumber = s.Big()
			c.NotBefore = noon.Add(-time.Duration(100-day) * 24 * time.Hour)
		}
	}).LeafCertificate()
}

func TestSerialsInTheOrderOfIssuanceAreNotRandom(t *testing.T) {
	t.Parallel()
	var serials []revocation.Serial
	for i := range 24 {
		serials = append(serials, randomSerial("\x5f", 19)(i))
	}
	slices.SortFunc(serials, func(a, b revocation.Serial) int { return bytes.Compare(a, b) })
	swapped := slices.Clone(serials)
	swapped[3], swapped[17] = swapped[17], swapped[3]
	reversed := slices.Clone(serials)
	slices.Reverse(reversed)
	for name, c := range map[string]struct {
		serials []revocation.Serial
		days    int
		want    evidence.Entropy
	}{
		"growing":                  {serials, 24, evidence.EntropyLow},
		"shrinking":                {reversed, 24, evidence.EntropyLow},
		"growing, three a day":     {serials, 8, evidence.EntropyLow},
		"growing, over seven days": {serials[:21], 7, evidence.EntropyRandom},
		"one out of the order":     {swapped, 24, evidence.EntropyRandom},
	} {
		var k probe.Known
		for i, s := range c.serials {
			k.AddCertificate(certificateOf(t, s, i*c.days/len(c.serials)))
		}
		// The leaf that the target has is one more, of a day of its own before all of these.
		target := probe.Target{Issuer: fake(nil).IssuerCertificate(), Responders: []string{"http://a.example"}}
		var r evidence.Run
		if _, err := probe.NewPlan(&r, []probe.Target{target}, probe.Options{Asks: everything, Serials: probe.Serials{Seed: []byte("seed"), Known: &k}}); err != nil {
			t.Fatal(err)
		}
		if got := r.Issuers[0]; got.Entropy != c.want {
			t.Errorf("%s: %s (%s), want %s", name, got.Entropy, got.Why, c.want)
		}
	}
}

// What strategies there are depends on what is known: with few known serials those near a
// known one are asked about, and give no more than a warning; with serials that are not
// random nothing is asked about that may be assigned.
func TestEntropyChoosesTheStrategies(t *testing.T) {
	t.Parallel()
	near := []string{"ser-ca-shaped", "ser-neighbour", "ser-top-flip", "ser-low-flip"}
	for name, c := range map[string]struct {
		known *probe.Known
		want  []string // skipped
	}{
		"nothing": {nil, []string{"ser-sibling", "ser-short"}},
		"random":  {known(100, randomSerial("\x5f", 19)), []string{"ser-sibling"}},
		"counted": {known(100, counted(1)), slices.Concat([]string{"ser-random-8"}, near, []string{"ser-sibling", "ser-short"})},
	} {
		var got []string
		for _, s := range grantedTo(t, c.known).Skipped {
			got = append(got, s.Strategy)
			if s.Why == "" {
				t.Errorf("%s: nothing says why there is no %s", name, s.Strategy)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: skipped %v, want %v", name, got, c.want)
		}
	}
}

func TestShapedSerialsHaveWhatAllKnownOnesShare(t *testing.T) {
	t.Parallel()
	serials := probe.Serials{Seed: []byte("seed"), Known: known(100, randomSerial("\x04\xa1", 14))}
	target := targetOf(fake(nil))
	for index := range 100 {
		s, ok := serials.Make(strategyNamed(t, "ser-ca-shaped"), index, target, none)
		if !ok || len(s) != 16 || s[0] != 4 || s[1] != 0xa1 {
			t.Fatalf("%d: %s, %v", index, s, ok)
		}
		short, ok := serials.Make(strategyNamed(t, "ser-short"), index, target, none)
		if want := 7 - index%7; ok && len(short) != want || !ok && want > 1 {
			t.Fatalf("%d: %s, %v; want %d octets", index, short, ok, want)
		}
	}
}

func TestKnownSerialsCountByTheNameOfTheIssuer(t *testing.T) {
	t.Parallel()
	here, rekeyed := fake(nil), fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{RSA: true}))
	elsewhere := fake(func(r *fixtures.Responder) {
		r.Issuer = func(c *x509.Certificate) { c.Subject.CommonName = "Another CA" }
	})
	var k probe.Known
	k.AddCertificate(here.LeafCertificate())
	if _, err := k.AddCRL(bytes.NewReader(fake(listing(t, "7b00112233")).CRLBody())); err != nil {
		t.Fatal(err)
	}
	k.AddSerial(revocation.Serial{0, 0, 0x77})
	for name, c := range map[string]struct {
		issuer *x509.Certificate
		serial revocation.Serial
		want   bool
	}{
		"the leaf's":               {here.IssuerCertificate(), here.LeafSerial(), true},
		"with another key":         {rekeyed.IssuerCertificate(), here.LeafSerial(), bytes.Equal(rekeyed.IssuerCertificate().RawSubject, here.IssuerCertificate().RawSubject)},
		"of another name":          {elsewhere.IssuerCertificate(), here.LeafSerial(), false},
		"on the CRL":               {here.IssuerCertificate(), revocation.SerialOf(number("7b00112233")), true},
		"on another's CRL":         {elsewhere.IssuerCertificate(), revocation.SerialOf(number("7b00112233")), false},
		"whose issuer nobody said": {elsewhere.IssuerCertificate(), revocation.Serial{0x77}, true},
		"that nobody named":        {here.IssuerCertificate(), revocation.Serial{0x78}, false},
	} {
		if got := k.Has(c.issuer.RawSubject, c.serial); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// Of more serials than are kept whole every one still counts.
func TestEveryKnownSerialIsExcluded(t *testing.T) {
	t.Parallel()
	const n = 20_000
	k := known(n, randomSerial("\x5f", 15))
	name := fake(nil).IssuerCertificate().RawSubject
	for i := range n {
		if !k.Has(name, randomSerial("\x5f", 15)(i)) {
			t.Fatalf("serial %d is not known any more", i)
		}
	}
	if k.Has(name, randomSerial("\x5f", 15)(n)) || k.Len() != n {
		t.Errorf("%d are known, and one that was never added: %v", k.Len(), k.Has(name, randomSerial("\x5f", 15)(n)))
	}
	if got := grantedTo(t, k); got.Entropy != evidence.EntropyRandom {
		t.Errorf("they are %s: %s", got.Entropy, got.Why)
	}
}

// Whatever is known to be assigned, no strategy makes it, and all it makes is positive and
// minimal DER, but for those that no certificate may have. The same seed makes the same.
func TestNoStrategyMakesAnAssignedSerial(t *testing.T) {
	t.Parallel()
	target := targetOf(fake(nil))
	target.Siblings = []*x509.Certificate{fake(nil).RootCertificate()}
	other := targetOf(fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{RSA: true})))
	for round := range 4 {
		first := probe.Serials{Seed: fmt.Appendf(nil, "seed %d", round), Known: known(40*round, randomSerial("\x5f", 19))}
		taken, all := known(40*round, randomSerial("\x5f", 19)), map[string]string{}
		for _, strategy := range probe.Strategies() {
			for index := range manyIndexes {
				s, ok := first.Make(strategy, index, target, none)
				if !ok {
					continue
				}
				if strategy.ID != "ser-unissuable" {
					wantMinimal(t, strategy.ID, s)
				}
				if index%2 == 0 { // half of what it makes turns out to be assigned
					taken.AddSerial(s)
				}
				all[fmt.Sprint(strategy.ID, index)] = s.String()
			}
		}
		again, second := probe.Serials{Seed: first.Seed, Known: known(40*round, randomSerial("\x5f", 19))}, probe.Serials{Seed: first.Seed, Known: taken}
		for _, strategy := range probe.Strategies() {
			for index := range manyIndexes {
				key := fmt.Sprint(strategy.ID, index)
				if s, ok := again.Make(strategy, index, target, none); ok && s.String() != all[key] {
					t.Errorf("%s %d: %s, and %s by the same seed", strategy.ID, index, all[key], s)
				}
				if s, ok := second.Make(strategy, index, target, none); ok && taken.Has(target.Issuer.RawSubject, s) {
					t.Errorf("%s %d: %s is assigned", strategy.ID, index, s)
				}
				s, ok := first.Make(strategy, index, other, none)
				if same := s.String() == all[key]; ok && same && strings.Contains("ser-random-20 ser-random-8 ser-highbit ser-ca-shaped ser-length", strategy.ID) {
					t.Errorf("%s %d: %s for both issuers", strategy.ID, index, s)
				}
			}
		}
	}
}

// A delegate's certificate in a response shows that its serial is assigned.
func TestSerialsOfDelegatesSeenAreNotAskedAbout(t *testing.T) {
	t.Parallel()
	next := madeAs(t, "ser-neighbour", 0)
	r := fixtures.Conforming(noon, fixtures.NewAuthority(fixtures.Kind{Delegated: true}))
	r.OCSP.Delegate = func(c *x509.Certificate) { c.SerialNumber = number(next) }
	for _, x := range run(t, targetOf(r), inMemory(r)) {
		if x.Ask.Has(evidence.Unassigned) && x.Serial == next {
			t.Errorf("%s %s is the delegate's own", x.Strategy, x.Serial)
		}
	}
}

func TestMoreSerialsCoverEveryLength(t *testing.T) {
	t.Parallel()
	target := targetOf(fake(nil))
	p, err := probe.NewPlan(&evidence.Run{}, []probe.Target{target}, probe.Options{Asks: evidence.UnassignedPOST, Each: 3,
		Serials: probe.Serials{Seed: []byte("seed"), Known: known(100, randomSerial("\x5f", 19))}})
	if err != nil {
		t.Fatal(err)
	}
	times, lengths := map[string]int{}, map[string]bool{}
	for _, q := range p.Questions() {
		times[q.Strategy]++
		if s := q.CertID().Serial; q.Strategy == "ser-length" {
			lengths[fmt.Sprint(len(s), s[0] == 0)] = true
		}
	}
	for _, id := range ordinary {
		if times[id] != 3 {
			t.Errorf("%s: %d serials, want 3", id, times[id])
		}
	}
	if len(lengths) != 39 {
		t.Errorf("%d lengths with and without a sign octet, want 39: %v", len(lengths), lengths)
	}
}
