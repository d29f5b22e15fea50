package relay

import (
	"slices"
	"time"

	"voicerelay/audio"
	"voicerelay/relay/outcome"
	"voicerelay/relay/position"
	"voicerelay/routing"
	"voicerelay/text"
	"voicerelay/upstream"
)

// activateLocked makes an attempt the active one: it has just sent audio. Any other is cancelled, since only one voice may be
// heard.
func (as *attempts) activateLocked(a *attempt) {
	if as.active == a && len(as.speaking) == 1 {
		return
	}
	as.cancelOthersLocked(a)
	if as.active != a {
		as.handOverLocked(a)
	}
}

// handOverLocked puts an attempt's audio after what was sent so far: its words and pieces, which were kept on its own clock,
// enter the track, and a new voice is faded in.
func (as *attempts) handOverLocked(a *attempt) {
	defer as.out.notify() // from now on the client's playback clock says when a backup is due
	as.setActiveLocked(a)
	before := int64(0) // samples that go before the voice's own
	if as.lastSpoke != nil && !a.continuesLocked(as.lastSpoke) {
		// Another voice: it is faded in after the decay of the former one. A replaced stream of the same voice is not.
		before = a.conversion.FadeIn(as.out.lastSample)
	}
	if as.lastSpoke != nil {
		as.tellUntoldLocked(as.lastSpoke, a.from.Char)
		as.out.track.Cut(a.from.Char)
	}
	a.speech.Enter(&as.out.track, before)
}

// tellUntoldLocked tells the client estimated times of the words before a place in the text that an attempt spoke and whose times
// never came: the vendor sends none any more, and the client's history of what was heard would have a hole.
func (as *attempts) tellUntoldLocked(a *attempt, char int) {
	if !as.out.req.wordTimestamps || as.out.seq == 0 {
		return
	}
	words, off := a.speech.Untold(&as.out.track, char)
	if len(words) == 0 {
		return
	}
	told := Words{Source: position.SourceEstimate, Error: off}
	for _, w := range words {
		told.Words = append(told.Words, as.out.timedWord(w))
	}
	as.out.tellLocked(as.out.req.encoder.Words(told))
}

// introduceLocked tells the client whose voice it hears from now on: by started for the first, by rerouted for another
// target. It says nothing of another stream of the same target.
func (as *attempts) introduceLocked(a *attempt, now time.Time) {
	before := as.lastSpoke
	as.lastSpoke = a
	took := now.Sub(a.began)
	as.out.engine.metrics.AttemptHeard(a.target.Provider, took)
	as.out.engine.firstAudio.Note(a.target.Provider, took)
	a.entrance.at = now
	if a.continuesLocked(before) {
		return
	}
	as.change.speaker, as.change.took = a.target.Target, before != nil
	as.out.notify()
	if before == nil {
		if a.hedges {
			as.out.engine.metrics.HedgeWon()
		}
		as.out.noteFirstLocked(now, a.target.Provider)
		if as.isKept(a) {
			as.out.engine.metrics.ConversationKept(a.target.Provider)
		}
		as.out.tellLocked(as.out.req.encoder.Started(as.startedLocked(a)))
		return
	}
	reason := as.breakLocked(before)
	a.entrance.reason, a.entrance.audio = reason, as.out.track.Samples
	as.out.engine.metrics.Rerouted(before.target.Provider, a.target.Provider, string(reason))
	as.out.tellLocked(as.out.req.encoder.Rerouted(Rerouted{
		From:          before.target.Provider,
		To:            a.target.Provider,
		Model:         a.target.Model,
		ProviderVoice: a.target.Voice,
		Reason:        reason,
		Resume:        a.from,
		At:            audio.Duration(as.out.track.Samples, as.out.req.output.Rate),
		Ignored:       a.ignoredLocked(),
	}))
}

// resumeInterrupted fixes the resume point when no attempt runs. What the last attempt held back is cut between two words:
// the first part is sent, the rest is dropped and spoken again by the next voice.
func (as *attempts) resumeInterrupted() {
	as.out.mu.Lock()
	defer as.out.mu.Unlock()
	a := as.lastSpoke
	if a == nil || a != as.active || !a.outcome.Over() {
		return // no audio was sent, or none since the last resume point was fixed
	}
	if a.outcome.State == outcome.Idle {
		as.setActiveLocked(nil) // endIdleLocked has set where the next one begins
		return
	}
	a.cutHeldLocked(true)
	a.held.Drop()
	as.out.from = as.resumeLocked(a)
	as.tellUntoldLocked(a, as.out.from.Char)
	as.setActiveLocked(nil)
}

// prepareBackup fixes the resume point for a backup, while the active attempt may still go on. It reports false if no text is
// left after that point: a backup without text would count as the winner, and cancel the attempt that was heard.
func (as *attempts) prepareBackup() (left bool) {
	as.out.mu.Lock()
	defer as.out.mu.Unlock()
	a := as.lastSpoke
	if a == nil || a != as.active {
		return true
	}
	a.cutHeldLocked(false)
	as.out.from = as.resumeLocked(a)
	return !a.speech.IsAllOrdered() || len(as.out.track.After(as.out.from.Char)) > 0
}

// resumeLocked is the first place in the text that is not known to have been heard whole.
func (as *attempts) resumeLocked(a *attempt) position.Resume {
	habit := as.out.engine.voices.Of(a.voice())
	return as.out.track.Resume(func(beats []text.Beat, from, to int64) int {
		return habit.Heard(a.speech.Heard(beats, from, to))
	})
}

// startedLocked says who speaks.
func (as *attempts) startedLocked(a *attempt) Started {
	return Started{
		Provider:      a.target.Provider,
		Model:         a.target.Model,
		Voice:         as.out.req.plan.Voice,
		ProviderVoice: a.target.Voice,
		Ignored:       a.ignoredLocked(),
		Kept:          as.out.req.conversation != "" && as.isKept(a),
	}
}

// isKept reports whether an attempt's target went first for the conversation's sake, or the context's.
func (as *attempts) isKept(a *attempt) bool {
	return as.kept != routing.Target{} && a.target.Target == as.kept
}

// ignoredLocked names what the client asked for and does not get from this vendor. Of tags it names those in the text so far.
func (a *attempt) ignoredLocked() []string {
	ignored := slices.Clone(a.ignored)
	if a.speech.IsStripped() {
		ignored = append(ignored, "markup")
		slices.Sort(ignored)
	}
	return ignored
}

// breakLocked is why the voice that was heard before was replaced by another target's.
func (as *attempts) breakLocked(before *attempt) upstream.Kind {
	if before.outcome.State != outcome.Idle {
		return outcome.RerouteReason(before.outcome.Err)
	}
	for i := len(as.all) - 1; as.all[i] != before; i-- {
		if err := as.all[i].outcome.Err; err != nil {
			return outcome.RerouteReason(err) // of the attempt that should have gone on
		}
	}
	return upstream.Dropped
}
