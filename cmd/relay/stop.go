package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// stopper is what must be undone before the process ends, in the reverse order of what was done.
type stopper struct{ steps []stopStep }

type stopStep struct {
	name   string
	within func() time.Duration // asked when the step begins
	stop   func(ctx context.Context) error
}

// How long the steps of a stop may take. Each has a time of its own, so that none takes another's. What matters most is
// done last: a ledger gets its time however long the rest took.
const (
	listenerPatience = 2 * time.Second // for answers under way; the connections that are left are closed
	providerPatience = 2 * time.Second // for closing handshakes with vendors
	redisPatience    = time.Second
	tracePatience    = 3 * time.Second  // for one attempt to reach a collector, and half of another
	ledgerPatience   = 10 * time.Second // a busy disk takes seconds for a last commit

	// sessionPatience is beyond shutdown_grace: for closing handshakes, and for the last records.
	sessionPatience = 5 * time.Second
)

// stepSlack is what a step has to return once its time is over, before the next one begins without it.
const stepSlack = 200 * time.Millisecond

// push notes a step as soon as its resource exists. It gets a context of its own, which ends after within.
func (s *stopper) push(name string, within time.Duration, stop func(ctx context.Context) error) {
	s.pushWithin(name, func() time.Duration { return within }, stop)
}

// pushWithin notes a step whose time depends on what is configured when it begins.
func (s *stopper) pushWithin(name string, within func() time.Duration, stop func(ctx context.Context) error) {
	s.steps = append(s.steps, stopStep{name, within, stop})
}

// run undoes everything and says what failed. ctx is not to be one that has ended.
func (s *stopper) run(ctx context.Context) error {
	var failed []error
	for _, step := range slices.Backward(s.steps) {
		if err := step.run(ctx); err != nil {
			failed = append(failed, fmt.Errorf("stop %s: %w", step.name, err))
		}
	}
	s.steps = nil
	return errors.Join(failed...)
}

// run waits for the step, but not for one that does not return when its time is over: the process is about to end, and
// what comes after the step must not be lost with it.
func (step stopStep) run(ctx context.Context) error {
	within := step.within()
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	over := make(chan error, 1)
	go func() { over <- step.stop(ctx) }() // ends by its context, or with the process
	select {
	case err := <-over:
		return err
	case <-time.After(within + stepSlack):
		return fmt.Errorf("given up after %s", within)
	}
}
