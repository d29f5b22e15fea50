package relay

import (
	"time"

	"voicerelay/audio"
	"voicerelay/relay/position"
	"voicerelay/text"
)

// When another voice takes over, the first vendor will send no more word times. For words that it spoke without a time the client
// gets the relay's own estimate, or its history of what was heard would have a hole.

// leastError is the least error of an estimated time: frames and the bounds of words are no sharper.
const leastError = 20 * time.Millisecond

// tellUntoldLocked tells the client estimated times of the words before a place in the text that an attempt spoke and whose
// times never came.
func (o *output) tellUntoldLocked(a *attempt, char int) {
	t := &o.track
	if !o.req.wordTimestamps || o.seq == 0 {
		return
	}
	from, at := t.ToldTo()
	from, at = max(from, a.from.Char), max(at, a.align.base)
	var beats []text.Beat
	for _, b := range t.After(from) {
		if b.Start < char {
			beats = append(beats, b)
		}
	}
	if len(beats) == 0 || at >= t.Samples {
		return
	}
	h := a.align.hearingLocked(beats, at, t.Samples)
	times, off := o.engine.voices.Of(a.voice()).Pace.Times(h)
	told := Words{Source: position.SourceEstimate, Error: max(off, leastError)}
	for i, w := range times {
		w = audio.Sound{Start: min(max(a.align.base+w.Start, at), t.Samples), End: min(a.align.base+w.End, t.Samples)}
		told.Words = append(told.Words, o.timedWord(text.Timed{Token: beats[i].Token, Start: w.Start, End: max(w.Start, w.End), Score: -1}))
	}
	t.Untold = beats[len(beats)-1].End
	o.tellLocked(o.req.encoder.Words(told))
}
