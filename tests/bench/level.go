package main

import (
	"context"
	"errors"
	"time"
)

// level is one number of generations, and what its rounds showed on each path.
type level struct {
	Generations int                 `json:"generations"`
	Idle        int                 `json:"idle_connections"` // that are open beside them
	Rounds      map[string][]*round `json:"rounds"`           // by path, in order
}

// fullLevel is from where on a level has all its rounds: the figures that are asked for are taken there. Below, one round
// shows how the cost grows.
const fullLevel = 500

// idleBeside is how many generations speak while idle connections are open.
const idleBeside = 100

// loads measures all levels, on the same processes.
func (b *bench) loads(ctx context.Context, r *report) (err error) {
	s, err := b.open(ctx, realTime, b.settings.pathNames()...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	for _, n := range b.settings.generations {
		rounds := 1
		if n >= fullLevel || len(b.settings.generations) == 1 {
			rounds = b.settings.rounds
		}
		l, err := b.levelOf(ctx, s, n, rounds)
		if err != nil {
			return err
		}
		r.Levels = append(r.Levels, l)
	}
	if b.settings.idle == 0 {
		return nil
	}
	l, err := b.beside(ctx, s)
	r.Levels = append(r.Levels, l)
	return err
}

func (b *bench) levelOf(ctx context.Context, s *site, generations, rounds int) (*level, error) {
	b.say("%d generations", generations)
	l := &level{Generations: generations, Rounds: make(map[string][]*round)}
	return l, b.alternate(s, rounds, func(p *path) error {
		measured, err := b.load(ctx, p, demand{generations: generations, duration: b.settings.duration})
		l.Rounds[p.name] = append(l.Rounds[p.name], measured)
		return err
	})
}

// beside measures while there are many connections on which nothing happens.
func (b *bench) beside(ctx context.Context, s *site) (*level, error) {
	for _, p := range s.paths {
		idle, err := b.connect(ctx, p, b.settings.idle)
		defer closeAll(idle)
		if err != nil {
			return nil, err
		}
	}
	b.say("%d idle connections on each path", b.settings.idle)
	if err := pause(ctx, time.Second); err != nil { // what opening them left to do is not theirs
		return nil, err
	}
	l, err := b.levelOf(ctx, s, idleBeside, 1)
	l.Idle = b.settings.idle
	return l, err
}
