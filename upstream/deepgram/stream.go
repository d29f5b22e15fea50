package deepgram

import (
	"context"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// stream is one socket's speech.
type stream struct {
	upstream.Lifetime

	// Static after Open.
	version *version
	cleared chan struct{} // closed by the answer to the order to stop, or by the socket's end

	seat vendorsocket.Seat // has a lock of its own

	// Guarded by the Lifetime's lock.
	orders  orders
	charges charges
	speech  string // the vendor's name of the text that it is at, or was at last; empty: it gave none
	clock   upstream.Clock
	sending bool               // a piece is on its way to the socket, and a Flush must not go before it
	alarm   vendorsocket.Alarm // for a Flush that waits
	silent  bool               // cleared is closed
}

// charges add up the characters that the vendor says it charges for.
type charges struct {
	characters int64
	untold     bool // it did not say so of a text
}

// add takes the end of a text.
func (c *charges) add(f *frame) {
	n, told := f.billable()
	c.characters += n
	c.untold = c.untold || !told
}

func newStream(v *version, format audio.Format, sink upstream.Sink) *stream {
	return &stream{
		Lifetime: upstream.NewLifetime(sink), version: v, clock: upstream.Clock{Format: format}, cleared: make(chan struct{}),
	}
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

// Close releases the stream, and its socket with it. One that has not ended is stopped first.
func (s *stream) Close(ctx context.Context, cause error) error {
	if !s.BeginClose() {
		return nil
	}
	s.seat.Doubt(cause)
	told, err := false, error(nil)
	if s.stop(cause) {
		told, err = s.seat.Stop(ctx, s.version.stop)
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
	s.EndLocked(upstream.Usage{RequestID: s.seat.RequestID(s.speech), Metered: s.meteredLocked()}, err)
}

// meteredLocked is what the vendor says that it charges for, where it has said so of all that it was sent.
func (s *stream) meteredLocked() upstream.Metered {
	if s.charges.untold || s.orders.owed() {
		return upstream.Metered{}
	}
	return upstream.Metered{Characters: s.charges.characters}
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

// audio hands audio on. Audio frames name nothing, so after the order to stop they are stale: a stopped stream takes none.
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
	if s.EndedLocked() {
		return
	}
	switch {
	case f.Type == typeSpeechStarted:
		s.speech = upstream.RequestIDIn(f.SpeechID)
	case f.Type == s.version.ended:
		s.spokenLocked(f)
	case s.version.answersStop(f):
		s.stoppedLocked(f)
	case f.Type == typeWarning && !s.SilentLocked():
		s.warnedLocked(f)
	}
}

// spokenLocked takes the end of what a Flush had spoken.
func (s *stream) spokenLocked(f *frame) {
	s.charges.add(f)
	pieces := s.orders.flushed()
	if !s.SilentLocked() {
		s.settleLocked(pieces)
	}
}

// stoppedLocked takes the answer to the order to stop. Nothing else is known to bring one.
func (s *stream) stoppedLocked(f *frame) {
	if f.Type == typeSpeechInterrupted && s.SilentLocked() {
		s.charges.add(f)
		s.orders.flushed()
	}
	s.clearLocked()
}

// warnedLocked ends a stream that waits for audio which does not come.
func (s *stream) warnedLocked(f *frame) {
	switch {
	case s.version.ignoresFlush(f):
		s.endLocked(tooFast.Error(""))
	case f.Code == noAudioGenerated:
		s.endLocked(noAudio.Error(f.Code))
	}
}
