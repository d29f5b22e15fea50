package relay

import (
	"context"
	"sync/atomic"
	"time"
)

// slots bounds the attempts at one provider: an account speaks so many streams at once. Whoever waits longest goes
// first.
type slots struct {
	free    chan struct{} // holds a token for each place taken; nil: no bound
	waiting atomic.Int64
}

// newSlots has room for the given number; 0: no bound.
func newSlots(most int) *slots {
	if most == 0 {
		return &slots{}
	}
	return &slots{free: make(chan struct{}, most)}
}

// take takes a place and waits for one as long as patience lasts; negative: as long as ctx does. It reports
// false where there was none.
func (s *slots) take(ctx context.Context, patience time.Duration) bool {
	if s.free == nil {
		return true
	}
	select {
	case s.free <- struct{}{}:
		return true
	default:
	}
	s.waiting.Add(1)
	defer s.waiting.Add(-1)
	var enough <-chan time.Time
	if patience >= 0 {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		enough = timer.C
	}
	select {
	case s.free <- struct{}{}:
		return true
	case <-ctx.Done():
	case <-enough:
	}
	return false
}

// give gives a place back.
func (s *slots) give() {
	if s.free != nil {
		<-s.free
	}
}
