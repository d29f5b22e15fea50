package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
)

// bench is one run.
type bench struct {
	settings *settings
	clock    clock
	dir      string // for the children's files; removed at the end
	relay    string // the program
	cores    cores
	progress io.Writer
	number   int // of the last utterance
}

// cores are who runs where; empty: anywhere.
type cores struct{ proxy, harness []int }

// divide gives the proxy the last core, and the others to vendor and clients.
func divide(allowed []int) cores {
	if len(allowed) < 2 {
		return cores{}
	}
	last := len(allowed) - 1
	return cores{proxy: allowed[last:], harness: allowed[:last]}
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

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.progress, "# %3.0f s: "+format+"\n", append([]any{b.clock.now().Seconds()}, args...)...)
}

// ownGarbage is how much garbage the harness lets gather, in percent: it must not be what limits, and memory is there.
const ownGarbage = 400

// pin keeps this process to its cores until the returned function is called.
func (b *bench) pin() (func() error, error) {
	allowed := allowedCores()
	if b.settings.pin {
		b.cores = divide(allowed)
	}
	if b.cores.harness == nil {
		return func() error { return nil }, nil
	}
	if err := bindSelf(b.cores.harness); err != nil {
		return nil, err
	}
	before := runtime.GOMAXPROCS(len(b.cores.harness))
	return func() error {
		runtime.GOMAXPROCS(before)
		return bindSelf(allowed)
	}, nil
}

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

// alternate has something measured on all paths in turn. Each round begins with another, so that none has the same place
// always.
func (b *bench) alternate(s *site, rounds int, measure func(*path) error) error {
	for n := range rounds {
		first := n % len(s.paths)
		for _, p := range slices.Concat(s.paths[first:], s.paths[:first]) {
			b.say("round %d of %d: %s", n+1, rounds, p.name)
			if err := measure(p); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	return nil
}
