package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/revprobe/revprobe/fixtures"
	"github.com/revprobe/revprobe/fixtures/zoo"
	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
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
	enclosures := everyCase(env.now())
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
func everyCase(today time.Time) []zoo.Enclosure {
	list := []zoo.Enclosure{{Rule: "conforming", Case: "ca", Build: func(now time.Time) *fixtures.Responder { return conforming(now, nil) }}}
	for _, r := range conformance.Rules() {
		for i, c := range slices.Concat(r.Bad, r.Good) {
			list = append(list, zoo.Enclosure{Rule: r.ID, Case: zoo.Slug(c.Name), Bad: i < len(r.Bad), Flags: judgedWith(r, today), Unseen: unseen(r),
				Build: func(now time.Time) *fixtures.Responder { return conforming(now, c.Change) }})
		}
	}
	return list
}

// judgedWith is the flags of check without which it does not judge by the rule.
func judgedWith(r *conformance.Rule, today time.Time) string {
	var options []string
	if r.Asks().Has(evidence.Optional) {
		options = append(options, "--robustness")
	}
	for i, p := range conformance.Profiles() {
		if _, judged := p.SeverityUnder(r, today); judged {
			if i > 0 {
				options = append(options, "--profile "+p.Name)
			}
			break
		}
	}
	return strings.Join(options, " ")
}

func unseen(r *conformance.Rule) string {
	switch {
	case r.History != nil:
		return "It shows with --state only, against what an earlier run saw."
	case r.Needs == evidence.RDAP:
		return "It shows with --rdap only, and the registry is played in memory."
	case r.Issuer != nil:
		return "It may take more certificates or CRLs than the chain names."
	}
	return ""
}
