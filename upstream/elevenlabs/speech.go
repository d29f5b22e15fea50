package elevenlabs

import (
	"time"

	"voicerelay/upstream"
)

// speech makes words of the characters of a piece, which count by segment, in times from its first sample.
type speech struct {
	perFrame bool // times count from the audio of their own frame, and not by segment

	anchor time.Duration // where the latest segment began in the piece
	reach  time.Duration // where its latest character ended, from the anchor

	spelling upstream.Spelling
}

// newSpeech is the speech of a text.
func newSpeech(text string, perFrame bool) speech {
	return speech{perFrame: perFrame, spelling: upstream.NewSpelling(text)}
}

const (
	// longest is what no time is beyond: a bound for arithmetic.
	longest = 24 * time.Hour
	// early is how much earlier than its audio a character may be said to begin.
	early = 50 * time.Millisecond
	// rounding is how far times that meet may be apart.
	rounding = time.Millisecond
)

// add takes the characters of a frame whose audio begins at at, and returns the words that they complete. heard says
// whether the frame has audio at all.
func (s *speech) add(a *alignment, at time.Duration, heard bool) []upstream.Word {
	starts, lengths := a.starts(), a.lengths()
	n := min(len(a.Chars), len(starts), len(lengths))
	if n == 0 {
		return nil
	}
	s.segment(milliseconds(starts[0]), at, heard)
	for i, char := range a.Chars[:n] {
		start, length := milliseconds(starts[i]), milliseconds(lengths[i])
		s.reach = max(s.reach, start+length)
		s.spelling.Add(char, s.anchor+start, s.anchor+start+length)
	}
	return s.spelling.Words()
}

// segment finds out where the times count from whose first is start. The vendor counts by segment and does not say
// where one begins, nor how many frames it is told in: times that go on after the earlier ones are of the same segment,
// unless they would be of audio before this frame's.
func (s *speech) segment(start, at time.Duration, heard bool) {
	goesOn := s.reach > 0 && start+rounding >= s.reach
	switch {
	case s.perFrame && heard:
		s.anchor = at
	case goesOn && (!heard || s.anchor+start+early >= at):
		return
	case heard:
		s.anchor = at
	default: // without audio there is but the end of the segment before
		s.anchor += s.reach
	}
	s.reach = 0
}

// rest are the words that nothing follows, at the piece's end.
func (s *speech) rest() []upstream.Word { return s.spelling.Rest() }

// milliseconds is a vendor's figure as a time of at most a day.
func milliseconds(ms float64) time.Duration {
	return time.Duration(min(max(ms, 0), float64(longest.Milliseconds())) * float64(time.Millisecond))
}
