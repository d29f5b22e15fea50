package relay

import (
	"math"
	"slices"
	"sort"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"
	"voicerelay/audio"
)

// extent is how far into the text each place in the audio of a generation reaches: what is kept of one that has ended, to
// answer a cancel that says how much of it was played. It has neither text nor audio.
type extent struct {
	rate  int
	taken int64 // audio that was sent, in samples
	steps []extentStep
}

// extentStep is from where in the audio an answer holds, up to the next step.
type extentStep struct {
	at, char uint32 // samples, which last for a day; code points
	source   uint8  // of extentSources
}

var extentSources = [...]string{sourceWords, sourceSegment, sourceEstimate}

// played is how far the caller heard who has played so much.
func (e extent) played(played time.Duration) protocol.Spoken {
	pos := min(e.taken, audio.Samples(played, e.rate))
	i := sort.Search(len(e.steps), func(i int) bool { return int64(e.steps[i].at) > pos })
	if i == 0 {
		return protocol.Spoken{Source: sourceEstimate} // never: the first step is at 0
	}
	step := e.steps[i-1]
	return protocol.Spoken{Char: int(step.char), Source: extentSources[step.source]}
}

// add notes an answer from a place on. Places come in order.
func (e *extent) add(at int64, s protocol.Spoken) {
	step := extentStep{uint32(min(at, math.MaxUint32)), uint32(s.Char), uint8(slices.Index(extentSources[:], s.Source))}
	if n := len(e.steps); n > 0 {
		last := e.steps[n-1]
		if last.char == step.char && last.source == step.source {
			return
		}
		if last.at == step.at {
			e.steps = e.steps[:n-1]
		}
	}
	e.steps = append(e.steps, step)
}

// extent is that of a generation that has been concluded.
func (g *generation) extent() extent {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.track.extent(g.out.taken(), g.spokenAtLocked)
}

// extent is that of all audio that was sent. reached is how far a place reaches.
func (t *track) extent(sent int64, reached func(pos int64) protocol.Spoken) extent {
	e := extent{rate: t.rate, taken: sent}
	places := t.turns(sent)
	for i, at := range places {
		next := sent + 1
		if i+1 < len(places) {
			next = places[i+1]
		}
		spoken := reached(at)
		e.add(at, spoken)
		if spoken.Source == sourceEstimate {
			t.estimates(at, next, func(at int64, char int) { e.add(at, protocol.Spoken{Char: char, Source: sourceEstimate}) })
		}
	}
	e.steps = slices.Clip(e.steps)
	return e
}

// turns are the places up to last, in order and beginning with 0, where what is known of the audio changes: between two of
// them reached changes by its estimate alone.
func (t *track) turns(last int64) []int64 {
	slack := audio.Samples(segmentSlack, t.rate)
	places := []int64{0, t.samples}
	for _, w := range t.words {
		places = append(places, w.End)
	}
	if n := len(t.words); n > 0 {
		places = append(places, t.words[n-1].End+slack+1)
	}
	for _, p := range t.pieces {
		if p.at >= 0 {
			places = append(places, max(p.at-slack, 0), p.at+slack+1)
		}
	}
	places = slices.DeleteFunc(places, func(at int64) bool { return at > last })
	slices.Sort(places)
	return slices.Compact(places)
}

// estimates shows where the estimate goes on by a word, from one place on and before another. No evidence lies between them.
func (t *track) estimates(from, before int64, show func(at int64, char int)) {
	char, at := t.lastEvidence(from)
	pace, reached := t.pace(), char
	for _, p := range t.pieces {
		for _, beat := range p.beats {
			if beat.End > char {
				from = max(from, at+samplesTo(beat.End-char, pace))
			}
			if from >= before {
				return
			}
			reached = max(reached, beat.End)
			show(from, reached)
		}
	}
}

// samplesTo is the least number of samples by which so many characters have been spoken at a pace.
func samplesTo(chars int, pace float64) int64 {
	n := int64(math.Ceil(float64(chars) / pace))
	for n > 0 && int(pace*float64(n-1)) >= chars {
		n--
	}
	for int(pace*float64(n)) < chars {
		n++
	}
	return n
}
