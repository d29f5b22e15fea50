package position

import (
	"slices"
	"time"

	"voicerelay/audio"
	"voicerelay/text"
)

// Hearing is audio from a sure place in the text on, and what may have been said in it.
type Hearing struct {
	Beats    []text.Beat   // words from that place on
	Sounds   []audio.Sound // in the audio
	From, To int64         // where the audio begins and ends
	Rate     int           // samples a second
	Speed    float64       // asked of the vendor
}

// Observation is words that were spoken whole.
type Observation struct {
	Beats  []text.Beat
	Sounds []audio.Sound
	Rate   int     // samples a second
	Speed  float64 // asked of the vendor
}

// unit is the time of a unit of weight at speed 1.
func (l Observation) unit() time.Duration {
	length := audio.Duration(l.Sounds[len(l.Sounds)-1].End-l.Sounds[0].Start, l.Rate)
	return time.Duration(float64(length) * l.Speed / HeardUnits(l.Beats))
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
