package report

import (
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/revprobe/revprobe/probe/evidence"
)

// mostRecorded is how many octets of an answer a reader is given to paste.
const mostRecorded = 8 << 10

// reproducer is the commands that ask the same question again with curl, openssl and dig,
// as a shell takes them; empty where no such command says it.
func reproducer(x *evidence.Exchange) string {
	target, plain := x.RequestURL(), isPlain(x.RequestURL())
	switch {
	case !plain || x.Ask == evidence.File:
		return ""
	case x.Ask == evidence.Resolve:
		return resolving(x)
	case x.Ask == evidence.Handshake:
		return "openssl s_client -status -connect " + shellQuoted(strings.TrimPrefix(target, "tls://")) + " </dev/null"
	}
	curl := "curl -sS --path-as-is"
	if at := pinned(x); at != "" {
		curl += " --connect-to " + shellQuoted(at)
	}
	if !x.Ask.Has(evidence.OCSP) {
		return curl + " -D - -o answer " + shellQuoted(target) + "\nsha256sum answer\n" + reading(x)
	}
	if x.Method == http.MethodPost {
		return "printf %s " + base64.StdEncoding.EncodeToString(x.Request) + " | base64 -d >request.der\n" +
			curl + " -D - -o answer -H 'Content-Type: application/ocsp-request' --data-binary @request.der " + shellQuoted(target) + "\n" + reading(x)
	}
	return curl + " -D - -o answer " + shellQuoted(target) + "\n" + reading(x)
}

// reading shows the document in the file "answer"; where none came that openssl reads, how
// the file begins.
func reading(x *evidence.Exchange) string {
	switch {
	case !x.Answered() || !beginsAsDER(x):
		return "head -c 256 answer | od -c"
	case x.Ask.Has(evidence.OCSP):
		return "openssl ocsp -respin answer -noverify -resp_text"
	case x.Ask == evidence.FetchCRL:
		return "openssl crl -inform DER -in answer -noout -text | head -n 40"
	}
	return "openssl x509 -inform DER -in answer -noout -text"
}

func beginsAsDER(x *evidence.Exchange) bool {
	var first [1]byte
	_, err := io.ReadFull(x.BodyReader(), first[:])
	return err == nil && first[0] == 0x30
}

// resolving asks DNS and tries the connections.
func resolving(x *evidence.Exchange) string {
	u, err := url.Parse(x.URL)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	host := shellQuoted(u.Hostname())
	return "dig " + host + " A\ndig " + host + " AAAA\ncurl -sS -v -o /dev/null " + shellQuoted(x.URL)
}

// pinned is curl's HOST1:PORT1:HOST2:PORT2 for a question that was put to one address;
// empty where DNS said which.
func pinned(x *evidence.Exchange) string {
	if x.Address == "" {
		return ""
	}
	return "::" + net.JoinHostPort(x.Address, "")
}

// recorded shows the answer as it was kept.
func recorded(x *evidence.Exchange) string {
	if !x.Ask.Has(evidence.OCSP) || !beginsAsDER(x) || x.BodyLength() > mostRecorded {
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
