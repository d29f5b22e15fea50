package relay

import (
	"time"

	"voicerelay/text"
)

// Marker is an Encoder whose client wants to know when text up to a place has been spoken.
type Marker interface {
	// Marked comes after the audio of all text before a mark, in the order of the marks. Of a generation that does not complete
	// those are left out which were not reached.
	Marked() []byte
}

// Mark has all text so far spoken, as Flush does, and the encoder told once all of it has been, if it is a Marker.
func (g *Generation) Mark() { g.in.Flush(1) }

// marks are places in the text of which the client wants to know when they have been spoken. They are guarded by the output's mu.
type marks struct {
	at            []int // code points behind the last word before each, ascending; those that were reached are left out
	chars, length int   // how much of the text was looked at, in code points and in bytes
	last          int   // behind the last word of that
}

// add marks the end of a text.
func (m *marks) add(whole string, chars int) {
	words := text.Tokens(whole[m.length:], m.chars)
	if n := len(words); n > 0 {
		m.last = words[n-1].End
	}
	m.chars, m.length = chars, len(whole)
	m.at = append(m.at, m.last)
}

// tellMarksLocked tells the client of the marks that have been reached. Once all was spoken, that is all of them.
func (o *output) tellMarksLocked(all bool) {
	if len(o.marks.at) == 0 {
		return
	}
	to := o.spokenToLocked(time.Now())
	for len(o.marks.at) > 0 && (all || o.marks.at[0] <= to) {
		o.marks.at = o.marks.at[1:]
		if marker, ok := o.req.encoder.(Marker); ok {
			o.tellLocked(marker.Marked())
		}
	}
}

// spokenToLocked is up to where in the text all audio has been queued.
func (o *output) spokenToLocked(now time.Time) int {
	switch a := o.active; {
	case a == nil:
		return o.from.Char
	case !a.held.IsEmpty():
		return a.from.Char
	default:
		return a.speech.SpokenTo(now)
	}
}
