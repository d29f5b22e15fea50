package audio

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// A ramp scales each sample by its place, in every encoding that linear samples can have.
func TestRampScalesByPlace(t *testing.T) {
	f := Format{Encoding: PCM16, Rate: 24000}
	samples := encodePCM16(nil, []float32{0.5, 0.5, 0.5, 0.5})
	Ramp(f, samples, 0, 1)
	got := make([]float32, 4)
	decodePCM16(got, samples)
	for i, want := range []float32{0, 0.125, 0.25, 0.375} {
		if math.Abs(float64(got[i]-want)) > 1e-4 {
			t.Errorf("sample %d: got %v, want %v", i, got[i], want)
		}
	}
}

// A decay begins at the last sample, ends next to silence, and never grows, in every encoding.
func TestDecayFallsToSilence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		encoding := rapid.SampledFrom(Encodings).Draw(t, "encoding")
		f := Format{Encoding: encoding, Rate: 8000}
		codec := codecs[f.Samples().Encoding]
		last := codec.encode(nil, []float32{rapid.Float32Range(-1, 1).Draw(t, "last")})
		n := rapid.IntRange(1, 5000).Draw(t, "samples")
		out := AppendDecay([]byte("before"), f, last, n)[len("before"):]
		values := make([]float32, n)
		codec.decode(values, out)
		first := make([]float32, 1)
		codec.decode(first, last)
		if values[0] != first[0] {
			t.Fatalf("begins at %v, want %v", values[0], first[0])
		}
		for i := 1; i < n; i++ {
			if math.Abs(float64(values[i])) > math.Abs(float64(values[i-1]))+1e-6 {
				t.Fatalf("grows at sample %d: %v after %v", i, values[i], values[i-1])
			}
		}
	})
}
