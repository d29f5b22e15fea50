package position

import (
	"math"
	"slices"
	"sort"
	"time"

	"voicerelay/audio"
)

// Extent is how far into the text each place in the audio of a generation reaches: what is kept of one that has ended, to
// answer a cancel that says how much of it was played. It has neither text nor audio.
type Extent struct {
	rate  int
	taken int64 // audio that was sent, in samples
	Steps []ExtentStep
}

// ExtentStep is from where in the audio an answer holds, up to the next step.
type ExtentStep struct {
	at, char uint32 // samples, which last for a day; code points
	source   uint8  // of extentSources
}

var extentSources = [...]string{SourceWords, SourceSegment, SourceEstimate}

// Played is how far the caller heard who has played so much.
func (e Extent) Played(played time.Duration) Spoken {
	pos := min(e.taken, audio.Samples(played, e.rate))
	i := sort.Search(len(e.Steps), func(i int) bool { return int64(e.Steps[i].at) > pos })
	if i == 0 {
		return Spoken{Source: SourceEstimate} // never: the first step is at 0
	}
	step := e.Steps[i-1]
	return Spoken{Char: int(step.char), Source: extentSources[step.source]}
}

// add notes an answer from a place on. Places come in order.
func (e *Extent) add(at int64, s Spoken) {
	step := ExtentStep{uint32(min(at, math.MaxUint32)), uint32(s.Char), uint8(slices.Index(extentSources[:], s.Source))}
	if n := len(e.Steps); n > 0 {
		last := e.Steps[n-1]
		if last.char == step.char && last.source == step.source {
			return
		}
		if last.at == step.at {
			e.Steps = e.Steps[:n-1]
		}
	}
	e.Steps = append(e.Steps, step)
}

// Extent is that of all audio that was sent. reached is how far a place reaches.
func (t *Track) Extent(sent int64, reached func(pos int64) Spoken) Extent {
	e := Extent{rate: t.Rate, taken: sent}
	places := t.turns(sent)
	for i, at := range places {
		next := sent + 1
		if i+1 < len(places) {
			next = places[i+1]
		}
		spoken := reached(at)
		e.add(at, spoken)
		if spoken.Source == SourceEstimate {
			t.estimates(at, next, func(at int64, char int) { e.add(at, Spoken{Char: char, Source: SourceEstimate}) })
		}
	}
	e.Steps = slices.Clip(e.Steps)
	return e
}

// turns are the places up to last, in order and beginning with 0, where what is known of the audio changes: between two of
// them reached changes by its estimate alone.
func (t *Track) turns(last int64) []int64 {
	slack := audio.Samples(segmentSlack, t.Rate)
	places := []int64{0, t.Samples}
	for _, w := range t.Words {
		places = append(places, w.End)
	}
	if n := len(t.Words); n > 0 {
		places = append(places, t.Words[n-1].End+slack+1)
	}
	for _, p := range t.Pieces {
		if p.at >= 0 {
			places = append(places, max(p.at-slack, 0), p.at+slack+1)
		}
	}
	places = slices.DeleteFunc(places, func(at int64) bool { return at > last })
	slices.Sort(places)
	return slices.Compact(places)
}

// estimates shows where the estimate goes on by a word, from one place on and before another. No evidence lies between them.
func (t *Track) estimates(from, before int64, show func(at int64, char int)) {
	char, at := t.lastEvidence(from)
	pace, reached := t.pace(), char
	for _, p := range t.Pieces {
		for _, beat := range p.Beats {
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
