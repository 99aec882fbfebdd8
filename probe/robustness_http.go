package probe

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/revocation"
)

// userAgents are what clients call themselves that ask for revocation.
var userAgents = []struct{ variant, name string }{
	{"ua-browser", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
	{"ua-curl", "curl/8.14.1"},
	{"ua-cryptoapi", "Microsoft-CryptoAPI/10.0"},
	{"ua-empty", ""},
}

// slowPace is in octets a second.
const slowPace = 100

// transports asks the plain question by HTTP that is right but rare.
func (o *prober) transports() {
	o.wire("http10", evidence.Wire{Proto: "HTTP/1.0"})
	o.wire("http10-nohost", evidence.Wire{Proto: "HTTP/1.0", Header: []string{"Host"}})
	if u, err := url.Parse(o.about.URL); err == nil && u.Port() == "" && u.Scheme == "http" {
		o.wire("host-port", evidence.Wire{Header: []string{"Host: " + u.Host + ":80"}})
	}
	o.wire("header-case", evidence.Wire{Header: []string{"aCCEPT: application/ocsp-response", "cONTENT-tYPE: application/ocsp-request"}})
	o.wire("keep-alive", evidence.Wire{Header: []string{"Connection"}})
	o.wire("expect", evidence.Wire{Header: []string{"Expect: 100-continue"}})
	o.wire("chunked", evidence.Wire{Chunked: true})
	o.wire("slow", evidence.Wire{Pace: slowPace})
	request := func(id revocation.CertID) []byte {
		return revocation.BuildOCSPRequest(revocation.RequestTemplate{CertIDs: []revocation.CertID{id}})
	}
	o.wire("pipelined", evidence.Wire{Follow: [][]byte{request(o.unassigned(0)), request(o.id)}})
	for _, method := range []string{http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete} {
		q := evidence.Question{Method: method, Wire: &evidence.Wire{}}
		switch method {
		case http.MethodHead:
			q.Request = request(o.id)
			q.Target = GETURL(o.about.URL, q.Request)
		case http.MethodPut:
			q.Request = request(o.id)
		}
		o.add(strings.ToLower(method), q)
	}
}

// clients asks the plain question as other clients would.
func (o *prober) clients() {
	for _, agent := range userAgents {
		o.wire(agent.variant, evidence.Wire{Header: []string{"User-Agent: " + agent.name}})
	}
	o.wire("accept-gzip", evidence.Wire{Header: []string{"Accept-Encoding: gzip, br"}})
	o.wire("accept-html", evidence.Wire{Header: []string{"Accept: text/html"}})
	o.wire("ct-missing", evidence.Wire{Header: []string{"Content-Type"}})
	o.wire("ct-wrong", evidence.Wire{Header: []string{"Content-Type: text/plain"}})
	o.wire("ct-charset", evidence.Wire{Header: []string{"Content-Type: application/ocsp-request; charset=utf-8"}})
}

// wire adds a POST of the plain request that is put on the wire in another way.
func (o *prober) wire(variant string, w evidence.Wire) {
	o.add(variant, evidence.Question{Method: http.MethodPost, Request: revocation.BuildOCSPRequest(o.template()), Wire: &w})
}

// spellings asks by GET for the two forms of the path that RFC 6960 A.1 requires to be
// understood and that go wrong most: with hexadecimal digits in lower case, and with two
// slashes in a row.
func (o *prober) spellings() {
	request, text := o.requestWith(everyEscape)
	o.get("get-lower", evidence.GETSpelling, request, escaped(text, strings.ToLower))
	request, text = o.requestWith(twoSlashes)
	o.get("get-slash", evidence.GETSpelling, request, escaped(text, strings.ToUpper))
}

// otherSpellings asks by GET for the rest of the forms that clients send or might.
func (o *prober) otherSpellings() {
	plain := revocation.BuildOCSPRequest(o.template())
	o.get("get-plain", evidence.Robustness, plain, url.QueryEscape(base64.StdEncoding.EncodeToString(plain)))
	q := o.list[len(o.list)-1]
	q.Wire = &evidence.Wire{Header: []string{"If-None-Match: " + etagBefore}}
	o.add("inm", q)

	request, text := o.requestWith(everyEscape)
	upper := escaped(text, strings.ToUpper)
	o.get("get-upper", evidence.Robustness, request, upper)
	o.get("get-raw", evidence.Robustness, request, text)
	o.get("get-nopad", evidence.Robustness, request, strings.ReplaceAll(upper, "%3D", ""))
	o.get("get-base64url", evidence.Robustness, request, base64.URLEncoding.EncodeToString(request))
	o.get("get-newline", evidence.Robustness, request, upper[:8]+"%0A"+upper[8:])
	o.get("get-space", evidence.Robustness, request, upper[:8]+"%20"+upper[8:])
	o.get("get-query", evidence.Robustness, request, upper+"?x=1")
	o.add("get-base-slash", evidence.Question{Method: http.MethodGet, Request: request, Target: strings.TrimSuffix(o.about.URL, "/") + "//" + upper})
	request, text = o.requestWith(twoSlashes)
	o.get("get-slash-raw", evidence.Robustness, request, strings.ReplaceAll(escaped(text, strings.ToUpper), "%2F", "/"))
	for _, long := range []struct {
		variant string
		octets  int
	}{{"get-long-255", 160}, {"get-long-2048", 1536}} {
		t := o.template()
		t.Extensions = []revocation.Extension{{ID: unknownOID, Value: element(0x04, make([]byte, long.octets))}}
		request := revocation.BuildOCSPRequest(t)
		o.get(long.variant, evidence.Robustness, request, url.QueryEscape(base64.StdEncoding.EncodeToString(request)))
	}
	o.get("get-garbage", evidence.Robustness, nil, "not-base64!")
	o.get("get-empty-slash", evidence.Robustness, nil, "")
	o.add("get-empty", evidence.Question{Method: http.MethodGet, Target: strings.TrimSuffix(o.about.URL, "/")})
}

// get adds a GET of that path below the responder's URL.
func (o *prober) get(variant string, ask evidence.Ask, request []byte, path string) {
	o.add(variant, evidence.Question{Ask: ask, Method: http.MethodGet, Request: request, Target: strings.TrimSuffix(o.about.URL, "/") + "/" + path})
}

// maxSearch bounds how many serials are tried for one whose base64 has what is wanted: two
// slashes in a row come once in about 150.
const maxSearch = 1 << 14

// requestWith returns the request about a serial that was never issued whose base64 is as
// wanted.
func (o *prober) requestWith(wanted func(string) bool) (request []byte, text string) {
	for i := range maxSearch {
		id := o.id
		id.Serial = o.serial("get-spelling", i)[:20-i%3] // its length decides on the padding
		request = revocation.BuildOCSPRequest(revocation.RequestTemplate{CertIDs: []revocation.CertID{id}})
		if text = base64.StdEncoding.EncodeToString(request); wanted(text) {
			break
		}
	}
	return request, text
}

// everyEscape reports whether a text has all the characters of base64 that have to be escaped
// in a URL, without two slashes in a row.
func everyEscape(text string) bool {
	return strings.Contains(text, "+") && strings.Contains(text, "/") && strings.HasSuffix(text, "=") && !strings.Contains(text, "//")
}

func twoSlashes(text string) bool { return strings.Contains(text, "//") }

// escaped percent-encodes what base64 has of reserved characters, with hexadecimal digits of
// that case.
func escaped(text string, digits func(string) string) string {
	for _, c := range []string{"+", "/", "="} {
		text = strings.ReplaceAll(text, c, digits(url.QueryEscape(c)))
	}
	return text
}
