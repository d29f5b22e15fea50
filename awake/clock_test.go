package awake

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is a clock that has looked until now, without a goroutine that does so.
func running() *Clock {
	c := New()
	c.Look()
	return c
}

// runFor has the process run, with a look every so often.
func (c *Clock) runFor(d time.Duration) {
	for ; d > 0; d -= lookEvery {
		time.Sleep(min(d, lookEvery))
		c.Look()
	}
}

// A pause counts for nobody, whether Run or whoever asks is the first to run again. Time to catch up goes with it.
func TestAPauseDoesNotCount(t *testing.T) {
	for name, noted := range map[string]bool{"noted already": true, "not noted yet": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := running()
				c.runFor(time.Second)
				began := time.Now()
				c.runFor(time.Second)
				time.Sleep(3 * time.Second) // and nobody looks
				if noted {
					c.Look()
				}
				if got := c.Between(began, time.Now()); got != time.Second-catchUp {
					t.Errorf("right afterwards: got %v", got)
				}
				c.Look()
				c.runFor(catchUp + time.Second)
				if got := c.Between(began, time.Now()); got != 2*time.Second {
					t.Errorf("a second later: got %v", got)
				}
				if got := c.Paused(time.Now().Add(-time.Second), time.Now()); got != 0 {
					t.Errorf("since the pause: %v did not count", got)
				}
			})
		})
	}
}

// A machine that is busy is no excuse.
func TestABusyMachineIsNotPaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := running()
		began := time.Now()
		for range 20 {
			time.Sleep(lookEvery + leastPause - time.Millisecond)
			c.Look()
		}
		if got := c.Paused(began, time.Now()); got != 0 {
			t.Errorf("%v did not count", got)
		}
	})
}

// Pauses that come close together count once each, and never twice.
func TestPausesAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := running()
		began := time.Now()
		for range 3 {
			time.Sleep(time.Second)
			c.Look()
			c.runFor(lookEvery)
		}
		if got, most := c.Paused(began, time.Now()), time.Since(began)+catchUp; got > most || got < 3*time.Second {
			t.Errorf("%v of %v did not count", got, most)
		}
	})
}

// What is remembered is bounded.
func TestOldPausesAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := running()
		for range 3 * kept {
			time.Sleep(time.Second)
			c.Look()
		}
		if got := len(c.seen.Load().pauses); got != kept {
			t.Errorf("%d pauses are remembered, want %d", got, kept)
		}
	})
}

func TestTimersLeavePausesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := running()
		began, fired := time.Now(), make(chan time.Time, 1)
		c.AfterFunc(2*time.Second, func() { fired <- time.Now() })
		ctx, cancel := c.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		c.runFor(time.Second)
		time.Sleep(5 * time.Second)
		c.Look()
		if ctx.Err() != nil {
			t.Error("the context has ended during the pause")
		}
		c.runFor(10 * time.Second)
		if got := (<-fired).Sub(began); got != 7*time.Second+catchUp {
			t.Errorf("fired after %v", got)
		}
		if !TimedOut(ctx) || !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
			t.Errorf("the context: %v, %v", ctx.Err(), context.Cause(ctx))
		}
	})
}

func TestTimersStopAndBeginAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c *Clock // of a process that is never stopped
		var count atomic.Int64
		timer := c.AfterFunc(time.Second, func() { count.Add(1) })
		time.Sleep(900 * time.Millisecond)
		timer.Reset(time.Second)
		time.Sleep(900 * time.Millisecond)
		if count.Load() != 0 {
			t.Error("fired too early")
		}
		timer.Stop()
		time.Sleep(time.Minute)
		if count.Load() != 0 {
			t.Error("fired though stopped")
		}
		timer.Reset(time.Second)
		time.Sleep(time.Minute)
		if got := count.Load(); got != 1 {
			t.Errorf("fired %d times, want once", got)
		}
	})
}

// A context that is cancelled has not timed out.
func TestACancelIsNoTimeout(t *testing.T) {
	var c *Clock
	ctx, cancel := c.WithTimeout(t.Context(), time.Minute)
	cancel()
	if TimedOut(ctx) || ctx.Err() == nil {
		t.Errorf("got %v, %v", ctx.Err(), context.Cause(ctx))
	}
	plain, cancel := context.WithTimeout(t.Context(), -1)
	defer cancel()
	if !TimedOut(plain) {
		t.Error("a timeout of another kind is none")
	}
}

// Run notes a pause with how long it was, and none afterwards: a process that stops is judged by nobody.
func TestRunEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New()
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() {
			defer close(over)
			c.Run(ctx, func(d time.Duration) { t.Errorf("a pause of %v", d) })
		}()
		began := time.Now()
		time.Sleep(time.Minute)
		stop()
		<-over
		time.Sleep(time.Minute)
		if got := c.Paused(began, time.Now()); got != 0 {
			t.Errorf("%v did not count", got)
		}
	})
}
