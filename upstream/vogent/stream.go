package vogent

import (
	"context"
	"fmt"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

var _ upstream.Lingerer = (*stream)(nil)

// stream is one of our generations. Each of its pieces is a generation of its own at Vogent.
type stream struct {
	upstream.Lifetime

	// Static after Open.
	id, voice    string
	conversation string
	rate         int // hertz

	seat vendorsocket.Seat // has a lock of its own

	// Guarded by the Lifetime's lock.
	line  line
	heard bool // the vendor has said something of this stream
}

// Speak orders a piece.
func (s *stream) Speak(ctx context.Context, p upstream.Piece) error {
	if err := s.order(p); err != nil || p.Text == "" {
		return err
	}
	return s.seat.SendOn(ctx, func(socket uint64) [][]byte {
		in := s.input(socket, p.ID)
		in.Text, in.FinalText, in.SampleRate, in.AddWordTimestamps = p.Text, true, s.rate, true
		return [][]byte{in.encode()}
	})
}

// input is what every message about a piece has.
func (s *stream) input(socket uint64, piece int) input {
	return input{
		GenerationID: generationID(s.id, socket, piece),
		ContextID:    fmt.Sprintf("%s.%d", s.conversation, socket),
		VoiceID:      s.voice,
	}
}

// order notes that a piece is owed.
func (s *stream) order(p upstream.Piece) error {
	s.Lock()
	defer s.Unlock()
	if err := s.OrderLocked(p); err != nil {
		return err
	}
	s.line.order(p)
	s.settleLocked()
	return nil
}

// WhenGone is the Lingerer's.
func (s *stream) WhenGone(f func()) { s.seat.WhenGone(f) }

// Close releases the stream. What the vendor has not finished is stopped there, also after an error, which is of one
// piece only.
func (s *stream) Close(ctx context.Context, cause error) error {
	if !s.BeginClose() {
		return nil
	}
	s.seat.Doubt(cause)
	told, err := false, error(nil)
	if pieces := s.stop(cause); len(pieces) > 0 {
		told, err = s.seat.StopOn(ctx, func(socket uint64) [][]byte { return s.cancels(socket, pieces) })
	}
	s.Lock()
	defer s.Unlock()
	s.seat.Leave(!told)
	s.endLocked(nil)
	return err
}

// stop silences the stream. Its pieces are those that the vendor may still be at, the last first: in this order none
// begins because the one before it has been stopped.
func (s *stream) stop(cause error) (pieces []int) {
	s.Lock()
	defer s.Unlock()
	s.StopLocked(cause)
	return s.line.unfinished()
}

// cancels are the orders to stop.
func (s *stream) cancels(socket uint64, pieces []int) [][]byte {
	frames := make([][]byte, len(pieces))
	for i, piece := range pieces {
		in := s.input(socket, piece)
		in.Cancel = true
		frames[i] = in.encode()
	}
	return frames
}

// endLocked ends the stream, once. Where the vendor is still at a piece the stream keeps its place until Close has told
// it.
func (s *stream) endLocked(err error) {
	if s.EndedLocked() {
		return
	}
	if len(s.line.unfinished()) == 0 {
		s.seat.Leave(true)
	}
	s.line.drop()
	s.EndLocked(upstream.Usage{RequestID: s.requestIDLocked()}, err)
}

// requestIDLocked is by what the vendor finds the stream: the generation of its current piece.
func (s *stream) requestIDLocked() string {
	piece, ok := s.line.current()
	if !ok {
		return ""
	}
	return s.seat.RequestIDOn(func(socket uint64) string { return generationID(s.id, socket, piece) })
}

// settleLocked ends the stream where everything has been delivered, and where nothing more can be.
func (s *stream) settleLocked() {
	switch {
	case s.line.failed():
		s.endLocked(s.line.failure())
	case s.LastLocked() && len(s.line.pieces) == 0:
		s.endLocked(nil)
	}
}

// Lost ends the stream, whose socket has ended: perhaps for an error that has come ahead of its turn.
func (s *stream) Lost(err *upstream.Error) {
	s.Lock()
	defer s.Unlock()
	if !s.heard {
		err = unheard(err)
	}
	if failure := s.line.failure(); failure != nil {
		err = failure
	}
	s.endLocked(err)
}

// tooFarAhead is how a stream ends whose vendor sends more of later pieces than can be held.
var tooFarAhead = upstream.GarbledError("the vendor sent more ahead of its turn than can be")

// audio hands audio on.
func (s *stream) audio(piece int, base64 []byte) {
	s.Lock()
	defer s.Unlock()
	s.heard = true
	if !s.SilentLocked() && !s.line.audio(piece, base64) {
		s.endLocked(tooFarAhead)
	}
}

// words hands word times on.
func (s *stream) words(piece int, words []wordTime) {
	s.Lock()
	defer s.Unlock()
	s.heard = true
	if !s.SilentLocked() && !s.line.words(piece, words) {
		s.endLocked(tooFarAhead)
	}
}

// finished ends a piece, in failure where err is not nil. What the vendor does after an error, whether it closes the
// socket or speaks on, is not documented; the pieces before this one are delivered first either way.
func (s *stream) finished(piece int, err *upstream.Error) {
	s.Lock()
	defer s.Unlock()
	s.heard = true
	if !s.SilentLocked() {
		s.line.finish(piece, err)
		s.settleLocked()
	}
}
