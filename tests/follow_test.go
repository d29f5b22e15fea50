package tests

import (
	"testing"

	"voicerelay/upstream/emulator"
)

// Once another voice has taken a generation over, the rest of its context follows: what the first voice had ready and
// nobody had heard is spoken again.
func TestTheContextFollowsATakeover(t *testing.T) {
	t.Parallel()
	first, second := emulate(t, paced), emulateBy(t, "together", paced)
	c := serve(t, speaksBy([]string{"first", "second"}, map[string]*vendor{"first": first, "second": second})).dial(t)
	fault, err := emulator.ParseFault("error:INTERNAL_ERROR:1500ms") // this context's alone
	if err != nil {
		t.Fatal(err)
	}
	first.SetFault(fault)
	c.send(j{"type": "generate", "generation_id": "g1", "context_id": "turn", "text": twelve})
	c.started("g1")
	first.SetFault(emulator.Fault{})
	c.send(j{"type": "generate", "generation_id": "g2", "context_id": "turn", "text": "Please remember that silver trains leave early."})
	c.send(j{"type": "generate", "generation_id": "aside", "text": "lazy dog."})
	first.sees("the second generation", func(s emulator.Stats) bool {
		return len(s.Streams) >= 2 && s.Streams[1].Audio > 0
	})
	c.survives("g1", twelve)
	m := c.completed("g2")
	c.speaks("g2", "Please remember that silver trains leave early.")
	if s := c.started("g2"); s.Provider != "second" {
		t.Errorf("g2 was started by %s, want second, which took g1 over", s.Provider)
	}
	a := m.Usage.Attempts
	wantOutcomes(t, a, "first superseded", "second completed")
	if a[0].Characters == 0 {
		t.Error("the superseded attempt is booked without a character")
	}
	c.send(j{"type": "generate", "generation_id": "g3", "context_id": "turn", "text": "Near our house."})
	c.completed("g3")
	for id, want := range map[string]string{"g3": "second", "aside": "first"} {
		if got := c.started(id).Provider; got != want {
			t.Errorf("%s was spoken by %s, want %s", id, got, want)
		}
	}
}
