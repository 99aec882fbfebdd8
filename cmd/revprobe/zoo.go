package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe/conformance"
)

func serveZoo(ctx context.Context, env *environment, args []string) (int, error) {
	f := flags("zoo")
	listen := f.String("listen", "127.0.0.1:8087", "")
	if err := parse(f, args); err != nil {
		return 0, err
	}
	if f.NArg() > 0 {
		return 0, hinted("zoo: it takes no arguments, there is "+quoted(f.Arg(0)), "revprobe help zoo")
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		return 0, hinted(fmt.Sprintf("--listen %s: %v", *listen, err), "port 0 takes a free one")
	}
	enclosures := everyCase()
	_, ended, err := openZoo(ctx, l, env.now, enclosures)
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(env.stdout, "%d fake CAs at %s/, until interrupted\n", len(enclosures), zoo.URL(l))
	if err := <-ended; err != nil && !errors.Is(err, http.ErrServerClosed) {
		return 0, fmt.Errorf("serving the zoo: %w", err)
	}
	return exitClean, nil
}

// everyCase is an enclosure for each case of each rule, and one for the CA that conforms.
func everyCase() []zoo.Enclosure {
	list := []zoo.Enclosure{{Rule: "conforming", Case: "ca", Build: func(now time.Time) *fixtures.Responder { return conforming(now, nil) }}}
	for _, r := range conformance.Rules() {
		for i, c := range slices.Concat(r.Bad, r.Good) {
			list = append(list, zoo.Enclosure{Rule: r.ID, Case: zoo.Slug(c.Name), Bad: i < len(r.Bad),
				Build: func(now time.Time) *fixtures.Responder { return conforming(now, c.Change) }})
		}
	}
	return list
}
