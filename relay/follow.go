package relay

import (
	"slices"

	"voicerelay/relay/position"
	"voicerelay/relay/sound"
	"voicerelay/routing"
)

// follow tells the session whose voice is heard, so that the next generations of the context use it too. If this generation
// must be spoken again by a provider, that one becomes the first candidate.
func (r *failover) follow() {
	c := r.g.out.takeChange()
	if c.speaker != "" {
		r.g.client.Listener.Speaking(r.g, c.speaker, c.took)
	}
	if c.restartBy != "" {
		r.again = nil
		slices.SortStableFunc(r.candidates, func(a, b *candidate) int {
			return routing.First(c.restartBy, a.Candidate, b.Candidate)
		})
	}
}

// supersede has the generation spoken again from its beginning by a provider: one that took over earlier in the context. It
// does nothing if its turn has come, since the client may have heard it, or if the provider speaks it already.
func (o *output) supersede(provider string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.EndsLocked() || o.isSpokenByLocked(provider) || !o.lane.Restart() {
		return
	}
	for _, a := range o.attempts {
		// An attempt of that provider that began in the middle of the text is dropped too: the audio before it is gone.
		begins := a.target.Provider == provider && a.from.Char == 0 && a != o.active
		if a.outcome.err == nil && !begins {
			a.outcome.endLocked(errSuperseded) // also one that has spoken all of the text
		}
		a.outcome.heard = false
	}
	o.setActiveLocked(nil)
	o.lastSpoke, o.from, o.lastSample = nil, position.Resume{}, sound.Sample{}
	o.track, o.seq = position.NewTrack(o.req.output.Rate), 0
	o.change = change{restartBy: provider}
	o.notify()
}

// isSpokenByLocked reports whether all audio so far came from a provider whose attempt is still the active one.
func (o *output) isSpokenByLocked(provider string) bool {
	if o.active == nil || o.active.target.Provider != provider {
		return false
	}
	return !slices.ContainsFunc(o.attempts, func(a *attempt) bool {
		return a.outcome.heard && a.target.Provider != provider
	})
}
