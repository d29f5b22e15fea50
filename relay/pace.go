package relay

import "math"

// What is taken for usual before a voice is known, and how much of it that counts for.
const (
	usualPace     = float64(usualUnit) / 1e6 // ms a unit of weight
	usualDoubt    = 0.5                      // standard deviation of its logarithm: voices differ by half and more
	usualAlike    = -1.0                     // logarithm of the odds
	usualWords    = 4.0
	leastDoubt    = 0.05 // a voice speaks one sentence faster than another
	mostOdds      = 4.0
	oddsOfLesson  = 2.0
	paceMemory    = 80.0 // words that count; older ones fade
	countedApart  = 0.9  // sounds a word from which a voice leaves silence behind each
	countedRunOn  = 0.7  // and below which it doesn't
	alikeEvidence = 8.0  // words that decide how words are long beside each other
)

var usualSpreads = [wordModels]float64{asWritten: 0.3, allAlike: 0.35}

// voicePace is what is known of how a voice speaks, as a reading needs it.
type voicePace struct {
	unit     [joinings][wordModels]float64 // ms that a unit of weight takes at speed 1
	variance [wordModels]float64           // of a word's length, as a share of it; summed over words
	words    float64                       // that it was learned from
	samples  float64                       // that variance was
	apart    float64                       // odds that the voice leaves silence behind each word, as a logarithm
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
func (p *allPaces) add(r voicePace) {
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
func (p *allPaces) unheard() voicePace {
	r := voicePace{alike: usualAlike, samples: usualWords}
	for m := range wordModels {
		r.unit[runOn][m], r.unit[apart][m] = math.Exp(p.mean[runOn][m]), math.Exp(p.mean[apart][m])
		r.variance[m] = usualWords * usualSpreads[m] * usualSpreads[m]
		r.unheard[m] = math.Sqrt(p.squares[m] / p.voices)
	}
	return r
}

// spread is by how much of its length a word's time differs from what its weight says.
func (r *voicePace) spread(m wordModel) float64 { return math.Sqrt(r.variance[m] / r.samples) }

// doubt is that of the unit, as a standard deviation of its logarithm.
func (r *voicePace) doubt(m wordModel) float64 {
	if r.words == 0 {
		return r.unheard[m]
	}
	return math.Sqrt(r.variance[m]/r.samples/r.words + leastDoubt*leastDoubt)
}

// learn takes speech that was spoken whole.
func (r *voicePace) learn(l lesson) {
	n := float64(len(l.beats))
	to := l.sounds[len(l.sounds)-1].End + int64(l.rate) // silence follows
	fade := min(1, paceMemory/(r.words+n))
	var lengths [joinings][]stretch
	for j := range joinings {
		lengths[j] = stretches(l.sounds, to, l.rate, j)
	}
	counted := len(lengths[apart]) == len(l.beats)
	var off [wordModels]float64 // squares of the words' deviations
	seen := 1.0
	for m := range wordModels {
		weights := m.weights(l.beats)
		for j := range joinings {
			unit := sum(lengths[j]) * l.speed / total(weights)
			if j == runOn && r.words > 0 {
				d := unit/r.unit[j][m] - 1
				off[m] = d * d * n
			}
			r.unit[j][m] += (unit - r.unit[j][m]) * n / (r.words*fade + n)
		}
		if counted {
			off[m], seen = deviations(lengths[apart], weights), n
		}
	}
	if counted || r.words > 0 {
		r.samples = r.samples*fade + seen
		for m := range wordModels {
			r.variance[m] = r.variance[m]*fade + off[m]
		}
		evidence := min(r.samples, alikeEvidence)
		r.alike = clamp(usualAlike+evidence*math.Log(r.spread(asWritten)/r.spread(allAlike)), mostOdds)
	}
	switch heard := float64(len(lengths[apart])) / n; {
	case hasDigits(l.beats):
	case heard >= countedApart && heard <= 1/countedApart:
		r.apart = clamp(r.apart+oddsOfLesson, mostOdds)
	case heard < countedRunOn:
		r.apart = clamp(r.apart-oddsOfLesson, mostOdds)
	}
	r.words = r.words*fade + n
}

// deviations are the squares of how far words are from what their weights say, each as a share of it.
func deviations(words []stretch, weights []float64) (squares float64) {
	unit := sum(words) / total(weights)
	for i, w := range words {
		d := w.length/(unit*weights[i]) - 1
		squares += d * d
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
