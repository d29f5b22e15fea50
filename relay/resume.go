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

// evidence is the last place in the text that is known to have been reached, and where in the audio that is.
type evidence struct {
	char   int
	at     int64
	source string
	sure   bool // the audio goes no further, or the words behind are known not to be whole
}

// evidenceAt is the last evidence by a place in the audio. It counts in this order: word times, as far as they cover the
// audio; the end of a piece, where the audio ends there.
func (t *track) evidenceAt(pos int64) evidence {
	word, covered := t.lastWord(pos)
	segment, at := t.lastSegment(pos)
	if covered { // perhaps by the first word of a voice that took over: what the one before it said ends as a segment
		return evidence{char: max(word, segment), source: sourceWords, sure: true}
	}
	e := evidence{char: segment, at: max(at, 0), source: sourceSegment}
	e.sure = at >= 0 && pos-at <= audio.Samples(segmentSlack, t.rate) && segment >= word
	if word > segment && !e.sure {
		e.char, e.at, e.source = word, max(t.endOf(word), 0), sourceWords
	}
	return e
}

// resume finds the first word that is not known to have been heard whole: behind the last evidence, and behind as many
// words as said estimates to have been spoken since.
func (t *track) resume(said func(beats []text.Beat, from, to int64) int) resume {
	e := t.evidenceAt(t.samples)
	if e.sure {
		return resume{t.next(e.char), e.source}
	}
	rest := t.after(e.char)
	n := said(rest, e.at, t.samples)
	if n == 0 {
		return resume{t.next(e.char), e.source}
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
		if n := len(beats); n > 0 { // a vendor pauses between two pieces
			beats[n-1].Pause = max(beats[n-1].Pause, text.ClausePause)
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
