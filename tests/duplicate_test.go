package tests

import (
	"fmt"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

func TestAGenerationIDIsUsedOnce(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{Pace: 10})))
	c := r.dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
	c.accepted("g")
	m := c.message(j{"type": "generate", "generation_id": "g", "text": "brown fox."}, "duplicate_request")
	same(t, "generation refused", m.ID, "g")
	same(t, "param", m.Param, "generation_id")
	same(t, "first use", m.First, nil)
	c.completed("g")
	c.speaks("g", twelve) // the first use went on undisturbed
	c.message(j{"type": "generate", "generation_id": "g", "text": "brown fox."}, "duplicate_request")
	// On another connection it is another generation.
	other := r.dial(t)
	other.send(j{"type": "generate", "generation_id": "g", "text": "lazy dog."})
	other.completed("g")
}

func TestTheLast4096GenerationIDsAreRemembered(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	const n = 4096
	for i := range n {
		c.send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "text": ""})
		if i%48 == 47 { // no more than what may run at once
			for k := i - 31; k <= i; k++ {
				c.done(fmt.Sprint("g", k))
			}
		}
	}
	for i := n - n%48; i < n; i++ {
		c.done(fmt.Sprint("g", i))
	}
	c.message(j{"type": "generate", "generation_id": "g0", "text": ""}, "duplicate_request")
	c.message(j{"type": "generate", "generation_id": fmt.Sprint("g", n-1), "text": ""}, "duplicate_request")
}

func TestAnIdempotencyKeyIsUsedOnceInATenant(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{Pace: 10}))
	cfg.Keys = []map[string]any{
		{"name": "a", "tenant": "acme", "key": "k-aaa-0123456789"},
		{"name": "b", "tenant": "acme", "key": "k-bbb-0123456789"},
		{"name": "c", "tenant": "other", "key": "k-ccc-0123456789"},
	}
	r := serve(t, cfg)
	a, b := r.dialWith(t, dialing{header: bearer("k-aaa-0123456789")}), r.dialWith(t, dialing{header: bearer("k-bbb-0123456789")})
	a.send(j{"type": "generate", "generation_id": "g", "idempotency_key": "turn 1", "text": twelve})
	record := a.accepted("g").RecordID
	m := b.message(j{"type": "generate", "generation_id": "h", "idempotency_key": "turn 1", "text": "lazy dog."}, "duplicate_request")
	same(t, "generation refused", m.ID, "h")
	same(t, "param", m.Param, "idempotency_key")
	if m.First == nil || m.First.State == "" {
		t.Fatalf("refused as %s, want the first use with its state", m)
	}
	same(t, "generation of the first use", m.First.GenerationID, "g")
	same(t, "record of the first use", m.First.RecordID, record)
	running := m.First
	a.completed("g")
	a.speaks("g", twelve)
	m = b.message(j{"type": "generate", "generation_id": "h", "idempotency_key": "turn 1", "text": "lazy dog."}, "duplicate_request")
	if m.First == nil || m.First.RecordID != record || m.First.State == running.State {
		t.Errorf("after its end: refused as %s, before with state %q", m, running.State)
	}
	// The refused id is free, and so is the key in another tenant.
	b.send(j{"type": "generate", "generation_id": "h", "idempotency_key": "turn 2", "text": "lazy dog."})
	b.completed("h")
	c := r.dialWith(t, dialing{header: bearer("k-ccc-0123456789")})
	c.send(j{"type": "generate", "generation_id": "g", "idempotency_key": "turn 1", "text": "lazy dog."})
	c.completed("g")
}

// A generation that ended before any audio leaves its key free: the client may try again.
func TestAnIdempotencyKeyIsFreedWhereNothingWasHeard(t *testing.T) {
	t.Parallel()
	ill, well := faulty(t, "error:INTERNAL_ERROR", emulator.Options{}), emulate(t, emulator.Options{FirstAudio: 2 * time.Second})
	r := serve(t, speaksBy([]string{"ill", "well"}, map[string]*vendor{"ill": ill, "well": well}))
	c := r.dial(t)
	ask := func(id, route string) {
		c.send(j{"type": "generate", "generation_id": id, "idempotency_key": "k", "text": twelve, "route": route})
	}
	ask("failed", "ill")
	c.failure("failed", "upstream_failed")
	ask("cancelled", "well")
	c.accepted("cancelled")
	c.send(j{"type": "cancel", "generation_id": "cancelled"})
	if m := c.done("cancelled"); m.Usage.AudioMS != 0 {
		t.Fatalf("%d ms of audio came before the cancel: the vendor is too fast for this test", m.Usage.AudioMS)
	}
	ask("heard", "well")
	c.await("audio", of("audio", "heard"))
	c.send(j{"type": "cancel", "generation_id": "heard"})
	c.done("heard")
	c.message(j{"type": "generate", "generation_id": "again", "idempotency_key": "k", "text": twelve}, "duplicate_request")
}

// A refused generate uses up neither id nor key.
func TestARefusalUsesNothingUp(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	for _, change := range []j{{"voice": "nobody"}, {"route": "nowhere"}, {"text": longerThanAllowed()}} {
		cmd := j{"type": "generate", "generation_id": "g", "idempotency_key": "k", "text": twelve}
		for name, value := range change {
			cmd[name] = value
		}
		mark := c.mark()
		c.send(cmd)
		c.awaitFrom(mark, "error", func(m message) bool { return m.kind == "error" })
	}
	c.send(j{"type": "generate", "generation_id": "g", "idempotency_key": "k", "text": twelve})
	c.completed("g")
}

func longerThanAllowed() string { return fmt.Sprintf("%010001d", 1) }

func TestTheDuplicateWindowEnds(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{})).limit(map[string]any{"duplicate_window": "1s"})
	c := serve(t, cfg).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "idempotency_key": "k", "text": "lazy dog."})
	c.completed("g")
	began := time.Now()
	for i := 0; time.Since(began) < deadline; i++ {
		id := fmt.Sprint("h", i)
		c.send(j{"type": "generate", "generation_id": id, "idempotency_key": "k", "text": "brown fox."})
		m := c.await("an answer", func(m message) bool { return m.ID == id && (m.kind == "accepted" || m.kind == "error") })
		if m.kind == "accepted" {
			c.completed(id)
			return
		}
		if m.Code != "duplicate_request" {
			c.fail("refused with %s", m.Code)
		}
	}
	c.fail("the key is still taken after %v", deadline)
}
