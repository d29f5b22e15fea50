package relay

import (
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/awake"
)

// machine is a clock whose process runs, but while it is stopped by the test.
type machine struct {
	*awake.Clock
	stopped atomic.Bool
}

func newMachine(t *testing.T) *machine {
	m := &machine{Clock: awake.New()}
	over := make(chan struct{})
	go func() {
		ticks := time.NewTicker(100 * time.Millisecond)
		defer ticks.Stop()
		for {
			if !m.stopped.Load() {
				m.Look()
			}
			select {
			case <-ticks.C:
			case <-over:
				return
			}
		}
	}()
	t.Cleanup(func() { close(over) })
	synctest.Wait()
	return m
}

// stop has the process not run for a while.
func (m *machine) stop(d time.Duration) {
	m.stopped.Store(true)
	time.Sleep(d)
	m.stopped.Store(false)
}

// Time in which the process is stopped is no silence of a vendor; after it the vendor is judged as before.
func TestAPauseIsNoSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		a := speaking(t, audio.Format{Encoding: audio.PCM16, Rate: fakeRate}, false)
		a.g.engine.awake = m.Clock
		ordered(a)
		a.Audio(fakeFrame('a'))
		patience := a.g.req.plan.StallTimeout
		m.stop(patience + time.Second)
		deadline, err := a.due()
		if left := time.Until(deadline); err != nil || left < patience || left > patience+time.Second {
			t.Errorf("right afterwards: %v left, %v", left, err)
		}
		if now := time.Now(); a.arrivals.backupNeeded(now, time.Second).Before(now.Add(leastSilence)) {
			t.Error("a backup is due at once")
		}
		a.out.mu.Lock()
		quiet := a.arrivals.isQuietLocked(time.Now())
		a.out.mu.Unlock()
		if quiet {
			t.Error("the vendor is taken to be quiet")
		}
		time.Sleep(time.Until(deadline) + 200*time.Millisecond) // the pause was noted by the look after it
		if _, err := a.due(); err == nil {
			t.Error("the silence that follows is none")
		}
	})
}

// How long a client may say nothing until it is pinged, and how long its pong may take.
const (
	pingAfter  = 20 * time.Second
	pongWithin = 20 * time.Second
)

// A client's pong that waits to be read is no silence of the client.
func TestAPauseIsNoSilenceOfAClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": newFake()})
		r.srv.awake = m.Clock
		c := r.dial("")
		c.until("ready")
		go func() { _, _ = io.Copy(io.Discard, c.wire) }() // takes pings, answers none, and ends with the connection
		time.Sleep(pingAfter + time.Second)
		m.stop(2 * pongWithin)
		if len(r.srv.current()) != 1 {
			t.Fatal("the client is given up though nobody was there to hear it")
		}
		time.Sleep(pongWithin + time.Second)
		if len(r.srv.current()) != 0 {
			t.Error("a client that is silent is kept")
		}
	})
}
