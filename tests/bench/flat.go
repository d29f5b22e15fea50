package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Flat out: all at once, from a vendor that does not pace.
const (
	flatConnections = 16
	flatGenerations = 32
	flatSpeech      = 100 * time.Second // of each generation: a second of work
	flatPatience    = time.Minute
	unpaced         = 0
)

// flatOut measures how many frames a second each path takes.
func (b *bench) flatOut(ctx context.Context, r *report) (err error) {
	s, err := b.open(ctx, unpaced, b.settings.pathNames()...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	b.say("flat out")
	r.Flat = make(map[string][]*flatRound)
	return b.alternate(s, b.settings.rounds, func(p *path) error {
		measured, err := b.flatRound(ctx, p, flatSpeech)
		r.Flat[p.name] = append(r.Flat[p.name], measured)
		return err
	})
}

// flatRound has utterances of that length spoken as fast as they come.
func (b *bench) flatRound(ctx context.Context, p *path, speech time.Duration) (*flatRound, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, flatPatience, errOvertime)
	defer cancel()
	clients, err := b.connect(ctx, p, flatConnections)
	defer closeAll(clients)
	if err != nil {
		return nil, err
	}
	before, err := usageOf(p)
	if err != nil {
		return nil, err
	}
	from := b.clock.now()
	all, err := b.startTogether(ctx, clients, speech).wait()
	w := &window{from: from, to: b.clock.now()}
	if err != nil {
		return nil, err
	}
	after, err := usageOf(p)
	if err != nil {
		return nil, err
	}
	w.used = after.since(before)
	return flatRoundOf(ctx, p.vendor, all, w)
}

// startTogether has the clients speak as many utterances each as it takes.
func (b *bench) startTogether(ctx context.Context, clients []*client, speech time.Duration) *crowd {
	const each = flatGenerations / flatConnections
	c := &crowd{heard: make([]*heard, len(clients)*each)}
	c.ctx, c.fail = context.WithCancelCause(ctx)
	for i, client := range clients {
		lines := make([]line, each)
		for j := range lines {
			lines[j] = b.nextLine(speech)
		}
		c.wg.Go(func() {
			all, err := client.speakTogether(c.ctx, lines)
			if err != nil {
				c.fail(err)
			}
			copy(c.heard[i*each:], all)
		})
	}
	return c
}

// flatRoundOf fails where a frame is missing: a path that drops some would be fast.
func flatRoundOf(ctx context.Context, v *vendor, all []*heard, w *window) (*flatRound, error) {
	r := &flatRound{}
	for _, h := range all {
		spoken, err := v.spoken.take(ctx, h.number)
		if err != nil {
			return nil, err
		}
		if len(spoken) != 1 || spoken[0].frames != len(h.arrivals) {
			return nil, fmt.Errorf("utterance %d: %d frames were heard that were not all that the vendor sent", h.number, len(h.arrivals))
		}
		r.Frames += len(h.arrivals)
	}
	took := (w.to - w.from).Seconds()
	r.FrameRate = float64(r.Frames) / took
	r.Proxy, r.Harness = w.used.proxy.Seconds()/took, w.used.harness.Seconds()/took
	r.Elsewhere = max(0, (w.used.machine-w.used.harness-w.used.proxy).Seconds()/took)
	r.CPUPerHour = w.used.proxy.Seconds() / float64(r.Frames) * float64(framesAnHour)
	return r, nil
}

// flatSection says too whether it was the proxy that was at its limit.
func (r *report) flatSection() (section, bool) {
	all := r.Flat
	proxied := map[string][]*flatRound{nginxPath: all[nginxPath], relayPath: all[relayPath]}
	s := section{
		Title:   fmt.Sprintf("Flat out: %d generations on %d connections", flatGenerations, flatConnections),
		Columns: present(allPaths, all),
		Figures: []figure{
			compared("frames a second", "", all, func(r *flatRound) float64 { return r.FrameRate }),
			compared("CPU an hour of audio", "s", proxied, func(r *flatRound) float64 { return r.CPUPerHour }),
			tabulate("proxy at work", "cores", proxied, func(r *flatRound) float64 { return r.Proxy }),
			tabulate("harness at work", "cores", all, func(r *flatRound) float64 { return r.Harness }),
			tabulate("others at work", "cores", all, func(r *flatRound) float64 { return r.Elsewhere }),
		},
	}
	for _, path := range present([]string{nginxPath, relayPath}, all) {
		if busy := spreadOf(values(all[path], func(r *flatRound) float64 { return r.Proxy })).Median; busy < harnessFull {
			s.Notes = append(s.Notes, fmt.Sprintf("%s: it was not busy all the time, so vendor and clients, or other processes, were what limited", path))
		}
	}
	return s, len(s.Columns) > 0
}
