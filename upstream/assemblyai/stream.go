package assemblyai

import (
	"context"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// wordsPatience is how long the last words are waited for. They come after the end of what they are of, if at all.
const wordsPatience = 500 * time.Millisecond

// stream is what a session speaks for one of our generations.
type stream struct {
	upstream.Lifetime

	// Static after Open.
	timed bool // times of words are asked for

	seat vendorsocket.Seat // has a lock of its own

	// Guarded by the Lifetime's lock.
	line  line
	clock upstream.Clock
	piece int                // that the latest word is of
	alarm vendorsocket.Alarm // for the last words
}

func newStream(sink upstream.Sink, format audio.Format, timed bool) *stream {
	return &stream{Lifetime: upstream.NewLifetime(sink), timed: timed, clock: upstream.Clock{Format: format}}
}

// Speak orders a piece. What the vendor may not have yet waits here, and the socket's reader sends it.
func (s *stream) Speak(ctx context.Context, p upstream.Piece) error {
	frames, err := s.order(p)
	if err != nil || len(frames) == 0 {
		return err
	}
	return s.seat.Send(ctx, frames...)
}

// order notes a piece, and returns what is to be sent for it now.
func (s *stream) order(p upstream.Piece) ([][]byte, error) {
	s.Lock()
	defer s.Unlock()
	if err := s.OrderLocked(p); err != nil {
		return nil, err
	}
	s.line.order(p)
	frames := s.line.due()
	s.WithholdLocked(s.line.withheld())
	if piece, ends := s.line.silent(); ends {
		s.Sink().PieceEnd(piece)
	}
	s.settleLocked()
	return frames, nil
}

// settleLocked ends the stream where all has been spoken and the last words are there, or sees to it that it ends without them.
func (s *stream) settleLocked() {
	switch {
	case !s.LastLocked() || len(s.line.queue) > 0:
	case s.line.wordsDue():
		s.alarm.Set(wordsPatience, s.quiet)
	default:
		s.endLocked(nil, true)
	}
}

// quiet ends a stream whose last words have not come.
func (s *stream) quiet() {
	s.Lock()
	defer s.Unlock()
	if !s.SilentLocked() {
		s.endLocked(nil, true)
	}
}

// Close releases the stream. What the vendor is at is cancelled there, which it confirms; if it does not, the socket goes with the
// stream.
func (s *stream) Close(ctx context.Context, cause error) error {
	if !s.BeginClose() {
		return nil
	}
	s.seat.Doubt(cause)
	told, err := false, error(nil)
	if s.stop(cause) {
		told, err = s.seat.Stop(ctx, message{Type: typeCancel}.encode())
	}
	confirmed := !told
	if told && err == nil {
		confirmed = s.AwaitEnd(ctx)
	}
	s.Lock()
	defer s.Unlock()
	s.endLocked(nil, confirmed)
	return err
}

// stop silences the stream, and tells whether the vendor may be at something.
func (s *stream) stop(cause error) (busy bool) {
	s.Lock()
	defer s.Unlock()
	return s.StopLocked(cause) && s.line.busy()
}

// endLocked ends the stream, once, and gives its place back.
func (s *stream) endLocked(err error, confirmed bool) {
	if s.EndedLocked() {
		return
	}
	s.alarm.Stop()
	s.seat.Leave(confirmed)
	used := upstream.Usage{Withheld: s.line.withheld()} // the vendor tells what it charges for a whole session only
	if s.line.numbers > 0 {
		used.RequestID = s.seat.RequestID("") // the session
	}
	s.EndLocked(used, err)
}

// Lost ends the stream, whose socket has ended. It may have had all it wanted from it.
func (s *stream) Lost(err *upstream.Error) {
	s.Lock()
	defer s.Unlock()
	if s.LastLocked() && len(s.line.queue) == 0 {
		s.endLocked(nil, true)
		return
	}
	s.endLocked(err, true)
}

// cancelled takes the vendor's word that nothing more comes of what the stream has ordered.
func (s *stream) cancelled() {
	s.Lock()
	defer s.Unlock()
	s.endLocked(&upstream.Error{Kind: upstream.Dropped, Message: "the vendor cancelled the speech"}, true)
}
