package voice

import "time"

// Bounds of where a word's halves are told apart.
const (
	// halfWindow is over which tones are compared: long enough to tell apart those that are next to each other.
	halfWindow = 16 * time.Millisecond
	halfStep   = time.Millisecond
	// halfError is how far the middle may be from where it is found, twice: a word that lacks less is taken for whole.
	halfError = 12 * time.Millisecond
)

// Broken reports whether a word, which Locate has found in samples, breaks off before its end. Its halves are of one length, so the
// middle says how long all of it is. A word with equal halves has no middle, and is not said to be broken.
func Broken(pcm []int16, rate int, w WordTime) bool {
	at := func(d time.Duration) int { return int(d * time.Duration(rate) / time.Second) }
	sound := pcm[at(w.Start):at(w.End)]
	halves := codeOf(w.Text)
	if halves[0] == halves[1] {
		return false
	}
	for i := 0; i+at(halfWindow) <= len(sound); i += at(halfStep) {
		part := sound[i : i+at(halfWindow)]
		if symbolPower(part, rate, halves[1]) > symbolPower(part, rate, halves[0]) {
			middle := i + at(halfWindow)/2
			return len(sound) < 2*middle-at(halfError)
		}
	}
	return true
}

// symbolPower is the power of a symbol's two tones.
func symbolPower(part []int16, rate int, s symbol) float64 {
	return tonePower(part, rate, lowFirst+lowStep*float64(s.low)) + tonePower(part, rate, highFirst+highStep*float64(s.high))
}
