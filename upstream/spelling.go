package upstream

import (
	"math"
	"strings"
	"time"
	"unicode"

	"voicerelay/text"
)

// Spelling makes words of the characters that a vendor times one by one, in however many frames it tells them. A word is
// told with its last character where the text that was sent shows that it does not go on, since a vendor may break off right
// after it; else once something follows it.
type Spelling struct {
	chars []rune // of words that may go on
	spans []span // one for each of chars

	ahead   string // of the text, what the vendor has yet to tell of
	follows bool   // the vendor has told what the text has, so that ahead is known
}

// span is a character's time.
type span struct{ start, end time.Duration }

// longestWord bounds what is kept for a word to go on, in characters: no language has one of so many.
const longestWord = 1000

// NewSpelling is the spelling of a text. The zero value is that of one that is not known.
func NewSpelling(text string) Spelling { return Spelling{ahead: text, follows: true} }

// Add takes a character, of one code point or several, and when it is spoken.
func (s *Spelling) Add(char string, start, end time.Duration) {
	s.follow(char)
	for _, r := range char {
		s.chars, s.spans = append(s.chars, r), append(s.spans, span{start, end})
	}
}

// Words are those that are complete, each given once. Their times are those of their characters; they have no piece yet.
func (s *Spelling) Words() []Word { return s.words(len(s.chars) > longestWord) }

// Rest are the words that nothing follows, at the text's end.
func (s *Spelling) Rest() []Word { return s.words(true) }

// follow finds a character that was told in the text. The vendor may add and leave out spaces.
func (s *Spelling) follow(char string) {
	if !s.follows || strings.TrimSpace(char) == "" {
		return
	}
	rest := strings.TrimLeftFunc(s.ahead, unicode.IsSpace)
	if s.ahead, s.follows = strings.CutPrefix(rest, char); !s.follows {
		s.ahead = ""
	}
}

// words are those that are complete, or all: a word may go on in the next frame unless something follows it, in what was
// told or in the text.
func (s *Spelling) words(all bool) []Word {
	tokens := text.Tokens(string(s.chars), 0)
	open := len(s.chars) > 0 && !unicode.IsSpace(s.chars[len(s.chars)-1])
	if open && !all && len(tokens) > 0 && !s.over(tokens) {
		tokens = tokens[:len(tokens)-1]
	}
	done := 0
	words := make([]Word, 0, len(tokens))
	for _, t := range tokens {
		words = append(words, Word{Text: t.Text, Start: s.spans[t.Start].start, End: s.spans[t.End-1].end, Score: -1})
		done = t.End
	}
	if all || !open {
		done = len(s.chars)
	}
	s.chars, s.spans = s.chars[done:], s.spans[done:]
	return words
}

// over reports whether by the text the last word that was told doesn't go on.
func (s *Spelling) over(tokens []text.Token) bool {
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

// Seconds is a vendor's figure of audio time, of a day at most: sane is false for what can be none.
func Seconds(s float64) (d time.Duration, sane bool) {
	const most = 24 * 60 * 60
	if !(s >= 0 && s <= most) { // also where it is not a number
		return 0, false
	}
	return time.Duration(math.Round(s * float64(time.Second))), true
}
