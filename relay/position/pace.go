package position

import (
	"math"
	"time"

	"voicerelay/audio"
	"voicerelay/text"
)

// What is taken for usual before a voice is known, and how much of it that counts for.
const (
	usualPace     = 50.0 // ms a unit of weight
	usualDoubt    = 0.4  // standard deviation of its logarithm
	usualAlike    = -1.0 // logarithm of the odds
	usualApart    = -2.0 // likewise
	usualWords    = 4.0
	leastDoubt    = 0.05 // a voice speaks one sentence faster than another
	mostOdds      = 12.0
	mostAlike     = 4.0
	oddsOfLesson  = 4.0
	paceMemory    = 80.0 // words that count; older ones fade
	wordLike      = 0.45 // deviation of sounds from words, up to which they may well be those
	alikeEvidence = 8.0  // words after which it is known how long words are relative to each other
)

var usualSpreads = [wordModels]float64{asWritten: 0.3, allAlike: 0.35}

// Pace is what is known of how a voice speaks, as a reading needs it.
type Pace struct {
	unit     [joinings][wordModels]float64 // ms that a unit of weight takes at speed 1
	variance [wordModels]float64           // of a word's length, as a share of it; summed over words
	words    float64                       // that it was learned from
	samples  float64                       // that variance was
	apart    float64                       // odds that the voice leaves silence after each word, as a logarithm
	alike    float64                       // and that its words are all alike
	unheard  [wordModels]float64           // doubt of the unit before anything was learned
}

// allPaces is how fast voices speak, by those that were heard: what is expected of one that was not.
type allPaces struct {
	voices  float64
	mean    [joinings][wordModels]float64 // of the units' logarithms
	squares [wordModels]float64           // of how far they are from it, in sum
}

// usualVoices is how many voices that were heard count as much as what is usual.
const usualVoices = 3

func newAllPaces() allPaces {
	p := allPaces{voices: usualVoices}
	for m := range wordModels {
		p.mean[runOn][m], p.mean[apart][m] = math.Log(usualPace), math.Log(usualPace)
		p.squares[m] = usualVoices * usualDoubt * usualDoubt
	}
	return p
}

// add takes what was learned of another voice.
func (p *allPaces) add(r Pace) {
	p.voices++
	for m := range wordModels {
		for j := range joinings {
			off := math.Log(r.unit[j][m]) - p.mean[j][m]
			p.mean[j][m] += off / p.voices
			if j == runOn {
				p.squares[m] += off * off * (p.voices - 1) / p.voices
			}
		}
	}
}

// unheard is a voice of which nothing is known.
func (p *allPaces) unheard() Pace {
	r := Pace{alike: usualAlike, apart: usualApart, samples: usualWords}
	for m := range wordModels {
		r.unit[runOn][m], r.unit[apart][m] = math.Exp(p.mean[runOn][m]), math.Exp(p.mean[apart][m])
		r.variance[m] = usualWords * usualSpreads[m] * usualSpreads[m]
		r.unheard[m] = math.Sqrt(p.squares[m] / p.voices)
	}
	return r
}

// spread is by how much of its length a word's time differs from what its weight says.
func (r *Pace) spread(m wordModel) float64 { return math.Sqrt(r.variance[m] / r.samples) }

// doubt is that of the unit, as a standard deviation of its logarithm.
func (r *Pace) doubt(m wordModel) float64 {
	if r.words == 0 {
		return r.unheard[m]
	}
	return math.Sqrt(r.variance[m]/r.samples/r.words + leastDoubt*leastDoubt)
}

// learn takes speech that was spoken whole.
func (r *Pace) learn(l Observation) {
	n := float64(len(l.Beats))
	to := l.Sounds[len(l.Sounds)-1].End + int64(l.Rate) // silence follows
	fade := min(1, paceMemory/(r.words+n))
	var heard [joinings][]stretch
	for j := range joinings {
		heard[j] = stretches(l.Sounds, to, l.Rate, j)
	}
	counted := r.learnJoining(l, heard[apart])
	var off [wordModels]float64 // squares of the words' deviations
	seen := 1.0
	for m := range wordModels {
		weights := m.weights(l.Beats)
		units := [joinings]float64{}
		for j := range joinings {
			units[j] = sum(heard[j]) * l.Speed / total(weights)
		}
		switch clauses := clausesOf(l.Beats, weights); {
		case counted:
			off[m], seen = deviations(heard[apart], single(weights)), n
		case len(clauses) > 1 && len(clauses) == len(heard[runOn]):
			off[m], seen = deviations(heard[runOn], clauses), float64(len(clauses)-1)
		case r.words > 0:
			d := units[runOn]/r.unit[runOn][m] - 1
			off[m] = d * d * n
		default:
			seen = 0
		}
		for j := range joinings {
			r.unit[j][m] += (units[j] - r.unit[j][m]) * n / (r.words*fade + n)
		}
		r.variance[m] = r.variance[m]*fade + off[m]
	}
	r.samples = r.samples*fade + seen
	r.words = r.words*fade + n
	r.alike = clamp(usualAlike+min(r.samples, alikeEvidence)*math.Log(r.spread(asWritten)/r.spread(allAlike)), mostAlike)
}

