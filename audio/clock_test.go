package audio_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"voicerelay/audio"
)

func TestClockRoundsDown(t *testing.T) {
	if got := audio.Milliseconds(23999, 24000); got != 999 {
		t.Errorf("23999 samples at 24000 Hz: %d ms, want 999", got)
	}
	if got := audio.Milliseconds(441, 44100); got != 10 {
		t.Errorf("441 samples at 44100 Hz: %d ms, want 10", got)
	}
	if got := audio.Samples(999_999*time.Nanosecond, 8000); got != 7 {
		t.Errorf("just under 1 ms at 8000 Hz: %d samples, want 7", got)
	}
	if got := audio.Samples(0, 8000); got != 0 {
		t.Errorf("no time: %d samples", got)
	}
}

// A year of audio passes where a naive product would have overflowed.
func TestClockDoesNotOverflow(t *testing.T) {
	const year = 365 * 24 * time.Hour
	const want = int64(year/time.Second) * 48000
	if got := audio.Samples(year, 48000); got != want {
		t.Errorf("samples of a year: %d, want %d", got, want)
	}
	if got := audio.Duration(want, 48000); got != year {
		t.Errorf("duration of a year's samples: %v, want %v", got, year)
	}
	if got := audio.Milliseconds(want, 48000); got != year.Milliseconds() {
		t.Errorf("milliseconds of a year's samples: %d, want %d", got, year.Milliseconds())
	}
}

func TestClockProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.SampledFrom(rates).Draw(t, "rate")
		n := rapid.Int64Range(0, 1<<40).Draw(t, "samples")
		if ms := audio.Milliseconds(n, rate); ms*int64(rate) > n*1000 || (ms+1)*int64(rate) <= n*1000 {
			t.Fatalf("%d samples at %d Hz are not %d ms", n, rate, ms)
		}
		// Nanoseconds are finer than samples, so going there and back loses one sample at most.
		if back := audio.Samples(audio.Duration(n, rate), rate); back != n && back != n-1 {
			t.Fatalf("%d samples at %d Hz came back as %d", n, rate, back)
		}
	})
}
