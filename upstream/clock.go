package upstream

import (
	"time"

	"voicerelay/audio"
)

// Clock counts the audio that a stream's sink has had, by which a vendor's times become the stream's.
type Clock struct {
	Format audio.Format // of the latest audio, or that it is to have

	bytes  int64         // in this format
	before time.Duration // in former formats
	spoken time.Duration // start of the latest word
}

// Now is how much audio the sink has had.
func (c *Clock) Now() time.Duration {
	return c.before + audio.Duration(c.bytes/int64(c.Format.BytesPerSample()), c.Format.Rate)
}

// Add counts a frame that the sink gets.
func (c *Clock) Add(f Frame) {
	if f.Format != c.Format {
		c.before, c.bytes, c.Format = c.Now(), 0, f.Format
	}
	c.bytes += int64(f.Len())
}

// Split reports whether the audio so far ends in the middle of a sample.
func (c *Clock) Split() bool { return c.bytes%int64(c.Format.BytesPerSample()) != 0 }

// Span is a word's place in the stream, by what its vendor says: no word starts before the one before it, nor ends before
// its start.
func (c *Clock) Span(start, end time.Duration) (from, to time.Duration) {
	c.spoken = max(start, c.spoken)
	return c.spoken, max(end, c.spoken)
}

// Fill completes a sample that the audio ends in the middle of, which would shift all audio after it by a byte.
func (c *Clock) Fill(sink Sink) {
	size := int64(c.Format.BytesPerSample())
	if rest := (size - c.bytes%size) % size; rest > 0 {
		f := Frame{Format: c.Format, Raw: make([]byte, rest)}
		c.Add(f)
		sink.Audio(f)
	}
}
