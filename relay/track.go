package relay

import (
	"slices"
	"sort"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"
	"voicerelay/audio"
	"voicerelay/billing"
	"voicerelay/text"
)

// How a position in the text is known, by the protocol's names.
const (
	sourceWords    = "word_times"
	sourceSegment  = "segment"
	sourceEstimate = "estimate"
)

// segmentSlack is how far, in time, audio may end from a piece's end and still count as ending there: the
// resampler's filter holds back some 3 ms.
const segmentSlack = 10 * time.Millisecond

// track holds what is known of where in the text the audio is. Times are samples on the generation's own
// clock at the output's rate; text positions are code points of the client's text.
type track struct {
	rate      int
	samples   int64 // audio queued for the client so far
	pieces    []spokenPiece
	words     []text.Timed
	announced int // words that the client has been told of
	untold    int // where the last word ends of those that it was told of by an estimate
}

// spokenPiece is a piece's text and where its audio ends.
type spokenPiece struct {
	start, end int
	at         int64 // where its audio ends; -1: not known yet
	beats      []text.Beat
}

func newTrack(rate int) track { return track{rate: rate} }

// addPiece notes a piece that was ordered, and returns its index.
func (t *track) addPiece(p text.Piece) int {
	t.pieces = append(t.pieces, spokenPiece{start: p.Start, end: p.End, at: -1, beats: p.Beats()})
	return len(t.pieces) - 1
}

// cut ends what is known at a place in the text, where another voice goes on behind the audio so far. Words that the
// client was told of stay; that voice may say them again.
func (t *track) cut(char int) {
	t.words = t.words[:t.announced]
	n := 0
	for n < len(t.pieces) && t.pieces[n].start < char {
		n++
	}
	t.pieces = t.pieces[:n]
	if n == 0 {
		return
	}
	for i := range t.pieces { // of a voice that marks no ends: they are behind us all the same
		if t.pieces[i].at < 0 {
			t.pieces[i].at = t.samples
		}
	}
	last := &t.pieces[n-1]
	if last.end > char {
		last.end, last.at = char, t.samples
	}
	for len(last.beats) > 0 && last.beats[len(last.beats)-1].Start >= char {
		last.beats = last.beats[:len(last.beats)-1]
	}
}

// covers reports whether audio may break off at a place: the evidence reaches it, and no word goes on behind it.
func (t *track) covers(pos int64) bool {
	reached := false
	for _, w := range slices.Backward(t.words) {
		if w.End < pos {
			break
		}
		if w.Start < pos && pos < w.End {
			return false
		}
		reached = true
	}
	return reached || slices.ContainsFunc(t.pieces, func(p spokenPiece) bool { return p.at >= pos })
}

// timed reports whether a word is known to end at or behind a place in the audio.
func (t *track) timed(pos int64) bool {
	n := len(t.words)
	return n > 0 && t.words[n-1].End >= pos
}

// lastEnd is the last place in (after, by] where a word or a piece is known to end, or -1.
func (t *track) lastEnd(after, by int64) int64 {
	end := int64(-1)
	for _, w := range slices.Backward(t.words) {
		if w.End <= by {
			end = w.End
			break
		}
	}
	for _, p := range t.pieces {
		if p.at <= by {
			end = max(end, p.at)
		}
	}
	if end <= after {
		return -1
	}
	return end
}

// endPiece notes where the audio of a piece ends. Its words end there at the latest, whatever the vendor said, or they
// would stand in the way of the next piece's.
func (t *track) endPiece(i int, at int64) {
	if i < 0 || i >= len(t.pieces) || at < 0 {
		return
	}
	p := &t.pieces[i]
	p.at = at
	for j := len(t.words) - 1; j >= t.announced && t.words[j].Token.Start >= p.start; j-- {
		if w := &t.words[j]; w.Token.Start < p.end {
			w.Start, w.End = min(w.Start, at), min(w.End, at)
		}
	}
}

// addWords notes words in order. Word times never run backwards, whatever the vendor said.
func (t *track) addWords(words []text.Timed) {
	for _, w := range words {
		if n := len(t.words); n > 0 {
			w.Start, w.End = max(w.Start, t.words[n-1].Start), max(w.End, t.words[n-1].End)
		}
		w.End = max(w.End, w.Start)
		t.words = append(t.words, w)
	}
}

