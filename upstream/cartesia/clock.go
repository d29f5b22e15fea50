package cartesia

import (
	"math"
	"strings"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
)

// clock counts a stream's audio, by which the vendor's times, which begin anew with each context, become the stream's.
type clock struct {
	format audio.Format
	bytes  int64         // that the sink has had
	start  time.Duration // of the piece
	spoken time.Duration // start of the latest word
}

// now is how much audio the sink has had.
func (c *clock) now() time.Duration {
	return audio.Duration(c.bytes/int64(c.format.BytesPerSample()), c.format.Rate)
}

// words are the vendor's in the stream's time. Tags, which it tells among them, are none, nor is what has no sound time.
func (c *clock) words(piece int, w *wordTimestamps) []upstream.Word {
	words := make([]upstream.Word, 0, len(w.Words))
	for i := range min(len(w.Words), len(w.Start), len(w.End)) {
		text := strings.TrimSpace(w.Words[i])
		start, sane := seconds(w.Start[i])
		end, also := seconds(w.End[i])
		if text == "" || !sane || !also || strings.HasPrefix(text, "<") && strings.HasSuffix(text, ">") {
			continue
		}
		c.spoken = max(c.start+start, c.spoken)
		words = append(words, upstream.Word{Text: text, Piece: piece, Start: c.spoken, End: max(c.start+end, c.spoken), Score: -1})
	}
	return words
}

// seconds is a vendor's figure as a time, of a day at most.
func seconds(s float64) (d time.Duration, sane bool) {
	const most = 24 * 60 * 60
	if !(s >= 0 && s <= most) { // also where it is not a number
		return 0, false
	}
	return time.Duration(math.Round(s * float64(time.Second))), true
}
