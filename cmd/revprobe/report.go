package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/report"
	"github.com/revprobe/revprobe/probe/transport"
)

// reportArchive judges an archive of check again, at the times at which it was answered, and
// prints what check printed, or what has changed since an earlier one.
func reportArchive(ctx context.Context, env *environment, args []string) (int, error) {
	var judging judging
	var since string
	f := flags("report")
	judging.register(f)
	f.StringVar(&since, "since", "", "")
	if err := parse(f, args); err != nil {
		return 0, err
	}
	j, err := judging.check()
	switch {
	case err != nil:
		return 0, err
	case f.NArg() != 1:
		return 0, hinted(fmt.Sprintf("report: %d archives were named, not one", f.NArg()), "revprobe help report")
	case since == "" && f.Changed("since"):
		return 0, hinted("--since: no archive was named", "revprobe help report")
	case since != "" && (j.format.Name != "text" && j.format.Name != "json" || len(j.outputs) > 0):
		return 0, hinted("--since: what changed is written as text or json alone, to standard output", "--format is text or json, without --output")
	case since == "-" && f.Arg(0) == "-":
		return 0, hinted("--since: standard input cannot be both archives", "name a file for one of them")
	}
	spool := &transport.Spool{}
	defer func() { _ = spool.Close() }()
	return interruptible(ctx, func() (int, error) {
		r, err := j.archive(env, f.Arg(0), spool)
		if err != nil {
			return 0, err
		}
		if since == "" {
			return j.publish(env, r, report.ByType, unread(r))
		}
		before, err := j.archive(env, since, spool)
		if err != nil {
			return 0, err
		}
		return j.publishChanges(env, before, r)
	})
}

// publishChanges writes what changed between two runs. What was there before is no finding.
func (j judge) publishChanges(env *environment, before, after *conformance.Report) (int, error) {
	changes := conformance.Compare(before, after)
	code := exitClean
	bugs := slices.Concat(before.Bugs, after.Bugs)
	switch {
	case len(bugs) > 0:
		code = exitBug
	case changes.Worst() >= j.failOn:
		code = exitFindings
	case after.NothingAsked || after.Interrupted || len(after.Unheard) > 0:
		code = exitInconclusive
	}
	for _, bug := range bugs {
		fmt.Fprintf(env.stderr, "revprobe: %s\n", bug)
	}
	if j.quiet && code == exitClean {
		return code, nil
	}
	var err error
	if j.format.Name == "json" {
		err = report.ChangesJSON(env.stdout, before, after, changes, code)
	} else {
		err = report.ChangesText(env.stdout, before, after, changes, report.TextOptions{Color: env.color, Width: min(env.width, 120), Exit: code})
	}
	if err != nil {
		return 0, &ownFailure{err}
	}
	return code, nil
}

// archive reads and judges one archive.
func (j judge) archive(env *environment, name string, store evidence.Store) (*conformance.Report, error) {
	var from io.Reader = env.stdin
	if name != "-" {
		file, err := open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		from = file
	}
	begin := func(run *evidence.Run) *conformance.ListExaminer {
		run.Scope = cmp.Or(j.scope, run.Scope)
		return conformance.NewListExaminer(run, j.options)
	}
	var list *conformance.ListExaminer // which holds no exchange, for there may be too many
	run, err := readArchive(from, shownName(name), store, func(run *evidence.Run, x *evidence.Exchange) {
		switch {
		case run.List == nil:
			run.Exchanges = append(run.Exchanges, *x)
		case list == nil:
			list = begin(run)
			fallthrough
		default:
			list.Take(x)
		}
	})
	switch {
	case err != nil:
		return nil, helped(err, "report takes what check --archive wrote; lint judges other files")
	case run.List == nil:
		run.Scope = cmp.Or(j.scope, run.Scope)
		return conformance.Examine(run, j.options), nil
	case list == nil:
		list = begin(run)
	}
	return list.Report(run), nil
}
