package kugelaudio

import (
	"context"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

var _ upstream.Lingerer = (*stream)(nil)

// stream is one context.
type stream struct {
	upstream.Lifetime

	// Static after Open.
	id      string
	voice   voiceSettings
	session session
	turns   *turns

	seat vendorsocket.Seat // has a lock of its own

	// Owned by the caller of Speak and Close.
	created bool // the vendor has been sent text

	// Guarded by the Lifetime's lock.
	clock   clock
	parts   parts
	piece   int                // the latest that ended, for words that come late
	worded  int                // the piece of the latest word
	sending bool               // a piece is on its way to the socket, and a flush must not go before it
	alarm   vendorsocket.Alarm // for a flush, should the text pause
}

// How long text may wait for more before it is flushed: where the vendor has nothing to do, only until the next piece
// can have come; where it is about to begin by itself, until it surely would have.
const (
	pauseTime = 50 * time.Millisecond
	beginTime = 300 * time.Millisecond
)

// key is what streams on one socket have in common.
func (s *stream) key(tenant string) string {
	return string(encode(s.session)) + tenant
}

// Speak orders a piece.
func (s *stream) Speak(ctx context.Context, p upstream.Piece) error {
	flush, err := s.order(p)
	if err != nil {
		return err
	}
	var frames [][]byte
	if p.Text != "" {
		text := textFrame{Text: p.Text, ContextID: s.id, Flush: flush}
		if !s.created {
			s.created = true
			text.VoiceSettings, text.session = &s.voice, &s.session
		}
		frames = append(frames, encode(text))
	}
	if p.Last {
		if !s.created {
			s.finish(upstream.Usage{}) // nothing was ever to be spoken
			return nil
		}
		// It drains what was ordered. Sent along with the text it saves a round trip at the end.
		frames = append(frames, encode(closeFrame{CloseContext: true, ContextID: s.id}))
	}
	err = s.seat.Send(ctx, frames...)
	s.Lock()
	defer s.Unlock()
	s.sending = false
	s.awaitLocked()
	return err
}

// order notes a piece, and tells whether it is to be flushed: where the text ends, or pauses and the vendor has nothing
// else to do. What comes while it speaks is joined.
func (s *stream) order(p upstream.Piece) (flush bool, err error) {
	s.Lock()
	defer s.Unlock()
	if err := s.OrderLocked(p); err != nil {
		return false, err
	}
	s.sending = true
	s.parts.add(p.ID, p.Text)
	flush = p.Last || s.parts.blind || !p.More && !s.busyLocked() && !s.parts.confirmed()
	if flush {
		s.parts.flush()
	}
	return flush, nil
}

// busyLocked reports whether the vendor speaks, or is about to.
func (s *stream) busyLocked() bool { return s.clock.busy() || len(s.parts.flushes) > 0 }

// awaitLocked sets the alarm for a flush where the vendor has nothing to do, and there is text that it may not begin with
// by itself. That is told to the sink.
func (s *stream) awaitLocked() {
	if s.EndedLocked() {
		return
	}
	s.WithholdLocked(s.parts.unbegun(!s.busyLocked()))
	switch {
	case s.SilentLocked() || s.busyLocked() && !s.parts.blind || !s.parts.unflushed():
		s.alarm.Stop()
	case s.parts.blind:
		s.alarm.Set(0, s.paused)
	case s.parts.confirmed():
		s.alarm.Set(beginTime, s.paused)
	default:
		s.alarm.Set(pauseTime, s.paused)
	}
}

// paused flushes what the vendor has, since no more text has come. It runs on the alarm, which must not wait: a socket that
// has no room is stuck.
func (s *stream) paused() {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() || s.sending || s.busyLocked() && !s.parts.blind || !s.parts.unflushed() {
		return // Speak sets the alarm once the piece is sent
	}
	if s.parts.confirmed() && !s.parts.blind {
		s.turns.waited(time.Now())
	}
	s.parts.flush()
	if err := s.seat.SendNow(encode(flushFrame{Flush: true, ContextID: s.id})); err != nil {
		s.endLocked(upstream.Usage{}, err, true)
	}
	s.awaitLocked()
}

// WhenGone is the Lingerer's.
func (s *stream) WhenGone(f func()) { s.seat.WhenGone(f) }

// Close releases the stream. One that has not ended is stopped at the vendor.
func (s *stream) Close(ctx context.Context, cause error) error {
	if !s.BeginClose() {
		return nil
	}
	s.seat.Doubt(cause)
	if !s.Stop(cause) {
		return nil
	}
	told, err := false, error(nil)
	if s.created {
		told, err = s.seat.Stop(ctx, encode(closeFrame{CloseContext: true, ContextID: s.id, Immediate: true}))
	}
	confirmed := !told
	if told && err == nil {
		confirmed = s.AwaitEnd(ctx)
	}
	s.Lock()
	defer s.Unlock()
	s.endLocked(upstream.Usage{}, nil, confirmed)
	return err
}

// stopping reports whether the stream waits for the vendor to confirm that it stopped.
func (s *stream) stopping() bool {
	s.Lock()
	defer s.Unlock()
	return s.StoppedLocked() && !s.EndedLocked()
}

// endLocked ends the stream, once.
func (s *stream) endLocked(u upstream.Usage, err error, confirmed bool) {
	if s.EndedLocked() {
		return
	}
	s.alarm.Stop()
	s.seat.Leave(confirmed)
	if s.parts.sent > 0 {
		u.RequestID = s.seat.RequestID(s.id) // the context
	}
	s.EndLocked(u, err)
}

// Lost ends the stream, whose socket has ended.
func (s *stream) Lost(err *upstream.Error) { s.fail(err) }

// fail ends the stream with an error after which the vendor has nothing of it any more.
func (s *stream) fail(err *upstream.Error) {
	s.Lock()
	defer s.Unlock()
	s.endLocked(upstream.Usage{}, err, true)
}

// interrupted ends the stream, which the vendor has cut off.
func (s *stream) interrupted() {
	s.fail(&upstream.Error{Kind: upstream.Dropped, Message: "the vendor cut the context off"})
}

// finish ends the stream with everything delivered.
func (s *stream) finish(u upstream.Usage) {
	s.Lock()
	defer s.Unlock()
	s.finishLocked(u)
}

func (s *stream) finishLocked(u upstream.Usage) {
	if n := len(s.parts.owed); n > 0 && !s.SilentLocked() {
		s.endPiecesLocked(n)
	}
	s.endLocked(u, nil, true)
}

// endPiecesLocked ends the first n pieces, all at once.
func (s *stream) endPiecesLocked(n int) {
	s.clock.Fill(s.Sink())
	s.piece = s.parts.end(n)
	s.Sink().PieceEnd(s.piece)
}
