package cartesia

import (
	"strings"
	"time"

	"voicerelay/upstream"
)

// clock is the stream's. That times count from the context's first sample, not the request's, is how LiveKit's and
// Pipecat's clients read them. The vendor's times start from 0 in each context.
type clock struct {
	upstream.Clock
	start time.Duration // of the context
}

// words are the vendor's in the stream's time. Tags, which it tells among them, are none, nor is what has no sound time.
func (c *clock) words(piece int, w *wordTimestamps) []upstream.Word {
	words := make([]upstream.Word, 0, len(w.Words))
	for i := range min(len(w.Words), len(w.Start), len(w.End)) {
		text := strings.TrimSpace(w.Words[i])
		start, sane := upstream.Seconds(w.Start[i])
		end, also := upstream.Seconds(w.End[i])
		if text == "" || !sane || !also || strings.HasPrefix(text, "<") && strings.HasSuffix(text, ">") {
			continue
		}
		start, end = c.Span(c.start+start, c.start+end)
		words = append(words, upstream.Word{Text: text, Piece: piece, Start: start, End: end, Score: -1})
	}
	return words
}
