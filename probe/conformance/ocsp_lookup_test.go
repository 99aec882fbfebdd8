package conformance_test

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// like is n serials of the shape of the fake's leaf.
func like(n int, octets int) *probe.Known {
	var k probe.Known
	for i := range n {
		sum := sha256.Sum256(fmt.Appendf(nil, "known %d", i))
		k.AddSerial(append(revocation.Serial{0x5f}, sum[:octets-1]...))
	}
	return &k
}

// playedWith asks a fake everything, knowing some of its serials.
func playedWith(t *testing.T, change func(*fixtures.Responder), known *probe.Known, each int) *conformance.Report {
	t.Helper()
	fake := faked(fixtures.Kind{}, fixtures.Case{Change: change})
	run := &evidence.Run{Started: noon, Population: 1_000_000}
	plan, err := probe.NewPlan(run, []probe.Target{target(fake)}, probe.Options{Asks: everything, Each: each,
		Serials: probe.Serials{Seed: []byte("seed"), Known: known}})
	if err != nil {
		t.Fatal(err)
	}
	probe.Run(t.Context(), plan, zoo.Memory{Responder: fake}, run)
	return judge(t, run)
}

// whatWasGot is what the findings of a rule say that was seen.
func whatWasGot(report *conformance.Report, rule string) string {
	var got []string
	for _, f := range report.Findings {
		if f.Rule.ID == rule && f.Outcome == conformance.Failed {
			got = append(got, f.Got)
		}
	}
	return strings.Join(got, "\n")
}

// found has the responder say that of the unassigned serials for which the function holds.
func found(status fixtures.Status, holds func(r *fixtures.Responder, s revocation.Serial) bool) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) {
		r.OCSP.Lookup = func(s revocation.Serial) fixtures.Status {
			if holds(r, s) {
				return status
			}
			return fixtures.Default
		}
	}
}

// lookups are ways to look serials up that are wrong for some, and what sets those apart.
var lookups = map[string]struct {
	holds func(r *fixtures.Responder, s revocation.Serial) bool
	which string
	cause string
	odd   string // where the serials are denied otherwise than the rest; empty: unauthorized for these
}{
	"low 8 octets": {func(r *fixtures.Responder, s revocation.Serial) bool {
		return bytes.Equal(s[max(0, len(s)-8):], r.LeafSerial()[12:])
	}, "a known serial with its top 4 octets changed", "truncated to the low 16 octets or fewer", ""},
	"top 16 octets": {func(r *fixtures.Responder, s revocation.Serial) bool { return bytes.HasPrefix(s, r.LeafSerial()[:16]) },
		"a known serial with its low 4 octets changed", "truncated to the top 16 octets or fewer", ""},
	"all but the last octet": {func(r *fixtures.Responder, s revocation.Serial) bool { return bytes.HasPrefix(s, r.LeafSerial()[:19]) },
		"a neighbour of a known serial", "rounded or in part, or as ranges", ""},
	"the serial alone": {func(r *fixtures.Responder, s revocation.Serial) bool {
		return s.Equal(revocation.SerialOf(r.RootCertificate().SerialNumber))
	}, "the real serial of another issuer", "the issuer is ignored", ""},
	"the CA's prefix": {func(r *fixtures.Responder, s revocation.Serial) bool {
		return len(s) == 20 && s[0] == r.LeafSerial()[0]
	},
		"serials in the shape of the CA's", "turned away by their shape", ""},
	"8 octets": {func(_ *fixtures.Responder, s revocation.Serial) bool { return len(s) == 8 }, "serials of 8 octets", "other lengths", ""},
	"up to 16 octets": {func(_ *fixtures.Responder, s revocation.Serial) bool { return len(s) <= 16 && s[0] < 0x80 },
		"serials of up to 16 octets", "other lengths", ""},
	"16 octets or more": {func(_ *fixtures.Responder, s revocation.Serial) bool { return len(s) >= 16 && len(s) <= 20 }, "serials of 16 octets or more", "other lengths", "unknown for serials of 8 octets only"},
	"a sign octet":      {func(_ *fixtures.Responder, s revocation.Serial) bool { return len(s) <= 20 && s[0] == 0 }, "serials with a sign octet", "lost or misread", ""},
	"negative":          {func(_ *fixtures.Responder, s revocation.Serial) bool { return s[0] >= 0x80 }, "serials that no certificate may have", "not looked up", ""},
	"21 octets":         {func(_ *fixtures.Responder, s revocation.Serial) bool { return len(s) > 20 }, "serials that no certificate may have", "not looked up", ""},
}

