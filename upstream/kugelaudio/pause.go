package kugelaudio

import (
	"time"

	"voicerelay/upstream"
)

// How long text may wait for more before it is flushed: where the vendor has nothing to do, only until the next piece
// can have come; where it is about to begin by itself, until it surely would have.
const (
	pauseTime = 50 * time.Millisecond
	beginTime = 300 * time.Millisecond
)

// busyLocked reports whether the vendor speaks, or is about to.
func (s *stream) busyLocked() bool { return s.clock.busy() || len(s.parts.flushes) > 0 }

// unannouncedLocked takes note of audio without a word of what text it is: only flushes tell where a piece ends.
func (s *stream) unannouncedLocked() {
	s.parts.blind = true
	s.turns.waited(time.Now())
	s.awaitLocked()
}

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
