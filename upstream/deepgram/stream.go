package deepgram

import (
	"context"
	"sync"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// stream is one socket's speech. Its sink is called with mu held, which makes the calls one at a time and lets Close
// stop them, so whoever calls Speak or Close must not hold a lock that the sink takes.
type stream struct {
	// Static after Open.
	sink    upstream.Sink
	cleared chan struct{} // closed with the vendor's word that it has stopped, or with the socket's end

	seat vendorsocket.Seat // has a lock of its own

	// Owned by the caller of Speak and Close.
	closed bool

	// Guarded by mu.
	mu      sync.Mutex
	orders  orders
	clock   upstream.Clock
	sending bool        // a piece is on its way to the socket, and a Flush must not go before it
	kept    int         // pieces that the sink knows to be kept back
	alarm   *time.Timer // for a Flush that waits; nil until one has to
	last    bool        // the last piece has been ordered
	stopped error       // the cause that Close was given; nothing more is delivered
	silent  bool        // cleared is closed
	ended   bool
}

// Speak orders a piece.
func (s *stream) Speak(ctx context.Context, p upstream.Piece) error {
	frames, err := s.order(p)
	if err != nil || len(frames) == 0 {
		return err
	}
	err = s.seat.Send(ctx, frames...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sending = false
	s.awaitLocked()
	return err
}

// order notes a piece, and returns what is to be sent for it.
func (s *stream) order(p upstream.Piece) (frames [][]byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := upstream.OrderError(s.closed || s.last, s.ended); err != nil {
		return nil, err
	}
	s.last = p.Last
	frames = s.orders.add(p, time.Now())
	s.sending = len(frames) > 0
	s.tellLocked()
	s.settleLocked(s.orders.silent())
	return frames, nil
}

// tellLocked tells the sink how many pieces wait for a Flush.
func (s *stream) tellLocked() {
	if kept := s.orders.withheld(); kept != s.kept {
		s.kept = kept
		s.sink.Withheld(kept)
	}
}

// awaitLocked sets the alarm for a Flush that waits.
func (s *stream) awaitLocked() {
	if !s.orders.waiting || s.silentLocked() {
		return
	}
	now := time.Now()
	wait := s.orders.due(now, s.last).Sub(now)
	if s.alarm == nil {
		s.alarm = time.AfterFunc(wait, s.flush)
		return
	}
	s.alarm.Reset(wait)
}

// flush sends a Flush that had to wait, once the vendor takes another one. It runs on the alarm, which must not wait: a
// socket that has no room is stuck.
func (s *stream) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silentLocked() || s.sending {
		return // who is sending sets the alarm anew
	}
	if frame := s.orders.flush(time.Now(), s.last); frame != nil {
		s.tellLocked()
		if err := s.seat.SendNow(frame); err != nil {
			s.endLocked(err)
		}
	}
	s.awaitLocked()
}

// silentLocked reports whether the sink must hear no more but the end.
func (s *stream) silentLocked() bool { return s.ended || s.stopped != nil }

// settleLocked ends pieces, all at once, and the stream where no more are to come.
func (s *stream) settleLocked(pieces []int) {
	if n := len(pieces); n > 0 {
		s.clock.Fill(s.sink)
		s.sink.PieceEnd(pieces[n-1])
	}
	if s.last && len(s.orders.pieces) == 0 {
		s.endLocked(nil)
	}
}

// Close releases the stream, and its socket with it. One that has not ended is cleared first.
func (s *stream) Close(ctx context.Context, cause error) error {
	if s.closed {
		return nil
	}
	s.closed = true
	s.seat.Doubt(cause)
	told, err := false, error(nil)
	if s.stop(upstream.CloseCause(cause)) {
		told, err = s.seat.Stop(ctx, message{Type: typeClear}.encode())
	}
	if told && err == nil {
		select {
		case <-s.cleared:
		case <-ctx.Done(): // its socket is closed all the same
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seat.Leave(true)
	s.endLocked(nil)
	return err
}

// stop silences the stream, and tells whether the vendor may be at something.
func (s *stream) stop(cause error) (busy bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	s.stopped = cause
	return s.orders.spoken
}

// endLocked ends the stream, once. A cause that Close was given goes before any other; it leaves by itself.
func (s *stream) endLocked(err error) {
	if s.ended {
		return
	}
	s.ended = true
	if s.alarm != nil {
		s.alarm.Stop()
	}
	if s.stopped != nil {
		err = s.stopped
	} else {
		s.seat.Leave(true)
	}
	s.sink.End(upstream.Usage{}, err) // the vendor tells no usage
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
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clearLocked()
	s.endLocked(err)
}

// audio hands audio on.
func (s *stream) audio(raw []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silentLocked() || len(raw) == 0 {
		return
	}
	f := upstream.Frame{Format: s.clock.Format, Raw: raw}
	s.clock.Add(f)
	s.sink.Audio(f)
}

// frame handles a text frame. Those of which nothing is known need nothing done.
func (s *stream) frame(f *frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Type == typeCleared {
		s.clearLocked()
	}
	if s.silentLocked() {
		return
	}
	switch {
	case f.Type == typeFlushed:
		s.settleLocked(s.orders.flushed())
	case f.Type == typeWarning && f.ignoresFlush():
		s.endLocked(tooFast.Error(""))
	}
}
