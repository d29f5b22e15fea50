package sound

import (
	"time"

	"voicerelay/audio"
)

// crossfadeLength is how long one voice fades out and the next fades in. Shorter is heard as a click, longer cuts into the
// next word's first sound.
const crossfadeLength = 5 * time.Millisecond

func crossfadeSamples(rate int) int { return int(audio.Samples(crossfadeLength, rate)) }

// maxSampleBytes is the size of the largest sample, that of pcm_f32le.
const maxSampleBytes = 4

// Sample is one sample in its encoding; size 0: none.
type Sample struct {
	bytes [maxSampleBytes]byte
	size  int
}

// IsSet reports whether there is one.
func (s Sample) IsSet() bool { return s.size > 0 }

// lastSample is the last one of audio bytes.
func lastSample(f audio.Format, raw []byte) (s Sample) {
	n := f.BytesPerSample()
	if len(raw) >= n {
		s.size = copy(s.bytes[:n], raw[len(raw)-n:])
	}
	return s
}

// crossfade joins a voice that takes over to the one before it: the old voice's last sample decays to silence, then the new
// audio fades in.
type crossfade struct {
	decay []byte // goes first
	total int    // samples over which to fade in; 0: none
	done  int
}

// open reports whether audio still has to be faded in.
func (s *crossfade) open() bool { return s.done < s.total }

// join fades audio in the output's format, and puts the decay of the former voice before it. It changes raw. The result is
// valid until the next call.
func (s *crossfade) join(f audio.Format, raw []byte) []byte {
	n := min(len(raw)/f.BytesPerSample(), s.total-s.done)
	gain := func(at int) float32 { return float32(at) / float32(s.total) }
	audio.Ramp(f, raw[:n*f.BytesPerSample()], gain(s.done), gain(s.done+n))
	s.done += n
	if len(s.decay) == 0 {
		return raw
	}
	joined := append(s.decay, raw...)
	s.decay = nil
	return joined
}
