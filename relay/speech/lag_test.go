package speech

import (
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/relay/relaytest"
	"voicerelay/upstream"
)

// lagging hears a speech that sends a frame of 50 ms each pace, and returns when it is over and why; zero: it is not, within
// a minute.
func lagging(pace time.Duration, samples int) (after time.Duration, why error) {
	s := begun(relaytest.NewFake().Caps, relaytest.TwelveWords)
	order(s)
	began := time.Now()
	for time.Since(began) < time.Minute {
		if err := hear(s, samples); err != nil {
			return time.Since(began), err
		}
		for next := time.Now().Add(pace); time.Now().Before(next); time.Sleep(min(100*time.Millisecond, time.Until(next))) {
			if _, _, err := s.Deadline(time.Now()); err != nil {
				return time.Since(began), err
			}
		}
	}
	return 0, nil
}

// A vendor that sends a sample now and then does not speak, and one that speaks slowly is left alone. One that would go on for
// ever ends by how much it says.
func TestAVendorMustKeepUp(t *testing.T) {
	for name, tt := range map[string]struct {
		pace    time.Duration
		samples int
		kind    upstream.Kind
		least   time.Duration
		most    time.Duration
	}{
		"a sample every 1.5 s":      {1500 * time.Millisecond, 1, upstream.Stalled, paceWindow, paceWindow + 2*time.Second},
		"a twentieth of real time":  {time.Second, relaytest.SamplesPerChar, upstream.Stalled, paceWindow, paceWindow + 2*time.Second},
		"a sixth of real time":      {300 * time.Millisecond, relaytest.SamplesPerChar, "", 0, 0},
		"half of real time":         {100 * time.Millisecond, relaytest.SamplesPerChar, upstream.Garbled, 40 * time.Second, time.Minute},
		"real time, and never ends": {50 * time.Millisecond, relaytest.SamplesPerChar, upstream.Garbled, 20 * time.Second, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				after, err := lagging(tt.pace, tt.samples)
				if err == nil && tt.kind != "" || err != nil && upstream.KindOf(err) != tt.kind || after < tt.least || after > tt.most {
					t.Errorf("over after %v: %v", after, err)
				}
			})
		})
	}
}

// Time in which nothing is owed is no lag.
func TestAPauseOfTheTextIsNoLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := begun(relaytest.NewFake().Caps, relaytest.TwelveWords)
		order(s)
		frame := func() {
			t.Helper()
			if err := hear(s, relaytest.SamplesPerChar); err != nil {
				t.Fatal(err)
			}
		}
		look := func() {
			t.Helper()
			time.Sleep(time.Second)
			if _, _, err := s.Deadline(time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		frame()
		s.Withheld(len(s.orders.pieces))
		for range 60 {
			look()
		}
		s.Withheld(0)
		for range 3 { // the first seconds of what is owed
			frame()
			look()
		}
	})
}
