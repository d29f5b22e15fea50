package cartesia

import (
	"context"
	"sync"

	"voicerelay/upstream"
)

var _ upstream.Lingerer = (*stream)(nil)

// stream is a generation of ours, which is one context after another at the vendor. Its sink is called with mu held,
// which makes the calls one at a time and lets Close stop them, so whoever calls Speak or Close must not hold a lock that
// the sink takes.
type stream struct {
	// Static after Open.
	id      string
	request request // but for the transcript and the context's id
	sink    upstream.Sink

	seat upstream.Seat // has a lock of its own

	// Owned by the caller of Speak and Close.
	closed bool

	// Guarded by mu.
	mu      sync.Mutex
	clock   clock
	pieces  []upstream.Piece // ordered and not done; the vendor is at the first, if that has a text
	kept    int              // pieces that the sink knows to be kept back
	last    bool             // the last piece has been ordered
	stopped error            // the cause that Close was given; nothing more is delivered
	ended   bool
}

// Speak orders a piece. It goes out at once where none is being spoken.
func (s *stream) Speak(ctx context.Context, p upstream.Piece) error {
	first, err := s.order(p)
	if err != nil || !first {
		return err
	}
	return s.seat.Send(ctx, s.frame(p))
}

// frame is a piece's message.
func (s *stream) frame(p upstream.Piece) []byte {
	r := s.request
	r.ContextID, r.Transcript = contextID(s.id, p.ID), p.Text
	return encode(r)
}

// order notes that a piece is owed, and tells whether it is to be sent now.
func (s *stream) order(p upstream.Piece) (first bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := upstream.OrderError(s.closed || s.last, s.ended); err != nil {
		return false, err
	}
	s.last = p.Last
	s.pieces = append(s.pieces, p)
	s.tellLocked()
	if len(s.pieces) > 1 {
		return false, nil
	}
	s.skipLocked()
	return len(s.pieces) == 1, nil
}

// tellLocked tells the sink how many pieces wait for the first to be done.
func (s *stream) tellLocked() {
	if kept := max(0, len(s.pieces)-1); kept != s.kept {
		s.kept = kept
		s.sink.Withheld(kept)
	}
}

// skipLocked ends pieces without a text, which the vendor never hears of, and the stream where nothing is left.
func (s *stream) skipLocked() {
	for len(s.pieces) > 0 && s.pieces[0].Text == "" {
		s.sink.PieceEnd(s.pieces[0].ID)
		s.pieces = s.pieces[1:]
	}
	if s.last && len(s.pieces) == 0 {
		s.endLocked(nil)
	}
}

// WhenGone is the Lingerer's.
func (s *stream) WhenGone(f func()) { s.seat.WhenGone(f) }

// Close releases the stream. What the vendor is at is canceled there; nothing need answer that.
func (s *stream) Close(ctx context.Context, cause error) error {
	if s.closed {
		return nil
	}
	s.closed = true
	s.seat.Doubt(cause)
	told, err := false, error(nil)
	if piece, busy := s.stop(upstream.CloseCause(cause)); busy {
		told, err = s.seat.Stop(ctx, encode(cancelation{ContextID: contextID(s.id, piece), Cancel: true}))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seat.Leave(!told)
	s.endLocked(nil)
	return err
}

// stop silences the stream, and tells which piece the vendor is at.
func (s *stream) stop(cause error) (piece int, busy bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = cause
	if s.ended || len(s.pieces) == 0 {
		return 0, false
	}
	return s.pieces[0].ID, true
}

// atLocked reports whether the piece is the one that is being spoken, to somebody who listens.
func (s *stream) atLocked(piece int) bool {
	return !s.ended && s.stopped == nil && len(s.pieces) > 0 && s.pieces[0].ID == piece
}

// endLocked ends the stream, once. A cause that Close was given goes before any other; it leaves by itself.
func (s *stream) endLocked(err error) {
	if s.ended {
		return
	}
	s.ended = true
	if s.stopped != nil {
		err = s.stopped
	} else {
		s.seat.Leave(true)
	}
	s.sink.End(upstream.Usage{Withheld: max(0, len(s.pieces)-1)}, err) // the vendor tells no charge
}

// Lost ends the stream, whose socket has ended.
func (s *stream) Lost(err *upstream.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endLocked(err)
}

// failed ends the stream for an error of the piece that is being spoken.
func (s *stream) failed(piece int, err *upstream.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.atLocked(piece) {
		s.endLocked(err)
	}
}

// audio hands audio on.
func (s *stream) audio(piece int, base64 []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.atLocked(piece) || len(base64) == 0 {
		return
	}
	f := upstream.Frame{Format: s.clock.Format, Base64: base64}
	s.clock.Add(f)
	s.sink.Audio(f)
}

// words hands word times on.
func (s *stream) words(piece int, w *wordTimestamps) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.atLocked(piece) {
		return
	}
	if words := s.clock.words(piece, w); len(words) > 0 {
		s.sink.Words(words)
	}
}

// done ends a piece, and has the next one spoken.
func (s *stream) done(piece int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.atLocked(piece) {
		return
	}
	s.clock.Fill(s.sink)
	s.sink.PieceEnd(piece)
	s.pieces = s.pieces[1:]
	s.clock.start = s.clock.Now()
	s.skipLocked()
	if len(s.pieces) > 0 {
		s.sendLocked(s.pieces[0])
	}
	if !s.ended {
		s.tellLocked()
	}
}

// sendLocked sends a piece from the socket's reader, which must not wait: a socket that has no room is stuck.
func (s *stream) sendLocked(p upstream.Piece) {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.seat.Send(now, s.frame(p)); err != nil {
		s.endLocked(&upstream.Error{Kind: upstream.Dropped, Message: "the vendor takes no data"})
	}
}
