package position

import (
	"cmp"
	"math"
	"slices"

	"voicerelay/audio"
)

// How many words of a text were spoken whole in audio of which only sound and silence are known is a matter of likelihood.
// Every way in which they may have been spoken is weighed: fast or slowly, with silence after each word or run together,
// in words as long as they are written or all alike. The result is as sure as the evidence: the sounds' lengths against
// the words', pauses against punctuation marks, and what was learned of the voice.

// leftOut is how likely an estimate may leave a word out: hardly ever, since what is said twice is understood.
const leftOut = 0.02

// Said is how likely each number of words has been spoken whole up to a place in the audio.
func (r Pace) Said(a Hearing, to int64) []float64 {
	sounds := Within(a.Sounds, a.From, to, a.Rate)
	total := nothing(len(a.Beats) + 1)
	if len(sounds) == 0 || sounds[0].Start >= to {
		total[0] = 0
		return normalized(total)
	}
	for j := range joinings {
		all := stretches(sounds, to, a.Rate, j)
		most := sum(all)
		for _, s := range all {
			most += s.silence
		}
		prior := math.Log(chance(r.apart)) + evenSilences(all)
		if j == runOn {
			merged := ended(stretches(sounds, to, a.Rate, apart)) - ended(all)
			prior = math.Log(chance(-r.apart)) + float64(merged)*math.Log(closures)
		}
		for m := range wordModels {
			weights, share := m.weights(a.Beats), chance(r.alike)
			if m == asWritten {
				share = chance(-r.alike)
			}
			doubt := r.doubt(m)
			for k := range paceSteps {
				x := paceReach * (2*float64(k)/(paceSteps-1) - 1)
				unit := r.unit[j][m] * math.Exp(x*doubt) / a.Speed
				h := newHypothesis(a.Beats, weights, j, unit, r.spread(m), most)
				for n, v := range h.read(all) {
					add(&total[n], v+prior+math.Log(share)-x*x/2)
				}
			}
		}
	}
	return normalized(total)
}

// normalized are likelihoods of which one must be true.
func normalized(logs []float64) []float64 {
	best, sum := highest(logs), 0.0
	all := make([]float64, len(logs))
	if math.IsInf(best, -1) { // it can't be speech of these words
		all[0] = 1
		return all
	}
	for i, v := range logs {
		all[i] = math.Exp(v - best)
		sum += all[i]
	}
	for i := range all {
		all[i] /= sum
	}
	return all
}

// Bounds of the work that a long speech makes: where so many sounds follow a sure place, another is looked for.
const (
	soundsAtOnce = 24
	placesTried  = 3
	sureOfPlace  = 0.999
)

// Narrow moves the place from which words are counted forward, as far as it is sure how many were said by it.
func (r Pace) Narrow(a Hearing) (narrowed Hearing, words int) {
	for {
		n, at, ok := r.surePlace(a)
		if !ok {
			return a, words
		}
		a.Beats, a.From, words = a.Beats[n:], at, words+n
	}
}

// surePlace is a place far into the audio by which it is sure how many words were said: after a long silence, if any.
func (r Pace) surePlace(a Hearing) (words int, at int64, ok bool) {
	all := stretches(Within(a.Sounds, a.From, a.To, a.Rate), a.To, a.Rate, runOn)
	for last := soundsAtOnce; last < len(all); last += soundsAtOnce {
		window := slices.Clone(all[last-soundsAtOnce/2 : last])
		slices.SortFunc(window, func(a, b stretch) int { return cmp.Compare(b.silence, a.silence) })
		for _, s := range window[:placesTried] {
			at := s.end + audio.Samples(closedAfter, a.Rate)
			for n, chance := range r.Said(a, at) {
				if chance >= sureOfPlace && n > 0 {
					return n, at, true
				}
			}
		}
	}
	return 0, 0, false
}

// Surely is the number of words that were spoken whole but for leftOut, and how many more it may be expected to be.
func Surely(said []float64) (words int, more float64) {
	below := 0.0
	for words < len(said)-1 && below+said[words] <= leftOut {
		below += said[words]
		words++
	}
	for n := words; n < len(said); n++ {
		more += said[n] * float64(n-words)
	}
	return words, more
}
