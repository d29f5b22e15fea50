package relay

import (
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

// within are the sounds of a stretch of audio. One on the edge belongs to where most of it is: what is known from word
// times and what is heard differ by some milliseconds.
func within(sounds []audio.Sound, from, to int64) []audio.Sound {
	first, last := 0, len(sounds)
	for first < last && (sounds[first].Start+sounds[first].End)/2 <= from {
		first++
	}
	for last > first && sounds[last-1].Start >= to {
		last--
	}
	return sounds[first:last]
}

// whole are the sounds that are over by the audio's end, which shows by silence behind them.
func whole(sounds []audio.Sound, to int64, rate int) []audio.Sound {
	n := len(sounds)
	if n > 0 && to-sounds[n-1].End < audio.Samples(soundOver, rate) {
		n--
	}
	return sounds[:n]
}

// soundOver is the silence behind a sound that says that it is over.
const soundOver = 8 * time.Millisecond
