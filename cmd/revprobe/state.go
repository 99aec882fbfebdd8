package main

import (
	"context"
	"errors"

	"github.com/revprobe/revprobe/probe/evidence"
	"github.com/revprobe/revprobe/probe/history"
)

// state is the file of --state; nil where none was named.
type state struct{ *history.Store }

// openState opens the file before anything is asked.
func openState(ctx context.Context, name string) (*state, error) {
	if name == "" {
		return nil, nil
	}
	store, err := history.Open(ctx, name)
	if err != nil {
		return nil, stateError(err)
	}
	return &state{store}, nil
}

// stateError is why a file of history could not be opened.
func stateError(err error) error {
	if errors.Is(err, history.ErrNewer) {
		return hinted("--state: "+err.Error(), "use that revprobe, or begin another file")
	}
	return hinted("--state: "+err.Error(), "check makes the file where there is none")
}

// remember adds to a run what earlier ones saw. A run that was interrupted is judged all
// the same.
func (s *state) remember(ctx context.Context, run *evidence.Run) error {
	if s == nil {
		return nil
	}
	past, err := s.Past(context.WithoutCancel(ctx), run)
	run.Past = past
	return err
}

// record keeps a run for the ones to come.
func (s *state) record(ctx context.Context, run *evidence.Run) error {
	if s == nil {
		return nil
	}
	return errors.Join(s.Record(context.WithoutCancel(ctx), run), s.Close())
}
