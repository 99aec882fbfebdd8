package transport

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/revprobe/revprobe/probe/arrival"
	"github.com/revprobe/revprobe/probe/evidence"
)

// exchange asks over HTTP/1.1 on a connection of its own. Requests are written and
// answers read here rather than by net/http's client, which would rewrite the path of an
// OCSP GET, add Cache-Control to answers with Pragma, and time no phase.
func (a *asking) exchange(ctx context.Context, found []candidate) *failure {
	conn, problem := a.connect(ctx, found)
	if problem != nil {
		return problem
	}
	defer conn.Close()
	defer guard(ctx, conn)()
	conn, watch := a.clock.Watch(conn)
	if a.place.secure {
		secured, problem := a.secure(conn)
		if problem != nil {
			return problem
		}
		conn = secured
	}
	return a.converse(conn, watch)
}

// converse sends the request and reads the answer.
func (a *asking) converse(conn net.Conn, watch *arrival.Watch) *failure {
	if a.x.Wire != nil {
		return a.converseOddly(conn, watch)
	}
	watch.Begin()
	problem := a.send(conn)
	if problem == nil {
		watch.Sent()
		problem = readAnswer(conn, a.bodyLimit(), &a.x, func() { a.x.Timing.FirstByte, a.x.Timing.Kernel = watch.Seen() })
	}
	if problem != nil && problem.class.TimedOut() {
		problem.detail += ", given up after " + a.timeout.String()
	}
	return byStatus(&a.x, problem)
}

// send writes the request. Only a server that does not take it in time stops us: one
// that closed early may have sent its answer before.
func (a *asking) send(conn net.Conn) *failure {
	if _, err := conn.Write(a.request()); err != nil && timedOut(err) {
		return failed(evidence.HTTPTimeout, "sending the request to %s: not taken in time", a.x.Peer)
	}
	return nil
}

// request is the octets of the request.
func (a *asking) request() []byte {
	if !a.x.HasBody() {
		return a.head(nil, nil)
	}
	return append(a.head(a.x.Request, nil), a.x.Request...)
}

// head is the request line and the header of a request with that body. It asks for the
// connection to be closed, since every exchange has its own, and for no compression, so
// that bodies are the document; w is what shall be otherwise.
func (a *asking) head(body []byte, w *evidence.Wire) []byte {
	method, accept := a.x.Method, "*/*"
	if method == "" {
		method = http.MethodGet
	}
	if a.x.Ask.Has(evidence.OCSP|evidence.Probes) || method == http.MethodPost {
		accept = "application/ocsp-response"
	}
	fields := [][2]string{{"Host", a.place.authority}, {"User-Agent", a.userAgent}, {"Accept", accept},
		{"Accept-Encoding", "identity"}, {"Connection", "close"}}
	if a.x.HasBody() {
		fields = append(fields, [2]string{"Content-Type", "application/ocsp-request"}) // RFC 6960 appendix A.1
		if w != nil && w.Chunked {
			fields = append(fields, [2]string{"Transfer-Encoding", "chunked"})
		} else {
			fields = append(fields, [2]string{"Content-Length", strconv.Itoa(len(body))})
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s %s\r\n", method, a.place.target, protocol(w))
	for _, field := range fields {
		if _, said := w.Field(field[0]); !said {
			fmt.Fprintf(&b, "%s: %s\r\n", field[0], field[1])
		}
	}
	if w != nil {
		for _, line := range w.Header {
			if strings.Contains(line, ":") {
				b.WriteString(line + "\r\n")
			}
		}
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// bodyLimit is where the body goes. Only a CRL is ever too large for memory.
func (a *asking) bodyLimit() room {
	if a.x.Ask.Has(evidence.FetchCRL) {
		return room{a.maxBody, a.spool}
	}
	return room{limit: min(a.maxBody, maxSmallBody)}
}

// byStatus lets the status speak before what went wrong after it: a truncated 404 is a
// 404.
func byStatus(x *evidence.Exchange, problem *failure) *failure {
	if x.Code == 0 || x.Code == http.StatusOK {
		return problem
	}
	said := failed(evidence.HTTPStatus, "status %d", x.Code)
	if text := http.StatusText(x.Code); text != "" {
		said.detail += " " + text
	}
	if x.Code >= 300 && x.Code < 400 {
		said.class = evidence.Redirect
		if location := x.Header.Get("Location"); location != "" {
			said.detail += fmt.Sprintf(" to %q, not followed", location)
		}
	}
	if startsAsHTTP(x.Body) && len(x.Body) > 0 {
		said.detail += "; its body is another HTTP answer"
	}
	if problem != nil {
		said.detail += "; " + problem.detail
	}
	return said
}

// recorder keeps the octets of the head, for the case that they turn out to be no HTTP.
type recorder struct {
	from io.Reader
	head []byte
	done bool // the head is over; octets pass unrecorded
}

func (r *recorder) Read(p []byte) (int, error) {
	if !r.done && len(r.head) > maxHead {
		return 0, errLongHead
	}
	n, err := r.from.Read(p)
	if !r.done {
		r.head = append(r.head, p[:n]...)
	}
	return n, err
}

// readAnswer reads one HTTP answer into x, its body up to the limit, and calls arrived at
// the first octet.
func readAnswer(from io.Reader, into room, x *evidence.Exchange, arrived func()) *failure {
	record := &recorder{from: from}
	r := bufio.NewReader(record)
	if _, err := r.Peek(1); err != nil {
		return silence(x.Peer, err)
	}
	arrived()
	if problem := readHead(r, x); problem != nil {
		if !startsAsHTTP(record.head) {
			problem = failed(evidence.HTTPSyntax, "the answer begins with %.32q, no HTTP", record.head)
		}
		if problem.class == evidence.HTTPSyntax {
			rest, _ := io.ReadAll(io.LimitReader(from, min(into.limit, maxSmallBody)-int64(len(record.head)))) // what comes is kept, however it ends
			x.Body = append(record.head, rest...)
			x.Body = x.Body[:min(into.limit, int64(len(x.Body)))]
		}
		return problem
	}
	record.done, record.head = true, nil
	return readBody(r, into, x)
}
