package elevenlabs

import (
	"strings"
	"time"
	"unicode"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// segment is the speech of a text that is spoken at once, on its way out.
// A segment is also what times are relative to in the schema: to the returned chunk, not to the whole of the stream. Clients
// have seen a segment's times whole with its first message, and none with the rest, which is one of the ways drawn here.
type segment struct {
	pcm    []int16
	before int64 // samples of the context before it
	at     int64 // samples sent

	// What is told of characters: nothing, all of the segment with its first frame, or with each frame its own.
	aligned, each     bool
	asWritten, asSaid []char
	toldWhole         bool
}

// char is when a character is spoken, in samples from the segment's start.
type char struct {
	text       string
	start, end int64
}

// newSegment is a text's speech with the times of its characters, where they are told. Without sync_alignment the schema
// promises no times, but Pipecat reads them though it does not ask. Flash models begin with a space that the client has not
// sent. The dialogue's models have been seen to do neither: each of their messages has the times of its own characters.
func (k *speechContext) newSegment(text string, spoken voice.Spoken) segment {
	q, address := k.conn.quirks, k.conn.address
	s := segment{pcm: spoken.PCM, before: k.voice.samples}
	s.aligned = address.aligned || q.alignUnasked && !address.dialogue
	s.each = address.aligned && (!q.alignWhole || address.dialogue)
	if !s.aligned {
		return s
	}
	lead := ""
	if q.leadingSpace && !address.dialogue {
		lead = " "
	}
	s.asWritten = written(lead, text, spoken, address.normalizes)
	s.asSaid = said(lead, spoken)
	return s
}

// frameEnd is where the next frame ends: after so many samples, and where it has an alignment of its own, at the next
// character's start.
func (s *segment) frameEnd(samples int64) int64 {
	total := int64(len(s.pcm))
	end := min(s.at+samples, total)
	if !s.each {
		return end
	}
	for _, c := range s.asWritten {
		if c.start >= end {
			return c.start
		}
	}
	return total
}

// alignments are what a frame that ends there tells, of the text as it was sent and as it is spoken. The times of the first
// count from what the frame tells of, those of the second from the context's first sample: Pipecat reads the one so, and
// LiveKit's plugin the other.
func (s *segment) alignments(end int64) (asWritten, asSaid engine.Object) {
	from := s.at
	switch {
	case !s.aligned, !s.each && s.toldWhole:
		return nil, nil
	case !s.each:
		from, end = 0, int64(len(s.pcm))
	}
	s.toldWhole = true
	total := int64(len(s.pcm))
	return times(s.asWritten, from, end, from, end), times(s.asSaid, from, end, -s.before, total)
}

// times is the characters that begin in a stretch of samples; times count from an origin, in whole milliseconds, and
// none lasts beyond the limit.
// The names are those that Pipecat requires. An older edition of the schema has charsDurationsMs instead, which LiveKit reads
// too.
func times(chars []char, from, to, origin, limit int64) engine.Object {
	texts, starts, durations := []string{}, []int64{}, []int64{}
	millis := func(samples int64) int64 {
		return int64(audio.Duration(samples-origin, engine.NativeRate) / time.Millisecond)
	}
	for _, c := range chars {
		if c.start < from || c.start >= to {
			continue
		}
		texts = append(texts, c.text)
		starts = append(starts, millis(c.start))
		durations = append(durations, millis(min(c.end, limit))-millis(c.start))
	}
	return engine.Object{"chars": texts, "charStartTimesMs": starts, "charDurationsMs": durations}
}

// said are the characters of what is spoken: the words, a space after each.
// normalizedAlignment has the text as spoken: numbers are spelled out.
func said(lead string, spoken voice.Spoken) []char {
	a := aligner{total: int64(len(spoken.PCM)), tail: lead}
	for _, w := range spoken.Words {
		a.word(w.Text, " ", w.Start, w.End)
	}
	return a.done()
}

// written are the characters of a text as it was sent: a word there may be several that are spoken, or none.
// alignment has the text of the client, whose characters must be all there: Pipecat puts its words together from them.
func written(lead, text string, spoken voice.Spoken, normalizes bool) []char {
	a := aligner{total: int64(len(spoken.PCM)), tail: lead}
	words := spoken.Words
	for _, field := range fieldsWithSpace(text) {
		n := min(len(voice.Tokens(field, normalizes)), len(words))
		if n == 0 {
			a.tail += field // it makes a pause, or speech ended before it
			continue
		}
		core := strings.TrimRightFunc(field, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) })
		a.word(core, field[len(core):], words[0].Start, words[n-1].End)
		words = words[n:]
	}
	return a.done()
}

// fieldsWithSpace cuts a text into words, each with the space after it. Space before the first is a word too.
func fieldsWithSpace(text string) (fields []string) {
	start, space := 0, false
	for i, r := range text {
		if space && !unicode.IsSpace(r) {
			fields = append(fields, text[start:i])
			start = i
		}
		space = unicode.IsSpace(r)
	}
	return append(fields, text[start:])
}

// aligner gives characters their times. Each lasts until the next one begins.
// There are no gaps: Pipecat adds up starts and durations for its clock, which would fall behind the audio otherwise.
type aligner struct {
	total int64 // samples of the segment
	at    int64 // so far
	tail  string
	chars []char
}

// word is a word's characters, and what stands after it until the next word.
func (a *aligner) word(core, tail string, start, end time.Duration) {
	a.spread(a.tail, audio.Samples(start, engine.NativeRate))
	a.at = max(a.at, audio.Samples(start, engine.NativeRate)) // the first may have silence before it
	a.spread(core, audio.Samples(end, engine.NativeRate))
	a.tail = tail
}

// done is all characters; the last one lasts to the end.
func (a *aligner) done() []char {
	a.spread(a.tail, a.total)
	if n := len(a.chars); n > 0 {
		a.chars[n-1].end = a.total
	}
	return a.chars
}

// spread gives a text's characters the time until an end in equal shares.
// The voice knows the times of words only, so those of characters within a word are even.
func (a *aligner) spread(text string, end int64) {
	runes := []rune(text)
	if len(runes) == 0 {
		return
	}
	start, length := a.at, max(0, end-a.at)
	for i, r := range runes {
		a.chars = append(a.chars, char{
			text: string(r), start: start + length*int64(i)/int64(len(runes)), end: start + length*int64(i+1)/int64(len(runes)),
		})
	}
	a.at = start + length
}
