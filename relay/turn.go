package relay

import "slices"

// turn keeps the generations of one context in order: only the first lane may send. Its fields are guarded
// by the outbox's mutex.
type turn struct {
	lanes []*lane
	clock playback
}

func (t *turn) joinLocked(l *lane) {
	t.lanes = append(t.lanes, l)
	l.inTurn = len(t.lanes) == 1
}

// leaveLocked ends a lane's turn. A lane that leaves from the middle leaves the first one's turn untouched.
func (t *turn) leaveLocked(l *lane) {
	t.lanes = slices.DeleteFunc(t.lanes, func(other *lane) bool { return other == l })
	if len(t.lanes) == 0 {
		return
	}
	first := t.lanes[0]
	first.inTurn = true
	first.openLocked()
}
