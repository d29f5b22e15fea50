package voice

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Unknown stands for a sound that is none of the words listened for.
const Unknown = "?"

// Bounds of hearing. They leave room for G.711 and for a resampler's edges, and at speed 1 the gap between words is more than
// twice as long as what ends a word.
const (
	quiet        = 0.02 * math.MaxInt16  // RMS below which there is silence
	window       = 2 * time.Millisecond  // over which loudness is taken
	wordGap      = 14 * time.Millisecond // silence that ends a word
	shortestWord = 20 * time.Millisecond // a click is no word
	clearShare   = 0.5                   // the share of a half's power that its two tones must have
)

// Decode hears the words in samples, in order. vocabulary is the words to listen for; an error says that two of
// them sound alike, or that the rate is too low for the tones.
// Rates are in hertz, from 8000 on: the highest tone needs 6420.
func Decode(pcm []int16, rate int, vocabulary []string) ([]string, error) {
	sounds, err := Locate(pcm, rate, vocabulary)
	if err != nil {
		return nil, err
	}
	words := []string{}
	for _, sound := range sounds {
		words = append(words, sound.Text)
	}
	return words, nil
}

// Locate is Decode that says where each word stands, within some 4 ms of its edges.
func Locate(pcm []int16, rate int, vocabulary []string) ([]WordTime, error) {
	if rate < 8000 {
		return nil, fmt.Errorf("rate %d is too low", rate)
	}
	known := make(map[code]string)
	for _, word := range vocabulary {
		c := codeOf(word)
		if other, taken := known[c]; taken && !strings.EqualFold(other, word) {
			return nil, fmt.Errorf("%q and %q sound alike: choose another word", other, word)
		}
		known[c] = word
	}
	at := func(sample int) time.Duration { return time.Duration(sample) * time.Second / time.Duration(rate) }
	var words []WordTime
	for _, sound := range split(pcm, rate) {
		words = append(words, WordTime{Text: recognize(pcm[sound.from:sound.to], rate, known), Start: at(sound.from), End: at(sound.to)})
	}
	return words, nil
}

// span is samples from one index up to another.
type span struct{ from, to int }

// split finds the sounds between silence.
func split(pcm []int16, rate int) []span {
	step := max(1, int(window.Seconds()*float64(rate)))
	most := int(wordGap / window)
	var sounds []span
	start, still := -1, 0
	end := func(at int) {
		if start >= 0 && at-start >= int(shortestWord.Seconds()*float64(rate)) {
			sounds = append(sounds, span{start, at})
		}
		start = -1
	}
	for i := 0; i < len(pcm); i += step {
		loud := rms(pcm[i:min(i+step, len(pcm))]) >= quiet
		switch {
		case loud && start < 0:
			start, still = i, 0
		case loud:
			still = 0
		case start >= 0:
			if still++; still >= most {
				end(i - (still-1)*step)
			}
		}
	}
	end(len(pcm))
	return sounds
}

// recognize finds the word of a sound by the strongest tones of its halves.
func recognize(sound []int16, rate int, known map[code]string) string {
	var heard code
	n := len(sound)
	for half := range heard {
		// The edges of a half are soft, or belong to the other.
		part := sound[half*n/2+n/16 : (half+1)*n/2-n/16]
		low, lowPower := strongest(part, rate, lowFirst, lowStep)
		high, highPower := strongest(part, rate, highFirst, highStep)
		if lowPower+highPower < clearShare*power(part) {
			return Unknown
		}
		heard[half] = symbol{low, high}
	}
	if word, ok := known[heard]; ok {
		return word
	}
	return Unknown
}

// strongest is the tone of a group with the most power, and how much that is.
func strongest(part []int16, rate int, first, step float64) (index int, best float64) {
	for i := range tonesPerGroup {
		if p := tonePower(part, rate, first+step*float64(i)); p > best {
			index, best = i, p
		}
	}
	return index, best
}

// tonePower is the mean power of one tone, by Goertzel's algorithm.
// Forty tones are asked about, so it is cheaper than a transform of all frequencies.
func tonePower(part []int16, rate int, frequency float64) float64 {
	k := 2 * math.Cos(2*math.Pi*frequency/float64(rate))
	var a, b float64
	for _, v := range part {
		a, b = float64(v)+k*a-b, a
	}
	n := float64(len(part))
	return 2 * (a*a + b*b - k*a*b) / (n * n)
}

func power(part []int16) float64 {
	sum := 0.0
	for _, v := range part {
		sum += float64(v) * float64(v)
	}
	return sum / float64(max(1, len(part)))
}

func rms(part []int16) float64 { return math.Sqrt(power(part)) }
