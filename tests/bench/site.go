package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// site is a vendor and the ways to it.
type site struct {
	vendor *vendor
	paths  []*path
}

// open starts a vendor of that pace, and the proxies before it. What is not installed is left out.
func (b *bench) open(ctx context.Context, pace float64, names ...string) (_ *site, err error) {
	s := &site{}
	if s.vendor, err = startVendor(b.clock, pace); err != nil {
		return nil, err
	}
	for _, name := range names {
		p, err := b.way(ctx, s.vendor, name)
		if errors.Is(err, errNoNginx) {
			b.say("%v: no comparison with it", err)
			continue
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start %s: %w", name, err), s.close())
		}
		s.paths = append(s.paths, p)
	}
	return s, nil
}

func (b *bench) way(ctx context.Context, v *vendor, name string) (*path, error) {
	switch name {
	case nginxPath:
		return b.startNginx(ctx, v)
	case relayPath:
		return b.startRelay(ctx, v, relayConfig(v.url, firstTarget))
	}
	return newDirect(v), nil
}

// close ends the proxies first. It waits for all of them.
func (s *site) close() (err error) {
	for _, p := range s.paths {
		err = errors.Join(err, p.stop())
	}
	return errors.Join(err, s.vendor.close())
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
