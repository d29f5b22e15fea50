package speech

import (
	"time"

	"voicerelay/awake"
	"voicerelay/upstream"
)

// Waiting is since when the caller has waited for what the vendor owes, without time in which it could not have heard
// anything. It reports false if no caller waits: nothing is owed, or another generation of the context is being heard.
func (s *Speech) Waiting(now time.Time) (since time.Time, ok bool) {
	v := &s.arrivals
	turn, ok := s.cfg.Client.TurnCame()
	if !ok || !s.orders.owes() {
		return time.Time{}, false
	}
	since = awake.Later(awake.Later(s.cfg.Began, v.releasedAt), turn)
	if s.HasSpoken() {
		since = awake.Later(v.lastFrame, awake.Later(v.owedSince, turn))
	}
	return s.cfg.Awake.Adjust(since, now), true
}

// Deadline is when the vendor must have sent something, or the error that it has not. complete: all audio is here, and only the end of
// the stream, with the vendor's charge, is missing. That is no failure.
func (s *Speech) Deadline(now time.Time) (deadline time.Time, complete bool, err error) {
	v := &s.arrivals
	since, ok := s.Waiting(now)
	if !ok {
		v.lag = lag{}
		return time.Time{}, false, nil
	}
	deadline, late := since.Add(s.cfg.FirstAudioTimeout), upstream.FirstAudioTimeout
	if s.HasSpoken() {
		deadline, late = since.Add(s.cfg.StallTimeout), upstream.Stalled
	}
	if now.Before(deadline) {
		if s.HasSpoken() && !s.orders.isAllDelivered() {
			deadline, err = v.lag.paced(&s.cfg, s.Audio(), deadline, now)
		}
		return deadline, false, err
	}
	if s.orders.isAllDelivered() && s.orders.lastSent {
		return time.Time{}, true, nil
	}
	return time.Time{}, false, &upstream.Error{Kind: late, Message: "no audio in time"}
}
