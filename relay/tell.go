package relay

import (
	"slices"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/audio"
	"voicerelay/relay/delivery"
	"voicerelay/relay/position"
	"voicerelay/text"
)

// startedLocked says who speaks.
func (g *generation) startedLocked(a *attempt) protocol.Started {
	return protocol.Started{
		GenerationID:  g.req.id,
		Provider:      a.target.Provider,
		Model:         optional(a.target.Model),
		Voice:         g.req.plan.Voice,
		ProviderVoice: a.target.Voice,
		Output:        g.req.asked,
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
	event := protocol.Timestamps{GenerationID: g.req.id, Source: "provider"}
	for _, w := range words {
		event.Words = append(event.Words, g.timedWord(w))
	}
	g.out.Push(delivery.TextMessage(protocol.Encode(event)))
}

func (g *generation) timedWord(w text.Timed) protocol.TimedWord {
	word := protocol.TimedWord{
		Word:      w.Text,
		StartMS:   audio.Milliseconds(w.Start, g.req.output.Rate),
		EndMS:     audio.Milliseconds(w.End, g.req.output.Rate),
		CharStart: w.Token.Start,
		CharEnd:   w.Token.End,
	}
	if w.Score >= 0 {
		word.Score = &w.Score
	}
	return word
}

// spokenLocked is how far the caller heard: what was played where the client said it, else what was sent.
func (g *generation) spokenLocked() protocol.Spoken {
	pos := g.out.Taken()
	if g.hasPlayed {
		pos = min(pos, audio.Samples(g.played, g.req.output.Rate))
	}
	return g.spokenAtLocked(pos)
}

// spokenAtLocked is how far the audio up to a place reaches.
func (g *generation) spokenAtLocked(pos int64) protocol.Spoken {
	if g.done.Reason == reasonCompleted && pos >= g.track.Samples {
		source := position.SourceSegment
		if len(g.track.Words) > 0 {
			source = position.SourceWords
		}
		return protocol.Spoken{Char: g.done.Usage.Characters, Source: source}
	}
	return g.track.Reached(pos)
}

// extent is that of a generation that has been concluded.
func (g *generation) extent() position.Extent {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.track.Extent(g.out.Taken(), g.spokenAtLocked)
}
