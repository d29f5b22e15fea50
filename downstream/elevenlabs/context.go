package elevenlabs

import (
	"voicerelay/downstream"
	"voicerelay/relay"
)

// said is what a context's latest text was followed by.
type said int

const (
	saidNothing   said = iota // there was no text, but for space
	saidUnflushed             // text, and no flush
	saidFlushed               // text that had a flush with it
	saidBareFlush             // a flush that had no text with it
)

// speechContext is a context, which is one generation. Static, but for what its owner is said to be.
type speechContext struct {
	id      *string // nil: the one without an id
	g       *relay.Generation
	wire    *encoder
	address *address

	// Owned by the reader.
	phrases   downstream.Phrases
	said      said
	unflushed bool // some text came without a flush
	space     bool // the text ends with space, or has not begun
	closed    bool // no more text comes

	// spoke is whether there was text to speak; guarded by the talk's mutex.
	spoke bool
}

// key is what the connection knows the context by.
func (c *speechContext) key() string {
	if c.id == nil {
		return ""
	}
	return *c.id
}

// join is what to append to the text so far for one more message: where messages are whole phrases they are kept apart.
func (c *speechContext) join(text string) string {
	if c.address.phrases {
		return c.phrases.Join(text)
	}
	return text
}

// cancels reports whether a client that closes the context now is no longer interested in what was not spoken yet. The vendor's
// protocol has no word for an interruption: clients close the context, as they do after a turn. What tells one from the other is
// that each of them ends a turn with a flush that has no text with it. In doubt the text is spoken to its end.
func (c *speechContext) cancels() bool {
	switch c.said {
	case saidNothing:
		return true // there is nothing to hear
	case saidUnflushed:
		return true // the vendor speaks nothing of it, and Pipecat interrupts so
	case saidFlushed:
		return c.address.livekit && !c.unflushed // each of its sentences has a flush: this one is not the turn's end
	}
	return false
}
