package conformance_test

import (
	"crypto/x509"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

func cached(fields ...string) func(*fixtures.Responder) {
	return func(r *fixtures.Responder) { r.OCSPHTTP.Cached = header(fields) }
}

func header(fields []string) http.Header {
	h := http.Header{}
	for i := 0; i < len(fields); i += 2 {
		h.Add(fields[i], fields[i+1])
	}
	return h
}

// What a rule about HTTP weighs, case by case.
func TestSeverityOfHTTP(t *testing.T) {
	t.Parallel()
	crl := func(fields ...string) func(*fixtures.Responder) {
		return func(r *fixtures.Responder) { r.CRLHTTP.Header = header(fields) }
	}
	limited := func(apart time.Duration) func(*evidence.Run) {
		return func(run *evidence.Run) {
			asked := 0
			each(evidence.OCSP, func(x *evidence.Exchange) {
				x.At = noon.Add(time.Duration(asked) * apart)
				if asked++; asked == 3 {
					x.Code, x.Failure, x.Body, x.Header = 429, evidence.HTTPStatus, nil, http.Header{"Retry-After": {"9"}}
				}
			})(run)
		}
	}
	for name, c := range map[string]struct {
		rule   string
		want   conformance.Severity
		change func(*fixtures.Responder)
		after  func(*evidence.Run)
	}{
		"max-age beyond nextUpdate":         {"http-ocsp-max-age-bounds", conformance.Error, cached("Cache-Control", "max-age=604800"), nil},
		"s-maxage beyond nextUpdate":        {"http-ocsp-max-age-bounds", conformance.Error, cached("Cache-Control", "max-age=1, s-maxage=604800"), nil},
		"max-age twice":                     {"http-ocsp-max-age-bounds", conformance.Notice, cached("Cache-Control", "max-age=1", "Cache-Control", "max-age=2"), nil},
		"max-age 0":                         {"http-ocsp-max-age-bounds", conformance.Notice, cached("Cache-Control", "max-age=0"), nil},
		"no-store":                          {"http-ocsp-no-nocache", conformance.Notice, cached("Cache-Control", "no-store"), nil},
		"no Cache-Control":                  {"http-ocsp-cache-headers", conformance.Notice, func(r *fixtures.Responder) { r.OCSPHTTP.Cached = http.Header{"Cache-Control": nil} }, nil},
		"Expires in UTC":                    {"http-ocsp-expires", conformance.Notice, cached("Expires", "Sat, 21 Nov 2026 12:00:00 UTC"), nil},
		"Last-Modified in UTC":              {"http-ocsp-last-modified", conformance.Info, cached("Last-Modified", "Fri, 20 Nov 2026 11:00:00 UTC"), nil},
		"a weak ETag":                       {"http-ocsp-etag", conformance.Info, cached("Etag", `W/"x"`), nil},
		"a stale copy":                      {"http-ocsp-cache-not-stale", conformance.Warning, cached("Cache-Control", "max-age=5", "Age", "6"), nil},
		"a stale copy that was forbidden":   {"http-ocsp-cache-not-stale", conformance.Warning, cached("Cache-Control", "max-age=5, Must-Revalidate", "Age", "6"), nil},
		"a copy":                            {"http-hop-consistency", conformance.Info, cached("Age", "6"), nil},
		"nothing of a copy":                 {"http-hop-consistency", 0, nothing, nil},
		"unknown, to be kept":               {"http-ocsp-nonauth-nocache", conformance.Notice, func(r *fixtures.Responder) { r.OCSPHTTP.Uncached = header([]string{"Cache-Control", "max-age=60"}) }, nil},
		"a CRL kept for a week":             {"http-crl-cache", conformance.Warning, crl("Cache-Control", "max-age=604800"), nil},
		"a CRL kept for two days, no-store": {"http-crl-cache", 0, crl("Cache-Control", "max-age=172800, no-store"), nil},
		"a CRL kept for two days, of one":   {"http-crl-cache", conformance.Warning, crl("Cache-Control", "max-age=172800", "Age", "86400", "Date", "Thu, 19 Nov 2026 12:00:00 GMT"), nil},
		"a 404 kept for an hour":            {"http-error-not-cached", conformance.Warning, func(r *fixtures.Responder) { r.CRLHTTP.Code = 404; crl("Cache-Control", "max-age=3600")(r) }, nil},
		"a 404 kept for an hour, no-cache":  {"http-error-not-cached", 0, func(r *fixtures.Responder) { r.CRLHTTP.Code = 404; crl("Cache-Control", "no-cache, max-age=3600")(r) }, nil},
		"407":                               {"http-no-auth", conformance.Critical, func(r *fixtures.Responder) { r.CRLHTTP.Code = 407 }, nil},
		"a cookie":                          {"http-no-auth", conformance.Notice, crl("Set-Cookie", "a=b"), nil},
		"a web page": {"http-no-auth", 0, func(r *fixtures.Responder) {
			r.CRLHTTP.Body = []byte("<html>parked, with a captcha for its guest book")
		}, nil},
		"a challenge": {"http-no-auth", conformance.Critical, func(r *fixtures.Responder) { r.CRLHTTP.Body = []byte("<html><script src=//x.awswaf.com/challenge.js>") }, nil},
		"a TLS alert": {"http-scheme", conformance.Critical, func(r *fixtures.Responder) {
			r.CRLHTTP.Failure, r.CRLHTTP.Body = evidence.HTTPSyntax, []byte{0x15, 3, 1, 0, 2, 2, 70}
		}, nil},
		"a TLS handshake": {"http-scheme", conformance.Critical, func(r *fixtures.Responder) {
			r.CRLHTTP.Failure, r.CRLHTTP.Body = evidence.HTTPSyntax, []byte{0x16, 3, 1}
		}, nil},
		"two octets like those of TLS": {"http-scheme", 0, func(r *fixtures.Responder) {
			r.CRLHTTP.Failure, r.CRLHTTP.Body = evidence.HTTPSyntax, []byte{0x16, 3}
		}, nil},
		"400 to who asks for what changed": {"http-conditional-304", conformance.Notice, func(r *fixtures.Responder) { r.CRLHTTP.Conditional = &fixtures.HTTP{Code: 400} }, nil},
		"a certificate of the issuer that has expired": {"http-caissuers-issuer-match", conformance.Notice, func(r *fixtures.Responder) {
			other := fixtures.Conforming(r.Now, r.Authority)
			other.Issuer = func(c *x509.Certificate) { c.NotAfter = r.Now.Add(-time.Second) }
			r.IssuersHTTP.Body = other.IssuerCertificate().Raw
		}, nil},
		"a certificate of another CA": {"http-caissuers-issuer-match", conformance.Error, func(r *fixtures.Responder) {
			r.IssuersHTTP.Body = fixtures.Conforming(r.Now, r.Authority).RootCertificate().Raw
		}, nil},
		"binary that is no TLS": {"http-scheme", 0, func(r *fixtures.Responder) {
			r.CRLHTTP.Failure, r.CRLHTTP.Body = evidence.HTTPSyntax, []byte{0x15, 0, 0, 0, 0, 0, 0}
		}, nil},
		"no-store of a nonce's answer": {"http-ocsp-no-nocache", 0, func(r *fixtures.Responder) {
			cached("Cache-Control", "no-store")(r)
			r.OCSP.Extensions = []revocation.Extension{{ID: revocation.OIDNonce, Value: []byte{4, 2, 1, 2}}}
		}, nil},
		"no HTTP":                             {"http-scheme", 0, func(r *fixtures.Responder) { r.CRLHTTP.Failure = evidence.HTTPSyntax }, nil},
		"a redirect to https":                 {"http-not-https-only", conformance.Error, func(r *fixtures.Responder) { r.CRLHTTP.Code, r.CRLHTTP.Location = 302, "https://a.example/" }, nil},
		"a redirect to another path":          {"http-not-https-only", 0, func(r *fixtures.Responder) { r.CRLHTTP.Code, r.CRLHTTP.Location = 302, "/a" }, nil},
		"compressed":                          {"http-content-encoding", conformance.Error, crl("Content-Encoding", "br"), nil},
		"a second behind the limit":           {"http-date-skew", 0, crl("Date", "Fri, 20 Nov 2026 11:58:59 GMT"), nil},
		"two seconds behind it":               {"http-date-skew", conformance.Notice, crl("Date", "Fri, 20 Nov 2026 11:58:58 GMT"), nil},
		"limited at a question a second":      {"http-rate-limit", conformance.Info, nothing, limited(time.Second)},
		"limited at a question a millisecond": {"http-rate-limit", 0, nothing, limited(time.Millisecond)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := judgedUnder(t, "web", c.change, c.after)
			if got := worst(report, c.rule); got != c.want {
				t.Errorf("%s is %d, want %d%s", c.rule, got, c.want, describe(report))
			}
		})
	}
}