// How a responder seems to look serials up is told in words, where it says "good" for some
// and where it denies some in another way.
func TestLookupsAreToldApart(t *testing.T) {
	t.Parallel()
	for name, c := range lookups {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good := whatWasGot(playedWith(t, found(fixtures.Good, c.holds), nil, 0), "ocsp-unassigned-not-good")
			if !strings.Contains(good, "good for "+c.which+" only: ") || !strings.Contains(good, c.cause) {
				t.Errorf("good: %q, want %q and %q", good, c.which, c.cause)
			}
			odd := whatWasGot(playedWith(t, found(fixtures.Unauthorized, c.holds), nil, 0), "ocsp-unassigned-consistent")
			want := cmp.Or(c.odd, "unauthorized for "+c.which+" only")
			if unissuable := strings.HasPrefix(c.which, "serials that no"); unissuable == strings.Contains(odd, want) || unissuable && odd != "" {
				t.Errorf("unauthorized: %q, want %q", odd, want)
			}
		})
	}
}

func TestLookupsByMethodAreToldApart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*fixtures.Responder)
		want   string
	}{
		"GET": {func(r *fixtures.Responder) { r.OCSP.ForGET = func(o *fixtures.OCSP) { o.Unassigned = fixtures.Good } }, "good for questions by GET only"},
		"POST": {func(r *fixtures.Responder) {
			r.OCSP.Unassigned = fixtures.Good
			r.OCSP.ForGET = func(o *fixtures.OCSP) { o.Unassigned = fixtures.Unknown }
		}, "good for questions by POST only"},
		"a cut key of a cache": {func(r *fixtures.Responder) {
			r.OCSP.ForGET = func(o *fixtures.OCSP) {
				o.Lookup = func(s revocation.Serial) fixtures.Status {
					if bytes.HasPrefix(s, r.LeafSerial()[:12]) {
						return fixtures.Good
					}
					return fixtures.Default
				}
			}
		}, "good for a known serial with its low 4 octets changed by GET only: the lookup is truncated to the top 16 octets or fewer, or a cache"},
		"everything": {func(r *fixtures.Responder) { r.OCSP.Unassigned = fixtures.Good }, "every made-up serial is good, as if none were looked up"},
	} {
		if got := whatWasGot(playedWith(t, c.change, nil, 0), "ocsp-unassigned-not-good"); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// What is near a known serial proves nothing, unless many known ones show that the CA's are
// random; of an issuer whose serials are not, nothing proves anything but what none can have.
func TestWhatProvesThatGoodIsWrong(t *testing.T) {
	t.Parallel()
	truncated, all := lookups["top 16 octets"].holds, func(*fixtures.Responder, revocation.Serial) bool { return true }
	issuable := func(_ *fixtures.Responder, s revocation.Serial) bool { return s[0] < 0x80 && len(s) <= 20 }
	for name, c := range map[string]struct {
		holds func(r *fixtures.Responder, s revocation.Serial) bool
		known *probe.Known
		want  conformance.Severity
	}{
		"near a known one":                          {truncated, nil, conformance.Warning},
		"near a known one of many random":           {truncated, like(100, 20), conformance.Critical},
		"near a known one of many that are not":     {truncated, like(100, 7), 0},
		"all, of a CA whose serials are not random": {issuable, like(100, 7), conformance.Warning},
		"even what none can have":                   {all, like(100, 7), conformance.Critical},
		"negative":                                  {lookups["negative"].holds, nil, conformance.Critical},
		"of 8 octets":                               {lookups["8 octets"].holds, nil, conformance.Critical},
	} {
		report := playedWith(t, found(fixtures.Good, c.holds), c.known, 0)
		if got := worst(report, "ocsp-unassigned-not-good"); got != c.want {
			t.Errorf("%s: %v, want %v%s", name, got, c.want, describe(report))
		}
	}
}

// A serial whose certificate the run brings to light after all is no unassigned one.
func TestASerialOfADelegateIsAssigned(t *testing.T) {
	t.Parallel()
	fake := faked(fixtures.Kind{Delegated: true}, fixtures.Case{Change: func(*fixtures.Responder) {}})
	run := ask(t, fake, zoo.Memory{Responder: fake}, everything)
	delegate := revocation.SerialOf(fake.DelegateCertificate().SerialNumber)
	for _, ask := range []evidence.Ask{evidence.UnassignedPOST, evidence.UnassignedPOST, evidence.UnassignedPOST} {
		q := fake.OCSPQuestion(ask, fake.CertID(crypto.SHA1, delegate))
		q.Strategy = "ser-random-20"
		x := fake.Respond(q)
		x.ID = fmt.Sprint("9.", len(run.Exchanges))
		run.Exchanges = append(run.Exchanges, x)
	}
	if got := fired(judge(t, run)); slices.Contains(got, "ocsp-unassigned-not-good") {
		t.Errorf("fires: %v", got)
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	whole := func(r *fixtures.Responder) {}
	for name, c := range map[string]struct {
		known   *probe.Known
		change  func(*fixtures.Responder)
		serials int
		bits    int
		basis   conformance.Basis
	}{
		"nothing known": {nil, whole, 12, 64, conformance.BasisAssumed},
		"random":        {like(100, 20), whole, 13, 64, conformance.BasisSeen},
		"not random":    {like(100, 7), whole, 6, 126, conformance.BasisDrawn},
	} {
		report := playedWith(t, c.change, c.known, 0)
		if len(report.Bounds) != 1 {
			t.Fatalf("%s: %d bounds", name, len(report.Bounds))
		}
		b := report.Bounds[0]
		if b.Serials != c.serials || b.Bits != c.bits || b.Basis != c.basis || b.Population != 1_000_000 {
			t.Errorf("%s: %d serials, %d certificates, %d bits, %s; want %d, %d, %s", name, b.Serials, b.Population, b.Bits, b.Basis, c.serials, c.bits, c.basis)
		}
		if want := float64(c.serials) * 1e6 * math.Pow(2, -float64(c.bits)); math.Abs(b.Chance()/want-1) > 1e-9 {
			t.Errorf("%s: chance %g, want %g", name, b.Chance(), want)
		}
	}
	root := faked(fixtures.Kind{}, fixtures.Case{Change: whole})
	run := &evidence.Run{Started: noon}
	alone := probe.Target{Issuer: root.RootCertificate(), Siblings: []*x509.Certificate{root.LeafCertificate()}, Responders: []string{root.OCSPURL()}}
	plan, err := probe.NewPlan(run, []probe.Target{alone}, probe.Options{Asks: everything, Serials: probe.Serials{Seed: []byte("seed")}})
	if err != nil {
		t.Fatal(err)
	}
	probe.Run(t.Context(), plan, zoo.Memory{Responder: root}, run)
	if b := judge(t, run).Bounds; len(b) != 1 || b[0].Basis != conformance.BasisDrawn || b[0].Bits != 126 || b[0].Population != 1_000_000_000 {
		t.Errorf("of a root: %+v", b)
	}
}
