package audio_test

import (
	"encoding/binary"
	"math"
	"testing"

	"voicerelay/audio"
)

// rates are all that a source may have.
var rates = []int{8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000}

func format(encoding audio.Encoding, rate int) audio.Format {
	return audio.Format{Encoding: encoding, Rate: rate}
}

func pcm16(samples ...int16) []byte {
	var out []byte
	for _, v := range samples {
		out = binary.LittleEndian.AppendUint16(out, uint16(v))
	}
	return out
}

func pcmF32(samples ...float32) []byte {
	var out []byte
	for _, v := range samples {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return out
}

func parsePCM16(b []byte) []int16 {
	out := make([]int16, len(b)/2)
	for i := range out {
		out[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return out
}

func parsePCMF32(b []byte) []float64 {
	out := make([]float64, len(b)/4)
	for i := range out {
		out[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])))
	}
	return out
}

// tone is so many samples of a sine that is 0 at time 0, as float bytes: what quantizing adds would hide the filter.
func tone(hertz, level float64, rate, samples int) []byte {
	out := make([]float32, samples)
	for i := range out {
		out[i] = float32(level * math.Sin(2*math.Pi*hertz*float64(i)/float64(rate)))
	}
	return pcmF32(out...)
}

// convert converts all of src at once.
func convert(t testing.TB, from, to audio.Format, src []byte) []byte {
	t.Helper()
	c, err := audio.NewConverter(from, to)
	if err != nil {
		t.Fatalf("NewConverter(%s, %s): %v", from, to, err)
	}
	return c.Flush(c.Convert(nil, src))
}

// middle leaves out 20 ms at both ends, where the filter meets silence.
func middle(samples []float64, rate int) []float64 {
	edge := rate / 50
	return samples[edge : len(samples)-edge]
}

func decibels(powerRatio float64) float64 { return 10 * math.Log10(powerRatio) }

func power(samples []float64) float64 {
	sum := 0.0
	for _, v := range samples {
		sum += v * v
	}
	return sum / float64(len(samples))
}

// signalToNoise compares got with the ideal tone, level and phase included, in decibels.
func signalToNoise(got []float64, hertz, level float64, rate int) float64 {
	ideal := make([]float64, len(got))
	noise := make([]float64, len(got))
	for i := range got {
		ideal[i] = level * math.Sin(2*math.Pi*hertz*float64(i)/float64(rate))
		noise[i] = got[i] - ideal[i]
	}
	return decibels(power(middle(ideal, rate)) / power(middle(noise, rate)))
}