// learnJoining learns whether the voice leaves silence after each word, and reports whether its sounds were the words.
func (r *Pace) learnJoining(l Observation, heard []stretch) (counted bool) {
	least := math.Inf(1)
	if len(heard) == len(l.Beats) {
		for m := range wordModels {
			least = min(least, deviations(heard, single(m.weights(l.Beats))))
		}
	}
	counted = least <= float64(len(heard))*wordLike*wordLike
	switch {
	case counted:
		r.apart = clamp(r.apart+oddsOfLesson, mostOdds)
	case !HasDigits(l.Beats):
		r.apart = clamp(r.apart-oddsOfLesson, mostOdds)
	}
	return counted
}

// phrase is some words between two pauses.
type phrase struct {
	weight float64
	words  int
}

// clausesOf are the phrases between pauses where there are marks.
func clausesOf(beats []text.Beat, weights []float64) []phrase {
	all := []phrase{{}}
	for i, b := range beats {
		last := &all[len(all)-1]
		last.weight, last.words = last.weight+weights[i], last.words+1
		if b.Pause != text.NoPause && i+1 < len(beats) {
			all = append(all, phrase{})
		}
	}
	return all
}

// single are phrases of one word each.
func single(weights []float64) []phrase {
	all := make([]phrase, len(weights))
	for i, w := range weights {
		all[i] = phrase{weight: w, words: 1}
	}
	return all
}

// deviations are the squares of how far words are from what their weights say, each as a share of it: where only the
// length of a phrase is known, its words share that.
func deviations(heard []stretch, said []phrase) (squares float64) {
	weight := 0.0
	for _, p := range said {
		weight += p.weight
	}
	unit := sum(heard) / weight
	for i, s := range heard {
		d := s.length/(unit*said[i].weight) - 1
		squares += d * d * float64(said[i].words)
	}
	return squares
}

func sum(all []stretch) (ms float64) {
	for _, s := range all {
		ms += s.length
	}
	return ms
}

func total(all []float64) (sum float64) {
	for _, v := range all {
		sum += v
	}
	return sum
}

func clamp(v, most float64) float64 { return min(max(v, -most), most) }

// chance is the probability of odds that are given as a logarithm.
func chance(odds float64) float64 { return 1 / (1 + math.Exp(-odds)) }

// sureShare is how many standard deviations 95 of 100 estimates are within.
const sureShare = 2

// Times are when words were spoken, all of which were, and by how much 95 of 100 of them are off at most. The sounds may
// go on after them.
func (r Pace) Times(a Hearing) (words []audio.Sound, off time.Duration) {
	j, m := runOn, asWritten
	if r.apart > 0 {
		j = apart
	}
	if r.alike > 0 {
		m = allAlike
	}
	heard := stretches(Within(a.Sounds, a.From, a.To, a.Rate), a.To, a.Rate, j)
	if j == apart && len(heard) >= len(a.Beats) && !HasDigits(a.Beats) {
		for _, s := range heard[:len(a.Beats)] {
			words = append(words, audio.Sound{Start: s.begin, End: s.end})
		}
		return words, 0
	}
	weights := m.weights(a.Beats)
	unit := min(r.unit[j][m]/a.Speed, sum(heard)/total(weights))
	said, variance := 0.0, 0.0
	for _, w := range weights {
		begin := said
		said += w * unit
		variance += math.Pow(r.spread(m)*w*unit, 2)
		words = append(words, audio.Sound{Start: placeOf(heard, begin, true, a), End: placeOf(heard, said, false, a)})
	}
	deviation := math.Sqrt(variance + math.Pow(r.doubt(m)*said, 2))
	return words, time.Duration(sureShare * deviation * float64(time.Millisecond))
}

// placeOf is where in the audio so many milliseconds of sound have been heard: after a silence there, or before it.
func placeOf(heard []stretch, ms float64, behind bool, a Hearing) int64 {
	for i, s := range heard {
		last := i == len(heard)-1
		if ms < s.length || !behind && ms <= s.length || last {
			return s.begin + audio.Samples(time.Duration(min(ms, s.length)*float64(time.Millisecond)), a.Rate)
		}
		ms -= s.length
	}
	return a.From
}
