package position

import (
	"time"

	"voicerelay/audio"
)

// joining says whether a voice leaves silence after each word.
type joining int

const (
	runOn joining = iota // only at pauses
	apart
	joinings
)

// closedAfter is silence that is none within a word of a voice that runs words together.
const closedAfter = 90 * time.Millisecond

// SoundOver is how much silence shows that a sound is over.
const SoundOver = 8 * time.Millisecond

// markedPause is silence that may well be a punctuation mark's.
const markedPause = 90 * time.Millisecond

// stretch is sound with the silence after it, in milliseconds.
type stretch struct {
	length, silence float64
	over            bool  // the silence shows that the sound has ended
	goesOn          bool  // the audio ends within the silence
	begin, end      int64 // of the sound, in samples
}

// stretches are the sounds up to a place. Those of a voice that runs words together are joined where the silence between
// them is too short for a pause.
func stretches(sounds []audio.Sound, to int64, rate int, j joining) []stretch {
	ms := func(samples int64) float64 {
		return float64(audio.Duration(max(0, samples), rate)) / float64(time.Millisecond)
	}
	closed := float64(SoundOver) / float64(time.Millisecond)
	if j == runOn {
		closed = float64(closedAfter) / float64(time.Millisecond)
	}
	var all []stretch
	begin := int64(-1)
	for i, s := range sounds {
		if s.Start >= to {
			break
		}
		if begin < 0 {
			begin = s.Start
		}
		end, next := min(s.End, to), to
		if i+1 < len(sounds) {
			next = min(sounds[i+1].Start, to)
		}
		silence := ms(next - end)
		if next < to && silence < closed {
			continue // it goes on
		}
		all = append(all, stretch{length: ms(end - begin), silence: silence, over: silence >= closed, goesOn: next == to, begin: begin, end: end})
		begin = -1
	}
	return all
}

// ended is how many are over.
func ended(all []stretch) (n int) {
	for _, s := range all {
		if s.over {
			n++
		}
	}
	return n
}
