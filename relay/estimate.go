package relay

import (
	"slices"
	"time"

	"voicerelay/audio"
	"voicerelay/text"
)

// markedPause is silence that may well be a punctuation mark's.
const markedPause = 90 * time.Millisecond

// hearing is audio from a sure place in the text on, and what may have been said in it.
type hearing struct {
	beats    []text.Beat   // words from that place on
	sounds   []audio.Sound // in the audio
	from, to int64         // where the audio begins and ends
	rate     int           // samples a second
	speed    float64       // asked of the vendor
}

// heard is how many of the words were said whole, as far as a voice with that habit lets it be known. It errs
// towards fewer.
func (h habit) heard(a hearing) int {
	a, before := h.pace.narrow(a)
	words, _ := surely(h.pace.said(a, a.to))
	return before + words
}

// edge is how far into a stretch of audio a sound of the one before it may reach: what is known from word times and what
// is heard differ by some milliseconds.
const edge = 30 * time.Millisecond

// within are the sounds of a stretch of audio, of one that goes over its beginning the part behind that.
func within(sounds []audio.Sound, from, to int64, rate int) []audio.Sound {
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

// soundOver is the silence behind a sound that says that it is over.
const soundOver = 8 * time.Millisecond
