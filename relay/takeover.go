package relay

import (
	"slices"
	"time"

	"voicerelay/audio"
	"voicerelay/relay/position"
	"voicerelay/text"
)

// activateLocked makes an attempt the active one: it has just sent audio. Any other is cancelled, since only one voice may be
// heard.
func (o *output) activateLocked(a *attempt) {
	if o.active == a && len(o.speaking) == 1 {
		return
	}
	o.cancelOthersLocked(a)
	if o.active != a {
		o.handOverLocked(a)
	}
}

// cancelOthersLocked cancels every attempt but one, which goes on alone.
func (o *output) cancelOthersLocked(a *attempt) {
	for _, other := range o.speaking {
		if other != a && !other.outcome.over() {
			other.outcome.loseLocked(errLostHedge)
			o.notify()
		}
	}
}

// hasRivalLocked reports whether another attempt runs that may still take over.
func (o *output) hasRivalLocked(a *attempt) bool {
	return slices.ContainsFunc(o.speaking, func(other *attempt) bool { return other != a && !other.outcome.over() })
}

// handOverLocked puts an attempt's audio after what was sent so far: its words and pieces, which were kept on its own clock,
// enter the track, and a new voice is faded in.
func (o *output) handOverLocked(a *attempt) {
	defer o.notify() // from now on the client's playback clock says when a backup is due
	o.setActiveLocked(a)
	before := int64(0) // samples that go before the voice's own
	if o.lastSpoke != nil && !a.continuesLocked(o.lastSpoke) {
		// Another voice: it is faded in after the decay of the former one. A replaced stream of the same voice is not.
		before = a.conversion.FadeIn(o.lastSample)
	}
	if o.lastSpoke != nil {
		o.tellUntoldLocked(o.lastSpoke, a.from.Char)
		o.track.Cut(a.from.Char)
	}
	a.speech.Enter(&o.track, before)
}

// tellUntoldLocked tells the client estimated times of the words before a place in the text that an attempt spoke and whose times
// never came: the vendor sends none any more, and the client's history of what was heard would have a hole.
func (o *output) tellUntoldLocked(a *attempt, char int) {
	if !o.req.wordTimestamps || o.seq == 0 {
		return
	}
	words, off := a.speech.Untold(&o.track, char)
	if len(words) == 0 {
		return
	}
	told := Words{Source: position.SourceEstimate, Error: off}
	for _, w := range words {
		told.Words = append(told.Words, o.timedWord(w))
	}
	o.tellLocked(o.req.encoder.Words(told))
}

// introduceLocked tells the client whose voice it hears from now on: by started for the first, by rerouted for another
// target. It says nothing of another stream of the same target.
func (o *output) introduceLocked(a *attempt, at time.Time) {
	before := o.lastSpoke
	o.lastSpoke = a
	took := at.Sub(a.began)
	o.engine.metrics.AttemptHeard(a.target.Provider, took)
	o.engine.firstAudio.Note(a.target.Provider, took)
	a.entrance.at = at
	if a.continuesLocked(before) {
		return
	}
	o.change.speaker, o.change.took = a.target.Provider, before != nil
	o.notify()
	if before == nil {
		o.firstAt = at
		if a.hedges {
			o.engine.metrics.HedgeWon()
		}
		a.g.noteHeard(at, a.target.Provider)
		o.tellLocked(o.req.encoder.Started(o.startedLocked(a)))
		return
	}
	reason := o.breakLocked(before)
	a.entrance.reason, a.entrance.audio = reason, o.track.Samples
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

// resumeInterrupted fixes the resume point when no attempt runs. What the last attempt held back is cut between two words:
// the first part is sent, the rest is dropped and spoken again by the next voice.
func (o *output) resumeInterrupted() {
	o.mu.Lock()
	defer o.mu.Unlock()
	a := o.lastSpoke
	if a == nil || a != o.active || !a.outcome.over() {
		return // no audio was sent, or none since the last resume point was fixed
	}
	if a.outcome.state == attemptIdle {
		o.setActiveLocked(nil) // endIdleLocked has set where the next one begins
		return
	}
	a.held.cutLocked(true)
	a.held.Drop()
	o.from = o.resumeLocked(a)
	o.tellUntoldLocked(a, o.from.Char)
	o.setActiveLocked(nil)
}

// prepareBackup fixes the resume point for a backup, while the active attempt may still go on. It reports false if no text is
// left after that point: a backup without text would count as the winner, and cancel the attempt that was heard.
func (o *output) prepareBackup() (left bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	a := o.lastSpoke
	if a == nil || a != o.active {
		return true
	}
	a.held.cutLocked(false)
	o.from = o.resumeLocked(a)
	return !a.speech.IsAllOrdered() || len(o.track.After(o.from.Char)) > 0
}

// resumeLocked is the first place in the text that is not known to have been heard whole.
func (o *output) resumeLocked(a *attempt) position.Resume {
	habit := o.engine.voices.Of(a.voice())
	return o.track.Resume(func(beats []text.Beat, from, to int64) int {
		return habit.Heard(a.speech.Heard(beats, from, to))
	})
}
