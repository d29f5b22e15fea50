package cartesia

import (
	"context"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

var _ upstream.Lingerer = (*stream)(nil)

// stream is one of our generations. It is one context at Cartesia while its text flows, and another one after each pause.
type stream struct {
	upstream.Lifetime

	// Static after Open.
	id      string
	request request // but for the transcript, the context's id, and what varies with them

	seat vendorsocket.Seat // has a lock of its own

	// Guarded by the Lifetime's lock.
	clock   clock
	phase   phase
	number  int                // the number of the latest context; 0 before the first
	pieces  []upstream.Piece   // ordered and not ended
	sent    int                // of them, those that the context has
	flushes int                // that are not answered
	piece   int                // the latest that ended, for words that come late
	alarm   vendorsocket.Alarm // for a context that has nothing to do
}

// phase is what a stream has at the vendor.
type phase int

const (
	noContext     phase = iota
	contextOpen         // it takes more text
	contextEnding       // it takes no more, and its done is still to come
)

const (
	// idleTime is how long a context may have nothing to do before it is ended: half of the second after which the vendor
	// lets it expire (Cartesia documentation, contexts), so that no text is on its way to it by then.
	idleTime = 500 * time.Millisecond
	// endTime is how long the done of such a context is waited for: by then it would have expired anyhow.
	endTime = time.Second
)

// Speak orders a piece.
func (s *stream) Speak(ctx context.Context, p upstream.Piece) error {
	frames, err := s.order(p)
	if err != nil || len(frames) == 0 {
		return err
	}
	return s.seat.Send(ctx, frames...)
}

// order notes a piece, and returns what is to be sent now.
func (s *stream) order(p upstream.Piece) ([][]byte, error) {
	s.Lock()
	defer s.Unlock()
	if err := s.OrderLocked(p); err != nil {
		return nil, err
	}
	s.pieces = append(s.pieces, p)
	frames := s.dueLocked()
	s.settleLocked()
	return frames, nil
}

// dueLocked are the messages of the pieces that may be sent now, which they are then taken to be. While a context is being
// ended none may: the vendor's plans count active contexts, and a second one could be refused.
func (s *stream) dueLocked() (frames [][]byte) {
	for s.phase != contextEnding && s.sent < len(s.pieces) {
		p := s.pieces[s.sent]
		if s.phase == noContext {
			if p.Text == "" {
				break // of which the vendor never hears
			}
			s.number++
			s.phase = contextOpen
			s.clock.start = s.clock.Now()
		}
		s.sent++
		frames = append(frames, s.frame(p.Text, !p.Last, false))
		if p.Last {
			s.phase = contextEnding
			break
		}
		s.flushes++
		frames = append(frames, s.frame("", true, true))
	}
	return frames
}

// frame is a message to the context.
func (s *stream) frame(transcript string, more, flush bool) []byte {
	r := s.request
	r.ContextID, r.Transcript, r.Continue, r.Flush = vendorsocket.JoinID(s.id, s.number), transcript, more, flush
	return encode(r)
}

// settleLocked ends the stream where nothing is left to be spoken, tells the sink what is kept back, and sees to a context
// that has nothing to do.
func (s *stream) settleLocked() {
	if s.LastLocked() && s.sent == 0 && s.phase == noContext {
		s.endPiecesLocked(len(s.pieces)) // of which none has a text
		s.endLocked(nil)
		return
	}
	s.WithholdLocked(len(s.pieces) - s.sent)
	switch {
	case s.phase == contextOpen && s.sent == 0:
		s.alarm.Set(idleTime, s.idle)
	case s.sent > 0:
		s.alarm.Stop()
	}
}

// idle ends a context that has nothing to do, or gives up one whose done does not come.
func (s *stream) idle() {
	s.Lock()
	defer s.Unlock()
	switch {
	case s.SilentLocked() || s.sent > 0:
	case s.phase == contextOpen:
		s.phase = contextEnding
		s.sendLocked(s.frame("", false, false))
		s.alarm.Set(endTime, s.idle)
	case s.phase == contextEnding:
		s.overLocked()
	}
}

// overLocked notes that the context is over, and has what waited for that spoken in another one. Unanswered flushes are
// over with it: nothing comes of a context after its done.
func (s *stream) overLocked() {
	s.phase, s.flushes = noContext, 0
	if frames := s.dueLocked(); len(frames) > 0 {
		s.sendLocked(frames...)
	}
	if !s.EndedLocked() {
		s.settleLocked()
	}
}

// endPiecesLocked ends the first n pieces, all at once.
func (s *stream) endPiecesLocked(n int) {
	if n == 0 {
		return
	}
	s.clock.Fill(s.Sink())
	s.piece = s.pieces[n-1].ID
	s.pieces, s.sent = s.pieces[n:], max(0, s.sent-n)
	s.Sink().PieceEnd(s.piece)
}

// WhenGone is the Lingerer's.
func (s *stream) WhenGone(f func()) { s.seat.WhenGone(f) }

// Close releases the stream. What the vendor is at is canceled there; nothing need answer that.
func (s *stream) Close(ctx context.Context, cause error) error {
	if !s.BeginClose() {
		return nil
	}
	s.seat.Doubt(cause)
	told, err := false, error(nil)
	name, busy := s.stop(cause)
	if name != "" {
		told, err = s.seat.Stop(ctx, encode(cancelation{ContextID: name, Cancel: true}))
	}
	s.Lock()
	defer s.Unlock()
	s.seat.Leave(!told || !busy)
	s.endLocked(nil)
	return err
}

// stop silences the stream, and tells which context is to be canceled, if any, and whether the vendor is at something.
func (s *stream) stop(cause error) (name string, busy bool) {
	s.Lock()
	defer s.Unlock()
	if !s.StopLocked(cause) || s.phase == noContext {
		return "", false
	}
	return vendorsocket.JoinID(s.id, s.number), s.sent > 0
}

// atLocked reports whether a context is the one that is being spoken, to somebody who listens.
func (s *stream) atLocked(number int) bool {
	return !s.SilentLocked() && s.phase != noContext && number == s.number
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
	used := upstream.Usage{Withheld: len(s.pieces) - s.sent} // the vendor tells no charge
	if s.number > 0 {
		used.RequestID = s.seat.RequestID(vendorsocket.JoinID(s.id, s.number)) // the latest context
	}
	s.EndLocked(used, err)
}

// Lost ends the stream, whose socket has ended.
func (s *stream) Lost(err *upstream.Error) {
	s.Lock()
	defer s.Unlock()
	s.endLocked(err)
}

// failed ends the stream for an error of the context that is being spoken.
func (s *stream) failed(number int, err *upstream.Error) {
	s.Lock()
	defer s.Unlock()
	if s.atLocked(number) {
		s.endLocked(err)
	}
}

// audio hands audio on. What is under way when a context is canceled may still come (the documentation says only that
// generations that have not begun are stopped), so frames of a context that is not the stream's latest are dropped.
func (s *stream) audio(number int, base64 []byte) {
	s.Lock()
	defer s.Unlock()
	if !s.atLocked(number) || len(base64) == 0 {
		return
	}
	f := upstream.Frame{Format: s.clock.Format, Base64: base64}
	s.clock.Add(f)
	s.Sink().Audio(f)
}

// words hands word times on.
func (s *stream) words(number int, w *wordTimestamps) {
	s.Lock()
	defer s.Unlock()
	if !s.atLocked(number) {
		return
	}
	of := s.piece
	if s.sent > 0 {
		of = s.pieces[0].ID
	}
	if words := s.clock.words(of, w); len(words) > 0 {
		s.Sink().Words(words)
	}
}

// flushed ends a piece, whose flush is done. One that answers no flush ends nothing.
func (s *stream) flushed(number int) {
	s.Lock()
	defer s.Unlock()
	if !s.atLocked(number) || s.flushes == 0 {
		return
	}
	s.flushes--
	s.endPiecesLocked(1)
	s.settleLocked()
}

// done ends a context, with all that it had.
func (s *stream) done(number int) {
	s.Lock()
	defer s.Unlock()
	if !s.atLocked(number) {
		return
	}
	s.endPiecesLocked(s.sent)
	s.overLocked()
}

// sendLocked sends from where nothing may be waited for: a socket that has no room is stuck.
func (s *stream) sendLocked(frames ...[]byte) {
	if err := s.seat.SendNow(frames...); err != nil {
		s.endLocked(err)
	}
}
