package together

import (
	"time"
)

// item is one synthesis of the vendor's, of a commit or of a part of one.
type item struct {
	id    string
	begun bool // audio has come
	done  bool

	piece  int           // that it is of, once begun
	start  time.Duration // its first sample in the stream
	header header

	held   []wordTime // that came before its audio
	size   int        // of what was held, in bytes
	placed bool       // whether origin is known
	origin time.Duration
}

// wordTime is a word as the vendor times it.
type wordTime struct {
	text       string
	start, end time.Duration
}

const (
	// keptItems is how many items back word times may come.
	keptItems = 16
	// heldSize is how many bytes of words may come before their item's audio, and wordSize what a word takes besides its
	// text. A piece has some fifty words.
	heldSize = 256 << 10
	wordSize = 64
	// longestID is longer than the vendor's items' ids are, which are kept.
	longestID = 256
	// longest is what no time is beyond: a bound for arithmetic.
	longest = 24 * time.Hour
	// originSlack is how much earlier than its item a word may be said to begin, where times count from the context.
	originSlack = 50 * time.Millisecond
)

// times are the frame's words. What has no time is left out.
func (f *frame) times() []wordTime {
	n := min(len(f.Words), len(f.StartSeconds), len(f.EndSeconds))
	times := make([]wordTime, n)
	for i := range times {
		times[i] = wordTime{text: f.Words[i], start: seconds(f.StartSeconds[i]), end: seconds(f.EndSeconds[i])}
	}
	return times
}

func seconds(s float64) time.Duration {
	return time.Duration(min(max(s, 0), longest.Seconds()) * float64(time.Second))
}

// hold keeps words for when the item's audio begins, as only then its start is known. It reports false where they are more
// than a piece can have.
func (it *item) hold(times []wordTime) bool {
	for _, w := range times {
		it.size += wordSize + len(w.text)
	}
	if it.size > heldSize {
		return false
	}
	it.held = append(it.held, times...)
	return true
}

// place finds out what the item's word times count from, which is not documented. Its first word is near its start; if
// it is said to be later than all audio before, times count from the context's first sample.
func (it *item) place(first wordTime) {
	if it.placed {
		return
	}
	it.placed = true
	it.origin = it.start
	if first.start+originSlack >= it.start {
		it.origin = 0
	}
}
