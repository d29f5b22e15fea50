package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// stopper is what must be undone before the process ends, in the reverse order of what was done.
type stopper struct{ steps []stopStep }

type stopStep struct {
	name string
	stop func(ctx context.Context) error
}

// push notes a step as soon as its resource exists.
func (s *stopper) push(name string, stop func(ctx context.Context) error) {
	s.steps = append(s.steps, stopStep{name, stop})
}

// run undoes everything and says what failed. ctx bounds all of it: a step that is cut short is one that failed.
func (s *stopper) run(ctx context.Context) error {
	var failed []error
	for _, step := range slices.Backward(s.steps) {
		if err := step.stop(ctx); err != nil {
			failed = append(failed, fmt.Errorf("stop %s: %w", step.name, err))
		}
	}
	s.steps = nil
	return errors.Join(failed...)
}
