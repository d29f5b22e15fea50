package speech

import (
	"math"
	"slices"

	"voicerelay/audio"
	"voicerelay/relay/position"
	"voicerelay/text"
	"voicerelay/upstream"
)

// alignment is where in the text the vendor's audio is, by its word times, or by listening where those don't say it.
type alignment struct {
	s *Speech // whose it is; static

	// base is where the speech's audio begins in the generation's, in samples. The speech counts from its own first sample, the
	// track from the generation's: each time and place that passes between the two has base added or taken away.
	base     int64
	early    []text.Timed           // words whose times came before the first audio, on the speech's own clock
	detector *audio.SilenceDetector // nil if word times are enough
}

// midWord is how many words an estimate counts as less sure by where the sound would be cut off: a word is under way there.
const midWord = 0.5

// CutPoint is the last place between two in the audio that is sent where a word ends, or its beginning. known: something tells where
// words end.
func (s *Speech) CutPoint(from, to int64) (at int64, known bool) {
	if at := s.track.LastEnd(from, to); at >= 0 {
		return at, true
	}
	if s.align.detector == nil {
		return from, s.track.Timed(s.align.base + 1) // word times come, and none falls within the audio
	}
	return s.align.surest(from, to), true
}

// Detector hears the speech's audio, as it is sent; nil: word times are enough.
func (s *Speech) Detector() *audio.SilenceDetector { return s.align.detector }

// surest is the place between two others in the audio at which the number of words said is known best: one of the two,
// or where silence begins.
func (al *alignment) surest(from, to int64) int64 {
	t := al.s.track
	e := t.EvidenceAt(from)
	rest := t.After(e.Char)
	r := al.s.cfg.Voices.Of(al.s.cfg.Voice).Pace
	before, _ := r.Narrow(al.s.Heard(rest, e.At, from))
	heard := al.s.Heard(before.Beats, al.base+before.From, to)
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

// listens reports whether the audio must be listened to: only if another target could take over, and word times may
// not say how far it came.
func (al *alignment) listens() bool {
	return al.s.cfg.Rivals &&
		(al.s.cfg.Caps.WordTimes == upstream.WordTimesNone || al.s.cfg.Voices.Of(al.s.cfg.Voice).Timing != position.Prompt)
}

// Heard is what was heard of words between two places in the audio.
func (s *Speech) Heard(beats []text.Beat, from, to int64) position.Hearing {
	al := &s.align
	h := position.Hearing{Beats: beats, From: from - al.base, To: to - al.base, Rate: al.s.cfg.Output.Rate, Speed: al.s.speed()}
	if al.detector == nil {
		// No silence was detected: the sound is assumed to go on from beginning to end.
		h.Sounds = []audio.Sound{{Start: max(h.From, 0), End: h.To}}
		return h
	}
	h.Sounds = al.detector.Sounds()
	return h
}

// learn teaches the voice model by the pieces from first to the last delivered, which were spoken whole.
func (al *alignment) learn(first int) {
	if al.s.track == nil {
		return
	}
	if al.s.cfg.Caps.WordTimes != upstream.WordTimesNone && !al.s.orders.pieces[first].timed {
		al.s.cfg.Voices.NoteTiming(al.s.cfg.Voice, position.Late)
	}
	if al.detector == nil {
		return
	}
	var beats []text.Beat
	for _, p := range al.s.orders.pieces[first:al.s.orders.delivered] {
		beats = append(beats, al.s.track.Pieces[p.track].Beats...)
	}
	rate := al.s.cfg.Output.Rate
	from, to := audio.Samples(al.s.orders.pieceFrom, rate), audio.Samples(al.s.arrivals.clock.duration(), rate)
	al.s.cfg.Voices.Learn(al.s.cfg.Voice, position.Observation{
		Beats: beats, Sounds: position.Within(al.detector.Sounds(), from, to, rate), Rate: rate, Speed: al.s.speed(),
	})
	al.detector.Forget(to)
}
