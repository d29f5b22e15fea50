package server

import (
	"errors"
	"fmt"
)

// ErrDraining refuses a configuration that comes while the relay is going away.
var ErrDraining = errors.New("the relay is shutting down")

// Reload puts a configuration in force: all of cfg, and of parts the table, the providers, the prices, the circuits and the codecs.
// What stays as it is must be the same *Provider as before. Generations that run end as they began, by providers that
// are no longer configured, too; connections stay, but for those whose key is gone.
//
// former is closed once no generation uses the former configuration any more. What it alone used can be closed then, if
// the one before that is over as well.
func (srv *Server) Reload(cfg Config, parts Parts) (former <-chan struct{}, err error) {
	set := srv.newSetup(cfg, parts)
	before, err := srv.replace(set)
	if err != nil {
		return nil, fmt.Errorf("reload: %w", err)
	}
	srv.watchOver(set.bounded)
	srv.gate.Resize(set.connectionBounds(cfg))
	srv.limitMemory(cfg.MemoryLimit)
	srv.metrics.Expect(set.expected())
	for _, p := range before.Providers() {
		name := p.Name
		if set.Provider(name) != p {
			srv.engine.Forget(name)
		}
	}
	for _, s := range srv.current() {
		s.ShutWithoutKey()
	}
	return before.over, nil
}

// replace puts a setup in force, and returns the former one.
func (srv *Server) replace(set *setup) (former *setup, err error) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.draining {
		return nil, ErrDraining
	}
	former = srv.setup.Load()
	set.inherit(former)
	set.Bound(set.tenants() > 1)
	srv.setup.Store(set)
	if former.users == 0 {
		close(former.over)
	}
	return former, nil
}

// hold is the setup in force, for a generation. It must be released.
func (srv *Server) hold() *setup {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	set := srv.setup.Load()
	set.users++
	return set
}

func (srv *Server) release(set *setup) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	set.users--
	if set.users == 0 && set != srv.setup.Load() {
		close(set.over)
	}
}
