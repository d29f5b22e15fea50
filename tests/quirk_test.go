package tests

import (
	"fmt"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// What is unknown of a vendor is drawn from the emulator's seed. Whatever was drawn, the client hears the same.
func TestEveryQuirkOfTheVendorSoundsAlike(t *testing.T) {
	t.Parallel()
	const seeds = 10
	vendors := map[string]*vendor{}
	var names []string
	for seed := range uint64(seeds) {
		name := fmt.Sprint("seed", seed)
		vendors[name] = emulate(t, emulator.Options{Seed: seed + 1, Pace: 8})
		names = append(names, name)
	}
	r := serve(t, speaksBy(names, vendors))
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := vendors[name].of(t)
			c := r.dial(t)
			c.configure(j{"route": name, "word_timestamps": true})
			c.send(j{"type": "generate", "generation_id": "whole", "text": threeSentences})
			c.send(j{"type": "generate", "generation_id": "cut", "text": threeSentences})
			c.await("speech", func(m message) bool { return m.kind == "audio" && m.ID == "cut" && m.Seq == 4 })
			c.send(j{"type": "cancel", "generation_id": "cut", "played_ms": 500})
			if m := c.done("cut"); m.Reason != "cancelled" {
				t.Errorf("%s: cut %s", v.Quirks(), m.Reason)
			}
			m := c.completed("whole")
			c.speaks("whole", threeSentences)
			if n := len(c.words("whole")); n != 27 {
				t.Errorf("%s: %d words, want 27", v.Quirks(), n)
			}
			if got := m.Usage.Cost[0].Source; got != "provider" {
				t.Errorf("%s: cost by %s, want the provider's", v.Quirks(), got)
			}
			v.sees("no context left", func(s emulator.Stats) bool { return s.OpenContexts == 0 })
		})
	}
}

// A language model may think for longer than the vendor keeps a silent context: the relay keeps it alive.
func TestAContextIsKeptAliveWhileTheModelThinks(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for two keep-alives, ten seconds each")
	}
	t.Parallel()
	v := emulate(t, emulator.Options{Inactivity: 15 * time.Second})
	cfg := speaksByOne(v).amend("default", func(r *route) { r.StallTimeout = "3s" }) // nothing is owed meanwhile
	c := serve(t, cfg).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": "The quick brown fox. ", "final": false})
	c.await("audio", of("audio", "g"))
	v.sees("two keep-alives", func(s emulator.Stats) bool { return s.Streams[0].KeepAlives >= 2 })
	c.send(j{"type": "append", "generation_id": "g", "text": "Please remember that.", "final": true})
	m := c.completed("g")
	c.speaks("g", "The quick brown fox. Please remember that.")
	if n := len(m.Usage.Attempts); n != 1 {
		t.Errorf("%d attempts, want one", n)
	}
}

// An account with fewer places than there are callers: they wait their turn, none is failed for it.
func TestAFullVendorMakesGenerationsWait(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{Pace: 20})
	cfg := speaksByOne(v)
	p := cfg.Providers["kugelaudio"]
	p.MaxConcurrent = 2
	cfg.Providers["kugelaudio"] = p
	c := serve(t, cfg).dial(t)
	for i := range uint64(6) {
		c.send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "text": sentence(i, 5)})
	}
	for i := range uint64(6) {
		c.completed(fmt.Sprint("g", i))
		c.speaks(fmt.Sprint("g", i), sentence(i, 5))
	}
	if n := v.Stats().MaxOpenContexts; n > 2 {
		t.Errorf("%d contexts at once, max_concurrent is 2", n)
	}
}
