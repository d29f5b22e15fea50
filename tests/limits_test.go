package tests

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

func TestTextLimit(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{})).limit(map[string]any{"max_text_characters": 60})).dial(t)
	mark := c.mark()
	c.send(j{"type": "generate", "generation_id": "g", "text": strings.Repeat("ü", 61)})
	m := c.refusal(mark, "text_too_long")
	same(t, "generation refused", m.ID, "g")
	same(t, "command", m.Command, "generate")
	same(t, "param", m.Param, "text")
	// Code points count, not bytes: 60 of two bytes each are fine, and a refused id may be used again.
	c.send(j{"type": "generate", "generation_id": "g", "text": strings.Repeat("ü", 60)})
	if m := c.done("g"); m.Usage.Characters != 60 {
		t.Errorf("%d characters, want 60", m.Usage.Characters)
	}
	// An append that would pass the limit is refused alone.
	c.send(j{"type": "generate", "generation_id": "h", "text": "quick brown fox", "final": false})
	c.accepted("h")
	mark = c.mark()
	c.send(j{"type": "append", "generation_id": "h", "text": strings.Repeat("x", 50)})
	if m := c.refusal(mark, "text_too_long"); m.ID != "h" || m.Command != "append" {
		t.Errorf("refused as %s", m)
	}
	c.send(j{"type": "append", "generation_id": "h", "text": " lazy dog"})
	c.send(j{"type": "finish", "generation_id": "h"})
	c.completed("h")
	c.speaks("h", "quick brown fox lazy dog")
}

func TestTenThousandCharactersAreSpoken(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	sentence := "Lazy dog." + strings.Repeat(" ", 91) // few words, so that the speech is short
	text := strings.Repeat(sentence, 100)
	c.send(j{"type": "generate", "generation_id": "g", "text": text, "output": j{"encoding": "mulaw"}})
	if m := c.completed("g"); m.Usage.Characters != 10000 {
		t.Errorf("%d characters, want 10000", m.Usage.Characters)
	}
	mark := c.mark()
	c.send(j{"type": "generate", "generation_id": "h", "text": text + "."})
	c.refusal(mark, "text_too_long")
}

func TestGenerationRate(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{})).limit(map[string]any{"generations_per_minute": 30})
	r := serve(t, cfg)
	c := r.dial(t)
	begun := time.Now()
	granted := 0
	for ; ; granted++ {
		id := fmt.Sprint("g", granted)
		c.send(j{"type": "generate", "generation_id": id, "text": ""})
		m := c.await("an answer", func(m message) bool { return m.ID == id && (m.kind == "accepted" || m.kind == "error") })
		if m.kind == "error" {
			same(t, "code", m.Code, "rate_limit_exceeded")
			same(t, "command", m.Command, "generate")
			if *m.RetryAfterMS > 2000 {
				t.Errorf("retry_after_ms is %d, want two seconds at most", *m.RetryAfterMS)
			}
			break
		}
		c.completed(id)
	}
	// The whole minute's allowance at once, then one every two seconds.
	if most := 30 + int(time.Since(begun)/(2*time.Second)); granted < 30 || granted > most {
		t.Errorf("%d generations were granted, want 30 to %d", granted, most)
	}
	other := r.dial(t)
	other.send(j{"type": "generate", "generation_id": "g", "text": "lazy dog."})
	other.completed("g")
}

// message sends a command that must be refused with a code.
func (c *client) message(cmd j, code string) message {
	c.t.Helper()
	mark := c.mark()
	c.send(cmd)
	return c.refusal(mark, code)
}

func TestCancelRateCountsOnlyWhatHitsNothing(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{Pace: 8})).limit(map[string]any{"cancels_per_minute": 5})
	c := serve(t, cfg).dial(t)
	// Twenty that hit, each free.
	for i := range 20 {
		interrupt(c, fmt.Sprint("g", i), i%4)
	}
	// Twenty with played times, each free.
	for i := range 20 {
		c.send(j{"type": "cancel", "generation_id": fmt.Sprint("g", i), "played_ms": 0})
		c.await("spoken", of("spoken", fmt.Sprint("g", i)))
	}
	mark := c.mark()
	for range 5 {
		c.send(j{"type": "cancel", "generation_id": "g0"})
	}
	c.unanswered(mark)
	for range 3 { // one more is granted every twelve seconds
		c.send(j{"type": "cancel", "generation_id": "g0"})
	}
	m := c.refusal(mark, "rate_limit_exceeded")
	same(t, "command", m.Command, "cancel")
	same(t, "generation", m.ID, "g0")
	if *m.RetryAfterMS > 12000 {
		t.Errorf("retry_after_ms is %d, want twelve seconds at most", *m.RetryAfterMS)
	}
	// A cancel of what runs is carried out all the same.
	interrupt(c, "last", 3)
}

func TestConcurrentGenerations(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{})).limit(map[string]any{"max_concurrent_generations": 3})
	r := serve(t, cfg)
	c := r.dial(t)
	for i := range 3 {
		c.send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "text": "", "final": false})
		c.accepted(fmt.Sprint("g", i))
	}
	m := c.message(j{"type": "generate", "generation_id": "over", "text": twelve}, "too_many_generations")
	if m.ID != "over" || m.Command != "generate" {
		t.Errorf("refused as %s", m)
	}
	other := r.dial(t)
	other.send(j{"type": "generate", "generation_id": "over", "text": "lazy dog."})
	other.completed("over")
	c.send(j{"type": "finish", "generation_id": "g1"})
	c.done("g1")
	c.send(j{"type": "generate", "generation_id": "over", "text": "lazy dog."})
	c.completed("over")
	c.send(j{"type": "cancel", "all": true})
	c.done("g0")
	c.done("g2")
}

func TestATenantsConcurrency(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{}))
	cfg.Keys = []map[string]any{
		{"name": "a", "tenant": "acme", "key": "k-aaa-0123456789"},
		{"name": "b", "tenant": "acme", "key": "k-bbb-0123456789"},
		{"name": "c", "tenant": "other", "key": "k-ccc-0123456789", "limits": map[string]any{"max_text_characters": 5}},
	}
	cfg.Tenants = map[string]any{"acme": map[string]any{"limits": map[string]any{"max_concurrent_generations": 2}}}
	r := serve(t, cfg)
	a, b := r.dialWith(t, dialing{header: bearer("k-aaa-0123456789")}), r.dialWith(t, dialing{header: bearer("k-bbb-0123456789")})
	other := r.dialWith(t, dialing{header: bearer("k-ccc-0123456789")})
	for _, c := range []*client{a, b} {
		c.send(j{"type": "generate", "generation_id": "open", "text": "", "final": false})
		c.accepted("open")
	}
	a.message(j{"type": "generate", "generation_id": "over", "text": twelve}, "too_many_generations")
	b.message(j{"type": "generate", "generation_id": "over", "text": twelve}, "too_many_generations")
	other.message(j{"type": "generate", "generation_id": "g", "text": "123456"}, "text_too_long")
	other.send(j{"type": "generate", "generation_id": "g", "text": "12345"})
	other.completed("g")
	a.send(j{"type": "finish", "generation_id": "open"})
	a.done("open")
	b.send(j{"type": "generate", "generation_id": "over", "text": "lazy dog."})
	b.completed("over")
	b.send(j{"type": "finish", "generation_id": "open"})
	b.done("open")
}
