package input

import "voicerelay/text"

// Marks are places in the text of which the client wants to know when they have been spoken. They are guarded by the generation's lock.
type Marks struct {
	at            []int // code points behind the last word before each, ascending; those that were taken are left out
	chars, length int   // how much of the text was looked at, in code points and in bytes
	last          int   // behind the last word of that
}

// add marks the end of a text.
func (m *Marks) add(whole string, chars int) {
	words := text.Tokens(whole[m.length:], m.chars)
	if n := len(words); n > 0 {
		m.last = words[n-1].End
	}
	m.chars, m.length = chars, len(whole)
	m.at = append(m.at, m.last)
}

// IsEmpty reports whether there is none.
func (m *Marks) IsEmpty() bool { return len(m.at) == 0 }

// Take takes the first mark, if the text was spoken up to it, or all of it. It reports false if it was not, or there is none.
func (m *Marks) Take(spoken int, all bool) bool {
	if m.IsEmpty() || !all && m.at[0] > spoken {
		return false
	}
	m.at = m.at[1:]
	return true
}
