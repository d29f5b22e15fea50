package tone

import (
	"hash/fnv"
	"math"
	"strings"
	"time"
	"unicode"
)

// The voice: how long a letter and a pause last at speed 1, and how loud it is.
const (
	letter    = 60 * time.Millisecond
	wordPause = 40 * time.Millisecond
	level     = 0.3 * math.MaxInt16
)

// word is a word and its place in a piece's audio at speed 1.
type word struct {
	text       string
	start, end time.Duration
}

// words are the piece's words as they will be spoken: what stands between spaces and has a letter or digit.
func words(text string) []word {
	var ws []word
	at := time.Duration(0)
	for field := range strings.FieldsSeq(text) {
		n := 0
		for _, r := range field {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				n++
			}
		}
		if n == 0 {
			continue
		}
		end := at + time.Duration(n)*letter
		ws = append(ws, word{text: strings.TrimFunc(field, unicode.IsPunct), start: at, end: end})
		at = end + wordPause
	}
	return ws
}

// faster is d at a speed.
func faster(d time.Duration, speed float64) time.Duration {
	return time.Duration(float64(d) / speed)
}

// Pitch is the frequency of a word's sine in hertz, 200 to 1999: a number of its own for nearly each word.
func Pitch(word string) float64 {
	h := fnv.New32a()
	h.Write([]byte(strings.ToLower(word)))
	return float64(200 + h.Sum32()%1800)
}

// render appends the samples of a piece as little-endian PCM.
func render(dst []byte, text string, rate int, speed float64) []byte {
	at := func(d time.Duration) int { return int(faster(d, speed) * time.Duration(rate) / time.Second) }
	var total int
	for _, w := range words(text) {
		step := 2 * math.Pi * Pitch(w.text) / float64(rate)
		for i := at(w.start); i < at(w.end); i++ {
			dst = sample(dst, int16(level*math.Sin(step*float64(i-at(w.start)))))
		}
		total = at(w.end + wordPause)
		for i := at(w.end); i < total; i++ {
			dst = sample(dst, 0)
		}
	}
	return dst
}

func sample(dst []byte, v int16) []byte { return append(dst, byte(v), byte(uint16(v)>>8)) }
