package relay

import (
	"testing"
	"time"
	"unsafe"
)

// set is a moment as time.Now gives it after the clock was set by whole seconds: its wall clock differs, its monotonic one
// goes on. The layout is that of package time: 33 bits of seconds above 30 of nanoseconds.
func set(t time.Time, by time.Duration) time.Time {
	wall := (*uint64)(unsafe.Pointer(&t))
	*wall += uint64(int64(by/time.Second)) << 30
	return t
}

// The clock is set by two days in mid-speech: how long all took stays as it was, and nothing ends before it began.
func TestASetClockEndsNothingBeforeItBegan(t *testing.T) {
	g := &task{began: time.Now()}
	started, ended := g.began.Add(time.Second), g.began.Add(3*time.Second)
	if moved := set(ended, -48*time.Hour); moved.Unix() != ended.Unix()-48*3600 || moved.Sub(g.began) != 3*time.Second {
		t.Skipf("package time keeps its clocks otherwise: %v, %v", moved, ended)
	}
	for _, by := range []time.Duration{-48 * time.Hour, 48 * time.Hour} {
		if got := g.sinceAdmission(set(started, by)); got.UnixNano() != started.UnixNano() { // by the wall clock, as it is kept
			t.Errorf("started at %v, want %v", got, started)
		}
		if got := g.sinceAdmission(set(ended, by)); got.UnixNano() != ended.UnixNano() {
			t.Errorf("ended at %v, want %v", got, ended)
		}
	}
	if !g.sinceAdmission(time.Time{}).IsZero() {
		t.Error("what has not ended has an end")
	}
}
