package relay

import (
	"math"
	"slices"
	"time"

	"voicerelay/audio"
	"voicerelay/text"
)

// How an estimate goes about pauses and its own error.
const (
	markedPause = 90 * time.Millisecond // silence that may well be a punctuation mark's
	pauseReach  = 0.35                  // share of the time since the last sure place by which a pause may be off
	pauseSlack  = 150 * time.Millisecond
	errorBound  = 1.5 // standard deviations
	mostBack    = 2.0 // words that an estimate moves back at most, which is what may be repeated
)

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
	sounds := within(a.sounds, a.from, a.to)
	if len(sounds) == 0 {
		return 0
	}
	if h.counts >= countsAfter && !hasDigits(a.beats) {
		return min(len(whole(sounds, a.to, a.rate)), len(a.beats))
	}
	if over := whole(sounds, a.to, a.rate); h.pieces == 0 && wordByWord(a.beats, over, a.rate) {
		return len(over) - 1 // for a voice of which no more is known, one of them is in doubt
	}
	unit := time.Duration(float64(h.unit) / a.speed)
	sure, at := lastMark(a, sounds, unit)
	end := min(a.to, sounds[len(sounds)-1].End) // nothing is said in the silence behind
	rest := float64(audio.Duration(max(0, end-at), a.rate)) / float64(unit)
	said := 0.0 // words behind the last mark
	for _, b := range a.beats[sure:] {
		w := weight(b)
		if rest < w {
			said += max(0, rest) / w // within a pause nothing is said of the word behind it
			break
		}
		said++
		rest -= w + pauseAfter(b)
	}
	back := min(errorBound*h.spread*math.Sqrt(said)+0.5, mostBack)
	return sure + max(0, int(said-back))
}

// Bounds within which sounds may well be words: of the time that a unit of weight takes, and of how far each may be from
// what is usual among them.
const (
	leastUnit   = 15 * time.Millisecond
	mostUnit    = 120 * time.Millisecond
	evenness    = 2.2
	fewestWords = 2
)

// wordByWord reports whether sounds may well be the words, one after the other: each about as long as its word lets
// expect.
func wordByWord(beats []text.Beat, sounds []audio.Sound, rate int) bool {
	if len(sounds) < fewestWords || len(sounds) > len(beats) || hasDigits(beats[:len(sounds)]) {
		return false
	}
	units := make([]float64, len(sounds))
	for i, s := range sounds {
		units[i] = float64(audio.Duration(s.End-s.Start, rate)) / weight(beats[i])
	}
	slices.Sort(units)
	usual, least, most := units[len(units)/2], units[0], units[len(units)-1]
	return usual >= float64(leastUnit) && usual <= float64(mostUnit) && least*evenness >= usual && most <= usual*evenness
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

// lastMark leads pauses in the audio back to punctuation: it returns how many words are behind the last mark whose
// pause was heard, and where that pause ends; or the beginning of the speech where there is none.
func lastMark(a hearing, sounds []audio.Sound, unit time.Duration) (words int, at int64) {
	at = max(a.from, sounds[0].Start)
	for i := 1; i < len(sounds); i++ {
		pause := sounds[i].Start - sounds[i-1].End
		if audio.Duration(pause, a.rate) < markedPause {
			continue
		}
		passed := audio.Duration(sounds[i-1].End-at, a.rate)
		if n := markAfter(a.beats[words:], passed, unit); n > 0 {
			words, at = words+n, sounds[i].Start
		}
	}
	return words, at
}

// markAfter is how many words end with the mark that best fits so much speech, or 0 where none does.
func markAfter(beats []text.Beat, passed, unit time.Duration) int {
	best, least := 0, pauseReach*float64(passed)+float64(pauseSlack)
	units := 0.0
	for i, b := range beats {
		units += weight(b)
		if off := math.Abs(units*float64(unit) - float64(passed)); b.Pause > text.NoPause && off < least {
			best, least = i+1, off
		}
		units += pauseAfter(b)
	}
	return best
}
