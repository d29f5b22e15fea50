package relay

import (
	"errors"
	"slices"
	"time"

	"voicerelay/audio"
	"voicerelay/relay/position"
	"voicerelay/text"
	"voicerelay/upstream"
)

// crossfadeLength is how long one voice fades out and the next fades in.
const crossfadeLength = 5 * time.Millisecond

func crossfadeSamples(rate int) int { return int(audio.Samples(crossfadeLength, rate)) }

// maxSampleBytes is the size of the largest sample.
const maxSampleBytes = 4

// sample is one sample in its encoding; size 0: none.
type sample struct {
	bytes [maxSampleBytes]byte
	size  int
}

// lastSample is the last one of audio bytes.
func lastSample(f audio.Format, raw []byte) (s sample) {
	n := f.BytesPerSample()
	if len(raw) >= n {
		s.size = copy(s.bytes[:n], raw[len(raw)-n:])
	}
	return s
}

// crossfade is how a voice that takes over is joined to the one before it: that one's last sample dies away, and the new
// audio fades in.
type crossfade struct {
	decay []byte // goes first
	total int    // samples over which to fade in; 0: none
	done  int
}

func (s *crossfade) open() bool { return s.done < s.total }

// join puts the crossfade to audio in the output's format. The result is valid until the next call.
func (s *crossfade) join(f audio.Format, raw []byte) []byte {
	n := min(len(raw)/f.BytesPerSample(), s.total-s.done)
	gain := func(at int) float32 { return float32(at) / float32(s.total) }
	audio.Ramp(f, raw[:n*f.BytesPerSample()], gain(s.done), gain(s.done+n))
	s.done += n
	if len(s.decay) == 0 {
		return raw
	}
	joined := append(s.decay, raw...)
	s.decay = nil
	return joined
}

// activateLocked makes the attempt the one that is heard: it is the first of those racing to speak, or goes on.
func (o *output) activateLocked(a *attempt) {
	if o.active == a && len(o.speaking) == 1 {
		return
	}
	o.cancelOthersLocked(a)
	if o.active != a {
		o.handOverLocked(a)
	}
}

// cancelOthersLocked has an attempt go on alone.
func (o *output) cancelOthersLocked(a *attempt) {
	for _, other := range o.speaking {
		if other != a && !other.outcome.over() {
			other.outcome.loseLocked(errLostHedge)
			o.notify()
		}
	}
}

// hasRivalLocked reports whether another may yet take over from the attempt.
func (o *output) hasRivalLocked(a *attempt) bool {
	return slices.ContainsFunc(o.speaking, func(other *attempt) bool { return other != a && !other.outcome.over() })
}

// handOverLocked has the attempt's audio follow what was heard so far.
func (o *output) handOverLocked(a *attempt) {
	defer o.notify() // from now on the client's clock says when a backup is due
	o.active = a
	if a.continuesLocked(o.lastSpoke) {
		o.tellUntoldLocked(o.lastSpoke, a.from.Char)
		o.track.Cut(a.from.Char)
	} else if o.lastSpoke != nil {
		a.conversion.seam.total = crossfadeSamples(o.req.output.Rate)
		if o.lastSample.size > 0 {
			last := o.lastSample.bytes[:o.lastSample.size]
			a.conversion.seam.decay = audio.AppendDecay(nil, o.req.output, last, a.conversion.seam.total)
		}
		o.tellUntoldLocked(o.lastSpoke, a.from.Char)
		o.track.Cut(a.from.Char)
	}
	a.align.base = o.track.Samples + int64(len(a.conversion.seam.decay)/o.req.output.BytesPerSample())
	for i := range a.orders.pieces {
		a.orders.pieces[i].track = o.track.AddPiece(a.orders.pieces[i].Piece)
	}
	for i := range a.align.early {
		a.align.early[i].Start += a.align.base
		a.align.early[i].End += a.align.base
	}
	o.track.AddWords(a.align.early)
	a.align.early = nil
}

// introduceLocked tells the client whose voice it hears from now on.
func (o *output) introduceLocked(a *attempt, at time.Time) {
	before := o.lastSpoke
	o.lastSpoke = a
	took := at.Sub(a.began)
	o.engine.metrics.AttemptHeard(a.target.Provider, took)
	o.engine.firstAudio.note(a.target.Provider, took)
	if a.continuesLocked(before) {
		return
	}
	o.change.speaker, o.change.took = a.target.Provider, before != nil
	o.notify()
	if before == nil {
		o.firstAt = at
		a.g.noteHeard(at, a.target.Provider)
		o.tellLocked(o.req.encoder.Started(o.startedLocked(a)))
		return
	}
	reason := o.breakLocked(before)
	o.engine.metrics.Rerouted(before.target.Provider, a.target.Provider, string(reason))
	o.tellLocked(o.req.encoder.Rerouted(Rerouted{
		From:          before.target.Provider,
		To:            a.target.Provider,
		Model:         a.target.Model,
		ProviderVoice: a.target.Voice,
		Reason:        reason,
		Resume:        a.from,
		At:            audio.Duration(o.track.Samples, o.req.output.Rate),
		Ignored:       a.ignoredLocked(),
	}))
}

