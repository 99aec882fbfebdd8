package probe_test

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/evidence"
)

func TestProbesDeriveFromTheSeed(t *testing.T) {
	target := targetOf(fake(nil))
	first, second := plan(t, evidence.Probes, target), plan(t, evidence.Probes, target)
	if !reflect.DeepEqual(first.Questions(), second.Questions()) {
		t.Error("the same seed makes other questions")
	}
	seen := map[string]bool{}
	for _, q := range first.Questions() {
		if q.Variant == "" || seen[q.Variant] {
			t.Errorf("the variant %q is empty or asked twice", q.Variant)
		}
		seen[q.Variant] = true
	}
}

func TestSpellings(t *testing.T) {
	for _, seed := range []string{"a", "b", "c"} {
		p, err := probe.NewPlan(&evidence.Run{}, []probe.Target{targetOf(fake(nil))}, probe.Options{Asks: evidence.GETSpelling, Serials: probe.Serials{Seed: []byte(seed)}})
		if err != nil {
			t.Fatal(err)
		}
		list := p.Questions()
		if len(list) != 2 {
			t.Fatalf("%d spellings are asked by default", len(list))
		}
		lower, slash := list[0].Target, list[1].Target
		if !strings.Contains(lower, "%2b") || !strings.Contains(lower, "%2f") || !strings.HasSuffix(lower, "%3d") || strings.ContainsAny(lower[len(list[0].URL)+1:], "+/=") {
			t.Errorf("%s has not every escape in lower case", lower)
		}
		if !strings.Contains(slash, "%2F%2F") {
			t.Errorf("%s has no two slashes", slash)
		}
	}
}

func TestOddQuestionsComeLastAndEndWith429(t *testing.T) {
	r := fake(nil)
	sent, last := 0, evidence.Ask(0)
	var record evidence.Run
	probe.Run(t.Context(), plan(t, everything|evidence.Probes, targetOf(r)), asker(func(_ context.Context, q evidence.Question) evidence.Exchange {
		if last.Has(evidence.Optional) && !q.Ask.Has(evidence.Optional) {
			t.Errorf("%s is asked after odd questions", q.Ask)
		}
		last = q.Ask
		x := r.Respond(q)
		if q.Ask.Has(evidence.Optional) {
			if sent++; sent == 3 {
				x.Code, x.Failure = http.StatusTooManyRequests, evidence.HTTPStatus
			}
		}
		return x
	}), &record)
	if sent != 3 {
		t.Errorf("%d odd questions were sent, of which the third was answered 429", sent)
	}
	spared := only(record.Exchanges, evidence.Optional)[3:]
	for _, x := range spared {
		if !x.Spared || !x.Failure.Ours() {
			t.Fatalf("%s: spared %v, failure %q", x.Variant, x.Spared, x.Failure)
		}
	}
}

func TestConditionalQuestionsTakeWhatCameBefore(t *testing.T) {
	r := fake(nil)
	var record evidence.Run
	probe.Run(t.Context(), plan(t, everything|evidence.Probes, targetOf(r)), inMemory(r), &record)
	// What asks as who has the document already is answered 304, what has another 200.
	conditionals := map[string]int{"inm": 304, "crl-inm": 304, "crl-conditional": 304, "crl-range": 200,
		"crl-inm-other": 200, "crl-ims-before": 200, "get-inm-other": 200, "get-ims-before": 200}
	found := 0
	for _, x := range record.Exchanges {
		want, conditional := conditionals[x.Variant]
		if !conditional {
			continue
		}
		found++
		if strings.Contains(x.Wire.Header[0], "(") || x.Code != want {
			t.Errorf("%s: %v was answered %d", x.Variant, x.Wire.Header, x.Code)
		}
	}
	if found != len(conditionals) {
		t.Errorf("%d conditional questions", found)
	}
}

// That odd requests are not answered says nothing of the others, and after so many of them
// nothing new of the next odd one.
func TestSilenceToOddQuestionsIsTheirOwn(t *testing.T) {
	r := fake(nil)
	sent := 0
	var record evidence.Run
	probe.Run(t.Context(), plan(t, everything|evidence.Probes, targetOf(r)), asker(func(_ context.Context, q evidence.Question) evidence.Exchange {
		if q.Ask.Has(evidence.Robustness) && q.Method == http.MethodPost {
			sent++
			return evidence.Exchange{Failure: evidence.HTTPTimeout, Detail: "nothing came"}
		}
		return r.Respond(q)
	}), &record)
	if sent != 10 {
		t.Errorf("%d odd questions by POST were sent, want 10", sent)
	}
	for _, x := range record.Exchanges {
		if x.Spared != (x.Detail != "nothing came" && x.Failure == evidence.HTTPTimeout) || x.Spared && !x.Ask.Has(evidence.Robustness) {
			t.Errorf("%s %s: spared %v, %q (%s)", x.Ask, x.Variant, x.Spared, x.Failure, x.Detail)
		}
	}
}
