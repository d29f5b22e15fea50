package relay

import (
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/relay/relaytest"
)

// A vendor is not silent while nobody was there to hear it, and as late as ever afterwards.
func TestAPauseIsNoSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := relaytest.NewMachine(t)
		a := stage{vendor: relaytest.NewFake(), text: "Hello there.", output: relaytest.FakeFormat, awake: m.Clock}.attempt(t)
		ordered(a)
		a.Audio(relaytest.FakeFrame('a'))
		patience := a.out.req.plan.StallTimeout
		m.Stop(patience + time.Second)
		deadline, err := a.due()
		if left := time.Until(deadline); err != nil || left < patience || left > patience+time.Second {
			t.Errorf("right afterwards: %v left, %v", left, err)
		}
		if now := time.Now(); backupNeeded(a, now, time.Second).Before(now.Add(leastSilence)) {
			t.Error("a backup is due at once")
		}
		a.out.mu.Lock()
		quiet := a.isQuietLocked(time.Now())
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

// due is when the vendor must have sent something.
func (a *attempt) due() (time.Time, error) {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	return a.deadlineLocked(time.Now())
}
