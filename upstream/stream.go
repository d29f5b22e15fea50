package upstream

import (
	"context"
	"time"
)

// Stream is one attempt. Its methods are called by one goroutine at a time.
type Stream interface {
	// Speak sends a piece with the order to speak it, which the vendor owes from then on. A stream that keeps the order
	// back says so by Sink.Withheld before Speak returns. ctx bounds the wait for the socket's writer.
	Speak(ctx context.Context, p Piece) error
	// Close releases the stream. With a cause it stops the vendor first, in the vendor's own words, and waits
	// for its confirmation while ctx lasts. After End it only releases, whatever the cause.
	Close(ctx context.Context, cause error) error
}

// Lingerer is a Stream whose vendor may still be at work for it when Close has returned.
type Lingerer interface {
	// WhenGone calls f, once, when the vendor has let go of the stream: at once where it has already, else when it has said
	// so, or has had all the time that it may need. It is called once, after Close; f must not block.
	WhenGone(f func())
}

// MostGone is how long a cancelled stream can count as not gone: a vendor that has not stopped by then does not stop.
const MostGone = 3 * time.Second

// CloseCause is what a stream ends with that Close ends: its cause, which may be nil.
func CloseCause(cause error) error {
	if cause == nil {
		return &Error{Kind: Canceled, Message: "closed"}
	}
	return cause
}
