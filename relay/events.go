package relay

import (
	"time"

	"voicerelay/audio"
	"voicerelay/relay/delivery"
	"voicerelay/relay/position"
	"voicerelay/text"
)

// announceLocked tells the client the words whose audio has been queued up to their end.
func (o *output) announceLocked() {
	if o.seq == 0 {
		return // no word is announced before any audio, whatever its time
	}
	words := o.track.Ripe()
	if len(words) == 0 || !o.req.wordTimestamps {
		return
	}
	// One list serves all calls: the encoder keeps none of it.
	told := Words{Source: SourceProvider, Words: o.told[:0]}
	for _, w := range words {
		told.Words = append(told.Words, o.timedWord(w))
	}
	o.told = told.Words
	o.tellLocked(o.req.encoder.Words(told))
}

// tellLocked queues a message about the generation, unless the encoder has none.
func (o *output) tellLocked(body []byte) {
	if body != nil {
		o.lane.Push(delivery.TextMessage(body))
	}
}

func (o *output) timedWord(w text.Timed) Word {
	return Word{
		Text:      w.Text,
		Start:     audio.Duration(w.Start, o.req.output.Rate),
		End:       audio.Duration(w.End, o.req.output.Rate),
		CharStart: w.Token.Start,
		CharEnd:   w.Token.End,
		Score:     w.Score,
	}
}

// spokenLocked is how far the caller heard: what it says that it played, else what was sent.
func (o *output) spokenLocked() position.Spoken {
	pos := o.lane.Taken()
	if o.played.known {
		pos = min(pos, audio.Samples(o.played.audio, o.req.output.Rate))
	}
	return o.spokenAtLocked(pos)
}

// spokenAtLocked is how far in the text the audio up to a place reaches. The end of a text that was spoken whole needs no
// evidence.
func (o *output) spokenAtLocked(pos int64) position.Spoken {
	if o.whole >= 0 && pos >= o.track.Samples {
		source := position.SourceSegment
		if len(o.track.Words) > 0 {
			source = position.SourceWords
		}
		return position.Spoken{Char: o.whole, Source: source}
	}
	return o.track.Reached(pos)
}

// extent is how far a concluded generation can be said to have been heard, at each place: it outlives the generation.
func (o *output) extent() position.Extent {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.track.Extent(o.lane.Taken(), o.spokenAtLocked)
}

// tellMarksLocked tells the client of the marks that have been reached, where all text up to a place has been spoken. all: so has
// every text.
func (o *output) tellMarksLocked(to int, all bool) {
	for o.marks.Take(to, all) {
		if marker, ok := o.req.encoder.(Marker); ok {
			o.tellLocked(marker.Marked())
		}
	}
}

// noteFirstLocked notes that the client is about to hear the first audio.
func (o *output) noteFirstLocked(at time.Time, provider string) {
	o.firstAt = at
	o.grant.Heard() // its idempotency key stays used, whatever happens to this relay
	waited, route := at.Sub(o.began), o.req.plan.Route
	o.engine.metrics.GenerationHeard(provider, waited)
	o.engine.metrics.CallerHeard(route, o.req.plan.Raw, waited)
}
