package audio

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// speechLike is sound and silence in turn, sound first, each so many milliseconds long.
func speechLike(f Format, level float64, lengths ...int) []byte {
	var values []float32
	for i, ms := range lengths {
		for range Samples(time.Duration(ms)*time.Millisecond, f.Rate) {
			v := 0.0
			if i%2 == 0 {
				v = level * math.Sin(2*math.Pi*300*float64(len(values))/float64(f.Rate))
			}
			values = append(values, float32(v))
		}
	}
	return codecs[f.Samples().Encoding].encode(nil, values)
}

func TestEarTellsSoundFromSilence(t *testing.T) {
	for _, f := range []Format{{PCM16, 24000}, {PCMF32, 48000}, {WAV, 22050}, {MuLaw, 8000}, {ALaw, 8000}} {
		ear := NewSilenceDetector(f)
		ear.Hear(speechLike(f, 0.3, 200, 40, 120, 6, 100, 150, 80))
		want := [][2]int{{0, 200}, {240, 466}, {616, 696}} // 6 ms are within a sound
		got := ear.Sounds()
		if len(got) != len(want) {
			t.Errorf("%s: heard %v, want %v in ms", f, got, want)
			continue
		}
		for i, w := range want {
			start, end := Milliseconds(got[i].Start, f.Rate), Milliseconds(got[i].End, f.Rate)
			if math.Abs(float64(start)-float64(w[0])) > 5 || math.Abs(float64(end)-float64(w[1])) > 5 {
				t.Errorf("%s: sound %d is %d to %d ms, want %v", f, i, start, end, w)
			}
		}
		if !ear.open {
			t.Errorf("%s: the last sound goes on, and is taken as over", f)
		}
	}
}

func TestEarIgnoresClicks(t *testing.T) {
	f := Format{PCM16, 24000}
	ear := NewSilenceDetector(f)
	ear.Hear(speechLike(f, 0.3, 8, 100, 200, 100))
	if got := ear.Sounds(); len(got) != 1 {
		t.Errorf("heard %v, want the longer one only", got)
	}
}

// How samples are cut into calls makes no difference.
func TestEarHearsTheSameHoweverCut(t *testing.T) {
	f := Format{PCM16, 16000}
	all := speechLike(f, 0.2, 90, 30, 200, 60, 40, 200, 90)
	whole := NewSilenceDetector(f)
	whole.Hear(all)
	rapid.Check(t, func(t *rapid.T) {
		ear := NewSilenceDetector(f)
		for rest := all; len(rest) > 0; {
			n := min(2*rapid.IntRange(1, 3000).Draw(t, "samples"), len(rest))
			ear.Hear(rest[:n])
			rest = rest[n:]
		}
		if got, want := ear.Sounds(), whole.Sounds(); len(got) != len(want) || got[len(got)-1] != want[len(want)-1] {
			t.Fatalf("heard %v, want %v", got, want)
		}
	})
}

func TestEarForgetsWhatIsOver(t *testing.T) {
	f := Format{PCM16, 8000}
	ear := NewSilenceDetector(f)
	ear.Hear(speechLike(f, 0.3, 100, 50, 100, 50, 100))
	ear.Forget(Samples(260*time.Millisecond, f.Rate))
	if got := ear.Sounds(); len(got) != 1 || Milliseconds(got[0].Start, f.Rate) < 290 {
		t.Errorf("remembered %v, want the last sound", got)
	}
	ear.Forget(ear.at)
	if got := ear.Sounds(); len(got) != 1 {
		t.Errorf("the sound that goes on was forgotten: %v", got)
	}
}
