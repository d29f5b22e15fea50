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

// hold is audio that came and is not sent yet. Vendors speak faster than real time. So once the client has enough in hand,
// audio after the last known end of a word can wait: if the vendor fails, it is cut between two words.
type hold struct {
	a          *attempt // whose it is; static
	sound.Held          // guarded by the output's mu
}

// deliverLocked sends audio, or holds it back after what is held already.
func (h *hold) deliverLocked(p sound.Payload) {
	if p.Samples == 0 {
		return
	}
	if h.IsEmpty() && !h.holdsLocked(p) {
		h.a.emitLocked(p)
		return
	}
	first := h.IsEmpty()
	h.Push(p)
	h.releaseLocked(p.At)
	if first && !h.IsEmpty() {
		h.a.out.notify() // the failover loop must look at it if the vendor falls silent
	}
}

// holdsLocked reports whether audio must be held back: the client has enough in hand, another target could take over, and no
// word is known to end where this audio ends.
func (h *hold) holdsLocked(p sound.Payload) bool {
	o := h.a.out
	if !h.a.outcome.heard || o.req.plan.Cushion == 0 || len(o.req.plan.Candidates) < 2 || o.track.Covers(o.track.Samples+p.Samples) {
		return false
	}
	return o.lane.InHand(p.At) >= h.leastInHandLocked()
}

// leastInHandLocked is the audio that the client must have in hand while any is held back: the route's cushion, and at least
// as much as it plays until a backup speaks.
func (h *hold) leastInHandLocked() time.Duration {
	least := h.a.out.req.plan.Cushion
	for _, c := range h.a.out.req.plan.Candidates {
		if c != h.a.target {
			return max(least, h.a.out.engine.firstAudio.Usual(c.Provider)+backupMargin)
		}
	}
	return least
}

// releaseLocked sends what ends with a word by now, and what the client needs in hand. It sends nothing while a backup runs:
// that one speaks from the resume point, which was fixed by what had been sent.
func (h *hold) releaseLocked(now time.Time) {
	if h.a.out.hasRivalLocked(h.a) {
		return
	}
	covered := h.coveredLocked()
	for !h.IsEmpty() && h.a.out.active == h.a {
		if covered <= 0 && !h.overheldLocked(now) {
			return
		}
		covered--
		h.a.out.engine.metrics.Held.Observe(now.Sub(h.First().At).Seconds())
		h.Pop(h.a.emitLocked)
	}
}

// coveredLocked is how many of the held frames may be sent: up to the last one at whose end no word is under way.
func (h *hold) coveredLocked() (covered int) {
	end := h.a.out.track.Samples
	for i, samples := range h.Frames() {
		if end += samples; h.a.out.track.Covers(end) {
			covered = i + 1
		}
	}
	return covered
}

// overheldLocked reports whether some of what is held must be sent now. While the vendor speaks, the client keeps what it
// plays until a backup would speak. Of a silent vendor's audio the client gets two thirds, so that a third is left to cut
// when a backup is opened.
func (h *hold) overheldLocked(now time.Time) bool {
	held, hand := audio.Duration(h.Samples(), h.a.out.req.output.Rate), h.a.out.lane.InHand(now)
	if h.a.isQuietLocked(now) {
		return held > maxHeld || held > hand/2
	}
	return held > maxHeld || hand < h.leastInHandLocked()
}

// isQuietLocked reports whether the vendor is silent for longer than between two frames.
func (a *attempt) isQuietLocked(now time.Time) bool { return !now.Before(a.speech.QuietFrom(now)) }

// untilLocked is when to look whether held audio must be sent though no frame has come; zero: none is held. We look at half
// the time until then: frames that arrive meanwhile shorten it without waking this goroutine.
func (h *hold) untilLocked(now time.Time) time.Time {
	if h.IsEmpty() || h.a.out.active != h.a || h.a.out.hasRivalLocked(h.a) {
		return time.Time{}
	}
	if !h.a.isQuietLocked(now) {
		return h.a.speech.QuietFrom(now)
	}
	held := audio.Duration(h.Samples(), h.a.out.req.output.Rate)
	return now.Add(max((h.a.out.lane.InHand(now)-2*held)/2, leastHeldWait))
}

// cutLocked sends what is held up to the last place where a word is known to end; the rest stays held. If nothing tells where
// words end, it sends all.
func (h *hold) cutLocked(fade bool) {
	if h.IsEmpty() {
		return
	}
	at, known := h.a.speech.CutPoint(h.a.out.track.Samples, h.a.out.track.Samples+h.Samples())
	for !h.IsEmpty() {
		end := h.a.out.track.Samples + h.First().Samples
		if known && end > at {
			break
		}
		h.Pop(h.a.emitLocked)
	}
	if keep := at - h.a.out.track.Samples; known && keep > 0 {
		h.splitLocked(keep, fade)
	}
}

// splitLocked sends so many samples of the first held frame.
func (h *hold) splitLocked(keep int64, fade bool) {
	if head, ok := h.Split(h.a.out.req.output, keep, fade); ok {
		h.a.emitLocked(head)
		if fade {
			h.a.out.lastSample = sound.Sample{}
		}
	}
}
