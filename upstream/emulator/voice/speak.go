package voice

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strings"
	"time"
	"unicode/utf8"
)

// WordTime is a word and where it stands in the samples.
// Start and End count from the first sample of the speech that the word is in.
type WordTime struct {
	Text       string
	Start, End time.Duration
}

// Spoken is speech.
// PCM is mono, at the rate that was asked for.
type Spoken struct {
	PCM   []int16
	Words []WordTime
}

// Lengths of what is spoken at speed 1, before the seed varies them. They come near to English at a usual pace: five letters
// take 210 ms, and their gap 30.
const (
	wordBase      = 60 * time.Millisecond
	wordPerLetter = 30 * time.Millisecond
	gap           = 30 * time.Millisecond // after each word
	commaPause    = 120 * time.Millisecond
	stopPause     = 220 * time.Millisecond
	leading       = 80 * time.Millisecond
	variation     = 0.4
	ramp          = 4 * time.Millisecond
	level         = 0.3 * math.MaxInt16 // of each of the two tones
)

// The tones: one of each group sounds at a time.
const (
	tonesPerGroup = 20
	lowFirst      = 400.0
	lowStep       = 45.0
	highFirst     = 1500.0
	highStep      = 90.0
)

// symbol is two tones at once, by their index in their groups.
type symbol struct{ low, high int }

// code is what a word sounds like.
type code [2]symbol

// codeOf is the word's code. Case makes no difference.
// Twenty tones in four places are 160,000 words, so that two of a text seldom sound alike; Decode tells where they do.
func codeOf(word string) code {
	h := fnv.New64a()
	h.Write([]byte(strings.ToLower(word))) // a hash.Hash never fails
	n := h.Sum64()
	n ^= n >> 29 // the low bits alone mix short words too little
	draw := func() int {
		i := int(n % tonesPerGroup)
		n /= tonesPerGroup
		return i
	}
	return code{{draw(), draw()}, {draw(), draw()}}
}

// Speak says a text. speed shortens everything; the seed draws the lengths.
func Speak(text string, seed uint64, rate int, speed float64) Spoken {
	return SpeakTokens(Tokens(text, true), seed, rate, speed)
}

// SpeakTokens says words.
func SpeakTokens(tokens []Token, seed uint64, rate int, speed float64) Spoken {
	s := speech{rate: rate, speed: speed, draws: rand.New(rand.NewPCG(seed, 0x766f6963))}
	s.silence(s.vary(leading))
	for _, t := range tokens {
		start := s.now()
		s.word(codeOf(t.Text), s.vary(wordBase+wordPerLetter*time.Duration(utf8.RuneCountInString(t.Text))))
		s.words = append(s.words, WordTime{Text: t.Text, Start: start, End: s.now()})
		s.silence(gap)
		switch {
		case t.Stop:
			s.silence(s.vary(stopPause))
		case t.Comma:
			s.silence(s.vary(commaPause))
		}
	}
	return Spoken{PCM: s.pcm, Words: s.words}
}

// speech is samples in the making.
type speech struct {
	rate  int
	speed float64
	draws *rand.Rand
	pcm   []int16
	words []WordTime
}

func (s *speech) now() time.Duration {
	return time.Duration(len(s.pcm)) * time.Second / time.Duration(s.rate)
}

func (s *speech) vary(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (1 + variation*(2*s.draws.Float64()-1)))
}

func (s *speech) samples(d time.Duration) int {
	return int(float64(d) / s.speed * float64(s.rate) / float64(time.Second))
}

func (s *speech) silence(d time.Duration) {
	s.pcm = append(s.pcm, make([]int16, s.samples(d))...)
}

// word appends the two symbols, each with soft edges. Between them the sound does not stop.
func (s *speech) word(c code, length time.Duration) {
	n := s.samples(length)
	for half, sym := range c {
		part := n / 2
		if half == 1 {
			part = n - n/2
		}
		low := 2 * math.Pi * (lowFirst + lowStep*float64(sym.low)) / float64(s.rate)
		high := 2 * math.Pi * (highFirst + highStep*float64(sym.high)) / float64(s.rate)
		for i := range part {
			v := level * s.envelope(i, part, half) * (math.Sin(low*float64(i)) + math.Sin(high*float64(i)))
			s.pcm = append(s.pcm, int16(v))
		}
	}
}

// envelope is the loudness at sample i of n, from 0 to 1: up at a word's start, down at its end, and a shallow dip
// where its halves meet.
// Hard edges would click, and a click has all frequencies.
func (s *speech) envelope(i, n, half int) float64 {
	edge := int(ramp.Seconds() * float64(s.rate))
	rise, fall := float64(i)/float64(edge), float64(n-i)/float64(edge)
	if half == 1 {
		rise = 0.5 + rise/2
	} else {
		fall = 0.5 + fall/2
	}
	return min(1, rise, fall)
}
