package delivery

import "time"

// firstDueLocked is the first lane of the ring whose next message may be sent now; negative: none. Where all wait for their time,
// the writer is woken at the first of them.
func (o *Outbox) firstDueLocked() int {
	if len(o.ring) == 0 {
		return -1
	}
	if o.lead == 0 {
		return 0
	}
	now, next := time.Now(), time.Time{}
	for at, l := range o.ring {
		due := l.dueLocked()
		if !due.After(now) {
			return at
		}
		if next.IsZero() || due.Before(next) {
			next = due
		}
	}
	o.wakeAtLocked(next.Sub(now))
	return -1
}

// dueLocked is when the lane's next message may be sent: audio, at most the lead ahead of its playback.
func (l *Lane) dueLocked() time.Time {
	if l.sendableLocked().head.Samples == 0 {
		return time.Time{}
	}
	return l.clock.sent.dry.Add(-l.out.lead)
}

// wakeAtLocked wakes the writer after a while.
func (o *Outbox) wakeAtLocked(after time.Duration) {
	if o.later == nil {
		o.later = time.AfterFunc(after, o.Notify)
		return
	}
	o.later.Reset(after)
}

// stopWaitingLocked wakes nobody any more.
func (o *Outbox) stopWaitingLocked() {
	if o.later != nil {
		o.later.Stop()
	}
}
