package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A vendor that speaks much faster than real time, as they do. The frames a second are those of five times as many
// generations at real time.
const (
	aheadPace        = 5
	aheadGenerations = 60
	// surelySent is how many frames are not held back: they are less than the cushion of 600 ms. The first of them may
	// wait for the ledger, which is another matter.
	surelySent   = 5
	mayAwaitBook = 2
)

// The relay with one target, whose audio never waits, and with a second one that could take over.
const (
	plainRoute = "one target"
	heldRoute  = "two targets"
)

// ahead measures what holding audio back costs.
func (b *bench) ahead(ctx context.Context, r *report) (err error) {
	v, err := startVendor(b.clock, aheadPace)
	if err != nil {
		return err
	}
	s := &site{vendor: v}
	defer func() { err = errors.Join(err, s.close()) }()
	for _, route := range [][2]string{{plainRoute, firstTarget}, {heldRoute, firstTarget + ", " + secondTarget}} {
		name, targets := route[0], route[1]
		p, err := b.startRelay(ctx, v, relayConfig(v.url, targets))
		if err != nil {
			return err
		}
		p.name = name
		s.paths = append(s.paths, p)
	}
	b.say("%d times real time", aheadPace)
	r.Ahead = make(map[string][]*aheadRound)
	return b.alternate(s, min(b.settings.rounds, 2), func(p *path) error {
		measured, err := b.aheadRound(ctx, p, demand{aheadGenerations, b.settings.duration, true})
		r.Ahead[p.name] = append(r.Ahead[p.name], measured)
		return err
	})
}

func (b *bench) aheadRound(ctx context.Context, p *path, d demand) (*aheadRound, error) {
	all, w, err := b.speech(ctx, p, d)
	if err != nil {
		return nil, err
	}
	judged, err := b.judge(ctx, p.vendor, all, w)
	if err != nil {
		return nil, err
	}
	r := &aheadRound{round: *judged}
	var begin, held, behind []time.Duration
	for _, h := range all {
		for i, a := range h.arrivals {
			switch {
			case i >= surelySent:
				held = append(held, a.took)
			case i >= mayAwaitBook:
				begin = append(begin, a.took)
			}
		}
		behind = append(behind, behindLatest(h.arrivals)...)
	}
	r.Begin, r.Held, r.Behind = quantilesOf(begin), quantilesOf(held), quantilesOf(behind)
	return r, nil
}

// behindLatest is how long each frame came after the vendor's latest write before it. A frame that is held back is let
// go by a later one, so this is what it took besides; it cannot be more than the time between two writes.
func behindLatest(arrivals []arrival) []time.Duration {
	behind := make([]time.Duration, 0, len(arrivals))
	for _, a := range arrivals {
		at := a.sent + a.took
		later, _ := slices.BinarySearchFunc(arrivals, at+1, func(a arrival, t time.Duration) int { return int(a.sent - t) })
		behind = append(behind, at-arrivals[later-1].sent) // it was sent before it came itself
	}
	return behind
}

// aheadSection compares the two.
func (r *report) aheadSection() (section, bool) {
	all := r.Ahead
	return section{
		Title:   fmt.Sprintf("A vendor at %d times real time, %d generations", aheadPace, aheadGenerations),
		Columns: present([]string{plainRoute, heldRoute}, all),
		Figures: []figure{
			tabulate("CPU a frame", "us", all, func(r *aheadRound) float64 { return r.CPUPerFrame }),
			tabulate("allocations a frame, those for pieces of text included", "", all, func(r *aheadRound) float64 { return r.Allocations }),
			tabulate("latency p50, frames 3 to 5", "us", all, func(r *aheadRound) float64 { return r.Begin.P50 }),
			tabulate("latency p99, frames 3 to 5", "us", all, func(r *aheadRound) float64 { return r.Begin.P99 }),
			tabulate("latency p50 with the deliberate hold", "ms", all, func(r *aheadRound) float64 { return r.Held.P50 / 1000 }),
			tabulate("latency p99 with the deliberate hold", "ms", all, func(r *aheadRound) float64 { return r.Held.P99 / 1000 }),
			tabulate("behind the vendor's latest frame p50", "us", all, func(r *aheadRound) float64 { return r.Behind.P50 }),
			tabulate("behind the vendor's latest frame p99", "us", all, func(r *aheadRound) float64 { return r.Behind.P99 }),
			tabulate("frames lost or changed", "", all, func(r *aheadRound) float64 { return float64(r.Lost) }),
		},
	}, len(all) > 0
}
