package rig

import (
	"testing"
	"time"
)

// Half a second of audio comes at each of some times, in milliseconds.
func TestGapsAreMeasured(t *testing.T) {
	const rate = 1000 // a sample a millisecond
	for name, tt := range map[string]struct {
		at            []int
		wait, silence time.Duration
	}{
		"nothing":         {nil, 0, 0},
		"at once":         {[]int{900}, 0, 0},
		"ahead":           {[]int{900, 1000, 1300}, 300 * time.Millisecond, 0},
		"just in time":    {[]int{900, 1400}, 500 * time.Millisecond, 0},
		"late":            {[]int{900, 1500}, 600 * time.Millisecond, 100 * time.Millisecond},
		"late once":       {[]int{900, 1500, 1600, 2200}, 600 * time.Millisecond, 100 * time.Millisecond},
		"the later later": {[]int{900, 1500, 2200}, 700 * time.Millisecond, 200 * time.Millisecond},
	} {
		told := &Told{Lines: []Line{{At: 0.1, ID: "t2", Audio: make([]byte, rate)}, {At: 0.2, ID: "t1", Ended: true}}}
		for _, at := range tt.at {
			told.Lines = append(told.Lines, Line{At: float64(at) / 1000, ID: "t1", Audio: make([]byte, rate)})
		}
		wait, silence := told.gaps("t1", rate)
		if wait.Round(time.Millisecond) != tt.wait || silence.Round(time.Millisecond) != tt.silence {
			t.Errorf("%s: got %v and %v, want %v and %v", name, wait, silence, tt.wait, tt.silence)
		}
	}
}
