package relay

// follow has the later generations of a context go on with the provider that took one of them over: what waits unheard
// in another voice is spoken anew.
func (s *session) follow(g *generation, provider string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.register.contexts[g.req.contextID]
	if g.req.contextID == "" || c == nil {
		return
	}
	c.provider = provider
	for _, other := range s.register.running {
		if other != g && other.req.contextID == g.req.contextID {
			other.supersede(provider)
		}
	}
}

// supersede has a generation spoken anew by a provider, unless its turn has come, so that it may have been heard.
func (g *generation) supersede(provider string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped || g.done.Reason != "" || (g.floor != nil && g.floor.target.Provider == provider) || !g.out.restart() {
		return
	}
	for _, a := range g.attempts {
		if a.target.Provider != provider && a.err == nil {
			a.ended, a.err = true, errSuperseded // also one that had spoken all of it
		}
	}
	g.floor, g.voice, g.from, g.lastHeard = nil, nil, resume{}, sample{}
	g.track, g.seq = newTrack(g.req.output.Rate), 0
	g.anew = provider
	g.pokeRun()
}

// changes tells what the race must act on: the provider that took over, for the context; and the one by which all is
// to be spoken anew. Each is told once.
func (g *generation) changes() (moved, anew string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.moved {
		moved, g.moved = g.voice.target.Provider, false
	}
	anew, g.anew = g.anew, ""
	return moved, anew
}

// isSuperseded reports whether the generation is to be spoken anew.
func (g *generation) isSuperseded() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.anew != ""
}
