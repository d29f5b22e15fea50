package elevenlabs

import (
	"context"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

var _ upstream.Lingerer = (*stream)(nil)

// linger is how long the contexts of a cancelled stream may be open without the vendor's word: far longer than it
// takes to speak the longest piece, since one context too many ends all others.
const linger = 30 * time.Second

// stream is one of our generations. Each of its pieces is a context of its own at ElevenLabs.
type stream struct {
	upstream.Lifetime

	// Static after Open.
	id       string
	settings openFrame // of each context, but for its id
	leaving  *leaving

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

// dueLocked are the messages of the pieces that may be sent now. A context is closed right after its text: that is
// what makes the vendor say when all of it has been spoken.
func (s *stream) dueLocked() [][]byte {
	var frames [][]byte
	due := s.line.due()
	s.WithholdLocked(s.line.unsent())
	for _, p := range due {
		open := s.settings
		open.ContextID = vendorsocket.JoinID(s.id, p.ID)
		frames = append(frames,
			encode(open),
			encode(textFrame{Text: p.Text, ContextID: open.ContextID, Flush: true}),
			encode(closeFrame{ContextID: open.ContextID, CloseContext: true}))
	}
	return frames
}

// WhenGone is the Lingerer's.
func (s *stream) WhenGone(f func()) { s.seat.WhenGone(f) }

// Close releases the stream. What the vendor has not finished is stopped there.
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
	s.leaveLocked(told)
	s.endLocked(nil)
	return err
}

// stop silences the stream and gives the orders to stop. That its contexts are closing already is nothing to rely on.
func (s *stream) stop(cause error) [][]byte {
	s.Lock()
	defer s.Unlock()
	s.StopLocked(cause)
	var frames [][]byte
	for _, piece := range s.line.open() {
		frames = append(frames, encode(closeFrame{ContextID: vendorsocket.JoinID(s.id, piece), CloseContext: true}))
	}
	return frames
}

// leaveLocked gives the place on the socket back, once no context is open any more.
func (s *stream) leaveLocked(told bool) {
	open := len(s.line.open())
	unconfirmed := told && open > 0
	if unconfirmed {
		s.leaving.add(s.id, open, linger)
	}
	s.seat.Leave(!unconfirmed)
}

// endLocked ends the stream, once. Where the vendor is still at a piece the stream keeps its place until Close has told
// it.
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

// requestIDLocked is by what the vendor finds the stream: the context of its current piece.
func (s *stream) requestIDLocked() string {
	piece, ok := s.line.current()
	if !ok {
		return ""
	}
	return s.seat.RequestID(vendorsocket.JoinID(s.id, piece))
}

// settleLocked ends the stream where everything has been delivered.
func (s *stream) settleLocked() {
	if s.LastLocked() && len(s.line.pieces) == 0 {
		s.endLocked(nil)
	}
}

// Lost ends the stream, whose socket has ended.
func (s *stream) Lost(err *upstream.Error) {
	s.Lock()
	defer s.Unlock()
	s.endLocked(err)
}

// receive takes audio and times of a piece.
func (s *stream) receive(piece int, what packet) {
	s.Lock()
	defer s.Unlock()
	if !s.SilentLocked() && !s.line.receive(piece, what) {
		s.endLocked(upstream.GarbledError("the vendor sent more ahead of its turn than can be"))
	}
}

// final takes the end of a piece's context, which may make room for another. Only the socket's reader calls it.
func (s *stream) final(m *vendorsocket.Mux, piece int) {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() {
		s.line.forget(piece)
		if len(s.line.open()) == 0 {
			s.endLocked(nil)
		}
		s.leaving.final(m, s.id) // it may have left just now
		return
	}
	s.line.finish(piece)
	s.settleLocked()
	if s.EndedLocked() {
		return
	}
	for _, frame := range s.dueLocked() {
		m.Answer(frame)
	}
}
