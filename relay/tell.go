package relay

import (
	"slices"

	"voicerelay/audio"
	"voicerelay/relay/delivery"
	"voicerelay/relay/position"
	"voicerelay/text"
)

// startedLocked says who speaks.
func (g *generation) startedLocked(a *attempt) Started {
	return Started{
		Provider:      a.target.Provider,
		Model:         a.target.Model,
		Voice:         g.req.plan.Voice,
		ProviderVoice: a.target.Voice,
		Ignored:       a.ignoredLocked(),
	}
}

// ignoredLocked names what the client asked for and does not get of this vendor: of tags, those in the text so far.
func (a *attempt) ignoredLocked() []string {
	ignored := slices.Clone(a.ignored)
	if a.cutter.Stripped() {
		ignored = append(ignored, "markup")
		slices.Sort(ignored)
	}
	return ignored
}

// announceLocked tells the client the words whose audio has been queued up to their end.
func (g *generation) announceLocked() {
	if g.seq == 0 {
		return // no audio has been sent, whatever word times say
	}
	words := g.track.Ripe()
	if len(words) == 0 || !g.req.wordTimestamps {
		return
	}
	told := Words{Source: SourceProvider, Words: g.told[:0]}
	for _, w := range words {
		told.Words = append(told.Words, g.timedWord(w))
	}
	g.told = told.Words
	g.tellLocked(g.req.encoder.Words(told))
}

// tellLocked queues a message of the generation's own, where its client takes one.
func (g *generation) tellLocked(body []byte) {
	if body != nil {
		g.out.Push(delivery.TextMessage(body))
	}
}

func (g *generation) timedWord(w text.Timed) Word {
	return Word{
		Text:      w.Text,
		Start:     audio.Duration(w.Start, g.req.output.Rate),
		End:       audio.Duration(w.End, g.req.output.Rate),
		CharStart: w.Token.Start,
		CharEnd:   w.Token.End,
		Score:     w.Score,
	}
}

// spokenLocked is how far the caller heard: what was played where the client said it, else what was sent.
func (g *generation) spokenLocked() position.Spoken {
	pos := g.out.Taken()
	if g.hasPlayed {
		pos = min(pos, audio.Samples(g.played, g.req.output.Rate))
	}
	return g.spokenAtLocked(pos)
}

// spokenAtLocked is how far the audio up to a place reaches.
func (g *generation) spokenAtLocked(pos int64) position.Spoken {
	if g.done.Reason == Completed && pos >= g.track.Samples {
		source := position.SourceSegment
		if len(g.track.Words) > 0 {
			source = position.SourceWords
		}
		return position.Spoken{Char: g.done.Usage.Characters, Source: source}
	}
	return g.track.Reached(pos)
}

// extent is that of a generation that has been concluded.
func (g *generation) extent() position.Extent {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.track.Extent(g.out.Taken(), g.spokenAtLocked)
}
