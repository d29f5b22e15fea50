package main

import (
	"context"
	"errors"
)

// allocatingGenerations speak while allocations are counted. At real time, so that no new piece of text is due to any of
// them meanwhile: what is counted is the frames'.
const allocatingGenerations = 300

// allocations counts those of the relay.
func (b *bench) allocations(ctx context.Context, r *report) (err error) {
	if !b.settings.measures(relayPath) {
		return nil
	}
	s, err := b.open(ctx, realTime, relayPath)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	b.say("allocations")
	return b.alternate(s, min(b.settings.rounds, 2), func(p *path) error {
		round, err := b.load(ctx, p, demand{allocatingGenerations, b.settings.duration, true})
		if err == nil {
			r.Allocations = append(r.Allocations, round.Allocations)
		}
		return err
	})
}
