package client

import (
	"context"
	"iter"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// Audio ranges over the speech's audio as it comes, and passes over all else. See Events.
func (s *Speech) Audio() iter.Seq2[Audio, error] {
	return func(yield func(Audio, error) bool) {
		for e, err := range s.Events() {
			audio, ok := e.(Audio)
			if (ok || err != nil) && !yield(audio, err) {
				return
			}
		}
	}
}

// Events ranges over what comes of the speech. An error is the last that it yields: a *protocol.Error where the relay
// refused the speech or could not speak it, ErrLost, ErrOverrun, ErrClosed, or what ended Speak's context. What was canceled
// just ends. Whoever leaves the range early has closed the speech.
func (s *Speech) Events() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if !s.queue.begin() && !s.isLeft() {
			_ = s.Close() // it has no error
			yield(nil, errUnheard)
			return
		}
		for e, ok := s.next(); ok; e, ok = s.next() {
			if !yield(e, nil) {
				_ = s.Close() // it has no error
				return
			}
		}
		if err := s.failure(); err != nil {
			yield(nil, err)
		}
	}
}

// next waits for an event; ok is false after the last.
func (s *Speech) next() (e Event, ok bool) {
	for !s.isLeft() {
		if e, ok = s.queue.take(); ok {
			return e, true
		}
		select {
		case <-s.queue.came:
		case <-s.left:
		case <-s.ended: // what came before the end is in the queue
			return s.queue.take()
		}
	}
	return nil, false
}

// Wait waits for the speech's end and returns the relay's word on it: also that of a failed one, whose Error says why.
// Nobody has to range over the speech for that.
func (s *Speech) Wait(ctx context.Context) (*protocol.Done, error) {
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-s.ended:
		return s.done, s.err
	}
}
