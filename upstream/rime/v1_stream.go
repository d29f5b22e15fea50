package rime

import (
	"cmp"
	"context"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

var _ upstream.Lingerer = (*stream)(nil)

// stream is one of our generations, by v1. Each of its pieces is a context of its own there.
type stream struct {
	upstream.Lifetime

	// Static after Open.
	id    string
	start start   // of each context, but for its text
	scale float64 // how much longer speech takes than the vendor's times say

	seat vendorsocket.Seat // has a lock of its own

	// Guarded by the Lifetime's lock.
	line line
}

// Speak orders a piece. Where two are under way it waits here for one to end, and the socket's reader sends it.
func (s *stream) Speak(ctx context.Context, p upstream.Piece) error {
	frames, err := s.order(p)
	if err != nil || len(frames) == 0 {
		return err
	}
	return s.seat.Send(ctx, frames...)
}

// order notes that a piece is owed, and gives what is to be sent now.
func (s *stream) order(p upstream.Piece) ([][]byte, error) {
	s.Lock()
	defer s.Unlock()
	if err := s.OrderLocked(p); err != nil {
		return nil, err
	}
	s.line.order(p)
	s.settleLocked()
	if s.EndedLocked() {
		return nil, nil
	}
	return s.dueLocked(), nil
}

// dueLocked are the messages of the pieces that may be sent now.
func (s *stream) dueLocked() [][]byte {
	var frames [][]byte
	due := s.line.due()
	s.WithholdLocked(s.line.unsent())
	for _, p := range due {
		start := s.start
		start.Text = p.Text
		frames = append(frames, encode(order{ContextID: vendorsocket.JoinID(s.id, p.ID), Start: &start}))
	}
	return frames
}

// WhenGone is the Lingerer's.
func (s *stream) WhenGone(f func()) { s.seat.WhenGone(f) }

// Close releases the stream. What the vendor has not finished is cancelled there, also after an error, which is of one context only.
func (s *stream) Close(ctx context.Context, cause error) error {
	if !s.BeginClose() {
		return nil
	}
	s.seat.Doubt(cause)
	told, err := false, error(nil)
	if frames := s.stop(cause); len(frames) > 0 {
		told, err = s.seat.Stop(ctx, frames...)
	}
	if told && err == nil {
		s.AwaitEnd(ctx) // which the vendor's end of all contexts brings
	}
	s.Lock()
	defer s.Unlock()
	s.seat.Leave(!told || len(s.line.open()) == 0)
	s.endLocked(nil)
	return err
}

// stop silences the stream, and gives the orders to stop.
func (s *stream) stop(cause error) [][]byte {
	s.Lock()
	defer s.Unlock()
	s.StopLocked(cause)
	var frames [][]byte
	for _, piece := range s.line.open() {
		frames = append(frames, encode(order{ContextID: vendorsocket.JoinID(s.id, piece), Cancel: &struct{}{}}))
	}
	return frames
}

// endLocked ends the stream, once. Where the vendor is still at a piece the stream keeps its place until Close has told it.
func (s *stream) endLocked(err error) {
	if s.EndedLocked() {
		return
	}
	if len(s.line.open()) == 0 {
		s.seat.Leave(true)
	}
	s.line.drop()
	s.EndLocked(upstream.Usage{Withheld: s.line.unsent(), RequestID: s.requestIDLocked()}, err) // the vendor tells no charge
}

// requestIDLocked is by what the vendor finds the stream: its own name of the current piece, or else the context's.
func (s *stream) requestIDLocked() string {
	p := s.line.current()
	if p == nil {
		return ""
	}
	return cmp.Or(p.requestID, vendorsocket.JoinID(s.id, p.id))
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
	if failure := s.line.failure(); failure != nil {
		err = failure
	}
	s.endLocked(err)
}

// tooFarAhead is how a stream ends whose vendor sends more of later pieces than can be held.
func tooFarAhead() *upstream.Error {
	return upstream.GarbledError("the vendor sent more ahead of its turn than can be")
}

// started notes what the vendor calls a piece.
func (s *stream) started(piece int, requestID string) {
	s.Lock()
	defer s.Unlock()
	s.line.name(piece, requestID)
}

// audio hands audio on.
func (s *stream) audio(piece int, base64 []byte) {
	s.Lock()
	defer s.Unlock()
	if !s.SilentLocked() && !s.line.audio(piece, base64) {
		s.endLocked(tooFarAhead())
	}
}

// over takes the end of a piece's context, in failure where err is not nil, which may make room for another one.
func (s *stream) over(piece int, end *finished, err *upstream.Error) {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() {
		s.line.forget(piece)
		if len(s.line.open()) == 0 {
			s.endLocked(nil)
		}
		return
	}
	var words []wordTime
	if end != nil {
		words = end.words(s.scale)
	}
	if !s.line.finish(piece, words, err) {
		s.endLocked(tooFarAhead())
		return
	}
	s.settleLocked()
	if s.EndedLocked() {
		return
	}
	if frames := s.dueLocked(); len(frames) > 0 {
		if err := s.seat.SendNow(frames...); err != nil {
			s.endLocked(err)
		}
	}
}
