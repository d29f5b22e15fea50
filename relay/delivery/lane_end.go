package delivery

import "slices"

// Purge drops all that waits: the generation was stopped.
func (l *Lane) Purge() {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	l.clearLocked()
	l.stopStageLocked()
	if l.ringed {
		l.ringed = false
		l.out.ring = slices.DeleteFunc(l.out.ring, func(other source) bool { return other == l })
	}
}

// End queues the generation's last message: after what waits, or, if nothing does, even before the lane's turn has come.
func (l *Lane) End(m *Message) {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	m.place, m.Last = l.place, true
	switch {
	case l.out.closed:
		m.Release()
		l.stopStageLocked()
	case l.messages.empty() && !l.keepsLocked():
		l.out.sendLocked(m)
		l.stopStageLocked()
	default:
		l.pushLocked(m)
	}
}

// Abandon takes a lane that will have no end out of its context.
func (l *Lane) Abandon() {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	l.clearLocked()
	l.stopStageLocked()
	l.place.leaveLocked()
}

// stopStageLocked ends the stage, if there is one: what it still gives is dropped.
func (l *Lane) stopStageLocked() {
	if l.stage != nil {
		l.stage.phase = stageOver
		delete(l.out.stages, l.stage)
		l.stage.look()
	}
}

// keepsLocked reports whether a stage may still have something to give before the generation's end, or has given what waits.
func (l *Lane) keepsLocked() bool {
	st := l.stage
	return st != nil && (st.phase != stageNew && st.phase != stageOver || !st.made.empty())
}

// Over reports whether no generation of a context has anything left to send.
func (o *Outbox) Over(t *Turn) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(t.places) == 0
}
