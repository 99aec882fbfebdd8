package conformance_test

import (
	"slices"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// variant changes the exchanges of one odd request.
func variant(name string, change func(*evidence.Exchange)) func(*evidence.Run) {
	return each(evidence.Probes, func(x *evidence.Exchange) {
		if x.Variant == name {
			change(x)
		}
	})
}

func oddly(reactions map[string]fixtures.Reaction) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) { r.Odd = reactions }
}

func atSecond(change func(*fixtures.Responder)) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) { r.Replicas = []func(*fixtures.Responder){nil, change} }
}

// revokedSince has the second address say so, while the first says good in an answer of an
// hour ago.
func revokedSince(ago time.Duration) func(*fixtures.Responder) {
	return atSecond(func(r *fixtures.Responder) {
		r.OCSP.Assigned, r.OCSP.RevocationTime, r.OCSP.ThisUpdate, r.OCSP.ProducedAt = fixtures.Revoked, r.Now.Add(-ago), r.Now, r.Now
	})
}

// secondAddress changes what came from the second of a conforming service's addresses.
func secondAddress(change func(*evidence.Exchange)) func(*evidence.Run) {
	return each(evidence.OCSP, func(x *evidence.Exchange) {
		if x.Replica() && x.Machine() == "192.0.47.59" {
			change(x)
		}
	})
}

// nextSerial has a response be about the serial after the one that was asked about.
func nextSerial(asked []revocation.CertID) []revocation.CertID {
	other := asked[0]
	other.Serial = slices.Clone(other.Serial)
	other.Serial[len(other.Serial)-1] ^= 1
	return []revocation.CertID{other}
}

// One rule may weigh differently, and says nothing of what could not be asked.
func TestSeverityOfOddRequestsAndReplicas(t *testing.T) {
	t.Parallel()
	page, reset := fixtures.Reaction{HTTP: &fixtures.HTTP{Body: []byte("<html>")}}, fixtures.Reaction{HTTP: &fixtures.HTTP{Failure: evidence.Reset}}
	another := fixtures.Reaction{Says: fixtures.Good, OCSP: func(o *fixtures.OCSP) { o.Singles = nextSerial }}
	type severe struct {
		rule   string
		want   conformance.Severity // zero: no failure
		change func(*fixtures.Responder)
		after  func(*evidence.Run)
	}
	cases := map[string]severe{
		"a reset connection":                      {"rob-pipelined", conformance.Warning, oddly(map[string]fixtures.Reaction{"kept-open": reset}), nil},
		"a web page":                              {"rob-pipelined", conformance.Notice, oddly(map[string]fixtures.Reaction{"kept-open": page}), nil},
		"half a response":                         {"rob-pipelined", conformance.Warning, oddly(map[string]fixtures.Reaction{"kept-open": {HTTP: &fixtures.HTTP{Body: []byte{0x30, 3, 0x0a, 1}}}}), nil},
		"another certificate's status":            {"http-expect-100", conformance.Error, oddly(map[string]fixtures.Reaction{"expect": another}), nil},
		"another status":                          {"http-expect-100", conformance.Error, oddly(map[string]fixtures.Reaction{"expect": {Says: fixtures.Unknown}}), nil},
		"417":                                     {"http-expect-100", conformance.Notice, oddly(map[string]fixtures.Reaction{"expect": {HTTP: &fixtures.HTTP{Code: 417}}}), nil},
		"a web page, then a reset":                {"ocsp-nonce-0-129", conformance.Warning, oddly(map[string]fixtures.Reaction{"nonce-129": page, "nonce-4096": reset}), nil},
		"a reset, then a web page":                {"ocsp-nonce-0-129", conformance.Warning, oddly(map[string]fixtures.Reaction{"nonce-129": reset, "nonce-4096": page}), nil},
		"a web page, then another's":              {"ocsp-nonce-0-129", conformance.Error, oddly(map[string]fixtures.Reaction{"nonce-129": page, "nonce-4096": another}), nil},
		"another's, then a web page":              {"ocsp-nonce-0-129", conformance.Error, oddly(map[string]fixtures.Reaction{"nonce-129": another, "nonce-4096": page}), nil},
		"another status at one address":           {"ocsp-ip-consistent", conformance.Error, atSecond(func(r *fixtures.Responder) { r.OCSP.Assigned = fixtures.Unknown }), nil},
		"unauthorized at one address":             {"ocsp-ip-consistent", conformance.Warning, atSecond(func(r *fixtures.Responder) { r.OCSP.Assigned = fixtures.Unauthorized }), nil},
		"503 at one address":                      {"ocsp-ip-consistent", conformance.Warning, atSecond(func(r *fixtures.Responder) { r.OCSPHTTP.Code = 503 }), nil},
		"good since the revocation":               {"ocsp-ip-consistent", conformance.Error, revokedSince(time.Hour), nil},
		"good before the revocation":              {"ocsp-ip-consistent", conformance.Warning, revokedSince(time.Hour - time.Second), nil},
		"one address could not be asked":          {"ocsp-ip-consistent", 0, atSecond(nothing), secondAddress(failedAs(evidence.NoRoute, 0))},
		"one address was spared":                  {"ocsp-ip-consistent", 0, atSecond(nothing), secondAddress(func(x *evidence.Exchange) { x.Spared, x.Failure, x.Body = true, evidence.HTTPTimeout, nil })},
		"no answer at one, as was spared":         {"ocsp-ip-consistent", conformance.Warning, atSecond(nothing), secondAddress(failedAs(evidence.HTTPTimeout, 0))},
		"told to ask less often":                  {"http-head-and-others", 0, nothing, variant("put", failedAs(evidence.HTTPStatus, 429))},
		"spared":                                  {"http-head-and-others", 0, nothing, variant("put", func(x *evidence.Exchange) { x.Spared, x.Failure = true, evidence.Reset })},
		"asked, and no answer":                    {"http-head-and-others", conformance.Info, nothing, variant("put", failedAs(evidence.HTTPTimeout, 0))},
		"a CRL that could not be asked for again": {"rob-crl-conditional", 0, nothing, variant("crl-inm", failedAs(evidence.NoRoute, 0))},
	}
	for _, f := range []evidence.Failure{evidence.ConnectRefused, evidence.ConnectTimeout, evidence.DNSNXDomain, evidence.DNSServFail, evidence.DNSNoData,
		evidence.DNSTimeout, evidence.NoRoute} {
		cases["never reached: "+string(f)] = severe{"http-head-and-others", 0, nothing, variant("put", failedAs(f, 0))}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := faked(fixtures.Kind{}, fixtures.Case{Change: c.change})
			run := ask(t, fake, zoo.Memory{Responder: fake}, everything|evidence.Probes)
			if c.after != nil {
				c.after(run)
			}
			report := judge(t, run)
			if got := worst(report, c.rule); got != c.want {
				t.Errorf("%s is %d, want %d%s", c.rule, got, c.want, describe(report))
			}
		})
	}
}
