package position

import (
	"time"
	"unicode"

	"voicerelay/text"
)

// Bounds of what word times may say at speed 1. Real voices are far from any of them, so that only times that are wrong
// altogether are beyond.
const (
	leastLetter  = 5 * time.Millisecond // of a word's length, for each letter
	mostLetter   = oddUnit * UsualUnit
	mostSilence  = 3 * time.Second // before a word
	timesSlack   = 250 * time.Millisecond
	judgedLength = 2 // letters from which a word must have a length
)

// WordOrder is what was told of the words of a piece, on the stream's clock.
type WordOrder struct {
	Began bool
	start time.Duration // of the latest word
	End   time.Duration // of all so far; before there is one, where the piece begins
}

// Plausible reports whether a word may come next in speech at a speed: it has a length that a voice can take for it,
// and comes soon after the one before, and not before it. Adapters have words begin in order: one that did not has no length.
func (o *WordOrder) Plausible(word string, start, end time.Duration, speed float64) bool {
	length := time.Duration(float64(end-start) * speed)
	letters := 0
	for _, r := range word {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			letters++
		}
	}
	longest := mostLetter * time.Duration(Weight(text.Beat{Token: text.Token{Text: word}}))
	switch {
	case letters >= judgedLength && length < time.Duration(letters)*leastLetter, length > longest+timesSlack:
		return false
	case start < o.start-timesSlack, o.Began && start-o.End > time.Duration(float64(mostSilence)/speed):
		return false
	}
	o.Began, o.start, o.End = true, start, max(o.End, end)
	return true
}
