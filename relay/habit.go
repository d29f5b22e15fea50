package relay

import (
	"math"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"voicerelay/audio"
	"voicerelay/routing"
	"voicerelay/text"
)

// A token's length when spoken is about proportional to its weight: its letters and a little for the word itself. A
// digit is spoken as a word, and punctuation as a pause.
const (
	wordWeight  = 2
	digitWeight = 4
	pauseWeight = 4 // behind a comma and the like; a sentence's end is twice that
)

// usualUnit is the time a unit of weight takes before anything is known of a voice: some 14 characters a second.
const usualUnit = 60 * time.Millisecond

// usualSpread is by how much of its length a word's time differs from what its weight says, before it is known.
const usualSpread = 0.3

// Bounds of what is remembered.
const (
	maxHabits    = 4096 // voices; raw ones have no other bound
	habitMemory  = 8    // pieces that count; older ones fade
	countsAfter  = 24   // words in a row that were each a sound, in whole pieces, before sounds are taken for words
	shortestTold = 3    // words that a piece must have to tell anything
)

// A lesson is of no use where a unit would take so much less or more than usual: there was hardly any sound, or none of it
// was speech. The fastest voices that are understood take a fifth of what is usual.
const (
	oddUnit   = 4
	leastUnit = usualUnit / 8
)

// voiceKey is a voice at a target.
type voiceKey struct {
	routing.Target
	voice string
}

// habit is how a voice speaks, learned from pieces that were spoken whole.
type habit struct {
	unit   time.Duration // that a unit of weight takes at speed 1
	spread float64       // of a word's length, as a share of it
	pieces int           // learned from, at most habitMemory
	timing timing        // of its word times
	counts int           // words of the last pieces in which each was a sound of its own
	pace   voicePace     // for estimates
}

// habits are all voices'. Safe for concurrent use.
type habits struct {
	mu    sync.Mutex
	all   map[voiceKey]habit
	paces allPaces
}

func newHabits() *habits { return &habits{all: make(map[voiceKey]habit), paces: newAllPaces()} }

// of is a voice's habit, or what is usual.
func (h *habits) of(k voiceKey) habit {
	h.mu.Lock()
	defer h.mu.Unlock()
	known := h.all[k]
	if known.pieces == 0 {
		known.unit, known.spread, known.pace = usualUnit, usualSpread, h.paces.unheard()
	}
	return known
}

// timing is when a voice tells its word times.
type timing int

const (
	untold timing = iota // it has not spoken yet
	prompt               // as it speaks
	late                 // behind its audio, or not at all: at a fault they would be missing
)

// noteTiming remembers when a voice told word times. Once it was late it can't be relied on.
func (h *habits) noteTiming(k voiceKey, t timing) {
	h.mu.Lock()
	defer h.mu.Unlock()
	known := h.all[k]
	known.timing = max(known.timing, t)
	h.keepLocked(k, known)
}

// lesson is words that were spoken whole.
type lesson struct {
	beats  []text.Beat
	sounds []audio.Sound
	rate   int     // samples a second
	speed  float64 // asked of the vendor
}

// unit is the time of a unit of weight at speed 1.
func (l lesson) unit() time.Duration {
	length := audio.Duration(l.sounds[len(l.sounds)-1].End-l.sounds[0].Start, l.rate)
	return time.Duration(float64(length) * l.speed / heardUnits(l.beats))
}

// learn takes a lesson, unless it can't tell anything.
func (h *habits) learn(k voiceKey, l lesson) {
	if len(l.beats) < shortestTold || len(l.sounds) == 0 {
		return
	}
	unit := l.unit()
	if unit < leastUnit || unit > usualUnit*oddUnit {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	known := h.all[k]
	if known.pieces == 0 {
		known.pace = h.paces.unheard()
	}
	known.pace.learn(l)
	if known.pieces == 0 {
		h.paces.add(known.pace)
	}
	known.take(unit, len(l.beats))
	switch {
	case hasDigits(l.beats): // spoken in other words than written, so it says nothing about counting
	case len(l.sounds) == len(l.beats):
		known.counts = min(known.counts+len(l.beats), 4*countsAfter)
	default:
		known.counts = 0
	}
	h.keepLocked(k, known)
}

// doubt takes a voice's counting less surely: by it a piece was broken off, which may be so, or its words ran together.
func (h *habits) doubt(k voiceKey) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if known, ok := h.all[k]; ok {
		known.counts /= 2
		h.all[k] = known
	}
}

// keepLocked remembers a habit. Where there is no room, any other makes it: none is better than another.
func (h *habits) keepLocked(k voiceKey, known habit) {
	if _, ok := h.all[k]; !ok && len(h.all) >= maxHabits {
		for other := range h.all {
			delete(h.all, other)
			break
		}
	}
	h.all[k] = known
}

// take moves the habit towards what a piece of so many words shows.
func (h *habit) take(unit time.Duration, words int) {
	if h.pieces == 0 {
		h.unit, h.spread, h.pieces = unit, usualSpread, 1
		return
	}
	off := math.Abs(float64(unit-h.unit)) / float64(h.unit) * math.Sqrt(float64(words))
	h.pieces = min(h.pieces+1, habitMemory)
	share := 1 / float64(h.pieces)
	h.unit += time.Duration(share * float64(unit-h.unit))
	h.spread += share * (off - h.spread)
}

// weight is how long a word takes, in units of a letter.
func weight(b text.Beat) float64 {
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

// pauseAfter is how long the pause behind a word takes, in units of a letter.
func pauseAfter(b text.Beat) float64 { return pauseWeight * float64(b.Pause) }

// heardUnits is how long words take, without the pause behind the last, which can't be told from silence.
func heardUnits(beats []text.Beat) float64 {
	if len(beats) == 0 {
		return 0
	}
	return unitsOf(beats) - pauseAfter(beats[len(beats)-1])
}

func hasDigits(beats []text.Beat) bool {
	return slices.ContainsFunc(beats, func(b text.Beat) bool { return strings.ContainsFunc(b.Text, unicode.IsDigit) })
}
