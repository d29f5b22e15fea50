package relay

import (
	"cmp"
	"slices"

	"voicerelay/relay/position"
)

// change is what callbacks noted for the failover loop, which takes it once.
type change struct {
	speaker string // the provider that has begun to be heard; empty: none has since
	took    bool   // it took over from another
	anew    string // the provider that all is to be spoken anew by; empty: as it is
}

// takeChange returns what has changed since it was last asked.
func (o *output) takeChange() change {
	o.mu.Lock()
	defer o.mu.Unlock()
	c := o.change
	o.change = change{}
	return c
}

// isSuperseded reports whether the generation is to be spoken anew.
func (o *output) isSuperseded() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.change.anew != ""
}

// follow tells the context whose voice is heard, and puts first the provider by which this generation is to be spoken
// anew.
func (r *failover) follow() {
	c := r.g.out.takeChange()
	if c.speaker != "" {
		r.g.client.Listener.Speaking(r.g, c.speaker, c.took)
	}
	if c.anew != "" {
		r.again = nil
		slices.SortStableFunc(r.candidates, func(a, b *candidate) int {
			return cmp.Compare(rank(a.Provider, c.anew), rank(b.Provider, c.anew))
		})
	}
}

// supersede has a generation spoken anew by a provider, unless its turn has come, so that it may have been heard, or
// the provider speaks it already.
func (o *output) supersede(provider string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.endsLocked() || o.isSpokenByLocked(provider) || !o.lane.Restart() {
		return
	}
	for _, a := range o.attempts {
		// One that would go on where another broke off is no use either: all before that is dropped.
		begins := a.target.Provider == provider && a.from.Char == 0 && a != o.active
		if a.outcome.err == nil && !begins {
			a.outcome.endLocked(errSuperseded) // also one that had spoken all of it
		}
		a.outcome.heard = false
	}
	o.active, o.lastSpoke, o.from, o.lastSample = nil, nil, position.Resume{}, sample{}
	o.track, o.seq = position.NewTrack(o.req.output.Rate), 0
	o.change = change{anew: provider}
	o.notify()
}

// isSpokenByLocked reports whether all audio so far is a provider's, and it goes on.
func (o *output) isSpokenByLocked(provider string) bool {
	if o.active == nil || o.active.target.Provider != provider {
		return false
	}
	return !slices.ContainsFunc(o.attempts, func(a *attempt) bool {
		return a.outcome.heard && a.target.Provider != provider
	})
}

func rank(provider, first string) int {
	if provider == first {
		return 0
	}
	return 1
}
