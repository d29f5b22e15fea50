package speech

import (
	"math"
	"slices"

	"voicerelay/audio"
	"voicerelay/relay/position"
)

// midWord is how many words an estimate counts as less sure by where the sound would be cut off: a word is under way there.
const midWord = 0.5

// CutPoint is the last place between two in the audio that is sent where a word ends, or its beginning. known: something tells where
// words end.
func (s *Speech) CutPoint(from, to int64) (at int64, known bool) {
	if at := s.align.track.LastEnd(from, to); at >= 0 {
		return at, true
	}
	if s.align.detector == nil {
		return from, s.align.track.Timed(s.align.base + 1) // word times come, and none falls within the audio
	}
	return s.align.surest(from, to), true
}

// surest is the place between two others in the audio at which the number of words said is known best: one of the two,
// or where silence begins.
func (al *alignment) surest(from, to int64) int64 {
	t := al.track
	e := t.EvidenceAt(from)
	rest := t.After(e.Char)
	r := al.cfg.Voices.Of(al.cfg.Voice).Pace
	before, _ := r.Narrow(al.heard(rest, e.At, from))
	heard := al.heard(before.Beats, al.base+before.From, to)
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
		if al.soundsAt(at) {
			more += midWord
		}
		if more <= least {
			best, least = at, more
		}
	}
	return best
}

// soundsAt reports whether there is sound at a place in the audio.
func (al *alignment) soundsAt(at int64) bool {
	return slices.ContainsFunc(al.detector.Sounds(), func(s audio.Sound) bool {
		return al.base+s.Start < at && at < al.base+s.End
	})
}
