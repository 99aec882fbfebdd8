package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/revprobe/revprobe/probe/arrival"
)

// heldField is the header field in which the responder says for how long, in nanoseconds,
// it held a request: from when it came, by the kernel where that says so, until the answer
// was written.
const heldField = "Held"

// serveCommand makes a process of this program a responder.
const serveCommand = "serve"

// serve answers on a free port of loopback, which it prints, for as long as input is open.
func serve(hold time.Duration, output io.Writer, input io.Reader) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go answer(conn, hold)
		}
	}()
	if _, err := fmt.Fprintln(output, listener.Addr()); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, input)
	return err
}

// answer holds each request of a connection, and answers it.
func answer(conn net.Conn, hold time.Duration) {
	defer conn.Close()
	stamped := arrival.Stamp(conn)
	for r := bufio.NewReader(stamped); ; {
		stamped.Note()
		if _, err := r.Peek(1); err != nil {
			return
		}
		came := time.Now()
		if at := stamped.Noted(); !at.IsZero() {
			came = at
		}
		request, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, request.Body); err != nil {
			return
		}
		time.Sleep(hold)
		const body = "held"
		head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s: ", len(body), heldField)
		_, err = io.WriteString(conn, head+strconv.Itoa(int(time.Since(came)))+"\r\n\r\n"+body)
		if err != nil || request.Close {
			return
		}
	}
}

// responder is a process of its own, so that what it needs is not the asking one's to wait
// for more than on a machine of its own.
type responder struct {
	command *exec.Cmd
	input   io.WriteCloser
	address string
}

// startResponder starts one and waits until it listens.
func startResponder(hold time.Duration) (*responder, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	r := &responder{command: exec.Command(self, serveCommand, hold.String())}
	r.command.Stderr = os.Stderr
	output, outErr := r.command.StdoutPipe()
	input, inErr := r.command.StdinPipe()
	if err := errors.Join(outErr, inErr); err != nil {
		return nil, err
	}
	r.input = input
	if err := r.command.Start(); err != nil {
		return nil, fmt.Errorf("starting the responder: %w", err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		r.stop()
		return nil, fmt.Errorf("starting the responder: %w", err)
	}
	r.address = strings.TrimSpace(line)
	return r, nil
}

func (r *responder) stop() {
	_ = r.input.Close()
	_ = r.command.Wait() // it ends when its input does
}
