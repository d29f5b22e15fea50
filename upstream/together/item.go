package together

import (
	"time"

	"voicerelay/upstream"
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

// itemLocked is the item of that id, new where it is not known.
func (s *stream) itemLocked(id []byte) *item {
	for i := len(s.items) - 1; i >= 0; i-- {
		if s.items[i].id == string(id) {
			return s.items[i]
		}
	}
	if len(s.items) == keptItems {
		s.items = s.items[1:]
	}
	it := &item{id: string(id)}
	s.items = append(s.items, it)
	return it
}

// beginLocked notes that an item's audio begins. A context's items are spoken one after another, so it is of the
// oldest piece that is owed.
func (s *stream) beginLocked(it *item) {
	it.begun = true
	it.start = s.clock.Now()
	it.piece = s.ended.id
	if s.owesSpeechLocked() {
		it.piece = s.owed[0].id
	}
	s.open++
}

// spokenLocked hands on the times of words of an item that has begun, and counts them for their piece. No word starts
// before the one before it, nor is of an earlier piece.
func (s *stream) spokenLocked(it *item, times []wordTime) {
	if len(times) == 0 {
		return
	}
	it.place(times[0])
	of := s.pieceLocked(it.piece)
	s.spokenPiece = max(s.spokenPiece, it.piece)
	words := make([]upstream.Word, len(times))
	for i, w := range times {
		start, end := s.clock.Span(it.origin+w.start, it.origin+w.end)
		words[i] = upstream.Word{Text: w.text, Piece: s.spokenPiece, Start: start, End: end, Score: -1}
		s.tally.heard += letters(w.text)
		if of != nil {
			of.hear(w.text)
		}
	}
	s.Sink().Words(words)
}
