package codec

import (
	"testing"
	"time"

	"voicerelay/audio"
)

// lags is how much longer what a decoder gives may be than what went in: MP3 has no length, and whole frames.
var lags = map[audio.Encoding]time.Duration{audio.MP3: 300 * time.Millisecond, audio.Opus: time.Millisecond}

// Each program that is known makes a stream of the whole sound at every rate and bit rate.
func TestKnownPrograms(t *testing.T) {
	for encoding, candidates := range known {
		for _, command := range candidates {
			t.Run(string(encoding)+" by "+command[0], func(t *testing.T) {
				t.Parallel()
				need(t, command[0])
				set := with(t, 1, command...)
				for _, rate := range audio.Rates {
					f := Format{Format: audio.Format{Encoding: encoding, Rate: rate}}
					if f.Validate() != nil {
						continue
					}
					heard(t, set, f)
				}
			})
		}
	}
}

// heard checks what a decoder hears of a tone that is compressed.
func heard(t *testing.T, set *Set, f Format) {
	t.Helper()
	const hertz, length = 440, 1500 * time.Millisecond
	pcm := tone(hertz, f.Rate, length)
	s, err := set.Open(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	write(t, s, pcm, f.Rate/25)
	got := samples(decode(t, finish(t, s), f.Rate))
	longer := audio.Duration(int64(len(got)-len(pcm)/2), f.Rate)
	if len(got) < len(pcm)/2 || longer > lags[f.Encoding] {
		t.Errorf("%s: %d samples came back, %v more than went in", f.Format, len(got), longer)
		return
	}
	middle := got[len(got)/4 : 3*len(got)/4]
	if s := share(middle, hertz, f.Rate); s < 0.98 {
		t.Errorf("%s: the tone has %.3f of the power", f.Format, s)
	}
}

// The first choice of each encoding gives the beginning while the rest is still to come.
func TestTheFirstChoiceIsQuick(t *testing.T) {
	for encoding, candidates := range known {
		t.Run(string(encoding), func(t *testing.T) {
			need(t, candidates[0][0])
			s := open(t, with(t, 1, candidates[0]...), encoding, 24000)
			write(t, s, tone(440, 24000, 200*time.Millisecond), 960)
			begin := await(t, s, 600)
			if got := decode(t, begin, 24000); len(got) < 2*24000/20 {
				t.Errorf("%d bytes of samples can be heard of 200 ms, want 50 ms at least", len(got))
			}
		})
	}
}

func TestBitRatesAreTaken(t *testing.T) {
	need(t, "ffmpeg")
	set, failed := New(t.Context(), DefaultConfig())
	if len(failed) > 0 {
		t.Fatal(failed)
	}
	closing(t, set)
	for _, f := range []Format{
		{audio.Format{Encoding: audio.MP3, Rate: 22050}, 32},
		{audio.Format{Encoding: audio.MP3, Rate: 44100}, 32},
		{audio.Format{Encoding: audio.MP3, Rate: 44100}, 192},
		{audio.Format{Encoding: audio.Opus, Rate: 48000}, 128},
	} {
		pcm := tone(440, f.Rate, 2*time.Second)
		file, err := set.Compress(t.Context(), f, pcm)
		if err != nil {
			t.Fatal(err)
		}
		kbps := len(file) * 8 / 2 / 1000
		if f.Encoding == audio.MP3 && (kbps < f.Kbps || kbps > f.Kbps*11/10+2) {
			t.Errorf("%s at %d kbit/s has %d kbit/s", f.Format, f.Kbps, kbps)
		}
		heard(t, set, f)
	}
}
