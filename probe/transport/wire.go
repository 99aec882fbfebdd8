package transport

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/revprobe/revprobe/probe/arrival"
	"github.com/revprobe/revprobe/probe/evidence"
)

const (
	// maxWire caps, in octets, what is kept of each direction of an odd exchange beside the
	// answers that were read from it.
	maxWire = 64 << 10
	// continueWait is how long a request with Expect: 100-continue waits for leave to send
	// its body; RFC 9110 §10.1.1 has clients not wait for ever.
	continueWait = 2 * time.Second
	// strokes is in how many parts a second's share of a slow body is sent.
	strokes = 10
)

// protocol is the version of the request line.
func protocol(w *evidence.Wire) string {
	if w == nil || w.Proto == "" {
		return "HTTP/1.1"
	}
	return w.Proto
}

// keeper keeps the first octets that pass a connection in one direction.
type keeper struct{ kept []byte }

func (k *keeper) keep(p []byte) { k.kept = append(k.kept, p[:min(len(p), maxWire-len(k.kept))]...) }

// wire is a connection with what is kept of its two directions.
type wire struct {
	net.Conn
	sent, received keeper
}

func (w *wire) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	w.sent.keep(p[:n])
	return n, err
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.received.keep(p[:n])
	return n, err
}

// converseOddly sends a request as its Wire says and reads what comes meanwhile: an
// answer may be there before the request is over.
func (a *asking) converseOddly(conn net.Conn, watch *arrival.Watch) *failure {
	w := &wire{Conn: conn}
	permitted := make(chan struct{})
	sending := make(chan struct{})
	watch.Begin()
	watch.Sent() // an answer may come while the request goes out, for as long as that takes
	go func() {
		defer close(sending)
		a.sendOddly(w, permitted)
	}()
	r := bufio.NewReader(w)
	_, err := r.Peek(1)
	problem := (*failure)(nil)
	if err == nil {
		a.x.Timing.FirstByte, a.x.Timing.Kernel = watch.Seen()
	}
	close(permitted) // the answer begins, with 100 or with another status
	if err != nil {
		problem = silence(a.x.Peer, err)
	} else if problem = a.readOdd(r); problem == nil {
		a.readFurther(r)
	}
	_ = conn.Close() // whatever is left of the request has no reader any more
	<-sending
	a.x.Sent, a.x.Received = w.sent.kept, w.received.kept
	if problem != nil && problem.class.TimedOut() {
		problem.detail += ", given up after " + a.timeout.String()
	}
	return byStatus(&a.x, problem)
}

func (a *asking) readOdd(r *bufio.Reader) *failure {
	if problem := readHead(r, &a.x); problem != nil {
		return problem
	}
	return readBody(r, a.bodyLimit(), &a.x)
}

// readFurther reads the answers to the requests that followed the first. That fewer come is
// for others to judge: what was answered so far stands.
func (a *asking) readFurther(r *bufio.Reader) {
	for range a.x.Wire.Follow {
		next := evidence.Exchange{Question: a.x.Question}
		if readHead(r, &next) != nil || readBody(r, a.bodyLimit(), &next) != nil {
			return
		}
		a.x.Further = append(a.x.Further, evidence.Answer{Proto: next.Proto, Code: next.Code, Header: next.Header, Body: next.Body})
	}
}

// sendOddly writes the request and those that follow it. That the far end takes no more is
// no failure: its answer says why.
func (a *asking) sendOddly(w *wire, permitted <-chan struct{}) {
	q := a.x.Wire
	if len(q.Follow) > 0 {
		_, _ = w.Write(a.pipelined())
		return
	}
	var body []byte
	if a.x.HasBody() {
		body = a.x.Request
	}
	head := a.head(body, q)
	if q.Chunked {
		body = chunked(body)
	}
	if expect, _ := q.Field("Expect"); expect == "" && q.Pace == 0 {
		_, _ = w.Write(append(head, body...))
		return
	}
	if _, err := w.Write(head); err != nil {
		return
	}
	if expect, _ := q.Field("Expect"); expect != "" {
		select {
		case <-permitted:
		case <-time.After(continueWait):
		}
	}
	sendSlowly(w, body, q.Pace)
}

// sendSlowly writes so many octets a second; 0 sends them at once.
func sendSlowly(w io.Writer, body []byte, pace int) {
	stroke := len(body)
	if pace > 0 {
		stroke = max(1, pace/strokes)
	}
	for len(body) > 0 {
		part := body[:min(stroke, len(body))]
		if _, err := w.Write(part); err != nil {
			return
		}
		if body = body[len(part):]; len(body) > 0 {
			time.Sleep(time.Second / strokes)
		}
	}
}

// chunked gives a body the chunked transfer coding, in two chunks where it is long enough.
func chunked(body []byte) []byte {
	var b strings.Builder
	for _, part := range [][]byte{body[:len(body)/2], body[len(body)/2:]} {
		if len(part) > 0 {
			fmt.Fprintf(&b, "%x\r\n%s\r\n", len(part), part)
		}
	}
	return []byte(b.String() + "0\r\n\r\n")
}

// pipelined is the request and those that follow, all on one connection, of which the last
// asks for its end.
func (a *asking) pipelined() []byte {
	bodies := append([][]byte{a.x.Request}, a.x.Wire.Follow...)
	var all []byte
	for i, body := range bodies {
		w := *a.x.Wire
		if i < len(bodies)-1 {
			w.Header = append([]string{"Connection"}, w.Header...)
		}
		all = append(append(all, a.head(body, &w)...), body...)
	}
	return all
}

// owed is how many requests more than one an exchange sends.
func owed(q evidence.Question) int {
	if q.Wire == nil || q.Method != http.MethodPost {
		return 0
	}
	return len(q.Wire.Follow)
}
