package tests

import (
	"fmt"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// A first vendor that is late to speak costs hedge_after and the second one's first audio. The loser is stopped at its
// vendor, and booked.
func TestASlowTargetIsHedged(t *testing.T) {
	t.Parallel()
	slow := emulate(t, emulator.Options{FirstAudio: 2 * time.Second})
	quick := emulateBy(t, "together", emulator.Options{FirstAudio: 100 * time.Millisecond})
	cfg := speaksBy([]string{"slow", "quick"}, map[string]*vendor{"slow": slow, "quick": quick}).
		amend("default", func(r *route) { r.HedgeAfter = "200ms" })
	for _, name := range []string{"slow", "quick"} {
		p := cfg.Providers[name]
		p.Warm = 1
		cfg.Providers[name] = p
	}
	c := serve(t, cfg).dial(t)
	const limit, tries = 350 * time.Millisecond, 20 // a busy machine is late by itself now and then
	best, n := time.Hour, 0
	for ; n < tries && best >= limit; n++ {
		id := fmt.Sprint("g", n)
		c.send(j{"type": "generate", "generation_id": id, "text": twelve})
		m := c.completed(id)
		c.speaks(id, twelve)
		best = min(best, time.Duration(*m.Timing.FirstAudioMS)*time.Millisecond)
		if s := c.started(id); s.Provider != "quick" {
			t.Errorf("%s was started by %s, want quick", id, s.Provider)
		}
		a := m.Usage.Attempts
		wantOutcomes(t, a, "slow hedged", "quick completed")
		same(t, id+": audio of the hedged attempt", a[0].AudioMS, 0)
		same(t, id+": requests of the hedged attempt", a[0].Requests, 1)
		same(t, id+": characters of the hedged attempt", a[0].Characters, len(twelve))
		for _, m := range c.about(id) {
			if m.kind == "rerouted" {
				t.Errorf("%s was rerouted, though nobody was heard before", id)
			}
		}
	}
	if best >= limit {
		t.Errorf("first audio after %v at best, want less than %v", best, limit)
	}
	slow.sees("the losers stopped", func(s emulator.Stats) bool { return len(s.Cancels) == n && s.OpenContexts == 0 })
	for _, s := range slow.Stats().Streams {
		if s.Audio != 0 {
			t.Errorf("the loser went on to generate %v of audio", s.Audio)
		}
	}
}

// Where the first speaks in time nobody else is asked.
func TestNoHedgeWithoutNeed(t *testing.T) {
	t.Parallel()
	a, b := emulate(t, emulator.Options{}), emulateBy(t, "together", emulator.Options{})
	cfg := speaksBy([]string{"a", "b"}, map[string]*vendor{"a": a, "b": b}).
		amend("default", func(r *route) { r.HedgeAfter = "20s" })
	c := serve(t, cfg).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": threeSentences})
	if got := c.completed("g").Usage.Attempts; len(got) != 1 {
		t.Errorf("attempts %+v, want one", got)
	}
	if n := len(b.Stats().Streams); n != 0 {
		t.Errorf("the second vendor was asked %d times", n)
	}
}

// The fastest target goes first, once each has been heard.
func TestFastestGoesFirst(t *testing.T) {
	t.Parallel()
	slow := emulate(t, emulator.Options{FirstAudio: 800 * time.Millisecond})
	quick := emulateBy(t, "together", emulator.Options{})
	cfg := speaksBy([]string{"slow", "quick"}, map[string]*vendor{"slow": slow, "quick": quick}).
		amend("default", func(r *route) { r.Strategy = "fastest" })
	c := serve(t, cfg).dial(t)
	for _, g := range []struct{ id, want string }{
		{"unknown", "slow"}, {"one-unknown", "quick"}, {"known", "quick"}, {"still", "quick"},
	} {
		c.send(j{"type": "generate", "generation_id": g.id, "text": twelve})
		c.completed(g.id)
		if got := c.started(g.id).Provider; got != g.want {
			t.Errorf("%s: %s spoke, want %s", g.id, got, g.want)
		}
	}
}
