package elevenlabs

import (
	"context"
	"sync"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

var _ upstream.Lingerer = (*stream)(nil)

// stream is a generation of ours, which is a context a piece at the vendor. Its sink is called with mu held, which makes
// the calls one at a time and lets Close stop them, so whoever calls Speak or Close must not hold a lock that the sink
// takes.
type stream struct {
	// Static after Open.
	id       string
	settings openFrame // of each context, but for its id
	leaving  *leaving
	over     chan struct{} // closed by endLocked

	seat vendorsocket.Seat // has a lock of its own

	// Owned by the caller of Speak and Close.
	closed bool

	// Guarded by mu.
	mu      sync.Mutex
	line    line
	last    bool  // the last piece has been ordered
	stopped error // the cause that Close was given; nothing more is delivered
	ended   bool
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
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := upstream.OrderError(s.closed || s.last, s.ended); err != nil {
		return nil, err
	}
	s.last = p.Last
	s.line.order(p)
	s.settleLocked()
	if s.ended {
		return nil, nil
	}
	return s.dueLocked(), nil
}

// dueLocked are the messages of the pieces that may be sent now. A context is closed at once behind its text: that is
// what makes the vendor say when all of it has been spoken.
func (s *stream) dueLocked() [][]byte {
	var frames [][]byte
	for _, p := range s.line.due() {
		open := s.settings
		open.ContextID = contextID(s.id, p.ID)
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
	if s.closed {
		return nil
	}
	s.closed = true
	s.seat.Doubt(cause)
	told, err := false, error(nil)
	if frames := s.stop(upstream.CloseCause(cause)); len(frames) > 0 {
		told, err = s.seat.Stop(ctx, frames...)
	}
	if told && err == nil {
		s.confirmed(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaveLocked(told)
	s.endLocked(nil)
	return err
}

// stop silences the stream and gives the orders to stop. That its contexts are closing already is nothing to rely on.
func (s *stream) stop(cause error) [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.stopped = cause
	}
	var frames [][]byte
	for _, piece := range s.line.open() {
		frames = append(frames, encode(closeFrame{ContextID: contextID(s.id, piece), CloseContext: true}))
	}
	return frames
}

// confirmed waits until the vendor has ended all contexts, which ends a stopped stream.
func (s *stream) confirmed(ctx context.Context) {
	select {
	case <-s.over:
	case <-ctx.Done():
	}
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

// silentLocked reports whether the sink must hear no more but the end.
func (s *stream) silentLocked() bool { return s.ended || s.stopped != nil }

// endLocked ends the stream, once. A cause that Close was given goes before any other. Where the vendor is still at a
// piece the stream keeps its place until Close has told it.
func (s *stream) endLocked(err error) {
	if s.ended {
		return
	}
	s.ended = true
	if s.stopped != nil {
		err = s.stopped
	}
	if len(s.line.open()) == 0 {
		s.seat.Leave(true)
	}
	s.line.drop()
	s.line.sink.End(upstream.Usage{Withheld: s.line.unsent()}, err) // the vendor tells no charge
	close(s.over)
}

// settleLocked ends the stream where everything has been delivered.
func (s *stream) settleLocked() {
	if s.last && len(s.line.pieces) == 0 {
		s.endLocked(nil)
	}
}

// Lost ends the stream, whose socket has ended.
func (s *stream) Lost(err *upstream.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endLocked(err)
}

// receive takes audio and times of a piece.
func (s *stream) receive(piece int, what packet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.silentLocked() && !s.line.receive(piece, what) {
		s.endLocked(upstream.GarbledError("the vendor sent more ahead of its turn than can be"))
	}
}

// final takes the end of a piece's context, which may make room for another. Only the socket's reader calls it.
func (s *stream) final(m *vendorsocket.Mux, piece int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silentLocked() {
		s.line.forget(piece)
		if len(s.line.open()) == 0 {
			s.endLocked(nil)
		}
		s.leaving.final(m, s.id) // it may have left just now
		return
	}
	s.line.finish(piece)
	s.settleLocked()
	if s.ended {
		return
	}
	for _, frame := range s.dueLocked() {
		m.Answer(frame)
	}
}
