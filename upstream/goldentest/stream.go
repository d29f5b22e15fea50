package goldentest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// Stream is one of the adapter's, and what the transcript has said of it so far.
type Stream struct {
	*upstreamtest.Sink
	Stream upstream.Stream
	Conn   *upstreamtest.Conn
	Name   string // the transcript's name of it

	Text    string // of the next piece, so far
	Ordered int    // pieces
	Stopped bool

	// What must have come of it: bytes of audio, words, ends of pieces.
	Audio, Words, Pieces int
	Charge               string // the amount, as it is written

	t    *testing.T
	over bool          // it must have ended
	kind upstream.Kind // of that end; empty: a good one
}

// Speak orders what text there is as a piece.
func (s *Stream) Speak(last bool) {
	s.t.Helper()
	if err := s.Stream.Speak(s.t.Context(), upstream.Piece{ID: s.Ordered, Text: s.Text, Last: last}); err != nil {
		s.t.Fatalf("%s: Speak: %v", s.Name, err)
	}
	s.Text = ""
	s.Ordered++
}

// Stop closes the stream, which stops it unless it has ended. It does not wait for that: the vendor may have to confirm.
func (s *Stream) Stop() {
	s.Stopped = !s.over
	go func() {
		if err := s.Close(func(cause error) error { return s.Stream.Close(s.t.Context(), cause) }, ErrStop); err != nil {
			s.t.Errorf("%s: Close: %v", s.Name, err)
		}
	}()
}

// MustEnd tells that the stream must have ended: in an error of that kind, or well where it is empty. It reports false
// where that was told before, which alone counts.
func (s *Stream) MustEnd(kind upstream.Kind) bool {
	first := !s.over
	if first {
		s.over, s.kind = true, kind
	}
	return first
}

// Over reports whether the stream must have ended, or been stopped.
func (s *Stream) Over() bool { return s.over || s.Stopped }

// Hear tells that so much audio and so many words must come, unless the stream is over.
func (s *Stream) Hear(audio, words int) {
	if !s.Over() {
		s.Audio += audio
		s.Words += words
	}
}

// check compares what the stream has delivered with what the transcript said, and stops it where it goes on.
func (s *Stream) check() {
	s.t.Helper()
	synctest.Wait()
	h := s.Heard()
	if len(h.Audio) != s.Audio || len(h.Words) != s.Words {
		s.t.Errorf("%s: got %d bytes of audio and %d words, want %d and %d", s.Name, len(h.Audio), len(h.Words), s.Audio, s.Words)
	}
	if len(h.Pieces) != s.Pieces {
		s.t.Errorf("%s: got %d piece ends, want %d", s.Name, len(h.Pieces), s.Pieces)
	}
	select {
	case <-s.Ended():
		s.checkEnd(h)
	default:
		if s.Over() {
			s.t.Errorf("%s: has not ended, want %q", s.Name, s.kind)
		}
		s.leave()
	}
}

func (s *Stream) checkEnd(h upstreamtest.Heard) {
	s.t.Helper()
	switch {
	case s.Stopped:
		if !errors.Is(h.Err, ErrStop) {
			s.t.Errorf("%s: got %v, want the cause", s.Name, h.Err)
		}
	case !s.over:
		s.t.Errorf("%s: ended with %v, want it open", s.Name, h.Err)
	case s.kind == "":
		if h.Err != nil {
			s.t.Errorf("%s: got %v, want a good end", s.Name, h.Err)
		}
	case h.Err == nil || upstream.KindOf(h.Err) != s.kind:
		s.t.Errorf("%s: got %v, want %s", s.Name, h.Err, s.kind)
	}
	if h.Usage.Charge.Decimal != s.Charge {
		s.t.Errorf("%s: got charge %+v, want %q", s.Name, h.Usage.Charge, s.Charge)
	}
}

// leave stops the stream without waiting for the vendor, which says nothing more.
func (s *Stream) leave() {
	s.t.Helper()
	gone, cancel := context.WithCancel(s.t.Context())
	cancel()
	_ = s.Close(func(cause error) error { return s.Stream.Close(gone, cause) }, ErrStop) // what can't be told the vendor, can't
	if h := s.Heard(); !errors.Is(h.Err, ErrStop) {
		s.t.Errorf("%s: stopped at last, got %v, want the cause", s.Name, h.Err)
	}
}

// ErrStop is why streams are stopped.
var ErrStop = errors.New("barge-in")
