package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"syscall"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
)

// failure is what kept an answer from arriving whole, before it is written into the
// Exchange. It is not a Go error: it is part of the evidence.
type failure struct {
	class  evidence.Failure
	detail string
}

func failed(class evidence.Failure, format string, args ...any) *failure {
	return &failure{class, fmt.Sprintf(format, args...)}
}

// plain is the innermost cause in words, without the addresses and calls that package
// net puts around it: the detail names those itself.
func plain(err error) string {
	var errno syscall.Errno
	var op *net.OpError
	var bad *url.Error
	switch {
	case errors.As(err, &errno):
		return errno.Error()
	case timedOut(err):
		return "no answer in time"
	case errors.As(err, &op):
		return op.Err.Error()
	case errors.As(err, &bad):
		return bad.Err.Error()
	}
	return err.Error()
}

func timedOut(err error) bool {
	var network net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &network) && network.Timeout()
}

// connectFailure classes what kept a TCP connection to peer from being made. What it
// does not know counts as ours: too few sockets, a filter of this machine, an interface
// that is down. EHOSTUNREACH does as well, since the kernel does not tell whether it or a
// router far away raised it.
func connectFailure(peer string, after time.Duration, err error) *failure {
	class := evidence.NoRoute
	switch {
	case errors.Is(err, context.Canceled):
		class = evidence.Interrupted
	case errors.Is(err, syscall.ECONNREFUSED):
		class = evidence.ConnectRefused
	case errors.Is(err, syscall.ECONNRESET):
		class = evidence.Reset
	case timedOut(err):
		return failed(evidence.ConnectTimeout, "connecting to %s: no answer within %s", peer, after.Round(time.Millisecond))
	}
	return failed(class, "connecting to %s: %s", peer, plain(err))
}

// readFailure classes what ended the reading of an answer early: within names the part
// that was being read, and late is the class of one that did not come in time.
func readFailure(late evidence.Failure, within string, err error) *failure {
	switch {
	case timedOut(err):
		return failed(late, "reading %s: the rest did not come in time", within)
	case errors.Is(err, syscall.ECONNRESET):
		return failed(evidence.Reset, "reading %s: connection reset", within)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe):
		return failed(evidence.Truncated, "reading %s: connection closed too early", within)
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return failed(evidence.Reset, "reading %s: connection lost: %s", within, plain(err))
	}
	return failed(evidence.HTTPSyntax, "reading %s: %s", within, plain(err))
}

// silence classes a connection that gave not one octet of an answer.
func silence(peer string, err error) *failure {
	problem := readFailure(evidence.HTTPTimeout, "the answer of "+peer, err)
	switch problem.class {
	case evidence.Truncated:
		return failed(evidence.Closed, "reading the answer of %s: connection closed without any octet", peer)
	case evidence.Reset:
		problem.detail += " before any octet"
	case evidence.HTTPTimeout:
		return failed(evidence.HTTPTimeout, "reading the answer of %s: no octet in time", peer)
	}
	return problem
}
