package history_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/revocation"
)

// change is the status of a certificate from a time on, counted from the scenario's beginning.
type change struct {
	at     time.Duration
	held   bool
	reason revocation.ReasonCode // of a revocation, if it is one
}

// life is what becomes of a certificate: it is put on hold and released, some times over, and
// revoked for good perhaps.
type life []change

// at returns the status at a time: whether it is revoked, or held, and since when.
func (l life) at(at time.Duration) (now change, revoked bool) {
	for _, c := range l {
		if c.at <= at {
			now, revoked = c, c.held || c.reason != 0
		}
	}
	return now, revoked
}

// deltaCA publishes a delta every step and a complete CRL every few, numbered in one sequence.
// For two steps more its deltas are to the complete CRL before, since caches may serve that.
type deltaCA struct {
	every  int // steps from a complete CRL to the next
	cached time.Duration
	leaf   life
	others []life
}

// entries are those of a CRL issued at a step; of a delta to the complete CRL of an earlier one,
// what has changed since then (RFC 5280 §5.2.4).
func (ca deltaCA) entries(step, base int) []fixtures.CRLEntry {
	var list []fixtures.CRLEntry
	for i, l := range append([]life{ca.leaf}, ca.others...) {
		entry := fixtures.CRLEntry{Leaf: i == 0, Serial: revocation.Serial{0x41, byte(i)}}
		now, revoked := l.at(issuedAt(step))
		before, was := l.at(issuedAt(base))
		switch entry.Revoked = scenarioBegin.Add(now.at); {
		case revoked && now.held:
			entry.Reason = revocation.ReasonCertificateHold
		case revoked:
			entry.Reason = now.reason
		default:
			entry.Reason = revocation.ReasonRemoveFromCRL
		}
		if complete := base < 0; complete && revoked || !complete && revoked && (!was || before != now) || !complete && !revoked && l.heldWithin(base, step) {
			list = append(list, entry)
		}
	}
	return list
}

// heldWithin reports whether any CRL from one step to another had the certificate on hold.
func (l life) heldWithin(from, to int) bool {
	for step := from; step < to; step++ {
		if now, _ := l.at(issuedAt(step)); now.held {
			return true
		}
	}
	return false
}

// issuedAt is the thisUpdate of the CRLs of a step.
func issuedAt(step int) time.Duration { return time.Duration(step)*scenarioStep - time.Hour }

// act is the CA at a time. Its CRL comes from a cache, and OCSP says what was so a while ago.
func (ca deltaCA) act(at time.Duration, r *fixtures.Responder) {
	complete := max(int((at-ca.cached)/scenarioStep), 0) / ca.every * ca.every
	issue := func(c *fixtures.CRL, step, base int) {
		c.Number, c.ThisUpdate = 1000+int64(step), scenarioBegin.Add(issuedAt(step))
		c.NextUpdate = c.ThisUpdate.Add(9 * 24 * time.Hour)
		if c.Entries = ca.entries(step, base); c.Entries == nil {
			c.Entries = []fixtures.CRLEntry{}
		}
	}
	issue(&r.CRL, complete, -1)
	step := int(at / scenarioStep)
	base := max(step-2, 0) / ca.every * ca.every
	r.Shards = []fixtures.Shard{{FreshestOfCRL: true, CRL: fixtures.CRL{Extensions: []revocation.Extension{fixtures.DeltaCRLIndicator(1000 + int64(base))}}}}
	issue(&r.Shards[0].CRL, step, base)
	told := at - 3*time.Hour
	r.OCSP.ThisUpdate, r.OCSP.ProducedAt = scenarioBegin.Add(told), scenarioBegin.Add(told)
	r.OCSP.Assigned, r.OCSP.RevocationTime, r.OCSP.Reason = fixtures.Good, time.Time{}, 0
	if now, revoked := ca.leaf.at(told); revoked {
		r.OCSP.Assigned, r.OCSP.RevocationTime, r.OCSP.Reason = fixtures.Revoked, scenarioBegin.Add(now.at), now.reason
		if now.held {
			r.OCSP.Reason = revocation.ReasonCertificateHold
		}
	}
}

// lifeOf makes one up.
func lifeOf(chance *rand.Rand) life {
	var l life
	at := time.Duration(chance.Int64N(int64(on(20, 0))))
	for range chance.IntN(4) {
		l = append(l, change{at: at, held: true})
		at += time.Hour + time.Duration(chance.Int64N(int64(on(3, 0)))).Truncate(time.Second)
		l = append(l, change{at: at})
		at += time.Hour + time.Duration(chance.Int64N(int64(on(3, 0)))).Truncate(time.Second)
	}
	if chance.IntN(2) == 0 {
		l = append(l, change{at: at, reason: revocation.ReasonSuperseded})
	}
	for i := range l {
		l[i].at = l[i].at.Truncate(time.Second)
	}
	return l
}

// No rule of the RFCs has anything to say in thirty days of CAs that publish deltas as RFC 5280
// has it, put certificates on hold, release and revoke them; but that holds are no part of some
// profiles.
func TestThirtyDaysOfDeltas(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state")
	var actors []actor
	for seed := range uint64(12) {
		chance := rand.New(rand.NewPCG(seed, 5280))
		ca := deltaCA{every: 3 + chance.IntN(15), cached: time.Duration(chance.IntN(3)) * time.Hour, leaf: lifeOf(chance)}
		for range 5 {
			ca.others = append(ca.others, lifeOf(chance))
		}
		actors = append(actors, actor{name: fmt.Sprintf("deltas %d", seed), act: ca.act})
	}
	rules := slices.DeleteFunc(conformance.Rules(), func(r *conformance.Rule) bool {
		return r.ID == "ocsp-assigned-not-hold" || r.ID == "cert-serial-unique"
	})
	synctest.Test(t, func(t *testing.T) {
		if days := thirtyDays(t, state, actors, rules, "rfc"); len(days) > 0 {
			t.Errorf("found %q", days)
		}
	})
}
