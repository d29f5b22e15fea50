package delivery

import "time"

// pace holds audio back that is too far ahead of its playback. It is guarded by the outbox's mutex; the zero value holds back
// nothing.
type pace struct {
	lead  time.Duration // how far audio may be sent ahead; 0: any
	later *time.Timer   // wakes the writer when audio that waits may be sent; nil: none ever did
}

// due is when a message of audio may be sent to a client that will have played all that it was sent at dry.
func (p *pace) due(dry time.Time) time.Time { return dry.Add(-p.lead) }

// wakeAfter has wake be called after a while, in place of what was to be before.
func (p *pace) wakeAfter(wait time.Duration, wake func()) {
	if p.later == nil {
		p.later = time.AfterFunc(wait, wake)
		return
	}
	p.later.Reset(wait)
}

// stop wakes nobody any more.
func (p *pace) stop() {
	if p.later != nil {
		p.later.Stop()
	}
}
