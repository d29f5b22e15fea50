package position

import (
	"math"
	"sync"
	"time"
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

// Heard is how many of the words were said whole, as far as a voice with that habit lets it be known. It errs
// towards fewer.
func (h VoiceModel) Heard(a Hearing) int {
	a, before := h.Pace.Narrow(a)
	words, _ := Surely(h.Pace.Said(a, a.To))
	return before + words
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