// rerouteReasons are all that rerouteReason gives.
var rerouteReasons = []upstream.Kind{
	upstream.Stalled, upstream.Dropped, upstream.UpstreamError, upstream.Throttled, upstream.Garbled, upstream.ShortAudio,
}

// rerouteReason is why a voice that was heard gave way, in the terms that clients know.
func rerouteReason(err error) upstream.Kind {
	if errors.Is(err, errLostHedge) {
		return upstream.Stalled
	}
	switch kind := upstream.KindOf(err); kind {
	case upstream.Stalled, upstream.Dropped, upstream.UpstreamError, upstream.Throttled, upstream.Garbled, upstream.ShortAudio:
		return kind
	case upstream.NoAudio:
		return upstream.ShortAudio // of all that was asked for, some was spoken
	case upstream.FirstAudioTimeout:
		return upstream.Stalled
	case upstream.ConnectFailed:
		return upstream.Dropped
	}
	return upstream.UpstreamError
}

// resumeInterrupted settles, once no attempt runs, where in the text the next one begins: what the last one held back is cut
// between two words and sent.
func (o *output) resumeInterrupted() {
	o.mu.Lock()
	defer o.mu.Unlock()
	a := o.lastSpoke
	if a == nil || a != o.active || !a.outcome.over() {
		return // nobody was heard, or since then nobody else
	}
	if a.outcome.state == attemptIdle {
		o.active = nil // where the next one begins is known already
		return
	}
	a.held.cutLocked(true)
	a.held.drop()
	o.from = o.resumeLocked(a)
	o.tellUntoldLocked(a, o.from.Char)
	o.active = nil
}

// prepareBackup settles where a backup begins beside an attempt that is still the one heard, and may go on. It reports false
// where nothing is left to say, so that a backup would win with nothing.
func (o *output) prepareBackup() (left bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	a := o.lastSpoke
	if a == nil || a != o.active {
		return true
	}
	a.held.cutLocked(false)
	o.from = o.resumeLocked(a)
	return !a.orders.lastSent || len(o.track.After(o.from.Char)) > 0
}

// resumeLocked is the first place in the text that is not known to have been heard.
func (o *output) resumeLocked(a *attempt) position.Resume {
	habit := o.engine.habits.Of(a.voice())
	return o.track.Resume(func(beats []text.Beat, from, to int64) int {
		return habit.Heard(a.align.hearingLocked(beats, from, to))
	})
}

// hearingLocked is what was heard of words between two places in the audio.
func (al *alignment) hearingLocked(beats []text.Beat, from, to int64) position.Hearing {
	g := al.a.g
	h := position.Hearing{Beats: beats, From: from - al.base, To: to - al.base, Rate: g.out.track.Rate, Speed: al.a.caps.ClampSpeed(g.req.speed)}
	if al.ear == nil {
		// Nothing was listened to: the sound is taken to go on from beginning to end.
		h.Sounds = []audio.Sound{{Start: max(h.From, 0), End: h.To}}
		return h
	}
	h.Sounds = al.ear.Sounds()
	return h
}

// learnLocked has the voice's habits learn from the pieces from the given one to the last delivered, which were spoken
// whole.
func (al *alignment) learnLocked(first int) {
	if al.a.out.active != al.a {
		return
	}
	if al.a.caps.WordTimes != upstream.WordTimesNone && !al.a.orders.pieces[first].timed {
		al.a.g.engine.habits.NoteTiming(al.a.voice(), position.Late)
	}
	if al.ear == nil {
		return
	}
	var beats []text.Beat
	for _, p := range al.a.orders.pieces[first:al.a.orders.delivered] {
		beats = append(beats, al.a.out.track.Pieces[p.track].Beats...)
	}
	rate := al.a.g.req.output.Rate
	from, to := audio.Samples(al.a.orders.pieceFrom, rate), audio.Samples(al.a.arrivals.clock.duration(), rate)
	al.a.g.engine.habits.Learn(al.a.voice(), position.Observation{
		Beats: beats, Sounds: position.Within(al.ear.Sounds(), from, to, rate), Rate: rate, Speed: al.a.caps.ClampSpeed(al.a.g.req.speed),
	})
	al.ear.Forget(to)
}
