package relay

import (
	"voicerelay/audio"
	"voicerelay/text"
)

// resume is where in the text the next voice begins, and how that is known.
type resume struct {
	char   int
	source string
}

// resume finds the first word that is not known to have been heard whole. Evidence counts in this order: word times,
// as far as they cover the audio; the end of a piece, where the audio ends there; for the rest an estimate. said
// estimates how many of the words behind the last evidence were said.
func (t *track) resume(said func(beats []text.Beat, from, to int64) int) resume {
	word, covered := t.lastWord(t.samples)
	segment, at := t.lastSegment(t.samples)
	if covered { // perhaps by the first word of a voice that took over: what the one before it said ends as a segment
		return resume{t.next(max(word, segment)), sourceWords}
	}
	ends := at >= 0 && t.samples-at <= audio.Samples(segmentSlack, t.rate)
	if ends && segment >= word {
		return resume{t.next(segment), sourceSegment}
	}
	char, source := segment, sourceSegment
	if word > segment {
		char, at, source = word, t.endOf(word), sourceWords
	}
	rest := t.after(char)
	n := said(rest, max(at, 0), t.samples)
	if n == 0 {
		return resume{t.next(char), source}
	}
	return resume{t.next(rest[n-1].End), sourceEstimate}
}

// next is where the first word at or behind a place in the text begins. Behind the last word it is where the text
// that was ordered ends.
func (t *track) next(char int) int {
	end := char
	for _, p := range t.pieces {
		for _, b := range p.beats {
			if b.Start >= char {
				return b.Start
			}
		}
		end = max(end, p.end)
	}
	return end
}

// after are the words at or behind a place in the text.
func (t *track) after(char int) []text.Beat {
	var beats []text.Beat
	for _, p := range t.pieces {
		for _, b := range p.beats {
			if b.Start >= char {
				beats = append(beats, b)
			}
		}
	}
	return beats
}

// endOf is where the audio of the word that ends there in the text ends.
func (t *track) endOf(char int) int64 {
	at := int64(-1)
	for _, w := range t.words {
		if w.Token.End <= char {
			at = w.End
		}
	}
	return at
}
