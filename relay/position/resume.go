package position

import (
	"voicerelay/audio"
	"voicerelay/text"
)

// Resume is where in the text the next voice begins, and how that is known.
type Resume struct {
	Char   int
	Source string
}

// Evidence is the last place in the text that is known to have been reached, and where in the audio that is.
type Evidence struct {
	Char   int
	At     int64
	source string
	sure   bool // the audio goes no further, or the next words are known not to be whole
}

// EvidenceAt is the last evidence by a place in the audio. It counts in this order: word times, as far as they cover the
// audio; the end of a piece, where the audio ends there.
func (t *Track) EvidenceAt(pos int64) Evidence {
	word, covered := t.lastWord(pos)
	segment, at := t.lastSegment(pos)
	if covered { // perhaps by the first word of a voice that took over: what the one before it said ends as a segment
		return Evidence{Char: max(word, segment), source: SourceWords, sure: true}
	}
	e := Evidence{Char: segment, At: max(at, 0), source: SourceSegment}
	e.sure = at >= 0 && pos-at <= audio.Samples(segmentSlack, t.Rate) && segment >= word
	if word > segment && !e.sure {
		e.Char, e.At, e.source = word, max(t.endOf(word), 0), SourceWords
	}
	return e
}

// Resume finds the first word that is not known to have been heard whole: after the last evidence, and after as many
// words as said estimates to have been spoken since.
func (t *Track) Resume(said func(beats []text.Beat, from, to int64) int) Resume {
	e := t.EvidenceAt(t.Samples)
	if e.sure {
		return Resume{t.next(e.Char), e.source}
	}
	rest := t.After(e.Char)
	n := said(rest, e.At, t.Samples)
	if n == 0 {
		return Resume{t.next(e.Char), e.source}
	}
	return Resume{t.next(rest[n-1].End), SourceEstimate}
}

// next is where the first word at or after a place in the text begins. After the last word it is where the text
// that was ordered ends.
func (t *Track) next(char int) int {
	end := char
	for _, p := range t.Pieces {
		for _, b := range p.Beats {
			if b.Start >= char {
				return b.Start
			}
		}
		end = max(end, p.end)
	}
	return end
}

// After are the words at or after a place in the text.
func (t *Track) After(char int) []text.Beat {
	var beats []text.Beat
	for _, p := range t.Pieces {
		for _, b := range p.Beats {
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
func (t *Track) endOf(char int) int64 {
	at := int64(-1)
	for _, w := range t.Words {
		if w.Token.End <= char {
			at = w.End
		}
	}
	return at
}
