package position

import (
	"math"
	"time"

	"voicerelay/text"
)

// Likelihoods of silences, as real and emulated voices make them.
const (
	pauseless      = 0.15   // a mark of a clause without a pause
	stopless       = 0.03   // the end of a sentence without one
	stray          = 0.03   // a pause where no mark is
	unsplit        = 0.03   // no silence between two words of a voice that leaves some after each
	splitWord      = 0.05   // silence within a word of such a voice
	hesitation     = 0.10   // a pause, not a mere silence, between two of them
	mostDigits     = 10     // sounds that a token with digits may be
	reach          = 5.0    // standard deviations that are looked at
	unlikely       = 14.0   // logarithm of how much less likely than the likeliest is forgotten
	paceSteps      = 11     // paces that are tried
	paceReach      = 2.5    // standard deviations of what is known of the pace to either side
	blur           = 8.0    // ms by which a sound's edges are off
	closures       = 0.004  // short silences in a ms of a voice that runs words together: before each p, t, k
	longClosures   = 0.0005 // those that are as long as a pause
	longestClosure = 160 * time.Millisecond
	closuresInRow  = 3
	leastEven      = 5.0 // ms by which silences differ that are alike
)

// wordModel says how long words are relative to each other.
type wordModel int

const (
	asWritten wordModel = iota // by their letters
	allAlike
	wordModels
)

// aWord is the weight of any word where all are alike.
const aWord = 6.5

// weights are the words' lengths in units of a letter.
func (m wordModel) weights(beats []text.Beat) []float64 {
	all := make([]float64, len(beats))
	for i, b := range beats {
		all[i] = Weight(b)
		if m == allAlike && !HasDigits(beats[i:i+1]) {
			all[i] = aWord
		}
	}
	return all
}

// hypothesis is one way in which words may have been spoken.
type hypothesis struct {
	beats   []text.Beat
	joining joining
	sums    []float64 // of the words' lengths in ms, from the first
	squares []float64 // of their variances
	inner   []float64 // of the logarithms of there being no silence after each
	spread  float64
}

// newHypothesis is one of as many of the words as can be spoken in so many milliseconds.
func newHypothesis(beats []text.Beat, weights []float64, j joining, unit, spread, most float64) *hypothesis {
	h := &hypothesis{joining: j, spread: spread, sums: []float64{0}, squares: []float64{0}, inner: []float64{0}}
	for i, w := range weights {
		length := w * unit
		h.sums = append(h.sums, h.sums[i]+length)
		h.squares = append(h.squares, h.squares[i]+spread*spread*length*length)
		h.inner = append(h.inner, h.inner[i]+h.noSilence(beats[i].Pause))
		h.beats = beats[:i+1]
		if h.sums[i]-reach*h.deviation(0, i) > most {
			break
		}
	}
	return h
}

// noSilence is how likely none is after a word, as a logarithm.
func (h *hypothesis) noSilence(p text.Pause) float64 {
	switch {
	case p == text.SentencePause:
		return math.Log(stopless)
	case p == text.ClausePause && h.joining == runOn:
		return math.Log(pauseless)
	case h.joining == apart:
		return math.Log(unsplit)
	}
	return 0
}

// silence is how likely so much of it is after a word.
func (h *hypothesis) silence(p text.Pause, s stretch) float64 {
	pause := s.silence >= float64(markedPause)/float64(time.Millisecond)
	switch {
	case p != text.NoPause && (pause || s.goesOn):
		return math.Log(1 - pauseless)
	case p == text.SentencePause:
		return math.Log(stopless)
	case p == text.ClausePause:
		return math.Log(pauseless)
	case h.joining == runOn:
		return math.Log(stray)
	case pause:
		return math.Log(hesitation)
	}
	return math.Log(1 - hesitation)
}

// deviation is the standard one of the words from one to another, and of where their sound begins and ends.
func (h *hypothesis) deviation(from, to int) float64 {
	return math.Sqrt(h.squares[to] - h.squares[from] + blur*blur)
}

// fits is how likely the words from one to another take so long, as a logarithm.
func (h *hypothesis) fits(from, to int, length float64) float64 {
	sd := h.deviation(from, to)
	off := (length - (h.sums[to] - h.sums[from])) / sd
	return -off*off/2 - math.Log(sd*sqrtTau)
}

// sqrtTau makes a density of the normal distribution.
var sqrtTau = math.Sqrt(2 * math.Pi)

// evenSilences is how much likelier short silences are those after words, which are alike, than those within words, which
// are as long as it happens; as a logarithm.
func evenSilences(all []stretch) float64 {
	longest := float64(markedPause) / float64(time.Millisecond)
	n, mean, squares := 0.0, 0.0, 0.0
	for _, s := range all[:max(0, len(all)-1)] {
		if s.silence < longest {
			n++
			off := s.silence - mean
			mean += off / n
			squares += off * (s.silence - mean)
		}
	}
	if n < 2 {
		return 0
	}
	sd := max(leastEven, math.Sqrt(squares/(n-1)))
	return (n - 1) * math.Log(longest/(sd*sqrtTau*math.Sqrt(math.E)))
}

