package relay

import (
	"slices"

	"voicerelay/relay/outcome"
	"voicerelay/relay/position"
	"voicerelay/relay/sound"
)

// supersede has the generation spoken again from its beginning by a provider: one that took over earlier in the context. It
// does nothing if its turn has come, since the client may have heard it, or if the provider speaks it already.
func (as *attempts) supersede(provider string) {
	as.out.mu.Lock()
	defer as.out.mu.Unlock()
	if as.out.EndsLocked() || as.isSpokenByLocked(provider) || !as.out.lane.Restart() {
		return
	}
	for _, a := range as.all {
		// An attempt of that provider that began in the middle of the text is dropped too: the audio before it is gone.
		begins := a.target.Provider == provider && a.from.Char == 0 && a != as.active
		if a.outcome.Err == nil && !begins {
			a.outcome.End(outcome.ErrSuperseded) // also one that has spoken all of the text
		}
		a.outcome.Heard = false
	}
	as.setActiveLocked(nil)
	as.lastSpoke, as.out.from, as.out.lastSample = nil, position.Resume{}, sound.Sample{}
	as.out.track, as.out.seq = position.NewTrack(as.out.req.output.Rate), 0
	as.change = change{restartBy: provider}
	as.out.notify()
}

// isSpokenByLocked reports whether all audio so far came from a provider whose attempt is still the active one.
func (as *attempts) isSpokenByLocked(provider string) bool {
	if as.active == nil || as.active.target.Provider != provider {
		return false
	}
	return !slices.ContainsFunc(as.all, func(a *attempt) bool {
		return a.outcome.Heard && a.target.Provider != provider
	})
}
