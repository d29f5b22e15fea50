package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// fullLevel is from where on a level has all its rounds: the figures that are asked for are taken there. Below, one round
// shows how the cost grows.
const fullLevel = 500

// idleBeside is how many generations speak while idle connections are open.
const idleBeside = 100

// loads measures all levels.
func (b *bench) loads(ctx context.Context, r *report) error {
	for _, n := range b.settings.generations {
		if err := b.measureLevel(ctx, r, &level{Generations: n}); err != nil {
			return err
		}
	}
	if b.settings.idle == 0 {
		return nil
	}
	return b.measureLevel(ctx, r, &level{Generations: idleBeside, Idle: b.settings.idle})
}

// measureLevel fills in a level, on processes of its own: one that broke must not stand in the way of the next.
func (b *bench) measureLevel(ctx context.Context, r *report, l *level) (err error) {
	l.Rounds, l.Broke = make(map[string][]*round), make(map[string]string)
	r.Levels = append(r.Levels, l)
	b.say("%s", l.title())
	s, err := b.open(ctx, realTime, b.settings.pathNames()...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	idle, err := b.connectIdle(ctx, s, l.Idle)
	defer closeAll(idle)
	if err != nil {
		return err
	}
	rounds := 1
	if l.Generations >= fullLevel || len(b.settings.generations) == 1 {
		rounds = b.settings.rounds
	}
	return b.alternate(s, rounds, func(p *path) error { return b.measureRound(ctx, p, l) })
}

// measureRound adds a round to a level. A path that broke is left alone from then on.
func (b *bench) measureRound(ctx context.Context, p *path, l *level) error {
	if l.Broke[p.name] != "" {
		return nil
	}
	measured, err := b.load(ctx, p, demand{generations: l.Generations, duration: b.settings.duration})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		b.say("%s: %v", p.name, err)
		l.Broke[p.name] = err.Error()
		return nil
	}
	l.Rounds[p.name] = append(l.Rounds[p.name], measured)
	return nil
}

// connectIdle opens that many connections on each path, on which nothing happens.
func (b *bench) connectIdle(ctx context.Context, s *site, count int) (all []*client, err error) {
	if count == 0 {
		return nil, nil
	}
	for _, p := range s.paths {
		idle, err := b.connect(ctx, p, count)
		all = append(all, idle...)
		if err != nil {
			return all, err
		}
	}
	return all, pause(ctx, time.Second) // what opening them left to do is not theirs
}

func (l *level) title() string {
	if l.Idle > 0 {
		return fmt.Sprintf("%d generations at real time, %d idle connections", l.Generations, l.Idle)
	}
	return fmt.Sprintf("%d generations at real time", l.Generations)
}
