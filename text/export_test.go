package text

import "strings"

// Offset returns where in the client's text the code point i of Text comes from. What was added counts as the end of
// what precedes it.
func (p Piece) Offset(i int) int {
	char := p.Start
	for _, r := range p.runs {
		if i < r.at {
			break
		}
		char = r.char + min(i-r.at, r.chars)
	}
	if p.runs == nil {
		char += max(0, min(i, p.End-p.Start))
	}
	return char
}

// Speakable reports whether s has a letter or digit of any script outside of tags.
func Speakable(s string) bool {
	found := false
	tagged(s, false, func(from, to int, kind stretch) {
		found = found || kind != tagText && strings.IndexFunc(s[from:to], isSpeakable) >= 0
	})
	return found
}
