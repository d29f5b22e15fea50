package relay

import (
	"time"

	"voicerelay/audio"
	"voicerelay/relay/sound"
)

// maxHeld bounds what is held back, and so its memory: longer than any word, shorter than a sentence.
const maxHeld = 3 * time.Second

// leastHeldWait is the shortest wait between two looks at what is held while a vendor is silent. Shorter waits would send a
// few samples each.
const leastHeldWait = 5 * time.Millisecond

// What is held is audio that came and is not sent yet. Vendors speak faster than real time. So once the client has enough in hand,
// audio after the last known end of a word can wait: if the vendor fails, it is cut between two words.

// deliverLocked sends audio, or holds it back after what is held already.
func (a *attempt) deliverLocked(p sound.Payload) {
	if p.Samples == 0 {
		return
	}
	if a.held.IsEmpty() && !a.holdsLocked(p) {
		a.emitLocked(p)
		return
	}
	first := a.held.IsEmpty()
	a.held.Push(p)
	a.releaseHeldLocked(p.At)
	if first && !a.held.IsEmpty() {
		a.out.notify() // the failover loop must look at it if the vendor falls silent
	}
}

// emitLocked queues audio for the client, and the words whose end it reaches.
func (a *attempt) emitLocked(p sound.Payload) {
	if p.Samples == 0 {
		return
	}
	if !a.outcome.Heard {
		a.outcome.Heard = true
		a.owner.introduceLocked(a, p.At)
	}
	a.out.queueAudioLocked(p)
}

// holdsLocked reports whether audio must be held back: the client has enough in hand, another target could take over, and no
// word is known to end where this audio ends.
func (a *attempt) holdsLocked(p sound.Payload) bool {
	o := a.out
	if !a.outcome.Heard || o.req.plan.Cushion == 0 || len(o.req.plan.Candidates) < 2 || o.track.Covers(o.track.Samples+p.Samples) {
		return false
	}
	return o.lane.InHand(p.At) >= a.leastInHandLocked()
}

// leastInHandLocked is the audio that the client must have in hand while any is held back: the route's cushion, and at least
// as much as it plays until a backup speaks.
func (a *attempt) leastInHandLocked() time.Duration {
	least := a.out.req.plan.Cushion
	for _, c := range a.out.req.plan.Candidates {
		if c != a.target {
			return max(least, a.out.engine.backupTakes(c.Provider))
		}
	}
	return least
}

// releaseHeldLocked sends what ends with a word by now, and what the client needs in hand. It sends nothing while a backup runs:
// that one speaks from the resume point, which was fixed by what had been sent.
func (a *attempt) releaseHeldLocked(now time.Time) {
	if a.owner.hasRivalLocked(a) {
		return
	}
	covered := a.coveredLocked()
	for !a.held.IsEmpty() && a.speech.IsSent() {
		if covered <= 0 && !a.overheldLocked(now) {
			return
		}
		covered--
		a.out.engine.metrics.Held.Observe(now.Sub(a.held.First().At).Seconds())
		a.held.Pop(a.emitLocked)
	}
}

// coveredLocked is how many of the held frames may be sent: up to the last one at whose end no word is under way.
func (a *attempt) coveredLocked() (covered int) {
	end := a.out.track.Samples
	for i, samples := range a.held.Frames() {
		if end += samples; a.out.track.Covers(end) {
			covered = i + 1
		}
	}
	return covered
}

// overheldLocked reports whether some of what is held must be sent now. While the vendor speaks, the client keeps what it
// plays until a backup would speak. Of a silent vendor's audio the client gets two thirds, so that a third is left to cut
// when a backup is opened.
func (a *attempt) overheldLocked(now time.Time) bool {
	held, hand := audio.Duration(a.held.Samples(), a.out.req.output.Rate), a.out.lane.InHand(now)
	if a.isQuietLocked(now) {
		return held > maxHeld || held > hand/2
	}
	return held > maxHeld || hand < a.leastInHandLocked()
}

// isQuietLocked reports whether the vendor is silent for longer than between two frames.
func (a *attempt) isQuietLocked(now time.Time) bool { return !now.Before(a.speech.QuietFrom(now)) }

// heldUntilLocked is when to look whether held audio must be sent though no frame has come; zero: none is held. We look at half
// the time until then: frames that arrive meanwhile shorten it without waking this goroutine.
func (a *attempt) heldUntilLocked(now time.Time) time.Time {
	if a.held.IsEmpty() || !a.speech.IsSent() || a.owner.hasRivalLocked(a) {
		return time.Time{}
	}
	if !a.isQuietLocked(now) {
		return a.speech.QuietFrom(now)
	}
	held := audio.Duration(a.held.Samples(), a.out.req.output.Rate)
	return now.Add(max((a.out.lane.InHand(now)-2*held)/2, leastHeldWait))
}

// cutHeldLocked sends what is held up to the last place where a word is known to end; the rest stays held. If nothing tells where
// words end, it sends all.
func (a *attempt) cutHeldLocked(fade bool) {
	if a.held.IsEmpty() {
		return
	}
	at, known := a.speech.CutPoint(a.out.track.Samples, a.out.track.Samples+a.held.Samples())
	for !a.held.IsEmpty() {
		end := a.out.track.Samples + a.held.First().Samples
		if known && end > at {
			break
		}
		a.held.Pop(a.emitLocked)
	}
	if keep := at - a.out.track.Samples; known && keep > 0 {
		a.splitHeldLocked(keep, fade)
	}
}

// splitHeldLocked sends so many samples of the first held frame.
func (a *attempt) splitHeldLocked(keep int64, fade bool) {
	if head, ok := a.held.Split(a.out.req.output, keep, fade); ok {
		a.emitLocked(head)
		if fade {
			a.out.lastSample = sound.Sample{}
		}
	}
}
