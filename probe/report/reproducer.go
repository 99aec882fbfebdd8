package report

import (
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/revprobe/revprobe/probe/evidence"
)

// mostRecorded is how many octets of an answer a reader is given to paste.
const mostRecorded = 8 << 10

// mostPasted is how many octets of a request a reader is given to paste.
const mostPasted = 8 << 10

// reproducer is the commands that ask the same question again with curl, openssl and dig,
// as a shell takes them; empty where no such command says it.
func reproducer(x *evidence.Exchange) string {
	target := x.RequestURL()
	switch {
	case !isPlain(target) || x.Ask.Has(evidence.File|evidence.RDAP):
		return ""
	case x.Ask.Has(evidence.Resolve | evidence.WalkDNS):
		return resolving(x)
	case x.Ask == evidence.Handshake:
		return "openssl s_client -status -connect " + shellQuoted(strings.TrimPrefix(target, "tls://")) + " </dev/null"
	case x.Wire != nil && len(x.Wire.Follow) > 0:
		return pipelining(x)
	}
	var commands []string
	curl := append(append([]string{"curl", "-sS", "--path-as-is", "--globoff"}, connectTo(x)...), method(x)...)
	curl = append(append(curl, "-D", "-", "-o", "answer"), fields(x)...)
	if x.HasBody() {
		if len(x.Request) > mostPasted {
			return ""
		}
		commands = append(commands, "printf %s "+base64.StdEncoding.EncodeToString(x.Request)+" | base64 -d >request.der")
		curl = append(curl, "--data-binary", "@request.der")
	}
	commands = append(commands, strings.Join(append(curl, shellQuoted(target)), " "))
	if x.Ask.Has(evidence.FetchCRL | evidence.FetchIssuer) {
		commands = append(commands, "sha256sum answer")
	}
	return strings.Join(append(commands, reading(x)), "\n")
}

// method is curl's options for the method and the version of HTTP.
func method(x *evidence.Exchange) (options []string) {
	switch x.Method {
	case "", http.MethodGet, http.MethodPost:
	case http.MethodHead:
		options = append(options, "--head")
	default:
		options = append(options, "-X", x.Method)
	}
	if w := x.Wire; w != nil && w.Proto == "HTTP/1.0" {
		options = append(options, "--http1.0")
	}
	return options
}

// fields is curl's options for the header and for how the body is put on the wire. A field
// without a value is written with a semicolon there, and one that is left out with nothing
// behind its colon.
func fields(x *evidence.Exchange) (options []string) {
	field := func(line string) { options = append(options, "-H", shellQuoted(line)) }
	if _, said := x.Wire.Field("Content-Type"); x.HasBody() && !said {
		field("Content-Type: application/ocsp-request")
	}
	if x.Wire == nil {
		return options
	}
	for _, line := range x.Wire.Header {
		switch name, value, colon := strings.Cut(line, ":"); {
		case !colon:
			field(name + ":")
		case strings.TrimSpace(value) == "":
			field(name + ";")
		default:
			field(line)
		}
	}
	if x.Wire.Chunked {
		field("Transfer-Encoding: chunked")
	}
	if x.Wire.Pace > 0 {
		options = append(options, "--limit-rate", strconv.Itoa(x.Wire.Pace))
	}
	return options
}

// pipelining sends the octets of several requests at once, which curl does not do, through
// bash; only HTTP without TLS.
func pipelining(x *evidence.Exchange) string {
	host, port, err := net.SplitHostPort(x.Peer)
	if err != nil || len(x.Sent) == 0 || len(x.Sent) > mostPasted || !strings.HasPrefix(x.RequestURL(), "http://") {
		return ""
	}
	return "printf %s " + base64.StdEncoding.EncodeToString(x.Sent) + " | base64 -d >requests\n" +
		"timeout 30 bash -c " + shellQuoted("exec 3<>/dev/tcp/"+host+"/"+port+"; cat requests >&3; cat <&3 >answers") + "\n" +
		"grep -a HTTP/1 answers"
}

// reading shows the document in the file "answer"; where none came that openssl reads, how
// the file begins.
func reading(x *evidence.Exchange) string {
	switch {
	case x.Method == http.MethodHead:
		return "cat answer" // the header: there is no body
	case !x.Answered() || !beginsAsDER(x):
		return "head -c 256 answer | od -c"
	case isResponse(x):
		return "openssl ocsp -respin answer -noverify -resp_text"
	case x.Ask == evidence.FetchIssuer:
		return "openssl x509 -inform DER -in answer -noout -text"
	}
	return "openssl crl -inform DER -in answer -noout -text | head -n 40"
}

// isResponse reports whether what answers the question is an OCSPResponse.
func isResponse(x *evidence.Exchange) bool {
	return x.Ask.Has(evidence.OCSP|evidence.Probes) && !strings.HasPrefix(x.Variant, "crl-")
}

func beginsAsDER(x *evidence.Exchange) bool {
	var first [1]byte
	_, err := io.ReadFull(x.BodyReader(), first[:])
	return err == nil && first[0] == 0x30
}

// resolving asks DNS, and tries the connections or the name servers.
func resolving(x *evidence.Exchange) string {
	u, err := url.Parse(x.URL)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	host := shellQuoted(u.Hostname())
	if x.Ask == evidence.WalkDNS {
		return "dig " + host + " A\ndig " + host + " AAAA\ndig +trace " + host
	}
	return "dig " + host + " A\ndig " + host + " AAAA\ncurl -sS -v -o /dev/null " + shellQuoted(x.URL)
}

// connectTo is curl's options for a question that was put to one address, as
// HOST1:PORT1:HOST2:PORT2; none where DNS said which.
func connectTo(x *evidence.Exchange) []string {
	if x.Address == "" {
		return nil
	}
	return []string{"--connect-to", shellQuoted("::" + net.JoinHostPort(x.Address, ""))}
}

// recorded shows the answer as it was kept.
func recorded(x *evidence.Exchange) string {
	if !isResponse(x) || !beginsAsDER(x) || x.BodyLength() > mostRecorded {
		return ""
	}
	return fmt.Sprintf("printf %%s %s | base64 -d >recorded\nopenssl ocsp -respin recorded -noverify -resp_text", base64.StdEncoding.EncodeToString(x.Body))
}

// isPlain reports whether text can stand in a command without a terminal or an editor
// changing it.
func isPlain(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '!' || r > '~' })
}

// shellQuoted is one word of a POSIX shell.
func shellQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
