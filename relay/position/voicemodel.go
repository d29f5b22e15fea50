package position

import (
	"math"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"voicerelay/audio"
	"voicerelay/text"
)

// A token's length when spoken is about proportional to its weight: its letters and a little for the word itself. A
// digit is spoken as a word, and punctuation as a pause.
const (
	wordWeight  = 2
	digitWeight = 4
	pauseWeight = 4 // after a comma and the like; a sentence's end is twice that
)

// UsualUnit is the time a unit of weight takes before anything is known of a voice: some 14 characters a second.
const UsualUnit = 60 * time.Millisecond

// usualSpread is by how much of its length a word's time differs from what its weight says, before it is known.
const usualSpread = 0.3

// Bounds of what is remembered.
const (
	maxVoiceModels = 4096 // voices; raw ones have no other bound
	modelMemory    = 8    // pieces that count; older ones fade
	CountsAfter    = 24   // words in a row that were each a sound, in whole pieces, before sounds are taken for words
	shortestTold   = 3    // words that a piece must have to tell anything
)

// A lesson is of no use where a unit would take so much less or more than usual: there was hardly any sound, or none of it
// was speech. The fastest voices that are understood take a fifth of what is usual.
const (
	oddUnit   = 4
	leastUnit = UsualUnit / 8
)

// VoiceKey is a voice at a target.
type VoiceKey struct {
	Provider, Model, Voice string
}

// VoiceModel is how a voice speaks, learned from pieces that were spoken whole.
type VoiceModel struct {
	Unit   time.Duration // that a unit of weight takes at speed 1
	Spread float64       // of a word's length, as a share of it
	Pieces int           // learned from, at most modelMemory
	Timing Timing        // of its word times
	Counts int           // words of the last pieces in which each was a sound of its own
	Pace   Pace          // for estimates
}

// VoiceModels are all voices'. Safe for concurrent use.
type VoiceModels struct {
	mu     sync.Mutex
	models map[VoiceKey]VoiceModel
	paces  allPaces
}

// NewVoiceModels knows no voice yet.
func NewVoiceModels() *VoiceModels {
	return &VoiceModels{models: make(map[VoiceKey]VoiceModel), paces: newAllPaces()}
}

// Of is a voice's habit, or what is usual.
func (h *VoiceModels) Of(k VoiceKey) VoiceModel {
	h.mu.Lock()
	defer h.mu.Unlock()
	known := h.models[k]
	if known.Pieces == 0 {
		known.Unit, known.Spread, known.Pace = UsualUnit, usualSpread, h.paces.unheard()
	}
	return known
}

// Timing is when a voice tells its word times.
type Timing int

// The timings.
const (
	untold Timing = iota // it has not spoken yet
	Prompt               // as it speaks
	Late                 // after its audio, or not at all: at a fault they would be missing
)

// NoteTiming remembers when a voice told word times. Once it was late it can't be relied on.
func (h *VoiceModels) NoteTiming(k VoiceKey, t Timing) {
	h.mu.Lock()
	defer h.mu.Unlock()
	known := h.models[k]
	known.Timing = max(known.Timing, t)
	h.keepLocked(k, known)
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

// Learn takes a lesson, unless it can't tell anything.
func (h *VoiceModels) Learn(k VoiceKey, l Observation) {
	if len(l.Beats) < shortestTold || len(l.Sounds) == 0 {
		return
	}
	unit := l.unit()
	if unit < leastUnit || unit > UsualUnit*oddUnit {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	known := h.models[k]
	if known.Pieces == 0 {
		known.Pace = h.paces.unheard()
	}
	known.Pace.learn(l)
	if known.Pieces == 0 {
		h.paces.add(known.Pace)
	}
	known.take(unit, len(l.Beats))
	switch {
	case HasDigits(l.Beats): // spoken in other words than written, so it says nothing about counting
	case len(l.Sounds) == len(l.Beats):
		known.Counts = min(known.Counts+len(l.Beats), 4*CountsAfter)
	default:
		known.Counts = 0
	}
	h.keepLocked(k, known)
}

// Doubt takes a voice's counting less surely: by it a piece was broken off, which may be so, or its words ran together.
func (h *VoiceModels) Doubt(k VoiceKey) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if known, ok := h.models[k]; ok {
		known.Counts /= 2
		h.models[k] = known
	}
}

// keepLocked remembers a habit. Where there is no room, any other makes it: none is better than another.
func (h *VoiceModels) keepLocked(k VoiceKey, known VoiceModel) {
	if _, ok := h.models[k]; !ok && len(h.models) >= maxVoiceModels {
		for other := range h.models {
			delete(h.models, other)
			break
		}
	}
	h.models[k] = known
}

// take moves the habit towards what a piece of so many words shows.
func (h *VoiceModel) take(unit time.Duration, words int) {
	if h.Pieces == 0 {
		h.Unit, h.Spread, h.Pieces = unit, usualSpread, 1
		return
	}
	off := math.Abs(float64(unit-h.Unit)) / float64(h.Unit) * math.Sqrt(float64(words))
	h.Pieces = min(h.Pieces+1, modelMemory)
	share := 1 / float64(h.Pieces)
	h.Unit += time.Duration(share * float64(unit-h.Unit))
	h.Spread += share * (off - h.Spread)
}

// Weight is how long a word takes, in units of a letter.
func Weight(b text.Beat) float64 {
	units := float64(wordWeight)
	for _, r := range b.Text {
		switch {
		case unicode.IsDigit(r):
			units += digitWeight
		case !unicode.IsMark(r):
			units++
		}
	}
	return units
}

// pauseAfter is how long the pause after a word takes, in units of a letter.
func pauseAfter(b text.Beat) float64 { return pauseWeight * float64(b.Pause) }

// HeardUnits is how long words take, without the pause after the last, which can't be told from silence.
func HeardUnits(beats []text.Beat) float64 {
	if len(beats) == 0 {
		return 0
	}
	return Units(beats) - pauseAfter(beats[len(beats)-1])
}

// HasDigits reports whether a digit is among words: a number is spoken as more words than it is written.
func HasDigits(beats []text.Beat) bool {
	return slices.ContainsFunc(beats, func(b text.Beat) bool { return strings.ContainsFunc(b.Text, unicode.IsDigit) })
}

// Units is how long words and their pauses take, in units of a letter.
func Units(beats []text.Beat) float64 {
	units := 0.0
	for _, b := range beats {
		units += Weight(b) + pauseAfter(b)
	}
	return units
}
