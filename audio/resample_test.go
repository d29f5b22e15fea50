package audio_test

import (
	"fmt"
	"math"
	"testing"

	"voicerelay/audio"
)

func TestToneSurvivesDownAndUp(t *testing.T) {
	const level, hertz, wantDB = 0.9, 1000, 90
	wide, narrow := format(audio.PCM16, 24000), format(audio.PCM16, 8000)
	src := convert(t, format(audio.PCMF32, 24000), wide, tone(hertz, level, 24000, 24000))
	back := convert(t, narrow, wide, convert(t, wide, narrow, src))
	got := parsePCMF32(convert(t, wide, format(audio.PCMF32, 24000), back))
	if snr := signalToNoise(got, hertz, level, 24000); snr < wantDB {
		t.Errorf("SNR of 1 kHz through 24000, 8000, 24000 at 16 bits: %.1f dB, want %d", snr, wantDB)
	}
}

// A tone at 0.8 of the lower Nyquist frequency must come out with its level and its phase: the delay is compensated.
func TestToneKeepsLevelAndTime(t *testing.T) {
	const level, wantDB = 0.5, 90
	for _, from := range rates {
		for _, to := range audio.Rates {
			t.Run(fmt.Sprint(from, " to ", to), func(t *testing.T) {
				hertz := 0.8 * float64(min(from, to)) / 2
				got := parsePCMF32(convert(t, format(audio.PCMF32, from), format(audio.PCMF32, to), tone(hertz, level, from, from)))
				if snr := signalToNoise(got, hertz, level, to); snr < wantDB {
					t.Errorf("SNR of %.0f Hz: %.1f dB, want %d", hertz, snr, wantDB)
				}
			})
		}
	}
}

func TestNothingFoldsBack(t *testing.T) {
	tests := []struct {
		name     string
		from, to int
		hertz    float64
		downDB   float64
	}{
		{"6 kHz to the telephone", 24000, 8000, 6000, 95},
		{"just above the telephone's Nyquist", 24000, 8000, 4300, 90},
		{"48000 to 8000", 48000, 8000, 5000, 95},
		{"48000 to 24000", 48000, 24000, 13800, 95},
		{"44100 to 24000", 44100, 24000, 13800, 95},
		{"22050 to 16000", 22050, 16000, 9200, 95},
		{"44100 to 22050", 44100, 22050, 12700, 95},
		{"32000 to 22050", 32000, 22050, 12700, 95},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := tone(tt.hertz, 0.9, tt.from, tt.from)
			got := parsePCMF32(convert(t, format(audio.PCMF32, tt.from), format(audio.PCMF32, tt.to), src))
			down := decibels(power(parsePCMF32(src)) / power(middle(got, tt.to)))
			if down < tt.downDB {
				t.Errorf("%.0f Hz is %.1f dB down, want %.0f", tt.hertz, down, tt.downDB)
			}
		})
	}
}

// Going up, the images of the signal about the old rate must not be heard either.
func TestNoImagesGoingUp(t *testing.T) {
	const level, hertz = 0.9, 3000
	for _, to := range []int{16000, 22050, 24000, 32000, 44100, 48000} {
		got := parsePCMF32(convert(t, format(audio.PCMF32, 8000), format(audio.PCMF32, to), tone(hertz, level, 8000, 8000)))
		if snr := signalToNoise(got, hertz, level, to); snr < 90 {
			t.Errorf("8000 to %d: SNR %.1f dB, want 90", to, snr)
		}
	}
}

// Steady levels must stay steady: no ripple from row to row of the filter.
func TestSteadyLevelStays(t *testing.T) {
	const level = 0.5
	for _, from := range rates {
		for _, to := range audio.Rates {
			src := make([]float32, from/4)
			for i := range src {
				src[i] = level
			}
			got := parsePCMF32(convert(t, format(audio.PCMF32, from), format(audio.PCMF32, to), pcmF32(src...)))
			for i, v := range middle(got, to) {
				if math.Abs(v-level) > 1e-6 {
					t.Fatalf("%d to %d: sample %d is %v, want %v", from, to, i, v, level)
				}
			}
		}
	}
}

// The duration holds to the sample, from none to more than a filter's reach and a block.
func TestDurationHolds(t *testing.T) {
	for _, from := range rates {
		for _, to := range audio.Rates {
			for _, n := range []int{0, 1, 2, 7, 100, 511, 512, 513, 5000} {
				src := make([]byte, 2*n)
				got := len(convert(t, format(audio.PCM16, from), format(audio.PCM16, to), src)) / 2
				if want := (n*to + from - 1) / from; got != want {
					t.Errorf("%d samples from %d to %d: %d, want %d", n, from, to, got, want)
				}
			}
		}
	}
}

// An impulse stays where it is in time, also at the stream's very beginning and end.
func TestImpulseKeepsItsPlace(t *testing.T) {
	const n = 480
	for _, at := range []int{0, 1, 240, n - 1} {
		src := make([]float32, n)
		src[at] = 1
		got := parsePCMF32(convert(t, format(audio.PCMF32, 8000), format(audio.PCMF32, 24000), pcmF32(src...)))
		peak := 0
		for i, v := range got {
			if v > got[peak] {
				peak = i
			}
		}
		if peak != 3*at {
			t.Errorf("impulse at input %d: peak at output %d, want %d", at, peak, 3*at)
		}
	}
}

// A square wave at full scale overshoots a steep filter, and must stay at the limit there.
func TestOvershootSaturates(t *testing.T) {
	src := make([]int16, 4000)
	for i := range src {
		src[i] = math.MaxInt16
		if i/40%2 == 1 {
			src[i] = math.MinInt16
		}
	}
	from := format(audio.PCM16, 24000)
	short := parsePCM16(convert(t, from, format(audio.PCM16, 22050), pcm16(src...)))
	long := parsePCMF32(convert(t, from, format(audio.PCMF32, 22050), pcm16(src...)))
	atTop, atBottom := 0, 0
	for i, v := range long {
		if v < -1 || v > 1 {
			t.Fatalf("float sample %d is %v, outside of -1..1", i, v)
		}
		if off := math.Abs(float64(short[i]) - 32768*v); off > 1 {
			t.Fatalf("sample %d is %d, and %.0f as a float", i, short[i], 32768*v)
		}
		switch v {
		case 1:
			atTop++
		case -1:
			atBottom++
		}
	}
	if atTop == 0 || atBottom == 0 {
		t.Errorf("samples at the limits: %d and %d, so nothing has overshot", atTop, atBottom)
	}
}
