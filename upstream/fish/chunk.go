package fish

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vmihailenco/msgpack/v5"

	"voicerelay/upstream"
)

// chunk is what the vendor has made at a time, in its latest state.
type chunk struct {
	begun    bool
	sequence head // chunk_seq
	piece    int
	letters  int           // of its text
	start    time.Duration // in the stream
	times    times
	told     bool // the sink has its words
}

// times are a chunk's words, as the latest snapshot has them.
type times struct {
	words   []word
	letters int           // of all words
	end     time.Duration // of the last one
}

// word is one as the vendor times it, from the chunk's start.
type word struct {
	text       string
	start, end time.Duration
}

const (
	// maxSegments and maxSize bound the words of a chunk: it has 300 characters at most, each of which may be a word in Chinese.
	maxSegments = 1200
	maxSize     = 64 << 10 // bytes
	// longest is what no time is beyond: a bound for arithmetic.
	longest = 24 * time.Hour
	// slack is how much of its last word's end a chunk's audio may lack: times are rounded.
	slack = 50 * time.Millisecond
)

// snapshot reads the times of a chunk's words. It reports false where they are none, or far more than there can be.
func snapshot(data []byte) (t times, ok bool) {
	var a alignment
	if len(data) > maxSize || msgpack.Unmarshal(data, &a) != nil || len(a.Segments) > maxSegments {
		return t, false
	}
	t.words = make([]word, 0, len(a.Segments))
	for _, s := range a.Segments {
		start, sane := seconds(s.Start)
		end, also := seconds(s.End)
		text := strings.TrimSpace(s.Text)
		if text == "" || !sane || !also {
			continue
		}
		end = max(start, end)
		t.words = append(t.words, word{text, start, end})
		t.letters += utf8.RuneCountInString(bare(text))
		t.end = max(t.end, end)
	}
	return t, true
}

// seconds is a vendor's figure as a time.
func seconds(s float64) (d time.Duration, sane bool) {
	if !(s >= 0 && s <= longest.Seconds()) { // also where it is not a number
		return 0, false
	}
	return time.Duration(math.Round(s * float64(time.Second))), true
}

// timed reports whether the words are all of the chunk's, and have been heard to the end, with so much of its audio. They are
// sometimes written shorter than its text, hardly ever by more than a tenth.
func (c *chunk) timed(audio time.Duration) bool {
	return c.times.letters > 0 && 10*c.times.letters >= 9*c.letters && audio+slack >= c.times.end
}

// upTo are the words that end by then, in the stream's time.
func (c *chunk) upTo(audio time.Duration, clock *upstream.Clock) []upstream.Word {
	words := make([]upstream.Word, 0, len(c.times.words))
	for _, w := range c.times.words {
		if w.end > audio+slack {
			break
		}
		start, end := clock.Span(c.start+w.start, c.start+w.end)
		words = append(words, upstream.Word{Text: w.text, Piece: c.piece, Start: start, End: end, Score: -1})
	}
	return words
}
