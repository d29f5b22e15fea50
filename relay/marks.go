package relay

import (
	"time"
)

// Marker is an Encoder whose client wants to know when text up to a place has been spoken.
type Marker interface {
	// Marked comes after the audio of all text before a mark, in the order of the marks. Of a generation that does not complete
	// those are left out which were not reached.
	Marked() []byte
}

// Mark has all text so far spoken, as Flush does, and the encoder told once all of it has been, if it is a Marker.
func (g *Generation) Mark() { g.in.Flush(1) }

// tellMarksLocked tells the client of the marks that have been reached. Once all was spoken, that is all of them.
func (o *output) tellMarksLocked(all bool) {
	if o.marks.IsEmpty() {
		return
	}
	to := o.spokenToLocked(time.Now())
	for o.marks.Take(to, all) {
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
