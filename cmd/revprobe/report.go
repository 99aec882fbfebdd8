package main

import (
	"context"
	"fmt"
	"io"

	"github.com/revprobe/revprobe/probe/conformance"
	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/report"
	"github.com/revprobe/revprobe/probe/transport"
)

// reportArchive judges an archive of check again, at the times at which it was answered, and
// prints what check printed.
func reportArchive(ctx context.Context, env *environment, args []string) (int, error) {
	var judging judging
	f := flags("report")
	judging.register(f)
	if err := parse(f, args); err != nil {
		return 0, err
	}
	j, err := judging.check()
	switch {
	case err != nil:
		return 0, err
	case f.NArg() != 1:
		return 0, hinted(fmt.Sprintf("report: %d archives were named, not one", f.NArg()), "revprobe help report")
	}
	spool := &transport.Spool{}
	defer func() { _ = spool.Close() }()
	return interruptible(ctx, func() (int, error) {
		r, err := j.archive(env, f.Arg(0), spool)
		if err != nil {
			return 0, err
		}
		return j.publish(env, r, report.ByType, false)
	})
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
	run, err := readArchive(from, shownName(name), store)
	if err != nil {
		return nil, hinted(err.Error(), "report takes what check --archive wrote; lint judges other files")
	}
	if j.scope != "" {
		run.Scope = j.scope
	}
	return conformance.Examine(run, j.options), nil
}
