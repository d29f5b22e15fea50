package relay

import (
	"math"
	"slices"
	"time"

	"github.com/segmentio/asm/base64"

	"voicerelay/audio"
	"voicerelay/relay/position"
)

// maxHeld bounds what is held back, and so the memory that it takes.
const maxHeld = 3 * time.Second

// leastHeldWait is how finely what is held back is looked after while a vendor is silent.
const leastHeldWait = 5 * time.Millisecond

// hold is audio that came and is not sent yet. Vendors speak faster than real time, so once the client has enough in
// hand, what no word's end covers yet can wait: at a fault it is cut between two words.
type hold struct {
	frames  []heldFrame
	samples int64
	spare   [][]byte // buffers to use again
}

// heldFrame is a payload in a buffer of its own.
type heldFrame struct {
	payload
	buf []byte
}

func (h *hold) empty() bool { return len(h.frames) == 0 }

// push keeps a copy of a payload.
func (h *hold) push(p payload) {
	var buf []byte
	if n := len(h.spare); n > 0 {
		buf, h.spare = h.spare[n-1], h.spare[:n-1]
	}
	f := heldFrame{payload: p}
	if p.base64 != nil {
		f.buf = append(buf[:0], p.base64...)
		f.base64 = f.buf
	} else {
		f.buf = append(buf[:0], p.raw...)
		f.raw = f.buf
	}
	h.frames = append(h.frames, f)
	h.samples += p.samples
}

// pop gives the oldest frame to emit.
func (h *hold) pop(emit func(payload)) {
	f := h.frames[0]
	h.frames = slices.Delete(h.frames, 0, 1)
	h.samples -= f.samples
	emit(f.payload)
	h.spare = append(h.spare, f.buf)
}

// flush gives all of it to emit.
func (h *hold) flush(emit func(payload)) {
	for !h.empty() {
		h.pop(emit)
	}
}

// drop forgets all of it.
func (h *hold) drop() { *h = hold{} }

// deliverLocked sends audio, or holds it back behind what is held already.
func (a *attempt) deliverLocked(p payload) {
	if p.samples == 0 {
		return
	}
	if a.held.empty() && !a.holdsLocked(p) {
		a.emitLocked(p)
		return
	}
	first := a.held.empty()
	a.held.push(p)
	a.releaseHeldLocked(p.at)
	if first && !a.held.empty() {
		a.out.notify() // to look after it when the vendor falls silent
	}
}

// holdsLocked reports whether audio is to be held back: the client has enough in hand, another target could take over,
// and nothing says yet that a word ends behind it.
func (a *attempt) holdsLocked(p payload) bool {
	g := a.g
	if !a.heard || g.req.plan.Cushion == 0 || len(g.req.plan.Candidates) < 2 || g.out.track.Covers(g.out.track.Samples+p.samples) {
		return false
	}
	return g.out.lane.InHand(p.at) >= a.leastInHandLocked()
}

// leastInHandLocked is the audio that the client must have in hand while any is held back: the cushion, and what it needs
// until another voice speaks.
func (a *attempt) leastInHandLocked() time.Duration {
	least := a.g.req.plan.Cushion
	for _, c := range a.g.req.plan.Candidates {
		if c != a.target {
			return max(least, a.g.engine.firstAudio.usual(c.Provider)+backupMargin)
		}
	}
	return least
}

// A vendor counts as silent after quietFrames of what is usual between two frames, and leastQuiet.
const (
	quietFrames = 2
	leastQuiet  = 50 * time.Millisecond
)

func (a *attempt) isQuietLocked(now time.Time) bool {
	return !now.Before(a.quietFromLocked(now))
}

func (a *attempt) quietFromLocked(now time.Time) time.Time {
	return a.lastAudioLocked(now).Add(max(leastQuiet, quietFrames*a.interval))
}

// releaseHeldLocked sends what a word's end covers by now, and what the client needs in hand.
// Nothing is sent while a backup is about to go on from what was sent when it was opened.
func (a *attempt) releaseHeldLocked(now time.Time) {
	if a.out.hasRivalLocked(a) {
		return
	}
	covered := a.coveredLocked()
	for !a.held.empty() && a.out.active == a {
		if covered <= 0 && !a.overheldLocked(now) {
			return
		}
		covered--
		a.g.engine.metrics.Held.Observe(now.Sub(a.held.frames[0].at).Seconds())
		a.held.pop(a.emitLocked)
	}
}

// coveredLocked is how many of the held frames may go: up to the last at whose end no word is under way.
func (a *attempt) coveredLocked() (covered int) {
	end := a.out.track.Samples
	for i, f := range a.held.frames {
		if end += f.samples; a.out.track.Covers(end) {
			covered = i + 1
		}
	}
	return covered
}