// A Date that all hosts agree on, a minute or two from ours, shows that our clock is off.
func TestDateOfSeveralHosts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		after func(*evidence.Run)
		want  bool
	}{
		"we are two minutes ahead":     {apart(2*time.Minute, true), false},
		"one of them is":               {apart(2*time.Minute, false), true},
		"we are two minutes behind":    {apart(-2*time.Minute, true), false},
		"the same host says it always": {each(evidence.HTTP, func(x *evidence.Exchange) { x.At = x.At.Add(2 * time.Minute) }), true},
	} {
		report := judgedUnder(t, "web", nothing, c.after)
		if got := slices.Contains(fired(report), "http-date-skew"); got != c.want {
			t.Errorf("%s: accused %t, want %t%s", name, got, c.want, describe(report))
		}
	}
}

// Nothing about caching is said of answers that no cache keeps: those to POST, and stapled
// or filed ones.
func TestNoCachingRuleOfPOST(t *testing.T) {
	t.Parallel()
	report := judgedUnder(t, "web", func(r *fixtures.Responder) {
		r.OCSPHTTP.OnlyPOST = true
		r.OCSPHTTP.Header = header([]string{"Cache-Control", "max-age=604800, no-store", "Expires", "never"})
	}, nil)
	for _, id := range fired(report) {
		if slices.Contains([]string{"http-ocsp-max-age-bounds", "http-ocsp-no-nocache", "http-ocsp-expires", "http-ocsp-cache-headers"}, id) {
			t.Errorf("fires %s%s", id, describe(report))
		}
	}
}
