package relay

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/limits"
	"voicerelay/routing"
)

// What waits for a client that takes nothing is bounded by buffer and one piece, also where a vendor takes many pieces ahead
// and speaks them together; and each piece follows the last one where there is room.
func TestAudioUnderWayCountsAsWaiting(t *testing.T) {
	for name, tt := range map[string]struct {
		keep, buffer, most time.Duration
	}{
		"one by one":          {0, 30 * time.Second, 30 * time.Second},
		"many together":       {time.Second, 30 * time.Second, 30 * time.Second},
		"with a small buffer": {time.Second, 2 * time.Second, leastAhead},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				f.keepFor = tt.keep
				cfg := quick(func(l *limits.Config) { l.Buffer, l.WriteTimeout = tt.buffer, time.Hour })
				r := newRig(t, cfg, []string{"alpha"}, fakes{"alpha": f})
				c := r.dial("")
				c.until("ready")
				c.send(generate("g1", strings.Repeat(twelveWords+" ", 80), "")) // and nothing is read any more
				time.Sleep(20 * time.Second)
				var waits time.Duration
				synctest.Wait()
				for _, c := range r.srv.current() {
					s := c.(*session)
					s.mu.Lock()
					for _, g := range s.register.running {
						g.out.mu.Lock()
						waits = audio.Duration(g.out.track.Samples-g.out.lane.Taken(), fakeRate)
						g.out.mu.Unlock()
					}
					s.mu.Unlock()
				}
				longest := time.Duration(routing.DefaultPace().MaxPartialLength) * time.Second * samplesPerChar / fakeRate
				if waits < tt.buffer || waits > tt.most+2*longest { // the piece that is spoken, and the next
					t.Errorf("%v of audio wait, want %v to %v", waits, tt.buffer, tt.most+2*longest)
				}
			})
		})
	}
}
