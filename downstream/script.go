package downstream

import (
	"sync"
	"unicode"

	"voicerelay/relay"
)

// Script is a generation's text, for dialects whose clients want words as they wrote them, marks beside them included. It is safe
// for concurrent use; the zero value is empty.
type Script struct {
	mu   sync.Mutex
	text []rune
}

// Append adds text, as the generation got it.
func (s *Script) Append(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = append(s.text, []rune(text)...)
}

// Len is how many characters it has.
func (s *Script) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.text)
}

// From is the text from a character on.
func (s *Script) From(char int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.text[min(char, len(s.text)):])
}

// Written is a word as it stands in the text: with the marks before and after it that no space parts from it. In scripts
// without spaces between words only the marks after it are its own.
func (s *Script) Written(w relay.Word) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	start, end := w.CharStart, w.CharEnd
	if start < 0 || end > len(s.text) || start > end {
		return w.Text
	}
	for apart := s.isApart(start); start > 0 && isMark(s.text[start-1]) && (apart || isOpening(s.text[start-1])); {
		start--
	}
	for apart := s.isApart(end); end < len(s.text) && isMark(s.text[end]) && !apart && !isOpening(s.text[end]); {
		end++
	}
	return string(s.text[start:end])
}

// isApart reports whether the marks around a place belong to the word after them: what is before them is a space, or nothing.
func (s *Script) isApart(at int) bool {
	for at > 0 && isMark(s.text[at-1]) {
		at--
	}
	return at == 0 || unicode.IsSpace(s.text[at-1])
}

// isOpening reports whether a mark belongs to the word after it wherever it stands.
func isOpening(r rune) bool { return unicode.In(r, unicode.Ps, unicode.Pi) }

// isMark reports whether a character is neither of a word nor a space.
func isMark(r rune) bool {
	return !unicode.IsSpace(r) && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.M, r)
}

// Text is all of it.
func (s *Script) Text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.text)
}
