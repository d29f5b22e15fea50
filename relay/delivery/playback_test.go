package delivery

import (
	"testing"
	"time"
)

func TestPlayback(t *testing.T) {
	start := time.Now()
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	var p playback
	for _, step := range []struct{ now, samples, dry int }{
		{0, 500, 500},      // half a second from the first audio on
		{100, 1000, 1500},  // faster than it is played
		{1500, 100, 1600},  // just in time
		{3000, 100, 3100},  // the client has waited: its clock stood still
		{3000, 0, 3100},    // nothing
		{3050, 950, 4050},  // goes on after it
		{10000, 10, 10010}, // after a long pause
	} {
		if p.add(int64(step.samples), 1000, at(step.now)); !p.dry.Equal(at(step.dry)) {
			t.Errorf("%d ms more at %d: dry at %v, want %d", step.samples, step.now, p.dry.Sub(start), step.dry)
		}
	}
}
