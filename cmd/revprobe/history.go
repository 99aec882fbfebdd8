package main

import (
	"context"
	"errors"
	"io/fs"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/history"
	"github.com/revprobe/revprobe/probe/report"
)

// showHistory prints what a file of history knows, and asks nobody anything.
func showHistory(ctx context.Context, env *environment, args []string) (int, error) {
	var name, format string
	f := flags("history")
	f.StringVar(&name, "state", "", "")
	f.StringVar(&format, "format", "text", "")
	if err := parse(f, args); err != nil {
		return 0, err
	}
	switch {
	case name == "":
		return 0, hinted("no file of history is named", "write it as --state FILE, as for check")
	case f.NArg() > 1:
		return 0, hinted("history takes one URL", "without one it lists every service")
	case format != "text" && format != "json":
		return 0, hinted("--format: there is no format "+quoted(format)+" of history", "there are text, json")
	}
	list, err := timelines(ctx, name, f.Arg(0))
	if err != nil {
		return 0, err
	}
	const widest = 160
	options := report.TextOptions{Color: env.color, Width: widest}
	if env.width > 0 {
		options.Width = min(env.width, widest)
	}
	switch {
	case format == "json":
		err = report.HistoryJSON(env.stdout, list)
	case f.NArg() > 0:
		err = report.HistoryText(env.stdout, list, options)
	default:
		err = report.HistoryTable(env.stdout, list, options)
	}
	if err != nil {
		return 0, &ownFailure{err}
	}
	return exitClean, nil
}

// timelines reads the services at a URL, or all.
func timelines(ctx context.Context, name, url string) ([]evidence.Timeline, error) {
	store, err := history.OpenExisting(ctx, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, hinted("--state: "+err.Error(), "revprobe check --state FILE makes it")
	case err != nil:
		return nil, stateError(err)
	}
	list, err := store.Timelines(ctx, url)
	if err = errors.Join(err, store.Close()); err != nil {
		return nil, &ownFailure{err}
	}
	if url != "" && len(list) == 0 {
		return nil, hinted("nothing is known of "+quoted(url), "revprobe history --state "+name+" lists every service")
	}
	return list, nil
}
