package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
)

// bench is one run.
type bench struct {
	settings *settings
	clock    clock
	vendor   *vendor
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
	if b.vendor, err = startVendor(b.clock); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.vendor.close()) }()
	r = &report{Conditions: b.conditions(), Rounds: make(map[string][]*round)}
	if err := b.alternate(ctx, r); err != nil {
		return nil, err
	}
	r.Memory, err = b.memories(ctx)
	return r, err
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.progress, "# "+format+"\n", args...)
}

// nextNumber is used once in a run. Only called by the run's own goroutine.
func (b *bench) nextNumber() int {
	b.number++
	return b.number
}

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

// starter starts what is on a path.
type starter func(ctx context.Context) (*path, error)

// proxies are the ways through a proxy. Where nginx is not installed there is only one.
func (b *bench) proxies() map[string]starter {
	all := map[string]starter{relayPath: b.startRelay}
	if _, err := findNginx(); err == nil {
		all[nginxPath] = b.startNginx
	}
	maps.DeleteFunc(all, func(name string, _ starter) bool { return !b.settings.measures(name) })
	return all
}

// alternate measures all paths in turn. Each round begins with another, so that none has the same place always.
func (b *bench) alternate(ctx context.Context, r *report) (err error) {
	var paths []*path
	if b.settings.measures(directPath) {
		paths = append(paths, newDirect(b.vendor))
	}
	defer func() {
		for _, p := range paths {
			err = errors.Join(err, p.stop())
		}
	}()
	proxies := b.proxies()
	for _, name := range []string{nginxPath, relayPath} {
		if !b.settings.measures(name) {
			continue
		}
		start, ok := proxies[name]
		if !ok {
			b.say("%s is not installed: no comparison with it", name)
			continue
		}
		p, err := start(ctx)
		if err != nil {
			return err
		}
		paths = append(paths, p)
	}
	for n := range b.settings.rounds {
		first := n % len(paths)
		for _, p := range slices.Concat(paths[first:], paths[:first]) {
			b.say("round %d of %d: %s", n+1, b.settings.rounds, p.name)
			measured, err := b.load(ctx, p)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			r.Rounds[p.name] = append(r.Rounds[p.name], measured)
		}
	}
	return nil
}

// memories measures proxies that have done nothing before.
func (b *bench) memories(ctx context.Context) (map[string]*memory, error) {
	all := make(map[string]*memory)
	if b.settings.idle == 0 {
		return all, nil
	}
	for name, start := range b.proxies() {
		b.say("memory of %s", name)
		p, err := start(ctx)
		if err != nil {
			return nil, err
		}
		m, err := b.memoryOf(ctx, p)
		if err := errors.Join(err, p.stop()); err != nil {
			return nil, fmt.Errorf("memory of %s: %w", name, err)
		}
		all[name] = m
	}
	return all, nil
}
