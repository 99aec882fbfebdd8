package probe_test

import (
	"slices"
	"testing"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe"
	"github.com/revprobe/revprobe/probe/evidence"
)

// variants are those of the questions that were put, in their order.
func variants(exchanges []evidence.Exchange) []string {
	var list []string
	for _, x := range exchanges {
		if x.Variant != "" {
			list = append(list, x.Variant)
		}
	}
	return list
}

func TestOneCRLOfAHostIsAskedForAgain(t *testing.T) {
	target := targetOf(fake(nil))
	target.DistributionPoints = []string{"http://a.example/1.crl", "http://a.example/2.crl", "http://b.example/1.crl"}
	for kind, each := range map[evidence.Ask]int{evidence.Conditional: 2, evidence.Robustness: 3} {
		asked := map[string]int{}
		for _, q := range plan(t, evidence.FetchCRL|kind, target).Questions() {
			if q.Ask == kind && q.URL != target.Responders[0] {
				asked[q.URL]++
			}
		}
		if len(asked) != 2 || asked["http://a.example/1.crl"] != each || asked["http://b.example/1.crl"] != each {
			t.Errorf("%s: %v", kind, asked)
		}
	}
}

// What an answer has no validator for cannot be asked.
func TestNothingIsAskedAgainWithoutValidator(t *testing.T) {
	for _, field := range []string{"Last-Modified", "Etag"} {
		r := fake(func(r *fixtures.Responder) {
			without := map[string][]string{field: nil}
			r.CRLHTTP.Header, r.OCSPHTTP.Header = without, without
		})
		var record evidence.Run
		probe.Run(t.Context(), plan(t, everything|evidence.Conditional, targetOf(r)), inMemory(r), &record)
		want := []string{"crl-inm-other", "crl-ims-before", "get-inm-other", "get-ims-before"}
		if field == "Last-Modified" {
			want = []string{"crl-inm-other", "get-inm-other"}
		}
		if got := variants(record.Exchanges); !slices.Equal(got, want) {
			t.Errorf("without %s: %v, want %v", field, got, want)
		}
	}
}

// A document that did not come is not asked for again on a condition.
func TestNothingIsAskedAgainThatDidNotCome(t *testing.T) {
	r := fake(func(r *fixtures.Responder) { r.CRLHTTP.Code, r.OCSPHTTP.OnlyPOST = 503, true })
	var record evidence.Run
	probe.Run(t.Context(), plan(t, everything|evidence.Conditional, targetOf(r)), inMemory(r), &record)
	if got := variants(record.Exchanges); len(got) > 0 {
		t.Errorf("%v", got)
	}
}
