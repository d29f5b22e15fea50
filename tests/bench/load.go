package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

// load has many utterances spoken at once on a path, and measures.
func (b *bench) load(ctx context.Context, p *path, d demand) (*round, error) {
	all, w, err := b.speech(ctx, p, d)
	if err != nil {
		return nil, err
	}
	return b.judge(ctx, p.vendor, all, w)
}

// speech is a round, not judged yet.
func (b *bench) speech(ctx context.Context, p *path, d demand) ([]*heard, *window, error) {
	clients, err := b.connect(ctx, p, d.generations)
	defer closeAll(clients)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, d.length()+overtime, errOvertime)
	defer cancel()
	crowd := b.start(ctx, clients, p.vendor, d)
	w, err := b.watch(crowd.ctx, p, d)
	if err != nil {
		crowd.fail(err) // what is still spoken is not needed
	}
	all, err := crowd.wait()
	return all, w, err
}

// window is the time that is measured, and what was used in it.
type window struct {
	from, to  time.Duration // on the run's clock
	used      usage
	allocated float64 // objects
}

// usage is CPU time.
type usage struct{ proxy, harness, machine time.Duration }

// watch waits for the load to settle, and measures what it uses.
func (b *bench) watch(ctx context.Context, p *path, d demand) (*window, error) {
	began := b.clock.now()
	if err := pause(ctx, d.spread()+settleTime/2); err != nil {
		return nil, err
	}
	allocated := &counter{}
	if d.count {
		var err error
		if allocated, err = newCounter(ctx, p); err != nil {
			return nil, err
		}
	}
	if err := pause(ctx, d.spread()+settleTime-(b.clock.now()-began)); err != nil {
		return nil, err
	}
	before, err := usageOf(p)
	if err != nil {
		return nil, err
	}
	w := &window{from: b.clock.now()}
	if err := pause(ctx, d.duration); err != nil {
		return nil, err
	}
	w.to = b.clock.now()
	after, err := usageOf(p)
	w.used = after.since(before)
	if d.count && err == nil {
		w.allocated, err = allocated.count(ctx)
	}
	return w, err
}

func (u usage) since(before usage) usage {
	return usage{u.proxy - before.proxy, u.harness - before.harness, u.machine - before.machine}
}

func usageOf(p *path) (u usage, err error) {
	if p.pid != 0 {
		if u.proxy, err = cpuTime(p.pid); err != nil {
			return u, err
		}
	}
	if u.harness, err = cpuTime(os.Getpid()); err != nil {
		return u, err
	}
	u.machine, err = machineBusy()
	return u, err
}

// judge holds what was heard against what the vendor says that it sent.
func (b *bench) judge(ctx context.Context, v *vendor, all []*heard, w *window) (*round, error) {
	r := &round{}
	var took, late, cancels []time.Duration
	for _, h := range all {
		spoken, err := v.spoken.take(ctx, h.number)
		if err != nil {
			return nil, err
		}
		if len(spoken) != 1 {
			return nil, fmt.Errorf("utterance %d was spoken %d times", h.number, len(spoken))
		}
		u := spoken[0]
		if h.stoppedAt != 0 && u.cancelled == 0 {
			return nil, fmt.Errorf("the vendor was not told that utterance %d is cancelled", h.number)
		}
		if h.stoppedAt != 0 {
			cancels = append(cancels, u.cancelled-h.stoppedAt)
		} else {
			r.Lost += u.frames - len(h.arrivals)
		}
		r.Frames += len(h.arrivals)
		late = append(late, u.late...)
		took = append(took, within(h.arrivals, w)...)
	}
	r.Latency, r.Cancel, r.VendorLate, r.Measured = quantilesOf(took), quantilesOf(cancels), quantilesOf(late), len(took)
	r.account(w)
	r.HarnessLate = b.wasLate(r)
	return r, nil
}

// When it is vendor and clients who limit: they have no time left, or frames leave late already.
const (
	harnessFull = 0.9 // of its cores
	harnessLate = 10 * time.Millisecond
)

func (b *bench) wasLate(r *round) bool {
	cores := max(1, len(b.cores.harness))
	return r.HarnessCores > harnessFull*float64(cores) || r.VendorLate.P99 > microseconds(harnessLate)
}

// within is how long those frames took that were sent in the window.
func within(arrivals []arrival, w *window) []time.Duration {
	var took []time.Duration
	for _, a := range arrivals {
		if a.sent >= w.from && a.sent < w.to {
			took = append(took, a.took)
		}
	}
	return took
}

// account fills in what the round used. Ticks and clocks differ by a little, so the rest may come out below 0.
func (r *round) account(w *window) {
	length := float64(w.to - w.from)
	if r.Measured > 0 {
		r.Allocations = w.allocated / float64(r.Measured)
		r.CPUPerFrame = microseconds(w.used.proxy) / float64(r.Measured)
	}
	r.ProxyCores = float64(w.used.proxy) / length
	r.HarnessCores = float64(w.used.harness) / length
	r.ElsewhereBusy = max(0, float64(w.used.machine-w.used.harness-w.used.proxy)/length)
}
