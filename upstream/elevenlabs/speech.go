package elevenlabs

import (
	"strings"
	"time"
	"unicode"

	"voicerelay/text"
)

// word is one in the text that was sent, in times from its piece's first sample.
type word struct {
	text       string
	start, end time.Duration
}

// speech makes words of the characters of a piece.
type speech struct {
	anchor time.Duration // where the latest segment began in the piece
	reach  time.Duration // where its latest character ended, from the anchor
	chars  []rune        // of words that may go on
	spans  []span        // one for each of chars

	ahead   string // of the piece's text, what the vendor has yet to tell of
	follows bool   // the vendor has told what the text has, so that ahead is known
}

// newSpeech is the speech of a text.
func newSpeech(text string) speech { return speech{ahead: text, follows: true} }

// span is a character's place in the piece.
type span struct{ start, end time.Duration }

const (
	// longestWord bounds what is kept for a word to go on, in characters.
	longestWord = 1000
	// longest is what no time is beyond: a bound for arithmetic.
	longest = 24 * time.Hour
	// early is how much earlier than its audio a character may be said to begin.
	early = 50 * time.Millisecond
	// rounding is how far times that meet may be apart.
	rounding = time.Millisecond
)

// add takes the characters of a frame whose audio begins at at, and returns the words that they complete. heard says
// whether the frame has audio at all.
func (s *speech) add(a *alignment, at time.Duration, heard bool) []word {
	starts, lengths := a.starts(), a.lengths()
	n := min(len(a.Chars), len(starts), len(lengths))
	if n == 0 {
		return nil
	}
	s.segment(milliseconds(starts[0]), at, heard)
	for i, char := range a.Chars[:n] {
		start := milliseconds(starts[i])
		s.reach = max(s.reach, start+milliseconds(lengths[i]))
		place := span{start: s.anchor + start, end: s.anchor + start + milliseconds(lengths[i])}
		s.follow(char)
		for _, r := range char {
			s.chars, s.spans = append(s.chars, r), append(s.spans, place)
		}
	}
	return s.words(len(s.chars) > longestWord)
}

// segment finds out where the times count from whose first is start. The vendor counts by segment and does not say
// where one begins, nor how many frames it is told in: times that go on after the earlier ones are of the same segment,
// unless they would be of audio before this frame's.
func (s *speech) segment(start, at time.Duration, heard bool) {
	goesOn := s.reach > 0 && start+rounding >= s.reach
	switch {
	case goesOn && (!heard || s.anchor+start+early >= at):
		return
	case heard:
		s.anchor = at
	default: // without audio there is but the end of the segment before
		s.anchor += s.reach
	}
	s.reach = 0
}

// follow finds a character that was told in the text. The vendor may add and leave out spaces.
func (s *speech) follow(char string) {
	if !s.follows || strings.TrimSpace(char) == "" {
		return
	}
	rest := strings.TrimLeftFunc(s.ahead, unicode.IsSpace)
	if s.ahead, s.follows = strings.CutPrefix(rest, char); !s.follows {
		s.ahead = ""
	}
}

// words are those that are complete, or all: a word may go on in the next frame unless something follows it, in
// what was told or in the text. That nothing more may come shows nowhere else, so a voice that breaks off after a word
// has said it.
func (s *speech) words(all bool) []word {
	tokens := text.Tokens(string(s.chars), 0)
	open := len(s.chars) > 0 && !unicode.IsSpace(s.chars[len(s.chars)-1])
	if open && !all && len(tokens) > 0 && !s.over(tokens) {
		tokens = tokens[:len(tokens)-1]
	}
	done := 0
	words := make([]word, 0, len(tokens))
	for _, t := range tokens {
		words = append(words, word{text: t.Text, start: s.spans[t.Start].start, end: s.spans[t.End-1].end})
		done = t.End
	}
	if all || !open {
		done = len(s.chars)
	}
	s.chars, s.spans = s.chars[done:], s.spans[done:]
	return words
}

// over reports whether by the text the last word that was told doesn't go on.
func (s *speech) over(tokens []text.Token) bool {
	if !s.follows {
		return false
	}
	next := s.ahead
	if space := strings.IndexFunc(next, unicode.IsSpace); space >= 0 {
		next = next[:space]
	}
	whole := text.Tokens(string(s.chars)+next, 0)
	n := len(tokens)
	return len(whole) >= n && whole[n-1].End == tokens[n-1].End
}

// rest are the words that nothing follows, at the piece's end.
func (s *speech) rest() []word { return s.words(true) }

// milliseconds is a vendor's figure as a time of at most a day.
func milliseconds(ms float64) time.Duration {
	return time.Duration(min(max(ms, 0), float64(longest.Milliseconds())) * float64(time.Millisecond))
}
