package tests

import (
	"fmt"
	"testing"

	"voicerelay/upstream/emulator"
)

func TestAContextIsSpokenInOrder(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{Pace: 20})
	c := serve(t, speaksByOne(v)).dial(t)
	const n = 5
	for i := range uint64(n) {
		c.send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "context_id": "turn", "text": sentence(i, 4)})
	}
	for i := range uint64(n) {
		id := fmt.Sprint("g", i)
		c.completed(id)
		c.speaks(id, sentence(i, 4))
	}
	var order []string
	for _, m := range c.everything() {
		if m.kind == "started" || m.kind == "done" {
			order = append(order, m.kind+" "+m.ID)
		}
	}
	for i := range n {
		want := []string{fmt.Sprint("started g", i), fmt.Sprint("done g", i)}
		if got := order[2*i : 2*i+2]; got[0] != want[0] || got[1] != want[1] {
			c.fail("order %q, want each to start after the one before has ended", order)
		}
	}
}

func TestContextsAreIndependent(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	c.send(j{"type": "generate", "generation_id": "held", "context_id": "a", "text": "", "final": false})
	c.accepted("held")
	c.send(j{"type": "generate", "generation_id": "behind", "context_id": "a", "text": "lazy dog."})
	c.send(j{"type": "generate", "generation_id": "other", "context_id": "b", "text": "brown fox."})
	c.send(j{"type": "generate", "generation_id": "alone", "text": "quick fox."})
	c.completed("other")
	c.completed("alone")
	c.barrier()
	if got := c.about("behind"); len(got) > 1 {
		t.Errorf("the second of a context was not held until an open first one ends: %v", got)
	}
	c.send(j{"type": "append", "generation_id": "held", "text": "yellow house.", "final": true})
	c.completed("held")
	c.completed("behind")
	c.speaks("held", "yellow house.")
	c.speaks("behind", "lazy dog.")
}

func TestBargeInEndsAWholeContext(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{Pace: 2})
	c := serve(t, speaksByOne(v)).dial(t)
	for i := range uint64(4) {
		c.send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "context_id": "turn", "text": sentence(i, 10)})
	}
	c.send(j{"type": "generate", "generation_id": "other", "text": twelve})
	c.await("audio", of("audio", "g0"))
	c.send(j{"type": "cancel", "context_id": "turn"})
	c.send(j{"type": "generate", "generation_id": "again", "context_id": "turn", "text": "please remember that."})
	for i := range 4 {
		if m := c.done(fmt.Sprint("g", i)); m.Reason != "cancelled" {
			t.Errorf("g%d %s, want cancelled", i, m.Reason)
		}
	}
	c.completed("again")
	c.speaks("again", "please remember that.")
	c.completed("other")
	c.speaks("other", twelve)
}

func TestACancelledFirstLetsTheSecondSpeak(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{Pace: 4}))).dial(t)
	c.send(j{"type": "generate", "generation_id": "g1", "context_id": "turn", "text": threeSentences})
	c.send(j{"type": "generate", "generation_id": "g2", "context_id": "turn", "text": "quick dog."})
	c.await("audio", of("audio", "g1"))
	c.send(j{"type": "cancel", "generation_id": "g1"})
	if m := c.done("g1"); m.Reason != "cancelled" {
		t.Errorf("g1 %s, want cancelled", m.Reason)
	}
	c.completed("g2")
	c.speaks("g2", "quick dog.")
}

func TestCancelAll(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{Pace: 2})))
	c, neighbor := r.dial(t), r.dial(t)
	neighbor.send(j{"type": "generate", "generation_id": "g0", "text": twelve})
	for i := range uint64(6) {
		c.send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "text": sentence(i, 10)})
	}
	c.send(j{"type": "generate", "generation_id": "open", "text": "", "final": false})
	c.await("audio", of("audio", "g3"))
	c.send(j{"type": "cancel", "all": true})
	for _, id := range []string{"g0", "g1", "g2", "g3", "g4", "g5", "open"} {
		if m := c.done(id); m.Reason != "cancelled" {
			t.Errorf("%s %s, want cancelled", id, m.Reason)
		}
	}
	neighbor.completed("g0")
	neighbor.speaks("g0", twelve)
}

// A context belongs to its connection.
func TestContextsOfTwoConnectionsShareNothing(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	a, b := r.dial(t), r.dial(t)
	a.send(j{"type": "generate", "generation_id": "g", "context_id": "turn", "text": "", "final": false})
	a.accepted("g")
	mark := b.mark()
	b.send(j{"type": "cancel", "context_id": "turn"})
	b.refusal(mark, "unknown_generation")
	b.send(j{"type": "generate", "generation_id": "g", "context_id": "turn", "text": "lazy dog."})
	b.completed("g")
	a.send(j{"type": "finish", "generation_id": "g"})
	a.completed("g")
}
