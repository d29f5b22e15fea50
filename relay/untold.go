package relay

import (
	"math"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"
	"voicerelay/audio"
	"voicerelay/text"
)

// A word whose times a vendor has not told when another voice takes over will never be told by it. The client gets the
// relay's own estimate, or its history of what was heard would have a hole.

// leastError is what an estimated time is off at least: frames and the bounds of words are no sharper.
const leastError = 20 * time.Millisecond

// sureShare is how many standard deviations 95 of 100 estimates are within.
const sureShare = 2

// tellUntoldLocked tells the client of the words before a place in the text that an attempt spoke and that it was not
// told of.
func (g *generation) tellUntoldLocked(a *attempt, char int) {
	t := &g.track
	if !g.req.wordTimestamps || g.seq == 0 {
		return
	}
	from, at := t.toldTo()
	from, at = max(from, a.from.char), max(at, a.base)
	var beats []text.Beat
	for _, b := range t.after(from) {
		if b.Start < char {
			beats = append(beats, b)
		}
	}
	if len(beats) == 0 || at >= t.samples {
		return
	}
	h := a.hearingLocked(beats, at, t.samples)
	times, off := g.origin.srv.habits.of(a.voice()).pace.times(h)
	event := protocol.Timestamps{GenerationID: g.req.id, Source: sourceEstimate, ErrorMS: max(off, leastError).Milliseconds()}
	for i, w := range times {
		w = audio.Sound{Start: min(max(a.base+w.Start, at), t.samples), End: min(a.base+w.End, t.samples)}
		event.Words = append(event.Words, g.timedWord(text.Timed{Token: beats[i].Token, Start: w.Start, End: max(w.Start, w.End), Score: -1}))
	}
	t.untold = beats[len(beats)-1].End
	g.out.push(textMessage(protocol.Encode(event)))
}

// toldTo is how far into the text the client was told of words, and where in the audio the last of them ends.
func (t *track) toldTo() (char int, at int64) {
	char = t.untold
	if t.announced > 0 {
		last := t.words[t.announced-1]
		char, at = max(char, last.Token.End), last.End
	}
	return char, at
}

// times are when words were spoken, all of which were, and by how much 95 of 100 of them are off at most. The sounds may
// go on behind them.
func (r voicePace) times(a hearing) (words []audio.Sound, off time.Duration) {
	j, m := runOn, asWritten
	if r.apart > 0 {
		j = apart
	}
	if r.alike > 0 {
		m = allAlike
	}
	heard := stretches(within(a.sounds, a.from, a.to, a.rate), a.to, a.rate, j)
	if j == apart && len(heard) >= len(a.beats) && !hasDigits(a.beats) {
		for _, s := range heard[:len(a.beats)] {
			words = append(words, audio.Sound{Start: s.begin, End: s.end})
		}
		return words, 0
	}
	weights := m.weights(a.beats)
	unit := min(r.unit[j][m]/a.speed, sum(heard)/total(weights))
	said, variance := 0.0, 0.0
	for _, w := range weights {
		begin := said
		said += w * unit
		variance += math.Pow(r.spread(m)*w*unit, 2)
		words = append(words, audio.Sound{Start: placeOf(heard, begin, true, a), End: placeOf(heard, said, false, a)})
	}
	deviation := math.Sqrt(variance + math.Pow(r.doubt(m)*said, 2))
	return words, time.Duration(sureShare * deviation * float64(time.Millisecond))
}

// placeOf is where in the audio so many milliseconds of sound have been heard: behind a silence there, or before it.
func placeOf(heard []stretch, ms float64, behind bool, a hearing) int64 {
	for i, s := range heard {
		last := i == len(heard)-1
		if ms < s.length || !behind && ms <= s.length || last {
			return s.begin + audio.Samples(time.Duration(min(ms, s.length)*float64(time.Millisecond)), a.rate)
		}
		ms -= s.length
	}
	return a.from
}
