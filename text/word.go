package text

// Token is a word of the client's own text.
type Token struct {
	Text       string
	Start, End int
}

// Tokens returns the piece's words.
func (p Piece) Tokens() []Token { return nil }

// Tokens returns the words of s.
func Tokens(s string, start int) []Token { return nil }

// Speakable reports whether s has a letter or digit of any script outside of tags.
func Speakable(s string) bool { return false }
