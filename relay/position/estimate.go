package position

import (
	"slices"
	"time"

	"voicerelay/audio"
	"voicerelay/text"
)

// markedPause is silence that may well be a punctuation mark's.
const markedPause = 90 * time.Millisecond

// Hearing is audio from a sure place in the text on, and what may have been said in it.
type Hearing struct {
	Beats    []text.Beat   // words from that place on
	Sounds   []audio.Sound // in the audio
	From, To int64         // where the audio begins and ends
	Rate     int           // samples a second
	Speed    float64       // asked of the vendor
}

// Heard is how many of the words were said whole, as far as a voice with that habit lets it be known. It errs
// towards fewer.
func (h VoiceModel) Heard(a Hearing) int {
	a, before := h.Pace.Narrow(a)
	words, _ := Surely(h.Pace.Said(a, a.To))
	return before + words
}

// edge is how far into a stretch of audio a sound of the one before it may reach: what is known from word times and what
// is heard differ by some milliseconds.
const edge = 30 * time.Millisecond

// Within are the sounds of a stretch of audio. Of a sound that began before it only the rest counts.
func Within(sounds []audio.Sound, from, to int64, rate int) []audio.Sound {
	first, last := 0, len(sounds)
	for first < last && sounds[first].End <= from+audio.Samples(edge, rate) {
		first++
	}
	for last > first && sounds[last-1].Start >= to {
		last--
	}
	if first == last || sounds[first].Start >= from {
		return sounds[first:last]
	}
	clipped := slices.Clone(sounds[first:last])
	clipped[0].Start = from
	return clipped
}

// SoundOver is how much silence shows that a sound is over.
const SoundOver = 8 * time.Millisecond
