package relay

import (
	"math"
	"slices"

	"voicerelay/audio"
	"voicerelay/relay/position"
	"voicerelay/text"
)

// alignment is where in the text an attempt's audio is, by its vendor's word times and by listening.
type alignment struct {
	a *attempt // whose it is; static

	// Guarded by the output's mu.
	base  int64
	early []text.Timed           // words told before the first audio, on the attempt's own clock
	ear   *audio.SilenceDetector // nil where word times say all
}

// midWord is how many words more an estimate counts for where sound is cut off: it is heard that a word was.
const midWord = 0.5

// surestLocked is the place in the audio between two others by which it is known best how many words were said: where
// silence begins, or one of the two.
func (al *alignment) surestLocked(from, to int64) int64 {
	t := &al.a.out.track
	e := t.EvidenceAt(from)
	rest := t.After(e.Char)
	r := al.a.g.engine.habits.Of(al.a.voice()).Pace
	before, _ := r.Narrow(al.hearingLocked(rest, e.At, from))
	heard := al.hearingLocked(before.Beats, al.base+before.From, to)
	places := []int64{from}
	for _, s := range heard.Sounds {
		if over := al.base + s.End + audio.Samples(position.SoundOver, t.Rate); over > from && over <= to {
			places = append(places, over)
		}
	}
	if last := places[len(places)-1]; last < to {
		places = append(places, to)
	}
	best, least := from, math.Inf(1)
	for _, at := range places {
		_, more := position.Surely(r.Said(heard, at-al.base))
		if al.soundsAtLocked(at) {
			more += midWord
		}
		if more <= least {
			best, least = at, more
		}
	}
	return best
}

// soundsAtLocked reports whether there is sound at a place in the audio.
func (al *alignment) soundsAtLocked(at int64) bool {
	return slices.ContainsFunc(al.ear.Sounds(), func(s audio.Sound) bool {
		return al.base+s.Start < at && at < al.base+s.End
	})
}
