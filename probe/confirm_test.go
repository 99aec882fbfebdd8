package probe_test

import (
	"context"
	"math/big"
	"slices"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// unassignedSerials returns the serials of the strategies, and answeredSerials those that
// were asked about first.
func unassignedSerials(questions []evidence.Question) map[string]string {
	serials := map[string]string{}
	for _, q := range questions {
		if q.Ask.Has(evidence.Unassigned|evidence.UnissuablePOST) && serials[q.Strategy] == "" {
			serials[q.Strategy] = q.Serial
		}
	}
	return serials
}

func answeredSerials(exchanges []evidence.Exchange) map[string]string {
	return unassignedSerials(questionsOf(exchanges))
}

func questionsOf(exchanges []evidence.Exchange) []evidence.Question {
	var list []evidence.Question
	for _, x := range exchanges {
		list = append(list, x.Question)
	}
	return list
}

// listing is a CA whose CRL lists these serials, in hex.
func listing(t *testing.T, serials ...string) func(*fixtures.Responder) {
	t.Helper()
	return func(r *fixtures.Responder) {
		for _, s := range serials {
			r.CRL.Entries = append(r.CRL.Entries, fixtures.CRLEntry{Serial: revocation.SerialOf(number(s)), Reason: revocation.ReasonSuperseded})
		}
	}
}

func TestSerialsThatACRLListsAreMadeAnew(t *testing.T) {
	target := targetOf(fake(nil))
	planned := unassignedSerials(plan(t, everything, target).Targets[0].OCSP)
	var all []string
	for _, s := range planned {
		all = append(all, s)
	}
	for _, encoding := range []string{"DER", "PEM"} {
		r := fake(listing(t, all...))
		r.CRL.PEM = encoding == "PEM"
		exchanges := only(run(t, target, inMemory(r)), evidence.Unassigned|evidence.UnissuablePOST)
		for _, x := range exchanges {
			if slices.Contains(all, x.Serial) {
				t.Errorf("%s: %s asks about %s, which the CRL lists", encoding, x.Strategy, x.Serial)
			}
			if id := x.CertID(); id == nil || id.Serial.String() != x.Serial || !id.NamesIssuer(target.Issuer) {
				t.Errorf("%s: the request of %s does not ask about %s", encoding, x.Strategy, x.Serial)
			}
		}
		got := answeredSerials(exchanges)
		// The neighbour and -1 are single serials, of which there is no other.
		if want := len(got) + len(byGET) - 1; got["ser-neighbour"] != "" || len(got) != len(planned)-1 || len(exchanges) != want {
			t.Errorf("%s: %d exchanges about %v, want %d, with a new one for each strategy but ser-neighbour", encoding, len(exchanges), got, want)
		}
	}
}

func TestACRLThatListsOthersChangesNothing(t *testing.T) {
	r := fake(nil)
	target := targetOf(r)
	p := plan(t, everything, target)
	var got []string
	for _, x := range run(t, target, inMemory(r)) {
		got = append(got, x.Ask.String()+" "+x.Serial)
	}
	var want []string
	for _, q := range p.Questions() {
		want = append(want, q.Ask.String()+" "+q.Serial)
	}
	if !slices.Equal(got, want) {
		t.Errorf("asked %v, planned %v", got, want)
	}
}

// confirming returns what was asked beyond the plan.
func confirming(t *testing.T, change func(*fixtures.Responder)) (repeats, fresh []evidence.Exchange) {
	t.Helper()
	r := fake(change)
	target := targetOf(r)
	all := run(t, target, inMemory(r))
	planned := len(plan(t, everything, target).Questions())
	for _, x := range all[min(planned, len(all)):] {
		if x.Repeat {
			repeats = append(repeats, x)
		} else {
			fresh = append(fresh, x)
		}
	}
	return repeats, fresh
}

func TestGoodIsConfirmed(t *testing.T) {
	repeats, fresh := confirming(t, func(r *fixtures.Responder) { r.OCSP.Unassigned = fixtures.Good })
	var strategies []string
	for _, x := range repeats {
		strategies = append(strategies, x.Strategy)
	}
	if !slices.Equal(strategies, []string{"ser-random-20", "ser-random-19", "ser-unissuable"}) {
		t.Errorf("asked again: %v", strategies)
	}
	planned := unassignedSerials(plan(t, everything, targetOf(fake(nil))).Targets[0].OCSP)
	for _, x := range repeats {
		if x.Serial != planned[x.Strategy] {
			t.Errorf("%s: %s in place of the serial that was answered good", x.Strategy, x.Serial)
		}
	}
	seen := []string{planned["ser-random-20"]}
	for _, x := range fresh {
		if x.Strategy != "ser-random-20" || slices.Contains(seen, x.Serial) || x.CertID().Serial.String() != x.Serial {
			t.Errorf("fresh: %s %s", x.Strategy, x.Serial)
		}
		seen = append(seen, x.Serial)
	}
	if len(fresh) != 3 {
		t.Errorf("%d fresh serials, want 3", len(fresh))
	}
}

func TestOnlyWhatIsGoodIsConfirmed(t *testing.T) {
	for name, change := range map[string]func(*fixtures.Responder){
		"a conforming CA":          nil,
		"unauthorized":             func(r *fixtures.Responder) { r.OCSP.Unassigned = fixtures.Unauthorized },
		"revoked":                  func(r *fixtures.Responder) { r.OCSP.Unassigned = fixtures.Revoked },
		"no status":                func(r *fixtures.Responder) { r.OCSP.Unassigned = fixtures.Absent },
		"good for foreign issuers": func(r *fixtures.Responder) { r.OCSP.Foreign = fixtures.Good },
		"good about another certificate": func(r *fixtures.Responder) {
			r.OCSP.Unassigned = fixtures.Good
			r.OCSP.Singles = func(asked []revocation.CertID) []revocation.CertID {
				other := asked[0]
				other.Serial = revocation.SerialOf(big.NewInt(7))
				return []revocation.CertID{other}
			}
		},
		"no OCSP": func(r *fixtures.Responder) { r.OCSPHTTP.Body = []byte("<html>") },
	} {
		if repeats, fresh := confirming(t, change); len(repeats)+len(fresh) > 0 {
			t.Errorf("%s: %d asked again, %d fresh serials", name, len(repeats), len(fresh))
		}
	}
}

// A responder that looks at part of the serial says good for some strategies only: those
// are the ones that need confirming.
func TestFreshSerialsAreOfTheStrategyThatWasGood(t *testing.T) {
	repeats, fresh := confirming(t, func(r *fixtures.Responder) {
		r.OCSP.Strategies = map[string]fixtures.Status{"ser-neighbour": fixtures.Good}
	})
	if len(repeats) != 3 || slices.ContainsFunc(repeats, func(x evidence.Exchange) bool { return x.Strategy != "ser-neighbour" }) {
		t.Errorf("asked again: %v", lines(questionsOf(repeats)))
	}
	for i, x := range fresh {
		if want := madeAs(t, "ser-neighbour", i+1); x.Serial != want {
			t.Errorf("fresh serial %d: %s, want %s", i, x.Serial, want)
		}
	}
	// Three serials are asked about twice: the planned one and two of the fresh ones.
	if repeats[0].Serial != madeAs(t, "ser-neighbour", 0) || repeats[1].Serial != fresh[0].Serial || repeats[2].Serial != fresh[1].Serial {
		t.Errorf("asked again: %s, %s and %s", repeats[0].Serial, repeats[1].Serial, repeats[2].Serial)
	}
	if len(fresh) != 3 {
		t.Errorf("%d fresh serials, want 3", len(fresh))
	}
}

// madeAs is the index-th serial of a strategy beside the leaf of a conforming CA.
func madeAs(t *testing.T, strategy string, index int) string {
	t.Helper()
	s, ok := seed.Make(strategyNamed(t, strategy), index, targetOf(fake(nil)), none)
	if !ok {
		t.Fatalf("%s makes no serial %d", strategy, index)
	}
	return s.String()
}

func TestFreshSerialsAreNotListedEither(t *testing.T) {
	listed := madeAs(t, "ser-neighbour", 2)
	_, fresh := confirming(t, func(r *fixtures.Responder) {
		r.OCSP.Strategies = map[string]fixtures.Status{"ser-neighbour": fixtures.Good}
		listing(t, listed)(r)
	})
	if len(fresh) != 2 {
		t.Errorf("%d fresh serials, want 2", len(fresh))
	}
	for _, x := range fresh {
		if x.Serial == listed {
			t.Errorf("%s is on the CRL", x.Serial)
		}
	}
}

// Of two responders of one CA, only the one that said good is asked again.
func TestGoodIsConfirmedWhereItWasSaid(t *testing.T) {
	honest, other := fake(nil), fake(func(r *fixtures.Responder) { r.Base, r.OCSP.Unassigned = "http://other.example", fixtures.Good })
	target := targetOf(honest)
	target.Responders = append(target.Responders, other.OCSPURL())
	all := run(t, target, asker(func(_ context.Context, q evidence.Question) evidence.Exchange {
		if q.URL == other.OCSPURL() {
			return other.Respond(q)
		}
		return honest.Respond(q)
	}))
	further := all[len(plan(t, everything, target).Questions()):]
	for _, x := range further {
		if x.URL != other.OCSPURL() {
			t.Errorf("%s %s was asked again", x.Strategy, x.URL)
		}
	}
	if len(further) != 6 {
		t.Errorf("%d further questions, want 6", len(further))
	}
}

func TestGoodByGETAloneIsConfirmedByGET(t *testing.T) {
	repeats, fresh := confirming(t, func(r *fixtures.Responder) {
		r.OCSP.ForGET = func(o *fixtures.OCSP) { o.Unassigned = fixtures.Good }
	})
	if len(repeats) != 3 || len(fresh) != 3 {
		t.Errorf("%d asked again, %d fresh", len(repeats), len(fresh))
	}
	for _, x := range slices.Concat(repeats, fresh) {
		if x.Method != "GET" {
			t.Errorf("%s %s by %s", x.Ask, x.Strategy, x.Method)
		}
	}
}

func TestASilentMethodIsNotAskedForEver(t *testing.T) {
	r := fake(nil)
	asked := map[string]int{}
	exchanges := run(t, targetOf(r), asker(func(_ context.Context, q evidence.Question) evidence.Exchange {
		asked[q.Method]++
		if q.Method == "POST" {
			return evidence.Exchange{Failure: evidence.HTTPTimeout, Detail: "nothing came"}
		}
		return r.Respond(q)
	}))
	planned := map[string]int{}
	for _, q := range plan(t, everything, targetOf(r)).Questions() {
		planned[q.Method]++
	}
	if asked["POST"] != 3 || asked["GET"] != planned["GET"] {
		t.Errorf("%d questions by POST, want 3; %d by GET, want %d", asked["POST"], asked["GET"], planned["GET"])
	}
	posts := slices.DeleteFunc(slices.Clone(exchanges), func(x evidence.Exchange) bool { return x.Method != "POST" })
	for i, x := range posts {
		if x.Failure != evidence.HTTPTimeout || (x.Detail == "nothing came") != (i < 3) {
			t.Errorf("POST %d: %s, %s", i, x.Failure, x.Detail)
		}
	}
	if len(posts) != planned["POST"] {
		t.Errorf("%d questions by POST are in the record, want %d", len(posts), planned["POST"])
	}
}

func TestAFailureThatShowsAtOnceIsAskedEachTime(t *testing.T) {
	asked := 0
	target := targetOf(fake(nil))
	run(t, target, asker(func(_ context.Context, q evidence.Question) evidence.Exchange {
		asked++
		return evidence.Exchange{Failure: evidence.ConnectRefused}
	}))
	if want := len(plan(t, everything, target).Questions()) + 1; asked != want { // the CRL twice
		t.Errorf("%d questions were sent, want %d", asked, want)
	}
}