// overheldLocked reports whether some of what is held must be sent. While the vendor speaks the client needs what it plays
// until another would; of a silent one it gets two thirds of all, so that there is something left to cut where a backup
// is opened.
func (a *attempt) overheldLocked(now time.Time) bool {
	held, hand := audio.Duration(a.held.samples, a.g.req.output.Rate), a.out.lane.InHand(now)
	if a.isQuietLocked(now) {
		return held > maxHeld || held > hand/2
	}
	return held > maxHeld || hand < a.leastInHandLocked()
}

// heldUntilLocked is when to look whether what is held back must be sent though nothing more has come; zero: nothing is
// held. It is half way to then, since what comes meanwhile brings it nearer and wakes nobody.
func (a *attempt) heldUntilLocked(now time.Time) time.Time {
	if a.held.empty() || a.out.active != a || a.out.hasRivalLocked(a) {
		return time.Time{}
	}
	if !a.isQuietLocked(now) {
		return a.quietFromLocked(now)
	}
	held := audio.Duration(a.held.samples, a.g.req.output.Rate)
	return now.Add(max((a.out.lane.InHand(now)-2*held)/2, leastHeldWait))
}

// cutHeldLocked sends what is held back up to the last place where a word is known to end; what lies behind stays
// held. Where nothing tells where words end, all of it is sent.
func (a *attempt) cutHeldLocked(fade bool) {
	if a.held.empty() {
		return
	}
	at, known := a.cutPointLocked()
	for !a.held.empty() {
		first := a.held.frames[0]
		end := a.out.track.Samples + first.samples
		if known && end > at {
			break
		}
		a.held.pop(a.emitLocked)
	}
	if keep := at - a.out.track.Samples; known && keep > 0 {
		a.splitHeldLocked(keep, fade)
	}
}

// cutPointLocked is the last place within what is held where a word ends, or the beginning of it.
func (a *attempt) cutPointLocked() (at int64, known bool) {
	t := &a.out.track
	end := t.Samples + a.held.samples
	if at := t.LastEnd(t.Samples, end); at >= 0 {
		return at, true
	}
	if a.ear == nil {
		return t.Samples, t.Timed(a.base + 1) // there are times, and none of them falls in here
	}
	return a.surestLocked(t.Samples, end), true
}

// midWord is how many words more an estimate counts for where sound is cut off: it is heard that a word was.
const midWord = 0.5

// surestLocked is the place in the audio between two others by which it is known best how many words were said: where
// silence begins, or one of the two.
func (a *attempt) surestLocked(from, to int64) int64 {
	t := &a.out.track
	e := t.EvidenceAt(from)
	rest := t.After(e.Char)
	r := a.g.engine.habits.Of(a.voice()).Pace
	before, _ := r.Narrow(a.hearingLocked(rest, e.At, from))
	h := a.hearingLocked(before.Beats, a.base+before.From, to)
	places := []int64{from}
	for _, s := range h.Sounds {
		if over := a.base + s.End + audio.Samples(position.SoundOver, t.Rate); over > from && over <= to {
			places = append(places, over)
		}
	}
	if last := places[len(places)-1]; last < to {
		places = append(places, to)
	}
	best, least := from, math.Inf(1)
	for _, at := range places {
		_, more := position.Surely(r.Said(h, at-a.base))
		if a.soundsAtLocked(at) {
			more += midWord
		}
		if more <= least {
			best, least = at, more
		}
	}
	return best
}

// soundsAtLocked reports whether there is sound at a place in the audio.
func (a *attempt) soundsAtLocked(at int64) bool {
	return slices.ContainsFunc(a.ear.Sounds(), func(s audio.Sound) bool {
		return a.base+s.Start < at && at < a.base+s.End
	})
}

// splitHeldLocked sends so many samples of the first held frame.
func (a *attempt) splitHeldLocked(keep int64, fade bool) {
	first := &a.held.frames[0]
	raw, err := first.bytes()
	if err != nil {
		return // it decoded when it came
	}
	at := int(keep) * a.g.req.output.BytesPerSample()
	head, tail := raw[:at], raw[at:]
	if fade {
		n := min(len(head), crossfadeSamples(a.g.req.output.Rate)*a.g.req.output.BytesPerSample())
		audio.Ramp(a.g.req.output, head[len(head)-n:], 1, 0)
	}
	a.emitLocked(payload{raw: head, samples: keep, at: first.at})
	if fade {
		a.out.lastSample = sample{}
	}
	first.payload = payload{raw: tail, samples: first.samples - keep, at: first.at}
	a.held.samples -= keep
}

// bytes are the payload's audio bytes.
func (p payload) bytes() ([]byte, error) {
	if p.base64 == nil {
		return p.raw, nil
	}
	raw := make([]byte, base64.StdEncoding.DecodedLen(len(p.base64)))
	n, err := base64.StdEncoding.Decode(raw, p.base64)
	return raw[:n], err
}
