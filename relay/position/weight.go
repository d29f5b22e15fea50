package position

import (
	"slices"
	"strings"
	"unicode"

	"voicerelay/text"
)

// A token's length when spoken is about proportional to its weight: its letters and a little for the word itself. A
// digit is spoken as a word, and punctuation as a pause.
const (
	wordWeight  = 2
	digitWeight = 4
	pauseWeight = 4 // after a comma and the like; a sentence's end is twice that
)

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