// read returns how likely each number of words was spoken whole, and how likely the sounds are at all, both as
// logarithms up to a constant that all hypotheses share.
func (h *hypothesis) read(all []stretch) []float64 {
	n := len(h.beats)
	states := make([][]float64, len(all)+1)
	for i := range states {
		states[i] = nothing(n + 1)
	}
	states[0][0] = 0
	for i := range all {
		best := highest(states[i])
		for from, before := range states[i] {
			if before < best-unlikely {
				continue
			}
			if h.joining == apart {
				h.one(states, all, i, from, before)
				h.split(states, all, i, from, before)
			} else {
				h.some(states, all, i, from, before)
			}
		}
	}
	return states[len(all)]
}

// one has a stretch be what it is by itself.
func (h *hypothesis) one(states [][]float64, all []stretch, i, from int, before float64) {
	if all[i].over {
		h.closed(states[i+1], from, before, all[i])
	} else {
		h.open(states[i+1], from, before, all[i].length)
	}
}

// some has stretches be some words, where the silence between them may be within one.
func (h *hypothesis) some(states [][]float64, all []stretch, i, from int, before float64) {
	longest := float64(longestClosure) / float64(time.Millisecond)
	s := all[i]
	for k := i; ; k++ {
		if !s.over {
			h.open(states[k+1], from, before, s.length)
			return
		}
		h.closed(states[k+1], from, before, s)
		if s.silence >= longest || k-i == closuresInRow {
			return
		}
		before += math.Log(longClosures)
		if k+1 == len(all) {
			h.open(states[k+1], from, before, s.length+s.silence)
			return
		}
		next := all[k+1]
		s = stretch{length: s.length + s.silence + next.length, silence: next.silence, over: next.over, goesOn: next.goesOn}
	}
}

// closed has a stretch be some words.
func (h *hypothesis) closed(next []float64, from int, before float64, s stretch) {
	most := len(h.beats)
	if h.joining == apart {
		most = min(most, from+4)
	}
	for to := from + 1; to <= most; to++ {
		if h.sums[to]-h.sums[from]-reach*h.deviation(from, to) > s.length {
			break
		}
		inner := h.inner[to-1] - h.inner[from]
		add(&next[to], before+h.fits(from, to, s.length)+inner+h.silence(h.beats[to-1].Pause, s))
	}
}

// split has several stretches be one word: digits are spoken as several, and a voice may halt within a word. Behind the
// last stretch the word may go on as well.
func (h *hypothesis) split(states [][]float64, all []stretch, i, from int, before float64) {
	if from == len(h.beats) {
		return
	}
	most, halt := 2, math.Log(splitWord)
	if HasDigits(h.beats[from : from+1]) {
		most, halt = mostDigits, 0
	}
	length := 0.0
	for k := i; k < len(all) && k < i+most; k++ {
		length += all[k].length
		if k > i && all[k].over {
			add(&states[k+1][from+1], before+h.fits(from, from+1, length)+h.silence(h.beats[from].Pause, all[k]))
		}
		if all[k].silence >= float64(markedPause)/float64(time.Millisecond) {
			return
		}
		if all[k].over {
			before += halt - math.Log(max(length, 1)) // it may be anywhere in the word
		}
		if k == len(all)-1 && (k > i || all[k].over) {
			longer := normal((h.sums[from+1] - h.sums[from] - length) / h.deviation(from, from+1))
			add(&states[k+1][from], before+math.Log(max(longer, 1e-12)))
		}
		length += all[k].silence
	}
}

// open has the last stretch go on: some words of it may be whole, and one is under way.
func (h *hypothesis) open(next []float64, from int, before, length float64) {
	n := len(h.beats)
	reached := 1.0 // how likely the words so far take no longer
	for to := from; to <= n; to++ {
		beyond := 0.0
		if to < n {
			beyond = normal((length - (h.sums[to+1] - h.sums[from])) / h.deviation(from, to+1))
		}
		if to > from {
			inner := h.inner[to] - h.inner[from]
			add(&next[to], before+math.Log(max(reached-beyond, 1e-12))+inner)
		} else {
			add(&next[to], before+math.Log(max(reached-beyond, 1e-12)))
		}
		if reached = beyond; reached < 1e-9 {
			return
		}
	}
}

// normal is the normal distribution.
func normal(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

func nothing(n int) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = math.Inf(-1)
	}
	return all
}

func highest(all []float64) float64 {
	best := math.Inf(-1)
	for _, v := range all {
		best = max(best, v)
	}
	return best
}

// add adds likelihoods that are logarithms.
func add(to *float64, v float64) {
	a, b := max(*to, v), min(*to, v)
	if a-b > unlikely || math.IsInf(b, -1) {
		*to = a
		return
	}
	*to = a + math.Log1p(math.Exp(b-a))
}
