package audio_test

import (
	"math"
	"slices"
	"testing"

	"voicerelay/audio"
)

func TestFloatToPCM16(t *testing.T) {
	const step = 1.0 / 32768
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	tests := []struct {
		name string
		in   float32
		want int16
	}{
		{"silence", 0, 0},
		{"half", 0.5, 16384},
		{"minus half", -0.5, -16384},
		{"full scale saturates by one step", 1, 32767},
		{"minus full scale", -1, -32768},
		{"above", 1.5, 32767},
		{"below", -1.5, -32768},
		{"far above", 1e30, 32767},
		{"far below", -1e30, -32768},
		{"infinite", inf, 32767},
		{"minus infinite", -inf, -32768},
		{"not a number", nan, 0},
		{"below half a step", 0.49 * step, 0},
		{"half a step", 0.5 * step, 1},
		{"minus half a step", -0.5 * step, -1},
		{"just below the top", 32766.6 * step, 32767},
		{"just above the bottom", -32767.4 * step, -32767},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := parsePCM16(convert(t, format(audio.PCMF32, 24000), format(audio.PCM16, 24000), pcmF32(tt.in)))
			if len(got) != 1 || got[0] != tt.want {
				t.Errorf("%v gave %v, want %d", tt.in, got, tt.want)
			}
		})
	}
}

func TestEveryPCM16SampleSurvivesFloat(t *testing.T) {
	all := make([]int16, 1<<16)
	for i := range all {
		all[i] = int16(i)
	}
	short, long := format(audio.PCM16, 24000), format(audio.PCMF32, 24000)
	floats := convert(t, short, long, pcm16(all...))
	if got := parsePCM16(convert(t, long, short, floats)); !slices.Equal(got, all) {
		t.Error("a sample changed on its way through float")
	}
	for i, v := range parsePCMF32(floats) {
		if want := float64(int16(i)) / 32768; v != want {
			t.Fatalf("%d is %v, want %v", int16(i), v, want)
		}
	}
}

// One broken sample must not spread over the filter's reach, as NaN would.
func TestBrokenFloatsStayContained(t *testing.T) {
	src := make([]float32, 2000)
	src[1000], src[1001], src[1002] = float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))
	for i, v := range parsePCMF32(convert(t, format(audio.PCMF32, 24000), format(audio.PCMF32, 8000), pcmF32(src...))) {
		if !(v >= -1 && v <= 1) {
			t.Fatalf("sample %d is %v", i, v)
		}
	}
}
