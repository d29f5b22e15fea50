package together

import "time"

const (
	// leastLetter is less audio for a letter or digit, at speed 1, than voices need: 70 to 90 ms are usual.
	leastLetter = 50 * time.Millisecond
	// patience is how many times the quiet period is waited for where more is likely to come, which is the case where
	// a commit was split. By default the product stays below the time in which a vendor counts as stalled.
	patience = 5
)

// owesSpeechLocked reports whether a piece is owed that has anything to speak: a last one may have no text.
func (s *stream) owesSpeechLocked() bool { return len(s.owed) > 0 && !s.owed[0].silent }

// pieceLocked is the piece of that id, if words may still come of it.
func (s *stream) pieceLocked(id int) *piece {
	switch {
	case s.ended.id == id:
		return &s.ended
	case len(s.owed) > 0 && s.owed[0].id == id:
		return &s.owed[0]
	}
	return nil
}

// concludeLocked looks whether all that was committed has come: the words tell, or else the quiet that follows.
func (s *stream) concludeLocked() {
	if s.open > 0 || s.tally.dones < s.tally.commits {
		return
	}
	if s.phase == complete || s.tally.dones == s.tally.commits && !s.owesSpeechLocked() && s.ended.whole() {
		s.completeLocked()
		return
	}
	wait := s.quiet
	if s.incompleteLocked() {
		wait *= patience
	}
	s.phase, s.due = quieting, time.Now().Add(wait)
	if s.alarm == nil {
		s.alarm = s.awake.AfterFunc(wait, s.calm)
		return
	}
	s.alarm.Reset(wait)
}

// calm takes a quiet period for the end of all that was committed.
func (s *stream) calm() {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() || s.phase != quieting || time.Now().Before(s.due) {
		return // something has come meanwhile
	}
	if n := s.speechLocked(); n > 0 {
		s.endPiecesLocked(n)
	}
	s.completeLocked()
}

// completeLocked notes that all that was committed has come, and ends the stream where no more text does.
func (s *stream) completeLocked() {
	s.phase = complete
	if s.LastLocked() {
		s.finishLocked()
	}
}

// speechLocked is how many pieces with a text are owed before any without.
func (s *stream) speechLocked() int {
	n := 0
	for n < len(s.owed) && !s.owed[n].silent {
		n++
	}
	return n
}
