package deepgram

import (
	"context"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// stream is one socket's speech.
type stream struct {
	upstream.Lifetime

	// Static after Open.
	cleared chan struct{} // closed by Cleared, or by the socket's end

	seat vendorsocket.Seat // has a lock of its own

	// Guarded by the Lifetime's lock.
	orders  orders
	clock   upstream.Clock
	sending bool               // a piece is on its way to the socket, and a Flush must not go before it
	alarm   vendorsocket.Alarm // for a Flush that waits
	silent  bool               // cleared is closed
}

// Speak orders a piece.
func (s *stream) Speak(ctx context.Context, p upstream.Piece) error {
	frames, err := s.order(p)
	if err != nil || len(frames) == 0 {
		return err
	}
	err = s.seat.Send(ctx, frames...)
	s.Lock()
	defer s.Unlock()
	s.sending = false
	s.awaitLocked()
	return err
}

// order notes a piece, and returns what is to be sent for it.
func (s *stream) order(p upstream.Piece) (frames [][]byte, err error) {
	s.Lock()
	defer s.Unlock()
	if err := s.OrderLocked(p); err != nil {
		return nil, err
	}
	frames = s.orders.add(p, time.Now())
	s.sending = len(frames) > 0
	s.WithholdLocked(s.orders.withheld())
	s.settleLocked(s.orders.silent())
	return frames, nil
}

// awaitLocked sets the alarm for a Flush that waits.
func (s *stream) awaitLocked() {
	if !s.orders.waiting || s.SilentLocked() {
		return
	}
	now := time.Now()
	s.alarm.Set(s.orders.due(now, s.LastLocked()).Sub(now), s.flush)
}

// flush sends a Flush that had to wait, once the vendor takes another one. It runs on the alarm, which must not wait: a
// socket that has no room is stuck.
func (s *stream) flush() {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() || s.sending {
		return // Speak sets the alarm once the piece is sent
	}
	if frame := s.orders.flush(time.Now(), s.LastLocked()); frame != nil {
		s.WithholdLocked(s.orders.withheld())
		if err := s.seat.SendNow(frame); err != nil {
			s.endLocked(err)
		}
	}
	s.awaitLocked()
}

// settleLocked ends pieces, all at once, and the stream where no more are to come.
func (s *stream) settleLocked(pieces []int) {
	if n := len(pieces); n > 0 {
		s.clock.Fill(s.Sink())
		s.Sink().PieceEnd(pieces[n-1])
	}
	if s.LastLocked() && len(s.orders.pieces) == 0 {
		s.endLocked(nil)
	}
}

// Close releases the stream, and its socket with it. One that has not ended is cleared first.
func (s *stream) Close(ctx context.Context, cause error) error {
	if !s.BeginClose() {
		return nil
	}
	s.seat.Doubt(cause)
	told, err := false, error(nil)
	if s.stop(cause) {
		told, err = s.seat.Stop(ctx, message{Type: typeClear}.encode())
	}
	if told && err == nil {
		select {
		case <-s.cleared:
		case <-ctx.Done(): // its socket is closed all the same
		}
	}
	s.Lock()
	defer s.Unlock()
	s.seat.Leave(true)
	s.endLocked(nil)
	return err
}

// stop silences the stream, and tells whether the vendor may be at something.
func (s *stream) stop(cause error) (busy bool) {
	s.Lock()
	defer s.Unlock()
	return s.StopLocked(cause) && s.orders.spoken
}

// endLocked ends the stream, once. One that Close has stopped leaves by itself.
func (s *stream) endLocked(err error) {
	if s.EndedLocked() {
		return
	}
	s.alarm.Stop()
	if !s.StoppedLocked() {
		s.seat.Leave(true)
	}
	s.EndLocked(upstream.Usage{RequestID: s.seat.RequestID("")}, err) // the vendor tells no usage
}

// clearLocked lets a Close that waits go on.
func (s *stream) clearLocked() {
	if !s.silent {
		s.silent = true
		close(s.cleared)
	}
}

// Lost ends the stream, whose socket has ended.
func (s *stream) Lost(err *upstream.Error) {
	s.Lock()
	defer s.Unlock()
	s.clearLocked()
	s.endLocked(err)
}

// audio hands audio on. Audio frames name nothing, so after a Clear they are stale up to Cleared: a stopped stream takes
// none.
func (s *stream) audio(raw []byte) {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() || len(raw) == 0 {
		return
	}
	f := upstream.Frame{Format: s.clock.Format, Raw: raw}
	s.clock.Add(f)
	s.Sink().Audio(f)
}

// frame handles a text frame. Those of which nothing is known need nothing done.
func (s *stream) frame(f *frame) {
	s.Lock()
	defer s.Unlock()
	if f.Type == typeCleared {
		s.clearLocked()
	}
	if s.SilentLocked() {
		return
	}
	switch {
	case f.Type == typeFlushed:
		s.settleLocked(s.orders.flushed())
	case f.Type == typeWarning && f.ignoresFlush():
		s.endLocked(tooFast.Error(""))
	}
}
