package relay

import (
	"math"
	"slices"

	"voicerelay/audio"
	"voicerelay/relay/position"
	"voicerelay/text"
	"voicerelay/upstream"
)

// alignment is where in the text an attempt's audio is, by its vendor's word times, or by listening where those don't say it.
type alignment struct {
	a *attempt // whose it is; static

	// Guarded by the output's mu.
	// base is where the attempt's audio begins in the generation's, in samples. The attempt counts from its own first sample, the
	// track from the generation's: each time and place that passes between the two has base added or taken away.
	base     int64
	early    []text.Timed           // words whose times came before the first audio, on the attempt's own clock
	detector *audio.SilenceDetector // nil if word times are enough
}

// midWord is how many words an estimate counts as less sure by where the sound would be cut off: a word is under way there.
const midWord = 0.5

// surestLocked is the place between two others in the audio at which the number of words said is known best: one of the two,
// or where silence begins.
func (al *alignment) surestLocked(from, to int64) int64 {
	t := &al.a.out.track
	e := t.EvidenceAt(from)
	rest := t.After(e.Char)
	r := al.a.out.engine.voices.Of(al.a.voice()).Pace
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
	return slices.ContainsFunc(al.detector.Sounds(), func(s audio.Sound) bool {
		return al.base+s.Start < at && at < al.base+s.End
	})
}

// listens reports whether the attempt's audio must be listened to: only if another target could take over, and word times may
// not say how far it came.
func (al *alignment) listens() bool {
	return len(al.a.out.req.plan.Candidates) > 1 &&
		(al.a.caps.WordTimes == upstream.WordTimesNone || al.a.out.engine.voices.Of(al.a.voice()).Timing != position.Prompt)
}

// hearingLocked is what was heard of words between two places in the audio.
func (al *alignment) hearingLocked(beats []text.Beat, from, to int64) position.Hearing {
	o := al.a.out
	h := position.Hearing{Beats: beats, From: from - al.base, To: to - al.base, Rate: o.track.Rate, Speed: al.a.caps.ClampSpeed(o.req.speed)}
	if al.detector == nil {
		// No silence was detected: the sound is assumed to go on from beginning to end.
		h.Sounds = []audio.Sound{{Start: max(h.From, 0), End: h.To}}
		return h
	}
	h.Sounds = al.detector.Sounds()
	return h
}

// learnLocked teaches the voice model by the pieces from first to the last delivered, which were spoken whole.
func (al *alignment) learnLocked(first int) {
	if al.a.out.active != al.a {
		return
	}
	if al.a.caps.WordTimes != upstream.WordTimesNone && !al.a.orders.pieces[first].timed {
		al.a.out.engine.voices.NoteTiming(al.a.voice(), position.Late)
	}
	if al.detector == nil {
		return
	}
	var beats []text.Beat
	for _, p := range al.a.orders.pieces[first:al.a.orders.delivered] {
		beats = append(beats, al.a.out.track.Pieces[p.track].Beats...)
	}
	rate := al.a.out.req.output.Rate
	from, to := audio.Samples(al.a.orders.pieceFrom, rate), audio.Samples(al.a.arrivals.clock.duration(), rate)
	al.a.out.engine.voices.Learn(al.a.voice(), position.Observation{
		Beats: beats, Sounds: position.Within(al.detector.Sounds(), from, to, rate), Rate: rate, Speed: al.a.caps.ClampSpeed(al.a.out.req.speed),
	})
	al.detector.Forget(to)
}