// dismiss drops words that the client has not been told of.
func (t *track) dismiss(what func(text.Timed) bool) {
	t.words = append(t.words[:t.announced], slices.DeleteFunc(t.words[t.announced:], what)...)
}

// clamp moves words that end behind the audio to its end, once no more audio comes.
func (t *track) clamp() {
	for i := len(t.words) - 1; i >= t.announced && t.words[i].End > t.samples; i-- {
		t.words[i].End = t.samples
		t.words[i].Start = min(t.words[i].Start, t.samples)
	}
}

// forgetText lets go of the client's text; offsets stay.
func (t *track) forgetText() {
	for i := range t.words {
		t.words[i].Text = ""
	}
	for _, p := range t.pieces {
		for i := range p.beats {
			p.beats[i].Text = ""
		}
	}
}

// ripe returns the words not yet announced whose audio has been queued up to their end.
func (t *track) ripe() []text.Timed {
	from := t.announced
	for t.announced < len(t.words) && t.words[t.announced].End <= t.samples {
		t.announced++
	}
	return t.words[from:t.announced]
}

// reached is how far into the text the audio up to pos goes: to the end of the last word heard whole.
func (t *track) reached(pos int64) protocol.Spoken {
	word, covered := t.lastWord(pos)
	segment, at := t.lastSegment(pos)
	if covered {
		return protocol.Spoken{Char: max(word, segment), Source: sourceWords}
	}
	if at >= 0 && pos-at <= audio.Samples(segmentSlack, t.rate) && segment >= word {
		return protocol.Spoken{Char: segment, Source: sourceSegment}
	}
	return protocol.Spoken{Char: t.estimate(pos), Source: sourceEstimate}
}

// lastWord is the end of the last word heard whole by pos, and whether word times reach that far: a later
// word is known, or the last one ends just there, or it is the last of the text that was ordered.
func (t *track) lastWord(pos int64) (char int, covered bool) {
	i := sort.Search(len(t.words), func(i int) bool { return t.words[i].End > pos })
	if i > 0 {
		char = t.words[i-1].Token.End
	} else if len(t.words) > 0 {
		char = min(t.words[0].Token.Start, t.firstChar())
	}
	if i < len(t.words) {
		return char, true
	}
	if i == 0 {
		return char, false
	}
	return char, char >= t.lastToken() || pos-t.words[i-1].End <= audio.Samples(segmentSlack, t.rate)
}

// lastToken is where the last word of all pieces ends.
func (t *track) lastToken() int {
	for _, p := range slices.Backward(t.pieces) {
		if n := len(p.beats); n > 0 {
			return p.beats[n-1].End
		}
	}
	return 0
}

// lastSegment is the end of the last piece whose audio ends by pos, and where; -1: there is none.
func (t *track) lastSegment(pos int64) (char int, at int64) {
	slack := audio.Samples(segmentSlack, t.rate)
	char, at = t.firstChar(), -1
	for _, p := range t.pieces {
		if p.at < 0 || p.at > pos+slack {
			break
		}
		char, at = p.end, p.at
	}
	return char, at
}

// estimate goes on from the last evidence at the pace so far, back to the end of a whole word.
func (t *track) estimate(pos int64) int {
	char, at := t.lastEvidence(pos)
	guess := char + int(t.pace()*float64(pos-at))
	reached := char
	for _, p := range t.pieces {
		for _, beat := range p.beats {
			if beat.End > guess {
				return reached
			}
			reached = max(reached, beat.End)
		}
	}
	return reached
}

// lastEvidence is the last place in the text that is known to be reached by pos, and where its audio ends.
func (t *track) lastEvidence(pos int64) (char int, at int64) {
	char, at = t.lastSegment(pos)
	if word, _ := t.lastWord(pos); word > char {
		i := sort.Search(len(t.words), func(i int) bool { return t.words[i].End > pos })
		char, at = word, t.words[i-1].End
	}
	return char, max(at, 0)
}

// pace is the characters a sample of the pieces that are through, or the common rate before there are any.
func (t *track) pace() float64 {
	char, at := t.lastSegment(t.samples)
	if at <= 0 || char <= t.firstChar() {
		return billing.CharactersPerSecond / float64(t.rate)
	}
	return float64(char-t.firstChar()) / float64(at)
}

func (t *track) firstChar() int {
	if len(t.pieces) == 0 {
		return 0
	}
	return t.pieces[0].start
}
