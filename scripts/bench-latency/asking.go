package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync"
	"time"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/transport"
)

// sample is one answer: how long its first octet took as measured, and for how long the
// responder says that it held the request.
type sample struct {
	firstOctet, held time.Duration
	kernel           bool // the kernel said when the octet came
}

// asker asks once, as the worker of that number.
type asker func(ctx context.Context, worker int) (sample, error)

// contender is a way of measuring.
type contender struct {
	name  string
	asker func(address string) (asker, error)
}

func contenders() []contender {
	return []contender{
		{"revprobe, by the kernel", func(address string) (asker, error) { return ours(address, nil) }},
		{"revprobe, by itself", func(address string) (asker, error) { return ours(address, dialHidden) }},
		{"net/http with httptrace, new connections", func(address string) (asker, error) { return stock(address, false), nil }},
		{"net/http with httptrace, kept connections", func(address string) (asker, error) { return stock(address, true), nil }},
	}
}

// dialHidden gives connections of which the kernel cannot be asked.
func dialHidden(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return struct{ net.Conn }{conn}, nil
}

// ours asks through the transport of revprobe, which opens a connection for each question.
// Each worker has a host of its own, since a host is asked one thing at a time.
func ours(address string, dial func(context.Context, string, string) (net.Conn, error)) (asker, error) {
	client, err := transport.New(transport.Options{Dial: dial, AllowPrivate: true})
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, worker int) (sample, error) {
		host := fmt.Sprintf("host%d.localhost", worker)
		q := evidence.Question{Ask: evidence.FetchCRL, Method: http.MethodGet, URL: "http://" + net.JoinHostPort(host, port) + "/", Address: "127.0.0.1"}
		x := client.Ask(ctx, q)
		if !x.Answered() {
			return sample{}, fmt.Errorf("asking %s: %s %s", q.URL, x.Failure, x.Detail)
		}
		held, err := heldOf(x.Header)
		return sample{x.Timing.FirstByte, held, x.Timing.Kernel}, err
	}, nil
}

// stock asks with the standard library's client and its trace.
func stock(address string, keep bool) asker {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: !keep, MaxIdleConnsPerHost: 1 << 10}}
	return func(ctx context.Context, _ int) (sample, error) {
		var asked, first time.Time
		trace := &httptrace.ClientTrace{
			WroteRequest:         func(httptrace.WroteRequestInfo) { asked = time.Now() },
			GotFirstResponseByte: func() { first = time.Now() },
		}
		request, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), http.MethodGet, "http://"+address+"/", nil)
		if err != nil {
			return sample{}, err
		}
		answer, err := client.Do(request)
		if err != nil {
			return sample{}, err
		}
		defer answer.Body.Close()
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			return sample{}, err
		}
		held, err := heldOf(answer.Header)
		return sample{firstOctet: first.Sub(asked), held: held}, err
	}
}

func heldOf(header http.Header) (time.Duration, error) {
	held, err := strconv.ParseInt(header.Get(heldField), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the responder does not say how long it held the request: %w", err)
	}
	return time.Duration(held), nil
}

// gather asks so many times, with so many requests in flight at any moment.
func gather(ctx context.Context, ask asker, inFlight, requests int) ([]sample, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	lists := make([][]sample, inFlight)
	var workers sync.WaitGroup
	for worker := range inFlight {
		workers.Go(func() {
			for range (requests + inFlight - 1) / inFlight {
				s, err := ask(ctx, worker)
				if err != nil {
					cancel(err)
					return
				}
				lists[worker] = append(lists[worker], s)
			}
		})
	}
	workers.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	var all []sample
	for _, list := range lists {
		all = append(all, list...)
	}
	return all, nil
}
