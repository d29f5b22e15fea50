package kugelaudio

import (
	"slices"
	"time"

	"voicerelay/upstream"
)

// clock is the stream's, and knows where its chunks began.
type clock struct {
	upstream.Clock
	chunks []*chunk
}

// chunk is a sentence as the vendor cuts them.
type chunk struct {
	id    int64
	start time.Duration
	piece int // that it is of, where no more is known

	from, end int    // letters of the stream's text before it, and up to its end; equal: not known
	of        []part // the pieces that it is of
	told      int    // letters of the words that were told
	complete  bool   // all its audio has come
}

// pieceOf is the piece of the chunk's next word.
func (c *chunk) pieceOf(w wordTime) int {
	at := c.from + c.told
	c.told += countLetters(w.Word)
	for _, piece := range c.of {
		if at < piece.end {
			return piece.id
		}
	}
	if n := len(c.of); n > 0 {
		return c.of[n-1].id
	}
	return c.piece
}

const (
	// keptChunks is how many chunks back word times may come.
	keptChunks = 64
	// longest is what no time is beyond: a bound for arithmetic.
	longest = 24 * time.Hour
)

// chunk is the chunk of that id. When a frame first names one, all audio before it has come, since a context's
// sentences are spoken one after another: the chunk begins now, and belongs to the piece given.
func (c *clock) chunk(id int64, piece int) *chunk {
	for _, known := range slices.Backward(c.chunks) {
		if known.id == id {
			return known
		}
	}
	if len(c.chunks) == keptChunks {
		c.chunks = c.chunks[1:]
	}
	begun := &chunk{id: id, start: c.Now(), piece: piece}
	c.chunks = append(c.chunks, begun)
	return begun
}

// busy reports whether a chunk is being spoken.
func (c *clock) busy() bool {
	n := len(c.chunks)
	return n > 0 && !c.chunks[n-1].complete
}

// through is the letters that have been spoken to their end: up to the end of the latest chunk that is complete and whose
// words have been told, or after which another one is complete.
func (c *clock) through() int {
	last := true
	for _, known := range slices.Backward(c.chunks) {
		if !known.complete {
			continue
		}
		if !last || known.told > 0 {
			return known.end
		}
		last = false
	}
	return 0
}

// knows reports whether a frame has named the chunk before.
func (c *clock) knows(id int64) bool {
	return slices.ContainsFunc(c.chunks, func(begun *chunk) bool { return begun.id == id })
}

// latest is the id of the chunk that came last, for frames that name none.
func (c *clock) latest() int64 {
	if len(c.chunks) == 0 {
		return 0
	}
	return c.chunks[len(c.chunks)-1].id
}

// span is a word's place in the stream.
func (c *clock) span(in *chunk, w wordTime) (start, end time.Duration) {
	return c.Span(in.start+milliseconds(w.StartMS), in.start+milliseconds(w.EndMS))
}

func milliseconds(ms float64) time.Duration {
	return time.Duration(min(max(ms, 0), float64(longest.Milliseconds())) * float64(time.Millisecond))
}
