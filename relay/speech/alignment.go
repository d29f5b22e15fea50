package speech

import (
	"voicerelay/audio"
	"voicerelay/relay/position"
	"voicerelay/text"
	"voicerelay/upstream"
)

// alignment is where in the text the vendor's audio is, by its word times, or by listening where those don't say it.
type alignment struct {
	// Static.
	cfg      *Config
	arrivals *arrivals // the same speech's
	orders   *orders

	track *position.Track // the generation's, while this is the speech that is sent; else nil

	// base is where the speech's audio begins in the generation's, in samples. The speech counts from its own first sample, the
	// track from the generation's: each time and place that passes between the two has base added or taken away.
	base     int64
	early    []text.Timed           // words whose times came before the first audio, on the speech's own clock
	detector *audio.SilenceDetector // nil if word times are enough
}

// listens reports whether the audio must be listened to: only if another target could take over, and word times may
// not say how far it came.
func (al *alignment) listens() bool {
	return al.cfg.Rivals &&
		(al.cfg.Caps.WordTimes == upstream.WordTimesNone || al.cfg.Voices.Of(al.cfg.Voice).Timing != position.Prompt)
}

// heard is what was heard of words between two places in the audio.
func (al *alignment) heard(beats []text.Beat, from, to int64) position.Hearing {
	h := position.Hearing{Beats: beats, From: from - al.base, To: to - al.base, Rate: al.cfg.Output.Rate, Speed: al.cfg.speed()}
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
	if al.track == nil {
		return
	}
	if al.cfg.Caps.WordTimes != upstream.WordTimesNone && !al.orders.pieces[first].timed {
		al.cfg.Voices.NoteTiming(al.cfg.Voice, position.Late)
	}
	if al.detector == nil {
		return
	}
	var beats []text.Beat
	for _, p := range al.orders.pieces[first:al.orders.delivered] {
		beats = append(beats, al.track.Pieces[p.track].Beats...)
	}
	rate := al.cfg.Output.Rate
	from, to := audio.Samples(al.orders.pieceFrom, rate), audio.Samples(al.arrivals.clock.duration(), rate)
	al.cfg.Voices.Learn(al.cfg.Voice, position.Observation{
		Beats: beats, Sounds: position.Within(al.detector.Sounds(), from, to, rate), Rate: rate, Speed: al.cfg.speed(),
	})
	al.detector.Forget(to)
}
