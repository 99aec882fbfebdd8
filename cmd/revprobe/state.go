package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/history"
)

// state is the file of --state with what the run saw; nil where none was named.
type state struct {
	*history.Store
	observed *history.Observed // nil until it is held against the earlier ones
}

// openState opens the file before anything is asked.
func openState(ctx context.Context, name string) (*state, error) {
	if name == "" {
		return nil, nil
	}
	if name == "-" {
		return nil, hinted("--state: - is no file", "it keeps a file, such as /var/lib/revprobe/state.db")
	}
	store, err := history.Open(ctx, name)
	if err != nil {
		return nil, stateError(err)
	}
	return &state{Store: store}, nil
}

// stateError is why a file of history could not be opened.
func stateError(err error) error {
	hint := "check makes the file where there is none, in a folder that is there and can be written"
	switch {
	case errors.Is(err, history.ErrNewer):
		hint = "use that revprobe, or begin another file"
	case errors.Is(err, history.ErrDisk):
		hint = "make room, or name a file on another disk"
	}
	return helped(fmt.Errorf("--state: %w", err), hint)
}

// remember adds to a run what earlier ones saw. A run that was interrupted is judged all
// the same.
func (s *state) remember(ctx context.Context, run *evidence.Run) error {
	if s == nil {
		return nil
	}
	seen := history.Observe(run)
	past, err := s.Past(context.WithoutCancel(ctx), seen)
	if err == nil {
		run.Past, s.observed = past, seen
	}
	return err
}

// record keeps the run for the ones to come. What was not held against the earlier ones is
// not kept: it would never be told.
func (s *state) record(ctx context.Context) error {
	if s == nil || s.observed == nil {
		return nil
	}
	return s.Record(context.WithoutCancel(ctx), s.observed)
}

func (s *state) close() error {
	if s == nil {
		return nil
	}
	return s.Close()
}
