package delivery

import "slices"

// Turn keeps the generations of one context in order: only the first may send. Its fields are guarded by the outbox's mutex.
type Turn struct {
	places []*place
	clock  clocks
}

// place is a generation's in its context.
type place struct {
	turn *Turn
	come func() // called when it is the first, maybe more than once
}

// joinLocked puts a generation at the end.
func (t *Turn) joinLocked(come func()) *place {
	p := &place{turn: t, come: come}
	t.places = append(t.places, p)
	if len(t.places) == 1 {
		come()
	}
	return p
}

// leaveLocked gives the turn to the next generation of the context. If a place in the middle is left, the first one has it already.
// Without a place there is nothing to leave.
func (p *place) leaveLocked() {
	if p == nil {
		return
	}
	t := p.turn
	t.places = slices.DeleteFunc(t.places, func(other *place) bool { return other == p })
	if len(t.places) > 0 {
		t.places[0].come()
	}
}
