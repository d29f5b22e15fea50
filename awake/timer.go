package awake

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Timer calls a function once the process has run for a while. It is safe for concurrent use.
type Timer struct {
	clock *Clock
	call  func()

	mu    sync.Mutex // guards what follows
	timer *time.Timer
	from  time.Time
	after time.Duration
	armed bool
}

// AfterFunc is a timer that calls f, in a goroutine of its own, once the process has run for d.
func (c *Clock) AfterFunc(d time.Duration, f func()) *Timer {
	t := &Timer{clock: c, call: f}
	t.Reset(d)
	return t
}

// Reset has the timer begin again, whether it has fired or not.
func (t *Timer) Reset(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.from, t.after, t.armed = time.Now(), d, true
	if t.timer == nil {
		t.timer = time.AfterFunc(d, t.fire)
		return
	}
	t.timer.Reset(d)
}

// Stop keeps the timer from firing. A call that is under way goes on.
func (t *Timer) Stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.armed = false
	t.timer.Stop()
}

func (t *Timer) fire() {
	if t.isDue() {
		t.call()
	}
}

// isDue reports whether the time has come. Where the process has not run for so long, the timer goes on.
func (t *Timer) isDue() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.armed {
		return false
	}
	if left := t.after - t.clock.Between(t.from, time.Now()); left > 0 {
		t.timer.Reset(left)
		return false
	}
	t.armed = false
	return true
}

// WithTimeout is a context that ends once the process has run for d, with context.DeadlineExceeded for its cause: its error
// is context.Canceled, so to learn why it has ended, ask for the cause (TimedOut). cancel must be called.
func (c *Clock) WithTimeout(parent context.Context, d time.Duration) (ctx context.Context, cancel func()) {
	ctx, end := context.WithCancelCause(parent)
	timer := c.AfterFunc(d, func() { end(context.DeadlineExceeded) })
	return ctx, func() {
		timer.Stop()
		end(nil)
	}
}

// TimedOut reports whether a context has ended by a timeout: one of a Clock, or any other.
func TimedOut(ctx context.Context) bool {
	return ctx.Err() != nil && errors.Is(context.Cause(ctx), context.DeadlineExceeded)
}
