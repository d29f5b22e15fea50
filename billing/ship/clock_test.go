package ship

import (
	"testing"
	"time"
)

// A machine whose clock is two days ahead is told at once, and every ten minutes; one in step is not.
func TestClocksAreCompared(t *testing.T) {
	const ahead = 48 * time.Hour
	inBubble(t, func(b *bubble) {
		b.after(time.Second)
		if got := b.s.ClockOffset(); got.Abs() > time.Second || b.logged("clock") > 0 {
			t.Errorf("in step: ahead by %v, logged %d times", got, b.logged("clock"))
		}
		for minute := range 11 {
			b.mini.SetTime(time.Now().Add(-ahead))
			b.after(time.Minute)
			if got := b.s.ClockOffset(); (got - ahead).Abs() > time.Minute+time.Second {
				t.Fatalf("in minute %d: ahead by %v, want %v", minute, got, ahead)
			}
			if got, want := b.logged("are apart"), 1+minute/10; got != want {
				t.Fatalf("in minute %d it was logged %d times, want %d", minute, got, want)
			}
		}
	})
}
