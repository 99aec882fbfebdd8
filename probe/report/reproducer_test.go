package report

import (
	"net/http"
	"strings"
	"testing"

	"github.com/revprobe/revprobe/probe/evidence"
)

const responder = "http://ocsp.example.com/x"

// posed is an exchange whose answer is a DER document, as far as its first octet tells.
func posed(q evidence.Question) *evidence.Exchange {
	if q.URL == "" {
		q.URL = responder
	}
	return &evidence.Exchange{Question: q, Peer: "192.0.2.1:80", Code: http.StatusOK, Body: []byte("0\x03\x0a\x01\x06"), Sent: []byte("POST")}
}

// The same question goes out again, with all that was special of it.
func TestReproducer(t *testing.T) {
	t.Parallel()
	const (
		curl     = "curl -sS --path-as-is --globoff "
		request  = "printf %s UU9S | base64 -d >request.der\n"
		response = "\nopenssl ocsp -respin answer -noverify -resp_text"
		typed    = " -H 'Content-Type: application/ocsp-request'"
		posted   = " --data-binary @request.der '" + responder + "'"
		answer   = "-D - -o answer"
	)
	odd := func(w evidence.Wire) evidence.Question {
		return evidence.Question{Ask: evidence.Robustness, Method: http.MethodPost, Request: []byte("QOR"), Wire: &w}
	}
	for _, c := range []struct {
		name string
		q    evidence.Question
		want string
	}{
		{"a POST", evidence.Question{Ask: evidence.UnassignedPOST, Method: http.MethodPost, Request: []byte("QOR")},
			request + curl + answer + typed + posted + response},
		{"a GET", evidence.Question{Ask: evidence.UnassignedGET, Method: http.MethodGet, Target: responder + "/UU9S", Request: []byte("QOR")},
			curl + answer + " '" + responder + "/UU9S'" + response},
		{"one address", evidence.Question{Ask: evidence.UnassignedGET, Method: http.MethodGet, Address: "2001:db8::1"},
			curl + "--connect-to '::[2001:db8::1]:' " + answer + " '" + responder + "'" + response},
		{"a CRL", evidence.Question{Ask: evidence.FetchCRL, Method: http.MethodGet},
			curl + answer + " '" + responder + "'\nsha256sum answer\nopenssl crl -inform DER -in answer -noout -text | head -n 40"},
		{"a CRL if it changed", evidence.Question{Ask: evidence.Robustness, Variant: "crl-conditional", Method: http.MethodGet,
			Wire: &evidence.Wire{Header: []string{"If-Modified-Since: Thu, 26 Nov 2026 00:00:00 GMT"}}},
			curl + answer + " -H 'If-Modified-Since: Thu, 26 Nov 2026 00:00:00 GMT' '" + responder + "'\nopenssl crl -inform DER -in answer -noout -text | head -n 40"},
		{"an issuer", evidence.Question{Ask: evidence.FetchIssuer, Method: http.MethodGet},
			curl + answer + " '" + responder + "'\nsha256sum answer\nopenssl x509 -inform DER -in answer -noout -text"},
		{"HTTP/1.0 without Host", odd(evidence.Wire{Proto: "HTTP/1.0", Header: []string{"Host"}}),
			request + curl + "--http1.0 " + answer + typed + " -H 'Host:'" + posted + response},
		{"another media type", odd(evidence.Wire{Header: []string{"Content-Type: text/plain"}}),
			request + curl + answer + " -H 'Content-Type: text/plain'" + posted + response},
		{"an empty field", odd(evidence.Wire{Header: []string{"User-Agent: "}}),
			request + curl + answer + typed + " -H 'User-Agent;'" + posted + response},
		{"in chunks", odd(evidence.Wire{Chunked: true}),
			request + curl + answer + typed + " -H 'Transfer-Encoding: chunked'" + posted + response},
		{"slowly", odd(evidence.Wire{Pace: 100}),
			request + curl + answer + typed + " --limit-rate 100" + posted + response},
		{"pipelined", odd(evidence.Wire{Follow: [][]byte{{1}}}),
			"printf %s UE9TVA== | base64 -d >requests\ntimeout 30 bash -c 'exec 3<>/dev/tcp/192.0.2.1/80; cat requests >&3; cat <&3 >answers'\ngrep -a HTTP/1 answers"},
		{"HEAD", evidence.Question{Ask: evidence.Robustness, Method: http.MethodHead, Target: responder + "/UU9S"},
			curl + "--head " + answer + " '" + responder + "/UU9S'\ncat answer"},
		{"PUT", evidence.Question{Ask: evidence.Robustness, Method: http.MethodPut, Request: []byte("QOR")},
			request + curl + "-X PUT " + answer + typed + posted + response},
		{"DELETE", evidence.Question{Ask: evidence.Robustness, Method: http.MethodDelete}, curl + "-X DELETE " + answer + " '" + responder + "'" + response},
		{"a huge request", evidence.Question{Ask: evidence.Robustness, Method: http.MethodPost, Request: make([]byte, mostPasted+1)}, ""},
		{"a file", evidence.Question{Ask: evidence.File, URL: "a.crl"}, ""},
		{"a registration", evidence.Question{Ask: evidence.RDAP, URL: "rdap:example.com"}, ""},
		{"name servers", evidence.Question{Ask: evidence.WalkDNS},
			"dig 'ocsp.example.com' A\ndig 'ocsp.example.com' AAAA\ndig +trace 'ocsp.example.com'"},
		{"addresses", evidence.Question{Ask: evidence.Resolve},
			"dig 'ocsp.example.com' A\ndig 'ocsp.example.com' AAAA\ncurl -sS -v -o /dev/null '" + responder + "'"},
		{"a quote", evidence.Question{Ask: evidence.FetchIssuer, Method: http.MethodGet, URL: "http://a.example/';ls"},
			curl + answer + ` 'http://a.example/'\'';ls'` + "\nsha256sum answer\nopenssl x509 -inform DER -in answer -noout -text"},
		{"what a terminal would change", evidence.Question{Ask: evidence.FetchIssuer, Method: http.MethodGet, URL: "http://a.example/\x1b"}, ""},
	} {
		if got := reproducer(posed(c.q)); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// What openssl cannot read is shown by its octets.
func TestReproducerOfWhatIsNoDocument(t *testing.T) {
	t.Parallel()
	x := posed(evidence.Question{Ask: evidence.UnassignedGET, Method: http.MethodGet})
	x.Body = []byte("<html>")
	if got := reproducer(x); !strings.HasSuffix(got, "\nhead -c 256 answer | od -c") {
		t.Error(got)
	}
}
