package kugelaudio

import (
	"slices"
	"time"

	"voicerelay/upstream"
)

// clock is the stream's, and knows where its chunks began.
type clock struct {
	upstream.Clock
	chunks []chunk
	spoken time.Duration // start of the latest word
}

// chunk is a sentence as the vendor cuts them.
type chunk struct {
	id    int64
	start time.Duration
	piece int
}

const (
	// keptChunks is how many chunks back word times may come.
	keptChunks = 64
	// longest is what no time is beyond: a bound for arithmetic.
	longest = 24 * time.Hour
)

// chunk is the chunk of that id. When a frame first names one, all audio before it has come, since a context's
// sentences are spoken one after another: the chunk begins now, and belongs to the piece given.
func (c *clock) chunk(id int64, piece int) chunk {
	for i := len(c.chunks) - 1; i >= 0; i-- {
		if c.chunks[i].id == id {
			return c.chunks[i]
		}
	}
	if len(c.chunks) == keptChunks {
		c.chunks = c.chunks[1:]
	}
	begun := chunk{id: id, start: c.Now(), piece: piece}
	c.chunks = append(c.chunks, begun)
	return begun
}

// knows reports whether a frame has named the chunk before.
func (c *clock) knows(id int64) bool {
	return slices.ContainsFunc(c.chunks, func(begun chunk) bool { return begun.id == id })
}

// latest is the id of the chunk that came last, for frames that name none.
func (c *clock) latest() int64 {
	if len(c.chunks) == 0 {
		return 0
	}
	return c.chunks[len(c.chunks)-1].id
}

// span is a word's place in the stream. No word starts before the one before it.
func (c *clock) span(in chunk, w wordTime) (start, end time.Duration) {
	start = max(in.start+milliseconds(w.StartMS), c.spoken)
	c.spoken = start
	return start, max(in.start+milliseconds(w.EndMS), start)
}

func milliseconds(ms float64) time.Duration {
	return time.Duration(min(max(ms, 0), float64(longest.Milliseconds())) * float64(time.Millisecond))
}
