package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
)

// part is something that is measured.
type part struct {
	name    string
	measure func(b *bench, ctx context.Context, r *report) error
}

// parts are all of them. Memory is of processes that are new, so the order is of no account.
func parts() []part {
	return []part{
		{"load", (*bench).loads},
		{"capacity", (*bench).capacity},
		{"flat", (*bench).flatOut},
		{"ahead", (*bench).ahead},
		{"far", (*bench).far},
		{"allocations", (*bench).allocations},
		{"memory", (*bench).memories},
	}
}

func partNames() []string {
	var names []string
	for _, p := range parts() {
		names = append(names, p.name)
	}
	return names
}

// runBench measures everything. Nothing that it started is left when it returns.
func runBench(ctx context.Context, s *settings, progress io.Writer) (r *report, err error) {
	b := &bench{settings: s, clock: newClock(), progress: progress}
	if b.dir, err = os.MkdirTemp("", "voicerelay-bench"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	b.say("building the relay")
	if b.relay, err = buildRelay(ctx, b.dir); err != nil { // on all cores
		return nil, err
	}
	unpin, err := b.pin()
	if err != nil {
		return nil, fmt.Errorf("keep to some cores: %w", err)
	}
	defer func() { err = errors.Join(err, unpin()) }()
	defer debug.SetGCPercent(debug.SetGCPercent(ownGarbage))
	r = &report{Conditions: b.conditions()}
	return r, b.measure(ctx, r)
}

// ownGarbage is how much garbage the harness lets gather, in percent: it must not be what limits, and memory is there.
const ownGarbage = 400

// measure measures all that was asked for.
func (b *bench) measure(ctx context.Context, r *report) error {
	for _, p := range parts() {
		if !b.settings.asks(p.name) {
			continue
		}
		if err := p.measure(b, ctx, r); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}
