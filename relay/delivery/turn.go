package delivery

import "slices"

// Turn keeps the generations of one context in order: only the first lane may send. Its fields are guarded by the outbox's
// mutex.
type Turn struct {
	lanes []*Lane
	clock clocks
}

// joinLocked puts a lane at the end.
func (t *Turn) joinLocked(l *Lane) {
	t.lanes = append(t.lanes, l)
	if len(t.lanes) == 1 {
		l.takeTurnLocked()
	}
}

// leaveLocked takes a lane out, and gives the first one its turn. If a lane leaves from the middle, the first one has it
// already.
func (t *Turn) leaveLocked(l *Lane) {
	t.lanes = slices.DeleteFunc(t.lanes, func(other *Lane) bool { return other == l })
	if len(t.lanes) == 0 {
		return
	}
	t.lanes[0].takeTurnLocked()
}
