package conformance

import (
	"bytes"
	"strings"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// accessibleRules are those about whether everybody gets an answer: without TLS, and without
// saying who he is.
func accessibleRules() []*Rule {
	return []*Rule{
		{
			ID: "http-scheme",
			Cites: []Citation{BR("4.9.7", Must), BR("7.1.2.11.2", Must).Since("2024-03-15"), BR("7.1.2.7.7", Must),
				RFC9919("6", Practice), RFC5280("8", Observed)},
			Says:   "A plain http URL must be answered in plain HTTP on its port.",
			Needs:  evidence.HTTP,
			Marked: Critical,
			Exchange: func(s ExchangeSubject) Verdict {
				switch {
				case !plainURL(s.URL) || s.Code == 0 && s.Failure != evidence.HTTPSyntax:
					return skip()
				case speaksTLS(s.Exchange):
					return fail("plain HTTP", "a TLS server's answer, beginning %s", firstOctets(s.Form))
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("a TLS alert", func(r *fake) {
					r.CRLHTTP.Failure, r.CRLHTTP.Body = evidence.HTTPSyntax, []byte("\x15\x03\x01\x00\x02\x02\x46")
				}),
				when("400 by nginx", func(r *fake) {
					r.OCSPHTTP.Code, r.OCSPHTTP.Body = 400, []byte("<html><h1>400 Bad Request</h1>The plain HTTP request was sent to HTTPS port</html>")
				}),
			},
			Good: []fixtures.Case{when("another error", func(r *fake) { r.CRLHTTP.Code = 400 })},
			Also: []string{"http-status-200"},
		},
		{
			ID:     "http-not-https-only",
			Cites:  []Citation{RFC5280("8", Should), BR("7.1.2.11.2", Must).Since("2024-03-15")},
			Says:   "https must not be needed to obtain the document.",
			Needs:  evidence.HTTP,
			Marked: Error,
			Exchange: func(s ExchangeSubject) Verdict {
				switch {
				case !plainURL(s.URL) || s.Code == 0:
					return skip()
				case s.Code == upgradeRequired:
					return fail("an answer in plain HTTP", "426, which asks for %.100s", s.Header.Get("Upgrade"))
				case s.Failure == evidence.Redirect && hasScheme(s.Header.Get("Location"), "https"):
					return fail("an answer in plain HTTP", "%d to %.200s", s.Code, s.Header.Get("Location"))
				}
				return pass()
			},
			Bad: []fixtures.Case{
				when("a redirect to https", func(r *fake) { r.CRLHTTP.Code, r.CRLHTTP.Location = 301, "HTTPS://revocation.example/ca.crl" }),
				when("426", func(r *fake) { r.OCSPHTTP.Code = upgradeRequired }),
			},
			Good: []fixtures.Case{when("a redirect to http", func(r *fake) { r.CRLHTTP.Code, r.CRLHTTP.Location = 301, "http://revocation.example/https.crl" })},
			Also: []string{"http-no-redirect", "http-status-200"},
		},
		{
			ID:     "http-no-auth",
			Cites:  []Citation{BR("2.4", Must), BR("4.9.7", Must), RFC5280("8", Observed), RFC6960("A.2", Observed)},
			Says:   "Nobody must have to say who he is, to carry cookies or to run a script.",
			Needs:  evidence.HTTP,
			Marked: Critical,
			Exchange: func(s ExchangeSubject) Verdict {
				switch {
				case s.Code == 401 || s.Code == 407 || s.Code == 511:
					return fail("an answer for everybody", "%d, which asks who we are", s.Code)
				case s.Code != 0 && challenges(s):
					return fail("an answer for everybody", "%d with a challenge, beginning %s", s.Code, firstOctets(s.Form))
				case len(s.Header["Set-Cookie"]) > 0:
					return fail("an answer without cookies", "%.100s", s.Header.Get("Set-Cookie")).in("Set-Cookie").atMost(Notice)
				}
				return skipUnless(s.Code != 0)
			},
			Bad: []fixtures.Case{
				when("401", func(r *fake) { r.CRLHTTP.Code = 401 }),
				when("a challenge", func(r *fake) {
					r.OCSPHTTP.Code, r.OCSPHTTP.Body = 403, []byte("<!DOCTYPE html><title>Just a moment...</title><script src=/cdn-cgi/challenge-platform/x.js></script>")
				}),
				when("511", func(r *fake) { r.CRLHTTP.Code = 511 }),
				when("a challenge that one field names", func(r *fake) {
					r.OCSPHTTP.Code, r.OCSPHTTP.Header = 403, map[string][]string{"Cf-Mitigated": {"challenge"}}
				}),
				when("a challenge that another field names", func(r *fake) {
					r.OCSPHTTP.Code, r.OCSPHTTP.Header = 403, map[string][]string{"X-Amzn-Waf-Action": {"captcha"}}
				}),
				when("a cookie", func(r *fake) { setField(&r.CRLHTTP.Header, "Set-Cookie", []string{"BIGipServer=1; path=/"}) }),
			},
			Good: []fixtures.Case{when("403", func(r *fake) { r.CRLHTTP.Code = 403 })},
			Also: []string{"http-status-200"},
		},
	}
}

// upgradeRequired is the status of RFC 9110 §15.5.22.
const upgradeRequired = 426

func plainURL(address string) bool { return hasScheme(address, "http") }

func hasScheme(address, scheme string) bool {
	given, _, found := strings.Cut(address, ":")
	return found && strings.EqualFold(given, scheme)
}

// What servers say in plain HTTP on a port of TLS: nginx, Apache, Go.
var tlsOnly = []string{"plain HTTP request was sent to HTTPS port", "speaking plain HTTP to an SSL-enabled server port", "Client sent an HTTP request to an HTTPS server"}

// speaksTLS reports whether the answer is a TLS record (an alert, or a handshake), or what a
// server of TLS says to one who speaks HTTP.
func speaksTLS(x *evidence.Exchange) bool {
	if x.Failure == evidence.HTTPSyntax {
		return len(x.Body) > 2 && (x.Body[0] == 0x15 || x.Body[0] == 0x16) && x.Body[1] == 3
	}
	return x.Code == 400 && containsAny(x.Body, tlsOnly)
}

// What the pages of common gateways have in them that want a browser to prove itself.
var challengeMarks = []string{"/cdn-cgi/challenge-platform/", "challenges.cloudflare.com", "_Incapsula_Resource", "captcha-delivery.com", ".awswaf.com/"}

// challenges reports whether an answer is a page by which a gateway sorts out programs.
func challenges(x ExchangeSubject) bool {
	return x.Header.Get("Cf-Mitigated") == "challenge" || x.Header.Get("X-Amzn-Waf-Action") != "" ||
		x.Form.Encoding == revocation.EncodingHTML && containsAny(x.Body, challengeMarks)
}

func containsAny(body []byte, marks []string) bool {
	body = body[:min(len(body), largePage)]
	for _, mark := range marks {
		if bytes.Contains(body, []byte(mark)) {
			return true
		}
	}
	return false
}

// largePage is more than any of those pages has before its mark.
const largePage = 64 << 10
