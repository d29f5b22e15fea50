package audio_test

import (
	"testing"

	"voicerelay/audio"
)

// listening is a detector, and 200 ms of noise, in which nothing begins or ends.
func listening() (*audio.SilenceDetector, []byte) {
	f := format(audio.PCM16, 24000)
	return audio.NewSilenceDetector(f), noise(f, 9600, 1)
}

// The detector keeps sounds, and nothing of the samples.
func TestHearingAllocatesNothing(t *testing.T) {
	ear, frame := listening()
	ear.Hear(frame) // the sound begins
	if got := testing.AllocsPerRun(100, func() { ear.Hear(frame) }); got != 0 {
		t.Errorf("got %v allocations a frame, want 0", got)
	}
}

func BenchmarkEar(b *testing.B) {
	ear, frame := listening()
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		ear.Hear(frame)
	}
}
